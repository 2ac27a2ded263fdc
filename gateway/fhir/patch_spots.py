"""Where in a resource an expression points: not only the values, but the places they hang at.

The search indexer needs values (`gateway.fhir.paths`); a patch needs to know what to take out or put in, also
for primitives and for a choice whose type is known only from the resource.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from gateway.fhir import facts
from gateway.fhir.expression import Binary, Call, Index, Literal, Member, Name, Node, This, walk
from gateway.fhir.paths import Found, compiled
from gateway.fhir.trail import plain
from gateway.problems import Place, Refused, refuse
from gateway.problems.paths import PATHS_ELEMENT, PATHS_NOT_SUPPORTED, PATHS_TYPE

_ANY = "Resource"


@dataclass(frozen=True, slots=True)
class Spot:
    """One element of a resource and the place it hangs at.

    Attributes:
        value: of the element; None for a primitive that has nothing but what stands beside it.
        structure: has the element's own elements; "Element" for a primitive.
        owner: the object that the element belongs to; None for the resource itself.
        within: the structure of the owner.
        key: the element's name in the owner.
        at: its index where the owner has a list; -1 where it has one value.
        type: the element's type; for the resource, the name of its type.
    """

    value: Any
    structure: str
    owner: dict[str, Any] | None = None
    within: str = ""
    key: str = ""
    at: int = -1
    type: str = ""


def whole(resource: dict[str, Any]) -> Spot:
    """The resource itself as a spot."""
    kind = str(resource.get("resourceType"))
    return Spot(resource, kind, type=kind)


def spots(tree: Node, root: Spot) -> list[Spot]:
    """The spots of an expression in a resource, in order.

    A name that R4 does not have is refused also where the resource has nothing for it to be looked up in.

    Raises:
        Refused: `paths.unknown-element`, `paths.never-that-type`, `paths.not-supported`, and those of
            `gateway.fhir.paths` for the condition of a `where()`.
    """
    return _focus(tree, root).spots


@dataclass(frozen=True, slots=True)
class _Focus:
    """What a part of an expression points at, and the types it could have with their structures."""

    spots: list[Spot]
    kinds: frozenset[tuple[str, str]]


def _focus(tree: Node, root: Spot) -> _Focus:
    start = _Focus([root], frozenset([(root.type, root.structure)]))
    match tree:
        case Name(name=name) if facts.is_a(root.structure, name):
            return start
        case Name(name=name):
            return _children(start, name, tree)
        case Member(base=base, name=name):
            return _children(_focus(base, root), name, tree)
        case Index(base=base, index=Literal(value=int(at), kind="integer")):
            found = _focus(base, root)
            return replace(found, spots=found.spots[at : at + 1])
        case Binary(op="as", left=left, right=Name(name=name)):
            return _of_type(_focus(left, root), name, tree)
        case Call(base=Node() as base, name=name, args=args) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_focus(base, root), args, tree)
    raise _unsupported(tree)


def _children(focus: _Focus, name: str, node: Node) -> _Focus:
    """The elements of one name inside all spots of a focus."""
    elements = [each for _, structure in focus.kinds for each in _named(structure, name)]
    if not elements and (_ANY, "") not in focus.kinds:
        structure = ", ".join(sorted(structure for _, structure in focus.kinds))
        raise refuse(PATHS_ELEMENT, place=Place(column=node.at + 1), structure=structure, name=plain(name))
    kinds = frozenset((each.types[0] if each.types else "", _inside(each, None)) for each in elements)
    found: list[Spot] = []
    for spot in focus.spots:
        if (owner := own(spot)) is not None:
            for element in _named(spot.structure, name):
                found += _hanging(owner, spot.structure, element)
    return _Focus(found, kinds or focus.kinds)


def own(spot: Spot, *, make: bool = False) -> dict[str, Any] | None:
    """The object that holds a spot's own elements: for a primitive, what stands beside it.

    Args:
        spot: somewhere in a resource.
        make: put an object beside a primitive that has none.
    """
    if isinstance(spot.value, dict):
        return spot.value
    if spot.owner is None:
        return None
    beside = spot.owner.get(f"_{spot.key}")
    if spot.at < 0:
        found = spot.owner.setdefault(f"_{spot.key}", {}) if make else beside
    else:
        found = item(beside, spot.at)
        if make and found is None:
            values = items(spot.owner.get(spot.key))
            extras = [*items(beside), *[None] * (max(len(values), spot.at + 1) - len(items(beside)))]
            found = extras[spot.at] = {}
            spot.owner[f"_{spot.key}"] = extras
    return found if isinstance(found, dict) else None


def items(value: Any) -> list[Any]:
    """The value, if it is a list; else an empty one."""
    return value if isinstance(value, list) else []


def item(value: Any, at: int) -> Any:
    """The item of a list at an index, or None."""
    listed = items(value)
    return listed[at] if at < len(listed) else None


def _named(structure: str, name: str) -> list[facts.Element]:
    """The elements that a name may mean: one, or a choice once for each type."""
    try:
        known = facts.members(structure)
    except KeyError:
        return []
    if name in known:
        return [known[name]]
    return [element for element in known.values() if element.choice == name]


def _hanging(owner: dict[str, Any], within: str, element: facts.Element) -> Iterator[Spot]:
    """The spots of one element in the object that it belongs to."""
    key, type_ = element.name, element.types[0] if element.types else ""
    value = owner.get(key)
    beside = owner.get(f"_{key}") if type_ in facts.primitive_types() else None
    if not element.many:
        if value is not None or beside is not None:
            yield Spot(value, _inside(element, value), owner, within, key, -1, type_)
        return
    for at in range(max(len(items(value)), len(items(beside)))):
        one = item(value, at)
        yield Spot(one, _inside(element, one), owner, within, key, at, type_)


def _inside(element: facts.Element, value: Any) -> str:
    """The structure of an element's own elements; "" for a resource that is not known."""
    if element.types and element.types[0] in facts.primitive_types():
        return "Element"
    if element.types == (_ANY,):
        return str(value.get("resourceType")) if isinstance(value, dict) else ""
    return element.inside


