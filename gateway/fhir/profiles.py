"""StructureDefinitions as trees of what they ask: what a profile says beyond R4 itself.

A profile is read from its snapshot, or from its differential over that of the profile it is based on; what
R4's own definitions ask is judged elsewhere (`gateway.fhir.validate`).

Source: HL7 FHIR R4 profiling, https://hl7.org/fhir/R4/profiling.html and /elementdefinition.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir import facts

Resource = Mapping[str, Any]
Find = Callable[[str], Resource | None]

HL7 = "http://hl7.org/fhir/StructureDefinition/"
_DEEPEST = 20
_UNJUDGED = {
    "minValue": "least and greatest values",
    "maxValue": "least and greatest values",
    "contentReference": "elements that repeat the structure of another",
}
_SLICE = re.compile(r"([^:/]+)(?::(.+))?\Z")


@dataclass(frozen=True, slots=True)
class Allowed:
    """A type that an element may have, the profiles of its value, and those of what a reference leads to."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """What a profile asks of one element, or of one slice of it.

    Attributes:
        name: as the definitions write it (`value[x]`).
        slice: the slice's name, or "".
        min: how many there must be; max: how many there may be, None for any number.
        types: the types that are left; empty where the profile does not say.
        fixed: what it must be exactly; pattern: what it must have at least; None where nothing is said.
        value_set: the value set that its code must be of, or "".
        longest: characters of a text; None where nothing is said.
        discriminators: type and path of what tells its slices apart; closed: whether there is nothing else.
        children: its own elements that the profile says something of.
    """

    name: str
    slice: str = ""
    min: int = 0
    max: int | None = None
    types: tuple[Allowed, ...] = ()
    fixed: Any = None
    pattern: Any = None
    value_set: str = ""
    longest: int | None = None
    discriminators: tuple[tuple[str, str], ...] = ()
    closed: bool = False
    children: tuple["Node", ...] = ()

    def child(self, name: str) -> "Node | None":
        """Its element of that name; a choice also by its stem."""
        names = (name, f"{name}[x]")
        return next((each for each in self.children if each.name in names and not each.slice), None)


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile, ready to be asked.

    Attributes:
        type: the type that it constrains.
        root: what it asks.
        unjudged: what it says that is not judged, in words.
    """

    url: str
    type: str
    root: Node
    unjudged: tuple[str, ...] = ()


def profile(definition: Resource, find: Find) -> Profile:
    """Return what a StructureDefinition asks.

    Args:
        find: gives the StructureDefinition of a canonical url, or None.
    """
    elements = _elements(definition, find, 0)
    url, type = str(definition.get("url", "")), str(definition.get("type", ""))
    unjudged = dict.fromkeys(_unjudged(elements.values(), definition, find))
    return Profile(url, type, _tree(type, elements), tuple(unjudged))


def base_type(url: str) -> str:
    """The type that one of R4's own definitions is of, or ""."""
    name = url.partition("|")[0].removeprefix(HL7)
    known = facts.is_resource(name) or name in facts.data_types() or name in ("Resource", "DomainResource")
    return name if known else ""


def _elements(definition: Resource, find: Find, depth: int) -> dict[str, Resource]:
    """The element definitions by id, those of the profile it is based on under its own."""
    snapshot = definition.get("snapshot")
    if isinstance(snapshot, Mapping):
        return {_id(each): each for each in snapshot.get("element", ())}
    base = str(definition.get("baseDefinition", ""))
    below = None if base_type(base) or depth > _DEEPEST else find(base)
    found = dict(_elements(below, find, depth + 1)) if below else {}
    differential = definition.get("differential")
    for each in differential.get("element", ()) if isinstance(differential, Mapping) else ():
        id = _id(each)
        found[id] = {**found.get(id, {}), **each}
    return found


def _id(element: Resource) -> str:
    if isinstance(element.get("id"), str):
        return str(element["id"])
    slice = element.get("sliceName")
    return f"{element.get('path', '')}:{slice}" if slice else str(element.get("path", ""))


def _unjudged(elements: Iterable[Resource], definition: Resource, find: Find) -> Iterable[str]:
    base = str(definition.get("baseDefinition", ""))
    if base and not base_type(base) and "snapshot" not in definition and find(base) is None:
        yield f"the profile it is based on, {base}"
    for element in elements:
        for key in element:
            stem = next((each for each in _UNJUDGED if key.startswith(each)), "")
            if stem:
                yield _UNJUDGED[stem]
        for rule in element.get("constraint", ()):
            if not str(rule.get("source", definition.get("url", ""))).startswith(HL7):
                yield f"the rule {rule.get('key', '…')}"
        slicing = element.get("slicing")
        if isinstance(slicing, Mapping):
            if slicing.get("ordered"):
                yield "the order of slices"
            if slicing.get("rules") == "openAtEnd":
                yield "the order of slices"


def _tree(type: str, elements: Mapping[str, Resource]) -> Node:
    below: dict[str, list[str]] = {}
    for id in elements:
        parent = id.rpartition(".")[0]
        # a differential leaves out the elements in between that it says nothing of
        while parent and parent not in elements and parent not in below:
            below[parent] = []
            id, parent = parent, parent.rpartition(".")[0]
    every = dict.fromkeys([*elements, *below])
    kids: dict[str, list[str]] = {}
    for id in every:
        kids.setdefault(id.rpartition(".")[0], []).append(id)
    return _node(type, type, elements, kids)


def _node(id: str, last: str, elements: Mapping[str, Resource], kids: Mapping[str, list[str]]) -> Node:
    element = elements.get(id, {})
    named = _SLICE.match(last)
    name, slice = (named.group(1), named.group(2) or "") if named else (last, "")
    slicing = element.get("slicing") or {}
    binding = element.get("binding") or {}
    most = element.get("max", "*")
    return Node(
        name=name,
        slice=slice,
        min=int(element.get("min", 0)),
        max=int(most) if str(most).isdecimal() else None,
        types=tuple(_allowed(each) for each in element.get("type", ())),
        fixed=_choice(element, "fixed"),
        pattern=_choice(element, "pattern"),
        value_set=str(binding.get("valueSet", "")) if binding.get("strength") == "required" else "",
        longest=element.get("maxLength"),
        discriminators=tuple(
            (str(each.get("type")), str(each.get("path"))) for each in slicing.get("discriminator", ())
        ),
        closed=slicing.get("rules") == "closed",
        children=tuple(
            _node(each, each.rpartition(".")[2], elements, kids) for each in kids.get(id, ()) if each != id
        ),
    )


def _choice(element: Resource, stem: str) -> Any:
    return next((element[key] for key in element if key.startswith(stem) and key != stem), None)


def _allowed(type: Resource) -> Allowed:
    return Allowed(
        str(type.get("code", "")),
        tuple(str(each) for each in type.get("profile", ())),
        tuple(str(each) for each in type.get("targetProfile", ())),
    )
