"""Uris, compared as they are; a canonical is also found without its version.

Source: https://hl7.org/fhir/R4/search.html#uri
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.parameters.context import Asked, unescaped
from gateway.fhir.query import Uri, Value


def plain(value: Any) -> Iterator[Uri]:
    """A uri or url."""
    yield Uri(value)


def canonical(value: Any) -> Iterator[Uri]:
    """A canonical, with its version and without it."""
    yield Uri(value)
    bare, bar, _ = value.partition("|")
    if bar:
        yield Uri(bare)


ENTRIES: Mapping[str, Callable[[Any], Iterable[Uri]]] = {"uri": plain, "url": plain, "canonical": canonical}


def read(text: str, asked: Asked) -> tuple[Value, ...]:
    """The uri asked for."""
    return (Value(Uri(unescaped(text)), text=text),)
