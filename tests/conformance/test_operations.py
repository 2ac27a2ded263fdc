"""Operations; the ids are those of the project's REST checklist."""

from typing import Any
from uuid import uuid4

import pytest
import requests
from fhir.resources.R4B.operationoutcome import OperationOutcome
from served import Caller, Served

from gateway.resources import shipped

PATIENT = {"resourceType": "Patient", "name": [{"family": "Beech"}]}


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


def code(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def found(answer: requests.Response) -> list[tuple[str, str]]:
    """Severity and place of each issue of a `$validate`."""
    assert answer.status_code == 200, answer.text
    OperationOutcome.model_validate_json(answer.content)
    return [
        (each["severity"], each.get("expression", [""])[0])
        for each in answer.json()["issue"]
        if each["severity"] != "information"
    ]


def parameters(**given: Any) -> dict[str, Any]:
    """A Parameters resource; a dict is a resource, a text a code or uri."""
    listed = [
        {"name": name, **({"resource": value} if isinstance(value, dict) else {"valueString": value})}
        for name, value in given.items()
    ]
    return {"resourceType": "Parameters", "parameter": listed}


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("shape", ["bare", "in Parameters"])
def test_O3_a_sound_resource_is_said_to_be_sound(clinic: Caller, base: str, shape: str) -> None:
    sent = PATIENT if shape == "bare" else parameters(resource=PATIENT, mode="create")

    answer = clinic.ask("POST", f"{base}/Patient/$validate", sent)

    assert found(answer) == []
    assert answer.json()["issue"][0]["severity"] == "information"


@pytest.mark.parametrize("shape", ["bare", "in Parameters"])
def test_O3_what_is_wrong_is_told_with_200_and_a_place_inside_the_resource(
    clinic: Caller, shape: str
) -> None:
    wrong = {**PATIENT, "gender": "girl", "contact": [{"gender": "female"}]}
    sent = wrong if shape == "bare" else parameters(resource=wrong)

    answer = clinic.ask("POST", "feed/clinic/Patient/$validate", sent)

    assert sorted(found(answer)) == [("error", "Patient.contact[0]"), ("error", "Patient.gender")]


def test_O3_nothing_is_written(clinic: Caller) -> None:
    family = f"Validate-{uuid4().hex}"

    clinic.ask("POST", "feed/clinic/Patient/$validate", {**PATIENT, "name": [{"family": family}]})

    assert clinic.get(f"feed/clinic/Patient?family={family}").json()["total"] == 0


def test_O3_a_resource_of_another_type_is_a_finding(clinic: Caller) -> None:
    answer = clinic.ask("POST", "feed/clinic/Observation/$validate", PATIENT)

    assert found(answer) == [("error", "resourceType")]


@pytest.mark.parametrize(
    ("id", "mode", "wrong"),
    [("same", "update", False), ("other", "update", True), ("", "update", True), ("other", "create", False)],
)
def test_O3_an_update_has_the_id_of_its_address(clinic: Caller, id: str, mode: str, wrong: bool) -> None:
    resource = {**PATIENT, **({"id": id} if id else {})}

    answer = clinic.ask("POST", f"feed/clinic/Patient/same/$validate?mode={mode}", resource)

    assert bool(found(answer)) is wrong


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_O3_a_resource_that_stands_is_judged_without_sending_it(clinic: Caller, method: str) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    assert found(clinic.ask(method, f"feed/clinic/Patient/{id}/$validate")) == []
    assert clinic.ask(method, "feed/clinic/Patient/nobody/$validate").status_code == 404


def test_O3_a_deletion_is_said_to_be_possible_on_a_feed_and_not_on_fhir(clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    assert found(clinic.ask("POST", f"feed/clinic/Patient/{id}/$validate?mode=delete")) == []
    assert found(clinic.ask("POST", f"fhir/Patient/{id}/$validate?mode=delete")) == [("error", "")]
    assert clinic.get(f"feed/clinic/Patient/{id}").status_code == 200


def test_O3_deleting_what_is_not_there_is_no_error(clinic: Caller) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient/nobody/$validate?mode=delete")

    assert (answer.status_code, code(answer)) == (200, "validate.nothing-to-delete")
    assert answer.json()["issue"][0]["severity"] == "information"


def test_O3_only_who_may_read_learns_about_what_stands(served: Served, clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    answer = served.caller("observer").get(f"fhir/Patient/{id}/$validate")

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("Patient/$validate?mode=now", "operation.value"),
        ("Patient/$validate?mode=create&mode=update", "operation.twice"),
        ("Patient/$validate?profil=x", "operation.unknown-parameter"),
        ("Patient/$validate", "operation.missing"),
        ("Patient/$validate?mode=delete", "operation.missing"),
    ],
)
def test_O3_what_cannot_be_asked_is_400(clinic: Caller, path: str, problem: str) -> None:
    answer = clinic.ask("POST", f"feed/clinic/{path}")

    assert (answer.status_code, code(answer)) == (400, problem)


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Parameters", "parameter": {}},
        {"resourceType": "Parameters", "parameter": [{"valueString": "x"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "mode"}]},
        {"resourceType": "Parameters", "parameter": [7]},
        {"resourceType": "Parameters", "parameter": [{"name": "mode", "valueCode": "a", "valueUri": "b"}]},
    ],
    ids=["no list", "no name", "no value", "no object", "two values"],
)
def test_O3_parameters_that_cannot_be_read_are_400(clinic: Caller, body: Any) -> None:
    answer = clinic.ask("POST", "feed/clinic/Patient/$validate", body)

    assert (answer.status_code, code(answer)) == (400, "operation.parameters")


