"""A store of invented children for the search bench: as many as asked, ten observations for each.

Three feeds tell of them, and one child in nine is told of by two. Every value is what `gateway.fhir.index`
finds in a resource of that kind; what many resources have in common is worked out once.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from gateway.fhir import index
from gateway.fhir.parameters.dates import span
from gateway.fhir.query import Entry, Span, Target, Token
from gateway.store.base import Composed, Link, Put, Store

BATCH = 500
OBSERVATIONS = 10
DAY = 86_400_000
MINUTE = 60_000
NHS = "https://fhir.nhs.uk/Id/nhs-number"
ROW = "https://fhirgate.example/Id/row/bench"
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
TERMS = "http://terminology.hl7.org/CodeSystem"
FEEDS = ("school", "council", "clinic")
BEGAN = 1_577_836_800_000  # 2020-01-01
UPDATED = 1_735_689_600_000  # 2025-01-01, and a minute later for each Patient

_TREES = ("Ash", "Beech", "Birch", "Cedar", "Elm", "Hazel", "Larch", "Maple", "Oak", "Willow")
_PLACES = ("bourne", "by", "field", "ford", "ham", "ley", "more", "ridge", "ton", "well")
_FAMILIES = tuple(tree + place for tree in _TREES for place in _PLACES)
_GIVEN = ("Ada", "Ben", "Cleo", "Dev", "Eve", "Finn", "Gwen", "Hal", "Ivy", "Jon", "Kit", "Lea", "Max")

#: What is observed: three of ten are measured; the last is so of one child in 500 only.
_SEEN = (
    ("8302-2", "Body height", "cm"),
    ("29463-7", "Body weight", "kg"),
    ("8287-5", "Head circumference", "cm"),
    *((f"{at}000-1", f"Answer {at}", "") for at in range(1, 7)),
    ("9999-9", "Rarely asked", ""),
)


def patient_local(number: int) -> str:
    """The id that a feed gives its Patient of that number."""
    return f"p{number:07}-abcdefghijklmn"


def child_id(number: int) -> str:
    """The id on `/fhir` of the child that the Patient of that number tells of."""
    return f"k{_first(number):07}-abcdefghijklmn"


def _first(number: int) -> int:
    return number - 1 if number % 10 == 9 else number


def observation_id(number: int, at: int) -> str:
    """The id on `/fhir` of an observation."""
    return f"qo{number:07}-{at}-abcdefghij"


def nhs_number(number: int) -> str:
    """An identifier that one child alone has."""
    return f"999{_first(number):07}"


def born(number: int) -> str:
    """The birthday that the Patient of that number tells of, between 2005 and 2020."""
    number = _first(number)
    return f"{2005 + number % 15}-{number // 15 % 12 + 1:02}-{number // 180 % 28 + 1:02}"


def updated(number: int) -> str:
    """When the Patient of that number was told of."""
    return datetime.fromtimestamp((UPDATED + number * MINUTE) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fill(store: Store, patients: int) -> None:
    """Tell, link and compose. A store that holds something already is left as it is."""
    for start in range(0, 0 if store.counts()["resources"] else patients, BATCH):
        _tell(store, range(start, min(start + BATCH, patients)))


def _tell(store: Store, numbers: Sequence[int]) -> None:
    """What a load writes: resources, records, links, children."""
    puts = [put for number in numbers for put in _told(number)]
    with store.write() as work:
        work.put(puts)
        recs = {}
        for at, feed in enumerate(FEEDS):
            recs.update(work.recs(feed, [patient_local(each) for each in numbers if each % 3 == at]))
        founded = {
            each: work.found(child_id(each), f"C{each}", recs[patient_local(each)], None)
            for each in numbers
            if _first(each) == each
        }
        work.link(
            [
                Link(recs[patient_local(each)], founded[_first(each)], "linked", "new", "New.", "load", 1)
                for each in numbers
            ]
        )
        work.compose(
            {
                child: Composed(
                    b"y" * 1200, b"y" * 1100, f"h{each}", UPDATED + each * MINUTE, _of_patient(each)
                )
                for each, child in founded.items()
            }
        )


def _told(number: int) -> list[Put]:
    local = patient_local(number)
    puts = [_put(number, "Patient", local, 1100, _of_patient(number), None)]
    about = tuple(Entry(param, Target(f"Patient/{local}", "", "")) for param in ("subject", "patient"))
    for at in range(OBSERVATIONS):
        day = BEGAN + ((number * 37 + at * 501) % 2000) * DAY
        entries = (
            *_of_observation(at if at < 9 or number % 500 == 0 else 8, number % 97, number % 20 == 0),
            *about,
            Entry("date", Span(day, day + DAY)),
            Entry("identifier", Token(ROW, f"{number}-{at}")),
        )
        puts.append(_put(number, "Observation", f"o{number:07}-{at}-abcdefghij", 700, entries, day))
    if number % 20 == 0:
        risk = (*_of_risk(number % 90 + 1), *about)
        puts.append(_put(number, "RiskAssessment", f"r{number:07}-abcdefghij", 500, risk, None))
    return puts


def _put(number: int, type: str, local: str, size: int, entries: tuple[Entry, ...], time: int | None) -> Put:
    feed, about, updated = FEEDS[number % 3], patient_local(number), UPDATED + number * MINUTE
    return Put(
        feed, type, local, f"q{local}", about, b"x" * size, b"{}", 1, updated, b"d" * 16, entries, time
    )


def _of_patient(number: int) -> tuple[Entry, ...]:
    number = _first(number)
    named = _of_name(number % 100, number // 100 % 13, number % 2)
    return (
        *named,
        Entry("birthdate", span(born(number))),
        Entry("identifier", Token(NHS, nhs_number(number))),
        Entry("identifier:of-type", Token(NHS, f"{TERMS}/v2-0203\nNH\n{nhs_number(number)}")),
    )


@lru_cache(4096)
def _of_name(family: int, given: int, gender: int) -> tuple[Entry, ...]:
    code = f"ZZ{family % 90 + 1} {given % 9 + 1}AA"
    return _entries(
        {
            "resourceType": "Patient",
            "active": True,
            "name": [{"family": _FAMILIES[family], "given": [_GIVEN[given]]}],
            "gender": ("female", "male")[gender],
            "telecom": [{"system": "phone", "value": f"0770090{family:04}"}],
            "address": [{"line": [f"{given} Oak Road"], "city": "Anytown", "postalCode": code}],
        }
    )


@lru_cache(8192)
def _of_observation(at: int, value: int, amended: bool) -> tuple[Entry, ...]:
    code, display, unit = _SEEN[at]
    category = "vital-signs" if unit else "survey"
    observed: dict[str, Any] = {
        "resourceType": "Observation",
        "meta": {
            "profile": [f"https://fhirgate.example/StructureDefinition/{category}"],
            "source": f"https://fhirgate.example/load/{value}#rows",
            "tag": [{"system": "https://fhirgate.example/tags", "code": f"t{value % 7}"}],
        },
        "status": "amended" if amended else "final",
        "category": [{"coding": [{"system": f"{TERMS}/observation-category", "code": category}]}],
        "code": {"coding": [{"system": LOINC, "code": code, "display": display}]},
    }
    if unit:
        observed["valueQuantity"] = {"value": 80 + value, "unit": unit, "system": UCUM, "code": unit}
    elif at % 2:
        coded = {"system": f"https://fhirgate.example/CodeSystem/answer-{at}", "code": f"a{value}"}
        observed["valueCodeableConcept"] = {"coding": [{**coded, "display": f"Reply {value}"}]}
    else:
        observed["valueString"] = f"Written {value}"
    return _entries(observed)


@lru_cache(128)
def _of_risk(percent: int) -> tuple[Entry, ...]:
    prediction = [{"probabilityDecimal": percent / 100}]
    return _entries({"resourceType": "RiskAssessment", "status": "final", "prediction": prediction})


def _entries(resource: dict[str, Any]) -> tuple[Entry, ...]:
    return tuple(index.entries(resource, resource["resourceType"]))
