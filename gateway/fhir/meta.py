"""Profiles, security labels and tags of a resource: added and taken away, each once.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/resource-operation-meta-add.html and -meta-delete.html
"""

from collections.abc import Callable
from typing import Any

Resource = dict[str, Any]
Change = Callable[[Resource, Resource], Resource]

_LABELS = ("security", "tag")


def added(resource: Resource, meta: Resource) -> Resource:
    """The resource with the profiles, labels and tags of `meta` too; what is there stays as it is."""
    own: Resource = dict(resource.get("meta", {}))
    for name in ("profile", *_LABELS):
        there = list(own.get(name, ()))
        known = {_key(each) for each in there}
        for each in meta.get(name, ()):
            if _key(each) not in known:
                known.add(_key(each))
                there.append(each)
        own[name] = there
    return _with(resource, own)


def taken_away(resource: Resource, meta: Resource) -> Resource:
    """The resource without the profiles, labels and tags of `meta`."""
    own: Resource = dict(resource.get("meta", {}))
    for name in ("profile", *_LABELS):
        gone = {_key(each) for each in meta.get(name, ())}
        own[name] = [each for each in own.get(name, ()) if _key(each) not in gone]
    return _with(resource, own)


def _key(each: Any) -> Any:
    """What makes a label or tag the same: system and code, whatever its display says."""
    return (each.get("system", ""), each.get("code", "")) if isinstance(each, dict) else each


def _with(resource: Resource, meta: Resource) -> Resource:
    full = {name: value for name, value in meta.items() if value not in ([], None)}
    head: Resource = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    rest = {name: value for name, value in resource.items() if name not in (*head, "meta")}
    return {**head, **({"meta": full} if full else {}), **rest}
