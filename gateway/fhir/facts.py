"""What R4 says about every resource type and data type: elements, codes, search parameters, compartments.

The facts are `r4.json`, made by `gateway.fhir.build_facts` from HL7's definitions; a type is unpacked when it
is first asked for. A *path* names a structure: a type ("Observation", "HumanName") or a nested part of one as
the definitions write it ("Observation.component").

Source: HL7 FHIR R4 (4.0.1), https://hl7.org/fhir/R4/
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

import orjson

PARAMETER_URL = "http://hl7.org/fhir/SearchParameter/"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a structure.

    Attributes:
        name: as JSON spells it (`valueQuantity`); `value[x]` for a choice not yet made.
        path: as the definitions write it (`Observation.component.value[x]`).
        min: how many there must be.
        max: how many there may be; None for any number.
        types: the types it may have; one, unless it is a choice not yet made. Empty for `contentReference`.
        targets: the resource types a Reference may point at; empty for any.
        strength: of the binding: "required", "extensible", "preferred", "example", or "".
        value_set: the canonical url of the bound value set, or "".
        summary: part of `_summary=true`.
        modifier: changes the meaning of what holds it.
        choice: the stem of a choice (`value` for `value[x]` and `valueQuantity`), or "".
        inside: the path that holds its own elements: a data type, its own path for a nested part, the
            path a contentReference points at; "" for primitives, choices not yet made and whole resources.
        profile: HL7's own constraint on the type, or "" (`SimpleQuantity`: no comparator).
    """

    name: str
    path: str
    min: int
    max: int | None
    types: tuple[str, ...]
    targets: tuple[str, ...] = ()
    strength: str = ""
    value_set: str = ""
    summary: bool = False
    modifier: bool = False
    choice: str = ""
    inside: str = ""
    profile: str = ""

    @property
    def many(self) -> bool:
        """Whether JSON writes it as a list."""
        return self.max is None


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite search parameter: the code and type of the parameter it stands for."""

    code: str
    type: str
    expression: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter, as it applies to one resource type.

    `expression` is only the part for that type; "" where R4 gives none (`_text`, `_content`, `_query`).
    `definition` is its canonical url, `targets` the types a reference may lead to.
    """

    code: str
    type: str
    expression: str
    definition: str
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()


Made = TypeVar("Made")

_OTHERS: dict[str, tuple[Parameter, ...]] = {}
_FORGET: list[Callable[[], None]] = []


def resource_types() -> tuple[str, ...]:
    """Every resource type of R4 that can have instances, in the order of the alphabet."""
    return _kinds("resource")


def data_types() -> tuple[str, ...]:
    """Every complex data type (`HumanName`), with HL7's own constraints (`SimpleQuantity`)."""
    return _kinds("complex-type")


def primitive_types() -> frozenset[str]:
    """Every primitive type (`dateTime`); `xhtml` is one."""
    return _primitives()


def is_resource(name: str) -> bool:
    """Whether `name` is a resource type that can have instances."""
    found = _facts()["types"].get(name)
    return found is not None and found[0] == "resource"


def base_type(name: str) -> str:
    """The type that `name` is a specialisation of (`Patient` of `DomainResource`), or "".

    Raises:
        KeyError: there is no such type.
    """
    return str(_facts()["types"][name][1])


def is_a(name: str, base: str) -> bool:
    """Whether `name` is `base` or a specialisation of it, at any distance; False for unknown names."""
    types = _facts()["types"]
    while name != base:
        if name not in types:
            return False
        name = types[name][1]
    return True


@cache
def elements(path: str) -> tuple[Element, ...]:
    """The elements of a structure in the order of the definitions, choices not yet made.

    Raises:
        KeyError: R4 has no such structure.
    """
    return tuple(_element(path, row) for row in _facts()["elements"][path])


@cache
def members(path: str) -> Mapping[str, Element]:
    """The elements of a structure by the names that JSON uses: each choice once for each of its types.

    Raises:
        KeyError: R4 has no such structure.
    """
    found: dict[str, Element] = {}
    for each in elements(path):
        if each.choice:
            found.update((chosen.name, chosen) for chosen in _choices(each))
        else:
            found[each.name] = each
    return MappingProxyType(found)


def element(path: str, name: str) -> Element:
    """The element `name` of the structure `path`.

    Args:
        path: a type or a nested part (`Observation.component`).
        name: as JSON (`valueQuantity`: the choice made) or FHIRPath writes it (`value`: not yet made).

    Raises:
        KeyError: the structure or the element does not exist.
    """
    found = members(path).get(name)
    if found is not None:
        return found
    stem = name.removesuffix("[x]")
    for each in elements(path):
        if each.choice == stem:
            return each
    raise KeyError(f"{path}.{name}")


def locate(path: str) -> Element:
    """The element at a dotted path through types (`Observation.component.valueQuantity.value`).

    Raises:
        KeyError: some step of the path does not exist.
    """
    head, *steps = path.split(".")
    here, found = head, None
    for step in steps:
        found = element(here, step)
        here = found.inside
    if found is None:
        raise KeyError(path)
    return found


