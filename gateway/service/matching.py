"""Who could this be: the children that a Patient sent by somebody may be, graded, without writing anything.

Of a restricted child (confidentiality R or V) no address counts and none leads there, so that who knows an
address cannot find out who lives at it; as PDS does it, the answer is then that of no match.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from gateway.fhir.json import read_trusted
from gateway.identity.compose import is_restricted
from gateway.identity.grade import Grade, Match
from gateway.identity.person import Person
from gateway.service.link import Linker
from gateway.store.base import ASK, Reads, Row


class Found(NamedTuple):
    """A child that may be the one asked about: its composed Patient, and how sure that is."""

    row: Row
    match: Match


def find(store: Reads, linker: Linker, who: Person) -> list[Found]:
    """The children that a person may be, the likeliest first; those of grade "none" are left out."""
    known = linker.near(store, who)
    rows = _rows(store, {one.child for one in known})
    closed = {child for child, row in rows.items() if is_restricted(read_trusted(row.body))}
    if closed:
        # neither found by an address nor weighed by one: a closed child must not even compete by it
        led_to = {one.child for one in linker.near(store, _placeless(who))}
        known = [
            one._replace(person=_placeless(one.person)) if one.child in closed else one
            for one in known
            if one.child not in closed or one.child in led_to
        ]
    matches = linker.matches(store, who, known)
    graded = [one for one in matches if one.grade > Grade.NONE and one.child in rows]
    graded.sort(key=lambda one: -one.probability)
    return [Found(rows[one.child], one) for one in graded]


def _placeless(who: Person) -> Person:
    """A person without what leads to where they live."""
    return replace(who, postcodes=frozenset(), homes=frozenset())


def _rows(store: Reads, numbers: Iterable[int]) -> dict[int, Row]:
    """The composed Patient of each child that has one."""
    children = store.children(sorted(set(numbers)))
    found = {number: store.read(ASK, "Patient", child.id) for number, child in children.items()}
    return {number: row for number, row in found.items() if row is not None and not row.deleted}
