"""What is read from FHIR XML, and what is said about XML that is none."""

import time

import pytest

from gateway.fhir import json
from gateway.fhir.validate import validate
from gateway.fhir.xml import read
from gateway.problems import Problem, Refused

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'


def patient(inside: str) -> bytes:
    return f'<Patient xmlns="http://hl7.org/fhir">{inside}</Patient>'.encode()


def problems(content: bytes) -> list[Problem]:
    with pytest.raises(Refused) as caught:
        read(content)
    return list(caught.value.problems)


def codes(content: bytes) -> list[str]:
    return [each.kind.code for each in problems(content)]


def test_a_patient_is_read_as_json_has_it() -> None:
    content = (
        '\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- sent by a school -->\n'
        '<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:schemaLocation="http://hl7.org/fhir fhir-single.xsd">\n'
        '  <f:id value="p1"/><?note x?>\n'
        '  <f:active value="true"/><!-- still on roll -->\n'
        '  <f:name id="n"><f:family value="O&quot;Neil &amp; &#x1F600;"/><f:given value="Ffion"/>\n'
        '    <f:given><f:extension url="https://example.org/unheard"><f:valueBoolean value="false"/>'
        "</f:extension>\n"
        "    </f:given></f:name>\n"
        '  <f:birthDate id="b" value="2015-02"/><f:multipleBirthInteger value="2"/>\n'
        "</f:Patient>"
    )

    assert read(content.encode()) == {
        "resourceType": "Patient",
        "id": "p1",
        "active": True,
        "name": [
            {
                "id": "n",
                "family": 'O"Neil & 😀',
                "given": ["Ffion", None],
                "_given": [
                    None,
                    {"extension": [{"url": "https://example.org/unheard", "valueBoolean": False}]},
                ],
            }
        ],
        "birthDate": "2015-02",
        "_birthDate": {"id": "b"},
        "multipleBirthInteger": 2,
    }


@pytest.mark.parametrize(
    "number", ["1.00", "-0", "0.0", "1e-24", "12", "-7.50", "1" + "0" * 18, "1" * 20, "1" * 40]
)
def test_a_decimal_keeps_its_digits(number: str) -> None:
    made = read(
        f'<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="{number}"/></valueQuantity>'
        "</Observation>".encode()
    )

    assert json.write(made["valueQuantity"]) == f'{{"value":{number}}}'.encode()


def test_a_narrative_keeps_its_text() -> None:
    inner = "<p class='x'>a&#160;b<br />c &lt; d<!-- <div> --><![CDATA[</div>]]></p><div/><div>e</div>"
    div = f"{DIV}\r\n {inner}</div>"

    made = read(patient(f'<!-- <div>no</div> --><text><status value="generated"/>{div}</text>'))

    assert made["text"]["div"] == div


def test_each_narrative_goes_to_its_own_resource() -> None:
    inner = f'<contained><Basic><id value="b"/><text>{DIV}two<div>x</div></div></text></Basic></contained>'

    made = read(patient(f"<text>{DIV}one</div></text>{inner}"))

    assert made["text"]["div"] == f"{DIV}one</div>"
    assert made["contained"][0]["text"]["div"] == f"{DIV}two<div>x</div></div>"


def test_a_narrative_that_leans_on_what_is_around_it_is_made_to_stand_alone() -> None:
    made = read(
        b'<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="http://www.w3.org/1999/xhtml" xmlns:x="urn:x">'
        b'<f:text><f:status value="generated"/><div>a<br/>b</div></f:text></f:Patient>'
    )

    assert made["text"]["div"] == f"{DIV}a<br/>b</div>"
    assert validate(made) == []


def test_a_prefixed_narrative_is_read() -> None:
    made = read(patient('<text><h:div xmlns:h="http://www.w3.org/1999/xhtml">a</h:div></text>'))

    assert made["text"]["div"] == '<h:div xmlns:h="http://www.w3.org/1999/xhtml">a</h:div>'


def test_a_resource_may_say_nothing_but_its_type() -> None:
    assert read(patient("\n")) == {"resourceType": "Patient"}


def test_elements_out_of_order_are_read_all_the_same() -> None:
    made = read(patient('<gender value="male"/><name><text value="a"/></name><id value="1"/><name id="n"/>'))

    assert made["name"] == [{"text": "a"}, {"id": "n"}]
    assert made["id"] == "1"


