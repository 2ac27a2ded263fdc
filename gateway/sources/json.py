"""JSON files, one record at a time: a list, a wrapper around a list, one object, or one object a line."""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from gateway.fhir import json
from gateway.problems import Place, Problem, Refused, problem, refuse
from gateway.problems.json import JSON_SYNTAX
from gateway.problems.source import CHARACTERS, NOT_OBJECT, TOO_LARGE, TRUNCATED, WRONG_FORMAT
from gateway.records import Broken, Reading, Row, Source
from gateway.sources.encoding import decoded, find_encoding
from gateway.sources.files import File
from gateway.sources.json_items import LARGEST, Item, Text, TooLarge, Wrapper, items
from gateway.sources.json_shape import JsonShape, text_at

_SHOWN = {"[": "a list", '"': "a text"}
_WORDS = {"true": "a truth value", "false": "a truth value", "null": "null"}

_ESCAPED = re.compile(r"\\(?:[bf]|u00[0189]|u[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

# What is said of a record that lacks a quotation mark or a bracket, and so runs on into the next.
_RUN_ON = (JSON_SYNTAX, TRUNCATED)


def open_json(file: File, source: Source) -> Reading:
    """Open a JSON file."""
    reading = Reading(source, iter(()), size=file.size, names={"": file.name})
    stream = _Stream(file, reading)
    reading.rows, reading.raw = stream.rows(), stream.raw
    return reading


class _Stream:
    """A JSON file being read, and the record that is handed out."""

    def __init__(self, file: File, reading: Reading) -> None:
        self._file = file
        self._reading = reading
        self._shape = JsonShape(reading, file.name)
        self._now = Item(0, "")

    def raw(self) -> bytes:
        """The record handed out last, as it was written."""
        return self._now.text.encode()

    def rows(self) -> Iterator[Row | Broken]:
        source = self._reading.source
        wrapper = Wrapper([step for step in source.top.each.split("/") if step not in ("", ".")])
        first = True
        for found in json_items(self._file, wrapper, self._reading):
            if first:
                first = False
                self._reading.envelope = _envelope(wrapper)
                self._reading.context |= _context(wrapper, source, self._file)
            if isinstance(found, Broken):
                yield found
            elif _holds(_CONTROL, *found):
                item = found[0]
                yield broken(item, problem(CHARACTERS, place=Place(file=self._file.name, line=item.line)))
            else:
                self._now, value = found
                yield self._shape.row(value, self._now.line)


def json_items(file: File, wrapper: Wrapper, reading: Reading) -> Iterator[tuple[Item, Any] | Broken]:
    """Yield each object of a file with the text it came from, or what is wrong with it.

    Raises:
        Refused: `source.wrong-format` if the file does not begin as JSON does.
    """
    encoding = find_encoding(file, reading.source.encoding)
    if encoding.warning:
        reading.warnings.append(encoding.warning)
    with file.open() as stream:
        text = Text(decoded(stream, encoding))
        if text.peek() not in ("{", "["):
            place = Place(file=file.name, line=text.line)
            raise refuse(WRONG_FORMAT, place=place, found="text that is not JSON", wanted="JSON")
        try:
            for item in items(text, wrapper):
                reading.done = stream.tell()
                found = read_item(item, file.name)
                if isinstance(found, Broken) and found.problem.kind in _RUN_ON:
                    found = read_item(text.cut_back(item), file.name)
                yield found
        except TooLarge as error:
            place = Place(file=file.name, line=error.line)
            yield Broken(problem(TOO_LARGE, place=place, most=LARGEST >> 20), b"")
    reading.done = reading.size


def read_item(item: Item, name: str) -> tuple[Item, Any] | Broken:
    """The object of one item, or what is wrong with it, at its line."""
    place = Place(file=name, line=item.line)
    if not item.whole:
        return broken(item, problem(TRUNCATED, place=place))
    if item.text[:1] != "{":
        bare = item.text.strip()
        number = re.fullmatch(r"-?[0-9][0-9.eE+-]*", bare)
        found = _SHOWN.get(bare[:1]) or _WORDS.get(bare) or ("a number" if number else "something else")
        return broken(item, problem(NOT_OBJECT, place=place, found=found))
    if not item.text.isascii() and any("\ud800" <= char <= "\udfff" for char in item.text):
        return broken(item, problem(CHARACTERS, place=place))
    try:
        value = json.read(item.text)
        half = _holds(_SURROGATE, item, value)
        return broken(item, problem(CHARACTERS, place=place)) if half else (item, value)
    except Refused as refused:
        first = refused.problems[0]
        line = item.line + max(first.place.line - 1, 0)
        column = first.place.column if first.place.line > 1 else 0
        return broken(item, first.at(Place(file=name, line=line, column=column)))


def broken(item: Item, why: Problem) -> Broken:
    """An item that is no record; its text is kept as it was."""
    return Broken(why, item.text.encode("utf-8", "surrogateescape"))


def _holds(unwanted: re.Pattern[str], item: Item, value: Any) -> bool:
    """Whether a text has a character that no text of ours may have; JSON can only write it escaped."""
    return bool(_ESCAPED.search(item.text)) and any(map(unwanted.search, _texts(value)))


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, the names of its elements among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _texts(each)


def _context(wrapper: Wrapper, source: Source, file: File) -> dict[str, str]:
    """The values said once per file, from what stands around the records."""
    found = {}
    around = dict(wrapper.before)
    for wanted in source.context:
        keys = [path.split("/") for path in wanted.paths]
        if wrapper.found and not any(steps[0] in around for steps in keys):
            around = {**_behind(file, source, wrapper.path), **wrapper.before}
        texts = (_around(around, steps) for steps in keys)
        found[wanted.name] = next((text for text in texts if text not in source.empty and text), "")
    return found


def _behind(file: File, source: Source, path: Sequence[str]) -> dict[str, str]:
    """What stands behind the records: a look through the whole file, for what it should have begun with."""
    wrapper = Wrapper(path)
    with file.open() as stream, suppress(TooLarge):
        deque(items(Text(decoded(stream, find_encoding(file, source.encoding))), wrapper), maxlen=0)
    return wrapper.behind


def _around(around: Mapping[str, str], steps: Sequence[str]) -> str:
    try:
        return text_at(json.read(around.get(steps[0], "null")), steps[1:])
    except Refused:
        return ""


def _envelope(wrapper: Wrapper) -> bytes:
    """The text around the records, with one zero character where they go."""
    if not wrapper.before:
        return b"[\0]"
    outer = [f"{json.write(key).decode()}: {value}" for key, value in wrapper.before.items()]
    *above, last = [json.write(step).decode() for step in wrapper.path]
    inner = "".join(f"{step}: {{" for step in above) + f"{last}: [\0]" + "}" * len(above)
    return ("{" + ", ".join([*outer, inner]) + "}").encode("utf-8", "surrogateescape")
