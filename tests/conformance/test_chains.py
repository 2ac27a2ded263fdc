"""Questions that pass through references, both ways; the ids are those of the project's REST checklist."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from served import Caller, Served

BASES = pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
SYSTEM = "https://fhirgate.example/test"


@dataclass(frozen=True)
class Ward:
    """Ann, Ben and Cem; each with observations in a visit, and a report on Ann's first observation.

    Ann's are "a" and "b", both in her visit; Ben's is "b", in his; Cem has none.
    """

    caller: Caller
    name: str

    def code(self, letter: str) -> str:
        return f"{SYSTEM}|{self.name}-{letter}"

    def found(self, base: str, query: str) -> list[str]:
        """What a question finds, in words that are the same on both bases."""
        asked = (
            query.replace("{ward}", self.name).replace("{a}", self.code("a")).replace("{b}", self.code("b"))
        )
        answer = self.caller.get(f"{base}/{asked}")
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        names = [_called(each["resource"]) for each in bundle.get("entry", ())]
        assert bundle["total"] == len(names)
        return sorted(names)


def _called(resource: dict[str, Any]) -> str:
    if resource["resourceType"] == "Patient":
        return str(resource["name"][0]["given"][0])
    if resource["resourceType"] == "Observation":
        return str(resource["valueString"])
    return str(resource["resourceType"])


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


@pytest.fixture(scope="module")
def ward(clinic: Caller) -> Ward:
    name = uuid4().hex[:12]
    ward = Ward(clinic, name)
    for at, child in enumerate(("ann", "ben", "cem")):
        patient = {
            "resourceType": "Patient",
            "id": f"{name}-{child}",
            "identifier": [{"system": f"{SYSTEM}/case", "value": f"{name}-{child}"}],
            "name": [{"family": f"F{name}", "given": [child]}],
            "birthDate": f"201{at}-01-02",
        }
        clinic.tell("clinic", patient)
        visit = {
            "resourceType": "Encounter",
            "id": f"{name}-{child}",
            "status": "finished" if child == "ann" else "planned",
            "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{name}-{child}"},
        }
        clinic.tell("clinic", visit)
    for child, letter in (("ann", "a"), ("ann", "b"), ("ben", "b")):
        observation = {
            "resourceType": "Observation",
            "id": f"{name}-{child}-{letter}",
            "status": "final",
            "code": {"coding": [{"system": SYSTEM, "code": f"{name}-{letter}"}]},
            "subject": {"reference": f"Patient/{name}-{child}"},
            "encounter": {"reference": f"Encounter/{name}-{child}"},
            "valueString": f"{child} {letter}",
        }
        clinic.tell("clinic", observation)
    report = {
        "resourceType": "DiagnosticReport",
        "id": f"{name}-report",
        "status": "final",
        "code": {"coding": [{"system": SYSTEM, "code": f"{name}-report"}]},
        "subject": {"reference": f"Patient/{name}-ann"},
        "result": [{"reference": f"Observation/{name}-ann-a"}],
    }
    clinic.tell("clinic", report)
    return ward


EVERYONE = "code={a},{b}"


@BASES
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("subject.given=ann", ["ann a", "ann b"]),
        ("patient.given=ann", ["ann a", "ann b"]),
        ("subject:Patient.given=ann,ben", ["ann a", "ann b", "ben b"]),
        ("subject:Patient.birthdate=gt2010-06", ["ben b"]),
        ("subject:Patient.given=ann&subject:Patient.given=ben", []),
        ("encounter.status=finished", ["ann a", "ann b"]),
        ("encounter.subject:Patient.given=ben", ["ben b"]),
        ("encounter:Encounter.patient.birthdate=2010", ["ann a", "ann b"]),
        ("encounter.status:not=finished", ["ben b"]),
        ("subject:Patient.given:missing=true", []),
        ("patient.given:exact=Ann", []),
        ("patient._id=nobody", []),
    ],
)
def test_Q9_a_chain_asks_of_what_is_referred_to(ward: Ward, base: str, query: str, found: list[str]) -> None:
    assert ward.found(base, f"Observation?{EVERYONE}&{query}") == found


@BASES
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("_has:Observation:patient:code={a}", ["ann"]),
        ("_has:Observation:patient:code={b}", ["ann", "ben"]),
        ("_has:Observation:subject:code={a},{b}", ["ann", "ben"]),
        ("_has:Observation:patient:code={a}&_has:Observation:patient:code={b}", ["ann"]),
        ("_has:Observation:patient:code=nothing", []),
        ("_has:Observation:patient:status=final", ["ann", "ben"]),
        ("_has:Observation:patient:status:not=final", []),
        ("_has:Observation:patient:encounter.status=finished", ["ann"]),
        ("_has:Encounter:patient:_has:Observation:encounter:code={b}", ["ann", "ben"]),
        ("_has:Observation:patient:_has:DiagnosticReport:result:code={ward}-report", ["ann"]),
        ("_has:Encounter:patient:status=planned", ["ben", "cem"]),
        ("_has:Encounter:patient:status=planned&_has:Observation:patient:code={b}", ["ben"]),
        ("_has:Observation:performer:code={a}", []),
    ],
)
def test_Q10_has_asks_of_what_refers(ward: Ward, base: str, query: str, found: list[str]) -> None:
    assert ward.found(base, f"Patient?family=F{{ward}}&{query}") == found


@BASES
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Observation?_has:DiagnosticReport:result:code={ward}-report", ["ann a"]),
        ("Encounter?_has:Observation:encounter:code={a}", ["Encounter"]),
        ("Observation?subject:Patient._has:Observation:subject:code={a}", ["ann a", "ann b"]),
        ("DiagnosticReport?subject:Patient._has:Observation:patient:code={b}", ["DiagnosticReport"]),
        ("DiagnosticReport?result._has:DiagnosticReport:result:status=final", ["DiagnosticReport"]),
        (
            "Observation?encounter._has:Observation:encounter:_has:DiagnosticReport:result:subject:Patient.given=ann",
            ["ann a", "ann b"],
        ),
    ],
)
def test_Q10_has_and_chains_go_together(ward: Ward, base: str, query: str, found: list[str]) -> None:
    own = "code={a},{b}" if query.startswith("Observation") else "code={ward}-report"
    more = "" if query.startswith("Encounter") else f"&{own}"

    assert ward.found(base, f"{query}{more}") == found


def test_Q10_nothing_that_was_deleted_has_anything(ward: Ward) -> None:
    name = uuid4().hex
    observation = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": SYSTEM, "code": name}]},
        "subject": {"reference": f"Patient/{ward.name}-cem"},
    }
    ward.caller.tell("clinic", observation)
    asked = f"Patient?_has:Observation:patient:code={SYSTEM}|{name}"

    assert [ward.found(base, asked) for base in ("fhir", "feed/clinic")] == [["cem"], ["cem"]]
    assert ward.caller.ask("DELETE", f"feed/clinic/Observation/{name}").status_code == 204
    assert [ward.found(base, asked) for base in ("fhir", "feed/clinic")] == [[], []]


def test_Q10_the_self_link_asks_the_same_again(ward: Ward) -> None:
    asked = (
        f"fhir/Patient?_has:Observation:patient:code={ward.code('a')}&_has:Encounter:patient:status=finished"
    )
    first = ward.caller.get(asked).json()

    again = ward.caller.get(first["link"][0]["url"]).json()

    assert [each["resource"]["id"] for each in again["entry"]] == [
        each["resource"]["id"] for each in first["entry"]
    ]
    assert len(first["entry"]) == 1


@BASES
@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("Observation?subject.nickname=x", "search.unknown-parameter"),
        ("Observation?subject:Practitioner.name=x", "search.unknown-modifier"),
        ("Observation?code.name=x", "search.no-chain"),
        ("Observation?patient.birthdate=x", "search.value"),
        ("Patient?_has:Observation:encounter:code=x", "search.has-elsewhere"),
        ("Patient?_has:Observation:code:code=x", "search.has-elsewhere"),
        ("Patient?_has:Observation:patient:nickname=x", "search.unknown-parameter"),
        ("Patient?_has:Observation:patient:date=x", "search.value"),
        ("Patient?_has:Observation:patient=x", "search.has"),
        ("Patient?_has:Thing:patient:code=x", "search.has"),
        ("Patient?_has=x", "search.has"),
    ],
)
@pytest.mark.parametrize("handling", ["strict", "lenient"])
def test_Q11_a_wrong_step_is_refused_and_never_finds_all(
    clinic: Caller, base: str, query: str, problem: str, handling: str
) -> None:
    answer = clinic.get(f"{base}/{query}", Prefer=f"handling={handling}")

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == problem


def test_Q10_has_needs_the_right_to_search_what_it_passes_through(served: Served, ward: Ward) -> None:
    observer = served.caller("observer")

    own = observer.get("fhir/Observation?_has:Observation:derived-from:status=final&_count=1")
    other = observer.get("fhir/Observation?_has:DiagnosticReport:result:status=final")

    assert (own.status_code, other.status_code) == (200, 403)
    assert other.json()["issue"][0]["details"]["coding"][0]["code"] == "security.scope-missing"


def test_Q10_has_does_not_find_a_child_by_a_number_the_caller_must_not_see(served: Served) -> None:
    council, clinic = served.caller("council"), served.caller("clinic")
    name, system = uuid4().hex, "https://fhirgate.example/Id/upn"
    told = {"resourceType": "Patient", "id": name, "name": [{"family": f"F{name}"}]}
    council.tell("council", told)
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "height"},
        "subject": {"reference": f"Patient/{name}"},
        "identifier": [{"system": system, "value": "H801200001001"}],
    }
    council.tell("council", observation)
    asked = f"fhir/Patient?family=F{name}&_has:Observation:patient:identifier={system}|H801200001001"

    assert council.get(asked).json()["total"] == 1
    assert clinic.get(asked).json()["total"] == 0
