"""Searches over several types and below a Patient; the ids are those of the project's REST checklist."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from fhir.resources.R4B.bundle import Bundle
from served import Caller, Served

BASES = pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
FORM = "application/x-www-form-urlencoded"
TAG = "https://fhirgate.example/test"


@dataclass(frozen=True)
class Ward:
    """Ann with three observations, a flag and a device of hers; Ben, who performed one and is in a focus."""

    caller: Caller
    name: str

    def patient(self, base: str, child: str) -> str:
        """The id of a child's Patient on a base."""
        if base != "fhir":
            return f"{self.name}-{child}"
        found = self.caller.get(f"fhir/Patient?family=F{self.name}&given={child}").json()
        return str(found["entry"][0]["resource"]["id"])


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


@pytest.fixture(scope="module")
def ward(clinic: Caller) -> Ward:
    name = uuid4().hex[:12]
    tag = {"meta": {"tag": [{"system": TAG, "code": name}]}}
    for child in ("ann", "ben"):
        patient = {"id": f"{name}-{child}", "name": [{"family": f"F{name}", "given": [child]}]}
        clinic.tell("clinic", {"resourceType": "Patient", **tag, **patient})
    ann, ben = ({"reference": f"Patient/{name}-{child}"} for child in ("ann", "ben"))
    for day in (1, 2, 3):
        observation = {
            "resourceType": "Observation",
            **tag,
            "id": f"{name}-{day}",
            "status": "final" if day < 3 else "preliminary",
            "code": {"text": "height"},
            "subject": ann,
            "performer": [ben],
            "focus": [ben],
            "effectiveDateTime": f"2025-01-0{day}",
        }
        clinic.tell("clinic", observation)
    flag = {
        "status": "active",
        "code": {"text": "allergy"},
        "subject": ann,
        "period": {"start": "2025-01-02"},
    }
    clinic.tell("clinic", {"resourceType": "Flag", **tag, "id": f"{name}-flag", **flag})
    return Ward(clinic, name)


def found(bundle: dict[str, Any]) -> list[str]:
    """The matches of a Bundle, in its order, in words that are the same on both bases."""
    entries = [each["resource"] for each in bundle.get("entry", ()) if each["search"]["mode"] == "match"]
    return [_called(each) for each in entries]


def _called(resource: dict[str, Any]) -> str:
    match resource["resourceType"]:
        case "Patient":
            return str(resource["name"][0]["given"][0])
        case "Observation":
            return str(resource["effectiveDateTime"][-1])
        case other:
            return str(other)


def tagged(base: str, *whole: str) -> list[str]:
    """Of what has the ward's tag, what a base shows of it: a child's Patient is composed without tags."""
    return [each for each in whole if base != "fhir" or each not in ("ann", "ben")]


def link(bundle: dict[str, Any], relation: str) -> str:
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), "")


def code(answer: Any) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


@BASES
def test_S2_S18_what_is_below_a_patient_is_what_names_it(ward: Ward, base: str) -> None:
    ann = ward.patient(base, "ann")
    asked = [
        f"Patient/{ann}/Observation",
        f"Observation?patient={ann}",
        f"Observation?subject=Patient/{ann}",
        f"Observation?patient={ward.caller.url}/{base}/Patient/{ann}",
    ]

    bundles = [ward.caller.get(f"{base}/{each}").json() for each in asked]

    assert [found(each) for each in bundles] == [["3", "2", "1"]] * 4
    assert all(each["entry"] == bundles[0]["entry"] and each["total"] == 3 for each in bundles)


@BASES
def test_S2_a_compartment_is_searched_by_get_and_post(ward: Ward, base: str) -> None:
    where = f"{base}/Patient/{ward.patient(base, 'ann')}/Observation"

    got = ward.caller.get(f"{where}?status=final&_sort=date").json()
    posted = ward.caller.ask("POST", f"{where}/_search", "status=final&_sort=date", Content_Type=FORM).json()

    assert found(got) == found(posted) == ["1", "2"]
    assert link(posted, "self") == f"{ward.caller.url}/{where}/_search"
    assert link(got, "self") == f"{ward.caller.url}/{where}?status=final&_sort=date"
    assert found(ward.caller.get(link(got, "self")).json()) == ["1", "2"]


@BASES
def test_S2_a_walk_below_a_patient_stays_there(ward: Ward, base: str) -> None:
    where = f"{base}/Patient/{ward.patient(base, 'ann')}"

    for path, whole in (("Observation", ["3", "2", "1"]), ("*", ["3", "2", "Flag", "1"])):
        pages, url = [], f"{where}/{path}?_count=2"
        while url:
            bundle = ward.caller.get(url).json()
            pages += found(bundle)
            assert bundle["total"] == len(whole)
            url = link(bundle, "next")
            assert not url or url.startswith(f"{ward.caller.url}/{where}/{path}?_cursor=")
        assert sorted(pages) == sorted(whole)
        assert len(pages) == len(whole)


