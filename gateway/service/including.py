"""What comes along with the matches of a page: the other ends of the references that are to be followed.

Nothing comes twice, nothing that the caller may not see, and on `/fhir` nothing about another child.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.fhir.includes import include_text
from gateway.fhir.leads import references
from gateway.fhir.query import ANY_REFERENCE, Include
from gateway.problems import Problem, problem
from gateway.problems.search import SEARCH_INCLUDES_CUT, SEARCH_INCLUDES_WITHHELD
from gateway.store.base import Reads, Row

#: How often what came along is looked at for what comes along with it.
ROUNDS = 8

Mark = tuple[str, str, str]


@dataclass(slots=True)
class Along:
    """What comes along with some rows.

    Attributes:
        rows: without those it was asked about.
        cut: there was more.
    """

    rows: list[Row] = field(default_factory=list)
    cut: bool = False


def along(
    store: Reads,
    base: str,
    rows: Sequence[Row],
    includes: Sequence[Include],
    *,
    most: int,
    types: Collection[str] | None = None,
) -> Along:
    """Follow references from and to rows of a base, and on where they are to be followed again and again.

    Args:
        store: where the rows are from.
        most: at most so many rows.
        types: those the caller may see; None for all.
    """
    found = Along()
    seen = {_mark(row) for row in rows}
    fresh, steps = list(rows), list(includes)
    for _ in range(ROUNDS):
        came: list[Row] = []
        for include in steps:
            # one more than there is room for tells that something is left out
            limit = most - len(found.rows) - len(came) + len(seen) + 1
            for row in _followed(store, base, fresh, include, types, limit):
                if _mark(row) not in seen and (types is None or row.type in types):
                    seen.add(_mark(row))
                    came.append(row)
        found.rows += came
        if len(found.rows) > most:
            del found.rows[most:]
            found.cut = True
            break
        fresh = came
        steps = [each for each in steps if each.iterate]
        if not fresh or not steps:
            break
    return found


def told_of(
    found: Along, includes: Iterable[Include], most: int, types: Collection[str] | None
) -> list[Problem]:
    """What is to be said about what did not come along."""
    lines = [problem(SEARCH_INCLUDES_CUT, most=most)] if found.cut else []
    for include in includes:
        leads = _leads_to(include)
        if types is not None and leads and not leads.intersection(types):
            lines.append(problem(SEARCH_INCLUDES_WITHHELD, asked="=".join(include_text(include))))
    return lines


def _followed(
    store: Reads, base: str, rows: Sequence[Row], include: Include, types: Collection[str] | None, limit: int
) -> Iterator[Row]:
    params = None if include.param == ANY_REFERENCE else (include.param,)
    for type, group in _by_type(rows):
        if include.reverse:
            if include.target in ("", type):
                sources = types if include.source == ANY_REFERENCE else (include.source,)
                yield from store.leading_to(base, group, sources, params, limit=limit)
        elif include.source in (ANY_REFERENCE, type):
            yield from store.led_to(base, group, params, include.target, limit=limit)


def _by_type(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.type, []).append(row)
    return list(groups.items())


def _leads_to(include: Include) -> frozenset[str]:
    """The types that an include can bring; empty where that can be any."""
    if include.reverse:
        return frozenset() if include.source == ANY_REFERENCE else frozenset({include.source})
    if include.target or include.param == ANY_REFERENCE:
        return frozenset({include.target} - {""})
    return frozenset(references(include.source)[include.param])


def _mark(row: Row) -> Mark:
    return row.type, row.feed, row.local
