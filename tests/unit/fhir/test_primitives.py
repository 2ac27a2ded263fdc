import pytest

from gateway.fhir import facts
from gateway.fhir.json import read
from gateway.fhir.primitives import RULES, allows, has_json_type


def fits(type_: str, text: str) -> bool:
    value = read(text)
    return has_json_type(type_, value) and allows(type_, value)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("boolean", "false"),
        ("integer", "-2147483648"),
        ("unsignedInt", "0"),
        ("positiveInt", "2147483647"),
        ("decimal", "1.00"),
        ("decimal", "-3"),
        ("decimal", "1e-24"),
        ("date", '"2016-02-29"'),
        ("date", '"2015-02"'),
        ("date", '"2015"'),
        ("dateTime", '"2015-02-07"'),
        ("dateTime", '"2015-02-07T13:28:17.239+14:00"'),
        ("dateTime", '"2016-12-31T23:59:60Z"'),
        ("instant", '"2015-02-07T13:28:17.239-05:00"'),
        ("time", '"23:59:00"'),
        ("id", '"a.B-9"'),
        ("code", '"entered in error"'),
        ("uri", '"urn:oid:1.2.3"'),
        ("oid", '"urn:oid:1.2.3.4.0"'),
        ("uuid", '"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"'),
        ("base64Binary", '"aGVs\\nbG8="'),
        ("string", '"Zażółć\\tgęślą\\r\\njaźń 🎈"'),
        ("markdown", '"* one"'),
    ],
)
def test_a_value_of_the_type_fits(type_: str, text: str) -> None:
    assert fits(type_, text)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("boolean", '"false"'),
        ("boolean", "0"),
        ("integer", "1.0"),
        ("integer", "true"),
        ("integer", "2147483648"),
        ("unsignedInt", "-1"),
        ("positiveInt", "0"),
        ("decimal", '"1.0"'),
        ("decimal", "false"),
        ("date", '"2015-02-29"'),
        ("date", '"1900-02-29"'),
        ("date", '"2015-04-31"'),
        ("date", '"2015-13-01"'),
        ("date", '"0000-01-01"'),
        ("date", '"15-02-03"'),
        ("date", '"03/02/2015"'),
        ("date", '"2015-2-3"'),
        ("date", '"2015-02-03T00:00:00Z"'),
        ("date", '"2015-02-03\\n"'),
        ("date", '"٢٠١٥"'),
        ("dateTime", '"2015-02-30T10:00:00Z"'),
        ("dateTime", '"2015-02-07T13:28:17"'),
        ("dateTime", '"2015-02-07T13:28Z"'),
        ("dateTime", '"2015-02-07T24:00:00Z"'),
        ("dateTime", '"2015-02-07T13:28:17+15:00"'),
        ("dateTime", '"2015-02-07 13:28:17Z"'),
        ("instant", '"2015-02-07"'),
        ("time", '"24:00:00"'),
        ("time", '"10:00"'),
        ("time", '"10:00:00Z"'),
        ("id", '"a_b"'),
        ("id", '"' + "a" * 65 + '"'),
        ("code", '" a"'),
        ("code", '"a  b"'),
        ("uri", '"http://a b"'),
        ("oid", '"1.2.3"'),
        ("oid", '"urn:oid:3.1"'),
        ("uuid", '"c757873d-ec9a-4326-a141-556f43239520"'),
        ("base64Binary", '"aGVsbG8"'),
        ("base64Binary", '"a-_="'),
        ("string", '"a\\u0000b"'),
        ("string", '"a\\u001fb"'),
        ("string", '"\\ud800"'),
        ("string", "7"),
    ],
)
def test_a_value_that_is_not_of_the_type_does_not(type_: str, text: str) -> None:
    assert not fits(type_, text)


def test_a_text_has_a_most_length() -> None:
    assert allows("string", "a" * 1024 * 1024)
    assert not allows("string", "a" * (1024 * 1024 + 1))


def test_every_primitive_type_of_r4_is_known_and_explained() -> None:
    assert facts.primitive_types() - {"xhtml"} == set(RULES)