WEIGHED = "https://fhirgate.example/StructureDefinition/weighed-child"
WEIGHT = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/1"},
    "valueQuantity": {"value": 21.5, "system": "http://unitsofmeasure.org", "code": "kg"},
}


@pytest.mark.parametrize("how", ["asked", "in Parameters", "claimed"])
def test_O3_a_resource_is_held_against_a_profile(clinic: Caller, how: str) -> None:
    stones = {**WEIGHT["valueQuantity"], "code": "[stone_av]"}  # type: ignore[dict-item]
    wrong = {**WEIGHT, "valueQuantity": stones, "note": [{"text": "x"}]}
    path = "fhir/Observation/$validate"
    if how == "asked":
        answer = clinic.ask("POST", f"{path}?profile={WEIGHED}", wrong)
    elif how == "claimed":
        answer = clinic.ask("POST", path, {**wrong, "meta": {"profile": [WEIGHED]}})
    else:
        answer = clinic.ask("POST", path, parameters(resource=wrong, profile=WEIGHED))

    assert found(answer) == [
        ("error", "Observation.valueQuantity.code"),
        ("error", "Observation.note[0]"),
    ]
    codes = [each["details"]["coding"][0]["code"] for each in answer.json()["issue"]]
    assert codes == ["profile.code", "profile.too-many", "profile.not-judged"]
    assert "the rule wch-1" in answer.json()["issue"][-1]["details"]["text"]


def test_O3_a_resource_that_follows_a_profile_is_said_to(clinic: Caller) -> None:
    assert found(clinic.ask("POST", f"fhir/Observation/$validate?profile={WEIGHED}|1.0.0", WEIGHT)) == []


def test_O3_a_profile_that_is_not_here_is_an_error_where_it_is_asked_and_a_warning_where_claimed(
    clinic: Caller,
) -> None:
    url = "https://example.org/StructureDefinition/elsewhere"

    asked = clinic.ask("POST", f"fhir/Observation/$validate?profile={url}", WEIGHT)
    claimed = clinic.ask("POST", "fhir/Observation/$validate", {**WEIGHT, "meta": {"profile": [url]}})
    version = clinic.ask("POST", f"fhir/Observation/$validate?profile={WEIGHED}|9", WEIGHT)

    assert [found(each) for each in (asked, claimed, version)] == [
        [("error", "")],
        [("warning", "")],
        [("error", "")],
    ]
    assert [code(each) for each in (asked, claimed)] == ["profile.unknown", "profile.claimed-unknown"]


def test_O3_what_r4_itself_refuses_is_told_once(clinic: Caller) -> None:
    answer = clinic.ask(
        "POST", f"fhir/Observation/$validate?profile={WEIGHED}", {**WEIGHT, "valueQuantity": {"value": "x"}}
    )

    assert found(answer) == [("error", "Observation.valueQuantity.value")]


def test_O3_a_write_is_not_held_against_profiles_unless_the_settings_say_so(clinic: Caller) -> None:
    wrong = {**WEIGHT, "meta": {"profile": [WEIGHED]}, "note": [{"text": "x"}]}

    assert clinic.ask("POST", "feed/clinic/Observation", wrong).status_code == 201


