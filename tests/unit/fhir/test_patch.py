"""What all forms of patches share: nothing is changed in place, and the server's own elements stay."""

import time
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir import json
from gateway.fhir.patch import FORMS, patched
from gateway.problems import Refused

TEXT = """{"resourceType": "Patient", "id": "p1",
  "meta": {"versionId": "3", "lastUpdated": "2025-03-01T10:00:00Z", "source": "https://example.org/load/1",
           "tag": [{"system": "urn:t", "code": "a"}]},
  "active": true, "name": [{"use": "official", "family": "Example", "given": ["Ffion", "Mai"]}],
  "extension": [{"url": "urn:height", "valueDecimal": 1.50}], "birthDate": "2015-02-03"}"""


def patient() -> dict[str, Any]:
    made: dict[str, Any] = json.read(TEXT)
    return made


def refused(form: str, content: str | bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        patched(patient(), form, content.encode() if isinstance(content, str) else content)
    return caught.value


def code(form: str, content: str | bytes) -> tuple[str, int]:
    found = refused(form, content)
    return found.problems[0].kind.code, found.status


def fhirpath(type_: str, path: str, **more: str) -> str:
    parts = [{"name": "type", "valueCode": type_}, {"name": "path", "valueString": path}]
    parts += [{"name": name, "valueString": value} for name, value in more.items()]
    return json.write(
        {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    ).decode()


CHANGES = [
    pytest.param("json-patch", '[{"op": "replace", "path": "/birthDate", "value": "2015-02-04"}]', id="json"),
    pytest.param("merge-patch", '{"birthDate": "2015-02-04"}', id="merge"),
    pytest.param("json", fhirpath("replace", "Patient.birthDate", value="2015-02-04"), id="fhirpath"),
    pytest.param(
        "xml",
        '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>'
        '<part><name value="type"/><valueCode value="replace"/></part>'
        '<part><name value="path"/><valueString value="Patient.birthDate"/></part>'
        '<part><name value="value"/><valueDate value="2015-02-04"/></part></parameter></Parameters>',
        id="fhirpath in xml",
    ),
    pytest.param(
        "xml-patch",
        '<diff xmlns:f="http://hl7.org/fhir"><replace sel="f:Patient/f:birthDate/@value">2015-02-04</replace>'
        "</diff>",
        id="xml",
    ),
]


@pytest.mark.parametrize(("form", "content"), CHANGES)
def test_a_patch_gives_a_new_resource_and_leaves_the_old_one_alone(form: str, content: str) -> None:
    before, untouched = patient(), patient()

    after = patched(before, form, content.encode())

    assert after == {**patient(), "birthDate": "2015-02-04"}
    assert b'"valueDecimal":1.50' in json.write(after)
    assert before == untouched


@pytest.mark.parametrize(
    ("content", "birth_date"),
    [
        pytest.param('[{"op": "remove", "path": "/birthDate"}]', None, id="a list is a JSON Patch"),
        pytest.param('{"birthDate": null}', None, id="an object is a Merge Patch"),
        pytest.param(fhirpath("delete", "Patient.birthDate"), None, id="Parameters are a FHIRPath Patch"),
    ],
)
def test_a_body_without_a_form_of_its_own_is_known_by_its_shape(content: str, birth_date: str | None) -> None:
    assert patched(patient(), "json", content.encode()).get("birthDate") == birth_date


KEPT = [
    ("json-patch", '[{"op": "replace", "path": "/id", "value": "p2"}]', "id"),
    ("json-patch", '[{"op": "remove", "path": "/id"}]', "id"),
    ("json-patch", '[{"op": "replace", "path": "/resourceType", "value": "Person"}]', "resourceType"),
    ("json-patch", '[{"op": "replace", "path": "", "value": 5}]', "resourceType"),
    ("json-patch", '[{"op": "replace", "path": "", "value": {}}]', "resourceType"),
    ("json-patch", '[{"op": "replace", "path": "/meta/versionId", "value": "4"}]', "meta.versionId"),
    ("json-patch", '[{"op": "remove", "path": "/meta"}]', "meta.versionId"),
    ("json-patch", '[{"op": "replace", "path": "/meta", "value": 5}]', "meta.versionId"),
    ("merge-patch", '{"meta": {"lastUpdated": "2020-01-01T00:00:00Z"}}', "meta.lastUpdated"),
    ("merge-patch", '{"id": null}', "id"),
    ("json", fhirpath("replace", "Patient.id", value="p2"), "id"),
    ("json", fhirpath("delete", "Patient.meta"), "meta.versionId"),
    ("xml-patch", '<diff><remove sel="Patient/meta/source"/></diff>', "meta.source"),
]


@pytest.mark.parametrize(("form", "content", "name"), KEPT)
def test_what_only_the_server_gives_cannot_be_patched(form: str, content: str, name: str) -> None:
    found = refused(form, content)

    assert (found.problems[0].kind.code, found.status) == ("patch.kept", 422)
    assert found.problems[0].details["name"] == name


def test_labels_can_be_patched() -> None:
    after = patched(patient(), "json-patch", b'[{"op": "replace", "path": "/meta/tag/0/code", "value": "b"}]')

    assert after["meta"]["tag"] == [{"system": "urn:t", "code": "b"}]


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("json-patch", '[{"op": "remove", "path": "/name/0"}]'),
        ("merge-patch", '{"name": [{"given": []}]}'),
        ("json", fhirpath("delete", "Patient.name[0]")),
        ("xml-patch", '<diff><remove sel="Patient/name[1]"/></diff>'),
    ],
)
def test_what_a_patch_leaves_empty_disappears(form: str, content: str) -> None:
    assert "name" not in patched(patient(), form, content.encode())


