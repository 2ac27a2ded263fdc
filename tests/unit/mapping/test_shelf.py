import re

import pytest

from gateway.mapping.dates import FormatError, is_real
from gateway.mapping.memo import BOUND, Doubtful, Memo, Unfit
from gateway.mapping.shelf import FORMS, FUNCTIONS, Misused, converter


def call(written: str, value: str) -> object:
    """What a call like `date('dd/MM/yyyy')` makes of a value."""
    name, _, rest = written.partition("(")
    arguments = [text or number for text, number in re.findall(r"'([^']*)'|\b(\d+)\b", rest)]
    return converter(FUNCTIONS[name], list(arguments))(value)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_example_of_a_function_is_true(name: str) -> None:
    function = FUNCTIONS[name]
    value, wanted = function.shows
    usage = function.usage.rpartition(".")[2] if "&" in function.usage else function.usage
    given = tuple(value.split("|")) if function.takes == ("texts",) else value
    arguments = [text or number for text, number in re.findall(r"'([^']*)'|\b(\d+)\b", usage)]
    if name in ("boolean", "integer"):
        arguments = []

    made = converter(function, list(arguments))(given)

    shown = {True: "true", False: "false"}.get(made, made) if isinstance(made, bool) else made
    assert ("|".join(shown) if isinstance(shown, tuple) else shown) == wanted


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_of_nothing_a_function_makes_nothing(name: str) -> None:
    function = FUNCTIONS[name]
    arguments = (
        ["dd/MM/yyyy HH:mm"]
        if name == "dateTime"
        else ["dd/MM/yyyy"]
        if "ate" in name
        else ["1"] * function.least
    )

    made = converter(function, arguments)("" if function.takes != ("texts",) else ())

    assert made in ("", (), None)


