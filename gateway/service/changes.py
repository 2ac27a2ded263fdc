"""Changes of a feed that belong together: all are made in one unit of work, or none.

A single write is one change; a transaction is many. Which resource a change with a condition means is found
in the same unit of work that writes: nobody can write in between.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/http.html#trules, #ccreate, #cupdate, #cdelete
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gateway.fhir import index, json
from gateway.fhir.query import Query
from gateway.fhir.references import led
from gateway.fhir.validate import validate
from gateway.problems import Place, Problem, Refused, problem, refuse
from gateway.problems.bundle import BUNDLE_TWICE
from gateway.problems.condition import (
    CONDITION_MANY,
    CONDITION_NONE,
    CONDITION_OTHER_ID,
    CONDITION_REFERENCE,
    CONDITION_TAKEN,
)
from gateway.problems.http import (
    HTTP_EXISTS,
    HTTP_GONE,
    HTTP_ID_DIFFERS,
    HTTP_NOT_FOUND,
    HTTP_STALE,
    HTTP_TYPE_DIFFERS,
)
from gateway.service.amend import Amend, amended
from gateway.service.clock import now
from gateway.service.feed import Feed
from gateway.service.link import Linker
from gateway.service.matches import Matches
from gateway.service.tell import Kept, Said, Teller, as_told, in_form
from gateway.store.base import Held, Row, Work

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is asked of a feed.

    Attributes:
        method: "POST", "PUT", "PATCH" or "DELETE".
        id: of the resource; with a condition, the id it gets if it is new.
        where: the condition: what to find the resource by; None where the id says which.
        resource: what it is to be; its references lead where they are to lead.
        patch: makes the new resource of the one that stands.
        sent_id: the id that came with a conditional update, "" for none.
        if_match: versions one of which must stand; empty for no condition.
        only_new: nothing may stand there.
        several: a conditional delete may delete more than one.
        place: what the path of a problem begins with, as in `Bundle.entry[3]`; "" for a write by itself.
        said: `resource` made ready to be kept; see `ready`.
    """

    method: str
    type: str
    id: str = ""
    where: Query | None = None
    resource: Resource | None = None
    patch: Amend | None = None
    sent_id: str = ""
    if_match: Sequence[str] = ()
    only_new: bool = False
    several: bool = False
    place: str = ""
    said: Said | None = None


class Wanted(NamedTuple):
    """A reference by criteria: what it means takes the place of `Type/id`, an id that nothing else has."""

    where: Query
    id: str
    place: str


class Done(NamedTuple):
    """What became of a change.

    `what` is "created", "updated", "unchanged"; "found" where a conditional create found what it would have
    made; "deleted", or "absent" where there was nothing to delete. `row` is how the resource stands then, and
    `children` are the ids of the children it is or was about.
    """

    what: str
    type: str
    id: str
    row: Row | None = None
    children: tuple[str, ...] = ()


