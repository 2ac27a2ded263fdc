"""What a proved mapping is made of: rules, and bodies in which every leaf is a constant or an expression.

The compiler and `explain` read the same plan; `tests/unit/mapping` holds their answers equal.
"""

from dataclasses import dataclass

from gateway.mapping.typed import Expression
from gateway.problems import Place


@dataclass(frozen=True, slots=True)
class Fixed:
    """A constant, as compact JSON."""

    json: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """An expression that gives one value (or, with form "texts", several items of a list).

    `form`: "text" (a JSON string), "bare" (a number or a flag), "json" (already JSON) or "texts".
    """

    value: Expression
    form: str
    path: str


@dataclass(frozen=True, slots=True)
class Member:
    """One element of an object; `required` if R4 asks for it."""

    name: str
    node: "Node"
    path: str
    required: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Object:
    """An object: there only if `guard` holds and some element that is not a constant is there.

    `rivals`: the names of elements of which only one may be there (`valueInteger`, `valueString`).
    `root`: a resource, which is there with constants alone.
    `stays`: it is there with constants alone too (the `meta` of a resource).
    """

    members: tuple[Member, ...]
    guard: Expression | None
    rivals: tuple[tuple[str, ...], ...]
    path: str
    place: Place
    root: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Each:
    """An item of a list for each row of the records `enter`, the outer before the inner."""

    enter: tuple[int, ...]
    node: "Node"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: there only if some item is."""

    items: tuple["Node | Each", ...]
    path: str


Node = Fixed | Leaf | Object | Listing


@dataclass(frozen=True, slots=True)
class Rule:
    """What is made of each row of a record.

    Attributes:
        name: stable name, part of every id it makes.
        type: the resource type.
        enter: the records from the top down to its own, the top left out.
        keys: what finds one of its resources.
        guard: its `$if`.
        drops: whether a fault loses only the resource (`$onError: drop-resource`).
        body: the resource, without resourceType and id.
        place: in the mapping file.
    """

    name: str
    type: str
    enter: tuple[int, ...]
    keys: tuple[Expression, ...]
    guard: Expression | None
    drops: bool
    body: Object
    place: Place
