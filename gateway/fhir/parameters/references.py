"""References: to a resource of this server as "Type/id", to others by their URL, or only by an identifier.

Source: https://hl7.org/fhir/R4/search.html#reference
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir import facts
from gateway.fhir.parameters.context import Asked, refused, unescaped
from gateway.fhir.parameters.tokens import token
from gateway.fhir.primitives import ID
from gateway.fhir.query import Target, Value

_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_VERSION = re.compile(r"/_history/[A-Za-z0-9\-.]{1,64}$")
_EXAMPLE = "Type/id, an id alone, or a URL"


def referred(value: Any) -> Iterator[Target]:
    """A Reference; one to a contained resource counts only by its identifier."""
    to = value.get("reference") or ""
    if to.startswith("#"):
        to = ""
    identifier = value.get("identifier") or {}
    system, number = identifier.get("system", ""), identifier.get("value", "")
    if to or number:
        yield Target(unversioned(to), system if number else "", number)


def canonical(value: Any) -> Iterator[Target]:
    """A canonical or uri, with its version and without it."""
    yield Target(value, "", "")
    bare, bar, _ = value.partition("|")
    if bar:
        yield Target(bare, "", "")


def carried(resource: Any) -> Iterator[Target]:
    """A resource that is itself inside another (the first entry of a document)."""
    if (own := resource.get("id")) is not None:
        yield Target(f"{resource['resourceType']}/{own}", "", "")


def attached(value: Any) -> Iterator[Target]:
    """The place of an Attachment."""
    if (url := value.get("url")) is not None:
        yield Target(url, "", "")


ENTRIES: Mapping[str, Callable[[Any], Iterable[Target]]] = {
    "Reference": referred,
    "canonical": canonical,
    "uri": canonical,
    "Resource": carried,
    "Attachment": attached,
}


def unversioned(reference: str) -> str:
    """A reference without `/_history/x`: a search is about the resource, not about one version."""
    return _VERSION.sub("", reference) if "/_history/" in reference else reference


def read(text: str, asked: Asked) -> tuple[Value, ...]:
    """The reference asked for; an id alone gives an alternative for each type it may lead to.

    With the modifier `identifier` the value is a token, kept in `system` and `value` of a Target whose `to`
    is empty.

    Raises:
        Refused: `search.value`.
    """
    if asked.modifier == "identifier":
        system, code = token(text, asked)
        return (Value(Target("", system, code), text=text),)
    written = unescaped(text)
    for base in asked.context.bases:
        if written.startswith(f"{base}/"):
            written = written[len(base) + 1 :]
    types = (asked.modifier,) if asked.modifier else asked.targets
    return tuple(Value(Target(to, "", ""), text=text) for to in _targets(written, types, text))


def _targets(written: str, types: tuple[str, ...], text: str) -> list[str]:
    if found := _LOCAL.fullmatch(written):
        if not facts.is_resource(found.group(1)):
            raise refused(text, "a reference", _EXAMPLE)
        return [unversioned(written)]
    if ID.fullmatch(written):
        return [f"{kind}/{written}" for kind in types or facts.resource_types()]
    if ":" not in written or any(char.isspace() for char in written):
        raise refused(text, "a reference", _EXAMPLE)
    return [unversioned(written)]
