"""Expressions as Python text: what the compiler writes for a value, and for a test being surely true or
surely false.

A test has FHIRPath's three values. It is written twice, once for "true" and once for "false"; what is
neither is unknown, and no third value has to be carried about.
"""

from collections.abc import Callable, Mapping

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
)

Outer = Mapping[tuple[str, str], str]
_PYTHON = {"=": "==", "!=": "!="}
_OPPOSITE = {"=": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Pool:
    """Names for the objects that generated code needs: converters and remembered parts."""

    def __init__(self) -> None:
        self.objects: dict[str, object] = {}
        self.names: dict[object, str] = {}
        self.count = 0
        self.held: dict[str, str] = {}

    def name(self, key: object, made: object) -> str:
        """The name of an object, made once for each key."""
        if key not in self.names:
            self.names[key] = f"k{len(self.names)}"
            self.objects[self.names[key]] = made
        return self.names[key]

    def hold(self, text: str) -> str:
        """A name to hold what `text` gives while it is looked at; always the same for the same text."""
        return self.held.setdefault(text, f"w{len(self.held)}")

    def fresh(self) -> str:
        """A name for a value on the way."""
        self.count += 1
        return f"t{self.count}"


class Speaker:
    """Writes expressions; `cell` says how a cell is named here, `link` how a reference is made, and `site`
    what is told with a doubtful value; `own` is the name of the id of the resource being made.
    """

    def __init__(
        self,
        pool: Pool,
        outer: Outer,
        cell: Callable[[Cell], str],
        link: Callable[[Link], str],
        site: Callable[[Apply], str],
    ) -> None:
        self.pool = pool
        self.outer = outer
        self.cell = cell
        self.link = link
        self.site = site
        self.own = ""

    def text(self, node: Typed) -> str:
        """Python for the value of an expression: a text, "" for nothing; a tuple for `texts`."""
        if node.type == "test":
            return f"('true' if {self.true(node)} else 'false' if {self.false(node)} else '')"
        match node:
            case Const(text=text):
                return repr(text)
            case Outside(where=where, name=name):
                return repr(self.outer.get((where, name), ""))
            case Cell():
                return self.cell(node)
            case OwnId():
                return self.own
            case Apply(of=of, convert=convert, label=label, doubts=doubts):
                made = f"{self.pool.name(('convert', label), convert)}[{self.text(of)}]"
                return self.watched(node, made) if doubts else made
            case Choose(test=test, yes=yes, no=no):
                return f"({self.text(yes)} if {self.true(test)} else {self.text(no)})"
            case FirstOf(parts=parts):
                return f"({' or '.join(self.text(part) for part in parts)})"
            case FirstText(of=of):
                return f"first({self.text(of)})"
            case Kids():
                return f"str(len({kids(node)}))"
            case Link():
                return self.link(node)
            case Concat():
                return self.concat(node)
        raise TypeError(type(node).__name__)

    def watched(self, node: Apply, made: str) -> str:
        """Python that gives a value and tells of it if it is doubtful."""
        held = self.pool.hold(made)
        return (
            f"({held} if ({held} := {made}).__class__ is not Doubtful else doubt({held}, {self.site(node)}))"
        )

    def concat(self, node: Concat) -> str:
        """Python for texts put together; every part is worked out, as it is where each has a line of its
        own.
        """
        parts = ", ".join(self.text(part) for part in node.parts)
        return f"glue({node.strict}, {says(node)!r}, ({parts},))"

    def true(self, node: Typed) -> str:
        """Python that is truthy if a test is surely true."""
        match node:
            case Filled(of=of):
                return self.text(of)
            case Kids():
                return kids(node)
            case Logic(op="not", parts=parts):
                return self.false(parts[0])
            case Logic(op=op, parts=parts):
                return f"({f' {op} '.join(self.true(part) for part in parts)})"
            case Compare():
                return self.compare(node, opposite=False)
            case Asked(of=of):
                return f"{self.text(of)} == 'true'"
            case Choose(test=test, yes=yes, no=no):
                return f"({self.true(yes)} if {self.true(test)} else {self.true(no)})"
            case FirstOf(parts=parts):
                return f"{self.flag(parts)} is True"
            case Const(text=text):
                return str(text == "true")
            case Apply(of=of, convert=convert, label=label):
                return f"{self.pool.name(('convert', label), convert)}[{self.text(of)}]"
        raise TypeError(type(node).__name__)

    def false(self, node: Typed) -> str:
        """Python that is truthy if a test is surely false."""
        match node:
            case Filled(of=of):
                return f"(not {self.text(of)})"
            case Kids():
                return f"(not {kids(node)})"
            case Logic(op="not", parts=parts):
                return self.true(parts[0])
            case Logic(op=op, parts=parts):
                other = "or" if op == "and" else "and"
                return f"({f' {other} '.join(self.false(part) for part in parts)})"
            case Compare():
                return self.compare(node, opposite=True)
            case Asked(of=of):
                return f"{self.text(of)} == 'false'"
            case Choose(test=test, yes=yes, no=no):
                return f"({self.false(yes)} if {self.true(test)} else {self.false(no)})"
            case FirstOf(parts=parts):
                return f"{self.flag(parts)} is False"
            case Const(text=text):
                return str(text == "false")
            case Apply():
                return f"{self.true(node)} is False"
        raise TypeError(type(node).__name__)

    def flag(self, parts: tuple[Typed, ...]) -> str:
        """Python for the first known of several tests."""
        known = (f"(True if {self.true(part)} else False if {self.false(part)} else None)" for part in parts)
        return f"known({', '.join(known)})"

    def compare(self, node: Compare, *, opposite: bool) -> str:
        """Python for a comparison, or for its opposite; of nothing, neither holds."""
        sides = [node.left, node.right]
        texts = [self.text(side) for side in sides]
        there = [
            text
            for side, text in zip(sides, texts, strict=True)
            if not (isinstance(side, Const) and side.text)
        ]
        if node.how == "number":
            texts = [
                repr(float(side.text)) if isinstance(side, Const) and side.text else f"float({text})"
                for side, text in zip(sides, texts, strict=True)
            ]
        op = _OPPOSITE[node.op] if opposite else _PYTHON.get(node.op, node.op)
        return f"({' and '.join([*there, f'{texts[0]} {op} {texts[1]}'])})"


def kids(node: Kids) -> str:
    """Python for the rows a `Kids` names."""
    return _down(f"r{node.record}", (*node.through, node.index), "()")


def cell_text(node: Cell) -> str:
    """Python that takes a cell from its row."""
    return _down(f"r{node.record}", (*node.through, node.index), "''")


def _down(row: str, steps: tuple[int, ...], otherwise: str) -> str:
    """Python for `row[a][0][b]…`, or `otherwise` where a record on the way is not there."""
    tests, at = [], row
    for step in steps[:-1]:
        tests.append(f"{at}[{step}]")
        at = f"{at}[{step}][0]"
    whole = f"{at}[{steps[-1]}]"
    return f"({whole} if {' and '.join(tests)} else {otherwise})" if tests else whole


def says(node: Concat) -> tuple[bool, ...]:
    """Which parts decide whether texts put together are there.

    With `+` all that are not constants; with `&` those of the record, or of the file where it has none of
    those.
    """
    dynamic = tuple(not isinstance(part, Const) for part in node.parts)
    own = tuple(not isinstance(part, Const | Outside | OwnId) for part in node.parts)
    return own if any(own) and not node.strict else dynamic


def glue(strict: bool, decide: tuple[bool, ...], parts: tuple[str, ...]) -> str:
    """Texts put together, or "" where those that decide are not there (`strict`: any of them, else all of
    them).
    """
    there = [bool(part) for part, counts in zip(parts, decide, strict=True) if counts]
    if there and not (all(there) if strict else any(there)):
        return ""
    return "".join(parts)
