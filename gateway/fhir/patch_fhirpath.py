"""FHIRPath Patch: a Parameters resource whose operations point at elements with FHIRPath.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import Any

from gateway.fhir.expression import Member, Name, Node, parse
from gateway.fhir.patch_entries import enter, insert, move, remove, replace
from gateway.fhir.patch_spots import Spot, spots, whole
from gateway.fhir.patch_value import copied, count
from gateway.fhir.validate import validate
from gateway.problems import Place, Problem, Refused, refuse
from gateway.problems.patch import PATCH_FORM, PATCH_MANY, PATCH_PATH

MOST_OPERATIONS = 1000
#: Each operation may look at every value of the resource, so a large one takes fewer operations.
_MOST_LOOKS = 1_000_000

#: What each type of operation must have besides its path.
_NEEDS: dict[str, tuple[str, ...]] = {
    "add": ("name", "value"),
    "insert": ("index", "value"),
    "delete": (),
    "replace": ("value",),
    "move": ("source", "destination"),
}
_KINDS = {"type": str, "path": str, "name": str, "index": int, "source": int, "destination": int}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its parts by name; the value is kept as the part that holds it."""

    tree: Node
    type: str
    name: str = ""
    value: dict[str, Any] | None = None
    index: int = 0
    source: int = 0
    destination: int = 0


def fhirpath_patch(resource: dict[str, Any], parameters: Any) -> dict[str, Any]:
    """Return what a FHIRPath Patch makes of a resource; the resource stays as it is.

    Raises:
        Refused: `patch.form`, `patch.path`, `patch.many`; what is wrong with the Parameters (`resource.…`) or
            with an expression (`expression.…`, `paths.…`).
    """
    if found := validate(parameters):
        raise Refused(*found)
    if parameters["resourceType"] != "Parameters":
        raise refuse(PATCH_FORM, subject="The patch", form="FHIRPath Patch", reason="it must be a Parameters")
    listed = parameters.get("parameter") or []
    most = min(MOST_OPERATIONS, max(1, _MOST_LOOKS // count(resource)))
    if len(listed) > most:
        raise refuse(PATCH_MANY, most=most)
    made: dict[str, Any] = copied(resource)
    for at, parameter in enumerate(listed):
        try:
            operation = _operation(parameter)
            _DO[operation.type](operation, whole(made))
        except Refused as refused:
            raise Refused(*(_numbered(each, at) for each in refused.problems)) from None
    return made


def _numbered(found: Problem, at: int) -> Problem:
    """The problem with the operation that it belongs to."""
    number = at + 1
    details = {"number": number, "subject": f"Operation {number} of the patch", **found.details}
    place = Place(path=f"Parameters.parameter[{at}]", column=found.place.column)
    return replaced(found, details=details, place=place)


def _operation(parameter: dict[str, Any]) -> Operation:
    if parameter["name"] != "operation":
        raise _wrong('each parameter is called "operation"')
    parts: dict[str, Any] = {}
    for part in parameter.get("part") or ():
        name = part["name"]
        if name in parts or (name != "value" and name not in _KINDS):
            raise _wrong(f"its parts are {', '.join(_KINDS)} and value, each at most once")
        parts[name] = part if name == "value" else _simple(name, part)
    type_, path = parts.get("type"), parts.pop("path", None)
    if type_ not in _NEEDS or path is None:
        raise _wrong(f"it needs a path and a type, which is one of {', '.join(_NEEDS)}")
    for name in _NEEDS[type_]:
        if name not in parts:
            raise _wrong(f"{type_} needs {name}")
    return Operation(parse(path), **parts)


def _simple(name: str, part: dict[str, Any]) -> Any:
    """The text or whole number of a part."""
    wanted = _KINDS[name]
    value = next((part[key] for key in part if key.startswith("value")), None)
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise _wrong(f"{name} must be a {'text' if wanted is str else 'whole number'}")
    return value


def _add(operation: Operation, root: Spot) -> None:
    enter(_one(operation.tree, root), operation.name, operation.value or {})


def _insert(operation: Operation, root: Spot) -> None:
    base, name = _list_of(operation.tree, root)
    insert(base, name, operation.index, operation.value or {})


def _delete(operation: Operation, root: Spot) -> None:
    found = spots(operation.tree, root)
    if len(found) > 1:
        raise _not_one(len(found))
    if found:
        remove(found[0])


def _replace(operation: Operation, root: Spot) -> None:
    replace(_one(operation.tree, root), operation.value or {})


def _move(operation: Operation, root: Spot) -> None:
    base, name = _list_of(operation.tree, root)
    move(base, name, operation.source, operation.destination)


def _one(tree: Node, root: Spot) -> Spot:
    """The only spot that an expression points at."""
    found = spots(tree, root)
    if len(found) != 1:
        raise _not_one(len(found))
    return found[0]


def _list_of(tree: Node, root: Spot) -> tuple[Spot, str]:
    """Where the list hangs that an expression names, and its name; the list itself may be empty."""
    match tree:
        case Member(base=base, name=name):
            return _one(base, root), name
        case Name(name=name) if name != root.type:
            return root, name
    raise refuse(PATCH_PATH, reason="its path does not end with the name of a list")


def _not_one(count: int) -> Refused:
    return refuse(PATCH_PATH, reason=f"its path points at {count or 'no'} elements, and it must be one")


def _wrong(reason: str) -> Refused:
    return refuse(PATCH_FORM, form="FHIRPath Patch", reason=reason)


_DO: dict[str, Callable[[Operation, Spot], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
