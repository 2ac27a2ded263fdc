"""A child's Patient, composed from what is linked to the child and from what was decided about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gateway.fhir import index
from gateway.fhir.json import write
from gateway.fhir.query import Entry, Target
from gateway.identity import compose as composing
from gateway.service import former
from gateway.service.clock import instant
from gateway.service.feed import Feed
from gateway.service.keys import Keys
from gateway.service.tell import as_told
from gateway.store.base import Child, Composed, LifeEvent, Record, Row, Work

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Official:
    """Which identifier is the official one: `first`, and `then` from a day on ("" for never)."""

    first: str = "cci"
    then: str = ""
    day: str = ""

    def now(self) -> str:
        """The one that is in force today, in London."""
        today = datetime.now(ZoneInfo("Europe/London")).date().isoformat()
        return self.then if self.day and today >= self.day else self.first


class _Fate(NamedTuple):
    """What was decided about a child that its Patient shows: merges, and that its identifier is withheld."""

    merges: Sequence[LifeEvent]
    withheld: bool


class Composer:
    """Composes Patients; made once."""

    def __init__(self, keys: Keys, base_uri: str, feeds: Mapping[str, Feed], official: Official) -> None:
        self._secret = keys.key("version")
        self._base = base_uri
        self._feeds = feeds
        self._official = official

    def compose(self, work: Work, children: Iterable[int]) -> None:
        """Compose the Patient of each child from its records, or remove it where none has one."""
        numbers = sorted(set(children))
        kids = work.children(numbers)
        members = work.records_of(numbers)
        rows = work.patients([record.rec for records in members.values() for record in records])
        merges, withheld = work.merges(numbers), work.withheld(numbers)
        work.compose(
            {
                number: self._merged(work, kids[number], merges.get(number, ()))
                if kids[number].state == "merged"
                else self._composed(
                    work,
                    kids[number],
                    members.get(number, ()),
                    rows,
                    _Fate(merges.get(number, ()), number in withheld),
                )
                for number in numbers
            }
        )

    def _merged(self, work: Work, child: Child, merges: Sequence[LifeEvent]) -> Composed | None:
        """What is left of a child that was merged into another one: its CCI, and where it leads."""
        event = next(event for event in merges if event.child == child.number)
        into = work.children([event.other or 0])[event.other or 0]
        made = composing.superseded(
            child.id, child.cci, into.id, self._base, instant(event.at), secret=self._secret
        )
        return Composed(
            write(made.full), write(made.without_upn), made.version, event.at, found_by(made.full)
        )

    def _composed(
        self,
        work: Work,
        child: Child,
        records: Sequence[Record],
        rows: Mapping[int, Row],
        fate: _Fate,
    ) -> Composed | None:
        said = [
            composing.Told(
                patient=as_told(rows[record.rec]),
                sector=feed.sector if (feed := self._feeds.get(record.feed)) else "",
                verified=feed is not None and feed.verified,
                last_updated=instant(rows[record.rec].updated),
                feed=record.feed,
                rec=record.rec,
            )
            for record in records
            if record.rec in rows
        ]
        if not said:
            return None
        old = {number for told in said for number in former.of(told.patient, only_old=True)}
        came = {event.child: event.at for event in fate.merges if event.other == child.number}
        gone = [(kid, came[kid.number]) for kid in work.children(list(came)).values()] if came else []
        made = composing.compose(
            child.id,
            child.cci,
            said,
            self._base,
            secret=self._secret,
            official=self._official.now(),
            replaces={kid.id: instant(at) for kid, at in gone},
            withheld=fate.withheld,
            unsaid=former.sealed(work, self._feeds, old) if old else frozenset(),
        )
        updated = max(
            (*(rows[record.rec].updated for record in records if record.rec in rows), *(at for _, at in gone))
        )
        return Composed(write(made.full), write(made.without_upn), made.version, updated, found_by(made.full))


def found_by(patient: Resource) -> tuple[Entry, ...]:
    """What a composed Patient is found by; it refers to nothing by address."""
    return tuple(
        entry
        for entry in index.entries(patient, "Patient")
        if not (isinstance(entry.value, Target) and entry.value.to)
    )
