"""Small numbers for the names that index rows repeat: feeds, types, parameters, systems, units."""

import sqlite3

from gateway.problems import refuse
from gateway.problems.store import STORE_ROOM

FEED_BITS = 51
REC_BITS = 20
SEQ_MOST = (1 << REC_BITS) - 1
REC_MOST = (1 << (FEED_BITS - REC_BITS)) - 1
FEEDS_MOST = 4095
WITHIN_FEED = (1 << FEED_BITS) - 1


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

    def feed(self, connection: sqlite3.Connection, name: str, make: bool = False) -> int:
        """A feed's number; -1 where it has told nothing yet."""
        number = self._feeds.get(name)
        if number is None:
            row = connection.execute("SELECT feed FROM feed WHERE name = ?", (name,)).fetchone()
            if row is None and not make:
                return -1
            number = row[0] if row else _insert(connection, "INSERT INTO feed (name) VALUES (?)", (name,))
            if number > FEEDS_MOST:
                raise refuse(STORE_ROOM, what="feed")
            self._feeds[name] = number
        return number

    def feed_name(self, connection: sqlite3.Connection, number: int) -> str:
        """A feed's name."""
        name = self._feed_names.get(number)
        if name is None:
            (name,) = connection.execute("SELECT name FROM feed WHERE feed = ?", (number,)).fetchone()
            self._feed_names[number] = name
        return name

    def type(self, connection: sqlite3.Connection, name: str, make: bool = False) -> int:
        """A resource type's number; -1 where there never was one of it."""
        number = self._types.get(name)
        if number is None:
            row = connection.execute("SELECT type FROM type WHERE name = ?", (name,)).fetchone()
            if row is None and not make:
                return -1
            number = row[0] if row else _insert(connection, "INSERT INTO type (name) VALUES (?)", (name,))
            self._types[name] = number
        return number

    def type_name(self, connection: sqlite3.Connection, number: int) -> str:
        """A resource type's name."""
        name = self._type_names.get(number)
        if name is None:
            (name,) = connection.execute("SELECT name FROM type WHERE type = ?", (number,)).fetchone()
            self._type_names[number] = name
        return name

    def param(self, connection: sqlite3.Connection, type: int, code: str, kind: str = "") -> int:
        """A search parameter's number; -1 where nothing was indexed for it. With `kind` it is made."""
        number = self.params.get((type, code))
        if number is None:
            row = connection.execute(
                "SELECT param FROM param WHERE type = ? AND code = ?", (type, code)
            ).fetchone()
            if row is None and not kind:
                return -1
            number = (
                row[0]
                if row
                else _insert(
                    connection, "INSERT INTO param (type, code, kind) VALUES (?, ?, ?)", (type, code, kind)
                )
            )
            self.params[type, code] = number
        return number

    def slot(self, connection: sqlite3.Connection, param: int, system: str) -> int:
        """The number of a parameter with a system, made where it is new."""
        number = self.slots.get((param, system))
        if number is None:
            row = connection.execute(
                "SELECT slot FROM slot WHERE param = ? AND system = ?", (param, system)
            ).fetchone()
            number = (
                row[0]
                if row
                else _insert(connection, "INSERT INTO slot (param, system) VALUES (?, ?)", (param, system))
            )
            self.slots[param, system] = number
        return number

    def unit(self, connection: sqlite3.Connection, system: str, code: str, unit: str) -> int:
        """The number of a unit, made where it is new."""
        key = (system, code, unit)
        number = self.units.get(key)
        if number is None:
            row = connection.execute(
                "SELECT unit FROM unit WHERE system = ? AND code = ? AND display = ?", key
            ).fetchone()
            number = (
                row[0]
                if row
                else _insert(connection, "INSERT INTO unit (system, code, display) VALUES (?, ?, ?)", key)
            )
            self.units[key] = number
        return number


def _insert(connection: sqlite3.Connection, statement: str, values: tuple[int | str, ...]) -> int:
    number = connection.execute(statement, values).lastrowid
    assert number is not None
    return number
