"""A question on `/fhir`: own rows and upstreams' as one ordered page that says what it covers."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gateway.fhir import index
from gateway.fhir.json import read_trusted
from gateway.fhir.meets import holds
from gateway.fhir.parameters.tokens import SETS
from gateway.fhir.query import ANY_REFERENCE, Criterion, Query, Target
from gateway.identity.person import is_nhs_system, nhs_is_verified, objects, text
from gateway.problems import Problem, problem, refuse
from gateway.problems.search import SEARCH_CURSOR, SEARCH_FORGOTTEN
from gateway.problems.service import (
    ANSWERED_HERE,
    ASKED_HERE,
    INCLUDED_HERE,
    NOT_ONE_CHILD,
    SORTED_OTHERWISE,
)
from gateway.service.asking import Answer, Asking, Found, Looked, Noted, seen, shown, shown_all
from gateway.service.including import along, told_of
from gateway.service.keys import Keys
from gateway.service.pages import ABOUT, page_of, walked
from gateway.service.places import Place, Places
from gateway.service.walks import Walk, Walks, can_move
from gateway.store.base import ASK, Key, Page, Reads, Row
from gateway.store.order import NO_TIME
from gateway.store.shown import Shown
from gateway.upstream.account import account, strict
from gateway.upstream.asking import Upstreams, cursor
from gateway.upstream.merge import Cursor, Merged, identifiers, merge
from gateway.upstream.merge import Row as MergedRow
from gateway.upstream.outlook import Outlook, outlook
from gateway.upstream.question import Question
from gateway.upstream.question import Told as FromUpstream


class Asker:
    """Answers searches; made once. `places` seals and opens what links to other pages carry."""

    def __init__(
        self, keys: Keys, upstreams: Upstreams, shown: Shown, cursor_life: int, include_most: int = 1000
    ) -> None:
        self.places = Places(keys, cursor_life)
        self._walks = Walks(shown, cursor_life)
        self._upstreams = upstreams
        self._along_most = include_most
        self._harmless: set[Looked] = set()

    def search(
        self, store: Reads, query: Query, asking: Asking, limit: int, words: str, sealed: str = ""
    ) -> Answer:
        """One page.

        Args:
            words: the question as path and text, without paging; a link to another page is good for the
                same words only.
            sealed: what a link to another page carried, "" for the first page.

        Raises:
            Refused: `search.cursor`, `search.old-cursor`; `store.cannot-search`; with `strict`, the
                upstreams' gaps.
        """
        place = self.places.opened(sealed, asking) if sealed else None
        if place and place.question != words:
            raise refuse(SEARCH_CURSOR)
        answer = self._page(store, query, asking, limit, words, None if place and place.first else place)
        if place and not place.first:
            first = self.places.sealed(asking, words, [], None)
            answer = replace(answer, first=first)
        return answer

    def _page(
        self, store: Reads, query: Query, asking: Asking, limit: int, words: str, place: Place | None
    ) -> Answer:
        child = self._asked_about(store, query, asking, limit)
        if isinstance(child, Row):
            return self._together(store, query, asking, limit, words, place, child)
        answer = self._own(store, query, asking, limit, words, place)
        return answer if child is None else _told(answer, asking, [child])

    def outlook(self, store: Reads, query: Query, asking: Asking, limit: int) -> list[Outlook]:
        """What each connected server would be asked; nothing is sent."""
        servers = self._upstreams.upstreams
        child = self._asked_about(store, query, asking, limit)
        if isinstance(child, Row):
            asking.noted.children.add(child.public)
            question = _question(query, child, limit, None)
            return [outlook(question, each) for each in servers]
        reason = child.says if child else "Patients and feeds are the gateway's own"
        return [Outlook(each, reason=reason[:1].lower() + reason[1:]) for each in servers]

    def _asked_about(self, store: Reads, query: Query, asking: Asking, limit: int) -> Row | Problem | None:
        """The child that connected servers are asked about; else why they are not, None if that is plain."""
        if asking.base != ASK or not self._upstreams.upstreams or query.type == "Patient":
            return None
        apart = bool(query.each) or any(each.kind == "has" for each in query.criteria)
        child = None if apart else self._one_child(store, query, asking)
        if child is None or limit == 0:
            return problem(ASKED_HERE if apart else NOT_ONE_CHILD)
        return child if _newest_first(query) else problem(SORTED_OTHERWISE)

    def words(self, sealed: str, asking: Asking, where: str) -> str:
        """The question that a link to another page goes on with, as text.

        Args:
            where: the path that the link leads to, behind the base.

        Raises:
            Refused: `search.cursor`, also where it is about something else; `search.old-cursor`.
        """
        path, _, words = self.places.opened(sealed, asking).question.partition("?")
        if path != where:
            raise refuse(SEARCH_CURSOR)
        return words

    def _own(
        self, store: Reads, query: Query, asking: Asking, limit: int, words: str, place: Place | None
    ) -> Answer:
        if place and place.merged is not None:
            raise refuse(SEARCH_CURSOR)
        page, walk, doubts = self._stretch(store, query, asking, limit, place)
        found = shown_all(page.rows, asking, self._harmless)
        following = ""
        if page.more and page.rows:
            after = [] if page.tail else list(page.rows[-1].key)
            following = self.places.sealed(asking, words, after, None, walk)
        asking.noted.children.update(row.child for row in found if row.child)
        asking.noted.children.update(_named_children(store, query, asking))
        if not found:
            asking.noted.children.update(_described_children(store, query, asking, page.total))
        along, lines = self._along(store, query, asking, page.rows)
        return Answer(found, page.total, following, [*doubts, *lines], along)

    def _stretch(
        self, store: Reads, query: Query, asking: Asking, limit: int, place: Place | None
    ) -> tuple[Page, Walk | None, list[Problem]]:
        """The next page, the walk that goes on behind it, and what is to be said about that."""
        after: Key | None = tuple(place.after) if place and place.after else None
        total = query.total != "none"
        walk = place.walk if place else None
        if walk is None:
            marked = place is None and can_move(query)
            page = page_of(store, query, asking, limit, after, total=total, marked=marked)
            return page, self._walks.begun(page), []
        walking, seen = self._walks.walking(walk)
        page = walked(store, query, asking, walking, limit, after, total=total)
        further = self._walks.going_on(walk, page) if page.more else None
        return page, further, [problem(SEARCH_FORGOTTEN)] if seen.lost else []

    def _along(
        self, store: Reads, query: Query, asking: Asking, rows: Sequence[Row], child: Row | None = None
    ) -> tuple[list[Found], list[Problem]]:
        """What comes along with rows of the own store, and what is to be said about it.

        Args:
            child: whom connected servers' rows on the page are about.
        """
        if not query.includes or not (rows or child):
            return [], []
        most = self._along_most
        found = along(store, asking.base, rows, query.includes, most=most, types=asking.types)
        if child and _wants_patient(query) and (asking.types is None or "Patient" in asking.types):
            known = any(row.type == "Patient" and row.public == child.public for row in found.rows)
            found.rows += [] if known else [child]
        asking.noted.children.update(row.child for row in found.rows if row.child)
        return (
            shown_all(found.rows, asking, self._harmless),
            told_of(found, query.includes, most, asking.types),
        )

    def _together(
        self,
        store: Reads,
        query: Query,
        asking: Asking,
        limit: int,
        words: str,
        place: Place | None,
        child: Row,
    ) -> Answer:
        if place and place.merged is None:
            raise refuse(SEARCH_CURSOR)
        asking.noted.children.add(child.public)
        before = Cursor.unpacked(place.merged) if place and place.merged else None
        question = _question(query, child, limit, before)
        flight = self._upstreams.begin(question, time.monotonic() + asking.seconds, before, asking.request_id)
        after: Key | None = None if before is None else (_or_no_time(before.after[0]), before.after[1])
        # The total of the own rows does not change from page to page; counting is the dear part of a page.
        page = page_of(store, replace(query, sort=()), asking, limit, after)
        own = [_own_row(row, asking) for row in page.rows]
        others = flight.finish()
        asking.noted.sources = tuple(each.upstream.called for each in others if each.asked)
        merged = merge([own, *(each.rows for each in others)], limit, before.seen if before else ())
        lines = [problem(ANSWERED_HERE, count=page.total), *account(others, merged.duplicates)]
        asking.noted.account = lines
        if asking.strict and (refusal := strict(lines)):
            raise refusal
        going_on = cursor(merged, others, more=page.more)
        following = self.places.sealed(asking, words, [], going_on.packed()) if going_on else ""
        shown_ids = {row.id for row in merged.rows}
        ours = [row for row in page.rows if row.public in shown_ids]
        along_them, about_them = self._along(store, query, asking, ours, child if merged.rows else None)
        lines += about_them
        if query.includes and len(ours) < len(merged.rows):
            lines.append(problem(INCLUDED_HERE))
        return Answer(
            [
                Found(query.type, row.id, seen(row.body, child.public, asking), child.public)
                for row in merged.rows
            ],
            _total(page.total, others, merged, following, first=place is None),
            following,
            lines,
            along_them,
        )

    def _one_child(self, store: Reads, query: Query, asking: Asking) -> Row | None:
        """The composed Patient the whole question is about, if it names exactly one."""
        for criterion in query.criteria:
            if criterion.param not in ABOUT or criterion.modifier not in ("", "Patient"):
                continue
            if criterion.chained is not None:
                asked_for = Query("Patient", (criterion.chained,))
                page = store.search(ASK, asked_for, limit=2, total=False, hidden_systems=asking.hidden)
                return page.rows[0] if len(page.rows) == 1 else None
            if len(criterion.values) == 1 and isinstance(target := criterion.values[0].value, Target):
                row = store.read(ASK, "Patient", target.to.removeprefix("Patient/"))
                return row if row and not row.deleted else None
        return None


def _wants_patient(query: Query) -> bool:
    """Whether the Patient of the matches is to come along."""
    return any(
        not each.reverse
        and each.source in (ANY_REFERENCE, query.type)
        and each.param in (ANY_REFERENCE, *ABOUT)
        and each.target in ("", "Patient")
        for each in query.includes
    )


def _told(answer: Answer, asking: Asking, account: list[Problem]) -> Answer:
    asking.noted.account = account
    return replace(answer, account=[*account, *answer.account])


def _named_children(store: Reads, query: Query, asking: Asking) -> set[str]:
    """The children a question names by their Patients: that nothing is there is told of them as well."""
    named = {
        each.value.to.removeprefix("Patient/")
        for asked in (query, *query.each)
        for criterion in asked.criteria
        for each in criterion.values
        if isinstance(each.value, Target) and each.value.to.startswith("Patient/")
    }
    rows = (store.read(asking.base, "Patient", id) for id in sorted(named - asking.noted.children))
    return {row.child for row in rows if row is not None and row.child}


def _described_children(store: Reads, query: Query, asking: Asking, total: int | None) -> set[str]:
    """The child that a question describes and shows nothing of, because there is nothing, or as it counts."""
    described = [query] if total and not query.each else []
    for criterion in query.criteria:
        if criterion.chained is not None and criterion.param in ABOUT:
            described.append(Query("Patient", (criterion.chained,)))
    found = set()
    for each in described:
        page = store.search(
            asking.base, replace(each, sort=()), limit=2, total=False, hidden_systems=asking.hidden
        )
        if len(page.rows) == 1:
            found.add(page.rows[0].child)
    return found - {""}


def _own_row(row: Row, asking: Asking) -> MergedRow:
    body = shown(row, asking).body
    return MergedRow(row.time, row.public, body, "", identifiers(body))


def _question(query: Query, child: Row, limit: int, before: Cursor | None) -> Question:
    """What the upstreams are asked: the same question, short of the parameter that names the child."""
    about = next(each for each in query.criteria if each.param in ABOUT)
    filters = [each for each in query.criteria if each is not about]
    person = read_trusted(child.body)
    return Question(
        type=query.type,
        child=child.public,
        person=person,
        nhs_number=_verified_nhs_number(person),
        filters=tuple(_pair(each) for each in filters),
        limit=limit,
        after=before.after if before else None,
        about=about.param,
        ours=frozenset(each.param for each in filters if _means_something_here_alone(each)),
        accept=lambda body: _accepts(query.type, filters, body),
    )


def _means_something_here_alone(criterion: Criterion) -> bool:
    """Whether a filter is not sent: ids, value sets are ours; a person's identifier is for nobody's log."""
    if criterion.chained is not None:
        return False
    return criterion.kind == "reference" or criterion.modifier in SETS


def _pair(criterion: Criterion) -> tuple[str, str]:
    name, _, value = criterion.text.partition("=")
    return name, value


def _accepts(type: str, filters: Sequence[Criterion], body: bytes) -> bool:
    """Whether a resource another server sent meets the filters, by our own reading of them."""
    resource = read_trusted(body)
    entries = index.entries(resource, type)
    return all(each.chained is None and holds(each, entries) for each in filters)


def _verified_nhs_number(person: dict[str, Any]) -> str:
    """The one NHS number that was traced, "" where there is none or more than one."""
    found = {
        text(identifier.get("value"))
        for identifier in objects(person.get("identifier"))
        if is_nhs_system(text(identifier.get("system")))
        and identifier.get("use") != "old"
        and nhs_is_verified(identifier, verified=True)
        and "extension" in identifier
    }
    return found.pop() if len(found) == 1 else ""


def _newest_first(query: Query) -> bool:
    """Whether the answer's order is one that sources can be merged in."""
    return not query.sort or [(each.param, each.descending) for each in query.sort] == [("date", True)]


def _or_no_time(time_: int | None) -> int:
    return NO_TIME if time_ is None else time_


def _total(
    own: int | None, others: Sequence[FromUpstream], merged: Merged, following: str, *, first: bool
) -> int | None:
    """How many there are in all, where that is known: all are on this page, or every source says so."""
    asked_of = [each for each in others if each.asked]
    if any(not each.answered for each in asked_of):
        return None
    if first and not following:
        return len(merged.rows)
    if any(merged.duplicates.values()) or any(each.total is None for each in asked_of):
        return None
    return (own or 0) + sum(each.total or 0 for each in asked_of)


__all__ = ["Answer", "Asker", "Asking", "Found", "Noted", "shown"]
