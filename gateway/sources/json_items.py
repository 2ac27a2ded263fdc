"""JSON text of any length taken apart into its records, without reading the whole of it.

Only quotation marks and brackets are looked at here; whether a record is good JSON is found when it is
read on its own. So a bad record does not hide its neighbours as long as its end can be seen.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

LARGEST = 8 << 20
_LONGEST_INDENT = 200

_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
# Everything up to the next bracket that is not in a string. JSON strings have no line breaks: one that has
# lost its closing quotation mark ends with its line instead of running through the next records.
_BRACKET = re.compile(
    r'[^"{}\[\]]*+(?:"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+(?:"|\\?\n)[^"{}\[\]]*+)*+([{}\[\]])'
)
_STRING = re.compile(r'"([^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+)(?:"|\\?\n)')
_NEXT = re.compile(r"\n([ \t]*)(?=,?[ \t]*\{)")
_LINE = re.compile(r"[^\n]*+")
_WORD = re.compile(r'[^\s,\[\]{}":]+|.', re.DOTALL)


class Item(NamedTuple):
    """A value of the text: the line and column it begins on, its text, and whether its end was found."""

    line: int
    text: str
    whole: bool = True
    column: int = 0


class TooLarge(Exception):
    """A value does not end within `LARGEST` characters."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(slots=True)
