"""The stores and `gateway.fhir.meets` answer every question alike, for resources as clients write them."""

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from told import version

from gateway.fhir.ask import parse
from gateway.fhir.index import entries, moment
from gateway.fhir.meets import holds
from gateway.fhir.parameters import Context
from gateway.fhir.query import Criterion
from gateway.fhir.terms import Terms
from gateway.store import search
from gateway.store.opening import open_store

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
ANIMALS = "http://x.example/animals"
TERMS = Terms(
    lambda: [
        {
            "resourceType": "CodeSystem",
            "url": ANIMALS,
            "content": "complete",
            "concept": [{"code": "pet", "concept": [{"code": "dog"}, {"code": "cat"}]}, {"code": "yak"}],
        },
        {
            "resourceType": "ValueSet",
            "url": "http://x.example/pets",
            "compose": {
                "include": [
                    {"system": ANIMALS, "filter": [{"property": "concept", "op": "is-a", "value": "pet"}]}
                ]
            },
        },
    ]
)
CODES = [
    {"coding": [{"system": LOINC, "code": "8480-6", "display": "Systolic blood pressure"}]},
    {"coding": [{"system": LOINC, "code": "8462-4"}], "text": "Diastolic, sitting"},
    {"coding": [{"code": "8480-6"}, {"system": ANIMALS, "code": "dog", "display": "Dog"}]},
    {"coding": [{"system": ANIMALS, "code": "yak"}, {"system": ANIMALS, "code": "a|b,c$d"}]},
    {"text": "Head circumference"},
]
QUANTITIES = [
    {"value": 5.4, "unit": "gram", "system": UCUM, "code": "g"},
    {"value": 5400, "unit": "mg", "system": UCUM, "code": "mg"},
    {"value": 5449, "unit": "mg", "system": UCUM, "code": "mg"},
    {"value": 0.0054, "system": UCUM, "code": "kg"},
    {"value": 37, "system": UCUM, "code": "Cel"},
    {"value": 98.6, "system": UCUM, "code": "[degF]"},
    {"value": 5.4, "unit": "g"},
    {"value": 5, "comparator": "<", "system": UCUM, "code": "g"},
    {"value": 6, "comparator": ">=", "system": UCUM, "code": "g"},
    {"value": 100},
    {"value": -2.5},
]
TIMES = [
    {"effectiveDateTime": "2015-03"},
    {"effectiveDateTime": "2015-03-29T01:30:00+00:00"},
    {"effectiveDateTime": "2015-03-29"},
    {"effectiveInstant": "2015-03-31T23:30:00.125Z"},
    {"effectivePeriod": {"start": "2015-03-01", "end": "2015-04-02"}},
    {"effectivePeriod": {"start": "2015-03-31"}},
    {"effectivePeriod": {"end": "2015-03-01T00:00:00Z"}},
    {"effectiveTiming": {"event": ["2015-01-01", "2016-01-01"]}},
    {},
]
SAMPLED = {
    "origin": {"value": 1, "system": UCUM, "code": "g"},
    "period": 1,
    "dimensions": 1,
    "data": "1 5 E 9",
}


def observations(chance: random.Random, count: int) -> Iterator[dict[str, Any]]:
    for at in range(count):
        found: dict[str, Any] = {"resourceType": "Observation", "id": f"o{at}", "status": "final"}
        found["meta"] = {
            "profile": chance.choice([["http://p.example/a|1.2"], ["http://p.example/a/b"], []]),
            "source": chance.choice(["http://s.example/load/1#x:1", "http://s.example/load/12", "urn:x"]),
            "tag": [{"system": "urn:t", "code": chance.choice("ab")}],
        }
        found["code"] = chance.choice(CODES)
        found["identifier"] = [
            {
                "system": "urn:i",
                "value": str(chance.randrange(3)),
                "type": {"coding": [{"system": "urn:t", "code": chance.choice(["MR", "SS"])}], "text": "Nr"},
            }
        ]
        found |= chance.choice(TIMES)
        found |= values(chance)
        if chance.random() < 0.5:
            found["component"] = [
                {"code": chance.choice(CODES), **values(chance)} for _ in range(chance.randrange(1, 3))
            ]
        if chance.random() < 0.3:
            found["subject"] = {"reference": f"Patient/{chance.randrange(3)}"}
        elif chance.random() < 0.3:
            found["subject"] = {"identifier": {"system": "urn:i", "value": str(chance.randrange(3))}}
        yield found


def values(chance: random.Random) -> dict[str, Any]:
    return chance.choice(
        [
            {"valueQuantity": chance.choice(QUANTITIES)},
            {"valueQuantity": chance.choice(QUANTITIES)},
            {"valueCodeableConcept": chance.choice(CODES)},
            {"valueString": chance.choice(["O'Reilly", "Kociński", "a,b", "100%", "Ab\\c"])},
            {"valueDateTime": chance.choice(["2015-03", "2015-03-31T10:00:00Z"])},
            {"valueSampledData": SAMPLED},
            {},
        ]
    )


