"""Uris, compared as they are; a canonical is also found without its version.

`:below` finds what is the same or further down the same path, `:above` what is the same or further up; only
an address with a path has either.

Source: https://hl7.org/fhir/R4/search.html#uri
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.parameters.context import Asked, refused, unescaped
from gateway.fhir.query import Uri, Value

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/\s]+(?:/\S*)?")


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
    """The uri asked for; with `above` an alternative for each step up its path.

    Raises:
        Refused: `search.value` for `above` or `below` what has no path.
    """
    written = unescaped(text)
    if asked.modifier in ("above", "below"):
        if not _ADDRESS.fullmatch(written):
            raise refused(text, "an address with a path", "https://example.org/fhir")
        above = upwards(written) if asked.modifier == "above" else (written.rstrip("/"),)
        return tuple(Value(Uri(each), text=text) for each in above)
    return (Value(Uri(written), text=text),)


def upwards(address: str) -> Iterator[str]:
    """An address and each that is above it, without and with a stroke at its end."""
    start = address.index("://") + 3
    at = len(address.rstrip("/"))
    while at > start:
        yield address[:at]
        yield address[:at] + "/"
        at = address.rfind("/", start, at)


def beneath(address: str) -> tuple[str, ...]:
    """How everything begins that is below an address and not the same; below a version are its parts."""
    return (f"{address}.",) if "|" in address else (f"{address}/", f"{address}|", f"{address}#")
