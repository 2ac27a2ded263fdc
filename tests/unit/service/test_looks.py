"""What values and columns look like."""

import pytest

from gateway.service.looks import looks, plain, shape, words
from gateway.service.tally import Distinct, Looks, Tally
from gateway.testing import children, nhs_number, upn


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        pytest.param("F201900116001", {"upn", "upn fits"}, id="a UPN"),
        pytest.param("A201900116001", {"upn"}, id="a UPN with another letter"),
        pytest.param("M20190022104V", {"upn", "upn fits"}, id="a temporary UPN"),
        pytest.param("999 012 3012", {"ten digits", "nhs fits"}, id="an NHS number"),
        pytest.param("zz10 1aa", {"postcode"}, id="a postcode"),
        pytest.param("-12", {"integer"}, id="an integer"),
        pytest.param("0.50", {"decimal"}, id="a decimal"),
        pytest.param("31/12/2012", {"date dd/MM/yyyy", "real dd/MM/yyyy", "date MM/dd/yyyy"}, id="a day"),
        pytest.param("31/02/2012", {"date dd/MM/yyyy", "date MM/dd/yyyy"}, id="a day that is in no calendar"),
        pytest.param("29/02/2012", {"real dd/MM/yyyy"}, id="a leap day"),
        pytest.param("2012-12-31", {"date yyyy-MM-dd", "real yyyy-MM-dd"}, id="a day in ISO form"),
        pytest.param("3 Sep 2014", {"real d MMM yyyy"}, id="a day with a name"),
        pytest.param("2024-01-05T09:30:00Z", {"real yyyy-MM-dd'T'HH:mm:ssXXX"}, id="a time"),
        pytest.param("SEMH", {"code"}, id="a code"),
        pytest.param("Ada", set(), id="a name"),
        pytest.param("31/02/12345", set(), id="too long a year"),
    ],
)
def test_a_value_is_told_by_its_form(text: str, forms: set[str]) -> None:
    found = set(looks(text))

    assert forms <= found
    if not forms:
        assert not found


def test_a_year_that_nobody_was_born_in_is_no_real_day() -> None:
    assert "real dd/MM/yyyy" in looks("01/01/1900")
    assert "real dd/MM/yyyy" not in looks("01/01/0201")


def test_words_and_shapes_say_nothing_of_a_child() -> None:
    assert words("BasicDetails/DateOfBirth") == {"date", "of", "birth"}
    assert words("date_of_birth") == {"date", "of", "birth"}
    assert plain("Date of Birth") == "dateofbirth"
    assert shape("Ó Briain-Smith, 7a") == "A Aaaaaa-Aaaaa, 9a"


def column(name: str, values: list[str]) -> Looks:
    tally = Tally(name, Distinct(100))
    tally.add([value for value in values if value], len(values), 1)
    return tally.looks()


MANY = [child.upn for child in children(50)]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        pytest.param("UPN", MANY, "upn", id="UPNs"),
        pytest.param("number", MANY, "upn", id="UPNs under another name"),
        pytest.param("NHS", [nhs_number(n) for n in range(50)], "nhs-number", id="NHS numbers"),
        pytest.param(
            "case", [f"10000000{n:02d}" for n in range(50)], "integer", id="ten digits of another kind"
        ),
        pytest.param("Sex", ["1", "2", "1"], "sex", id="sex as digits"),
        pytest.param("Gender", ["Male", "female"], "sex", id="sex in words"),
        pytest.param("col4", ["M", "F", "F", "U"], "sex", id="sex without a name"),
        pytest.param("visits", ["1", "2", "1", "2", "1", "2"], "integer", id="few numbers"),
        pytest.param("Ethnicity", ["WBRI", "MWBA", "REFU"], "ethnicity", id="ethnicities"),
        pytest.param("EthnicitySource", ["C", "P", "C", "P"], "code", id="who said the ethnicity"),
        pytest.param("DOB", ["31/12/2012", "01/02/2013"], "date", id="birthdays"),
        pytest.param("at", ["2024-01-05T09:30:00"], "date-time", id="times"),
        pytest.param("Postcode", ["ZZ10 1AA", "ZZ99 3WZ"], "postcode", id="postcodes"),
        pytest.param("SEN", ["K", "E", "K", "N", "E", "N"], "code", id="codes"),
        pytest.param("FSM", ["true", "false", "true"], "boolean", id="truth"),
        pytest.param("height", ["101.5", "99", "120.25"], "decimal", id="decimals"),
        pytest.param("count", ["17", "18", "19", "20"], "integer", id="integers"),
        pytest.param("Surname", ["KHAN", "KHAN", "LEE", "LEE"], "text", id="names in capitals are no codes"),
        pytest.param("comment", ["likes maths", "tall"], "text", id="text"),
        pytest.param("empty", ["", ""], "empty", id="nothing"),
        pytest.param("null", ["NULL", "N/A"], "empty", id="words for nothing"),
    ],
)
def test_a_column_is_what_most_of_its_values_are(name: str, values: list[str], kind: str) -> None:
    assert column(name, values).kind == kind


def test_wrong_letters_and_impossible_days_are_counted() -> None:
    wrong = "A" + upn(1)[1:] if upn(1)[0] != "A" else "B" + upn(1)[1:]

    numbers = column("UPN", [*MANY, wrong, "UN1"])
    days = column("DOB", ["31/12/2012"] * 9 + ["31/02/2012", "soon"])

    assert (numbers.fits, numbers.wrong, numbers.other) == (50, 1, 1)
    assert (days.fits, days.wrong, days.other) == (9, 1, 1)


def test_the_day_comes_first_unless_the_values_say_otherwise() -> None:
    assert column("d", ["01/02/2013", "03/04/2013"]).format == "dd/MM/yyyy"
    assert column("d", ["01/02/2013", "02/25/2013"] * 5).format == "MM/dd/yyyy"
    assert column("d", ["1/2/2013", "13/2/2013"]).format == "d/M/yyyy"
    assert column("dob", ["20130201", "20141231"]).format == "yyyyMMdd"
    assert column("amount", ["20130299", "10141231", "99999999"]).kind == "integer"


def test_a_code_that_was_seen_once_is_counted_and_not_told() -> None:
    found = column("SEN", ["K"] * 5 + ["E"] * 4 + ["X"])

    assert found.kind == "code"
    assert dict(found.codes) == {"K": 5, "E": 4}
    assert found.rare == 1


def test_distinct_values_are_counted_exactly_while_they_are_few() -> None:
    few = Distinct(1_000)
    few.add({str(number): 1 for number in range(900)})
    few.add({str(number): 1 for number in range(450, 950)})

    assert (few.count, few.exact) == (950, True)


def test_many_distinct_values_are_counted_about_right_in_little_memory() -> None:
    many = Distinct(4_096)
    for start in range(0, 200_000, 1_000):
        many.add({f"value {number}": 1 for number in range(start, start + 1_500)})

    assert not many.exact
    assert len(many.kept) <= 4_096
    assert 0.9 < many.count / 200_500 < 1.1