class Text:
    """A text that comes in chunks, of which only what is not yet taken is held.

    `line` is the line at `at`; what lies behind `mark` is held as well.
    """

    chunks: Iterator[str]
    text: str = ""
    at: int = 0
    line: int = 1
    mark: int = -1
    patience: int = 20

    def more(self) -> bool:
        """Read on; False at the end. The text is at least doubled, so that long values cost linear time."""
        kept = self.at if self.mark < 0 else self.mark
        # The start of the line is kept as well: it tells how far the value is indented.
        kept = max(self.text.rfind("\n", 0, kept) + 1, kept - _LONGEST_INDENT)
        rest = self.text[kept:]
        if len(rest) > LARGEST:
            raise TooLarge(self.line)
        new: list[str] = []
        length = 0
        for chunk in self.chunks:
            new.append(chunk)
            length += len(chunk)
            if length >= len(rest):
                break
        self.text = rest + "".join(new)
        self.at -= kept
        self.mark -= kept if self.mark >= 0 else 0
        return length > 0

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            found = _SPACE.match(self.text, self.at)
            self.move(found.end() if found else self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def move(self, to: int) -> None:
        """Take the text up to `to`."""
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def value(self) -> Item:
        """Take the value that begins here."""
        first = self.peek()
        line, column = self.line, self.at - self.text.rfind("\n", 0, self.at) - 1
        try:
            end = self._closing() if first in "{[" else self._simple(_STRING if first == '"' else _WORD)
        except TooLarge:
            # Most likely a bracket is missing; `cut_back` finds the next record. It costs a long look
            # each time, so only so often.
            self.patience -= 1
            if self.patience < 0 or _NEXT.search(self.text, self.at) is None:
                raise
            end = -1
        whole = end >= 0
        end = end if whole else len(self.text)
        text = self.text[self.at : end]
        self.move(end)
        return Item(line, text, whole, column)

    def rest_of_line(self) -> Item:
        """Take what begins here to the end of its line: it is one record, and none that can be read."""
        return Item(self.line, self._taken(self._simple(_LINE)))

    def _taken(self, end: int) -> str:
        text = self.text[self.at : end if end >= 0 else len(self.text)]
        self.move(self.at + len(text))
        return text

    def cut_back(self, item: Item) -> Item:
        """Give back what follows the item taken last, if it ran into the next; return what is left of it.

        A quotation mark or bracket that is missing makes an item swallow its neighbours. The next one shows
        all the same where a line begins with a brace that is indented no further than the item is.
        """
        start = self.at - len(item.text)
        for found in _NEXT.finditer(self.text, start, self.at):
            if len(found[1]) <= item.column:
                self.at = found.end(1)
                text = self.text[start : self.at]
                self.line = item.line + text.count("\n")
                return Item(item.line, text, column=item.column)
        return item

    def _closing(self) -> int:
        """Where the bracket that opens here is closed; -1 if it is not."""
        place, depth = self.at, 0
        while True:
            found = _BRACKET.match(self.text, place)
            if found is None:
                before = self.at
                if not self.more():
                    return -1
                place -= before - self.at
                continue
            place = found.end()
            depth += 1 if found[1] in "{[" else -1
            if depth <= 0:
                return place

    def _simple(self, pattern: re.Pattern[str]) -> int:
        while True:
            found = pattern.match(self.text, self.at)
            if found is not None and found.end() < len(self.text):
                return found.end()
            if not self.more():
                return found.end() if found is not None else -1


@dataclass(slots=True)
class Wrapper:
    """The object around the records.

    Attributes:
        path: the keys that lead to the list of records; empty where records are never wrapped.
        kind: an object is a wrapper only if its `resourceType`, met before the list, is this ("" for any).
        before: the values that stand before the list, as written.
        behind: those that stand behind it, once that has been read.
        found: whether the list was found in a wrapper.
    """

    path: Sequence[str]
    kind: str = ""
    before: dict[str, str] = field(default_factory=dict)
    behind: dict[str, str] = field(default_factory=dict)
    found: bool = False


def items(text: Text, wrapper: Wrapper) -> Iterator[Item]:
    """Yield the records of a text: a list of them, a wrapper with the list inside, one object, or one a line.

    Args:
        text: the text.
        wrapper: where the list lies in a wrapping object; gets the values found before it.
    """
    while first := text.peek():
        if first == "[":
            yield from _list(text)
        elif first == "{" and wrapper.path:
            yield from _wrapped(text, wrapper)
        elif first == ",":
            text.move(text.at + 1)
        else:
            yield text.value() if first in '{"' else text.rest_of_line()


def _list(text: Text) -> Generator[Item, None, bool]:
    """The values of the list that begins here; True if it was closed."""
    text.move(text.at + 1)
    while first := text.peek():
        if first == "]":
            text.move(text.at + 1)
            return True
        if first == ",":
            text.move(text.at + 1)
            continue
        item = text.value()
        yield item
        if not item.whole and text.at == len(text.text):
            return False
    yield Item(text.line, "", whole=False)
    return False


def _wrapped(text: Text, wrapper: Wrapper) -> Iterator[Item]:
    """The records of a wrapper; or the object itself, if it turns out to be a record."""
    line, text.mark = text.line, text.at
    if not _go_to(text, wrapper, wrapper.path):
        wrapper.before.clear()
        text.at, text.line, text.mark = text.mark, line, -1
        yield text.value()
        return
    text.mark = -1
    wrapper.found = True
    if text.peek() == "[":
        closed = yield from _list(text)
    else:
        item = text.value()
        yield item
        closed = item.whole
    if closed:
        yield from _rest(text, wrapper)


def _go_to(text: Text, wrapper: Wrapper, path: Sequence[str]) -> bool:
    """Move to the value at `path` in the object that begins here; False if it has none."""
    text.move(text.at + 1)
    while (key := _key(text)) is not None:
        first = text.peek()
        if key == path[0] and first in ("[", "{"):
            if len(path) == 1:
                return not wrapper.kind or wrapper.before.get("resourceType") == f'"{wrapper.kind}"'
            if first == "{":
                return _go_to(text, wrapper, path[1:])
        value = text.value()
        if path is wrapper.path:
            wrapper.before[key] = value.text
        if not value.whole:
            return False
    return False


def _key(text: Text) -> str | None:
    """Take the next key of an object and its colon; None at the end of the object, or if there is none."""
    if text.peek() == ",":
        text.move(text.at + 1)
    if text.peek() != '"':
        return None
    key = text.value().text[1:-1]
    if text.peek() != ":":
        return None
    text.move(text.at + 1)
    return key


def _rest(text: Text, wrapper: Wrapper) -> Iterator[Item]:
    """Pass over what stands behind the records in their wrapper; yield it if it does not end."""
    depth = len(wrapper.path)
    while depth:
        while (key := _key(text)) is not None:
            value = text.value()
            if depth == 1:
                wrapper.behind[key] = value.text
        if text.peek() != "}":
            yield text.value() if text.peek() else Item(text.line, "", whole=False)
            return
        text.move(text.at + 1)
        depth -= 1
