"""Expressions walked part by part: slow, but it knows which cell is at fault and where every value came from.

It works things out in the same order as the code that `gateway.mapping.pycode` writes, and stops where
that stops.
"""

from dataclasses import dataclass
from typing import Any

from gateway.mapping.memo import Doubtful, Unfit
from gateway.mapping.pycode import Outer, glue, says
from gateway.mapping.typed import (
    Apply,
    Asked,
    Cell,
    Choose,
    Compare,
    Concat,
    Const,
    Filled,
    FirstOf,
    FirstText,
    Kids,
    Link,
    Logic,
    Outside,
    OwnId,
    Typed,
    carries,
)
from gateway.records import Row

_NUMBER_TESTS = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Fault(Exception):
    """A part of an expression that cannot be worked out."""

    def __init__(self, unfit: Unfit, node: Typed) -> None:
        super().__init__(unfit.kind.code)
        self.unfit = unfit
        self.node = node


@dataclass(slots=True)
class Evaluator:
    """Works out expressions over the rows in scope.

    Attributes:
        rows: the current row of each record, by number.
        outer: values of the file, the settings and the run.
        ids: (rule name, keys…) to an id.
        doubts: doubtful values met, with the part that gave them.
        own: the id of the resource being made.
    """

    rows: dict[int, Row]
    outer: Outer
    ids: Any
    doubts: list[tuple[Doubtful, Typed]]
    own: str = ""

    def text(self, node: Typed) -> Any:
        """The value of an expression."""
        if node.type == "test":
            return "true" if self.true(node) else "false" if self.false(node) else ""
        match node:
            case Const(text=text):
                return text
            case Outside(where=where, name=name):
                return self.outer.get((where, name), "")
            case OwnId():
                return self.own
            case Cell(record=record, index=index, through=through):
                row = self.down(record, through)
                return row[index] if row else ""
            case Apply():
                return self.apply(node)
            case Choose(test=test, yes=yes, no=no):
                return self.text(yes) if self.true(test) else self.text(no)
            case FirstOf(parts=parts):
                return next((value for part in parts if (value := self.text(part))), "")
            case FirstText(of=of):
                texts = self.text(of)
                return texts[0] if texts else ""
            case Kids():
                return str(len(self.kids(node)))
            case Link(keys=keys):
                return self.link(node) if self.found(keys) else ""
            case Concat(parts=parts, strict=strict):
                return glue(strict, says(node), tuple(self.text(part) for part in parts))
        raise TypeError(type(node).__name__)

    def found(self, keys: tuple[Typed, ...]) -> bool:
        """Whether keys say something: some key of the record is there, or there are none of those."""
        own = [key for key in keys if carries(key)]
        return not own or any(self.text(key) for key in own)

    def link(self, node: Link) -> str:
        """A Reference as JSON."""
        made = self.ids(node.rule, *(self.text(key) for key in node.keys))
        return f'{{"reference":"{node.target}/{made}"}}'

    def down(self, record: int, through: tuple[int, ...]) -> Row | None:
        """The row reached through single kid records."""
        row = self.rows[record]
        for slot in through:
            if not row[slot]:
                return None
            row = row[slot][0]
        return row

    def kids(self, node: Kids) -> list[Row]:
        """The rows of a kind within the current one."""
        row = self.down(node.record, node.through)
        return list(row[node.index]) if row else []

    def apply(self, node: Apply) -> Any:
        """The result of a converter; a fault names the part."""
        given = self.text(node.of)
        try:
            made = node.convert[given]
        except Unfit as unfit:
            raise Fault(unfit, node) from None
        if made.__class__ is Doubtful:
            self.doubts.append((made, node))
        return made

    def true(self, node: Typed) -> bool:
        """Whether a test is surely true."""
        match node:
            case Filled(of=of):
                return bool(self.text(of))
            case Kids():
                return bool(self.kids(node))
            case Logic(op="not", parts=parts):
                return self.false(parts[0])
            case Logic(op="and", parts=parts):
                return all(self.true(part) for part in parts)
            case Logic(parts=parts):
                return any(self.true(part) for part in parts)
            case Compare():
                return self.compare(node) is True
            case Asked(of=of):
                return bool(self.text(of) == "true")
            case Choose(test=test, yes=yes, no=no):
                return self.true(yes) if self.true(test) else self.true(no)
            case FirstOf(parts=parts):
                return self.known(parts) is True
            case Const(text=text):
                return text == "true"
            case Apply():
                return self.apply(node) is True
        raise TypeError(type(node).__name__)

    def false(self, node: Typed) -> bool:
        """Whether a test is surely false."""
        match node:
            case Filled(of=of):
                return not self.text(of)
            case Kids():
                return not self.kids(node)
            case Logic(op="not", parts=parts):
                return self.true(parts[0])
            case Logic(op="and", parts=parts):
                return any(self.false(part) for part in parts)
            case Logic(parts=parts):
                return all(self.false(part) for part in parts)
            case Compare():
                return self.compare(node) is False
            case Asked(of=of):
                return bool(self.text(of) == "false")
            case Choose(test=test, yes=yes, no=no):
                return self.false(yes) if self.true(test) else self.false(no)
            case FirstOf(parts=parts):
                return self.known(parts) is False
            case Const(text=text):
                return text == "false"
            case Apply():
                return self.apply(node) is False
        raise TypeError(type(node).__name__)

    def known(self, parts: tuple[Typed, ...]) -> bool | None:
        """The first known of several tests."""
        tests = [True if self.true(part) else False if self.false(part) else None for part in parts]
        return next((test for test in tests if test is not None), None)

    def compare(self, node: Compare) -> bool | None:
        """The outcome of a comparison; None where a side is empty."""
        left = self.text(node.left)
        if not left:
            return None
        right = self.text(node.right)
        if not right:
            return None
        if node.how == "number":
            return bool(_NUMBER_TESTS[node.op](float(left), float(right)))
        return bool(_NUMBER_TESTS[node.op](left, right))
