"""The outline of a mapping file checked against its published JSON Schema, with a place for every
deviation.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from gateway.mapping.hints import listed, near
from gateway.mapping.located import Items, Node, Table, Text, plain
from gateway.problems import Place, Problem, problem
from gateway.problems.mapping import MAPPING_KEY, MAPPING_SHAPE


def outline_problems(tree: Table) -> list[Problem]:
    """What in the outline of a mapping file is not as `mapping-1.schema.json` says."""
    found: list[Problem] = []
    for error in _validator().iter_errors(plain(tree)):
        found.extend(_said(error, tree))
    return sorted(found, key=lambda each: (each.place.line, each.place.column))


@cache
def _validator() -> Any:
    text = files("gateway.mapping").joinpath("mapping-1.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def _said(error: ValidationError, tree: Table) -> list[Problem]:
    node, place = _node(tree, list(error.absolute_path))
    schema: Any = error.schema
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(node, Table):
        known = list(schema.get("properties", ()))
        return [
            problem(MAPPING_KEY, place=node.at(key), name=key, near=near(key, known))
            for key in node.entries
            if key not in known
        ]
    name = str(error.absolute_path[-1]) if error.absolute_path else "The mapping"
    if error.validator == "required" and isinstance(node, Table):
        absent = [key for key in wanted if key not in node.entries]
        reason = f"{name} needs {listed(absent)}"
    elif error.validator == "enum":
        text = node.text if isinstance(node, Text) else ""
        shown = [each for each in wanted if isinstance(each, str)]
        reason = f"{name} is one of {listed(shown)}. {near(text, shown)}".strip().rstrip(".")
    elif error.validator == "pattern":
        reason = (
            f"{name} is an expression and begins with “= ”"
            if wanted == "^="
            else f"{name} has the form {wanted}"
        )
    elif error.validator in ("type", "anyOf"):
        reason = f"{name} is {_kinds(schema, wanted)}"
    else:
        reason = f"{name} needs at least one entry"
    return [problem(MAPPING_SHAPE, place=place, reason=reason)]


_SAYS = {"object": "an object", "array": "a list", "string": "a text", "integer": "a whole number"}


def _kinds(schema: Any, wanted: Any) -> str:
    if isinstance(wanted, str):
        return _SAYS.get(wanted, wanted)
    kinds = [each.get("type", "a list") if isinstance(each, dict) else each for each in wanted]
    return " or ".join(dict.fromkeys(_SAYS.get(kind, "a single value") for kind in kinds))


def _node(tree: Node, path: list[Any]) -> tuple[Node, Place]:
    """The node at a path, and the place of its key."""
    node, place = tree, tree.place
    for step in path:
        if isinstance(node, Table):
            place, node = node.at(step), node.entries[step]
        elif isinstance(node, Items):
            node = node.items[step]
            place = node.place
    return node, place
