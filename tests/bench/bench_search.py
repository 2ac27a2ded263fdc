"""Searching a store of many children: what each kind of parameter costs, beside a read by primary key.

    python tests/bench/bench_search.py                   10,000 Patients, 100,000 Observations
    python tests/bench/bench_search.py 100000            the full size, as BENCH_SEARCH=100000 asks for too
    python tests/bench/bench_search.py 100000 DATABASE   this one only; kept, and filled if it is empty

Each question is read from its query string, and asked of the store on SQLite and on PostgreSQL: the first
page of 20, without and with the number of all that match. The median of both is printed in milliseconds, and
how many times a read by primary key that is.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "peers")]

from search_store import (
    LOINC,
    NHS,
    ROW,
    TERMS,
    UCUM,
    born,
    child_id,
    fill,
    nhs_number,
    observation_id,
    updated,
)

from gateway.fhir.ask import parse
from gateway.fhir.query import Query
from gateway.store.base import ASK
from gateway.store.opening import open_store

PATIENTS = int(os.environ.get("BENCH_SEARCH", "10000"))
ROUNDS = 15
SECONDS = 2.0
PAGE = 20


def questions(patients: int) -> dict[str, str]:
    """What is asked, by its name: `Type?query`."""
    half = patients // 2
    child, nhs = child_id(half), f"{NHS}|{nhs_number(half)}"
    observed = {
        "reference": f"patient={child}",
        "reference, several": f"patient={','.join(child_id(half + each) for each in range(5))}",
        "token, one": f"identifier={ROW}|{half}-3",
        "token, rare": f"code={LOINC}|9999-9",
        "token, one in ten": f"code={LOINC}|8302-2",
        "token, any system": "code=8302-2",
        "token, nearly all": "status=final",
        "token, no match": f"code={LOINC}|0000-0",
        "token of a system": f"code={LOINC}|",
        "token :not": "status:not=final",
        "token :text": "code:text=circumference",
        "token :missing": "value-concept:missing=true",
        "concept": "value-concept=a5",
        "date, a day": "date=2021-02-01",
        "date, a year": "date=2021",
        "date gt": "date=gt2025-01-01",
        "date le": "date=le2020-02-01",
        "date sa and eb": "date=sa2021-02-01&date=eb2021-02-08",
        "date ne": "date=ne2021-02-01",
        "date ap": "date=ap2021-02-01",
        "quantity": f"value-quantity=120|{UCUM}|cm",
        "quantity, other unit": f"value-quantity=1.2|{UCUM}|m",
        "quantity gt": f"value-quantity=gt170|{UCUM}|cm",
        "quantity, no unit": "value-quantity=120",
        "string": "value-string=written 12",
        "string :exact": "value-string:exact=Written 12",
        "string :contains": "value-string:contains=tten 12",
        "uri": "_source=https://fhirgate.example/load/12#rows",
        "uri :below": "_source:below=https://fhirgate.example/load",
        "profile": "_profile=https://fhirgate.example/StructureDefinition/vital-signs",
        "tag": "_tag=t3",
        "composite": f"code-value-quantity={LOINC}|8302-2$gt150",
        "_id": f"_id={observation_id(half, 3)}",
        "_lastUpdated": f"_lastUpdated=ge{updated(patients - 30)}",
        "chain, one child": f"patient.identifier={nhs}",
        "chain, a name": "patient.family=Oakmore",
        "chain, half of all": "patient.gender=female",
        "two, both common": f"status=final&code={LOINC}|8302-2",
        "two, one rare": f"status=final&code={LOINC}|9999-9",
        "common, sorted by date": f"code={LOINC}|8302-2&_sort=date",
        "common, sorted by code": "status=final&_sort=code",
        "common, sorted by value": f"code={LOINC}|8302-2&_sort=-value-quantity",
        "common, newest first": f"code={LOINC}|8302-2&_sort=-date",
        "common, by status, newest first": "status=final&_sort=status,-date",
        "common, last changed first": "status=final&_sort=-_lastUpdated",
        "common, sorted by id": "status=final&_sort=_id",
        "a time, sorted by it": "date=ge2025&_sort=date",
    }
    people = {
        "token, one": f"identifier={nhs}",
        "token :of-type": f"identifier:of-type={TERMS}/v2-0203|NH|{nhs_number(half)}",
        "token, half": "gender=female",
        "string, start": "family=oakm",
        "string :exact": "family:exact=Oakmore",
        "string :contains": "name:contains=akmo",
        "string, postcode": "address-postalcode=ZZ12",
        "date, a day": f"birthdate={born(half)}",
        "date ge": "birthdate=ge2012-03-04",
        "name and date": "family=oakmore&birthdate=2012",
        "name and gender": "family=oakmore&gender=female",
        "_id": f"_id={child}",
        "sorted by name": "gender=female&_sort=family",
        "sorted by family and given name": "gender=female&_sort=family,given",
        "sorted by birthday": "gender=female&_sort=-birthdate",
        "_has, rare": f"_has:Observation:patient:code={LOINC}|9999-9",
        "_has, all": f"_has:Observation:patient:code={LOINC}|8302-2",
        "_has, one": f"_has:Observation:patient:identifier={ROW}|{half}-3",
        "_has, a day": "_has:Observation:patient:date=2021-02-01",
        "everybody": "",
    }
    return {
        **{f"Observation {name}": f"Observation?{words}" for name, words in observed.items()},
        **{f"Patient {name}": f"Patient?{words}" for name, words in people.items()},
        "RiskAssessment number": "RiskAssessment?probability=0.5",
        "RiskAssessment number lt": "RiskAssessment?probability=lt0.2",
    }


def asked(words: str) -> Query:
    """A question as the store takes it."""
    type, _, said = words.partition("?")
    return parse(type, parse_qsl(said), page_most=PAGE)


def median(act: Callable[[], Any]) -> float:
    """Milliseconds on the wall: of some rounds, or of those that two seconds have room for."""
    act()
    spent: list[float] = []
    while len(spent) < ROUNDS and (len(spent) < 3 or sum(spent) < SECONDS):
        began = time.perf_counter()
        act()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1000


def measured(name: str, store: Any, patients: int) -> Iterator[str]:
    """One line for each question."""
    began = time.perf_counter()
    fill(store, patients)
    counts = store.counts()
    yield f"{name}: {counts['resources']:,} resources, ready after {time.perf_counter() - began:.0f} s"
    half = patients // 2
    key = median(lambda: store.read(ASK, "Observation", observation_id(half, 3)))
    yield f"{name}: read by primary key {key:.3f} ms"
    yield f"{name}: read Patient by id {median(lambda: store.read(ASK, 'Patient', child_id(half))):.3f} ms"
    short = median(lambda: store.about(child_id(half), "Observation", "patient", limit=PAGE))
    yield f"{name}: Observation?patient= by the short way {short:.3f} ms"
    slowest = 0.0
    for label, words in questions(patients).items():
        query = asked(words)
        page = median(lambda: store.search(ASK, query, limit=PAGE, total=False))  # noqa: B023
        whole = median(lambda: store.search(ASK, query, limit=PAGE, total=True))  # noqa: B023
        total = store.search(ASK, query, limit=PAGE, total=True).total
        slowest = max(slowest, page)
        yield (
            f"{name}: {label:42}{total:>10,} found{page:>10.2f} ms{whole:>10.2f} ms with total"
            f"{page / key:>9.0f} x{whole / key:>9.0f} x"
        )
    yield f"{name}: slowest first page {slowest:.2f} ms, primary key {key:.3f} ms"


def main(arguments: list[str]) -> None:
    """Measure and print."""
    patients = int(arguments[0]) if arguments else PATIENTS
    if arguments[1:]:
        _print("PostgreSQL" if "://" in arguments[1] else "SQLite", arguments[1], patients)
        return
    with TemporaryDirectory() as folder:
        _print("SQLite", str(Path(folder) / "gateway.db"), patients)
        if url := _postgres(Path(folder)):
            _print("PostgreSQL", url, patients)


def _print(name: str, database: str, patients: int) -> None:
    store = open_store(database)
    for line in measured(name, store, patients):
        print(line, flush=True)
    store.close()


def _postgres(folder: Path) -> str:
    """A database on a server of its own, which ends with this process; "" where none can be had."""
    from peers import Missing

    # as a server of its own would have for so much
    os.environ.setdefault("POSTGRES_BUFFERS", "1GB")
    from postgres import fresh, programs, running, user

    try:
        programs()
        user()
    except Missing as reason:
        print(f"PostgreSQL: not measured, {reason}", flush=True)
        return ""
    return str(fresh(running(folder, os.getpid())))


if __name__ == "__main__":
    main(sys.argv[1:])
