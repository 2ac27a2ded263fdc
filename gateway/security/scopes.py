"""Scopes: what a client may do with which type, in the words of SMART App Launch 2.

Only `system/` scopes are understood: the gateway speaks with systems. A scope that narrows by a search
parameter is not granted at all, since granting it without its condition would give more than was meant.

Source:
    HL7 SMART App Launch 2.2, Scopes and launch context, https://hl7.org/fhir/smart-app-launch/
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

ANY = "*"

_V2 = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?)")
_V1 = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*)")
_V1_LETTERS = {"read": "rs", "write": "cud", "*": "cruds"}


class Scope(NamedTuple):
    """One scope: a resource type or `ANY`, and letters of "cruds" in that order."""

    type: str
    letters: str

    def __str__(self) -> str:
        return f"system/{self.type}.{self.letters}"


def parsed(written: str) -> Scope | None:
    """Return the scope that a word says, or None where it grants nothing here."""
    found = _V2.fullmatch(written)
    if found and found[2]:
        return Scope(found[1], found[2])
    found = _V1.fullmatch(written)
    return Scope(found[1], _V1_LETTERS[found[2]]) if found else None


def granted(written: str) -> tuple[Scope, ...]:
    """Return the scopes in the words of a `scope` claim; words that grant nothing here are left out."""
    return tuple(scope for word in written.split() if (scope := parsed(word)))


def allows(scopes: Iterable[Scope], type: str, letters: str) -> bool:
    """Whether the scopes together give every one of `letters` on a resource type."""
    given = {letter for scope in scopes if scope.type in (type, ANY) for letter in scope.letters}
    return given.issuperset(letters)


@lru_cache(1024)
def types_with(scopes: tuple[Scope, ...], letter: str) -> frozenset[str] | None:
    """Return the types on which the scopes give `letter`; None for every type."""
    types = frozenset(scope.type for scope in scopes if letter in scope.letters)
    return None if ANY in types else types


def both(asked: Iterable[Scope], registered: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return what two lists of scopes both give."""
    allowed = list(registered)
    found: dict[str, set[str]] = {}
    for one in asked:
        for other in allowed:
            if ANY in (one.type, other.type) or one.type == other.type:
                type = other.type if one.type == ANY else one.type
                found.setdefault(type, set()).update(set(one.letters) & set(other.letters))
    return tuple(
        Scope(type, "".join(letter for letter in "cruds" if letter in letters))
        for type, letters in sorted(found.items())
        if letters
    )