def observation(id: str, child: str, day: str = "", **more: Any) -> dict[str, Any]:
    """A resource about a child, of a day."""
    dated = {"effectiveDateTime": day} if day else {}
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"text": "Height"},
        "subject": {"reference": f"Patient/{child}"},
        **dated,
        **more,
    }


class Told:
    """A child that the clinic told of, and another who is in what is told of the first."""

    def __init__(self, clinic: Caller) -> None:
        self.mark = uuid4().hex[:12]
        self.child, self.other = f"e-{self.mark}", f"f-{self.mark}"
        names = ("old", "new", "undated")
        self.old, self.new, self.undated = (f"{name}-{self.mark}" for name in names)
        nurse = f"nurse-{self.mark}"
        clinic.tell("clinic", {"resourceType": "Practitioner", "id": nurse})
        for id in (self.child, self.other):
            clinic.tell("clinic", {**PATIENT, "id": id, "name": [{"family": f"{id}"}]})
        done = {"performer": [{"reference": f"Practitioner/{nurse}"}]}
        focus = {"focus": [{"reference": f"Patient/{self.other}"}]}
        clinic.tell("clinic", observation(self.old, self.child, "2020-05-01", **done))
        clinic.tell("clinic", observation(self.new, self.child, "2024-05-01", **focus))
        clinic.tell("clinic", observation(self.undated, self.child))
        clinic.tell("clinic", observation(f"of-other-{self.mark}", self.other, "2024-05-01"))
        of_both = [{"reference": f"Patient/{id}"} for id in (self.child, self.other)]
        provenance = {
            "resourceType": "Provenance",
            "id": f"both-{self.mark}",
            "target": of_both,
            "recorded": "2024-05-01T10:00:00Z",
            "agent": [{"who": {"reference": f"Practitioner/{nurse}"}}],
        }
        clinic.tell("clinic", provenance)
        self.own = {
            *(f"Observation/{id}" for id in (self.old, self.new, self.undated)),
            f"Patient/{self.child}",
            f"Provenance/both-{self.mark}",
        }
        self.nurse = f"Practitioner/{nurse}"


@pytest.fixture(scope="module")
def told(clinic: Caller) -> Told:
    return Told(clinic)


def on_fhir(clinic: Caller, id: str) -> str:
    """The id on /fhir of the child that the clinic calls so."""
    answer = clinic.get(f"fhir/Patient?family={id}").json()
    return str(answer["entry"][0]["resource"]["id"])


def listed(answer: requests.Response, mode: str = "match") -> list[str]:
    """Type and id of each entry."""
    assert answer.status_code == 200, answer.text
    return [
        f"{each['resource']['resourceType']}/{each['resource']['id']}"
        for each in answer.json().get("entry", [])
        if each["search"]["mode"] == mode
    ]


def walked(clinic: Caller, path: str) -> list[list[str]]:
    """The matches of each page."""
    pages, url = [], path
    while url:
        answer = clinic.get(url)
        pages.append(listed(answer))
        links = {each["relation"]: each["url"] for each in answer.json()["link"]}
        url = links.get("next", "")
        assert len(pages) < 30
    return pages


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_O1_everything_of_a_feeds_patient_is_the_patient_and_what_is_about_it(
    clinic: Caller, told: Told, method: str
) -> None:
    answer = clinic.ask(method, f"feed/clinic/Patient/{told.child}/$everything")

    assert set(listed(answer)) == told.own and answer.json()["total"] == 5
    assert listed(answer, "include") == [told.nurse]
    assert answer.json()["type"] == "searchset"
    assert [each["relation"] for each in answer.json()["link"]] == ["self"]