@BASES
def test_S2_everything_below_a_patient(ward: Ward, base: str) -> None:
    where = f"{base}/Patient/{ward.patient(base, 'ann')}"

    every = ward.caller.get(f"{where}/*").json()
    flags = ward.caller.get(f"{where}/*?_type=Flag").json()
    posted = ward.caller.ask("POST", f"{where}/_search", "_type=Flag,Observation", Content_Type=FORM).json()
    counted = ward.caller.get(f"{where}/*?_summary=count").json()
    tagged = ward.caller.get(f"{where}/*?_tag={TAG}|nothing").json()

    assert sorted(found(every)) == ["1", "2", "3", "Flag"]
    assert found(flags) == ["Flag"]
    assert sorted(found(posted)) == ["1", "2", "3", "Flag"]
    assert (counted["total"], tagged["total"]) == (4, 0)


@BASES
def test_OB5_who_performed_it_or_is_in_its_focus_does_not_have_it(ward: Ward, base: str) -> None:
    ben = ward.patient(base, "ben")

    below = [ward.caller.get(f"{base}/Patient/{ben}/{path}").json() for path in ("Observation", "*")]
    performed = ward.caller.get(f"feed/clinic/Observation?performer=Patient/{ward.name}-ben").json()

    assert [each["total"] for each in below] == [0, 0]
    assert performed["total"] == 3, "it is found by what it says"


@BASES
def test_S2_below_a_patient_that_nobody_knows_is_nothing(ward: Ward, base: str) -> None:
    for path in ("Observation", "*"):
        answer = ward.caller.get(f"{base}/Patient/nobody/{path}")
        assert (answer.status_code, answer.json()["total"]) == (200, 0)


@BASES
@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("Patient/a/Group", 404, "http.not-in-compartment"),
        ("Patient/a/nonsense", 404, "http.no-route"),
        ("Patient/a/Nonsense", 404, "http.unknown-type"),
        ("Patient/a b/Observation", 400, "http.id-form"),
        ("Patient/a/Observation?nonsense=1", 400, "search.unknown-parameter"),
        ("Patient/a/*?code=1", 400, "search.unknown-parameter"),
        ("Patient/a/*?_type=Nonsense", 400, "search.types"),
        ("Patient/a/*?_type=Group", 400, "search.types"),
    ],
)
def test_S2_what_cannot_be_below_a_patient_is_refused(
    clinic: Caller, base: str, path: str, status: int, problem: str
) -> None:
    answer = clinic.get(f"{base}/{path}")

    assert (answer.status_code, code(answer)) == (status, problem)


@BASES
@pytest.mark.parametrize(
    ("query", "whole"),
    [
        ("_type=Patient,Observation", ["1", "2", "3", "ann", "ben"]),
        ("_type=Observation", ["1", "2", "3"]),
        ("_type=Flag,Condition", ["Flag"]),
        ("_type=Condition", []),
        ("", ["1", "2", "3", "Flag", "ann", "ben"]),
        ("_type=Observation,Flag&patient={ann}", ["1", "2", "3", "Flag"]),
        ("_type=Observation,Flag&patient.given=ann", ["1", "2", "3", "Flag"]),
        ("_type=Observation,Flag&date=ge2025-01-02", ["2", "3", "Flag"]),
    ],
)
def test_S3_several_types_are_searched_at_once(ward: Ward, base: str, query: str, whole: list[str]) -> None:
    asked = query.replace("{ann}", ward.patient(base, "ann"))
    more = "&" if query else ""

    got = ward.caller.get(f"{base}?{asked}{more}_tag={TAG}|{ward.name}").json()
    posted = ward.caller.ask(
        "POST", f"{base}/_search", f"{asked}{more}_tag={TAG}|{ward.name}", Content_Type=FORM
    ).json()

    assert sorted(found(got)) == sorted(found(posted)) == tagged(base, *whole)
    assert got["total"] == posted["total"] == len(tagged(base, *whole))
    for each in got.get("entry", ()):
        assert ward.caller.get(each["fullUrl"]).json() == each["resource"]


@BASES
@pytest.mark.parametrize(
    ("query", "whole"),
    [
        ("_id={ann}", ["ann"]),
        ("_id={ann},{ben}&_sort=-_lastUpdated", ["ann", "ben"]),
        ("_type=Patient&_has:Observation:patient:status=preliminary&_id={ann},{ben}", ["ann"]),
        ("_type=Patient,Flag&_id={ann}", ["ann"]),
    ],
)
def test_S3_the_patients_are_among_them(ward: Ward, base: str, query: str, whole: list[str]) -> None:
    ids = {child: ward.patient(base, child) for child in ("ann", "ben")}

    bundle = ward.caller.get(f"{base}?{query.format_map(ids)}").json()

    assert (sorted(found(bundle)), bundle["total"]) == (whole, len(whole))


