"""Expressions proved: every name is found and every function fits, or a problem says where it does not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateway.fhir import expression as ast
from gateway.mapping.calls import Calls
from gateway.mapping.hints import listed, near
from gateway.mapping.located import Text
from gateway.mapping.shelf import NUMERIC, TEXTUAL
from gateway.mapping.typed import (
    Asked,
    Cell,
    Compare,
    Concat,
    Const,
    Expression,
    Filled,
    Kids,
    Logic,
    Outside,
    Typed,
)
from gateway.mapping.words import Record, Words
from gateway.problems import Kind, Place, Problem, Refused, problem
from gateway.problems.mapping import (
    MAPPING_CONTEXT,
    MAPPING_FIELD,
    MAPPING_GIVEN,
    MAPPING_LOOP,
    MAPPING_OPERATOR,
    MAPPING_RECORDS,
    MAPPING_RUN,
    MAPPING_SYNTAX_EXPRESSION,
    MAPPING_TEST,
    MAPPING_VARIABLE,
)

Scope = tuple[int, ...]
_ORDER = ("<", "<=", ">", ">=")


class Unproved(Exception):
    """Stops the proof of one expression; its problem is already told."""


@dataclass(frozen=True, slots=True)
class At:
    """Where an expression stands: its text node, the offset of its first character, and its scope."""

    text: Text
    offset: int
    scope: Scope
    lets: tuple[str, ...] = ()

    def place(self, node: ast.Node) -> Place:
        """The place of a part of the expression."""
        here = self.text.place
        return replace(here, column=here.column + self.text.shift + self.offset + node.at)


class Resolver:
    """Proves expressions against the words of one mapping, and remembers what they use."""

    def __init__(self, words: Words, problems: list[Problem]) -> None:
        self.words = words
        self.problems = problems
        self.used: set[tuple[int, int]] = set()
        self.used_lets: set[str] = set()
        self.calls = Calls(self)

    def expression(self, text: Text, scope: Scope) -> Expression | None:
        """Prove an expression, with or without its leading `=`; None where it cannot be proved."""
        offset = len(text.text) - len(text.text.lstrip("=").lstrip()) if text.text.startswith("=") else 0
        at = At(text, offset, scope)
        try:
            return Expression(self.parsed(at), text.place, text.text)
        except Unproved:
            return None

    def condition(self, text: Text, scope: Scope) -> Expression | None:
        """Prove the expression of a `$if`."""
        found = self.expression(text, scope)
        if found is None:
            return None
        try:
            body = self.as_test(found.body, At(text, 0, scope), ast.Empty(0))
        except Unproved:
            return None
        return Expression(body, found.place, found.text)

    def parsed(self, at: At) -> Typed:
        """The proved tree of the text at a place."""
        source = at.text.text[at.offset :]
        try:
            tree = ast.parse(source)
        except Refused as refused:
            found = refused.problems[0]
            column = ast.Empty(found.place.column - 1)
            raise self.stop(at, column, MAPPING_SYNTAX_EXPRESSION, **found.details) from None
        return self.prove(tree, at)

    def stop(self, at: At, node: ast.Node, kind: Kind, **details: Any) -> Unproved:
        """Tell a problem and give the exception that ends this proof."""
        self.problems.append(problem(kind, place=at.place(node), **details))
        return Unproved()

    def prove(self, node: ast.Node, at: At) -> Typed:
        """Prove one part."""
        match node:
            case ast.Literal(value=value, kind=kind):
                return self.literal(value, kind)
            case ast.Name() | ast.Member():
                return self.named(node, at)
            case ast.Variable(name=name):
                return self.variable(name, node, at)
            case ast.Call():
                return self.calls.prove(node, at)
            case ast.Binary():
                return self.binary(node, at)
            case ast.Empty():
                return Const("text", "")
        raise self.stop(
            at, node, MAPPING_OPERATOR, reason="$this and [ ] are not part of the language", do="Use a name."
        )

    def literal(self, value: str | int | bool, kind: str) -> Const:
        """A constant, with `{base}` filled in."""
        if kind == "boolean":
            return Const("boolean", "true" if value else "false")
        text = str(value).replace("{base}", self.words.base) if kind == "string" else str(value)
        return Const("text" if kind == "string" else kind, text)

    def variable(self, name: str, node: ast.Node, at: At) -> Typed:
        """What a `%name` stands for, in the scope where it is used."""
        found = self.words.lets.get(name)
        if found is None:
            hint = near(name, self.words.lets)
            raise self.stop(at, node, MAPPING_VARIABLE, name=name, near=hint)
        if name in at.lets:
            raise self.stop(at, node, MAPPING_LOOP, name=name)
        self.used_lets.add(name)
        offset = len(found.text) - len(found.text.lstrip("=").lstrip())
        return self.parsed(At(found, offset, at.scope, (*at.lets, name)))

    def named(self, node: ast.Name | ast.Member, at: At) -> Typed:
        """A field, by its bare name or through a record; or a value of the file, the settings or the run."""
        if isinstance(node, ast.Member) and isinstance(node.base, ast.Name):
            outside = self.outside(node.base.name, node, at)
            if outside is not None:
                return outside
        if isinstance(node, ast.Name):
            return self.field(self.words.records[at.scope[-1]], node.name, (), node, at)
        owner, through, record = self.record(node.base, at)
        return self.field(record, node.name, through, node, at, owner)

    def outside(self, where: str, node: ast.Member, at: At) -> Outside | None:
        """`file.x`, `given.x`, `run.x`, where no record has that name."""
        known: dict[str, tuple[Kind, tuple[str, ...]]] = {
            "file": (MAPPING_CONTEXT, self.words.context),
            "given": (MAPPING_GIVEN, self.words.given),
            "run": (MAPPING_RUN, ("received",)),
        }
        if where not in known or self.words.record(where):
            return None
        kind, names = known[where]
        if node.name not in names:
            raise self.stop(at, node, kind, name=node.name, near=near(node.name, names))
        return Outside("date" if where == "run" else "text", where, node.name)

    def record(self, node: ast.Node | None, at: At) -> tuple[int, tuple[int, ...], Record]:
        """The record a name leads to: the enclosing one in scope, the slots below it, and the record
        itself.
        """
        match node:
            case ast.Name(name="parent"):
                return self.parent(self.words.records[at.scope[-1]], node, at)
            case ast.Member(base=base, name="parent"):
                return self.parent(self.record(base, at)[2], node, at)
            case ast.Name(name=name) | ast.Member(name=name):
                found = self.words.record(name)
                way = self.words.way(at.scope, found.number) if found else None
                if found and way:
                    slots = tuple(self.words.records[number].slot for number in way[1])
                    return way[0], slots, found
                known = [each.name for each in self.words.records]
                here = self.words.records[at.scope[-1]].name
                raise self.stop(
                    at,
                    node,
                    MAPPING_FIELD,
                    record=here,
                    name=name,
                    near=near(name, known),
                    known=listed(known),
                )
        where = node or ast.Empty(0)
        raise self.stop(
            at, where, MAPPING_OPERATOR, reason="A field is named by its record", do="Write record.field."
        )

    def parent(self, record: Record, node: ast.Node, at: At) -> tuple[int, tuple[int, ...], Record]:
        """The record that encloses another."""
        if record.parent < 0:
            raise self.stop(
                at,
                node,
                MAPPING_RECORDS,
                reason=f"{record.name} lies within no record",
                do="Name the field alone.",
            )
        return record.parent, (), self.words.records[record.parent]

    def field(
        self, record: Record, name: str, through: tuple[int, ...], node: ast.Node, at: At, owner: int = -1
    ) -> Cell:
        """The cell of a field."""
        fields = record.shape.fields
        index = next((i for i, each in enumerate(fields) if each.name == name), None)
        if index is None:
            raise self.unknown_field(record, name, node, at)
        chain = self.words.chain(record.number)
        if through and any(self.words.records[n].shape.most != 1 for n in chain[-len(through) :]):
            raise self.stop(
                at,
                node,
                MAPPING_RECORDS,
                reason=f"There can be many {record.name} here",
                do=f"Use $for: {record.name}, or say max: 1 where only one can be.",
            )
        self.used.add((record.number, index))
        start = owner if owner >= 0 else record.number
        shown = name if record.number == at.scope[-1] else f"{record.name}.{name}"
        return Cell("text", start, index, through, shown, fields[index].paths[0])

    def unknown_field(self, record: Record, name: str, node: ast.Node, at: At) -> Unproved:
        """The problem of a field that is not there, with where it may be meant."""
        known = [each.name for each in record.shape.fields]
        hint = ""
        for number in reversed(at.scope[:-1]):
            other = self.words.records[number]
            if any(each.name == name for each in other.shape.fields):
                hint = f"Did you mean {other.name}.{name}? "
                break
        hint = hint or near(name, known)
        return self.stop(
            at, node, MAPPING_FIELD, record=record.name, name=name, near=hint, known=listed(known)
        )

    def kids(self, node: ast.Node | None, at: At, kind: str) -> Kids | None:
        """The records a name leads to, if it names records below one in scope and no field."""
        if not isinstance(node, ast.Name):
            return None
        here = self.words.records[at.scope[-1]]
        found = self.words.record(node.name)
        if not found or any(each.name == node.name for each in here.shape.fields):
            return None
        way = self.words.way(at.scope, found.number)
        if not way or not way[1]:
            return None
        slots = tuple(self.words.records[number].slot for number in way[1])
        return Kids(kind, way[0], slots[-1], slots[:-1], found.name)

    def binary(self, node: ast.Binary, at: At) -> Typed:
        """Prove an operator."""
        if node.op in ("and", "or"):
            left = self.as_test(self.prove(node.left, at), at, node.left)
            right = self.as_test(self.prove(node.right, at), at, node.right)
            return Logic("test", node.op, (left, right))
        if node.op in ("&", "+"):
            parts = (self.prove(node.left, at), self.prove(node.right, at))
            if node.op == "+" and all(part.type in NUMERIC for part in parts):
                do = "Texts are joined with &; there are percent() and plusYears()."
                raise self.stop(at, node, MAPPING_OPERATOR, reason="Numbers are not reckoned with", do=do)
            for part, where in zip(parts, (node.left, node.right), strict=True):
                self.need(
                    part, (*TEXTUAL, *NUMERIC), at, where, "& joins texts", "Convert it with .string()."
                )
            return Concat("text", _flat(parts, node.op == "+"), node.op == "+")
        if node.op in ("=", "!=", *_ORDER):
            return self.compare(node, at)
        if node.op == "in":
            return self.among(node, at)
        raise self.stop(
            at,
            node,
            MAPPING_OPERATOR,
            reason=f"The operator {node.op} is not part of the language",
            do="There are & + = != < <= > >= in and or.",
        )

    def compare(self, node: ast.Binary, at: At) -> Typed:
        """Prove a comparison: both sides are numbers, or texts, or flags."""
        left, right = self.prove(node.left, at), self.prove(node.right, at)
        if "test" in (left.type, right.type):
            return self.compare_tests(node, left, right, at)
        numbers = left.type in NUMERIC and right.type in NUMERIC
        dates = left.type == right.type == "date"
        texts = {left.type, right.type} <= {*TEXTUAL, "boolean"}
        if numbers or (dates if node.op in _ORDER else texts):
            return Compare("test", node.op, left, right, "number" if numbers else "text")
        raise self.stop(
            at,
            node,
            MAPPING_OPERATOR,
            reason=f"{left.type} {node.op} {right.type} compares two kinds of value",
            do="Convert one side, with .integer(), .decimal() or .date(), so that both are of one kind.",
        )

    def compare_tests(self, node: ast.Binary, left: Typed, right: Typed, at: At) -> Typed:
        """`test = true`, `test != false` and their like."""
        test, other = (left, right) if left.type == "test" else (right, left)
        if not isinstance(other, Const) or other.type != "boolean" or node.op not in ("=", "!="):
            raise self.stop(
                at,
                node,
                MAPPING_OPERATOR,
                reason="A test is compared",
                do="Use and, or and not() with tests.",
            )
        same = (other.text == "true") == (node.op == "=")
        return test if same else Logic("test", "not", (test,))

    def among(self, node: ast.Binary, at: At) -> Typed:
        """`x in ('a' | 'b')`: whether a value is one of several."""
        left = self.prove(node.left, at)
        found: Typed | None = None
        for choice in _union(node.right):
            one = self.compare(ast.Binary(node.at, "=", node.left, choice), at)
            found = one if found is None else Logic("test", "or", (found, one))
        return found or Filled("test", left)

    def as_test(self, found: Typed, at: At, node: ast.Node) -> Typed:
        """A value used as a condition."""
        if found.type == "test":
            return found
        if found.type == "boolean":
            return Asked("test", found)
        do = "Compare it, or ask .exists()."
        raise self.stop(at, node, MAPPING_TEST, given=f"a {found.type}", do=do)

    def need(
        self, found: Typed, types: tuple[str, ...], at: At, node: ast.Node, reason: str, do: str
    ) -> None:
        """Refuse a value that is not of one of `types`."""
        if found.type not in types:
            raise self.stop(at, node, MAPPING_OPERATOR, reason=f"{reason}, and this is a {found.type}", do=do)


def _flat(parts: tuple[Typed, ...], strict: bool) -> tuple[Typed, ...]:
    """Parts of a chain of the same operator, in one row."""
    found: list[Typed] = []
    for part in parts:
        same = isinstance(part, Concat) and part.strict == strict
        found.extend(part.parts if same and isinstance(part, Concat) else (part,))
    return tuple(found)


def _union(node: ast.Node) -> list[ast.Node]:
    if isinstance(node, ast.Binary) and node.op == "|":
        return [*_union(node.left), *_union(node.right)]
    return [node]


Prove = Callable[[ast.Node, At], Typed]
