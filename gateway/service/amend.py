"""A patch: what stands is read, changed and kept, and nobody comes between."""

from collections.abc import Callable, Sequence
from typing import Any

from gateway.fhir.validate import validate
from gateway.problems import Refused, problem, refuse
from gateway.problems.http import HTTP_GONE, HTTP_NOT_FOUND
from gateway.problems.patch import PATCH_RESULT
from gateway.service import Gateway, check_match
from gateway.service.clock import now
from gateway.service.link import Feed
from gateway.service.tell import Kept, Resource, Said, as_said, as_told
from gateway.store.base import Work

Change = Callable[[Resource], Resource]


def amend(
    gateway: Gateway, feed: Feed, type: str, id: str, change: Change, *, if_match: Sequence[str] = ()
) -> Kept:
    """Keep what a change makes of a resource of a feed; a change that changes nothing makes no version.

    Args:
        change: from the resource as its feed told it to a new one of the same id; the old one stays as it is.
        if_match: versions one of which must stand; empty for no condition.

    Raises:
        Refused: `http.not-found`, `http.gone`, `http.stale`; what `change` refuses; `patch.result` with
            everything that is wrong with what it makes.
    """
    with gateway.store.write() as work:
        return amended(gateway, work, feed, type, id, change, if_match=if_match)


def amended(
    gateway: Gateway,
    work: Work,
    feed: Feed,
    type: str,
    id: str,
    change: Change,
    *,
    if_match: Sequence[str] = (),
) -> Kept:
    """The same inside a unit of work."""
    row = work.read(feed.name, type, id)
    if row is None or row.deleted:
        raise refuse(HTTP_GONE if row else HTTP_NOT_FOUND, type=type)
    check_match(work.held(feed.name, [(type, id)]).get((type, id)), if_match)
    before = as_told(row)
    after = change(before)
    if problems := validate(after):
        raise Refused(problem(PATCH_RESULT, type=type), *problems)
    if as_said(after, id) == as_said(before, id):
        return Kept(type, id, int(row.version), row.updated, "unchanged", before)
    at = now()
    said = Said(type, id, as_said(_own(after, gateway.config["base_uri"]), id), method="PATCH")
    kept, refused = gateway.tellers[feed.name].tell(work, [[said]], at, another=gateway.linker.is_another)
    if refused:
        raise Refused(*refused.values())
    if type == "Patient":
        gateway.linker.link(work, feed, {id: kept[0].resource}, at, before={id: before})
    return kept[0]


def _own(resource: Resource, base_uri: str) -> Resource:
    """The resource without the mark of the load it came with: what a patch made was in no file."""
    meta: dict[str, Any] = resource.get("meta", {})
    if not str(meta.get("source", "")).startswith(f"{base_uri}/load/"):
        return resource
    return {**resource, "meta": {name: value for name, value in meta.items() if name != "source"}}