PREFIXES = ("", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
QUESTIONS = [
    *(
        f"date={prefix}{day}"
        for prefix in PREFIXES
        for day in ("2015", "2015-03", "2015-03-29", "2015-03-31T10:00Z")
    ),
    *(
        f"value-quantity={prefix}{number}"
        for prefix in PREFIXES
        for number in (
            "5.4",
            "5.4|http://unitsofmeasure.org|g",
            "5400|http://unitsofmeasure.org|mg",
            "5.4||g",
            "1e2",
        )
    ),
    *("value-quantity=37.0|http://unitsofmeasure.org|Cel", "value-quantity=lt1|http://unitsofmeasure.org|m"),
    *("value-quantity=5.4|http://unitsofmeasure.org|", "value-quantity=5.4||nonsense"),
    *("code=8480-6", "code=|8480-6", f"code={LOINC}|", f"code={LOINC}|8480-6,8462-4", r"code=a\|b\,c$d"),
    *("code:not=8480-6", f"code:not={ANIMALS}|dog", "code:missing=true", "code:missing=false"),
    *("code:text=systolic", "code:text=blood pressure", "code:text=pressure", "code:text=ressure"),
    *("code:text=SITTING,head", "combo-code:text=dog", "identifier:text=nr"),
    *("code:in=http://x.example/pets", "code:not-in=http://x.example/pets", f"code:below={ANIMALS}|pet"),
    *(
        f"code:above={ANIMALS}|dog",
        f"combo-code:below={ANIMALS}|pet",
        "status:in=http://hl7.org/fhir/ValueSet/observation-status",
    ),
    *(
        "identifier:of-type=urn:t|MR|1",
        "identifier:of-type=urn:t|SS|1,urn:t|MR|2",
        "identifier:of-type=x|MR|1",
    ),
    *(
        "value-string=o'reilly",
        "value-string=koc",
        "value-string:exact=Koci%C5%84ski",
        "value-string:exact=kocinski",
    ),
    *("value-string:contains=cin", r"value-string=a\,b", "value-string=100", "value-string:missing=true"),
    *("value-concept=dog", "value-concept:text=head", "value-date=2015-03", "value-date=gt2015-03-30"),
    *("_profile=http://p.example/a", "_profile=http://p.example/a|1.2", "_profile:below=http://p.example/a"),
    *(
        "_profile:below=http://p.example/a|1",
        "_profile:above=http://p.example/a/b/c",
        "_profile:missing=true",
    ),
    *("_source:below=http://s.example/load/1", "_source=urn:x", "_tag=urn:t|a", "_tag:not=b"),
    *("subject=Patient/1", "subject:identifier=urn:i|1", "subject:missing=true", "subject:Patient=2"),
    *("code-value-quantity=8480-6$5.4", f"code-value-quantity={LOINC}|8480-6$gt5|{UCUM}|g"),
    *(
        f"code-value-quantity={LOINC}|$lt6",
        "code-value-quantity=|8480-6$ge1",
        "code-value-quantity:missing=true",
    ),
    *("combo-code-value-quantity=8480-6$gt5", f"component-code-value-quantity={LOINC}|8480-6$le5.4|{UCUM}|g"),
    *("component-code-value-quantity=8480-6$5.4,8462-4$5.4", "combo-code-value-quantity:missing=false"),
    *(f"code-value-concept={LOINC}|8480-6$dog", f"combo-code-value-concept={LOINC}|8480-6${ANIMALS}|dog"),
    *("code-value-string=8480-6$o", r"code-value-string=a\|b\,c\$d$o", "code-value-date=8480-6$ge2015-03"),
    *("combo-value-quantity=5.4|http://unitsofmeasure.org|g", "component-value-quantity:missing=true"),
]


def asked(question: str) -> tuple[Criterion, ...]:
    pairs = parse_qsl(question, keep_blank_values=True)
    return parse("Observation", pairs, page_most=1000, context=Context(terms=TERMS)).criteria


@pytest.fixture(scope="module", params=["postgres", "sqlite"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A store with resources of all kinds of values, and the entries of each."""
    database = str(tmp_path_factory.mktemp("meaning") / "gateway.db")
    if request.param != "sqlite":
        database = request.getfixturevalue("postgres")()
    store = open_store(database)
    told = {each["id"]: each for each in observations(random.Random(7), 300)}
    found = {id: tuple(entries(each, "Observation")) for id, each in told.items()}
    times = {id: moment(each, "Observation") for id, each in told.items()}
    with store.write() as work:
        work.put([version(id, about=None, entries=own, time=times[id]) for id, own in found.items()])
    yield store, found
    store.close()


@pytest.mark.parametrize("rare", [1000, 0], ids=["a criterion leads", "the order leads"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_store_finds_what_the_meaning_says(
    filled: Any, monkeypatch: pytest.MonkeyPatch, question: str, rare: int
) -> None:
    monkeypatch.setattr(search, "RARE", rare)
    store, found = filled
    criteria = asked(question)
    query = parse("Observation", parse_qsl(question), page_most=1000, context=Context(terms=TERMS))

    page = store.search("school", query, limit=1000)

    expected = {id for id, own in found.items() if all(holds(each, own) for each in criteria)}
    assert {row.local for row in page.rows} == expected
    assert page.total == len(expected)


def test_the_questions_tell_resources_apart(filled: Any) -> None:
    _, found = filled
    counts = [
        sum(all(holds(each, own) for each in asked(question)) for own in found.values())
        for question in QUESTIONS
    ]

    assert sum(0 < count < len(found) for count in counts) > 0.8 * len(QUESTIONS)
