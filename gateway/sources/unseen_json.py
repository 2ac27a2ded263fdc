"""JSON files nobody has described: a list, a list in a wrapper, one object a line, or one object."""

from collections.abc import Iterator
from typing import Any

from gateway.fhir import json
from gateway.problems import Place, Refused, problem
from gateway.problems.inspect import NOTHING
from gateway.problems.source import TOO_LARGE
from gateway.records import Broken
from gateway.sources.encoding import Encoding, decoded, find_encoding
from gateway.sources.files import File
from gateway.sources.json import read_item
from gateway.sources.json_items import LARGEST, Text, TooLarge, Wrapper, items
from gateway.sources.json_shape import text_of
from gateway.sources.unseen_tree import Branch, Found, Leaves, record_path, shown

_DEEPEST_LIST = 2


def look_json(file: File) -> Found:
    """Find the records of a JSON file.

    Raises:
        Refused: `source.unreadable`.
    """
    encoding = find_encoding(file)
    path, repeats = _where(file, encoding)
    found = Found(encoding, "/".join(path) or ".", _rows(file, encoding, path))
    if encoding.warning:
        found.warnings.append(encoding.warning)
    if not repeats:
        found.warnings.append(problem(NOTHING, place=Place(file=file.name)))
    return found


def _where(file: File, encoding: Encoding) -> tuple[list[str], bool]:
    """The keys that lead to the records, and whether there are several."""
    with file.open() as stream:
        text = Text(decoded(stream, encoding))
        if text.peek() == "[":
            return [], True
        try:
            first = text.value()
            if text.peek():
                return [], True
        except TooLarge:
            return _first_list(file, encoding), True
    try:
        value = json.read(first.text)
    except Refused:
        return [], True
    top = Branch()
    _count(value, top)
    return record_path(top)


def _count(value: Any, branch: Branch) -> int:
    """Enter what is below a value, and say how much it is; a list of several objects repeats."""
    weight = 1
    if isinstance(value, dict):
        for key, below in value.items():
            weight += _count(below, branch.at(key))
    elif isinstance(value, list):
        branch.repeats = branch.repeats or (len(value) > 1 and isinstance(value[0], dict))
        branch.count += len(value)
        weight += sum(_count(item, branch) for item in value)
        return weight
    else:
        branch.leaf = True
    branch.weight += weight
    return weight


def _first_list(file: File, encoding: Encoding) -> list[str]:
    """The keys to the first list of objects in an object that is too large to be held."""
    with file.open() as stream:
        try:
            return _seek(Text(decoded(stream, encoding)), _DEEPEST_LIST) or []
        except TooLarge:
            return []


def _seek(text: Text, depth: int) -> list[str] | None:
    """Go through the object that begins here up to its first list of objects; its keys, or None."""
    text.move(text.at + 1)
    while text.peek() == '"':
        key = text.value().text[1:-1]
        if text.peek() != ":":
            return None
        text.move(text.at + 1)
        first = text.peek()
        if first == "[":
            text.move(text.at + 1)
            if text.peek() == "{":
                return [key]
            text.move(text.at - 1)
        if first == "{" and depth > 1:
            below = _seek(text, depth - 1)
            if below is not None:
                return [key, *below]
        else:
            text.value()
        if text.peek() == ",":
            text.move(text.at + 1)
    if text.peek() == "}":
        text.move(text.at + 1)
    return None


def _rows(file: File, encoding: Encoding, path: list[str]) -> Iterator[Leaves | Broken]:
    with file.open() as stream:
        try:
            for item in items(Text(decoded(stream, encoding)), Wrapper(path)):
                found = read_item(item, file.name)
                yield found if isinstance(found, Broken) else leaves(found[1])
        except TooLarge as error:
            place = Place(file=file.name, line=error.line)
            yield Broken(problem(TOO_LARGE, place=place, most=LARGEST >> 20), b"")


def leaves(record: Any) -> Leaves:
    """Every text, number and truth value of a record, with its path; lists are walked."""
    found: Leaves = []
    _walk(record, "", found)
    return found


def _walk(value: Any, path: str, found: Leaves) -> None:
    if isinstance(value, dict):
        for key, below in value.items():
            _walk(below, f"{path}/{shown(key)}" if path else shown(key), found)
    elif isinstance(value, list):
        for item in value:
            _walk(item, path, found)
    elif text := text_of(value):
        found.append((path or ".", text))