def test_an_emptied_place_beside_a_primitive_keeps_the_others_in_line() -> None:
    before = {**patient(), "name": [{"given": ["a", "b"], "_given": [{"id": "x"}, {"id": "y"}]}]}

    after = patched(before, "json-patch", b'[{"op": "remove", "path": "/name/0/_given/0/id"}]')

    assert after["name"] == [{"given": ["a", "b"], "_given": [None, {"id": "y"}]}]


@pytest.mark.parametrize(
    ("form", "content", "expected"),
    [
        ("json-patch", "[", ("json.syntax", 400)),
        ("json-patch", "{}", ("patch.form", 400)),
        ("merge-patch", "[]", ("patch.form", 400)),
        ("merge-patch", "null", ("patch.form", 400)),
        ("json", "5", ("patch.form", 400)),
        ("json", '{"resourceType": "Parameters", "shoe": 5}', ("resource.unknown-element", 400)),
        ("xml", "<a>", ("xml.syntax", 400)),
        ("xml", '<Patient xmlns="http://hl7.org/fhir"><id value="a"/></Patient>', ("patch.form", 400)),
        ("xml-patch", "[]", ("xml.syntax", 400)),
    ],
)
def test_a_patch_that_cannot_be_read_is_refused(form: str, content: str, expected: tuple[str, int]) -> None:
    assert code(form, content) == expected


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("json-patch", json.write([{"op": "test", "path": "/active", "value": True}] * 1001)),
        (
            "json",
            json.write(
                {
                    "resourceType": "Parameters",
                    "parameter": [{"name": "operation", "part": [{"name": "type", "valueCode": "delete"}]}]
                    * 1001,
                }
            ),
        ),
        ("xml-patch", b"<diff>" + b'<remove sel="a"/>' * 1001 + b"</diff>"),
    ],
)
def test_a_patch_of_thousands_of_operations_is_refused(form: str, content: bytes) -> None:
    assert code(form, content) == ("patch.many", 413)


def test_copies_of_copies_are_refused_before_they_fill_the_memory() -> None:
    double = [{"op": "copy", "from": "/name", "path": f"/name/0/{step}"} for step in range(60)]
    started = time.process_time()

    assert code("json-patch", json.write(double)) == ("patch.grows", 413)
    assert time.process_time() - started < 2


def test_a_patch_that_nests_too_deep_is_refused() -> None:
    nest: Any = {"extension": [{"url": "urn:x"}]}
    for _ in range(30):
        nest = {"extension": [nest]}
    path, operations = "/extension/0", []
    for _ in range(30):
        operations.append({"op": "add", "path": path + "/extension", "value": [deepcopy(nest)]})
        path += "/extension/0" * 31

    assert code("json-patch", json.write(operations)) == ("patch.grows", 413)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["op", "path", "value", "from", "name", "id", "resourceType", "part", "parameter"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(form=st.sampled_from(["json", *FORMS.values()]), body=JSON | st.lists(JSON, max_size=4))
def test_any_json_is_a_patch_or_is_refused(form: str, body: Any) -> None:
    before = patient()

    try:
        after = patched(before, form, json.write(body))
    except Refused as found:
        assert 400 <= found.status < 500
    else:
        assert (after["resourceType"], after["id"]) == ("Patient", "p1")
    assert before == patient()