def test_O1_everything_of_a_child_is_its_composed_patient_and_what_is_about_it(
    clinic: Caller, told: Told
) -> None:
    id = on_fhir(clinic, told.child)

    answer = clinic.get(f"fhir/Patient/{id}/$everything")

    assert listed(answer)[0] == f"Patient/{id}"
    assert [each.partition("/")[0] for each in sorted(listed(answer))] == [
        *("Observation", "Observation", "Observation", "Patient", "Provenance")
    ]
    for entry in answer.json()["entry"]:
        assert (
            entry["fullUrl"]
            == f"{clinic.url}/fhir/{entry['resource']['resourceType']}/{entry['resource']['id']}"
        )
        assert clinic.get(entry["fullUrl"]).json() == entry["resource"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_O1_everything_comes_in_pages_each_once(clinic: Caller, told: Told, base: str, count: int) -> None:
    id = told.child if base != "fhir" else on_fhir(clinic, told.child)

    pages = walked(clinic, f"{base}/Patient/{id}/$everything?_count={count}")

    every = [each for page in pages for each in page]
    assert len(every) == len(set(every)) == 5
    assert [len(page) for page in pages] == [count] * (5 // count) + [5 % count] * bool(5 % count)


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("_type=Observation", ["Observation"] * 3),
        ("_type=Patient,Provenance", ["Patient", "Provenance"]),
        ("_type=Patient&_type=Provenance", ["Patient", "Provenance"]),
        ("_type=Condition", []),
        ("_since=2999-01-01T00:00:00Z", []),
        ("_since=2020-01-01T00:00:00Z&_type=Patient", ["Patient"]),
        ("start=2021-01-01&_type=Observation", ["Observation"] * 2),
        ("end=2021-01-01&_type=Observation", ["Observation"] * 2),
        ("start=2021-01-01&end=2022-01-01&_type=Observation,Patient", ["Observation", "Patient"]),
        ("start=2024-05-01&end=2024-05-01&_type=Observation", ["Observation"] * 2),
    ],
)
def test_O1_everything_is_narrowed_by_type_change_and_date_of_care(
    clinic: Caller, told: Told, base: str, query: str, types: list[str]
) -> None:
    id = told.child if base != "fhir" else on_fhir(clinic, told.child)

    answer = clinic.get(f"{base}/Patient/{id}/$everything?{query}")

    assert sorted(each.partition("/")[0] for each in listed(answer)) == types
    assert answer.json().get("total", len(types)) == len(types)


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_O1_everything_of_nobody_is_404_and_of_a_deleted_patient_410(clinic: Caller, base: str) -> None:
    id = str(clinic.tell("clinic", {**PATIENT, "name": [{"family": f"Gone-{uuid4().hex}"}]})["id"])
    child = id if base != "fhir" else str(on_fhir(clinic, _family(clinic, id)))
    clinic.ask("DELETE", f"feed/clinic/Patient/{id}")

    answers = [clinic.get(f"{base}/Patient/{each}/$everything") for each in ("nobody", child)]

    assert [each.status_code for each in answers] == [404, 410]


def _family(clinic: Caller, id: str) -> str:
    return str(clinic.get(f"feed/clinic/Patient/{id}").json()["name"][0]["family"])


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("_count=0", "operation.value"),
        ("_count=-1", "operation.value"),
        ("_count=x", "operation.value"),
        ("_type=Patients", "operation.value"),
        ("_since=yesterday", "operation.value"),
        ("start=2020-13-01", "operation.value"),
        ("begin=2020", "operation.unknown-parameter"),
        ("_cursor=x", "search.cursor"),
        ("_cursor=x&_count=3", "search.cursor"),
    ],
)
def test_O1_what_cannot_be_asked_of_everything_is_refused(
    clinic: Caller, told: Told, query: str, problem: str
) -> None:
    answer = clinic.get(f"feed/clinic/Patient/{told.child}/$everything?{query}")

    assert code(answer) == problem
    assert answer.status_code == (404 if problem == "search.cursor" else 400)


def test_O1_a_next_link_of_everything_is_good_for_its_own_client_base_and_patient(
    served: Served, clinic: Caller, told: Told
) -> None:
    first = clinic.get(f"feed/clinic/Patient/{told.child}/$everything?_count=1").json()
    link = next(each["url"] for each in first["link"] if each["relation"] == "next")
    sealed = link.partition("?")[2]
    id = on_fhir(clinic, told.child)

    others = [
        clinic.get(f"feed/clinic/Patient/{told.other}/$everything?{sealed}"),
        clinic.get(f"fhir/Patient/{id}/$everything?{sealed}"),
        clinic.get(f"feed/clinic/Patient/$everything?{sealed}"),
        served.caller("council").get(link),
    ]

    assert told.child not in sealed
    assert [each.status_code >= 400 for each in others] == [True] * 4
    assert clinic.get(link).status_code == 200


def test_Q3_a_next_link_of_one_kind_of_answer_is_none_of_another(clinic: Caller, told: Told) -> None:
    paths = (f"Patient/{told.child}/$everything", "Observation", "Observation/_history")
    sealed = {}
    for path in paths:
        links = clinic.get(f"feed/clinic/{path}?_count=1").json()["link"]
        url = next(each["url"] for each in links if each["relation"] == "next")
        sealed[path] = url.partition("?")[2]

    answers = {
        (one, other): clinic.get(f"feed/clinic/{one}?{sealed[other]}") for one in paths for other in paths
    }

    for (one, other), answer in answers.items():
        assert answer.status_code == (200 if one == other else 404), (one, other)


