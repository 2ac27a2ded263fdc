"""Each search type: what elements become, how a question's text is read, and when the two meet.

Intervals and matches are those of https://hl7.org/fhir/R4/search.html.
"""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.fhir.meets import meets
from gateway.fhir.parameters import SHELF, Asked, Context
from gateway.fhir.parameters.context import split_bars, split_commas, unescaped
from gateway.fhir.parameters.dates import span
from gateway.fhir.parameters.numbers import point, precise
from gateway.fhir.parameters.strings import folded
from gateway.fhir.query import FOREVER, Quantity, Span, Target, Token, Uri
from gateway.problems import Refused

NOW = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
UCUM = "http://unitsofmeasure.org"


def matches(kind: str, data_type: str, held: Any, asked: str, **known: Any) -> bool:
    """Whether an element of a resource is found by the text of a question."""
    modifier = known.get("modifier", "")
    values = SHELF[kind].read(asked, Asked(Context(now_ms=NOW), **known))
    entries = list(SHELF[kind].entries[data_type](held))
    return any(meets(value, entry, modifier) for value in values for entry in entries)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        pytest.param("2015", "2015-01-01T00:00+00:00", "2016-01-01T00:00+00:00", id="year"),
        pytest.param(
            "2015-03", "2015-03-01T00:00+00:00", "2015-04-01T00:00+01:00", id="month ending in summer time"
        ),
        pytest.param("2015-12", "2015-12-01T00:00+00:00", "2016-01-01T00:00+00:00", id="December"),
        pytest.param("2015-07-01", "2015-07-01T00:00+01:00", "2015-07-02T00:00+01:00", id="summer day"),
        pytest.param("2015-03-29", "2015-03-29T00:00+00:00", "2015-03-30T00:00+01:00", id="day of 23 hours"),
        pytest.param("2015-10-25", "2015-10-25T00:00+01:00", "2015-10-26T00:00+00:00", id="day of 25 hours"),
        pytest.param("2016-02-29", "2016-02-29T00:00+00:00", "2016-03-01T00:00+00:00", id="leap day"),
        pytest.param("2015-01-01T10:00Z", "2015-01-01T10:00+00:00", "2015-01-01T10:01+00:00", id="minute"),
        pytest.param(
            "2015-01-01T10:00:05Z", "2015-01-01T10:00:05+00:00", "2015-01-01T10:00:06+00:00", id="second"
        ),
        pytest.param(
            "2015-01-01T10:00:05.25Z",
            "2015-01-01T10:00:05.250+00:00",
            "2015-01-01T10:00:05.251+00:00",
            id="fraction",
        ),
        pytest.param(
            "2015-01-01T10:00:05.123456789Z",
            "2015-01-01T10:00:05.123+00:00",
            "2015-01-01T10:00:05.124+00:00",
            id="finer than a millisecond",
        ),
        pytest.param(
            "2015-01-01T10:00:00+05:30",
            "2015-01-01T04:30+00:00",
            "2015-01-01T04:30:01+00:00",
            id="offset east",
        ),
        pytest.param(
            "2015-01-01T10:00:00-08:00",
            "2015-01-01T18:00+00:00",
            "2015-01-01T18:00:01+00:00",
            id="offset west",
        ),
        pytest.param(
            "2015-07-01T10:00:00",
            "2015-07-01T09:00+00:00",
            "2015-07-01T09:00:01+00:00",
            id="no offset is London",
        ),
        pytest.param(
            "2016-12-31T23:59:60Z", "2016-12-31T23:59:59+00:00", "2017-01-01T00:00+00:00", id="leap second"
        ),
        pytest.param("1960-05-01", "1960-05-01T00:00+01:00", "1960-05-02T00:00+01:00", id="before 1970"),
    ],
)
def test_a_date_is_the_span_of_its_precision(text: str, low: str, high: str) -> None:
    assert span(text) == Span(utc(low), utc(high))


