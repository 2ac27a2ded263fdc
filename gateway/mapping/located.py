"""YAML (and so JSON) as a tree of text in which every node knows its line and column.

Nothing is guessed: `NO`, `012`, `1:30` and `27/03/2008` stay what was typed; types come later, from the
element a value is for. Nothing is run: tags are refused, and aliases are counted as what they unfold to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from gateway.problems import Place, Problem, Refused, problem
from gateway.problems.mapping import MAPPING_LARGE, MAPPING_SYNTAX, MAPPING_TAG, MAPPING_TWICE

MOST_NODES = 100_000
_DEEPEST = 60
_PLAIN = {
    "tag:yaml.org,2002:str",
    "tag:yaml.org,2002:seq",
    "tag:yaml.org,2002:map",
    "!",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as typed; `shift` is the width of its opening quote."""

    text: str
    place: Place
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """An object: its values by key, and the place of each key."""

    entries: dict[str, "Node"]
    keys: dict[str, Place]
    place: Place

    def text(self, key: str, default: str = "") -> str:
        """The text at `key`, or `default` where there is none."""
        found = self.entries.get(key)
        return found.text if isinstance(found, Text) else default

    def table(self, key: str) -> "Table":
        """The object at `key`, or an empty one."""
        found = self.entries.get(key)
        return found if isinstance(found, Table) else Table({}, {}, self.place)

    def items(self, key: str) -> tuple["Node", ...]:
        """The items of the list at `key`; a single value counts as a list of one."""
        found = self.entries.get(key)
        if found is None:
            return ()
        return found.items if isinstance(found, Items) else (found,)

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of the list at `key`."""
        return tuple(item.text for item in self.items(key) if isinstance(item, Text))

    def at(self, key: str) -> Place:
        """The place of `key`, or of the object where it has none."""
        return self.keys.get(key, self.place)


Node = Text | Items | Table


def read(text: str, file: str) -> Table:
    """Return the tree of a YAML or JSON text.

    Args:
        text: the whole file.
        file: its name, for places.

    Raises:
        Refused: `mapping.syntax`, `mapping.tag`, `mapping.duplicate-key`, `mapping.too-large`.
    """
    if text.lstrip("﻿ \n\r\t").startswith("{"):
        text = text.replace("\t", " ")
    text = text.removeprefix("﻿")
    try:
        _check_depth(text, file)
        root = yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        if "nesting depth" in (error.problem or ""):
            # newer readers look ahead so far that they meet their own limit before ours
            raise Refused(problem(MAPPING_LARGE, place=place, most=MOST_NODES)) from None
        reason = "a tab, and an indent is made of spaces" if _is_tab(text, mark) else error.problem or "YAML"
        raise Refused(problem(MAPPING_SYNTAX, place=place, reason=reason)) from None
    except (yaml.YAMLError, ValueError) as error:
        reason = getattr(error, "reason", "") or "a character that YAML does not allow"
        raise Refused(problem(MAPPING_SYNTAX, place=Place(file), reason=reason)) from None
    if not isinstance(root, yaml.MappingNode):
        raise Refused(
            problem(MAPPING_SYNTAX, place=Place(file, 1, 1), reason="a mapping is an object with keys")
        )
    reader = _Reader(file)
    tree = reader.node(root, "", 0)
    if reader.problems or not isinstance(tree, Table):
        raise Refused(*reader.problems)
    return tree


def _is_tab(text: str, mark: yaml.Mark | None) -> bool:
    """Whether a tab stands where YAML could not read on."""
    line = text.split("\n")[mark.line : mark.line + 1] if mark else []
    return bool(line) and line[0].startswith("\t", mark.column if mark else 0)


def _check_depth(text: str, file: str) -> None:
    """Refuse what nests too deep, event by event: composing it would overflow the stack of libyaml."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            mark = event.start_mark
            place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
            raise Refused(problem(MAPPING_LARGE, place=place, most=MOST_NODES))


def plain(node: Node) -> Any:
    """The tree as dicts, lists and texts, for a JSON Schema."""
    match node:
        case Text(text=text):
            return text
        case Items(items=items):
            return [plain(item) for item in items]
        case Table(entries=entries):
            return {key: plain(value) for key, value in entries.items()}


def walk(node: Node) -> Iterator[Node]:
    """Every node below and with `node`, the outer before the inner."""
    yield node
    if isinstance(node, Table):
        for value in node.entries.values():
            yield from walk(value)
    elif isinstance(node, Items):
        for item in node.items:
            yield from walk(item)


class _Reader:
    """Turns nodes of PyYAML into ours, counting what aliases unfold to."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self.problems: list[Problem] = []

    def node(self, node: yaml.Node, path: str, depth: int) -> Node:
        self.count += 1
        mark = node.start_mark
        place = Place(self.file, mark.line + 1, mark.column + 1, path)
        if self.count > MOST_NODES or depth > _DEEPEST:
            raise Refused(problem(MAPPING_LARGE, place=place, most=MOST_NODES))
        if node.tag not in _PLAIN:
            self.problems.append(problem(MAPPING_TAG, place=place, tag=node.tag.rpartition(":")[2]))
        if isinstance(node, yaml.ScalarNode):
            return Text(node.value, place, 1 if node.style in ("'", '"') else 0)
        if isinstance(node, yaml.SequenceNode):
            items = tuple(
                self.node(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.value)
            )
            return Items(items, place)
        return self.table(node, path, place, depth)

    def table(self, node: yaml.Node, path: str, place: Place, depth: int) -> Table:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            at = Place(self.file, key.start_mark.line + 1, key.start_mark.column + 1, inner)
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(problem(MAPPING_SYNTAX, place=at, reason="a key is a single word"))
                continue
            if key.value in entries:
                self.problems.append(problem(MAPPING_TWICE, place=at, name=key.value))
            keys[key.value] = at
            entries[key.value] = self.node(value, inner, depth + 1)
        return Table(entries, keys, place)
