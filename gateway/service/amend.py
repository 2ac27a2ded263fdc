"""What a patch makes of a resource that stands."""

from collections.abc import Callable
from typing import Any

from gateway.fhir.validate import validate
from gateway.problems import Refused, problem
from gateway.problems.patch import PATCH_RESULT
from gateway.service.tell import as_said

Resource = dict[str, Any]
Amend = Callable[[Resource], Resource]


def amended(before: Resource, amend: Amend, base_uri: str) -> Resource | None:
    """What a patch makes of a resource; None where it changes nothing.

    Args:
        before: as its feed told it; it stays as it is.
        amend: makes a new resource of the same id.
        base_uri: the start of the gateway's own addresses.

    Raises:
        Refused: what `amend` refuses; `patch.result` with everything that is wrong with what it makes.
    """
    after, id = amend(before), before["id"]
    if problems := validate(after):
        raise Refused(problem(PATCH_RESULT, type=before["resourceType"]), *problems)
    return None if as_said(after, id) == as_said(before, id) else _own(after, base_uri)


def _own(resource: Resource, base_uri: str) -> Resource:
    """The resource without the mark of the load it came with: what a patch made was in no file."""
    meta: dict[str, Any] = resource.get("meta", {})
    if not str(meta.get("source", "")).startswith(f"{base_uri}/load/"):
        return resource
    return {**resource, "meta": {name: value for name, value in meta.items() if name != "source"}}