@pytest.mark.parametrize(
    "text", ["0001", "0001-01-01", "9999", "9999-12", "9999-12-31", "9999-12-31T23:59:59Z"]
)
def test_the_first_and_last_years_have_spans_too(text: str) -> None:
    low, high = span(text)

    assert FOREVER.low < low < high < FOREVER.high


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "2015-13",
        "2015-02-30",
        "2015-2-3",
        "01/02/2015",
        "2015-01-01T25:00:00Z",
        "2015-01-01T10",
        "2015-01-01T10:00:61Z",
        "2015-01-01T10:00:00+25:00",
        "2015-01-01T24:00:00Z",
        "２０１５",
        "2015-01-01T10:00:00z",
        "0000",
        "2015Z",
        "today",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        SHELF["date"].read(text, Asked(Context()))

    assert caught.value.problems[0].kind.code == "search.value"
    assert text not in str(caught.value) or not text


DAY, MONTH, JUNE_PERIOD = "2015-06-10", "2015-06", {"start": "2015-06-01", "end": "2015-06-30"}
OPEN_END, OPEN_START = {"start": "2015-06-01"}, {"end": "2015-06-30"}


@pytest.mark.parametrize(
    ("held", "found_by", "not_found_by"),
    [
        pytest.param(
            DAY,
            [
                "2015-06-10",
                "2015-06",
                "2015",
                "eq2015-06-10",
                "ne2015-06-11",
                "gt2015-06-09",
                "ge2015-06-10",
                "ge2015-06-09",
                "lt2015-06-11",
                "le2015-06-10",
                "sa2015-06-09",
                "sa2015-05",
                "eb2015-06-11",
                "eb2015-07",
                "le2015",
                "ge2015",
            ],
            [
                "2015-06-09",
                "2015-07",
                "2015-06-10T10:00:00Z",
                "ne2015-06-10",
                "ne2015",
                "gt2015-06-10",
                "gt2015",
                "lt2015-06-10",
                "lt2015",
                "ge2015-06-11",
                "le2015-06-09",
                "sa2015-06-10",
                "sa2015",
                "eb2015-06-10",
                "eb2015",
            ],
            id="day",
        ),
        pytest.param(
            MONTH,
            [
                "2015-06",
                "2015",
                "gt2015-06-10",
                "lt2015-06-10",
                "ge2015-06-10",
                "le2015-06-10",
                "ne2015-06-10",
                "gt2015-05",
            ],
            ["2015-06-10", "gt2015-06-30", "lt2015-06-01", "sa2015-06-10", "eb2015-06-10"],
            id="month",
        ),
        pytest.param(
            JUNE_PERIOD,
            [
                "2015-06",
                "2015",
                "ge2015-06-30",
                "lt2015-06-02",
                "gt2015-06-15",
                "sa2015-05-31",
                "eb2015-07-01",
            ],
            ["2015-06-10", "gt2015-06-30", "lt2015-06-01", "sa2015-06-01", "eb2015-06-30"],
            id="period",
        ),
        pytest.param(
            OPEN_END,
            ["gt2015-06-10", "ge2030", "gt2030", "lt2015-06-02", "le2015-06-10", "sa2015-05", "ne2015"],
            ["2015", "eb2100", "lt2015-06-01", "sa2015-06-01"],
            id="period without an end",
        ),
        pytest.param(
            OPEN_START,
            ["lt2015-06-10", "lt1900", "le1900", "gt2015-06-29", "eb2015-07", "ne2015"],
            ["2015", "sa1900", "gt2015-06-30", "eb2015-06-30"],
            id="period without a start",
        ),
        pytest.param(
            "2015-06-10T23:30:00Z",
            [
                "2015-06-11",
                "2015-06-10T23:30:00Z",
                "2015-06-11T00:30:00+01:00",
                "2015-06-10T23:30Z",
                "ge2015-06-11",
                "gt2015-06-10",
            ],
            ["2015-06-10", "gt2015-06-11", "2015-06-10T23:30:01Z"],
            id="an instant falls on its day in London",
        ),
    ],
)
def test_dates_are_found_by_prefix_and_precision(
    held: Any, found_by: list[str], not_found_by: list[str]
) -> None:
    data_type = "Period" if isinstance(held, dict) else "dateTime"

    assert [asked for asked in found_by if not matches("date", data_type, held, asked)] == []
    assert [asked for asked in not_found_by if matches("date", data_type, held, asked)] == []


def test_approximately_widens_by_a_tenth_of_the_distance_from_now() -> None:
    assert matches("date", "date", "2014-03-01", "ap2015-01-01")
    assert not matches("date", "date", "2013-11-01", "ap2015-01-01")
    assert matches("date", "date", "2024-12-30", "ap2024-12-30")
    assert not matches("date", "date", "2024-12-20", "ap2024-12-30")


