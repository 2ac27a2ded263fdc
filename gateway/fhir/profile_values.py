"""The values of a resource as a profile looks at them: items with their type, and what equals what."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from gateway.fhir import facts
from gateway.fhir.trail import Trail


class Item(NamedTuple):
    """One value of an element.

    Attributes:
        value: None where only extensions stand there; beside: the object beside a primitive, or None.
        type: the type that its name tells (`valueQuantity`), "" where it tells none.
    """

    value: Any
    beside: Any
    type: str
    trail: Trail

    @property
    def object(self) -> dict[str, Any] | None:
        """What its own elements stand in: the value, or what is beside a primitive."""
        found = self.value if isinstance(self.value, dict) else self.beside
        return found if isinstance(found, dict) else None


def items(owner: dict[str, Any], name: str, here: Trail) -> list[Item]:
    """The values of an element of an object, in order; of a choice (`value[x]`) whichever is there."""
    if not name.endswith("[x]"):
        return list(_named(owner, name, "", here))
    found: list[Item] = []
    for key, type in _chosen(name[:-3]).items():
        found += _named(owner, key, type, here)
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to the last digit and member."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return (type(one) is type(other) and bool(one == other)) or _numbers(one, other)


def has(value: Any, pattern: Any) -> bool:
    """Whether a value holds at least what a pattern holds."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(has(value.get(key), each) for key, each in pattern.items())
    if isinstance(pattern, list):
        listed = value if isinstance(value, list) else []
        return all(any(has(item, each) for item in listed) for each in pattern)
    return same(value, pattern)


def at(value: Any, steps: tuple[str, ...]) -> list[Any]:
    """The values at a path of names below a value; of a choice whichever is there."""
    found = [value]
    for step in steps:
        following: list[Any] = []
        for each in found:
            if isinstance(each, dict):
                keys = [step] if step in each else [key for key in _chosen(step) if key in each]
                for key in keys:
                    following += each[key] if isinstance(each[key], list) else [each[key]]
        found = following
    return found


def _numbers(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return numbers and not isinstance(one, bool) and not isinstance(other, bool) and bool(one == other)


def _named(owner: dict[str, Any], name: str, type: str, here: Trail) -> Iterator[Item]:
    value, beside = owner.get(name), owner.get(f"_{name}")
    if value is None and beside is None:
        return
    if not isinstance(value, list) and not isinstance(beside, list):
        yield Item(value, beside, type, Trail(here, name))
        return
    values = value if isinstance(value, list) else []
    others = beside if isinstance(beside, list) else []
    for number in range(max(len(values), len(others))):
        yield Item(
            values[number] if number < len(values) else None,
            others[number] if number < len(others) else None,
            type,
            Trail(here, name, number),
        )


@cache
def _chosen(stem: str) -> dict[str, str]:
    """The names that a choice may have in JSON, with the type that each tells."""
    types = [*facts.primitive_types(), *facts.data_types()]
    return {f"{stem}{each[0].upper()}{each[1:]}": each for each in types}