def test_B8_operations_are_asked_in_a_batch_as_well(clinic: Caller, told: Told) -> None:
    paths = (
        f"Patient/{told.child}/$everything",
        f"Observation/$lastn?patient={told.child}&code:missing=true",
        f"Patient/{told.child}/$meta",
        f"Patient/{told.child}/$nonsense",
    )
    entries: list[dict[str, Any]] = [{"request": {"method": "GET", "url": path}} for path in paths]
    wrong = {**PATIENT, "gender": "girl"}
    entries.append({"request": {"method": "POST", "url": "Patient/$validate"}, "resource": wrong})

    answer = clinic.ask("POST", "feed/clinic", {"resourceType": "Bundle", "type": "batch", "entry": entries})

    answered = answer.json()["entry"]
    statuses = [each["response"]["status"][:3] for each in answered]
    assert statuses == ["200", "200", "200", "404", "200"]
    assert not any("fullUrl" in each for each in answered)
    assert {each["resource"]["id"] for each in answered[0]["resource"]["entry"]} >= {told.child, told.old}
    assert answered[4]["response"]["outcome"]["issue"][0]["code"] == "code-invalid"


def test_H16_everything_leaves_out_what_it_does_not_know_only_if_asked_to_be_lenient(
    clinic: Caller, told: Told
) -> None:
    path = f"feed/clinic/Patient/{told.child}/$everything?begin=2020&_type=Patient"

    strict, lenient = clinic.get(path), clinic.get(path, Prefer="handling=lenient")

    assert strict.status_code == 400
    assert listed(lenient) == [f"Patient/{told.child}"]
    said = lenient.json()["entry"][-1]["resource"]["issue"][0]["details"]["coding"][0]["code"]
    assert said == "http.ignored-parameter"
    assert "begin" not in lenient.json()["link"][0]["url"]


def test_O1_everything_of_a_whole_feed_is_every_patient_with_what_is_about_it(served: Served) -> None:
    school = served.caller("school")
    id = str(school.tell("school", {**PATIENT, "name": [{"family": f"Whole-{uuid4().hex}"}]})["id"])
    school.tell("school", observation(f"w-{id}", id))

    every = [each for page in walked(school, "feed/school/Patient/$everything?_count=50") for each in page]

    assert {f"Patient/{id}", f"Observation/w-{id}"} <= set(every)
    assert len(every) == len(set(every))
    answer = school.get("fhir/Patient/$everything")
    assert (answer.status_code, code(answer)) == (405, "operation.level")


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_O2_everything_brings_no_other_child_in(clinic: Caller, told: Told, base: str) -> None:
    id = told.child if base != "fhir" else on_fhir(clinic, told.child)

    answer = clinic.get(f"{base}/Patient/{id}/$everything")

    every = [*listed(answer), *listed(answer, "include")]
    assert len([each for each in every if each.startswith("Patient/")]) == 1
    about = [each["resource"].get("subject") for each in answer.json()["entry"]]
    assert {each["reference"] for each in about if each} == {f"Patient/{id}"}


def test_O1_a_patient_that_says_to_see_also_another_is_followed_only_if_both_are_one_child(
    clinic: Caller, told: Told
) -> None:
    number = {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}
    one, same = f"see-{told.mark}", f"same-{told.mark}"
    person = {**PATIENT, "name": [{"family": f"S{told.mark}", "given": ["Ada"]}], "birthDate": "2015-02-03"}
    link = [
        {"type": "seealso", "other": {"reference": f"Patient/{same}"}},
        {"type": "seealso", "other": {"reference": f"Patient/{told.other}"}},
        {"type": "refer", "other": {"reference": f"Patient/{told.child}"}},
    ]
    clinic.tell("clinic", {**person, "id": same, "identifier": [number]})
    clinic.tell("clinic", observation(f"o-{same}", same))
    clinic.tell("clinic", {**person, "id": one, "identifier": [number], "link": link})
    assert len(clinic.get(f"fhir/Patient?family=S{told.mark}").json()["entry"]) == 1

    answer = clinic.get(f"feed/clinic/Patient/{one}/$everything")

    assert set(listed(answer)) == {f"Patient/{one}", f"Patient/{same}", f"Observation/o-{same}"}
    issues = answer.json()["entry"][-1]["resource"]["issue"]
    assert [each["details"]["coding"][0]["code"] for each in issues] == ["everything.linked"]


