"""Persons in little memory: a million of them are held at once while a whole store is linked."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

import msgspec

from gateway.identity.person import Home, Name, Person

_NAMES = tuple(each.name for each in fields(Person))
_told: Callable[[Person], tuple[Any, ...]] = attrgetter(*_NAMES)
_pack, _unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode


def packed(who: Person) -> bytes:
    """Return a person in about a tenth of its memory."""
    return _pack([(place, told) for place, told in enumerate(_told(who)) if told])


def unpacked(text: bytes) -> Person:
    """Return the person that was packed."""
    return Person(**{_NAMES[place]: _as_it_was(_NAMES[place], told) for place, told in _unpack(text)})


def _as_it_was(name: str, told: Any) -> Any:
    if told is True:
        return True
    return frozenset(map(_SHAPES[name], told)) if name in _SHAPES else frozenset(told)


_SHAPES: Mapping[str, Callable[[list[str]], Any]] = {
    "names": Name._make,
    "homes": Home._make,
    "givens": tuple,
    "la_ids": tuple,
}