class Changes:
    """The changes of one unit of work.

    Args:
        judged: what else is wrong with a resource that R4 allows; one with a problem is not written.
    """

    def __init__(
        self,
        work: Work,
        feed: Feed,
        teller: Teller,
        linker: Linker,
        base_uri: str,
        judged: Callable[[Resource], Sequence[Problem]] = lambda _: (),
    ) -> None:
        self.work = work
        self._feed = feed
        self._teller = teller
        self._linker = linker
        self._base_uri = base_uri
        self._judged = judged
        # not before it is its turn: who writes later has the later time
        self._at = now()
        self._matches = Matches(work, feed.name)
        self._claimed: set[tuple[str, str]] = set()
        self._done: dict[int, Done] = {}
        #: `Type/id` of what was to be new and was found, or was referred to by criteria, to what it is.
        self._moved: dict[str, str] = {}

    def make(self, changes: Sequence[Change], wanted: Sequence[Wanted] = ()) -> list[Done]:
        """Make all changes; what became of each, in their order.

        Raises:
            Refused: `http.stale`, `http.exists`, `http.not-found`, `http.gone`; `condition.…`;
                `bundle.twice`; `record.other-person`; for patches, what is wrong with them or with what
                they make.
        """
        numbered = list(enumerate(changes))
        self._delete([each for each in numbered if each[1].method == "DELETE"])
        writes = [each for each in numbered if each[1].method == "POST"]
        writes += [each for each in numbered if each[1].method in ("PUT", "PATCH")]
        held = self._held([change for _, change in writes])
        settled: list[tuple[int, Change]] = []
        for number, change in writes:
            with placed(change.place):
                aimed = self._aimed(number, change, held)
            if aimed is not None:
                settled.append((number, aimed))
        for one in wanted:
            self._resolve(one)
        self._write(settled)
        return [self._done[number] for number in range(len(changes))]

    def _held(self, changes: Sequence[Change]) -> Mapping[tuple[str, str], Held]:
        """What stands under the ids of those that must know it before anything is written."""
        asks = [each for each in changes if each.where is None and (each.if_match or each.only_new)]
        keys = dict.fromkeys((each.type, each.id) for each in asks)
        return self.work.held(self._feed.name, list(keys)) if keys else {}

    def _delete(self, changes: Sequence[tuple[int, Change]]) -> None:
        recs: list[int] = []
        for number, change in changes:
            with placed(change.place):
                rows = self._to_delete(change)
                for row in rows:
                    self._claim(change, row.local)
                    record = self.work.record(self._feed.name, row.local) if row.type == "Patient" else None
                    recs += [record.rec] if record else []
                    self._teller.retract(self.work, row.type, row.local, self._at)
                what, children = "deleted" if rows else "absent", tuple(row.child for row in rows)
                id = rows[0].local if len(rows) == 1 else change.id
                gone = self.work.read(self._feed.name, change.type, id) if len(rows) == 1 else None
                self._done[number] = Done(what, change.type, id, gone, children)
        if recs:
            self._linker.resettle(self.work, recs, [], self._at)

    def _to_delete(self, change: Change) -> list[Row]:
        if change.where is not None:
            rows = self._matches.rows(change.where, several=change.several)
            if len(rows) > 1 and not change.several:
                raise refuse(CONDITION_MANY, type=change.type)
        else:
            found = self.work.read(self._feed.name, change.type, change.id)
            rows = [found] if found is not None and not found.deleted else []
        check_match(rows[0].version if rows else "", change.if_match)
        return rows

    def _aimed(self, number: int, change: Change, held: Mapping[tuple[str, str], Held]) -> Change | None:
        """The change with the id and the resource that it comes to; None where nothing is to be written."""
        if change.where is not None:
            found = self._found(change)
            if found is not None and change.method == "POST":
                self._done[number] = found
                return None
            standing = self._standing(change.type, found.id) if found else ""
            id = found.id if found else change.id
        else:
            standing, id = _standing(held, change.type, change.id), change.id
        if change.only_new and standing:
            raise refuse(HTTP_EXISTS, field="If-None-Match")
        check_match(standing, change.if_match)
        self._claim(change, id)
        resource = self._patched(number, change, id) if change.patch else change.resource
        if resource is None:
            return None
        self._matches.add(change.type, id, resource)
        return replace(change, id=id, resource=resource)

    def _standing(self, type: str, id: str) -> str:
        return _standing(self.work.held(self._feed.name, [(type, id)]), type, id)

    def _found(self, change: Change) -> Done | None:
        """The resource that meets a change's condition, if there is one."""
        assert change.where is not None
        found = self._matches.ids(change.where)
        if len(found) > 1:
            raise refuse(CONDITION_MANY, type=change.type)
        if not found:
            if change.method == "PATCH":
                raise refuse(CONDITION_NONE, type=change.type)
            if change.sent_id and self._standing(change.type, change.sent_id):
                raise refuse(CONDITION_TAKEN, type=change.type)
            return None
        ((id, row),) = found.items()
        if change.sent_id not in ("", id):
            raise refuse(CONDITION_OTHER_ID, type=change.type)
        if change.id not in ("", id):
            self._moved[f"{change.type}/{change.id}"] = f"{change.type}/{id}"
        return Done("found", change.type, id, row, (row.child,) if row else ())

    def _patched(self, number: int, change: Change, id: str) -> Resource | None:
        """What a patch makes of what stands; None where that stays as it is."""
        assert change.patch is not None
        row = self.work.read(self._feed.name, change.type, id)
        if row is None or row.deleted:
            raise refuse(HTTP_GONE if row else HTTP_NOT_FOUND, type=change.type)
        made = amended(as_told(row), change.patch, self._base_uri)
        if made is None:
            self._done[number] = Done("unchanged", change.type, id, row, (row.child,))
        return made

    def _claim(self, change: Change, id: str) -> None:
        if (change.type, id) in self._claimed:
            raise refuse(BUNDLE_TWICE, type=change.type)
        self._claimed.add((change.type, id))

    def _resolve(self, one: Wanted) -> None:
        type = one.where.type
        found = self._matches.ids(one.where)
        if len(found) != 1:
            number = "More than one" if found else "No"
            raise refuse(CONDITION_REFERENCE, place=Place(path=one.place), number=number, type=type)
        self._moved[f"{type}/{one.id}"] = f"{type}/{next(iter(found))}"

    def _write(self, settled: Sequence[tuple[int, Change]]) -> None:
        resources = [self._led(change.resource) for _, change in settled]
        for (_, change), resource in zip(settled, resources, strict=True):
            with placed(change.place):
                if faults := self._judged(resource):
                    raise Refused(*faults)
        said = [
            [_said(change, resource) if change.said is None or self._moved else change.said]
            for (_, change), resource in zip(settled, resources, strict=True)
        ]
        # whom it was about until now: taken away from a child, it is that child's look too
        keys = [(change.type, change.id) for _, change in settled]
        before = self.work.told(
            self._feed.name,
            [key for key, (_, change) in zip(keys, settled, strict=True) if change.method != "POST"],
        )
        kept, refused = self._teller.tell(self.work, said, self._at, unlike=self._linker.unlike)
        for at, why in refused.items():
            with placed(settled[at][1].place):
                raise Refused(why)
        self._link(kept)
        self._done.update(
            (number, Done(each.what, each.type, each.id))
            for (number, _), each in zip(settled, kept, strict=True)
        )
        self._stand({number: before.get(key) for (number, _), key in zip(settled, keys, strict=True)})

    def _stand(self, before: Mapping[int, Row | None]) -> None:
        """Say of what was written or found how it stands now, and whom it is and was about."""
        open_ = {
            number: done
            for number, done in self._done.items()
            if number in before or (done.what == "found" and done.row is None)
        }
        now = self.work.told(self._feed.name, [(done.type, done.id) for done in open_.values()])
        for number, done in open_.items():
            row, was = now.get((done.type, done.id)), before.get(number)
            children = [each.child for each in (was, row) if each is not None and each.child]
            self._done[number] = done._replace(row=row, children=tuple(dict.fromkeys(children)))

    def _led(self, resource: Resource | None) -> Resource:
        if not self._moved:
            return resource or {}
        moved: Resource = led(resource, lambda text, _: self._moved.get(text))
        return moved

    def _link(self, kept: Sequence[Kept]) -> None:
        new = [each for each in kept if each.type == "Patient" and each.what != "unchanged"]
        if new:
            before = {each.id: each.before for each in new if each.before is not None}
            patients = {each.id: each.resource for each in new}
            self._linker.link(self.work, self._feed, patients, self._at, before=before)


