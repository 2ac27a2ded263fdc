"""R4's rules on Bundles.

Source: HL7 FHIR R4 Bundle, https://hl7.org/fhir/R4/bundle.html (bdl-1 to bdl-12).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.fhir.rule import Rule, has, has_any, objects

Item = dict[str, Any]

_ASKS = ("batch", "transaction", "history")
_ANSWERS = ("batch-response", "transaction-response", "history")


def _type(item: Item, *types: str) -> bool:
    return item.get("type") in types


def _first(item: Item, type: str) -> bool:
    first = next(objects(item, "entry"), {}).get("resource")
    return isinstance(first, dict) and first.get("resourceType") == type


def _addressed_once(item: Item) -> bool:
    if _type(item, "history"):
        return True
    met = []
    for entry in objects(item, "entry"):
        resource = entry.get("resource")
        meta = resource.get("meta") if isinstance(resource, dict) else None
        version = meta.get("versionId") if isinstance(meta, dict) else None
        if "fullUrl" in entry:
            met.append((entry["fullUrl"], version))
    return len(met) == len(set(map(str, met)))


def _identified(item: Item) -> bool:
    identifier = item.get("identifier")
    return isinstance(identifier, dict) and has(identifier, "system") and has(identifier, "value")


_SHELF: dict[str, tuple[Rule, ...]] = {
    "Bundle": (
        Rule(
            "bdl-1",
            "only a searchset and a history have a total",
            "Leave total out.",
            lambda item: not has(item, "total") or _type(item, "searchset", "history"),
        ),
        Rule(
            "bdl-2",
            "only in a searchset has an entry search",
            "Leave entry.search out.",
            lambda item: (
                _type(item, "searchset") or not any("search" in each for each in objects(item, "entry"))
            ),
        ),
        Rule(
            "bdl-3",
            "each entry of a batch, transaction or history has a request, and no other entry has",
            "Add entry.request, or take it away.",
            lambda item: all(("request" in each) == _type(item, *_ASKS) for each in objects(item, "entry")),
        ),
        Rule(
            "bdl-4",
            "each entry of an answer or a history has a response, and no other entry has",
            "Add entry.response, or take it away.",
            lambda item: all(
                ("response" in each) == _type(item, *_ANSWERS) for each in objects(item, "entry")
            ),
        ),
        Rule(
            "bdl-7",
            "each full url stands once in a Bundle, but for versions and histories",
            "Give each entry a fullUrl of its own.",
            _addressed_once,
        ),
        Rule(
            "bdl-9",
            "a document has an identifier with system and value",
            "Add identifier.",
            lambda item: not _type(item, "document") or _identified(item),
        ),
        Rule(
            "bdl-10",
            "a document says when it was put together",
            "Add timestamp.",
            lambda item: not _type(item, "document") or "timestamp" in item,
        ),
        Rule(
            "bdl-11",
            "a document begins with a Composition",
            "Put the Composition first.",
            lambda item: not _type(item, "document") or _first(item, "Composition"),
        ),
        Rule(
            "bdl-12",
            "a message begins with a MessageHeader",
            "Put the MessageHeader first.",
            lambda item: not _type(item, "message") or _first(item, "MessageHeader"),
        ),
    ),
    "Bundle.entry": (
        Rule(
            "bdl-5",
            "an entry has a resource, a request or a response",
            "Add one of these, or leave the entry out.",
            has_any("resource", "request", "response"),
        ),
        Rule(
            "bdl-8",
            "a full url names a resource and not one of its versions",
            "Leave /_history/ and what follows out.",
            lambda item: "/_history/" not in str(item.get("fullUrl", "")),
        ),
    ),
}

RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(_SHELF)
