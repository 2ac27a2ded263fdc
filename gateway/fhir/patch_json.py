"""Patches over the JSON of a resource: operations at JSON pointers, and objects to be merged in.

Source: RFC 6902 (JSON Patch), RFC 6901 (JSON Pointer), RFC 7396 (JSON Merge Patch).
"""

import re
from typing import Any

from jsonpatch import JsonPatch, JsonPatchException, JsonPatchTestFailed
from jsonpointer import JsonPointer, JsonPointerException

from gateway.fhir import json
from gateway.fhir.patch_value import copied
from gateway.problems import Refused, refuse
from gateway.problems.patch import PATCH_FORM, PATCH_GROWS, PATCH_MANY, PATCH_PATH, PATCH_TEST

MOST_OPERATIONS = 1000
#: Most bytes that the operations `copy` of one patch may add: each can double what is there.
MOST_COPIED = 1 << 20

_NEEDS: dict[str, tuple[str, ...]] = {
    "add": ("value",),
    "remove": (),
    "replace": ("value",),
    "move": ("from",),
    "copy": ("from",),
    "test": ("value",),
}
_POINTER = re.compile(r"(?:/(?:[^/~]|~[01])*)*")


def json_patch(resource: dict[str, Any], operations: Any) -> Any:
    """Return what a JSON Patch makes of a resource; the resource stays as it is.

    Raises:
        Refused: `patch.form`, `patch.path`, `patch.test`, `patch.many`, `patch.grows`.
    """
    if not isinstance(operations, list):
        raise _form("The patch", "it must be a list of operations")
    if len(operations) > MOST_OPERATIONS:
        raise refuse(PATCH_MANY, most=MOST_OPERATIONS)
    made, room = copied(resource), MOST_COPIED
    for number, operation in enumerate(operations, 1):
        made, added = _done(made, operation, number)
        room -= added
        if room < 0:
            raise refuse(PATCH_GROWS)
    return made


def merge_patch(resource: Any, change: Any) -> Any:
    """Return what a JSON Merge Patch makes of a resource; the resource stays as it is.

    Raises:
        Refused: `patch.form`: the patch is no object.
    """
    if not isinstance(change, dict):
        raise refuse(PATCH_FORM, subject="The patch", form="JSON Merge Patch", reason="it must be an object")
    return _merged(copied(resource), change)


def _merged(target: Any, change: Any) -> Any:
    if not isinstance(change, dict):
        return copied(change)
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in change.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = _merged(made.get(name), value)
    return made


def _done(value: Any, operation: Any, number: int) -> tuple[Any, int]:
    """The value after one operation, and how many bytes it copied."""
    if fault := _fault(operation):
        raise _form(f"Operation {number} of the patch", fault)
    try:
        added = _size(JsonPointer(operation["from"]).resolve(value)) if operation["op"] == "copy" else 0
        return JsonPatch([operation]).apply(value, in_place=True), added
    except JsonPatchTestFailed:
        raise refuse(PATCH_TEST, number=number) from None
    except (JsonPatchException, JsonPointerException):
        reason = "there is nothing at its path that it could be done to"
        raise refuse(PATCH_PATH, number=number, reason=reason) from None


def _fault(operation: Any) -> str:
    """What an operation lacks, in words; "" if it is complete."""
    if not isinstance(operation, dict):
        return "it must be an object"
    name = operation.get("op")
    if not isinstance(name, str) or name not in _NEEDS:
        return f"op must be one of {', '.join(_NEEDS)}"
    for member in ("path", *_NEEDS[name]):
        if member not in operation:
            return f"{name} needs {member}"
        if member != "value" and not _is_pointer(operation[member]):
            return f"{member} must be a JSON Pointer, such as /name/0/family"
    return ""


def _is_pointer(value: Any) -> bool:
    return isinstance(value, str) and _POINTER.fullmatch(value) is not None


def _size(value: Any) -> int:
    try:
        return len(json.write(value))
    except TypeError:  # of orjson: nested too deep
        raise refuse(PATCH_GROWS) from None


def _form(subject: str, reason: str) -> Refused:
    return refuse(PATCH_FORM, subject=subject, form="JSON Patch", reason=reason)
