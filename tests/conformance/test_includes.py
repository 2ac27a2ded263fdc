"""What comes along with the matches; the ids are those of the project's REST checklist."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from fhir.resources.R4B.bundle import Bundle
from served import Caller, Served

BASES = pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
SYSTEM = "https://fhirgate.example/test"


@dataclass(frozen=True)
class Ward:
    """Two children of one clinic: Ann with two observations made in one visit of hers, and Ben.

    One observation about Ben has Ann in its focus, and is derived from one of hers.
    """

    caller: Caller
    name: str

    def search(self, base: str, query: str, **headers: str) -> dict[str, Any]:
        """The Bundle that answers a question; `{ward}` in it finds what is of this ward."""
        answer = self.caller.get(f"{base}/{query.replace('{ward}', self.name)}", **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


@pytest.fixture(scope="module")
def ward(clinic: Caller) -> Ward:
    name = uuid4().hex[:12]
    for child, born in (("ann", "2015-01-02"), ("ben", "2016-03-04")):
        clinic.tell(
            "clinic",
            {
                "resourceType": "Patient",
                "id": f"{name}-{child}",
                "name": [{"family": f"F{name}", "given": [child]}],
                "birthDate": born,
                "managingOrganization": {"reference": f"Organization/{name}-org"},
            },
        )
    clinic.tell("clinic", {"resourceType": "Organization", "id": f"{name}-org", "name": "Ward"})
    ann, ben = ({"reference": f"Patient/{name}-{child}"} for child in ("ann", "ben"))
    clinic.tell(
        "clinic",
        {
            "resourceType": "Encounter",
            "id": f"{name}-visit",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": ann,
            "serviceProvider": {"reference": f"Organization/{name}-org"},
        },
    )
    told = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": SYSTEM, "code": name}]},
    }
    visit = {"reference": f"Encounter/{name}-visit"}
    clinic.tell(
        "clinic",
        {**told, "id": f"{name}-1", "subject": ann, "encounter": visit, "effectiveDateTime": "2025-01-03"},
    )
    clinic.tell(
        "clinic",
        {
            **told,
            "id": f"{name}-2",
            "subject": ann,
            "encounter": visit,
            "effectiveDateTime": "2025-01-02",
            "performer": [{"reference": "Practitioner/nobody"}],
        },
    )
    clinic.tell(
        "clinic",
        {
            **told,
            "id": f"{name}-3",
            "subject": ben,
            "focus": [ann],
            "effectiveDateTime": "2025-01-01",
            "derivedFrom": [{"reference": f"Observation/{name}-1"}],
        },
    )
    return Ward(clinic, name)


def entries(bundle: dict[str, Any], mode: str) -> list[str]:
    """What a Bundle has of a mode, in words that are the same on both bases."""
    return sorted(
        _called(each["resource"]) for each in bundle.get("entry", ()) if each["search"]["mode"] == mode
    )


def _called(resource: dict[str, Any]) -> str:
    type = resource["resourceType"]
    if type == "Patient":
        return f"Patient {resource['name'][0]['given'][0]}"
    if type == "Observation":
        return f"Observation {resource['effectiveDateTime'][-1]}"
    return str(type)


def problems(bundle: dict[str, Any]) -> list[str]:
    return [
        issue["details"]["coding"][0]["code"]
        for each in bundle.get("entry", ())
        if each["search"]["mode"] == "outcome"
        for issue in each["resource"]["issue"]
    ]


OBSERVATIONS = f"Observation?code={SYSTEM}|{{ward}}"


@BASES
@pytest.mark.parametrize(
    ("include", "found"),
    [
        ("_include=Observation:subject", ["Patient ann", "Patient ben"]),
        ("_include=Observation:patient:Patient", ["Patient ann", "Patient ben"]),
        ("_include=Observation:subject:Group", []),
        ("_include=Observation:encounter", ["Encounter"]),
        (
            "_include=Observation:subject&_include=Observation:encounter",
            ["Encounter", "Patient ann", "Patient ben"],
        ),
        ("_include=Observation:performer", []),
        ("_include=Observation:*", ["Encounter", "Patient ann", "Patient ben"]),
        ("_include=*", ["Encounter", "Patient ann", "Patient ben"]),
    ],
)
def test_Q7_what_matches_refer_to_comes_along_once(
    ward: Ward, base: str, include: str, found: list[str]
) -> None:
    bundle = ward.search(base, f"{OBSERVATIONS}&{include}")

    assert entries(bundle, "match") == ["Observation 1", "Observation 2", "Observation 3"]
    assert entries(bundle, "include") == found
    assert bundle["total"] == 3
    assert problems(bundle) == []
    for each in bundle["entry"]:
        assert ward.caller.get(each["fullUrl"]).json() == each["resource"]


@BASES
def test_Q7_what_comes_along_does_not_count_for_the_page(ward: Ward, base: str) -> None:
    bundle = ward.search(base, f"{OBSERVATIONS}&_include=Observation:subject&_count=1")

    assert entries(bundle, "match") == ["Observation 3"]
    assert entries(bundle, "include") == ["Patient ann"]
    following = next(each["url"] for each in bundle["link"] if each["relation"] == "next")
    second = ward.caller.get(following).json()
    assert (entries(second, "match"), entries(second, "include")) == (["Observation 2"], ["Patient ann"])


@BASES
def test_Q7_a_match_does_not_come_along_with_another(ward: Ward, base: str) -> None:
    one = ward.search("feed/clinic", f"{OBSERVATIONS}&_include=Observation:derived-from")

    assert entries(one, "match") == ["Observation 1", "Observation 2", "Observation 3"]
    assert entries(one, "include") == []


def test_Q7_iterate_follows_from_what_came_along(ward: Ward) -> None:
    asked = f"{OBSERVATIONS}&_include=Observation:encounter&_include{{}}=Encounter:service-provider"

    plain = ward.caller.get(f"feed/clinic/{asked}".replace("{}", "").replace("{ward}", ward.name))
    again = ward.search("feed/clinic", asked.replace("{}", ":iterate"))

    assert plain.status_code == 400
    assert plain.json()["issue"][0]["details"]["coding"][0]["code"] == "search.include-elsewhere"
    assert entries(again, "include") == ["Encounter", "Organization"]


@BASES
@pytest.mark.parametrize(
    ("include", "found"),
    [
        ("_revinclude=Observation:subject", ["Observation 1", "Observation 2", "Observation 3"]),
        ("_revinclude=Observation:subject:Patient", ["Observation 1", "Observation 2", "Observation 3"]),
        ("_revinclude=Encounter:patient", ["Encounter"]),
        ("_revinclude=Flag:subject", []),
        ("_revinclude=*", ["Encounter", "Observation 1", "Observation 2", "Observation 3"]),
        (
            "_revinclude=Encounter:patient&_revinclude:iterate=Observation:encounter",
            ["Encounter", "Observation 2", "Observation 3"],
        ),
    ],
)
def test_Q8_what_refers_to_matches_comes_along(ward: Ward, base: str, include: str, found: list[str]) -> None:
    bundle = ward.search(base, f"Patient?family=F{{ward}}&{include}")

    assert entries(bundle, "match") == ["Patient ann", "Patient ben"]
    assert entries(bundle, "include") == found
    assert bundle["total"] == 2


@BASES
def test_Q8_a_page_with_what_comes_along_is_a_bundle_of_r4(ward: Ward, base: str) -> None:
    answer = ward.caller.get(f"{base}/Patient?family=F{ward.name}&_revinclude=*&_summary=true")

    Bundle.model_validate_json(answer.content)
    for each in json.loads(answer.content)["entry"]:
        assert each["resource"]["meta"]["tag"][-1]["code"] == "SUBSETTED"


@BASES
def test_Q7_elements_are_about_the_matches(ward: Ward, base: str) -> None:
    bundle = ward.search(base, f"{OBSERVATIONS}&_include=Observation:subject&_elements=status")

    for each in bundle["entry"]:
        assert ("birthDate" in each["resource"]) == (each["search"]["mode"] == "include")
        assert "effectiveDateTime" not in each["resource"]


def test_O2_on_fhir_nothing_about_another_child_comes_along(ward: Ward) -> None:
    ann = ward.search("fhir", "Patient?family=F{ward}&given=ann")["entry"][0]["resource"]["id"]

    focus = ward.search(
        "fhir", f"Patient?_id={ann}&_revinclude=Observation:focus&_revinclude=Observation:subject"
    )
    told = ward.search("feed/clinic", "Patient?_id={ward}-ann&_revinclude=Observation:focus")
    derived = ward.search(
        "fhir", f"Observation?patient={ann}&_revinclude=Observation:derived-from&_include=*"
    )
    back = ward.search("fhir", f"{OBSERVATIONS}&date=2025-01-01&_include=*&_include:iterate=*")

    assert entries(focus, "include") == ["Observation 2", "Observation 3"]
    assert entries(told, "include") == ["Observation 1"], "a feed sees what it told"
    assert entries(derived, "include") == ["Encounter", "Patient ann"]
    assert entries(back, "include") == ["Patient ben"]


def test_Q7_only_what_the_token_may_see_comes_along(served: Served, ward: Ward) -> None:
    observer = served.caller("observer")
    asked = f"fhir/{OBSERVATIONS}&_include=Observation:subject:Patient".replace("{ward}", ward.name)

    bundle = observer.get(asked).json()
    wild = observer.get(asked.replace("Observation:subject:Patient", "*")).json()

    for each in (bundle, wild):
        assert (entries(each, "match"), entries(each, "include")) == (
            ["Observation 1", "Observation 2", "Observation 3"],
            [],
        )
    assert problems(bundle) == ["search.includes-withheld"]


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("_include=Observation:code", "search.include"),
        ("_include=nonsense", "search.include"),
        ("_include=Observation:subject,Observation:encounter", "search.include"),
        ("_include=Patient:link", "search.include-elsewhere"),
        ("_revinclude=Encounter:service-provider", "search.include-elsewhere"),
        ("_include:recurse=Observation:subject", "search.unknown-modifier"),
        ("_include=Observation:subject&_summary=text", "search.include-text"),
    ],
)
def test_Q7_what_cannot_be_followed_is_refused(clinic: Caller, query: str, problem: str) -> None:
    answer = clinic.get(f"fhir/Observation?{query}")

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == problem


def test_Q7_lenient_leaves_it_out_and_says_so(ward: Ward) -> None:
    bundle = ward.search("fhir", f"{OBSERVATIONS}&_include=Observation:code", Prefer="handling=lenient")

    assert problems(bundle) == ["http.ignored-parameter"]
    assert "_include" not in bundle["link"][0]["url"]


def test_Q7_the_self_link_says_what_comes_along(ward: Ward) -> None:
    bundle = ward.search("fhir", f"{OBSERVATIONS}&_include:iterate=Encounter:*&_include=*")
    url = bundle["link"][0]["url"]

    assert "_include:iterate=Encounter:*" in url and "_include=*" in url
    assert entries(ward.caller.get(url).json(), "include") == entries(bundle, "include")


def test_Q7_a_count_brings_nothing_along(ward: Ward) -> None:
    for query in ("&_summary=count", "&_count=0"):
        bundle = ward.search("fhir", f"{OBSERVATIONS}&_include=*{query}")
        assert (bundle["total"], "entry" in bundle) == (3, False)
