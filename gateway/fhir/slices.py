"""Which slice of a profile a value belongs to, told by the slicing's discriminators.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/profiling.html#discriminator
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from gateway.fhir.profile_values import Item, at, has, same
from gateway.fhir.profiles import Node

#: Says of a value set, a type and a value whether the code is in it; None where that is not known.
InSet = Callable[[str, str, Any], bool | None]

_PLAIN = re.compile(r"(?:\$this|[A-Za-z]+(?:\.[A-Za-z]+)*)\Z")


def fits(item: Item, slice: Node, discriminators: Sequence[tuple[str, str]], in_set: InSet) -> bool | None:
    """Whether an item belongs to a slice; None where the discriminators cannot be judged."""
    if not discriminators:
        return None
    for kind, path in discriminators:
        found = _fits(item, slice, kind, path, in_set)
        if not found:
            return found
    return True


def _fits(item: Item, slice: Node, kind: str, path: str, in_set: InSet) -> bool | None:
    if not _PLAIN.match(path):
        return None
    steps = () if path == "$this" else tuple(path.removeprefix("$this.").split("."))
    if kind == "type":
        return _of_type(item, slice, steps)
    if kind == "exists":
        return _exists(item, slice, steps)
    return _has_value(item, slice, steps, in_set) if kind in ("value", "pattern") else None


def _of_type(item: Item, slice: Node, steps: tuple[str, ...]) -> bool | None:
    node = _node(slice, steps)
    if node is None or not node.types:
        return None
    codes = {each.code for each in node.types}
    if not steps and item.type:
        return item.type in codes
    values = at(item.value, steps)
    types = [each.get("resourceType") for each in values if isinstance(each, dict)]
    return any(each in codes for each in types) if all(types) else None


def _exists(item: Item, slice: Node, steps: tuple[str, ...]) -> bool | None:
    node = _node(slice, steps)
    if node is None or (node.min == 0 and node.max != 0):
        return None
    return bool(at(item.value, steps)) is (node.max != 0)


def _has_value(item: Item, slice: Node, steps: tuple[str, ...], in_set: InSet) -> bool | None:
    values = at(item.value, steps)
    if steps == ("url",) and (urls := [url for each in slice.types for url in each.profiles]):
        return any(url.partition("|")[0] in values for url in urls)
    node: Node | None = slice
    for number in range(len(steps) + 1):
        if node is None:
            return None
        rest = steps[number:]
        if node.fixed is not None or node.pattern is not None:
            wanted = at(node.fixed if node.pattern is None else node.pattern, rest)
            exact = node.pattern is None
            return any((same if exact else has)(value, each) for value in values for each in wanted)
        if not rest:
            break
        node = node.child(rest[0])
    if node is None or not node.value_set:
        return None
    told = [in_set(node.value_set, node.types[0].code if node.types else "", each) for each in values]
    return True if True in told else None if None in told else False


def _node(slice: Node, steps: tuple[str, ...]) -> Node | None:
    node: Node | None = slice
    for step in steps:
        node = node.child(step) if node else None
    return node