def test_a_timing_spans_its_events_and_its_bounds() -> None:
    timing = {"event": ["2015-01-05", "2015-01-01"], "repeat": {"boundsPeriod": {"end": "2015-02-01"}}}

    assert list(SHELF["date"].entries["Timing"](timing)) == [Span(FOREVER.low, span("2015-02-01").high)]
    assert list(SHELF["date"].entries["Timing"]({"repeat": {"frequency": 1}})) == []


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("100", 99.5, 100.5),
        ("100.00", 99.995, 100.005),
        ("1e2", 95, 105),
        ("0", -0.5, 0.5),
        ("-5.4", -5.45, -5.35),
        ("+5", 4.5, 5.5),
        ("1.0e-1", 0.0995, 0.1005),
    ],
)
def test_a_number_is_read_with_the_precision_it_was_written_in(text: str, low: float, high: float) -> None:
    assert precise(text) == pytest.approx((low, high), rel=1e-12)


@pytest.mark.parametrize(
    ("held", "found_by", "not_found_by"),
    [
        pytest.param(
            100,
            [
                "100",
                "100.00",
                "1e2",
                "ne101",
                "gt99",
                "gt99.99",
                "ge100",
                "le100",
                "lt101",
                "sa99",
                "eb101",
                "ap109",
                "ap91",
            ],
            ["101", "ne100", "gt100", "lt100", "ge100.01", "le99.99", "sa100", "eb100", "ap112", "ap90"],
            id="whole",
        ),
        pytest.param(
            100.5, ["100.5", "101", "gt100", "ge100.5"], ["100", "le100"], id="the boundary belongs above"
        ),
        pytest.param(99.5, ["100", "99.5"], ["99"], id="the boundary below is in"),
        pytest.param(-3.2, ["-3.2", "-3", "lt0", "ap-3.4"], ["3.2", "gt-3.2"], id="negative"),
    ],
)
def test_numbers_are_found_by_prefix_and_precision(
    held: float, found_by: list[str], not_found_by: list[str]
) -> None:
    assert [asked for asked in found_by if not matches("number", "decimal", held, asked)] == []
    assert [asked for asked in not_found_by if matches("number", "decimal", held, asked)] == []


@pytest.mark.parametrize(
    "text", ["", "x", "1,5", "0x10", "1e9999", "nan", "inf", "٣", "1_000", "--1", "gt", "1" * 50]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        SHELF["number"].read(text, Asked(Context()))

    assert caught.value.problems[0].kind.code == "search.value"


def test_a_range_is_held_from_low_to_high() -> None:
    (held,) = SHELF["number"].entries["Range"]({"low": {"value": 1}, "high": {"value": 2}})
    (half_open,) = SHELF["number"].entries["Range"]({"low": {"value": 1}})

    assert held == (1.0, point(2).high)
    assert half_open == (1.0, math.inf)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("5.4", True),
        ("5", True),
        ("gt5", True),
        ("lt5.4", False),
        (f"5.4|{UCUM}|mg", True),
        (f"5.4|{UCUM}|g", False),
        ("5.4|http://other.example|mg", False),
        ("5.4||mg", True),
        ("5.4||milligram", True),
        ("5.4||g", False),
        (f"5.4|{UCUM}|", True),
        ("5.40", True),
        ("5.41", False),
        (f"ge5.4|{UCUM}|mg", True),
    ],
)
def test_a_quantity_is_found_by_number_and_unit(asked: str, found: bool) -> None:
    held = {"value": 5.4, "unit": "milligram", "system": UCUM, "code": "mg"}

    assert matches("quantity", "Quantity", held, asked) is found