BASIC = '<Basic><id value="b"/></Basic>'


@pytest.mark.parametrize(
    ("inside", "code", "path"),
    [
        ('<shoe value="5"/>', "resource.unknown-element", "Patient.shoe"),
        ('<name><shoe value="5"/></name>', "resource.unknown-element", "Patient.name[0].shoe"),
        (
            '<name><text value="a"/></name><name><id value="n"/></name>',
            "resource.unknown-element",
            "Patient.name[1].id",
        ),
        ('<active value="yes"/>', "xml.value", "Patient.active"),
        ('<active value=" true"/>', "xml.value", "Patient.active"),
        ('<multipleBirthInteger value="1.0"/>', "xml.value", "Patient.multipleBirthInteger"),
        ('<multipleBirthInteger value=""/>', "xml.value", "Patient.multipleBirthInteger"),
        ('<multipleBirthInteger value="٣"/>', "xml.value", "Patient.multipleBirthInteger"),
        ('<active value="true"/><active value="true"/>', "xml.repeated", "Patient.active"),
        (f"<text>{DIV}</div>{DIV}</div></text>", "xml.repeated", "Patient.text.div"),
        ('<maritalStatus id="1"/><maritalStatus id="2"/>', "xml.repeated", "Patient.maritalStatus"),
        (
            '<name><given value="a"/><given lang="cy" value="b"/></name>',
            "xml.unknown-attribute",
            "Patient.name[0].given[1]",
        ),
        ('<name use="official"><text value="a"/></name>', "xml.unknown-attribute", "Patient.name[0]"),
        ('<name xml:id="a"><text value="a"/></name>', "xml.unknown-attribute", "Patient.name[0]"),
        ('<name>Ffion<text value="a"/></name>', "xml.text", "Patient.name[0]"),
        ('<name><text value="a"/>Ffion</name>', "xml.text", "Patient.name[0]"),
        ('<name><text value="a">Ffion</text></name>', "xml.text", "Patient.name[0].text"),
        ("<gender/>", "resource.empty", "Patient.gender"),
        ("<name/>", "resource.empty", "Patient.name[0]"),
        ("<text><div>a</div></text>", "xml.namespace", "Patient.text.div"),
        ('<gender xmlns="http://example.org" value="male"/>', "xml.namespace", "Patient.gender"),
        ('<gender xmlns="" value="male"/>', "xml.namespace", "Patient.gender"),
        ("<contained/>", "xml.one-resource", "Patient.contained[0]"),
        (f"<contained>{BASIC}{BASIC}</contained>", "xml.one-resource", "Patient.contained[0]"),
        (f"<contained>a{BASIC}</contained>", "xml.one-resource", "Patient.contained[0]"),
        (f"<contained id='a'>{BASIC}</contained>", "xml.unknown-attribute", "Patient.contained[0]"),
        (
            '<contained><Shoe><id value="a"/></Shoe></contained>',
            "resource.unknown-type",
            "Patient.contained[0]",
        ),
        (
            '<contained><Basic><shoe value="a"/><id value="b"/></Basic></contained>',
            "resource.unknown-element",
            "Patient.contained[0].shoe",
        ),
        (
            '<gender value="male"><extension url="u"><shoe/></extension></gender>',
            "resource.unknown-element",
            "Patient.gender.extension[0].shoe",
        ),
        ('<name><url value="a"/></name>', "resource.unknown-element", "Patient.name[0].url"),
        ('<_gender value="a"/>', "resource.unknown-element", "Patient._gender"),
    ],
)
def test_a_fault_is_named_with_its_path(inside: str, code: str, path: str) -> None:
    [found] = problems(patient(inside))

    assert (found.kind.code, found.place.path) == (code, path)
    assert found.place.line == 1


def test_every_fault_is_named_with_its_line() -> None:
    found = problems(patient('\n<active value="x"/>\n<shoe/>\n<name a="b"/>'))

    assert [(each.kind.code, each.place.line) for each in found] == [
        ("xml.value", 2),
        ("resource.unknown-element", 3),
        ("xml.unknown-attribute", 4),
    ]


def test_a_wrong_name_is_answered_with_the_one_that_was_meant() -> None:
    [found] = problems(patient('<birthdate value="2015"/>'))

    assert found.fix.endswith("Did you mean birthDate?")


