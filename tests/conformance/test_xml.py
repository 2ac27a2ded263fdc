"""XML in and out; the ids are those of the project's REST checklist."""

import json
from typing import Any
from uuid import uuid4

import pytest
import requests
from lxml import etree
from served import JSON, NHS, Caller, Served

XML = "application/fhir+xml"
XML_UTF8 = "application/fhir+xml; charset=utf-8"
FHIR = "{http://hl7.org/fhir}"
PATIENT = {"resourceType": "Patient", "name": [{"family": "Beech"}]}
PATIENT_XML = '<Patient xmlns="http://hl7.org/fhir"><name><family value="Beech"/></name></Patient>'


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


def root(answer: requests.Response) -> Any:
    assert answer.headers["Content-Type"] == XML_UTF8, answer.text
    return etree.fromstring(answer.content)


def name(answer: requests.Response) -> str:
    return str(root(answer).tag).removeprefix(FHIR)


def values(element: Any, path: str) -> list[str]:
    steps = "/".join(FHIR + step for step in path.split("/"))
    return [each.get("value") for each in element.findall(steps)]


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("application/fhir+xml", "xml"),
        ("application/xml", "xml"),
        ("text/xml", "xml"),
        ("application/fhir+xml, */*;q=0.1", "xml"),
        ("application/fhir+xml;q=0.4, application/fhir+json;q=0.5", "json"),
        ("application/fhir+xml; fhirVersion=4.0", "xml"),
    ],
)
def test_H3_accept_asks_for_xml(clinic: Caller, accept: str, format: str) -> None:
    answer = clinic.get("fhir/Patient?_count=0", Accept=accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"application/fhir+{format}; charset=utf-8"


@pytest.mark.parametrize(
    "wanted",
    ["xml", "text/xml", "application/xml", "application/fhir%2Bxml", "application/fhir+xml"],
)
def test_H4_format_asks_for_xml_whatever_accept_says(clinic: Caller, wanted: str) -> None:
    for accept in ("application/fhir+json", "image/png", "*/*"):
        answer = clinic.get(f"fhir/Patient?_count=0&_format={wanted}", Accept=accept)

        assert (answer.status_code, name(answer)) == (200, "Bundle")


@pytest.mark.parametrize("type", ["application/fhir+xml", "application/xml", "text/xml; charset=utf-8"])
def test_H5_a_body_may_be_xml(clinic: Caller, type: str) -> None:
    created = clinic.ask("POST", "feed/clinic/Patient", PATIENT_XML, Content_Type=type)
    id = created.json()["id"]
    changed = PATIENT_XML.replace("<name>", f'<id value="{id}"/><active value="true"/><name>')
    updated = clinic.ask("PUT", f"feed/clinic/Patient/{id}", changed, Content_Type=type)

    assert (created.status_code, updated.status_code) == (201, 200)
    read = clinic.get(f"feed/clinic/Patient/{id}").json()
    assert (read["active"], read["name"]) == (True, [{"family": "Beech"}])


def test_H6_xml_of_another_fhir_version_is_415(clinic: Caller) -> None:
    type = "application/fhir+xml; fhirVersion=3.0"

    answer = clinic.ask("POST", "feed/clinic/Patient", PATIENT_XML, Content_Type=type)

    assert answer.status_code == 415


def test_H7_a_byte_order_mark_before_xml_does_no_harm(clinic: Caller) -> None:
    body = b"\xef\xbb\xbf" + PATIENT_XML.replace("Beech", "Żółć 王").encode()

    answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type=XML, Accept=XML)

    assert answer.status_code == 201
    assert values(root(answer), "name/family") == ["Żółć 王"]


