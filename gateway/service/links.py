"""Every record and the child it is linked to, for a look at the whole: `fhirgate links`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.identity.match import NEW_CHILD
from gateway.identity.person import objects, text
from gateway.mapping.ids import Ids
from gateway.service.keys import Keys
from gateway.service.tell import as_told
from gateway.store.base import Link, Reads, Record

_BATCH = 500


class Linked(NamedTuple):
    """A record and its child.

    Attributes:
        record: the record's own key in its feed (UPN, child id of the local authority), or its Patient's id.
        cci: the child's, in its stored form.
        grade: how sure the link was: "certain", "probable", "possible", or "none" for the record that founded
            its child.
    """

    feed: str
    record: str
    cci: str
    grade: str


def links(store: Reads, keys: Keys) -> Iterator[Linked]:
    """Every record that is linked to a child, in the order in which they came.

    Each batch is read for itself: what changes meanwhile may or may not be in it.
    """
    makers: dict[str, Ids] = {}
    after = 0
    while batch := store.linked(after, _BATCH):
        after = batch[-1][0].rec
        records = {record.rec: record for record, _ in batch}
        patients = {rec: as_told(row) for rec, row in store.patients(list(records)).items()}
        children = store.children(sorted({record.child for record, _ in batch if record.child is not None}))
        for record, rule in batch:
            ids = makers.setdefault(record.feed, Ids(keys.key("ids"), record.feed))
            assert record.child is not None
            yield Linked(
                record.feed,
                own_key(record, rule, patients.get(record.rec, {}), ids),
                children[record.child].cci,
                grade(store.links(rec=record.rec)),
            )


def local_id(store: Reads, keys: Keys, child: int, feed: str, name: str) -> str:
    """The local id of a record of a child, which is named by that id or by the record's own key.

    Returns:
        The name itself where it is no key of one of the child's records.
    """
    records = [record for record in store.records_of([child]).get(child, ()) if record.feed == feed]
    if any(record.local == name for record in records):
        return name
    patients = {rec: as_told(row) for rec, row in store.patients([each.rec for each in records]).items()}
    ids = Ids(keys.key("ids"), feed)
    found = {
        record.local
        for record in records
        for _, rule in store.linked(record.rec - 1, 1)
        if own_key(record, rule, patients.get(record.rec, {}), ids) == name
    }
    return found.pop() if len(found) == 1 else name


def own_key(record: Record, rule: str, patient: Mapping[str, Any], ids: Ids) -> str:
    """The key that a record is known by in its feed: a number that it tells, or the id itself.

    It is the number that the id was made of; where the id was made of more than one thing (the school and
    the UPN, say), the first number in force.
    """
    if not rule:
        return record.local
    told = [(text(each.get("system")), text(each.get("value")), each) for each in _identifiers(patient)]
    for system, value, _ in told:
        # a number that means something in one place only is often kept under that place's name
        place = system.rpartition("/")[2]
        if record.local in (ids(rule, value), ids(rule, f"{place}/{value}")):
            return value
    return next((value for _, value, each in told if each.get("use") != "old"), record.local)


def _identifiers(patient: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in objects(patient.get("identifier")) if text(each.get("value"))]


def grade(events: Sequence[Link]) -> str:
    """How sure the link was that stands; "none" where the record founded its child."""
    standing = [event for event in events if event.stands]
    return "none" if standing and standing[-1].reason == NEW_CHILD else "certain"
