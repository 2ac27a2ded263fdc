"""Questions narrowed to what the caller may search by: a hidden identifier finds nobody, and tells nothing.

Without a system, `identifier=…` would find a child by its UPN; for callers who must not, it is asked of the
systems that everybody sees.
"""

from dataclasses import replace
from operator import is_

from gateway.fhir.meets import NEGATIVE
from gateway.fhir.query import Criterion, Query, Target, Token, Value
from gateway.security.policy import hides

_ABOUT = frozenset({"patient", "subject"})


def narrowed(query: Query, hidden: frozenset[str], seen: tuple[str, ...]) -> Query | None:
    """Return the question without what is hidden, or None where nothing can be found then.

    Args:
        query: what was asked.
        hidden: `Decision.hidden_systems`.
        seen: the identifier systems of a child that everybody sees.
    """
    if not hidden:
        return query
    if query.each:
        each = [one for one in (narrowed(one, hidden, seen) for one in query.each) if one is not None]
        return replace(query, each=tuple(each)) if each else None
    kept: list[Criterion] = []
    for criterion in query.criteria:
        narrow = _narrowed(criterion, query.type, hidden, seen)
        if narrow is None:
            # Nobody can be found by it; and where it says "not", everybody is.
            if _negated(criterion):
                continue
            return None
        kept.append(narrow)
    same = len(kept) == len(query.criteria) and all(map(is_, kept, query.criteria))
    return query if same else replace(query, criteria=tuple(kept))


def reached(query: Query) -> frozenset[str]:
    """Return the types that a question passes through, for `Wish.through`; `*` where that can be any."""
    found: set[str] = set()
    for criterion in query.criteria:
        at: Criterion | None = criterion
        while at is not None and at.chained is not None:
            found.add(_target(at) or "*")
            at = at.chained
    return frozenset(found)


def _narrowed(
    criterion: Criterion, type: str, hidden: frozenset[str], seen: tuple[str, ...]
) -> Criterion | None:
    if criterion.chained is not None:
        inner = _narrowed(criterion.chained, _target(criterion), hidden, seen)
        return replace(criterion, chained=inner) if inner is not None else None
    if criterion.modifier == "missing":
        return criterion
    of_child = type == "Patient" and criterion.param == "identifier" and criterion.kind == "token"
    by_identifier = criterion.modifier == "identifier" and criterion.param in _ABOUT
    values = [
        narrow
        for value in criterion.values
        for narrow in _values(value, hidden, seen if of_child or by_identifier else ())
    ]
    if len(values) == len(criterion.values) and all(map(is_, values, criterion.values)):
        return criterion
    return replace(criterion, values=tuple(values)) if values else None


def _values(value: Value, hidden: frozenset[str], seen: tuple[str, ...]) -> list[Value]:
    asked = value.value
    if not isinstance(asked, Token | Target):
        return [value]
    if asked.system == "*" and seen:
        return [replace(value, value=asked._replace(system=system)) for system in seen]
    return [] if hides(hidden, asked.system) else [value]


def _negated(criterion: Criterion) -> bool:
    return criterion.chained is None and criterion.modifier in NEGATIVE


def _target(criterion: Criterion) -> str:
    """The type a chain leads to, "" where it is not said."""
    return criterion.modifier or ("Patient" if criterion.param == "patient" else "")