@cache
def names_of(kinds: frozenset[str]) -> frozenset[str]:
    """The names by which JSON has an element of one of these types anywhere in R4."""
    found = set()
    for rows in _facts()["elements"].values():
        for name, _, _, types, *_ in rows:
            stem = name.removesuffix("[x]")
            for kind in kinds.intersection(types.split()):
                found.add(name if stem == name else f"{stem}{kind[0].upper()}{kind[1:]}")
    return frozenset(found)


def codes(value_set: str) -> Mapping[str, tuple[str, ...]] | None:
    """The codes of a value set that some element requires, each with its systems.

    None where another standard lists them (UCUM units, media types, currencies). A version (`|4.0.1`) is
    ignored.

    Raises:
        KeyError: no element of R4 requires this value set.
    """
    return _codes(value_set.partition("|")[0])


def remembered(function: Callable[..., Made]) -> Callable[..., Made]:
    """Remember what is worked out from search parameters, until there are others (`use`)."""
    made = cache(function)
    _FORGET.append(made.cache_clear)
    return made


def use(others: Mapping[str, Sequence[Parameter]]) -> None:
    """Have search parameters beside R4's own, by resource type; those that were given before are gone."""
    given = {name: tuple(each) for name, each in others.items()}
    if given == _OTHERS:
        return
    _OTHERS.clear()
    _OTHERS.update(given)
    for forget in _FORGET:
        forget()


@remembered
def parameters(resource_type: str) -> Mapping[str, Parameter]:
    """The search parameters of a resource type by code, with those of Resource and DomainResource.

    Also those that `use` gave.

    Raises:
        KeyError: there is no such resource type.
    """
    own, at = [], resource_type
    while at:
        own.append(at)
        at = base_type(at)
    rows = _parameter_rows()
    found = {row[0]: _parameter(row, name) for name in own for row in rows.get(name, ())}
    found |= {each.code: each for each in _OTHERS.get(resource_type, ())}
    return MappingProxyType(dict(sorted(found.items())))


def compartment(resource_type: str) -> tuple[str, ...]:
    """The codes of the parameters that put a resource into a Patient's compartment; empty if none can."""
    return tuple(_facts()["patient"].get(resource_type, ()))


@cache
def _facts() -> Any:
    return orjson.loads(files("gateway.fhir").joinpath("r4.json").read_bytes())


@cache
def _kinds(kind: str) -> tuple[str, ...]:
    return tuple(sorted(name for name, (own, _) in _facts()["types"].items() if own == kind))


@cache
def _primitives() -> frozenset[str]:
    return frozenset(_kinds("primitive-type"))


def _element(parent: str, row: list[Any]) -> Element:
    name, least, most, types, flags, targets, strength, value_set, same, profile = row + [""] * (
        10 - len(row)
    )
    path = f"{parent}.{name}"
    kinds = tuple(types.split())
    return Element(
        name=name,
        path=path,
        min=least,
        max={0: None, -1: 0}.get(most, most),
        types=kinds,
        targets=tuple(targets.split()),
        strength=strength,
        value_set=value_set,
        summary="s" in flags,
        modifier="m" in flags,
        choice=name[:-3] if name.endswith("[x]") else "",
        inside=same or (_inside(kinds[0], path) if len(kinds) == 1 and name[-1] != "]" else ""),
        profile=profile,
    )


def _inside(kind: str, path: str) -> str:
    if path in _facts()["elements"]:
        return path
    return kind if kind in _facts()["elements"] and not is_a(kind, "Resource") else ""


def _choices(choice: Element) -> list[Element]:
    """The choice made, for each of its types."""
    return [
        replace(
            choice,
            name=f"{choice.choice}{kind[0].upper()}{kind[1:]}",
            types=(kind,),
            targets=choice.targets if kind == "Reference" else (),
            inside=_inside(kind, choice.path),
            profile=choice.profile if kind == "Quantity" else "",
        )
        for kind in choice.types
    ]


@cache
def _codes(value_set: str) -> Mapping[str, tuple[str, ...]] | None:
    systems = _facts()["codes"][value_set]
    if systems is None:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for system, listed in systems.items():
        for code in listed:
            found[code] = (*found.get(code, ()), system)
    return MappingProxyType(found)


@cache
def _parameter_rows() -> dict[str, list[list[Any]]]:
    rows: dict[str, list[list[Any]]] = {}
    for row in _facts()["parameters"]:
        for base in row[4].split():
            rows.setdefault(base, []).append(row)
    return rows


def _parameter(row: list[Any], base: str) -> Parameter:
    code, kind, expression, tail, bases, targets, parts = row
    return Parameter(
        code,
        kind,
        own_part(expression, base) if " " in bases else expression,
        PARAMETER_URL + tail,
        tuple(targets.split()),
        tuple(Component(*part) for part in parts),
    )


def own_part(expression: str, base: str) -> str:
    """The alternatives of a shared expression that begin at `base`."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(expression):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            parts.append(expression[start:at].strip())
            start = at + 1
    parts.append(expression[start:].strip())
    return " | ".join(part for part in parts if part.lstrip("(").startswith(f"{base}."))