def test_O1_a_patient_that_was_replaced_is_said_to_be(clinic: Caller, told: Told) -> None:
    id = f"replaced-{told.mark}"
    link = [{"type": "replaced-by", "other": {"reference": f"Patient/{told.child}"}}]
    clinic.tell("clinic", {**PATIENT, "id": id, "link": link, "active": False})

    answer = clinic.get(f"feed/clinic/Patient/{id}/$everything")

    issues = answer.json()["entry"][-1]["resource"]["issue"]
    assert listed(answer) == [f"Patient/{id}"]
    assert issues[0]["details"]["coding"][0]["code"] == "everything.replaced"
    assert f"Patient/{told.child}" in issues[0]["details"]["text"]


def coded(*codes: str, text: str = "") -> dict[str, Any]:
    """What an Observation is of."""
    coding = [{"system": "http://loinc.org", "code": code} for code in codes]
    return {"code": {**({"coding": coding} if coding else {}), **({"text": text} if text else {})}}


@pytest.fixture(scope="module")
def measured(clinic: Caller) -> str:
    """The mark of a child with Observations of several codes and days."""
    mark = uuid4().hex[:12]
    child = f"m-{mark}"
    clinic.tell("clinic", {**PATIENT, "id": child, "name": [{"family": child}]})
    vital = {"category": [{"coding": [{"system": "c", "code": "vital-signs"}]}]}
    for id, day, more in (
        ("h1", "2020-01-01", coded("height")),
        ("h2", "2021-01-01", coded("height")),
        ("h3", "2022-01-01", coded("height", "tall")),
        ("t1", "2023-01-01", coded("tall")),
        ("w1", "2019-01-01", coded("weight")),
        ("w2", "2019-06-01", coded("weight")),
        ("w3", "2019-06-01", coded("weight")),
        ("x1", "2018-01-01", coded(text="Mood")),
        ("x2", "2018-02-01", coded(text="Mood")),
        ("u1", "", coded("undated")),
        ("u2", "", coded("undated")),
    ):
        clinic.tell("clinic", observation(f"{id}-{mark}", child, day, **more, **vital))
    return mark


def last(answer: requests.Response, mark: str) -> list[str]:
    """The Observations of the fixture that an answer has."""
    return [each.removeprefix("Observation/").removesuffix(f"-{mark}") for each in listed(answer)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("category=vital-signs", ["t1", "w2 w3", "x2", "u"]),
        ("category=vital-signs&max=2", ["t1", "h3", "w2 w3", "x2", "x1", "u", "u"]),
        ("category=vital-signs&max=3", ["t1", "h3", "h2", "w2 w3", "w1", "x2", "x1", "u", "u"]),
        ("code=weight", ["w2 w3"]),
        ("code=http://loinc.org|weight,tall", ["t1", "w2 w3"]),
        ("code=nothing", []),
        ("category=vital-signs&date=lt2021", ["h1", "w2 w3", "x2"]),
    ],
)
def test_O5_the_newest_of_each_code_come_with_ties(
    clinic: Caller, measured: str, query: str, wanted: list[str]
) -> None:
    answer = clinic.get(f"feed/clinic/Observation/$lastn?patient=m-{measured}&{query}")

    ids = last(answer, measured)
    groups = [set(each.split()) if each != "u" else {"u1", "u2"} for each in wanted]
    for group in groups:
        # those of one time come in either order
        size = 1 if group == {"u1", "u2"} else len(group)
        assert set(ids[:size]) <= group
        ids = ids[size:]
    assert ids == []
    assert answer.json()["total"] == len(last(answer, measured))


def test_O5_on_fhir_they_come_as_fhir_shows_them(clinic: Caller, measured: str) -> None:
    child = on_fhir(clinic, f"m-{measured}")

    answer = clinic.get(f"fhir/Observation/$lastn?subject=Patient/{child}&code=tall")

    (entry,) = answer.json()["entry"]
    assert entry["resource"]["subject"]["reference"] == f"Patient/{child}"
    assert clinic.get(entry["fullUrl"]).json() == entry["resource"]


