"""Interactions with one resource; the ids are those of the project's REST checklist."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from fhir.resources.R4B.patient import Patient
from served import NHS, UPN, Caller, Served

PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Beech", "given": ["Ada"]}],
    "gender": "female",
    "birthDate": "2015-03-31",
}


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


def code(answer: Any) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def put(clinic: Caller, id: str = "", **more: Any) -> tuple[str, Any]:
    id = id or str(uuid4())
    return id, clinic.ask("PUT", f"feed/clinic/Patient/{id}", {**PATIENT, "id": id, **more})


def test_I1_a_read_has_id_version_date_and_an_etag_that_is_the_version(clinic: Caller) -> None:
    id, _ = put(clinic)

    answer = clinic.get(f"feed/clinic/Patient/{id}")

    assert answer.status_code == 200
    body = answer.json()
    assert body["id"] == id
    assert answer.headers["ETag"] == f'W/"{body["meta"]["versionId"]}"'
    assert body["meta"]["lastUpdated"].startswith("20")
    assert {**PATIENT, "id": id} == {name: value for name, value in body.items() if name != "meta"}


def test_I1_on_fhir_too(clinic: Caller) -> None:
    id, _ = put(clinic, identifier=[{"system": NHS, "value": "9990000018"}])
    child = clinic.get(f"fhir/Patient?identifier={NHS}|9990000018").json()["entry"][0]["resource"]["id"]

    answer = clinic.get(f"fhir/Patient/{child}")

    assert answer.status_code == 200
    assert answer.json()["id"] == child != id
    assert Patient.model_validate_json(answer.content).id == child
    assert answer.headers["ETag"] == f'W/"{answer.json()["meta"]["versionId"]}"'


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_I2_an_unknown_id_is_404(clinic: Caller, base: str) -> None:
    answer = clinic.get(f"{base}/Patient/unknown")

    assert (answer.status_code, code(answer)) == (404, "http.not-found")


def test_I2_a_deleted_resource_is_410(clinic: Caller) -> None:
    id, _ = put(clinic)
    clinic.ask("DELETE", f"feed/clinic/Patient/{id}")

    answer = clinic.get(f"feed/clinic/Patient/{id}")

    assert (answer.status_code, code(answer)) == (410, "http.gone")


def test_I2_a_child_all_whose_records_are_deleted_is_410(clinic: Caller) -> None:
    id, _ = put(clinic, identifier=[{"system": NHS, "value": "9990000026"}])
    child = clinic.get(f"fhir/Patient?identifier={NHS}|9990000026").json()["entry"][0]["resource"]["id"]
    clinic.ask("DELETE", f"feed/clinic/Patient/{id}")

    answer = clinic.get(f"fhir/Patient/{child}")

    assert (answer.status_code, code(answer)) == (410, "http.gone")


@pytest.mark.parametrize("id", ["a_b", "a" * 65, "%C3%A9", "a%20b", "a*"])
@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_I3_an_id_that_fhir_does_not_allow_is_400(clinic: Caller, base: str, id: str) -> None:
    answer = clinic.get(f"{base}/Patient/{id}")

    assert (answer.status_code, code(answer)) == (400, "http.id-form")


def test_I3_ids_are_case_sensitive(clinic: Caller) -> None:
    id, _ = put(clinic, f"A-{uuid4()}")

    assert clinic.get(f"feed/clinic/Patient/{id.lower()}").status_code == 404


def test_I4_elements_and_summary_mark_what_they_leave_out(clinic: Caller) -> None:
    id, _ = put(clinic, photo=[{"title": "not in a summary"}])

    few = clinic.get(f"feed/clinic/Patient/{id}?_elements=birthDate").json()
    summary = clinic.get(f"feed/clinic/Patient/{id}?_summary=true").json()

    assert few.keys() == {"resourceType", "id", "meta", "birthDate"}
    assert summary.keys() == {"resourceType", "id", "meta", "name", "gender", "birthDate"}
    for body in (few, summary):
        assert [tag["code"] for tag in body["meta"]["tag"]] == ["SUBSETTED"]


def test_I4_a_summary_of_an_observation_keeps_what_must_be_there(clinic: Caller) -> None:
    told = clinic.tell(
        "clinic",
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Height"},
            "note": [{"text": "not in a summary"}],
            "component": [{"code": {"text": "a"}, "valueInteger": 1, "referenceRange": [{"text": "b"}]}],
        },
    )

    summary = clinic.get(f"feed/clinic/Observation/{told['id']}?_summary=true").json()
    text = clinic.get(f"feed/clinic/Observation/{told['id']}?_summary=text").json()

    assert summary["component"] == [{"code": {"text": "a"}, "valueInteger": 1}]
    assert "note" not in summary
    assert text.keys() == {"resourceType", "id", "meta", "status", "code"}


def test_I5_who_has_the_version_gets_304(clinic: Caller) -> None:
    id, _ = put(clinic)
    first = clinic.get(f"feed/clinic/Patient/{id}")

    by_tag = clinic.get(f"feed/clinic/Patient/{id}", If_None_Match=first.headers["ETag"])
    by_date = clinic.get(f"feed/clinic/Patient/{id}", If_Modified_Since=first.headers["Last-Modified"])
    by_other_tag = clinic.get(f"feed/clinic/Patient/{id}", If_None_Match='W/"77"')
    by_old_date = clinic.get(f"feed/clinic/Patient/{id}", If_Modified_Since="Wed, 01 Jan 2020 00:00:00 GMT")

    assert [by_tag.status_code, by_date.status_code] == [304, 304]
    assert by_tag.content == b""
    assert by_tag.headers["ETag"] == first.headers["ETag"]
    assert [by_other_tag.status_code, by_old_date.status_code] == [200, 200]


def test_I6_every_version_can_be_read(clinic: Caller) -> None:
    id, _ = put(clinic)
    put(clinic, id, gender="other")
    clinic.ask("DELETE", f"feed/clinic/Patient/{id}")
    put(clinic, id, gender="male")

    found = [clinic.get(f"feed/clinic/Patient/{id}/_history/{version}") for version in (1, 2, 3, 4, 5)]

    assert [answer.status_code for answer in found] == [200, 200, 410, 200, 404]
    assert [found[at].json()["gender"] for at in (0, 1, 3)] == ["female", "other", "male"]
    assert [code(found[at]) for at in (2, 4)] == ["http.gone", "http.no-version"]
    assert found[0].headers["ETag"] == 'W/"1"'


def test_I7_an_update_is_a_new_version_and_the_same_again_is_none(clinic: Caller) -> None:
    id, created = put(clinic)

    updated = put(clinic, id, gender="other")[1]
    again = put(clinic, id, gender="other")[1]

    assert [created.status_code, updated.status_code, again.status_code] == [201, 200, 200]
    assert [created.headers["ETag"], updated.headers["ETag"], again.headers["ETag"]] == [
        'W/"1"',
        'W/"2"',
        'W/"2"',
    ]
    assert again.headers["Last-Modified"] == updated.headers["Last-Modified"]


@pytest.mark.parametrize("body", [PATIENT, {**PATIENT, "id": "another"}], ids=["missing", "another"])
def test_I8_the_id_in_the_body_must_be_that_of_the_address(clinic: Caller, body: Any) -> None:
    answer = clinic.ask("PUT", "feed/clinic/Patient/one", body)

    assert (answer.status_code, code(answer)) == (400, "http.id-differs")
    assert clinic.get("feed/clinic/Patient/one").status_code == 404


def test_I9_version_and_date_of_the_client_do_not_count_and_tags_do(clinic: Caller) -> None:
    meta = {"versionId": "77", "lastUpdated": "2001-01-01T00:00:00Z", "tag": [{"code": "mine"}]}

    _, answer = put(clinic, meta=meta)

    assert answer.json()["meta"]["versionId"] == "1"
    assert answer.json()["meta"]["lastUpdated"] > "2020"
    assert answer.json()["meta"]["tag"] == [{"code": "mine"}]


def test_I10_an_update_makes_what_is_not_there(clinic: Caller) -> None:
    id, answer = put(clinic)

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{clinic.url}/feed/clinic/Patient/{id}/_history/1"


def test_I11_an_update_for_another_version_is_412_and_changes_nothing(clinic: Caller) -> None:
    id, _ = put(clinic)
    put(clinic, id, gender="other")
    body = {**PATIENT, "id": id, "gender": "male"}

    stale = clinic.ask("PUT", f"feed/clinic/Patient/{id}", body, If_Match='W/"1"')
    unread = clinic.ask("PUT", f"feed/clinic/Patient/{id}", body, If_Match="1")
    new = str(uuid4())
    nothing = clinic.ask("PUT", f"feed/clinic/Patient/{new}", {**body, "id": new}, If_Match='W/"1"')
    deletion = clinic.ask("DELETE", f"feed/clinic/Patient/{id}", If_Match='W/"1"')

    assert [stale.status_code, unread.status_code, deletion.status_code] == [412, 400, 412]
    assert nothing.status_code == 412
    assert {code(answer) for answer in (stale, nothing, deletion)} == {"http.stale"}
    assert clinic.get(f"feed/clinic/Patient/{new}").status_code == 404
    assert clinic.get(f"feed/clinic/Patient/{id}").json()["gender"] == "other"
    assert clinic.ask("PUT", f"feed/clinic/Patient/{id}", body, If_Match='W/"2"').status_code == 200


def test_I12_if_none_match_star_only_creates(clinic: Caller) -> None:
    id = str(uuid4())
    body = {**PATIENT, "id": id}

    first = clinic.ask("PUT", f"feed/clinic/Patient/{id}", body, If_None_Match="*")
    second = clinic.ask("PUT", f"feed/clinic/Patient/{id}", {**body, "gender": "male"}, If_None_Match="*")

    assert (first.status_code, second.status_code, code(second)) == (201, 412, "http.exists")
    assert clinic.get(f"feed/clinic/Patient/{id}").json()["gender"] == "female"


def test_I12_any_other_if_none_match_is_refused_and_not_ignored(clinic: Caller) -> None:
    answer = clinic.ask("PUT", "feed/clinic/Patient/x1", {**PATIENT, "id": "x1"}, If_None_Match='W/"1"')

    assert (answer.status_code, code(answer)) == (400, "http.only-any")
    assert clinic.get("feed/clinic/Patient/x1").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "problem"),
    [
        ("Patient", '{"resourceType": "Patient", ', 400, "json.syntax"),
        ("Patient", "[]", 400, "resource.not-an-object"),
        ("Patient", '{"resourceType": "Observation", "status": "final"}', 422, "resource.required"),
        ("Patient", '{"resourceType": "Basic", "code": {"text": "a"}}', 400, "http.type-differs"),
        ("Patient", '{"resourceType": "Patient", "birthDate": "2015-02-31"}', 422, "resource.value"),
        ("Patient", '{"resourceType": "Patient", "gender": "girl"}', 422, "resource.code"),
        ("Ptient", '{"resourceType": "Ptient"}', 404, "http.unknown-type"),
    ],
)
def test_I13_what_cannot_be_kept_says_why(
    clinic: Caller, path: str, body: str, status: int, problem: str
) -> None:
    answer = clinic.ask("POST", f"feed/clinic/{path}", body, Content_Type="application/fhir+json")

    assert (answer.status_code, code(answer)) == (status, problem)
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_I14_a_create_answers_with_its_place_and_ignores_the_id_sent(clinic: Caller) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient", {**PATIENT, "id": "mine"})

    assert answer.status_code == 201
    id = answer.json()["id"]
    assert id != "mine"
    assert answer.headers["Location"] == f"{clinic.url}/feed/clinic/Patient/{id}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["Last-Modified"])
    assert clinic.get(f"feed/clinic/Patient/{id}").content == answer.content


def test_I14_an_id_that_fhir_does_not_allow_is_ignored_as_well(clinic: Caller) -> None:
    assert clinic.ask("POST", "feed/clinic/Patient", {**PATIENT, "id": "_"}).status_code == 201


def test_I17_after_a_delete_reading_misses_searching_misses_and_history_tells(clinic: Caller) -> None:
    family = f"F{uuid4().hex}"
    id, _ = put(clinic, name=[{"family": family}])

    deletion = clinic.ask("DELETE", f"feed/clinic/Patient/{id}")
    twice = clinic.ask("DELETE", f"feed/clinic/Patient/{id}")
    unknown = clinic.ask("DELETE", f"feed/clinic/Patient/{uuid4()}")

    assert [deletion.status_code, twice.status_code, unknown.status_code] == [204, 204, 204]
    assert deletion.content == b""
    assert deletion.headers["ETag"] == 'W/"2"'
    assert clinic.get(f"feed/clinic/Patient?family={family}").json()["total"] == 0
    assert clinic.get(f"fhir/Patient?family={family}").json()["total"] == 0
    entries = clinic.get(f"feed/clinic/Patient/{id}/_history").json()["entry"]
    assert entries[0]["request"]["method"] == "DELETE"


def test_I19_a_history_has_every_version_newest_first(clinic: Caller) -> None:
    created = clinic.ask("POST", "feed/clinic/Patient", PATIENT).json()
    id = created["id"]
    put(clinic, id, gender="other")
    clinic.ask("DELETE", f"feed/clinic/Patient/{id}")
    put(clinic, id)

    answer = clinic.get(f"feed/clinic/Patient/{id}/_history")

    bundle = answer.json()
    assert (answer.status_code, bundle["type"], bundle["total"]) == (200, "history", 4)
    assert [
        (each["request"]["method"], each["request"]["url"], each["response"]["status"], "resource" in each)
        for each in bundle["entry"]
    ] == [
        ("PUT", f"Patient/{id}", "201", True),
        ("DELETE", f"Patient/{id}", "204", False),
        ("PUT", f"Patient/{id}", "200", True),
        ("POST", "Patient", "201", True),
    ]
    assert [each["response"]["etag"] for each in bundle["entry"]] == [f'W/"{n}"' for n in (4, 3, 2, 1)]
    assert {each["fullUrl"] for each in bundle["entry"]} == {f"{clinic.url}/feed/clinic/Patient/{id}"}


def test_I21_what_is_deleted_has_a_history_and_what_never_was_has_none(clinic: Caller) -> None:
    id, _ = put(clinic)
    clinic.ask("DELETE", f"feed/clinic/Patient/{id}")

    assert clinic.get(f"feed/clinic/Patient/{id}/_history").status_code == 200
    assert clinic.get(f"feed/clinic/Patient/{uuid4()}/_history").status_code == 404


def test_H15_the_answer_to_a_write_is_as_much_as_was_preferred(clinic: Caller) -> None:
    minimal = clinic.ask("POST", "feed/clinic/Patient", PATIENT, Prefer="return=minimal")
    full = clinic.ask("POST", "feed/clinic/Patient", PATIENT, Prefer="return=representation")
    outcome = clinic.ask("POST", "feed/clinic/Patient", PATIENT, Prefer="return=OperationOutcome")

    assert (minimal.status_code, minimal.content) == (201, b"")
    assert full.json()["resourceType"] == "Patient"
    assert outcome.json()["resourceType"] == "OperationOutcome"
    for answer in (minimal, full, outcome):
        assert {"Location", "ETag", "Last-Modified"} <= answer.headers.keys()


def test_UPN_is_for_education_and_the_local_authority_only(served: Served) -> None:
    council, clinic = served.caller("council"), served.caller("clinic")
    council.tell(
        "council",
        {**PATIENT, "id": str(uuid4()), "identifier": [{"system": UPN, "value": "H801200001001"}]},
    )
    found = council.get(f"fhir/Patient?identifier={UPN}|H801200001001").json()
    child = found["entry"][0]["resource"]["id"]

    assert "H801200001001" in council.get(f"fhir/Patient/{child}").text
    assert "H801200001001" not in clinic.get(f"fhir/Patient/{child}").text
    assert clinic.get(f"fhir/Patient?identifier={UPN}|H801200001001").json()["total"] == 0
    assert clinic.get("fhir/Patient?identifier=H801200001001").json()["total"] == 0


WICKED = {
    "script": "<p>x</p><script>alert(1)</script>",
    "event": '<p onclick="alert(1)">x</p>',
    "picture": '<img src="x" onerror="alert(1)"/>',
    "javascript": '<a href="javascript:alert(1)">x</a>',
    "hidden javascript": '<a href="java&#x0A;script:alert(1)">x</a>',
    "page as data": '<a href="data:text/html,x">x</a>',
    "style": '<p style="background:url(https://evil.example/spy)">x</p>',
    "frame": '<iframe src="https://evil.example"/>x',
    "object": '<object data="x"/>x',
    "form": '<form action="https://evil.example"><p>x</p></form>',
    "head": "<head><title>x</title></head>",
    "other namespace": '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>x',
    "section": "x<![CDATA[<img src=x onerror=alert(1)>]]>",
    "comment": "x<!--><img src=x onerror=alert(1)>-->",
    "nothing": " ",
}


def narrative(inside: str) -> dict[str, str]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}


@pytest.mark.parametrize("kind", sorted(WICKED))
def test_I22_narrative_that_could_act_is_refused_and_nothing_is_kept(clinic: Caller, kind: str) -> None:
    id = str(uuid4())
    put(clinic, id)
    body = {**PATIENT, "id": id, "text": narrative(WICKED[kind])}

    created = clinic.ask("POST", "feed/clinic/Patient", body)
    updated = clinic.ask("PUT", f"feed/clinic/Patient/{id}", body)
    patched = clinic.ask(
        "PATCH",
        f"feed/clinic/Patient/{id}",
        json.dumps({"text": body["text"]}),
        Content_Type="application/merge-patch+json",
    )

    assert [created.status_code, updated.status_code, patched.status_code] == [422, 422, 422]
    assert code(created) == code(updated) == "resource.narrative"
    assert created.json()["issue"][0]["expression"] == ["Patient.text.div"]
    assert clinic.get(f"feed/clinic/Patient/{id}").headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("kind", sorted(WICKED.keys() - {"nothing"}))
def test_I22_in_xml_as_well_and_inside_what_is_contained(clinic: Caller, kind: str) -> None:
    text = f'<text><status value="generated"/>{narrative(WICKED[kind])["div"]}</text>'
    contained = f"<contained><Patient>{text}</Patient></contained>"

    for inside in (text, contained):
        body = f'<Patient xmlns="http://hl7.org/fhir">{inside}</Patient>'
        answer = clinic.ask("POST", "feed/clinic/Patient", body, Content_Type="application/fhir+xml")
        assert (answer.status_code, code(answer)) == (422, "resource.narrative"), answer.text


def test_I22_text_with_formatting_comes_back_as_it_was_sent(clinic: Caller) -> None:
    text = narrative('<p>Ada <b>Beech</b>&#160;&amp; co<br/><a href="#here">here</a></p><!-- said -->')

    told = clinic.tell("clinic", {**PATIENT, "text": text})

    assert clinic.get(f"feed/clinic/Patient/{told['id']}").json()["text"] == text


@pytest.mark.parametrize("type", ["Patient", "Observation"])
def test_I18_what_stands_on_fhir_is_never_deleted(clinic: Caller, type: str) -> None:
    answer = clinic.ask("DELETE", f"fhir/{type}/x")

    assert (answer.status_code, code(answer)) == (405, "http.write-elsewhere")
    assert "DELETE" not in answer.headers["Allow"]


def test_I18_no_reference_holds_a_deletion_back(clinic: Caller) -> None:
    id, _ = put(clinic)
    refers = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "a"},
        "subject": {"reference": f"Patient/{id}"},
    }
    told = clinic.tell("clinic", refers)

    assert clinic.ask("DELETE", f"feed/clinic/Patient/{id}").status_code == 204
    assert clinic.get(f"feed/clinic/Observation/{told['id']}").json()["subject"] == refers["subject"]