def _of_type(focus: _Focus, name: str, node: Node) -> _Focus:
    kinds = {kind for kind in focus.kinds if facts.is_a(kind[0], name) or kind[1] == name}
    if (_ANY, "") in focus.kinds and facts.is_resource(name):
        kinds.add((name, name))
    if not kinds:
        raise refuse(PATHS_TYPE, place=Place(column=node.at + 1), name=plain(name))
    found = [spot for spot in focus.spots if facts.is_a(spot.type, name) or spot.structure == name]
    return _Focus(found, frozenset(kinds))


def _typed(focus: _Focus, args: tuple[Node, ...], call: Call) -> _Focus:
    match args:
        case (Name(name=name) | Member(name=name),):
            return _of_type(focus, name, call)
    raise _unsupported(call)


def _where(focus: _Focus, args: tuple[Node, ...], call: Call) -> _Focus:
    if len(args) != 1:
        raise _unsupported(call)
    tests = {kind: _test(args[0], kind, call) for kind in focus.kinds if kind != (_ANY, "")}
    kept = []
    for spot in focus.spots:
        kind = spot.type, spot.structure
        if kind not in tests:
            tests[kind] = _test(args[0], kind, call)
        if spot.value is not None and any(each.value is True for each in tests[kind](spot.value)):
            kept.append(spot)
    return replace(focus, spots=kept)


def _test(condition: Node, kind: tuple[str, str], call: Call) -> Callable[[Any], list[Found]]:
    """The condition over values of one kind; over a primitive it can look at nothing but the value itself."""
    type_, structure = kind
    if structure != "Element":
        return compiled(condition, structure)
    if not all(isinstance(each, Binary | Literal | This) for each in walk(condition)):
        raise _unsupported(call)
    return compiled(condition, type_)


def _extension(focus: _Focus, args: tuple[Node, ...], call: Call) -> _Focus:
    match args:
        case (Literal(value=str(url), kind="string"),):
            inner = _children(focus, "extension", call)
            return replace(inner, spots=[each for each in inner.spots if each.value.get("url") == url])
    raise _unsupported(call)


def _first(focus: _Focus, args: tuple[Node, ...], call: Call) -> _Focus:
    return replace(focus, spots=focus.spots[:1])


def _last(focus: _Focus, args: tuple[Node, ...], call: Call) -> _Focus:
    return replace(focus, spots=focus.spots[-1:])


def _as_is(focus: _Focus, args: tuple[Node, ...], call: Call) -> _Focus:
    return focus


_FUNCTIONS: dict[str, Callable[[_Focus, tuple[Node, ...], Call], _Focus]] = {
    "where": _where,
    "as": _typed,
    "ofType": _typed,
    "extension": _extension,
    "first": _first,
    "last": _last,
    "single": _as_is,
}


def _unsupported(node: Node) -> Refused:
    name = f"{plain(node.name)}()" if isinstance(node, Call) else type(node).__name__.lower()
    return refuse(PATHS_NOT_SUPPORTED, place=Place(column=node.at + 1), name=name)
