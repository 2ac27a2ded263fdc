"""The shelf of search types: for each, how elements become index values and how a question's text is read."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from gateway.fhir.parameters import composites, dates, numbers, quantities, references, strings, tokens, uris
from gateway.fhir.parameters.context import PREFIXES, Asked, Context
from gateway.fhir.query import Indexed, Value


class SearchType(NamedTuple):
    """One search type.

    Attributes:
        entries: for each data type, what makes index values of one element.
        read: what makes typed values of one alternative of a question (still escaped).
        modifiers: those that are supported, besides a resource type for references.
    """

    entries: Mapping[str, Callable[[Any], Iterable[Indexed]]]
    read: Callable[[str, Asked], tuple[Value, ...]]
    modifiers: tuple[str, ...]


SHELF: Mapping[str, SearchType] = {
    "composite": SearchType(
        {}, composites.reader(lambda: {kind: each.read for kind, each in SHELF.items()}), ("missing",)
    ),
    "date": SearchType(dates.ENTRIES, dates.read, ("missing",)),
    "number": SearchType(numbers.ENTRIES, numbers.read, ("missing",)),
    "quantity": SearchType(quantities.ENTRIES, quantities.read, ("missing",)),
    "reference": SearchType(references.ENTRIES, references.read, ("identifier", "missing")),
    "string": SearchType(strings.ENTRIES, strings.read, ("contains", "exact", "missing")),
    "token": SearchType(tokens.ENTRIES, tokens.read, ("missing", "not", "of-type", "text", *tokens.SETS)),
    "uri": SearchType(uris.ENTRIES, uris.read, ("above", "below", "missing")),
}

__all__ = ["PREFIXES", "SHELF", "Asked", "Context", "SearchType"]