def ready(change: Change) -> Change:
    """The change with all done that can be done before its turn to write comes."""
    sent = change.resource if change.where is None else None
    return change if sent is None else replace(change, said=_said(change, sent))


def _said(change: Change, resource: Resource) -> Said:
    read = in_form(resource, change.id)
    found = index.entries(read, change.type)
    return Said(change.type, change.id, json.write(read), method=change.method, read=read, indexed=found)


def sound(resource: Any, type: str, id: str = "") -> Resource:
    """Return a resource that was sent, if nothing is wrong with it.

    Args:
        resource: as it was read, with its references led to where they lead.
        type: that it must have.
        id: that it must have, "" for any or none.

    Raises:
        Refused: every problem of it; `http.type-differs`, `http.id-differs`.
    """
    problems = validate(resource)
    if not problems and resource["resourceType"] != type:
        problems = [problem(HTTP_TYPE_DIFFERS, place=Place(path="resourceType"), type=type)]
    if not problems and id and resource.get("id") != id:
        problems = [problem(HTTP_ID_DIFFERS, place=Place(path=f"{type}.id"))]
    if problems:
        raise Refused(*problems)
    found: Resource = resource
    return found


def check_match(standing: str, if_match: Sequence[str]) -> None:
    """Refuse a write that was made for another version than the one that stands.

    Args:
        standing: the version, "" where none stands.

    Raises:
        Refused: `http.stale`.
    """
    if if_match and standing not in if_match and not ("*" in if_match and standing):
        raise refuse(HTTP_STALE, field="If-Match")


@contextmanager
def placed(entry: str) -> Iterator[None]:
    """A block in which a refusal says which entry of a Bundle it is about.

    Args:
        entry: the path of the entry, "" for a write by itself.
    """
    try:
        yield
    except Refused as refused:
        if not entry:
            raise
        raise Refused(*(within(each, entry) for each in refused.problems)) from None


def within(found: Problem, entry: str) -> Problem:
    """The problem with its place in the Bundle that was sent.

    Args:
        entry: the path of its entry, as in `Bundle.entry[3]`.
    """
    path = found.place.path
    if path.startswith("Bundle.entry["):
        return found
    if path:
        _, point, rest = path.partition(".")
        return found.at(replace(found.place, path=f"{entry}.resource{point}{rest}"))
    part = ".resource" if found.kind.code.startswith("resource.") else _PARTS.get(found.field, "")
    return found.at(replace(found.place, path=f"{entry}{part}"))


def _standing(held: Mapping[tuple[str, str], Held], type: str, id: str) -> str:
    """The version that stands, "" where none does."""
    found = held.get((type, id))
    return str(found.version) if found and found.present else ""


#: Where an entry has what is otherwise a header.
_PARTS = {
    "If-Match": ".request.ifMatch",
    "If-None-Match": ".request.ifNoneMatch",
    "If-None-Exist": ".request.ifNoneExist",
    "If-Modified-Since": ".request.ifModifiedSince",
}