def test_H8_pretty_changes_white_space_only(clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    plain = clinic.get(f"feed/clinic/Patient/{id}?_format=xml")
    pretty = clinic.get(f"feed/clinic/Patient/{id}?_format=xml&_pretty=true")

    bare = etree.XMLParser(remove_blank_text=True)
    assert "\n  <" in pretty.text and "\n" not in plain.text
    assert etree.tostring(etree.fromstring(pretty.content, bare)) == etree.tostring(root(plain))


@pytest.mark.parametrize("number", ["1.00", "92.10", "1e-24", "0.000000000000000000000001", "100", "-0.0"])
def test_H10_a_decimal_keeps_its_precision_between_the_formats(clinic: Caller, number: str) -> None:
    body = (
        '<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="Height"/></code>'
        f'<valueQuantity><value value="{number}"/></valueQuantity></Observation>'
    )

    id = clinic.ask("POST", "feed/clinic/Observation", body, Content_Type=XML).json()["id"]

    assert f'"value":{number}}}' in clinic.get(f"feed/clinic/Observation/{id}").text
    again = root(clinic.get(f"feed/clinic/Observation/{id}?_format=xml"))
    assert values(again, "valueQuantity/value") == [number]


@pytest.mark.parametrize("text", ["a\u0001b", "a\ufffeb"])
def test_H11_what_xml_cannot_carry_is_never_kept(clinic: Caller, text: str) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient", {**PATIENT, "name": [{"text": text}]}, Accept=XML)

    assert (answer.status_code, name(answer)) == (422, "OperationOutcome")
    assert values(root(answer), "issue/expression") == ["Patient.name[0].text"]


@pytest.mark.parametrize(
    "text", ["a & b < c > d", "\"quoted\" 'twice'", "a\tb\nc\r\nd", "\U0001f9d2", "&amp;"]
)
def test_H11_every_other_character_survives_both_ways(clinic: Caller, text: str) -> None:
    id = clinic.tell("clinic", {**PATIENT, "name": [{"text": text}]})["id"]
    xml = clinic.get(f"feed/clinic/Patient/{id}?_format=xml")

    back = clinic.ask("PUT", f"feed/clinic/Patient/{id}", xml.content, Content_Type=XML)

    assert values(root(xml), "name/text") == [text]
    # the same content again is no new version
    assert (back.status_code, back.headers["ETag"]) == (200, 'W/"1"')
    assert back.json()["name"] == [{"text": text}]


def test_I1_a_read_in_xml_says_what_the_read_in_json_says(clinic: Caller) -> None:
    id = clinic.tell("clinic", {**PATIENT, "birthDate": "2015-03-31", "active": True})["id"]

    as_json = clinic.get(f"feed/clinic/Patient/{id}")
    as_xml = clinic.get(f"feed/clinic/Patient/{id}", Accept=XML)

    told = as_json.json()
    assert values(root(as_xml), "id") == [id]
    assert values(root(as_xml), "meta/versionId") == [told["meta"]["versionId"]]
    assert values(root(as_xml), "birthDate") == ["2015-03-31"]
    for header in ("ETag", "Last-Modified"):
        assert as_xml.headers[header] == as_json.headers[header]


def test_a_search_on_fhir_in_xml_holds_the_same_children(clinic: Caller) -> None:
    clinic.tell("clinic", {**PATIENT, "identifier": [{"system": NHS, "value": "9990000093"}]})
    asked = f"fhir/Patient?identifier={NHS}|9990000093"

    as_json = clinic.get(asked).json()
    as_xml = root(clinic.get(asked, Accept=XML))

    assert values(as_xml, "type") == ["searchset"]
    assert values(as_xml, "total") == [str(as_json["total"])] == ["1"]
    assert values(as_xml, "entry/fullUrl") == [as_json["entry"][0]["fullUrl"]]
    assert values(as_xml, "entry/resource/Patient/id") == [as_json["entry"][0]["resource"]["id"]]


def test_a_history_in_xml_has_every_version(clinic: Caller) -> None:
    id = str(uuid4())
    clinic.tell("clinic", {**PATIENT, "id": id})
    clinic.ask("DELETE", f"feed/clinic/Patient/{id}")

    history = root(clinic.get(f"feed/clinic/Patient/{id}/_history", Accept=XML))

    assert values(history, "type") == ["history"]
    assert values(history, "entry/request/method") == ["DELETE", "PUT"]
    assert values(history, "entry/response/etag") == ['W/"2"', 'W/"1"']


def test_the_statement_may_be_had_in_xml(served: Served) -> None:
    said = root(served.caller("").get("fhir/metadata?_format=xml"))

    assert str(said.tag) == f"{FHIR}CapabilityStatement"
    assert {"application/fhir+xml", "xml"} <= set(values(said, "format"))


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ("<Patient", 400, "xml.syntax"),
        ("<Patient/>", 400, "xml.namespace"),
        (f"<!DOCTYPE Patient []>{PATIENT_XML}", 400, "xml.doctype"),
        (
            '<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            '<Patient xmlns="http://hl7.org/fhir"><language value="&e;"/></Patient>',
            400,
            "xml.syntax",
        ),
        ('<Patient xmlns="http://hl7.org/fhir"><pet value="a"/></Patient>', 400, "resource.unknown-element"),
        ('<Patient xmlns="http://hl7.org/fhir"><gender value="girl"/></Patient>', 422, "resource.code"),
        ("", 400, "http.empty-body"),
    ],
)
def test_H9_xml_that_cannot_be_kept_says_why_in_xml(
    clinic: Caller, body: str, status: int, problem: str
) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type=XML, Accept=XML)

    assert answer.status_code == status
    assert name(answer) == "OperationOutcome"
    assert values(root(answer), "issue/details/coding/code")[0] == problem
    assert "root:" not in answer.text


