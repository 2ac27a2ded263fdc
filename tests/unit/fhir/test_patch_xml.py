"""XML Patch over the XML of a resource."""

from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.patch_xml import xml_patch
from gateway.problems import Refused

DIV = "<div xmlns='http://www.w3.org/1999/xhtml'>a<br />b&#160;c</div>"
TEXT = """{"resourceType": "Patient", "id": "p1", "active": true,
  "identifier": [{"system": "urn:x", "value": "1"}, {"system": "urn:y", "value": "2"}],
  "name": [{"id": "n", "family": "Example", "given": ["Ffion", "Mai"]}], "gender": "female",
  "extension": [{"url": "urn:height", "valueDecimal": 1.50}]}"""


def patient() -> dict[str, Any]:
    made: dict[str, Any] = json.read(TEXT)
    return {**made, "text": {"status": "generated", "div": DIV}}


def done(operations: str, opening: str = '<diff xmlns:f="http://hl7.org/fhir">') -> dict[str, Any]:
    before = patient()
    made = xml_patch(before, f"{opening}{operations}</diff>".encode())
    assert before == patient()
    return made


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ('<replace sel="f:Patient/f:active/@value">false</replace>', {"active": False}),
        (
            '<replace sel="/f:Patient/f:name[1]/f:given[2]/@value">Non</replace>',
            {"name": [{"id": "n", "family": "Example", "given": ["Ffion", "Non"]}]},
        ),
        ('<replace sel="f:Patient/f:gender"><f:gender value="male"/></replace>', {"gender": "male"}),
        (
            '<replace sel="*/f:gender"><gender xmlns="http://hl7.org/fhir" value="male"/></replace>',
            {"gender": "male"},
        ),
        (
            "<remove sel=\"f:Patient/f:identifier[f:system/@value='urn:x']\"/>",
            {"identifier": [{"system": "urn:y", "value": "2"}]},
        ),
        (
            '<remove sel="f:Patient/f:identifier[last()]"/>',
            {"identifier": [{"system": "urn:x", "value": "1"}]},
        ),
        (
            "<remove sel=\"f:Patient/f:name[@id='n']/@id\"/>",
            {"name": [{"family": "Example", "given": ["Ffion", "Mai"]}]},
        ),
        (
            '<add sel="f:Patient/f:name"><f:given value="Non"/></add>',
            {"name": [{"id": "n", "family": "Example", "given": ["Ffion", "Mai", "Non"]}]},
        ),
        (
            '<add sel="f:Patient/f:name/f:given[1]" pos="after"><f:given value="Non"/></add>',
            {"name": [{"id": "n", "family": "Example", "given": ["Ffion", "Non", "Mai"]}]},
        ),
        (
            '<add sel="f:Patient/f:name/f:given[1]" pos="before"><f:given value="Non"/></add>',
            {"name": [{"id": "n", "family": "Example", "given": ["Non", "Ffion", "Mai"]}]},
        ),
        ('<add sel="f:Patient" pos="prepend"><f:birthDate value="2015"/></add>', {"birthDate": "2015"}),
        ('<add sel="f:Patient"><!-- note --><f:birthDate value="2015"/></add>', {"birthDate": "2015"}),
        ('<add sel="f:Patient/f:gender" type="@id">g</add>', {"_gender": {"id": "g"}}),
        (
            '<replace sel="f:Patient/f:extension/f:valueDecimal/@value">1.500</replace>',
            {"extension": [{"url": "urn:height", "valueDecimal": json.Decimal("1.500")}]},
        ),
    ],
)
def test_an_operation_changes_only_what_it_names(operation: str, change: dict[str, Any]) -> None:
    made = done(operation)

    assert made == {**patient(), **change}
    assert json.write(made["extension"]) == json.write({**patient(), **change}["extension"])


