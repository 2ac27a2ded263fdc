"""What has been read of one upstream so far: its rows, whether they keep to the order, how far they are sure.

A page of a server's may end in the middle of rows of the same time, and the next page may bring one that
stands before them in our order. Rows of the last time read are held back until an older one was seen.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

from gateway.fhir.primitives import ID
from gateway.problems import Kind, Problem, Refused
from gateway.problems.upstream import (
    UPSTREAM_FILTER,
    UPSTREAM_INCOMPLETE,
    UPSTREAM_OTHER_SUBJECT,
    UPSTREAM_OTHER_TYPE,
    UPSTREAM_SAID,
    UPSTREAM_UNCONFIRMED,
)
from gateway.upstream.merge import Key, Row, identifiers, order
from gateway.upstream.question import ALL, Question, Told, bare, note
from gateway.upstream.rewrite import Names, local_reference, rewritten
from gateway.upstream.searchset import Fields, Page, asked_for, own_base, reference, text
from gateway.upstream.times import clinical_time
from gateway.upstream.values import Upstream

#: What reading a thing that nobody has checked can raise.
_UNREADABLE = (Refused, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
_ABOUT = ("subject", "patient", "beneficiary", "for")


@dataclass(slots=True)
class Reading:
    """One upstream's answer while it is read.

    Attributes:
        leave: parameters the server says it does not have, which it is therefore not sent.
        drains: it is known not to keep to the order, and everything is read each time.
        ordered: its rows came newest first so far.
        rest: where its next page begins.
        total: how many it says it has.
    """

    question: Question
    upstream: Upstream
    names: Names
    leave: frozenset[str] = frozenset()
    drains: bool = False
    ordered: bool = True
    rest: str | None = None
    total: int | None = None
    whole: bool = True
    problems: list[Problem] = field(default_factory=list)
    _pages: list[tuple[str, list[Row]]] = field(default_factory=list)
    _dropped: Counter[Kind] = field(default_factory=Counter)
    _said: dict[str, None] = field(default_factory=dict)
    _last: tuple[bool, int] = (False, -(2**63))
    _entries: int = 0
    _ids: set[str] = field(default_factory=set)
    _confirmed: bool = False
    _silent: bool = False

    def __post_init__(self) -> None:
        self.ordered = not self.drains

    def take(self, found: Page, start: str) -> None:
        """Add a page that begins at `start`.

        Raises:
            Refused: `upstream.filter-ignored`.
        """
        self._hear(found)
        base = own_base(found, self.question.type)
        if base not in self.names.bases:
            self.names = replace(self.names, bases=(*self.names.bases, base))
        rows: list[Row] = []
        disorder = False
        for _, fields in found.resources:
            last = self._last
            row = self._row(fields)
            if row is None or row.id in self._ids:
                continue
            self._ids.add(row.id)
            if self.question.behind((row.time, row.id)):
                rows.append(row)
            elif self._pages and not self.drains and order((row.time, ""))[:2] < last:
                disorder = True
        if disorder:
            self.incomplete("its pages do not keep to the order asked")
        self._pages.append((start, rows))
        self._entries += len(found.resources)
        self._dropped[UPSTREAM_OTHER_TYPE] += found.unread

    def forget(self) -> None:
        """Begin anew: the same pages are going to be read in another way."""
        self._pages.clear()
        self._dropped.clear()
        self._ids.clear()
        self.problems.clear()
        self._entries = 0
        self._last = (False, -(2**63))
        self.ordered = not self.drains

    @property
    def count(self) -> int:
        """Rows read so far."""
        return sum(len(rows) for _, rows in self._pages)

    @property
    def short(self) -> bool:
        """The server counts more than it sent on its first page, and has no next page."""
        first = self._pages and not self._pages[0][0]
        return bool(first) and self.rest is None and (self.total or 0) > self._entries

    @property
    def read_pages(self) -> int:
        """Pages read so far."""
        return len(self._pages)

    def settled(self) -> list[Row]:
        """The rows, in order, that nothing still unread can come before."""
        rows = sorted((row for _, each in self._pages for row in each), key=lambda r: order((r.time, r.id)))
        if self.rest is None:
            return rows
        return [row for row in rows if order((row.time, ""))[:2] < self._last] if self.ordered else []

    def incomplete(self, reason: str) -> None:
        """Say that something is left that cannot be read."""
        self.problems.append(note(self.upstream, UPSTREAM_INCOMPLETE, reason=reason))

    def told(self, elapsed_ms: int) -> Told:
        """What the upstream told, as a value."""
        rows = self.settled()
        exact = self.whole and not self._dropped.total() and not self.problems
        known = self.total if self._confirmed else None
        if known is None and self.rest is None and self.question.after is None:
            known = len(rows)
        return Told(
            self.upstream,
            tuple(rows),
            more=self.rest is not None,
            total=known if exact else None,
            elapsed_ms=elapsed_ms,
            problems=(*self.problems, *self._drops(), *self._doubts(rows)),
            pages=self._places(),
            rest=self.rest,
        )

    def _hear(self, found: Page) -> None:
        """Note what the server says beside its matches, and which parameters it says it applied."""
        self._said.update(dict.fromkeys(found.said))
        if not self._pages:
            self.total = found.total
            applied = asked_for(found.links.get("self", ""))
            wanted = set(self.question.names)
            self._silent = bool(wanted) and applied is None
            self._confirmed = not self.leave and wanted <= {bare(name) for name in applied or wanted}
            if not self._confirmed and self.question.accept is None:
                raise Refused(self.ignored(wanted - {bare(name) for name in applied or ()}))

    def ignored(self, filters: set[str] | frozenset[str]) -> Problem:
        """The problem that these filters were not applied."""
        return note(self.upstream, UPSTREAM_FILTER, filters=", ".join(sorted(filters)))

    def _row(self, fields: Fields) -> Row | None:
        """One resource as a row; None, and counted, where it is not what was asked for."""
        try:
            if text(fields, "resourceType") != self.question.type or not ID.fullmatch(text(fields, "id")):
                self._dropped[UPSTREAM_OTHER_TYPE] += 1
                return None
            if not self._about_the_child(fields):
                self._dropped[UPSTREAM_OTHER_SUBJECT] += 1
                return None
            body = rewritten(fields, self.names)
            time = clinical_time(fields, self.question.type)
            self._keep_order(time)
            accept = self.question.accept
            if accept is not None and (self._silent or not self._confirmed) and not accept(body):
                self.whole = False
                return None
            id_ = self.names.public_id(self.upstream.name, self.question.type, text(fields, "id"))
            return Row(time, id_, body, self.upstream.name, identifiers(body))
        except _UNREADABLE:
            self._dropped[UPSTREAM_OTHER_TYPE] += 1
            return None

    def _about_the_child(self, fields: Fields) -> bool:
        return any(
            local_reference(reference(fields, name), self.names.bases) == ("Patient", self.names.patient)
            for name in _ABOUT
            if name in fields
        )

    def _keep_order(self, time: int | None) -> None:
        at = order((time, ""))[:2]
        self.ordered = self.ordered and at >= self._last
        self._last = max(self._last, at)

    def _places(self) -> tuple[tuple[str, Key], ...]:
        if not self.ordered:
            rows = self.settled()
            return ((ALL, (rows[-1].time, rows[-1].id)),) if rows else ()
        ends = []
        for start, rows in self._pages:
            if rows:
                last = max(rows, key=lambda row: order((row.time, row.id)))
                ends.append((start, (last.time, last.id)))
        return tuple(ends)

    def _drops(self) -> list[Problem]:
        return [note(self.upstream, kind, count=count) for kind, count in self._dropped.items() if count]

    def _doubts(self, rows: list[Row]) -> list[Problem]:
        doubts = [note(self.upstream, UPSTREAM_SAID, codes=", ".join(self._said))] if self._said else []
        if self._silent and not rows and self.question.after is None:
            filters = ", ".join(self.question.names)
            doubts.append(note(self.upstream, UPSTREAM_UNCONFIRMED, filters=filters))
        return doubts
