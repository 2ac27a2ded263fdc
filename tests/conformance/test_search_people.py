"""What people are searched by, and what every resource has; ids are those of the project's REST checklist."""

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from served import Caller, Served

MR = "http://terminology.hl7.org/CodeSystem/v2-0203"
PROFILE = "https://profiles.example/StructureDefinition/child"

PEOPLE: dict[str, dict[str, Any]] = {
    "reilly": {
        "name": [{"family": "O'Reilly", "given": ["Mary Ann", "Rose"]}],
        "address": [{"line": ["12 High Street"], "city": "Leeds", "postalCode": "LS1 4AP"}],
        "birthDate": "2015-03-01",
    },
    "smith": {
        "name": [
            {"family": "Jones-Smith", "given": ["Zoë"]},
            {"use": "old", "family": "Brown", "period": {"end": "2020"}},
        ],
        "identifier": [
            {
                "use": "temp",
                "system": "urn:n",
                "value": "T1",
                "type": {"coding": [{"system": MR, "code": "MR"}]},
            },
            {"use": "old", "system": "urn:n", "value": "1", "type": {"text": "Former school number"}},
        ],
        "address": [{"postalCode": "LS14AP", "use": "home"}],
        "birthDate": "2015-03-31",
        "deceasedDateTime": "2021-05-05",
        "telecom": [{"system": "phone", "value": "0113 496 0000", "use": "home"}],
    },
    "pole": {
        "name": [{"family": "Kociński", "text": "Łukasz Kociński"}],
        "birthDate": "2015-04",
        "deceasedBoolean": False,
        "gender": "male",
        "meta": {
            "profile": [f"{PROFILE}|1.2.0"],
            "security": [{"system": "urn:s", "code": "R"}],
            "source": "https://sender.example/batch/7#row-3",
        },
    },
    "dead": {"deceasedBoolean": True, "birthDate": "2016"},
}


class Ward:
    """People of one tag, and what a question finds among them."""

    def __init__(self, clinic: Caller) -> None:
        self.clinic = clinic
        self.tag = uuid4().hex
        self.names: dict[str, str] = {}
        self.kept: dict[str, dict[str, Any]] = {}
        for name, own in PEOPLE.items():
            id = str(uuid4())
            meta = {**own.get("meta", {}), "tag": [{"system": "urn:ward", "code": self.tag}]}
            self.kept[name] = clinic.tell(
                "clinic", {"resourceType": "Patient", **own, "id": id, "meta": meta}
            )
            self.names[id] = name

    def ask(self, question: str) -> Any:
        text = quote(question, safe="=&:,$-.")
        return self.clinic.get(f"feed/clinic/Patient?_tag=urn:ward%7C{self.tag}&{text}")

    def found(self, question: str) -> set[str]:
        answer = self.ask(question)
        assert answer.status_code == 200, answer.text
        return {self.names[each["resource"]["id"]] for each in answer.json().get("entry", ())}


@pytest.fixture(scope="module")
def ward(served: Served) -> Ward:
    return Ward(served.caller("clinic"))


def test_PA1_deceased_by_date_by_nothing_and_deleted(ward: Ward) -> None:
    assert ward.found("deceased=true") == {"smith", "dead"}
    assert ward.found("deceased=false") == {"reilly", "pole"}
    assert ward.found("death-date=2021") == {"smith"}

    gone = ward.clinic.tell(
        "clinic",
        {"resourceType": "Patient", "deceasedBoolean": True, "meta": {"tag": [{"code": ward.tag}]}},
    )
    ward.clinic.ask("DELETE", f"feed/clinic/Patient/{gone['id']}")
    answer = ward.clinic.get(f"feed/clinic/Patient?_tag={ward.tag}&deceased=true&_summary=count").json()
    assert answer["total"] == 2


def test_PA2_phonetic_is_refused(ward: Ward) -> None:
    answer = ward.ask("phonetic=Smith")

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize("written", ["LS1 4AP", "LS14AP", "ls1 4ap", "ls14ap"])
def test_PA4_a_postcode_is_found_however_it_is_spaced(ward: Ward, written: str) -> None:
    assert ward.found(f"address-postalcode={written}") == {"reilly", "smith"}
    assert ward.found(f"address={written}") == {"reilly", "smith"}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        *((f"family={name}", {"reilly"}) for name in ("O'Reilly", "o’reilly", "OREILLY", "oreil")),
        *((f"name={name}", {"smith"}) for name in ("Jones-Smith", "jones smith", "Zoe", "zoë")),
        *((f"name={name}", {"pole"}) for name in ("Kociński", "kocinski", "lukasz", "KOCI")),
        ("given=mary ann", {"reilly"}),
        ("given=rose", {"reilly"}),
        ("name:exact=Zoë", {"smith"}),
        ("name:exact=zoe", set()),
        ("family:exact=Kocinski", set()),
        ("family:contains=smith", {"smith"}),
        ("family:contains=cin", {"pole"}),
        ("address=12 high", {"reilly"}),
        ("address-city=LEEDS", {"reilly"}),
        ("address-use=home", {"smith"}),
        ("phone=01134960000", {"smith"}),
        ("telecom=phone|0113 496 0000", {"smith"}),
    ],
)
def test_PA5_names_as_people_write_them(ward: Ward, question: str, expected: set[str]) -> None:
    assert ward.found(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("birthdate=2015-03", {"reilly", "smith"}),
        ("birthdate=ge2015-03-01&birthdate=le2015-03-31", {"reilly", "smith"}),
        ("birthdate=gt2015-03-31", {"pole", "dead"}),
        ("birthdate=2015", {"reilly", "smith", "pole"}),
        ("birthdate=2015-04-01", set()),
        ("birthdate=ne2015-03", {"pole", "dead"}),
        ("birthdate=lt2015-03-02", {"reilly"}),
    ],
)
def test_PA6_birth_dates_by_month_and_between_days(ward: Ward, question: str, expected: set[str]) -> None:
    assert ward.found(question) == expected