def test_H9_a_billion_laughs_are_not_laughed(clinic: Caller) -> None:
    entities = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    body = f'<!DOCTYPE p [<!ENTITY l0 "ha">{entities}]>' + PATIENT_XML.replace("Beech", "&l9;")

    answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type=XML)

    assert answer.status_code == 400
    assert answer.elapsed.total_seconds() < 5


@pytest.mark.parametrize(
    ("method", "path", "client", "headers", "status"),
    [
        ("GET", "fhir/Patient?nonsense=1", "clinic", {}, 400),
        ("GET", "fhir/Patient/x", "", {}, 401),
        ("GET", "fhir/Patient/x", "observer", {}, 403),
        ("GET", "fhir/Patient/x", "clinic", {}, 404),
        ("GET", "nowhere", "clinic", {}, 404),
        ("GET", "feed", "clinic", {}, 404),
        ("DELETE", "fhir/Patient", "clinic", {}, 405),
        ("DELETE", "health", "clinic", {}, 405),
        ("GET", "fhir/Patient/x?_format=ttl", "clinic", {}, 406),
        ("PUT", "feed/clinic/Patient/x", "clinic", {"If-Match": 'W/"9"', "Content-Type": JSON}, 412),
        ("POST", "feed/clinic/Patient", "clinic", {"Content-Type": "text/csv"}, 415),
        ("GET", f"fhir/Patient?family={'b' * 40_000}", "clinic", {}, 414),
    ],
)
def test_H23_a_refusal_is_in_xml_where_xml_is_asked_for(
    served: Served, method: str, path: str, client: str, headers: dict[str, str], status: int
) -> None:
    body = json.dumps({**PATIENT, "id": "x"}) if method in ("POST", "PUT") else None

    answer = served.caller(client).ask(method, path, body, Accept=XML, **headers)

    assert answer.status_code == status
    assert name(answer) == "OperationOutcome"
    assert values(root(answer), "issue/severity")[0] == "error"


def test_H23_413_is_in_xml_as_well(served: Served) -> None:
    # on a connection of its own: the server hangs up instead of reading the body
    clinic = served.caller("clinic")
    answer = clinic.ask("POST", "feed/clinic/Patient", "x" * 210_000, Content_Type=XML, Accept=XML)

    assert (answer.status_code, name(answer)) == (413, "OperationOutcome")


def test_H15_a_write_answers_in_the_format_that_is_asked_for(clinic: Caller) -> None:
    whole = clinic.ask("POST", "feed/clinic/Patient", PATIENT, Accept=XML)
    told = clinic.ask("POST", "feed/clinic/Patient", PATIENT, Accept=XML, Prefer="return=OperationOutcome")
    none = clinic.ask("POST", "feed/clinic/Patient", PATIENT, Accept=XML, Prefer="return=minimal")

    assert (name(whole), name(told)) == ("Patient", "OperationOutcome")
    assert (none.status_code, none.content) == (201, b"")


def test_H18_head_says_how_long_the_xml_is(clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    head = clinic.ask("HEAD", f"feed/clinic/Patient/{id}", Accept=XML)
    get = clinic.get(f"feed/clinic/Patient/{id}", Accept=XML)

    assert head.content == b""
    for header in ("ETag", "Content-Type", "Content-Length"):
        assert head.headers[header] == get.headers[header]


def test_a_batch_comes_and_goes_as_xml(clinic: Caller) -> None:
    entries = (
        f"<entry><resource>{PATIENT_XML.replace('Beech', 'Rowan')}</resource>"
        '<request><method value="POST"/><url value="Patient"/></request></entry>'
        '<entry><request><method value="GET"/><url value="Patient/never-was"/></request></entry>'
    )
    body = f'<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/>{entries}</Bundle>'

    answer = clinic.ask("POST", "feed/clinic", body, Content_Type=XML, Accept=XML)

    bundle = root(answer)
    assert (answer.status_code, values(bundle, "type")) == (200, ["batch-response"])
    assert [status[:3] for status in values(bundle, "entry/response/status")] == ["201", "404"]
    assert values(bundle, "entry/resource/Patient/name/family") == ["Rowan"]
    outcome = bundle.find(f".//{FHIR}response/{FHIR}outcome/{FHIR}OperationOutcome")
    assert outcome is not None


def test_an_operation_answers_in_xml(clinic: Caller) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient/$validate", PATIENT_XML, Content_Type=XML, Accept=XML)

    assert (answer.status_code, name(answer)) == (200, "OperationOutcome")