@BASES
@pytest.mark.parametrize(
    "order", ["", "&_sort=_lastUpdated", "&_sort=-_lastUpdated", "&_sort=_id", "&_sort=-_id"]
)
def test_S3_Q3_a_walk_over_several_types_meets_each_match_once(ward: Ward, base: str, order: str) -> None:
    asked = f"{base}?_tag={TAG}|{ward.name}{order}"
    whole = ward.caller.get(asked).json()
    many = len(tagged(base, "1", "2", "3", "Flag", "ann", "ben"))
    pages, url = [], f"{ward.caller.url}/{asked}&_count=2"
    while url:
        bundle = ward.caller.get(url).json()
        pages += [each["fullUrl"] for each in bundle["entry"]]
        assert bundle["total"] == many
        url = link(bundle, "next")

    assert pages == [each["fullUrl"] for each in whole["entry"]]
    assert len(set(pages)) == many
    resources = [each["resource"] for each in whole["entry"]]
    if "_id" in order:
        ids = [each["id"] for each in resources]
        assert ids == sorted(ids, reverse="-" in order)
    if "_lastUpdated" in order:
        times = [each["meta"]["lastUpdated"] for each in resources]
        assert times == sorted(times, reverse="-" in order)


@BASES
def test_S3_the_shape_and_what_comes_along(ward: Ward, base: str) -> None:
    own = f"_tag={TAG}|{ward.name}"

    elements = ward.caller.get(f"{base}?_type=Patient,Observation&{own}&_elements=name,status").json()
    along = ward.caller.get(f"{base}?_type=Observation,Flag&{own}&_include=Flag:subject").json()
    answer = ward.caller.get(f"{base}?{own}&_summary=true")

    kept = {"resourceType", "id", "meta", "name", "status", "code"}
    assert all(set(each["resource"]) <= kept for each in elements["entry"])
    modes = [(each["search"]["mode"], each["resource"]["resourceType"]) for each in along["entry"]]
    assert [type for mode, type in modes if mode == "include"] == ["Patient"]
    Bundle.model_validate_json(answer.content)
    assert sorted(found(json.loads(answer.content))) == tagged(base, "1", "2", "3", "Flag", "ann", "ben")


@BASES
@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "http.whole-base"),
        ("_count=5", "http.whole-base"),
        ("_type=nonsense", "search.types"),
        ("_type=Patient,Nonsense", "search.types"),
        ("_type=Patient&_type=Observation", "search.twice"),
        ("family=x", "search.unknown-parameter"),
        ("_type=Patient,Observation&family=x", "search.unknown-parameter"),
        ("_type=Patient,Observation&_lastUpdated=x", "search.value"),
        ("_type=Patient,Observation&_sort=date", "search.sort"),
        ("_type=Patient,Observation&_sort=_tag", "search.sort"),
        ("_type=Patient,Observation&_elements=nonsense", "search.unknown-element"),
        ("_type=Patient,Observation&_include=Flag:subject", "search.include-elsewhere"),
        ("_type=Patient&_include=Patient:link&_summary=text", "search.include-text"),
        ("_type=Patient&_count=-1", "search.value"),
    ],
)
def test_S3_what_several_types_cannot_be_asked_is_refused(
    clinic: Caller, base: str, query: str, problem: str
) -> None:
    answer = clinic.get(f"{base}?{query}")

    assert (answer.status_code, code(answer)) == (400, problem)


def test_S3_lenient_leaves_out_what_not_all_of_them_have(ward: Ward) -> None:
    asked = f"feed/clinic?_type=Patient,Observation&_tag={TAG}|{ward.name}&family=x&_sort=date"

    bundle = ward.caller.get(asked, Prefer="handling=lenient").json()

    assert bundle["total"] == 5
    assert [name for name, _ in parse_qsl(urlsplit(link(bundle, "self")).query)] == ["_type", "_tag"]
    issues = bundle["entry"][-1]["resource"]["issue"]
    assert [each["details"]["coding"][0]["code"] for each in issues] == ["http.ignored-parameter"] * 2


def test_S3_only_types_that_the_token_gives_are_searched(served: Served, ward: Ward) -> None:
    observer = served.caller("observer")
    own = f"_tag={TAG}|{ward.name}"

    every = observer.get(f"fhir?{own}").json()
    below = observer.get(f"fhir/Patient/{ward.patient('fhir', 'ann')}/*").json()
    named = observer.get(f"fhir?_type=Patient,Observation&{own}")

    assert sorted(found(every)) == sorted(found(below)) == ["1", "2", "3"]
    assert (named.status_code, code(named)) == (403, "security.scope-missing")


def test_S3_on_fhir_a_type_that_is_never_about_a_child_is_not_named(clinic: Caller) -> None:
    answer = clinic.get("fhir?_type=Organization")

    assert (answer.status_code, code(answer)) == (400, "search.types")
    assert clinic.get("feed/clinic?_type=Organization").status_code == 200
