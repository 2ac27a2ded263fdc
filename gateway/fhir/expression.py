"""One closed subset of FHIRPath, parsed once: the mapping language and the search indexer both use it.

Kept: literals, names, `%variables`, `$this`, paths, indexers, function calls, `is`, `as`, the operators
`| & + - * / = != < <= > >= and or xor in`. Left out: everything that reads a clock, a terminology server
or another resource, and user functions. What a name or a function *means* is decided by who compiles the
tree (`gateway.fhir.paths` over a resource, `gateway.mapping.compile` over a row).

Source: HL7 FHIRPath 2.0.0, https://hl7.org/fhirpath/N1/ (grammar and precedence).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.problems import Place, refuse
from gateway.problems.expression import EXPRESSION_SYNTAX

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<date>@[0-9T:.+\-Z]+)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<variable>%(?:\w+|`[^`]+`))
    | (?P<special>\$\w+)
    | (?P<quoted>`[^`]+`)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<op><=|>=|!=|[-+*/&|=<>().,\[\]{}])
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}

#: Operators from the loosest to the tightest; `is` and `as` stand between `&` and `|`.
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/"),
)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression; `at` is its offset in the text, for carets."""

    at: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant: `str`, `int` or `bool`; a number with a point and a date keep their text (`kind` tells)."""

    value: str | int | bool
    kind: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A bare name: an element, a field, or a type, as the compiler decides."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """`%name`."""

    name: str


@dataclass(frozen=True, slots=True)
class This(Node):
    """`$this`."""


@dataclass(frozen=True, slots=True)
class Empty(Node):
    """`{}`: nothing."""


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`base.name`."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`base.name(args)`, or `name(args)` where `base` is None."""

    base: Node | None
    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`base[index]`."""

    base: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`left op right`; for `is` and `as` the right side is a `Name` or `Member` that names a type."""

    op: str
    left: Node
    right: Node


def parse(text: str) -> Node:
    """Return the tree of `text`.

    Raises:
        Refused: `expression.syntax`, with the offset in `place.column` (1 for the first character).
    """
    return _Parser(text).whole()


def walk(node: Node) -> Iterator[Node]:
    """Every node of a tree, the outer before the inner."""
    yield node
    match node:
        case Member(base=base):
            yield from walk(base)
        case Call(base=owner, args=args):
            if owner is not None:
                yield from walk(owner)
            for arg in args:
                yield from walk(arg)
        case Index(base=base, index=index):
            yield from walk(base)
            yield from walk(index)
        case Binary(left=left, right=right):
            yield from walk(left)
            yield from walk(right)


class _Parser:
    """Precedence climbing over a list of tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if not found:
                raise _syntax(text[at:].lstrip()[:12], at + len(text[at:]) - len(text[at:].lstrip()))
            kind = str(found.lastgroup)
            self.tokens.append((kind, found.group(kind), found.start(kind)))
            at = found.end()
        self.tokens.append(("end", "", end))
        self.next = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.binary(0)
        if self.peek()[0] != "end":
            raise self.surprise()
        return node

    def peek(self) -> tuple[str, str, int]:
        return self.tokens[self.next]

    def take(self) -> tuple[str, str, int]:
        token = self.tokens[self.next]
        self.next += 1
        return token

    def accept(self, *ops: str) -> tuple[str, str, int] | None:
        kind, text, _ = self.peek()
        return self.take() if kind in ("op", "name") and text in ops else None

    def expect(self, op: str) -> None:
        if not self.accept(op):
            raise self.surprise()

    def surprise(self) -> Exception:
        _, text, at = self.peek()
        return _syntax(text, at)

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while token := self.accept(*_LEVELS[level]):
            left = Binary(token[2], token[1], left, self.binary(level + 1))
        return left

    def unary(self) -> Node:
        if token := self.accept("-"):
            return Binary(token[2], "-", Literal(token[2], 0, "integer"), self.postfix())
        return self.postfix()

    def postfix(self) -> Node:
        self.depth += 1
        if self.depth > 40:
            raise self.surprise()
        node = self.term()
        while True:
            if token := self.accept("."):
                kind, text, at = self.take()
                if kind not in ("name", "quoted"):
                    self.next -= 1
                    raise self.surprise()
                called = kind == "name" and self.accept("(")
                node = Call(at, node, text, self.arguments()) if called else Member(at, node, text.strip("`"))
            elif token := self.accept("["):
                node = Index(token[2], node, self.binary(0))
                self.expect("]")
            else:
                self.depth -= 1
                return node

    def arguments(self) -> tuple[Node, ...]:
        args: list[Node] = []
        if self.accept(")"):
            return ()
        while True:
            args.append(self.binary(0))
            if self.accept(")"):
                return tuple(args)
            self.expect(",")

    def term(self) -> Node:
        kind, text, at = self.take()
        match kind, text:
            case "string", _:
                return Literal(at, _unescape(text[1:-1]), "string")
            case "number", _:
                return Literal(at, text, "decimal") if "." in text else Literal(at, int(text), "integer")
            case "date", _:
                return Literal(at, text[1:], "date")
            case "variable", _:
                return Variable(at, text[1:].strip("`"))
            case "special", "$this":
                return This(at)
            case "quoted", _:
                return Name(at, text.strip("`"))
            case "name", "true" | "false":
                return Literal(at, text == "true", "boolean")
            case "name", _:
                return Call(at, None, text, self.arguments()) if self.accept("(") else Name(at, text)
            case "op", "(":
                node = self.binary(0)
                self.expect(")")
                return node
            case "op", "{":
                self.expect("}")
                return Empty(at)
        self.next -= 1
        raise self.surprise()


def _unescape(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        what = found.group(1)
        return chr(int(what[1:], 16)) if len(what) == 5 else _ESCAPED.get(what, what)

    return _ESCAPE.sub(one, text)


def _syntax(found: str, at: int) -> Exception:
    return refuse(EXPRESSION_SYNTAX, place=Place(column=at + 1), found=found or "the end")