def test_no_function_is_hidden_by_a_form() -> None:
    assert FUNCTIONS.keys().isdisjoint(FORMS)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("date('dd/MM/yyyy')", "31/02/2015", id="a day February does not have"),
        pytest.param("date('dd/MM/yyyy')", "29/02/2011", id="a leap day of a common year"),
        pytest.param("date('dd/MM/yyyy')", "2015-02-03", id="another format"),
        pytest.param("date('dd/MM/yyyy')", "3/2/2015", id="one digit where two are written"),
        pytest.param("date('dd/MM/yyyy')", "03/02/15", id="a year of two digits"),
        pytest.param("date('dd/MM/yyyy')", "٠٣/٠٢/٢٠١٥", id="digits of another script"),
        pytest.param("date('dd/MM/yyyy')", "03/02/2015\n", id="a line break behind it"),
        pytest.param("date('dd/MM/yyyy')", "00/00/0000", id="zeros"),
        pytest.param("partialDate('dd/MM/yyyy')", "03/zz/2019", id="a day of an unknown month"),
        pytest.param("dateTime('dd/MM/yyyy HH:mm')", "03/02/2015 25:00", id="hour 25"),
        pytest.param("integer()", "1.0", id="a point in a whole number"),
        pytest.param("integer()", "2147483648", id="more than 32 bits"),
        pytest.param("integer()", "1e3", id="an exponent"),
        pytest.param("integer()", "१२", id="digits of another script as a number"),
        pytest.param("rest()", "29-206", id="more than the whole"),
        pytest.param("rest()", "206-2.5", id="a count with a point"),
        pytest.param("decimal()", "1m20", id="a height in words"),
        pytest.param("decimal()", "1,5", id="a comma"),
        pytest.param("decimal()", "NaN", id="not a number"),
        pytest.param("positiveInt()", "0", id="zero is not positive"),
        pytest.param("unsignedInt()", "-1", id="less than zero"),
        pytest.param("boolean('Y', 'N')", "y", id="another letter"),
        pytest.param("boolean('Y', 'N')", "yes", id="a usual word where others are listed"),
        pytest.param("boolean()", "2", id="neither yes nor no"),
        pytest.param("boolean()", "ja", id="a word of another language"),
        pytest.param("integer(0, 40)", "41", id="more than the most"),
        pytest.param("integer(0, 40)", "-1", id="less than the least"),
        pytest.param("stripZeros()", "10234.0", id="a number that a spreadsheet made a decimal"),
        pytest.param("stripZeros()", " 0010234.00 ", id="the same with zeros and spaces"),
        pytest.param("stripZeros()", "10234.", id="a point behind a number"),
        pytest.param("stripZeros()", "1.0234E+11", id="a long number as a spreadsheet shortens it"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(written: str, value: str) -> None:
    with pytest.raises(Unfit) as caught:
        call(written, value)

    assert str(caught.value) == caught.value.kind.code
    assert not any(value.strip() == str(detail) for detail in caught.value.details.values())


def test_a_number_that_a_spreadsheet_changed_is_said_to_be_just_that() -> None:
    with pytest.raises(Unfit) as caught:
        call("stripZeros()", "0010234.0")

    assert caught.value.kind.code == "record.changed-number"
    assert "spreadsheet has changed the number" in caught.value.kind.says
    assert caught.value.kind.severity == "error"


@pytest.mark.parametrize(
    ("written", "value", "made"),
    [
        ("date('d/M/yyyy')", "3/2/2015", "2015-02-03"),
        ("date('dd/MM/yyyy', 'yyyy-MM-dd')", "2015-02-03", "2015-02-03"),
        ("date('yyyy-MMM-dd HH:mm:ss')", "2012-Mar-04 00:00:00", "2012-03-04"),
        ("date('yyyyMMdd')", "20120304", "2012-03-04"),
        ("partialDate('dd/MM/yyyy')", "zz/05/2019", "2019-05"),
        ("partialDate('dd/MM/yyyy')", "ZZ/zz/2019", "2019"),
        ("partialDate('dd/MM/yyyy')", "01/05/2019", "2019-05-01"),
        ("partialDate('zz/MM/yyyy')", "zz/05/2019", "2019-05"),
        ("partialDate('yyyy')", "2019", "2019"),
        ("dateTime('yyyy-MM-dd HH:mm')", "2012-07-04 10:00", "2012-07-04T10:00:00+01:00"),
        ("dateTime('yyyy-MM-ddTHH:mm:ssXXX')", "2012-07-04T10:00:00Z", "2012-07-04T10:00:00Z"),
        ("dateTime('yyyy-MM-dd HH:mm', 'Z')", "2012-07-04 10:00", "2012-07-04T10:00:00Z"),
        ("dateTime('yyyy-MM-dd HH:mmXXX')", "2012-07-04 10:00-05:00", "2012-07-04T10:00:00-05:00"),
        ("decimal()", "007.50", "7.50"),
        ("decimal()", "-0.5", "-0.5"),
        ("integer()", "-017", "-17"),
        ("integer(0, 40)", "0", "0"),
        ("integer(0, 40)", "040", "40"),
        ("integer('-5', '5')", "-5", "-5"),
        ("boolean()", "Yes", "true"),
        ("boolean()", "TRUE", "true"),
        ("boolean()", "t", "true"),
        ("boolean()", "N", "false"),
        ("boolean()", "False", "false"),
        ("boolean()", "0", "false"),
        ("capitalise()", "MCDONALD-O'NEIL", "Mcdonald-O'Neil"),
        ("capitalise()", "van der Berg", "van der Berg"),
        ("split(',')", "a, b,,c", ("a", "b", "c")),
        ("matches('^UN[1-7]$')", "UN4", True),
        ("extract('^[a-z]+')", "ab1", "ab"),
        ("extract('x([0-9]*)')", "ab1", ""),
        ("upn()", "UN4", ""),
        ("upn()", " f201900116001 ", "F201900116001"),
        ("isUpn()", "B201900119033", False),
        ("isPermanentUpn()", "M20190022104V", False),
        ("isTemporaryUpn()", "M20190022104V", True),
        ("isNhsNumber()", "999 012 3012", True),
        ("isNhsNumber()", "9990123013", False),
        ("isUln()", "9999999999", False),
        ("outcode()", "zz101aa", "ZZ10"),
        ("stripZeros()", "0000", "0"),
        ("stripZeros()", "A0010", "A0010"),
        ("stripZeros()", "00A.0", "A.0"),
        ("stripZeros()", "0012.5", "12.5"),
        ("stripZeros()", "1E10", "1E10"),
    ],
)
def test_a_value_is_written_as_fhir_has_it(written: str, value: str, made: object) -> None:
    assert call(written, value) == made


@pytest.mark.parametrize(
    ("written", "value", "code"),
    [
        ("upn()", "B201900119033", "record.upn-letter"),
        ("upn()", "12345", "record.upn-shape"),
        ("nhsNumber()", "9990123013", "record.nhs-number-digit"),
        ("nhsNumber()", "99901230", "record.nhs-number-shape"),
        ("postcode()", "nowhere", "record.not-a-postcode"),
    ],
)
def test_a_doubtful_number_is_kept_and_says_why(written: str, value: str, code: str) -> None:
    made = call(written, value)

    assert isinstance(made, Doubtful)
    assert (made, made.kind.code, made.kind.severity) == (value, code, "warning")


def test_half_a_postcode_never_gives_more_away() -> None:
    assert call("outcode()", "14 Larch Walk, Testbridge") == ""


@pytest.mark.parametrize("first_nine", range(999_000_000, 999_000_400))
def test_nhs_check_digits_agree_with_the_sum_written_out(first_nine: int) -> None:
    digits = [int(digit) for digit in str(first_nine)]
    check = 11 - sum(digits[index] * (10 - index) for index in range(9)) % 11

    right = {10: None, 11: "0"}.get(check, str(check))

    for last in "0123456789":
        assert call("isNhsNumber()", f"{first_nine}{last}") is (last == right)


@pytest.mark.parametrize(
    ("body", "letter"),
    [("201100018042", "R"), ("20110001804V", "T"), ("801200005001", "B"), ("201900116001", "F")],
)
def test_upn_check_letters_are_those_of_published_examples(body: str, letter: str) -> None:
    fitting = [first for first in "ABCDEFGHJKLMNPQRTUVWXYZ" if call("isUpn()", first + body)]

    assert fitting == [letter]


@pytest.mark.parametrize("written", ["dd/MM/yy", "dd/MM/yyy", "day", "dd/yyyy", "dd/MM/yyyy MM", "'dd", ""])
def test_a_format_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(FormatError):
        converter(FUNCTIONS["date"], [written])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("boolean", ["Y", "Y"]),
        ("integer", ["5"]),
        ("integer", ["40", "0"]),
        ("integer", ["x", "9"]),
        ("substring", ["a"]),
        ("extract", ["(a)(b)"]),
        ("replace", ["", "x"]),
        ("matches", ["("]),
        ("split", [""]),
    ],
)
def test_arguments_that_mean_nothing_are_refused(name: str, arguments: list[str]) -> None:
    with pytest.raises(Misused):
        converter(FUNCTIONS[name], list(arguments))


@pytest.mark.parametrize(
    ("kind", "text", "real"),
    [
        ("date", "2015-02-29", False),
        ("date", "2016-02-29", True),
        ("date", "2016-02", True),
        ("date", "2016-13", False),
        ("dateTime", "2016-02-29T10:00:00Z", True),
        ("dateTime", "2015-02-29T10:00:00Z", False),
        ("dateTime", "2015-02", True),
        ("dateTime", "2015-02-28T10:00:00", False),
        ("dateTime", "2015-02-30", False),
        ("instant", "2015-02-28", False),
        ("time", "24:00:00", False),
        ("time", "23:59:59", True),
    ],
)
def test_a_constant_date_is_one_the_calendar_has(kind: str, text: str, real: bool) -> None:
    assert is_real(kind, text) is real


def test_a_memory_stops_growing_and_goes_on_converting() -> None:
    memo = Memo(lambda text: text + "!")

    for number in range(BOUND + 10):
        assert memo[str(number)] == f"{number}!"

    assert len(memo) == BOUND
    assert memo["new"] == "new!" and "new" not in memo