def test_what_was_sent_stays_out_of_the_words() -> None:
    found = problems(
        patient('<active value="Ffion"/><name>Ffion</name><Ffion.Example.9990000018 value="x"/>')
    )

    assert not any("Ffion" in str(each) + each.fix for each in found)


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"", "xml.syntax", 1, 1),
        (b"<Patient", "xml.syntax", 1, 9),
        (b'<Patient xmlns="http://hl7.org/fhir">\n<active></Patient>', "xml.syntax", 2, 19),
        (b'{"resourceType": "Patient"}', "xml.syntax", 1, 1),
        (patient('<gender value="&nbsp;"/>'), "xml.syntax", 1, 59),
        (patient('<gender value="&#1;"/>'), "xml.syntax", 1, 57),
        (patient('<gender value="\x01"/>'), "xml.syntax", 1, 53),
        (patient('<gender value="a"/>').decode().encode("utf-16"), "xml.encoding", 0, 0),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "xml.encoding", 1, 0),
        (patient('<gender value="\xe9"/>').decode().encode("latin-1"), "xml.encoding", 0, 0),
    ],
)
def test_what_is_not_xml_is_refused_where_it_breaks_off(
    content: bytes, code: str, line: int, column: int
) -> None:
    [found] = problems(content)

    assert (found.kind.code, found.place.line, found.place.column) == (code, line, column)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<Patient/>", "xml.namespace"),
        (b'<Patient xmlns="http://hl7.org/fhir/"/>', "xml.namespace"),
        (b'<Shoe xmlns="http://hl7.org/fhir"/>', "resource.unknown-type"),
        (b'<Resource xmlns="http://hl7.org/fhir"/>', "resource.unknown-type"),
        (b'<HumanName xmlns="http://hl7.org/fhir"><text value="a"/></HumanName>', "resource.unknown-type"),
        (b'<Patient xmlns="http://hl7.org/fhir" id="p1"><id value="p1"/></Patient>', "xml.unknown-attribute"),
    ],
)
def test_the_outermost_element_must_be_a_resource(content: bytes, code: str) -> None:
    assert codes(content) == [code]


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "doctype",
    [
        pytest.param("<!DOCTYPE Patient>", id="bare"),
        pytest.param('<!DOCTYPE Patient SYSTEM "http://example.org/a.dtd">', id="from elsewhere"),
        pytest.param('<!DOCTYPE Patient [<!ENTITY e SYSTEM "file:///etc/hostname">]>', id="a file"),
        pytest.param(f'<!DOCTYPE Patient [<!ENTITY e0 "ha">{BOMB}<!ENTITY e "&e11;">]>', id="a bomb"),
        pytest.param(
            '<!DOCTYPE Patient [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>', id="a parameter"
        ),
    ],
)
@pytest.mark.parametrize("inside", ['<gender value="a"/>', "<text><div>&e;</div></text>"])
def test_a_document_type_is_refused_at_once(doctype: str, inside: str) -> None:
    started = time.process_time()

    found = codes(doctype.encode() + patient(inside))

    assert found in (["xml.doctype"], ["xml.syntax"])
    assert time.process_time() - started < 1


def test_an_inclusion_is_only_an_unknown_element() -> None:
    content = patient(
        '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/hostname" parse="text"/>'
    )

    assert codes(content) == ["resource.unknown-element"]


def test_a_deep_text_is_refused() -> None:
    deep = '<extension url="u">' * 150 + '<valueCode value="x"/>' + "</extension>" * 150
    deeper = '<extension url="u">' * 90_000

    assert codes(patient(deep)) == ["resource.too-deep"]
    assert codes(patient(deeper)) == ["xml.syntax"]


def test_a_text_full_of_faults_is_given_up_soon() -> None:
    started = time.process_time()

    found = codes(patient("<shoe/>" * 100_000))

    assert (len(found), found[-1]) == (101, "resource.more-problems")
    assert time.process_time() - started < 2


def test_a_long_list_takes_no_longer_for_each_item() -> None:
    started = time.process_time()

    made = read(patient("<name>" + '<given value="a"/><given id="x"/>' * 50_000 + "</name>"))

    assert len(made["name"][0]["_given"]) == 100_000
    assert time.process_time() - started < 3