@pytest.mark.parametrize("text", ["5.4|mg", f"5.4|{UCUM}|mg|x", "x||mg", "||mg"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        SHELF["quantity"].read(text, Asked(Context()))


def test_money_has_its_currency_as_unit() -> None:
    assert matches("quantity", "Money", {"value": 9.99, "currency": "GBP"}, "9.99|urn:iso:std:iso:4217|GBP")
    assert not matches("quantity", "Money", {"value": 9.99, "currency": "EUR"}, "9.99||GBP")


def test_a_value_below_a_limit_is_found_by_what_lies_below_it() -> None:
    below = {"value": 5, "comparator": "<"}

    assert matches("quantity", "Quantity", below, "lt5")
    assert matches("quantity", "Quantity", below, "lt1")
    assert not matches("quantity", "Quantity", below, "gt5")
    assert not matches("quantity", "Quantity", below, "5")


CODING = {"system": "http://x.example", "code": "A1"}


@pytest.mark.parametrize(
    ("held", "asked", "found"),
    [
        pytest.param(CODING, "A1", True, id="code"),
        pytest.param(CODING, "a1", False, id="codes are case-sensitive"),
        pytest.param(CODING, "http://x.example|A1", True, id="system and code"),
        pytest.param(CODING, "http://y.example|A1", False, id="another system"),
        pytest.param(CODING, "|A1", False, id="asked without a system"),
        pytest.param(CODING, "http://x.example|", True, id="any code of a system"),
        pytest.param(CODING, "http://x.example", False, id="a system is no code"),
        pytest.param({"code": "A1"}, "|A1", True, id="has no system"),
        pytest.param({"code": "A1"}, "A1", True, id="code of no system"),
        pytest.param({"code": "a|b"}, r"a\|b", True, id="bar in a code"),
        pytest.param({"code": "a,b"}, r"a\,b", True, id="comma in a code"),
        pytest.param({"code": "a$b"}, r"a\$b", True, id="dollar in a code"),
        pytest.param({"code": "a\\b"}, r"a\\b", True, id="backslash in a code"),
    ],
)
def test_a_token_is_found_by_code_and_system(held: dict[str, str], asked: str, found: bool) -> None:
    assert matches("token", "Coding", held, asked) is found


@pytest.mark.parametrize("text", ["a|b|c", "|", "||"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        SHELF["token"].read(text, Asked(Context()))


def test_a_code_element_implies_its_system() -> None:
    gender = {
        "types": frozenset({"code"}),
        "value_sets": frozenset({"http://hl7.org/fhir/ValueSet/administrative-gender"}),
    }

    assert matches("token", "code", "male", "http://hl7.org/fhir/administrative-gender|male", **gender)
    assert matches("token", "code", "male", "male", **gender)
    assert not matches("token", "code", "male", "http://other.example|male", **gender)


@pytest.mark.parametrize("asked", ["0113 496 0000", "01134960000", "phone|0113 4960000", "home|01134960000"])
def test_a_telephone_number_is_found_however_it_is_spaced(asked: str) -> None:
    held = {"system": "phone", "use": "home", "value": "0113 496 0000"}

    assert matches("token", "ContactPoint", held, asked, types=frozenset({"ContactPoint"}))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("O'Reilly", "oreilly"),
        ("O’Reilly", "O'REILLY"),
        ("O Reilly", "O'Reilly"),
        ("Kociński", "kocinski"),
        ("Łukasz", "lukasz"),
        ("Jones-Smith", "jones smith"),
        ("Jones–Smith", "JonesSmith"),
        ("Zoë", "ZOE"),
        ("Zoe\u0308", "Zoë"),
        ("Øystein", "oystein"),
        ("Strauß", "STRAUSS"),
        ("Æthelred", "aethelred"),
        ("LS1 4AP", "ls14ap"),
        ("St. John's", "St Johns"),
        ("İpek", "ipek"),
        ("  A  B ", "a b"),
    ],
)
def test_strings_that_people_write_differently_are_one(left: str, right: str) -> None:
    assert folded(left) == folded(right)


@pytest.mark.parametrize("text", ["-", "'", "?!", "—"])
def test_a_string_of_signs_only_never_becomes_one_that_everything_begins_with(text: str) -> None:
    assert folded(text) != ""


def test_other_scripts_are_kept() -> None:
    assert folded("李小龍") == "李小龍"
    assert folded("Мария") == "мария"


@pytest.mark.parametrize(
    ("asked", "modifier", "found"),
    [
        ("jones", "", True),
        ("JONES-sm", "", True),
        ("smith", "", False),
        ("smith", "contains", True),
        ("Jones-Smith", "exact", True),
        ("jones-smith", "exact", False),
        ("Jones", "exact", False),
        ("ada", "", True),
        ("quill", "", False),
    ],
)
def test_a_name_is_found_by_the_beginning_of_any_part(asked: str, modifier: str, found: bool) -> None:
    held = {"family": "Jones-Smith", "given": ["Ada", "May"]}

    assert matches("string", "HumanName", held, asked, modifier=modifier) is found


@pytest.mark.parametrize(
    ("asked", "known", "expected"),
    [
        pytest.param("Patient/1", {}, ["Patient/1"], id="relative"),
        pytest.param("Patient/1/_history/3", {}, ["Patient/1"], id="one version"),
        pytest.param("https://here.example/fhir/Patient/1", {}, ["Patient/1"], id="below our own base"),
        pytest.param(
            "https://else.example/fhir/Patient/1", {}, ["https://else.example/fhir/Patient/1"], id="elsewhere"
        ),
        pytest.param("1", {"targets": ("Patient", "Group")}, ["Patient/1", "Group/1"], id="id alone"),
        pytest.param(
            "1", {"targets": ("Patient", "Group"), "modifier": "Group"}, ["Group/1"], id="id with a type"
        ),
        pytest.param("urn:uuid:1", {}, ["urn:uuid:1"], id="urn"),
        pytest.param(
            "http://x.example/q|1.0", {}, ["http://x.example/q|1.0"], id="canonical with its version"
        ),
    ],
)
def test_a_reference_is_read_as_the_store_holds_it(
    asked: str, known: dict[str, Any], expected: list[str]
) -> None:
    context = Context(bases=("https://here.example/fhir",))

    read = SHELF["reference"].read(asked, Asked(context, **known))

    assert [value.value for value in read] == [Target(to, "", "") for to in expected]


@pytest.mark.parametrize(
    "asked", ["a b", "Nothing/1", "Patient/", "Patient/a/b", "x" * 65, "Patient/1/_history/"]
)
def test_what_is_no_reference_is_refused(asked: str) -> None:
    with pytest.raises(Refused):
        SHELF["reference"].read(asked, Asked(Context()))


def test_a_reference_by_identifier_is_found_by_it() -> None:
    held = {"identifier": {"system": "s", "value": "1"}}

    assert matches("reference", "Reference", held, "s|1", modifier="identifier")
    assert matches("reference", "Reference", held, "1", modifier="identifier")
    assert not matches("reference", "Reference", held, "t|1", modifier="identifier")
    assert not matches("reference", "Reference", {"reference": "Patient/1"}, "s|", modifier="identifier")


def test_a_canonical_is_found_with_and_without_its_version() -> None:
    assert list(SHELF["uri"].entries["canonical"]("http://x.example/p|2")) == [
        Uri("http://x.example/p|2"),
        Uri("http://x.example/p"),
    ]
    assert matches("uri", "canonical", "http://x.example/p|2", "http://x.example/p")
    assert not matches("uri", "canonical", "http://x.example/p|2", "http://x.example/p|1")
    assert not matches("uri", "uri", "http://x.example/p", "http://x.example/P")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a,b", ["a", "b"]),
        (r"a\,b,c", [r"a\,b", "c"]),
        (r"a\\,b", [r"a\\", "b"]),
        (",a,,b,", ["a", "b"]),
        ("a\\", ["a\\"]),
        ("", []),
    ],
)
def test_alternatives_are_split_at_commas_that_are_not_escaped(text: str, pieces: list[str]) -> None:
    assert split_commas(text) == pieces


def test_escapes_are_undone_after_splitting() -> None:
    assert split_bars(r"a\|b|c") == ["a|b", "c"]
    assert unescaped(r"\,\$\|\\\x") == r",$|\\x"


def test_a_value_form_is_applied_to_the_codes_of_its_system() -> None:
    context = Context(
        system_aliases={"NHS": "https://nhs.example"},
        value_forms={"https://nhs.example": lambda text: text.replace(" ", "")},
    )

    (value,) = SHELF["token"].read("NHS|999 000 0018", Asked(context))

    assert value.value == Token("https://nhs.example", "9990000018")


def test_what_was_not_asked_of_a_quantity_is_marked_so() -> None:
    (value,) = SHELF["quantity"].read("gt5||mg", Asked(Context()))

    assert value.value == Quantity(5.0, point(5).high, "*", "mg", "mg")
    assert value.prefix == "gt"
