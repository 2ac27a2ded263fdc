"""CSV text taken apart record by record, so that one bad line never swallows its neighbours."""

import csv
import re
from collections import deque
from collections.abc import Generator, Iterator
from functools import partial
from io import TextIOWrapper
from typing import BinaryIO, NamedTuple

from gateway.problems import Kind
from gateway.problems.source import CHARACTERS, QUOTES, RAGGED
from gateway.sources.encoding import Encoding, errors

LONGEST_LINE = 1 << 20
DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"[^"]*"')
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_OR_LOST = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


class Taken(NamedTuple):
    """One record of a CSV file: the line it starts on, its cells, its text, and what is wrong with it."""

    line: int
    cells: list[str]
    text: str
    fault: Kind | None = None


class _Lines:
    """The lines of a file, of which those of a bad record can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Keep the first line of the record and let the others be read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def text_lines(stream: BinaryIO, encoding: Encoding) -> Generator[str, None, None]:
    """Yield the lines of a file with their line ends; an endless line comes in pieces."""
    stream.seek(encoding.mark)
    wrapper = TextIOWrapper(stream, encoding.codec, errors(encoding), newline="")
    try:
        yield from iter(partial(wrapper.readline, LONGEST_LINE), "")
    finally:
        wrapper.detach()


def find_delimiter(header: str) -> str:
    """The separator of a header line: the one of comma, semicolon and tab that it has most of."""
    bare = _QUOTED.sub("", header)
    return max(DELIMITERS, key=bare.count)


def records(lines: Iterator[str], delimiter: str, *, wide: bool = False) -> Iterator[Taken]:
    """Yield the header of a CSV file, then each record that is not blank.

    A record with more or fewer cells than the header, with unpaired quotation marks or with a control
    character has a fault. If it ran over several lines, only its first line is at fault and the others
    are read again: an unpaired quotation mark costs one record, not the rest of the file.

    Args:
        lines: physical lines with their line ends.
        delimiter: what separates cells.
        wide: the text comes from UTF-16 or UTF-32, where lost bytes show as U+FFFD.
    """
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    control = _CONTROL_OR_LOST if wide else _CONTROL
    line, width = 1, 0
    while True:
        source.taken.clear()
        cells, fault = _next(reader)
        if cells is None:
            return
        if fault is None and any(cells):
            width = width or _width(cells)
            fault = _fault(cells, source.taken, width, control)
        if fault is not None and len(source.taken) > 1:
            source.give_back()
        if fault is not None or any(cells):
            yield Taken(line, cells, "".join(source.taken), fault)
        line += len(source.taken)


def _next(reader: Iterator[list[str]]) -> tuple[list[str] | None, Kind | None]:
    try:
        return next(reader), None
    except StopIteration:
        return None, None
    except csv.Error:
        return [], QUOTES


def _width(header: list[str]) -> int:
    """The number of columns: spreadsheets leave empty ones at the end."""
    return max((index for index, name in enumerate(header, 1) if name.strip()), default=len(header))


def _fault(cells: list[str], lines: list[str], width: int, control: re.Pattern[str]) -> Kind | None:
    if len(cells) != width:
        if len(cells) < width or any(cells[width:]):
            return RAGGED
        del cells[width:]
    for line in lines:
        if not line.rstrip("\r\n").isprintable() and control.search(line):
            return CHARACTERS
    return None
