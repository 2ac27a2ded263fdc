"""Small numbers for the names that index rows repeat: feeds, types, parameters, systems, units."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from gateway.problems import refuse
from gateway.problems.store import STORE_ROOM
from gateway.store.dialect import Session

FEED_BITS = 51
REC_BITS = 20
SEQ_MOST = (1 << REC_BITS) - 1
REC_MOST = (1 << (FEED_BITS - REC_BITS)) - 1
FEEDS_MOST = 4095
WITHIN_FEED = (1 << FEED_BITS) - 1
MOST_REMEMBERED = 50_000

Key = TypeVar("Key")


def rid_of(feed: int, rec: int, seq: int) -> int:
    """The number under which a resource is kept."""
    return feed << FEED_BITS | rec << REC_BITS | seq


def rec_of(rid: int) -> int:
    """The record a resource belongs to; of a composed Patient: the child's number."""
    return rid >> REC_BITS & REC_MOST


class Numbers:
    """Names and their numbers, remembered: the tables only ever grow.

    One that is used while writing must be forgotten when the unit of work is rolled back.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know nothing again."""
        self._feeds: dict[str, int] = {"": 0}
        self._feed_names: dict[int, str] = {0: ""}
        self._types: dict[str, int] = {}
        self._type_names: dict[int, str] = {}
        self.params: dict[tuple[int, str], int] = {}
        self.slots: dict[tuple[int, str], int] = {}
        self.units: dict[tuple[str, str, str], int] = {}
        self._phrases: dict[tuple[int, str], int] = {}

    def feed(self, connection: Session, name: str, make: bool = False) -> int:
        """A feed's number; -1 where it has told nothing yet."""
        number = self._feeds.get(name)
        if number is None:
            number = _number(connection, "feed", {"name": name}, make)
            if number > FEEDS_MOST:
                raise refuse(STORE_ROOM, what="feed")
            if number >= 0:
                self._feeds[name] = number
        return number

    def feed_name(self, connection: Session, number: int) -> str:
        """A feed's name."""
        name = self._feed_names.get(number)
        if name is None:
            (name,) = connection.execute("SELECT name FROM feed WHERE feed = ?", (number,)).fetchone()
            self._feed_names[number] = name
        return name

    def type(self, connection: Session, name: str, make: bool = False) -> int:
        """A resource type's number; -1 where there never was one of it."""
        number = self._types.get(name)
        if number is None:
            number = _number(connection, "type", {"name": name}, make)
            if number >= 0:
                self._types[name] = number
        return number

    def type_name(self, connection: Session, number: int) -> str:
        """A resource type's name."""
        name = self._type_names.get(number)
        if name is None:
            (name,) = connection.execute("SELECT name FROM type WHERE type = ?", (number,)).fetchone()
            self._type_names[number] = name
        return name

    def param(self, connection: Session, type: int, code: str, kind: str = "") -> int:
        """A search parameter's number; -1 where nothing was indexed for it. With `kind` it is made."""
        number = self.params.get((type, code))
        if number is None:
            number = _number(connection, "param", {"type": type, "code": code}, bool(kind), {"kind": kind})
            if number >= 0:
                _remember(self.params, (type, code), number)
        return number

    def slot(self, connection: Session, param: int, system: str) -> int:
        """The number of a parameter with a system, made where it is new."""
        number = self.slots.get((param, system))
        if number is None:
            number = _number(connection, "slot", {"param": param, "system": system}, True)
            _remember(self.slots, (param, system), number)
        return number

    def unit(self, connection: Session, system: str, code: str, display: str) -> int:
        """The number of a unit, made where it is new."""
        key = (system, code, display)
        number = self.units.get(key)
        if number is None:
            names = {"system": system, "code": code, "display": display}
            number = _number(connection, "unit", names, True)
            _remember(self.units, key, number)
        return number

    def phrase(self, connection: Session, param: int, words: str) -> int:
        """The number of what something is called in a parameter, made where it is new."""
        number = self._phrases.get((param, words))
        if number is None:
            number = _number(connection, "phrase", {"param": param, "words": words}, True)
            _remember(self._phrases, (param, words), number)
        return number


def _remember(known: dict[Key, int], key: Key, number: int) -> None:
    """Remember a number; all are forgotten when they are too many, for anybody may tell new names."""
    if len(known) >= MOST_REMEMBERED:
        known.clear()
    known[key] = number


def _number(
    connection: Session,
    table: str,
    names: Mapping[str, int | str],
    make: bool,
    more: Mapping[str, int | str] = MappingProxyType({}),
) -> int:
    """The number that a table has for some names; where it has none, a new one if it may be made, or -1."""
    where = " AND ".join(f"{column} = ?" for column in names)
    asked = f"SELECT {table} FROM {table} WHERE {where}"
    row = connection.execute(asked, tuple(names.values())).fetchone()
    if row:
        return int(row[0])
    if not make:
        return -1
    values = {**names, **more}
    insert = f"""
    INSERT INTO {table} ({table}, {", ".join(values)})
    SELECT COALESCE(max({table}), 0) + 1, {", ".join("?" * len(values))} FROM {table} RETURNING {table}
    """
    return int(connection.execute(insert, tuple(values.values())).fetchall()[0][0])