@pytest.mark.parametrize("how", ["form", "Parameters", "address", "both"])
def test_O5_it_is_asked_by_post_as_well(clinic: Caller, measured: str, how: str) -> None:
    path, patient = "feed/clinic/Observation/$lastn", f"m-{measured}"
    asked = {"patient": patient, "code": "height", "max": "2"}
    if how == "form":
        form = "application/x-www-form-urlencoded"
        answer = clinic.ask("POST", path, f"patient={patient}&code=height&max=2", Content_Type=form)
    elif how == "Parameters":
        answer = clinic.ask("POST", path, parameters(**asked))
    elif how == "both":
        answer = clinic.ask("POST", f"{path}?patient={patient}", parameters(code="height", max="2"))
    else:
        answer = clinic.ask("POST", f"{path}?patient={patient}&code=height&max=2")

    assert last(answer, measured) == ["h3", "h2"]
    assert patient not in answer.json()["link"][0]["url"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("code=height", "operation.missing"),
        ("patient=1", "operation.missing"),
        ("patient=1&code=height&max=0", "operation.value"),
        ("patient=1&code=height&max=-1", "operation.value"),
        ("patient=1&code=height&max=many", "operation.value"),
        ("patient=1&code=height&max=1&max=2", "operation.twice"),
        ("patient=1&code=height&_sort=date", "operation.unknown-parameter"),
        ("patient=1&code=height&_include=Observation:subject", "operation.unknown-parameter"),
        ("patient=1&code=height&colour=red", "search.unknown-parameter"),
        ("patient=1&code=height&date=soon", "search.value"),
    ],
)
def test_O5_what_cannot_be_asked_is_400(clinic: Caller, query: str, problem: str) -> None:
    answer = clinic.get(f"feed/clinic/Observation/$lastn?{query}")

    assert (answer.status_code, code(answer)) == (400, problem)


TAG = {"system": "https://example.org/tags", "code": "checked"}
LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


def in_meta(**meta: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def returned(answer: requests.Response) -> dict[str, Any]:
    """The Meta that an answer returns."""
    assert answer.status_code == 200, answer.text
    (only,) = answer.json()["parameter"]
    assert only["name"] == "return"
    return dict(only["valueMeta"])


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_O7_the_meta_of_a_resource_can_be_read_by_itself(clinic: Caller, base: str) -> None:
    family = f"Meta-{uuid4().hex}"
    own = clinic.tell("clinic", {**PATIENT, "name": [{"family": family}]})["id"]
    id = own if base != "fhir" else on_fhir(clinic, family)

    answer = clinic.get(f"{base}/Patient/{id}/$meta")

    read = clinic.get(f"{base}/Patient/{id}")
    assert returned(answer) == read.json()["meta"]
    assert answer.headers["ETag"] == read.headers["ETag"]
    assert clinic.get(f"{base}/Patient/nobody/$meta").status_code == 404


def test_O7_labels_are_added_once_and_taken_away_by_system_and_code(clinic: Caller) -> None:
    id = clinic.tell("clinic", {**PATIENT, "meta": {"tag": [TAG], "profile": ["https://example.org/p"]}})[
        "id"
    ]
    path = f"feed/clinic/Patient/{id}"
    shown = {**TAG, "display": "Looked at"}

    added = clinic.ask("POST", f"{path}/$meta-add", in_meta(tag=[shown], security=[LABEL, LABEL]))
    again = clinic.ask("POST", f"{path}/$meta-add", in_meta(tag=[TAG], security=[LABEL]))
    gone = clinic.ask("POST", f"{path}/$meta-delete", in_meta(tag=[shown], profile=["https://example.org/p"]))

    assert [returned(each)["versionId"] for each in (added, again, gone)] == ["2", "2", "3"]
    assert returned(added)["tag"] == [TAG] and returned(added)["security"] == [LABEL]
    assert returned(gone).keys() & {"tag", "profile", "security"} == {"security"}
    read = clinic.get(path).json()
    assert read["meta"] == returned(gone)
    assert {name: read[name] for name in PATIENT} == PATIENT


def test_O7_what_was_tagged_is_found_by_its_tag(clinic: Caller) -> None:
    tag = {"system": "https://example.org/tags", "code": uuid4().hex}
    id = clinic.tell("clinic", PATIENT)["id"]
    clinic.ask("POST", f"feed/clinic/Patient/{id}/$meta-add", in_meta(tag=[tag]))

    found = clinic.get(f"feed/clinic/Patient?_tag={tag['system']}|{tag['code']}").json()

    assert [each["resource"]["id"] for each in found["entry"]] == [id]


@pytest.mark.parametrize("operation", ["$meta-add", "$meta-delete"])
@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (None, 400, "operation.missing"),
        ({"resourceType": "Parameters"}, 400, "operation.missing"),
        (in_meta(), 400, "operation.missing"),
        (in_meta(versionId="7"), 400, "operation.missing"),
        (in_meta(tag=TAG), 400, "resource.not-a-list"),
        (in_meta(profile=["a b"]), 422, "resource.value"),
        (parameters(meta="x"), 400, "operation.value"),
        (PATIENT, 400, "operation.parameters"),
    ],
    ids=["no body", "no parameter", "empty", "version alone", "no list", "no uri", "a text", "a Patient"],
)
def test_O7_what_cannot_be_added_or_taken_away_is_refused(
    clinic: Caller, operation: str, body: Any, status: int, problem: str
) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    answer = clinic.ask("POST", f"feed/clinic/Patient/{id}/{operation}", body)

    assert (answer.status_code, code(answer)) == (status, problem)
    assert clinic.get(f"feed/clinic/Patient/{id}").json()["meta"]["versionId"] == "1"


