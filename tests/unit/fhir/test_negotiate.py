import pytest

from gateway.fhir.negotiate import Preferences, answer_format, body_format, etag, preferences, versions
from gateway.problems import Refused

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def refusal(caught: pytest.ExceptionInfo[Refused]) -> tuple[str, int]:
    return caught.value.problems[0].kind.code, caught.value.status


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/*",
        "application/fhir+json",
        "application/json",
        "text/json",
        "Application/FHIR+JSON; charset=utf-8",
        "application/fhir+json; fhirVersion=4.0",
        'application/fhir+json; fhirVersion="4.0"; q=0.5',
        "application/fhir+xml;q=0.1, application/fhir+json",
        "application/fhir+json, application/fhir+xml",
        "application/*, text/*",
        "application/fhir+json; fhirVersion=5.0, application/fhir+json; fhirVersion=4.0",
        "application/json;q=0, application/fhir+json",
        BROWSER,
    ],
)
def test_json_is_the_answer_to_whoever_likes_nothing_better(accept: str | None) -> None:
    assert answer_format(accept) == "json"


@pytest.mark.parametrize(
    ("accept", "code"),
    [
        ("text/html", "http.not-acceptable"),
        ("image/png, text/turtle", "http.not-acceptable"),
        ("application/fhir+json;q=0, application/xml;q=0, image/*", "http.not-acceptable"),
        ("application/fhir+json; fhirVersion=3.0", "http.other-fhir-version"),
        ("application/fhir+xml; fhirVersion=5.0", "http.other-fhir-version"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_406(accept: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        answer_format(accept)

    assert refusal(caught) == (code, 406)


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "application/xml",
        "text/xml; charset=utf-8",
        "application/fhir+xml, */*",
        "application/fhir+xml, application/fhir+json",
        "application/fhir+json;q=0.5, text/xml",
        "application/fhir+json;q=0, application/json;q=0, text/json;q=0, */*",
        "application/fhir+xml; fhirVersion=4.0, application/fhir+json; fhirVersion=5.0",
    ],
)
def test_xml_is_the_answer_to_whoever_likes_it_better_or_names_it_first(accept: str) -> None:
    assert answer_format(accept) == "xml"


@pytest.mark.parametrize(
    "wanted",
    ["xml", "text/xml", "application/xml", "application/fhir+xml", "application/fhir xml", "XML"],
)
def test_the_format_parameter_may_be_any_name_of_xml(wanted: str) -> None:
    assert answer_format("application/fhir+json", wanted) == "xml"


@pytest.mark.parametrize(
    "wanted",
    ["json", "application/json", "application/fhir+json", "application/fhir json", "text/json", "JSON"],
)
def test_the_format_parameter_beats_the_header(wanted: str) -> None:
    assert answer_format("application/fhir+xml", wanted) == "json"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("application/fhir+xml; fhirVersion=1.0", "http.other-fhir-version"),
        ("html", "http.not-acceptable"),
        ("ttl", "http.not-acceptable"),
        ("application/fhir+json; fhirVersion=1.0", "http.other-fhir-version"),
    ],
)
def test_a_format_parameter_that_cannot_be_met_is_refused_even_if_the_header_could(
    wanted: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        answer_format("*/*", wanted)

    assert refusal(caught) == (code, 406)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+json",
        "application/json;charset=UTF-8",
        "text/json",
        'application/fhir+json; charset="utf-8"; fhirVersion=4.0',
    ],
)
def test_a_json_body_is_read(content_type: str) -> None:
    assert body_format(content_type) == "json"


@pytest.mark.parametrize(
    "content_type", ["application/fhir+xml", "application/xml;charset=UTF-8", "text/xml"]
)
def test_an_xml_body_is_read(content_type: str) -> None:
    assert body_format(content_type) == "xml"


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        (None, "http.no-content-type"),
        (" ", "http.no-content-type"),
        ("text/plain", "http.content-type"),
        ("application/x-www-form-urlencoded", "http.content-type"),
        ("xml", "http.content-type"),
        ("application/fhir+xml; fhirVersion=3.0", "http.other-fhir-body"),
        ("application/fhir+xml; charset=utf-16", "http.charset"),
        ("application/fhir+json; charset=iso-8859-1", "http.charset"),
        ("application/fhir+json; fhirVersion=5.0", "http.other-fhir-body"),
    ],
)
def test_a_body_of_another_kind_is_refused_with_415(content_type: str | None, code: str) -> None:
    with pytest.raises(Refused) as caught:
        body_format(content_type)

    assert refusal(caught) == (code, 415)


def test_a_place_may_read_other_bodies_too() -> None:
    also = {"application/x-www-form-urlencoded": "form"}

    assert body_format("application/x-www-form-urlencoded; charset=utf-8", also) == "form"
    with pytest.raises(Refused) as caught:
        body_format("text/plain", also)
    assert caught.value.problems[0].fix.endswith(
        "application/fhir+json, application/fhir+xml, application/x-www-form-urlencoded."
    )


@pytest.mark.parametrize(
    ("prefer", "meant"),
    [
        (None, Preferences()),
        ("handling=strict", Preferences(handling="strict")),
        ("return=minimal, handling=lenient", Preferences("lenient", "minimal")),
        ('return="representation"; respond-async', Preferences("", "representation", True)),
        ("return=OperationOutcome", Preferences(returned="OperationOutcome")),
        ("handling=lenient, handling=strict", Preferences(handling="lenient")),
        ("handling=loose, return=all, wait=10", Preferences()),
    ],
)
def test_preferences_are_read_and_what_is_unknown_is_left_out(prefer: str | None, meant: Preferences) -> None:
    assert preferences(prefer) == meant


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, ()),
        ("*", ("*",)),
        ('W/"3"', ("3",)),
        ('"3"', ("3",)),
        ('W/"1", "a.b-2"', ("1", "a.b-2")),
    ],
)
def test_entity_tags_are_versions(header: str | None, found: tuple[str, ...]) -> None:
    assert versions(header, "If-Match") == found


@pytest.mark.parametrize("header", ["3", "", 'W/3"', '""', 'W/""', 'w/"3"', '"1" "2"', '"1",', '*, "1"'])
def test_a_tag_that_cannot_be_read_is_refused_with_400(header: str) -> None:
    with pytest.raises(Refused) as caught:
        versions(header, "If-Match")

    assert refusal(caught) == ("http.etag", 400)


def test_a_bare_version_is_enough_where_it_only_spares_an_answer() -> None:
    assert versions("3", "If-None-Match") == ("3",)


def test_the_etag_that_was_sent_names_the_version_when_it_comes_back() -> None:
    assert versions(etag("42"), "If-Match") == ("42",)
