"""A page of the gateway's own rows: which way it is read."""

from gateway.fhir.query import Query, Target
from gateway.service.asking import Asking
from gateway.store.base import ASK, Key, Page, Reads, Walking

ABOUT = ("patient", "subject")
"""The parameters that name whom a resource is about."""


def page_of(
    store: Reads,
    query: Query,
    asking: Asking,
    limit: int,
    after: Key | None,
    *,
    total: bool = True,
    marked: bool = False,
) -> Page:
    """A page of the gateway's own rows; what is only about one child comes the short way.

    Args:
        marked: see `Reads.search`.
    """
    base, hidden = asking.base, asking.hidden
    if about := _about(query, asking):
        child, param = about
        return store.about(child, query.type, param, limit=limit, after=after, total=total, marked=marked)
    if query.each:
        several, asked = store.search_several, query.each
        return several(
            base, asked, limit=limit, after=after, total=total, hidden_systems=hidden, marked=marked
        )
    return store.search(
        base, query, limit=limit, after=after, total=total, hidden_systems=hidden, marked=marked
    )


def walked(
    store: Reads,
    query: Query,
    asking: Asking,
    walking: Walking,
    limit: int,
    after: Key | None,
    *,
    total: bool,
) -> Page:
    """A later page of a walk, read the way that the first one was."""
    return store.walked(
        asking.base,
        query,
        walking,
        limit=limit,
        after=after,
        total=total,
        hidden_systems=asking.hidden,
        about=_about(query, asking),
    )


def _about(query: Query, asking: Asking) -> tuple[str, str] | None:
    return _named(query) if asking.base == ASK and not query.sort else None


def _named(query: Query) -> tuple[str, str] | None:
    """The child and the parameter of a question that asks for nothing but what is about one child."""
    if query.each or len(query.criteria) != 1 or query.type == "Patient":
        return None
    (only,) = query.criteria
    if only.param not in ABOUT or only.modifier not in ("", "Patient") or len(only.values) != 1:
        return None
    target = only.values[0].value
    if not isinstance(target, Target) or not target.to.startswith("Patient/"):
        return None
    return target.to.removeprefix("Patient/"), only.param
