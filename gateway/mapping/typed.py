"""Expressions after the proof: every name found, every function chosen, every type known.

The compiler turns these into Python text, `explain` walks them; neither looks anything up again.

    Types: text texts code date partialDate dateTime decimal integer positiveInt unsignedInt boolean test
           Coding CodeableConcept Reference

A `test` is true, false or unknown (FHIRPath's three values); every other value is a text ("" for nothing) or,
for `texts`, a tuple of texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.mapping.memo import Memo
from gateway.problems import Place


@dataclass(frozen=True, slots=True)
class Typed:
    """A part of a proved expression."""

    type: str


@dataclass(frozen=True, slots=True)
class Const(Typed):
    """A literal."""

    text: str


@dataclass(frozen=True, slots=True)
class Cell(Typed):
    """A field of a record in scope: the record's number, and the index of the cell in its row.

    `through` are the indexes of single kid records on the way to it (`oc2.SDQ_SCORE` where oc2 is at most
    one).
    """

    record: int
    index: int
    through: tuple[int, ...]
    name: str
    column: str


@dataclass(frozen=True, slots=True)
class Outside(Typed):
    """A value that holds for the whole file: `file.x`, `given.x` or `run.x`."""

    where: str
    name: str


@dataclass(frozen=True, slots=True)
class OwnId(Typed):
    """The id of the resource that is being made."""


@dataclass(frozen=True, slots=True)
class Apply(Typed):
    """A converter applied to a value.

    `plain`: its results need no escaping; `doubts`: they can be `Doubtful`; `label` tells two converters
    apart;
    `term`: the code map it asks, if it does.
    """

    of: Typed
    convert: Memo
    label: str
    term: str = ""
    plain: bool = False
    doubts: bool = False


@dataclass(frozen=True, slots=True)
class Concat(Typed):
    """Texts put together. With `&` nothing comes of only constants; with `+` nothing if any part is empty."""

    parts: tuple[Typed, ...]
    strict: bool


@dataclass(frozen=True, slots=True)
class Compare(Typed):
    """A test of two values; `how` is "text" or "number"."""

    op: str
    left: Typed
    right: Typed
    how: str


@dataclass(frozen=True, slots=True)
class Logic(Typed):
    """`and`, `or`, `not` of tests."""

    op: str
    parts: tuple[Typed, ...]


@dataclass(frozen=True, slots=True)
class Filled(Typed):
    """Whether a value is there."""

    of: Typed


@dataclass(frozen=True, slots=True)
class Kids(Typed):
    """The records of a kind within one in scope: whether there are any (test), or how many (integer)."""

    record: int
    index: int
    through: tuple[int, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Choose(Typed):
    """One value if a test is true, else the other."""

    test: Typed
    yes: Typed
    no: Typed


@dataclass(frozen=True, slots=True)
class FirstOf(Typed):
    """The first of several values that is there."""

    parts: tuple[Typed, ...]


@dataclass(frozen=True, slots=True)
class FirstText(Typed):
    """The first text of a list."""

    of: Typed


@dataclass(frozen=True, slots=True)
class Asked(Typed):
    """A flag (`boolean`) asked as a test."""

    of: Typed


@dataclass(frozen=True, slots=True)
class Link(Typed):
    """A reference to what a rule makes."""

    target: str
    rule: str
    keys: tuple[Typed, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """A proved expression with its place in the mapping and its text."""

    body: Typed
    place: Place
    text: str


def parts_of(node: Typed) -> tuple[Typed, ...]:
    """The parts directly within one."""
    match node:
        case Apply(of=of) | Filled(of=of) | FirstText(of=of) | Asked(of=of):
            return (of,)
        case Concat(parts=parts) | Logic(parts=parts) | FirstOf(parts=parts) | Link(keys=parts):
            return parts
        case Compare(left=left, right=right):
            return (left, right)
        case Choose(test=test, yes=yes, no=no):
            return (test, yes, no)
        case _:
            return ()


def walk(node: Typed) -> Iterator[Typed]:
    """Every part of an expression, the outer before the inner."""
    yield node
    for part in parts_of(node):
        yield from walk(part)


def carries(node: Typed) -> bool:
    """Whether a value says something about the record, and does not only ride along.

    `iif(upn.isTemporaryUpn(), 'temp', 'official')` rides along: whatever the test, a constant comes of it.
    Values of the file and the settings ride along as well, and so does the id of the resource. An object is
    there only if something that carries is.
    """
    match node:
        case Const() | Outside() | OwnId():
            return False
        case Choose(yes=yes, no=no):
            return carries(yes) or carries(no)
        case Apply(of=of) | FirstText(of=of):
            return carries(of)
        case Concat(parts=parts) | FirstOf(parts=parts) | Link(keys=parts):
            return any(carries(part) for part in parts)
        case _:
            return True
