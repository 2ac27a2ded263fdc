"""What R4's XML format asks of a writer; the expected texts are written out by hand."""

import pytest
from lxml import etree

from gateway.fhir import json
from gateway.fhir.xml import read, write
from gateway.problems import Refused

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'


def written(text: str) -> str:
    return write(json.read(text)).decode()


def patient(inside: str) -> str:
    return f'{HEAD}<Patient xmlns="http://hl7.org/fhir">{inside}</Patient>'


def test_elements_stand_in_the_order_of_the_definitions() -> None:
    text = written(
        '{"birthDate": "2015-02-03", "name": [{"given": ["Ffion", "Mai"], "family": "Example"}],'
        ' "id": "p1", "active": true, "resourceType": "Patient", "meta": {"versionId": "3"}}'
    )

    assert text == patient(
        '<id value="p1"/><meta><versionId value="3"/></meta><active value="true"/>'
        '<name><family value="Example"/><given value="Ffion"/><given value="Mai"/></name>'
        '<birthDate value="2015-02-03"/>'
    )


def test_ids_of_elements_and_urls_of_extensions_are_attributes() -> None:
    text = written(
        '{"resourceType": "Patient", "extension": [{"url": "urn:e", "id": "a", "valueCode": "x"}],'
        ' "name": [{"id": "n1", "family": "Example"}]}'
    )

    assert text == patient(
        '<extension id="a" url="urn:e"><valueCode value="x"/></extension>'
        '<name id="n1"><family value="Example"/></name>'
    )


def test_what_stands_beside_a_primitive_goes_inside_it() -> None:
    text = written(
        '{"resourceType": "Patient", "birthDate": "2015-02-03", "_birthDate": {"id": "b",'
        ' "extension": [{"url": "https://example.org/e", "valueBoolean": false}]},'
        ' "name": [{"given": ["Ffion", null], "_given": [null, {"id": "g"}]}], "_gender": {"id": "s"}}'
    )

    assert text == patient(
        '<name><given value="Ffion"/><given id="g"/></name><gender id="s"/>'
        '<birthDate id="b" value="2015-02-03">'
        '<extension url="https://example.org/e"><valueBoolean value="false"/></extension></birthDate>'
    )


def test_resources_inside_resources_stand_in_an_element_of_their_own() -> None:
    text = written(
        '{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient",'
        ' "contained": [{"resourceType": "Organization", "id": "o", "name": "Ysgol Anytown"}]}}]}'
    )

    assert text == (
        f'{HEAD}<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource><Patient>'
        '<contained><Organization><id value="o"/><name value="Ysgol Anytown"/></Organization></contained>'
        "</Patient></resource></entry></Bundle>"
    )


@pytest.mark.parametrize(
    "number", ["1.00", "0.000", "-1.50", "1e-24", "1E+3", "100", "0.1000000000000000000000001"]
)
def test_a_decimal_is_written_as_it_was_sent(number: str) -> None:
    text = written(
        f'{{"resourceType": "Observation", "status": "final", "valueQuantity": {{"value": {number}}}}}'
    )

    assert f'<valueQuantity><value value="{number}"/></valueQuantity>' in text


def test_signs_that_mean_something_to_xml_are_escaped() -> None:
    text = written(r'{"resourceType": "Patient", "name": [{"text": "<O\"Neil> & \t\r\nsons 😀"}]}')

    assert 'value="&lt;O&quot;Neil&gt; &amp; &#9;&#13;&#10;sons 😀"' in text
    assert etree.fromstring(text.encode())[0][0].get("value") == '<O"Neil> & \t\r\nsons 😀'


@pytest.mark.parametrize("sign", ["\0", "\b", "\v", "\x1f", "\ud800", "\uffff"])
def test_what_xml_cannot_carry_becomes_the_replacement_character(sign: str) -> None:
    text = write({"resourceType": "Patient", "name": [{"text": f"a{sign}b"}]}).decode()

    assert 'value="a\ufffdb"' in text


def test_a_narrative_keeps_its_text() -> None:
    div = f"{DIV}\n <p class='x'>a&#160;b<br />c &lt; d<!-- e --></p>\r\n</div>"

    text = write({"resourceType": "Patient", "text": {"status": "generated", "div": div}}).decode()

    assert text == patient(f'<text><status value="generated"/>{div}</text>')


def test_names_that_only_html_knows_become_their_characters() -> None:
    div = f"{DIV}a&nbsp;b &amp; &eacute; &LT;</div>"

    text = write({"resourceType": "Patient", "text": {"status": "generated", "div": div}}).decode()

    assert f"{DIV}a\u00a0b &amp; é &lt;</div>" in text


@pytest.mark.parametrize(
    "div",
    [
        pytest.param(f"{DIV}</div><active value='true' xmlns='http://hl7.org/fhir'/>", id="more than a div"),
        pytest.param(f"{DIV}<p></div>", id="not well-formed"),
        pytest.param("<div>no namespace</div>", id="no namespace"),
        pytest.param('<!DOCTYPE div [<!ENTITY e "x">]>' + f"{DIV}&e;</div>", id="document type"),
        pytest.param("plain text", id="no element"),
        pytest.param(5, id="a number"),
    ],
)
def test_a_narrative_that_is_not_one_div_is_not_written(div: object) -> None:
    with pytest.raises(Refused) as caught:
        write({"resourceType": "Patient", "text": {"status": "generated", "div": div}})

    assert caught.value.problems[0].kind.code == "xml.unwritable"
    assert caught.value.status == 406


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        pytest.param({"resourceType": "Patient", "shoe": 5}, "Patient.shoe", id="unknown element"),
        pytest.param({"resourceType": "Patient", "name": ["Ffion"]}, "name", id="text for an object"),
        pytest.param({"resourceType": "Patient", "gender": {"a": 1}}, "gender", id="object for a text"),
        pytest.param({"resourceType": "Patient", "_gender": "x"}, "gender", id="text beside a primitive"),
        pytest.param(
            {"resourceType": "Patient", "name": [{"resourceType": "x"}]}, "HumanName.resourceType", id="type"
        ),
        pytest.param({"resourceType": "Shoe"}, "resourceType", id="unknown type"),
        pytest.param({"resourceType": ["Patient"]}, "resourceType", id="type is a list"),
        pytest.param({}, "resourceType", id="no type"),
        pytest.param({"resourceType": "Patient", "active": float("nan")}, "active", id="not a number"),
    ],
)
def test_what_r4_has_no_place_for_is_named(resource: dict[str, object], where: str) -> None:
    with pytest.raises(Refused) as caught:
        write(resource)

    assert caught.value.problems[0].kind.code == "xml.unwritable"
    assert caught.value.problems[0].place.path == where


def test_pretty_only_changes_the_space_between_elements() -> None:
    resource = json.read(
        '{"resourceType": "Patient", "text": {"status": "generated", "div": "'
        + DIV.replace('"', '\\"')
        + '<p> a  b </p></div>"}, "name": [{"family": "Example", "_family": {"id": "f",'
        ' "extension": [{"url": "u", "valueCode": "c"}]}}],'
        ' "contained": [{"resourceType": "Basic", "id": "b"}]}'
    )

    pretty = write(resource, pretty=True)

    assert (
        b'\n<Patient xmlns="http://hl7.org/fhir">\n  <text>\n    <status value="generated"/>\n    <div'
        in pretty
    )
    assert b"<p> a  b </p>" in pretty
    assert read(pretty) == resource
