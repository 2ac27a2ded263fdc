"""What the reader of a value may know besides its text, and how a value is taken apart and refused."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.fhir import facts
from gateway.fhir.terms import Terms
from gateway.problems import Refused, refuse
from gateway.problems.search import SEARCH_VALUE

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")

_PREFIXED = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\$,|])")
_ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in "\\$,|"})
_SEPARATORS = {sign: re.compile(rf"(?:[^\\{sign}]|\\.|\\$)*", re.DOTALL) for sign in ",|$"}


@dataclass(frozen=True, slots=True)
class Context:
    """What a server brings to every question.

    Attributes:
        bases: its own base URLs; a reference below one of them is a local one.
        system_aliases: short names for identifier systems (`NHS`).
        value_forms: for a system, how its values are written in the store, from how people write them;
            may raise Refused.
        unready: what cannot be searched for yet, for older resources are not indexed for it: search types,
            modifiers (`:text`), codes, and codes of one type (`Patient.nickname`).
        terms: the code systems and value sets that are there.
        now_ms: the moment of the question, for `ap`; milliseconds since 1970.
    """

    bases: tuple[str, ...] = ()
    system_aliases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    value_forms: Mapping[str, Callable[[str], str]] = field(default_factory=lambda: MappingProxyType({}))
    unready: frozenset[str] = frozenset()
    terms: Terms = field(default_factory=Terms)
    now_ms: int = field(default_factory=lambda: int(time.time() * 1000))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the parameter that a value belongs to.

    Attributes:
        context: of the server.
        modifier: as written, without its colon.
        targets: the types its references may lead to; empty for any.
        types: the data types of its elements.
        value_sets: those that its codes must come from.
        parts: of a composite parameter, what is known of each part, with its search type.
    """

    context: Context
    modifier: str = ""
    targets: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    value_sets: frozenset[str] = frozenset()
    parts: "tuple[tuple[str, Asked], ...]" = ()

    def implied_systems(self, code: str) -> frozenset[str]:
        """The systems that an element of type code implies for `code`, which it does not write."""
        systems: set[str] = set()
        for value_set in self.value_sets:
            systems.update((facts.codes(value_set) or {}).get(code, ()))
        return frozenset(systems)


def prefixed(text: str) -> tuple[str, str]:
    """The prefix of a value, `eq` where none is written, and the rest."""
    found = _PREFIXED.fullmatch(text)
    assert found is not None
    return found.group(1) or "eq", found.group(2)


def split_commas(text: str) -> list[str]:
    """The alternatives of a value, still escaped; empty ones are left out."""
    return [piece for piece in _split(text, ",") if piece.strip()]


def split_bars(text: str) -> list[str]:
    """The parts of a value between bars, unescaped."""
    return [unescaped(piece) for piece in _split(text, "|")]


def split_parts(text: str) -> list[str]:
    """The parts of the value of a composite parameter, still escaped."""
    return _split(text, "$")


def unescaped(text: str) -> str:
    r"""`text` with `\\,`, `\\$`, `\\|` and `\\\\` as the characters they stand for."""
    return _ESCAPED.sub(r"\1", text)


def escaped(text: str) -> str:
    r"""`text` as a part of a value, in which nothing separates parts or alternatives."""
    return text.translate(_ESCAPES)


def refused(text: str, expected: str, example: str) -> Refused:
    """The refusal of a value that is not `expected`."""
    return refuse(SEARCH_VALUE, value=text, expected=expected, example=example)


def _split(text: str, sign: str) -> list[str]:
    pieces, at = [], 0
    while True:
        found = _SEPARATORS[sign].match(text, at)
        assert found is not None
        pieces.append(found.group())
        at = found.end() + 1
        if at > len(text):
            return pieces
