"""Where an expression looks in a resource: its tree resolved against R4 into paths of plain steps.

Every element, list and choice of type is known from the facts before a resource is seen, so what is left
for run time is `dict.get` and loops. One path has one type: `Observation.value` gives a path for each type it
may have, and whoever takes the value knows which one it was.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gateway.fhir import facts
from gateway.fhir.expression import Binary, Call, Empty, Index, Literal, Member, Name, Node, This, parse
from gateway.fhir.path_code import Child, Made, Path, Pick, Where, listed, single_path_function
from gateway.problems import Place, Refused, refuse
from gateway.problems.paths import PATHS_ELEMENT, PATHS_NOT_SUPPORTED, PATHS_TYPE

_TRUTHS = {"and", "or", "=", "!=", "is"}
_QUESTIONS = {"exists", "empty", "not", "hasValue"}


class Found(NamedTuple):
    """One value of a resource and the name of its FHIR type."""

    value: Any
    type: str


def compiled(expression: str | Node, structure: str) -> Callable[[dict[str, Any]], list[Found]]:
    """Return a function that gives the values of `expression` in one resource, each with its type.

    Args:
        expression: FHIRPath as R4's search parameters use it.
        structure: the resource or data type that it is about.

    Raises:
        Refused: `expression.syntax`, `paths.unknown-element`, `paths.never-that-type`, `paths.not-supported`.
    """
    tree = parse(expression) if isinstance(expression, str) else expression
    reader = PathReader(structure)
    return single_path_function(reader.paths(tree), reader.tests, Found)


@dataclass(frozen=True, slots=True)
class _Focus:
    """Where a part of an expression starts: the paths so far, and whether that is the resource itself."""

    paths: tuple[Path, ...]
    top: bool = False


class PathReader:
    """Resolves expressions about one structure; `tests` gathers the conditions they need, each once.

    A test is Python source over `it` (the value tested) and `root` (the resource); of the expression's text
    only names and constants enter it, through `repr`.
    """

    def __init__(self, structure: str) -> None:
        self.structure = structure
        self.tests: dict[str, str] = {}
        self._start = _Focus((Path((), structure, structure),), top=True)

    def paths(self, tree: Node) -> tuple[Path, ...]:
        """The paths of a tree; one for each type that a choice may have.

        Raises:
            Refused: `paths.unknown-element`, `paths.never-that-type`, `paths.not-supported`.
        """
        return self._paths(tree, self._start)

    def _paths(self, node: Node, focus: _Focus) -> tuple[Path, ...]:
        match node:
            case Name(name=name) if focus.top and facts.is_a(self.structure, name):
                return focus.paths
            case Name(name=name):
                return self._children(focus.paths, name, node)
            case This():
                return focus.paths
            case Member(base=base, name=name):
                return self._children(self._paths(base, focus), name, node)
            case Index(base=base, index=Literal(value=int(at), kind="integer")):
                return _stepped(self._paths(base, focus), Pick(at))
            case Binary(op="|", left=left, right=right):
                return self._paths(left, focus) + self._paths(right, focus)
            case Binary(op="as", left=left, right=right):
                return self._of_type(self._paths(left, focus), right)
            case Binary(op=op) if op in _TRUTHS:
                return (self._truth(node, focus),)
            case Call():
                return self._called(node, focus)
        raise _unsupported(node)

    def _called(self, node: Call, focus: _Focus) -> tuple[Path, ...]:
        if node.name in _QUESTIONS:
            return (self._truth(node, focus),)
        base = focus.paths if node.base is None else self._paths(node.base, focus)
        match node.name, node.args:
            case "where", (condition,):
                return tuple(self._filtered(path, condition) for path in base)
            case (("as" | "ofType"), (type_name,)):
                return self._of_type(base, type_name)
            case "first", ():
                return _stepped(base, Pick(0))
            case "extension", (Literal(value=str(url)),):
                test = self._test(f"it.get('url') == {url!r}")
                return tuple(path.extended(test) for path in base)
        raise _unsupported(node)

    def _truth(self, node: Node, focus: _Focus) -> Path:
        """The path of a value that is worked out: true or false."""
        if len(focus.paths) != 1:
            raise _unsupported(node)
        made = Made(self._test(self._condition(node, focus.top, focus.paths[0])))
        return Path((*focus.paths[0].steps, made), "boolean", "")

    def _filtered(self, path: Path, condition: Node) -> Path:
        test = self._test(self._condition(condition, False, path))
        return path.then(Where(test), path.type, path.inside, path.value_set)

    def _test(self, source: str) -> str:
        return self.tests.setdefault(source, f"test{len(self.tests)}")

    def _children(self, bases: tuple[Path, ...], name: str, node: Node) -> tuple[Path, ...]:
        found: list[Path] = []
        for base in bases:
            element = _element(base, name)
            if element is None:
                continue
            for kind in element.types or ("",):
                chosen = f"{name}{kind[0].upper()}{kind[1:]}" if element.choice else name
                one = facts.element(base.inside, chosen) if element.choice else element
                required = one.value_set if one.strength == "required" and kind == "code" else ""
                found.append(base.then(Child(chosen, one.many), kind or one.inside, one.inside, required))
        if not found:
            place, structure = Place(column=node.at + 1), bases[0].inside or bases[0].type
            raise refuse(PATHS_ELEMENT, place=place, structure=structure, name=name)
        return tuple(found)

    def _of_type(self, bases: tuple[Path, ...], named: Node) -> tuple[Path, ...]:
        wanted = _type_name(named)
        found = []
        for path in bases:
            if facts.is_a(path.type, wanted):
                found.append(path)
            elif path.type == "Resource":
                test = self._test(f"it.get('resourceType') == {wanted!r}")
                found.append(path.then(Where(test), wanted, wanted))
        if not found:
            raise refuse(PATHS_TYPE, place=Place(column=named.at + 1), name=wanted)
        return tuple(found)

    def _condition(self, node: Node, top: bool, path: Path) -> str:
        """Python source of a truth about `it`, a value at `path`."""
        focus = _Focus((Path((), path.type, path.inside),), top)
        match node:
            case Literal(value=bool(value)):
                return repr(value)
            case Binary(op="and" | "or" as op, left=left, right=right):
                return f"({self._condition(left, top, path)} {op} {self._condition(right, top, path)})"
            case Binary(op="=", left=left, right=right):
                return f"same({self._list(left, focus)}, {self._list(right, focus)})"
            case Binary(op="!=", left=left, right=right):
                return f"differ({self._list(left, focus)}, {self._list(right, focus)})"
            case Binary(op="is", left=Call(base=base, name="resolve", args=()), right=right):
                sources = self._list(base, focus) if base is not None else "(it,)"
                return f"any(points(each, {_type_name(right)!r}, root) for each in {sources})"
            case Binary(op="is", left=left, right=right):
                return self._is(left, right, focus)
            case Call(name="not", base=Node() as base, args=()):
                return f"not {self._condition(base, top, path)}"
            case Call(name=name, base=base, args=()) if name in _QUESTIONS and name != "not":
                found = self._list(base if base is not None else This(node.at), focus)
                return f"{'not ' if name == 'empty' else ''}bool({found})"
            case Call(name="exists", base=Node() as base, args=(inner,)):
                return f"bool({self._list(Call(node.at, base, 'where', (inner,)), focus)})"
        return f"({self._list(node, focus)} == [True])"

    def _is(self, left: Node, right: Node, focus: _Focus) -> str:
        try:
            paths = self._of_type(self._paths(left, focus), right)
        except Refused as refused:
            if refused.problems[0].kind != PATHS_TYPE:
                raise
            return "False"
        return f"bool({listed(paths)})"

    def _list(self, node: Node, focus: _Focus) -> str:
        """Python source of the list of values of `node`, seen from `it`."""
        match node:
            case Literal(value=value, kind=kind):
                return f"[{float(value) if kind == 'decimal' else value!r}]"
            case Empty():
                return "[]"
        return listed(self._paths(node, focus))


def _element(base: Path, name: str) -> facts.Element | None:
    """The element `name` at `base`, also `valueQuantity` for a choice already made; None if there is none."""
    inside = base.inside or (base.type if facts.is_a(base.type, "Resource") else "")
    try:
        element = facts.element(inside, name)
    except KeyError:
        return None
    return replace(element, choice="") if element.choice and element.name == name else element


def _stepped(bases: tuple[Path, ...], step: Pick) -> tuple[Path, ...]:
    return tuple(path.then(step, path.type, path.inside, path.value_set) for path in bases)


def _type_name(node: Node) -> str:
    match node:
        case Name(name=name) | Member(base=Name(), name=name):
            return name
    raise _unsupported(node)


def _unsupported(node: Node) -> Refused:
    match node:
        case Call(name=name):
            what = f"{name}()"
        case Binary(op=op):
            what = op
        case _:
            what = type(node).__name__.lower()
    return refuse(PATHS_NOT_SUPPORTED, place=Place(column=node.at + 1), name=what)
