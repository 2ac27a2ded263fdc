"""Numbers that were replaced, and whether one of them would lead from a sealed life to a new one.

An adopted child's school may still tell the UPN of the old life as a former one. Whoever knows the old number
would find the new life by it, so it is left out of that child's Patient as long as the seal stands.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.fhir.ask import parse
from gateway.fhir.parameters.context import escaped
from gateway.identity.person import objects, text
from gateway.service.tell import as_told
from gateway.store.base import Reads, Record

Number = tuple[str, str]
"""System and value."""
_MOST = 50


def of(patient: Mapping[str, Any], *, only_old: bool = False) -> set[Number]:
    """The numbers that a Patient tells; the replaced ones alone where that is asked."""
    return {
        (text(each.get("system")), text(each.get("value")))
        for each in objects(patient.get("identifier"))
        if text(each.get("value")) and (each.get("use") == "old" or not only_old)
    }


def sealed(store: Reads, feeds: Iterable[str], numbers: Iterable[Number]) -> frozenset[Number]:
    """Those of some numbers that a record of a sealed life tells."""
    known = list(feeds)
    return frozenset(
        number
        for number in numbers
        if any(record.sealed is not None for record in _telling(store, known, number))
    )


def beside(store: Reads, feeds: Iterable[str], recs: Iterable[int]) -> set[int]:
    """The children of which a record tells a number that one of these records tells."""
    known = list(feeds)
    numbers = {number for row in store.patients(list(recs)).values() for number in of(as_told(row))}
    records = [record for number in numbers for record in _telling(store, known, number)]
    return {record.child for record in records if record.child is not None}


def _telling(store: Reads, feeds: Iterable[str], number: Number) -> list[Record]:
    system, value = number
    spellings = sorted({value, value.replace(" ", "").upper()})
    tokens = ",".join(f"{escaped(system)}|{escaped(spelling)}" for spelling in spellings)
    query = parse("Patient", [("identifier", tokens)], page_most=_MOST)
    rows = [row for feed in feeds for row in store.search(feed, query, limit=_MOST, total=False).rows]
    return list(store.records(sorted({row.rec for row in rows})).values())
