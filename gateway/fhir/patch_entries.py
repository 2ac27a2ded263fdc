"""What the operations of a FHIRPath Patch do at a spot: put in, take out, replace and move elements.

A primitive in JSON is two members, `birthDate` and `_birthDate`, and a list of primitives two lists that run
side by side; both are always changed together.
"""

from typing import Any

from gateway.fhir import facts
from gateway.fhir.patch_spots import Spot, item, items, own
from gateway.fhir.patch_value import copied
from gateway.problems import Refused, refuse
from gateway.problems.patch import PATCH_FORM, PATCH_PATH

#: The value of an element, and what stands beside it.
Pair = tuple[Any, Any]


def enter(spot: Spot, name: str, part: dict[str, Any]) -> None:
    """Add the element `name` to what is at a spot: at the end of a list, or as the only one.

    Args:
        spot: a resource or an element that has elements of its own.
        name: as FHIRPath writes it (`value`) or JSON (`valueQuantity`).
        part: of the Parameters, with the value.
    """
    owner = own(spot, make=True)
    if owner is None:
        raise _impossible("something can only be added to an element that is there")
    _enter(owner, spot.structure, name, part)


def insert(spot: Spot, name: str, at: int, part: dict[str, Any]) -> None:
    """Put a value into the list `name` of what is at a spot, before the item `at`."""
    element = chosen(spot.structure, name, part)
    pairs = _pairs(spot, element)
    if not 0 <= at <= len(pairs):
        raise _impossible(f"the index is past the end of the list, which has {len(pairs)}")
    pairs.insert(at, _given(part, element))
    _put_pairs(_owner(spot), element.name, pairs)


def move(spot: Spot, name: str, source: int, destination: int) -> None:
    """Move one item of the list `name` of what is at a spot; `destination` counts without it."""
    element = chosen(spot.structure, name, {})
    pairs = _pairs(spot, element)
    if not (0 <= source < len(pairs) and 0 <= destination < len(pairs)):
        raise _impossible(f"source or destination is past the end of the list, which has {len(pairs)}")
    pairs.insert(destination, pairs.pop(source))
    _put_pairs(_owner(spot), element.name, pairs)


def remove(spot: Spot) -> None:
    """Take away what is at a spot."""
    if spot.owner is None:
        raise _impossible("the resource itself cannot be deleted by a patch")
    if spot.at < 0:
        spot.owner.pop(spot.key, None)
        spot.owner.pop(f"_{spot.key}", None)
        return
    pairs = _listed(spot.owner, spot.key)
    del pairs[spot.at]
    _put_pairs(spot.owner, spot.key, pairs)


def replace(spot: Spot, part: dict[str, Any]) -> None:
    """Put another value in place of what is at a spot; where there is a choice, also of another type."""
    if spot.owner is None:
        raise _impossible("the resource itself cannot be replaced by a patch")
    stem = facts.element(spot.within, spot.key).choice
    element = chosen(spot.within, stem or spot.key, part)
    pair = _given(part, element)
    if spot.at < 0:
        remove(spot)
        _put_pair(spot.owner, element.name, pair)
        return
    pairs = _listed(spot.owner, spot.key)
    pairs[spot.at] = pair
    _put_pairs(spot.owner, spot.key, pairs)


def chosen(structure: str, name: str, part: dict[str, Any]) -> facts.Element:
    """The element that a name means in a structure; of a choice, the one for the type of the value."""
    known = facts.members(structure)
    name = name.removesuffix("[x]")
    if name in known:
        return known[name]
    kinds = [each for each in known.values() if each.choice == name]
    if not kinds:
        raise _wrong(f"R4 has no element of the name that it gives inside {structure}")
    type_ = _value_type(part)
    for each in kinds:
        if each.name == name + type_:
            return each
    raise _wrong(f"no element {kinds[0].choice}[x] of {structure} has the type of the value")


def _enter(owner: dict[str, Any], structure: str, name: str, part: dict[str, Any]) -> None:
    element = chosen(structure, name, part)
    if element.many:
        _put_pairs(owner, element.name, [*_listed(owner, element.name), _given(part, element)])
        return
    same = [each.name for each in facts.members(structure).values() if each.choice == element.choice != ""]
    if any(key in owner or f"_{key}" in owner for key in (element.name, *same)):
        raise _impossible(f"{element.name} can be there only once, and is there already; replace it")
    _put_pair(owner, element.name, _given(part, element))


def _given(part: dict[str, Any], element: facts.Element) -> Pair:
    """The value that a part of the Parameters gives for an element, and what stands beside it."""
    type_ = element.types[0] if element.types else ""
    if "part" in part:
        if not element.inside:
            raise _wrong(f"{element.name} has the type {type_}, which has no parts")
        made: dict[str, Any] = {}
        for each in part["part"]:
            _enter(made, element.inside, each["name"], each)
        return made, None
    if "resource" in part:
        if type_ != "Resource":
            raise _wrong(f"{element.name} is not a resource")
        return copied(part["resource"]), None
    key = f"value{_value_type(part)}"
    pair = copied(part.get(key)), copied(part.get(f"_{key}"))
    if isinstance(pair[0], dict) != bool(element.inside):
        raise _wrong(f"{element.name} cannot have the type of the value")
    return pair


def _value_type(part: dict[str, Any]) -> str:
    """The type of a part's value as its name ends (`Quantity`); "" if it has none."""
    return next((key.lstrip("_")[5:] for key in part if key.lstrip("_").startswith("value")), "")


def _owner(spot: Spot) -> dict[str, Any]:
    owner = own(spot, make=True)
    if owner is None:
        raise _impossible("its path does not lead into an element that is there")
    return owner


def _pairs(spot: Spot, element: facts.Element) -> list[Pair]:
    if not element.many:
        raise _impossible(f"{element.name} is no list")
    return _listed(_owner(spot), element.name)


def _listed(owner: dict[str, Any], key: str) -> list[Pair]:
    values, extras = items(owner.get(key)), items(owner.get(f"_{key}"))
    return [(item(values, at), item(extras, at)) for at in range(max(len(values), len(extras)))]


def _put_pairs(owner: dict[str, Any], key: str, pairs: list[Pair]) -> None:
    for name, column in ((key, 0), (f"_{key}", 1)):
        values = [pair[column] for pair in pairs]
        if any(value is not None for value in values):
            owner[name] = values
        else:
            owner.pop(name, None)


def _put_pair(owner: dict[str, Any], key: str, pair: Pair) -> None:
    for name, value in ((key, pair[0]), (f"_{key}", pair[1])):
        if value is not None:
            owner[name] = value


def _impossible(reason: str) -> Refused:
    return refuse(PATCH_PATH, reason=reason)


def _wrong(reason: str) -> Refused:
    return refuse(PATCH_FORM, form="FHIRPath Patch", reason=reason)