@pytest.mark.parametrize(
    "opening",
    ["<diff>", '<diff xmlns="http://hl7.org/fhir">', '<p:diff xmlns:p="urn:p" xmlns="http://hl7.org/fhir">'],
)
def test_names_without_a_prefix_are_fhirs(opening: str) -> None:
    operation = (
        "<remove sel=\"Patient/identifier[system/@value='urn:x']\"/><remove sel='Patient/name/given[2]'/>"
    )
    closing = "</p:diff>" if opening.startswith("<p:") else "</diff>"

    made = xml_patch(patient(), f"{opening}{operation}{closing}".encode())

    assert [each["value"] for each in made["identifier"]] == ["2"]
    assert made["name"][0]["given"] == ["Ffion"]


def test_what_a_patch_leaves_empty_disappears() -> None:
    made = done(
        '<remove sel="f:Patient/f:identifier[1]/f:system"/><remove sel="f:Patient/f:identifier[1]/f:value"/>'
    )

    assert made["identifier"] == [{"system": "urn:y", "value": "2"}]


def test_a_narrative_can_be_replaced_and_reached_into() -> None:
    new = done(
        '<replace sel="f:Patient/f:text/h:div" xmlns:h="http://www.w3.org/1999/xhtml"><h:div>new</h:div></replace>'
    )
    less = done('<remove sel="f:Patient/f:text/h:div/h:br" xmlns:h="http://www.w3.org/1999/xhtml"/>')

    assert new["text"]["div"] == '<h:div xmlns:h="http://www.w3.org/1999/xhtml">new</h:div>'
    assert "<br" not in less["text"]["div"]


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ('<remove sel="f:Patient/f:photo"/>', "patch.path"),
        ('<remove sel="f:Patient/f:identifier"/>', "patch.path"),
        ('<remove sel="f:Patient"/>', "patch.path"),
        ('<replace sel="f:Patient"><f:Person/></replace>', "patch.path"),
        ('<remove sel="f:Patient/f:gender/@id"/>', "patch.path"),
        ('<replace sel="f:Patient/f:gender/@id">x</replace>', "patch.path"),
        ('<add sel="f:Patient/f:gender" type="@value">x</add>', "patch.path"),
        ('<add sel="f:Patient" pos="after"><f:Patient/></add>', "patch.path"),
        ('<add sel="f:Patient"/>', "patch.form"),
        ('<add sel="f:Patient">text</add>', "patch.form"),
        ('<add sel="f:Patient" pos="inside"><f:birthDate value="2015"/></add>', "patch.form"),
        ('<add sel="f:Patient/f:gender" type="namespace::x">urn:x</add>', "patch.form"),
        ('<add sel="f:Patient/f:gender/@value">x</add>', "patch.form"),
        (
            '<replace sel="f:Patient/f:gender"><f:gender value="a"/><f:gender value="b"/></replace>',
            "patch.form",
        ),
        ('<shuffle sel="f:Patient"/>', "patch.form"),
        ("<remove/>", "patch.form"),
        ('<remove sel="//f:gender"/>', "patch.form"),
        ('<remove sel="g:Patient/g:gender"/>', "patch.form"),
        ('<remove sel="f:Patient/f:gender | f:Patient"/>', "patch.form"),
        ('<remove sel="f:Patient/f:name[count(f:given) = 2]"/>', "patch.form"),
        ("<remove sel=\"document('file:///etc/hostname')\"/>", "patch.form"),
        (f'<remove sel="{"f:Patient/" * 200}f:gender"/>', "patch.form"),
        ('<add sel="f:Patient"><f:shoe value="5"/></add>', "resource.unknown-element"),
        ('<add sel="f:Patient"><gender xmlns="" value="male"/></add>', "xml.namespace"),
        ('<add sel="f:Patient"><f:gender value="male"/></add>', "xml.repeated"),
        ('<replace sel="f:Patient/f:active/@value">yes</replace>', "xml.value"),
    ],
)
def test_what_cannot_be_done_is_refused(operation: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        done(operation)

    assert [each.kind.code for each in caught.value.problems] == [code]
    assert "…" not in caught.value.problems[0].says
