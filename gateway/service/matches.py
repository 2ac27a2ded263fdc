"""Which resources of a feed meet criteria, what the same unit of work is about to write among them."""

from collections.abc import Sequence
from typing import Any

from gateway.fhir import index
from gateway.fhir.meets import holds
from gateway.fhir.query import Criterion, Entry, Query, Token
from gateway.store.base import Row, Work

#: Rows that are looked at to delete what meets criteria.
_ALL = 1_000_000


class Matches:
    """Answers criteria within one unit of work.

    Everything that the feed has counts, whoever may see it. What is about to be written counts with what it
    is going to say; but a chain (`subject.name=…`) is followed only to what is stored.
    """

    def __init__(self, work: Work, feed: str) -> None:
        self._work = work
        self._feed = feed
        self._coming: dict[str, dict[str, _Coming]] = {}

    def add(self, type: str, id: str, resource: dict[str, Any]) -> None:
        """Count a resource that is about to be written."""
        self._coming.setdefault(type, {})[id] = _Coming(type, id, resource)

    def ids(self, where: Query) -> dict[str, Row | None]:
        """The ids of what meets the criteria, with the rows of what is stored; two are enough."""
        coming = self._coming.get(where.type, {})
        page = self._work.search(self._feed, where, limit=2 + len(coming), total=False)
        found: dict[str, Row | None] = {row.local: row for row in page.rows if row.local not in coming}
        for id, one in coming.items():
            if len(found) > 1:
                break
            if one.meets(where.criteria):
                found[id] = None
        return found

    def rows(self, where: Query, *, several: bool) -> list[Row]:
        """The rows that meet the criteria: all of them if there may be several, else two are enough."""
        return self._work.search(self._feed, where, limit=_ALL if several else 2, total=False).rows


class _Coming:
    """A resource that is about to be written; what it can be found by is worked out when it is asked."""

    __slots__ = ("_entries", "_id", "_resource", "_type")

    def __init__(self, type: str, id: str, resource: dict[str, Any]) -> None:
        self._type = type
        self._id = id
        self._resource = resource
        self._entries: list[Entry] | None = None

    def meets(self, criteria: Sequence[Criterion]) -> bool:
        """Whether it meets all criteria, as far as that can be told of it alone."""
        if self._entries is None:
            self._entries = index.entries(self._resource, self._type)
        entries = self._entries
        return all(self._holds(each, entries) for each in criteria)

    def _holds(self, criterion: Criterion, entries: list[Entry]) -> bool:
        if criterion.chained is not None:
            return False
        if criterion.param == "_id":
            named = {each.value.code for each in criterion.values if isinstance(each.value, Token)}
            return (self._id in named) != (criterion.modifier == "not")
        return holds(criterion, entries)