def test_PA7_former_and_temporary_names_and_numbers_are_found_and_marked(ward: Ward) -> None:
    assert ward.found("family=brown") == ward.found("identifier=urn:n|T1") == {"smith"}
    assert ward.found(f"identifier:of-type={MR}|MR|T1") == {"smith"}
    assert ward.found(f"identifier:of-type={MR}|MR|1") == set()
    assert ward.found("identifier:text=former school") == {"smith"}
    shown = ward.ask("family=brown").json()["entry"][0]["resource"]
    assert [each.get("use") for each in shown["name"]] == [None, "old"]
    assert [each["use"] for each in shown["identifier"]] == ["temp", "old"]


@pytest.mark.parametrize(
    "name", ["_text=x", "_content=x", "_filter=name eq x", "_query=x", "_contained=true"]
)
def test_Q12_what_is_not_done_is_refused(ward: Ward, name: str) -> None:
    answer = ward.ask(name)

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == "not-supported"


def test_Q12_the_items_of_a_list_that_is_kept_here_are_found(ward: Ward, served: Served) -> None:
    listed = [{"item": {"reference": f"Patient/{ward.kept[name]['id']}"}} for name in ("pole", "dead")]
    register = {"resourceType": "List", "status": "current", "mode": "working", "entry": listed}
    id = ward.clinic.tell("clinic", register)["id"]

    assert ward.found(f"_list={id}") == {"pole", "dead"}
    assert ward.found(f"_list={id}&gender=male") == {"pole"}
    assert ward.found(f"_list={uuid4()}") == set()
    assert ward.ask("_list=$current-problems").status_code == 400


def test_Q14_two_halves_of_a_time_lose_nothing(ward: Ward) -> None:
    for name, kept in ward.kept.items():
        at = kept["meta"]["lastUpdated"]
        assert name in ward.found(f"_lastUpdated=ge{at}")
        assert name not in ward.found(f"_lastUpdated=lt{at}")
        assert name in ward.found(f"_lastUpdated={at}")
        assert ward.found(f"_lastUpdated=lt{at}") | ward.found(f"_lastUpdated=ge{at}") == set(PEOPLE)
    day = datetime.fromisoformat(ward.kept["reilly"]["meta"]["lastUpdated"]).astimezone()
    assert ward.found(f"_lastUpdated=gt{day.year - 1}") == set(PEOPLE)
    assert ward.found(f"_lastUpdated=eb{day.year}") == set()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (f"_profile={PROFILE}", {"pole"}),
        (f"_profile={PROFILE}|1.2.0", {"pole"}),
        (f"_profile={PROFILE}|1.2", set()),
        (f"_profile:below={PROFILE}|1.2", {"pole"}),
        ("_profile:below=https://profiles.example/StructureDefinition", {"pole"}),
        ("_profile:below=https://profiles.example/Struct", set()),
        (f"_profile:above={PROFILE}/part", {"pole"}),
        ("_profile:missing=true", set(PEOPLE) - {"pole"}),
        ("_security=urn:s|R", {"pole"}),
        ("_security:not=R", set(PEOPLE) - {"pole"}),
        ("_source=https://sender.example/batch/7#row-3", {"pole"}),
        ("_source:below=https://sender.example/batch", {"pole"}),
        ("_source:below=https://sender.example/batch/7", {"pole"}),
        ("_source=https://sender.example/batch/7", set()),
        ("_tag:not=nothing", set(PEOPLE)),
    ],
)
def test_Q15_what_every_resource_has(ward: Ward, question: str, expected: set[str]) -> None:
    assert ward.found(question) == expected


def test_Q15_a_child_is_found_by_what_its_record_says(served: Served, ward: Ward) -> None:
    reilly = ward.kept["reilly"]["id"]
    council = served.caller("council")

    own = ward.clinic.get(f"feed/clinic/Patient?_id={reilly}&name=mary").json()
    asked = council.get(
        f"fhir/Patient?family=oreilly&address-postalcode=ls14ap&given={quote('mary ann')}"
    ).json()

    assert own["total"] == 1
    assert asked["total"] >= 1


def test_PA5_alternatives_of_a_string_are_found_together(ward: Ward) -> None:
    assert ward.found("family=o'reilly,kocinski") == {"reilly", "pole"}
    assert ward.found("family=o'reilly&family=kocinski") == set()
