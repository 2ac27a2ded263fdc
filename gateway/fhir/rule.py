"""A rule of R4 between the elements of one object, and the small tests that such rules are made of.

A rule says nothing where what it needs is absent or has the wrong shape: the shape is checked elsewhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Holds = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of R4: its key, what it says, what to do, and whether it holds for an object."""

    key: str
    says: str
    remedy: str
    holds: Holds


def has(item: dict[str, Any], name: str) -> bool:
    """Whether an element is there, if only with extensions."""
    return name in item or f"_{name}" in item


def has_any(*names: str) -> Holds:
    """At least one of them is there."""
    return lambda item: any(has(item, name) for name in names)


def needs(name: str, other: str) -> Holds:
    """Where `name` is there, `other` must be."""
    return lambda item: not has(item, name) or has(item, other)


def not_both(name: str, other: str) -> Holds:
    """Not both are there."""
    return lambda item: not (has(item, name) and has(item, other))


def chosen(item: dict[str, Any], stem: str) -> bool:
    """Whether a choice (`value[x]`) is made."""
    return any(name.lstrip("_").startswith(stem) for name in item)


def objects(item: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The objects that an element holds."""
    value = item.get(name)
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each


def codings(concept: Any) -> Iterator[tuple[str, str]]:
    """System and code of each coding of a concept."""
    for coding in objects(concept, "coding") if isinstance(concept, dict) else ():
        if isinstance(coding.get("code"), str):
            yield str(coding.get("system", "")), coding["code"]


def is_coded(item: dict[str, Any], name: str, system: str, *codes: str) -> bool:
    """Whether a concept, or one of several, has one of these codes."""
    found = {each for concept in objects(item, name) for each in codings(concept)}
    return not found.isdisjoint((system, code) for code in codes)


def in_order(first: Any, last: Any) -> bool:
    """Whether one date or time is not after another, as far as their precision tells."""
    if not isinstance(first, str) or not isinstance(last, str):
        return True
    if len(first) <= 10 or len(last) <= 10:
        shared = min(len(first), len(last), 10)
        return first[:shared] <= last[:shared]
    try:
        return datetime.fromisoformat(first) <= datetime.fromisoformat(last)
    except (ValueError, TypeError):
        return True