def test_O7_if_match_counts_and_what_is_not_there_cannot_be_labelled(clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]
    path = f"feed/clinic/Patient/{id}/$meta-add"

    stale = clinic.ask("POST", path, in_meta(tag=[TAG]), If_Match='W/"9"')
    fresh = clinic.ask("POST", path, in_meta(tag=[TAG]), If_Match='W/"1"')
    nobody = clinic.ask("POST", "feed/clinic/Patient/nobody/$meta-add", in_meta(tag=[TAG]))

    assert [each.status_code for each in (stale, fresh, nobody)] == [412, 200, 404]


def test_O7_only_who_may_update_labels(served: Served, clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    other = served.caller("council").ask("POST", f"feed/clinic/Patient/{id}/$meta-add", in_meta(tag=[TAG]))
    on_fhir = clinic.ask("POST", f"fhir/Patient/{id}/$meta-add", in_meta(tag=[TAG]))

    assert (other.status_code, on_fhir.status_code) == (403, 405)


def test_O8_what_changes_something_is_not_asked_by_get(clinic: Caller) -> None:
    id = clinic.tell("clinic", PATIENT)["id"]

    answers = [clinic.get(f"feed/clinic/Patient/{id}/{each}") for each in ("$meta-add", "$meta-delete")]

    assert [(each.status_code, each.headers["Allow"]) for each in answers] == [(405, "OPTIONS, POST")] * 2


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("path", ["$nonsense", "Patient/$nonsense", "Patient/1/$nonsense", "Patient/$"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_O8_an_operation_nobody_has_is_404(clinic: Caller, base: str, path: str, method: str) -> None:
    answer = clinic.ask(method, f"{base}/{path}")

    assert (answer.status_code, code(answer)) == (404, "http.no-operation")


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("path", ["$validate", "Patient/$load", "Patient/1/$load"])
def test_O8_an_operation_at_another_level_is_405(clinic: Caller, base: str, path: str) -> None:
    answer = clinic.ask("POST", f"{base}/{path}")

    assert (answer.status_code, code(answer)) == (405, "operation.level")
    assert answer.headers["Allow"] == "OPTIONS"


def test_O8_get_is_for_what_changes_nothing_and_takes_no_resource(clinic: Caller) -> None:
    answers = {path: clinic.get(f"feed/clinic/{path}") for path in ("Patient/$validate", "$load")}

    assert {path: (each.status_code, each.headers["Allow"]) for path, each in answers.items()} == {
        "Patient/$validate": (405, "OPTIONS, POST"),
        "$load": (405, "OPTIONS, POST"),
    }


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_O8_the_base_lists_its_operations_with_their_definitions(clinic: Caller, base: str) -> None:
    rest = clinic.get(f"{base}/metadata").json()["rest"][0]

    patient = next(each for each in rest["resource"] if each["type"] == "Patient")
    assert {"name": "validate", "definition": HL7 + "Resource-validate"} in patient["operation"]
    assert ("load" in [each["name"] for each in rest.get("operation", [])]) is (base != "fhir")
    files = {each.name for each in shipped("profiles").glob("OperationDefinition-*.json")}
    of_types = [one for each in rest["resource"] for one in each.get("operation", [])]
    listed = [*rest.get("operation", []), *of_types]
    own = {each["definition"] for each in listed if "fhirgate.example" in each["definition"]}
    assert {f"OperationDefinition-{url.rpartition('/')[2]}.json" for url in own} <= files


HL7 = "http://hl7.org/fhir/OperationDefinition/"
