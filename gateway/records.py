"""What a record looks like on its way from a file to a mapping.

A mapping describes its source as a tree of *shapes* (a pupil, and within it the pupil's
assessments). A reader turns a file into a stream of *rows* of the top shape. A row is a plain list,
because millions of them are made:

    [cell, cell, ..., kids, kids, ..., place]

one `str` cell for each field of the shape in order ("" where the source has nothing), then for each
kid shape a list of rows of that shape, and last the place: the line (int) in the file the row came from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self

from gateway.problems import Problem

Row = list[Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its name in the mapping and the places in the source it may come from.

    `paths` are tried in order; the first that is there wins (DfE renames: `[Sex, Gender]`). For CSV a path
    is a column name; for XML a path of local names below the record's element (`BasicDetails/Ethnicity`,
    `../Stage`, `@attr`, `.` for the element's own text); for JSON a path of keys
    (`child_details/postcode`, `.` for the item itself).
    """

    name: str
    paths: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of record: where it is found, its fields, and the records within it.

    Attributes:
        name: its name in the mapping (`pupil`).
        each: XML or JSON path of the repeating element, from the root (top shape) or from the parent
            record's element. For a JSON path `[]` is not written: a list is walked item by item.
        file: CSV: the key of the file in `Source.files`.
        by: CSV: the column that joins a row to its parent's row.
        to: CSV: what that column is called in the parent's file; "" where it has the same name.
        most: at most so many within one parent (0: any number).
        key: the fields that tell one record from another. Two rows of a top CSV file with the same `by` are
            a problem of the second one, unless `key` is given and does not name that column (a look-up).
    """

    name: str
    fields: tuple[Field, ...]
    kids: tuple["Shape", ...] = ()
    each: str = ""
    file: str = ""
    by: str = ""
    most: int = 0
    key: tuple[str, ...] = ()
    to: str = ""

    @property
    def joined_to(self) -> str:
        """CSV: the parent's column that it is joined to."""
        return self.to or self.by

    @property
    def place(self) -> int:
        """The index of a row's place."""
        return len(self.fields) + len(self.kids)


@dataclass(frozen=True, slots=True)
class FileRule:
    """One CSV file of a set: recognised by its columns first, and by its name only where columns tie.

    `optional` are columns that a file may have or not: a year, a term or a supplier leaves them out.
    """

    key: str
    columns: tuple[str, ...]
    name: str = ""
    required: bool = False
    optional: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """The columns that a file may have."""
        return (*self.columns, *self.optional)


@dataclass(frozen=True, slots=True)
class Source:
    """How to read a format: all that a reader needs to know from a mapping.

    Attributes:
        format: "csv", "xml" or "json".
        top: the shape whose rows are the records.
        root: XML: the local name the root element must have ("" for any).
        files: CSV: the files of the set, in the order of the mapping.
        context: values said once per file: name to path from the root (XML, JSON); read before
            the first record.
        empty: cell texts that mean nothing (always trimmed before comparing).
        ignored: what the mapping leaves out on purpose (`file.COLUMN` for CSV, a path for XML and JSON).
        encoding: "" to find out (BOM, XML declaration, UTF-8, then Windows-1252), or a codec's name.
    """

    format: str
    top: Shape
    root: str = ""
    files: tuple[FileRule, ...] = ()
    context: tuple[Field, ...] = ()
    empty: frozenset[str] = frozenset({""})
    ignored: frozenset[str] = frozenset()
    encoding: str = ""


class Broken(NamedTuple):
    """A stretch of a source that cannot be read as a record: set aside with its reason.

    `raw` is its text in the form that `SetAside.add` takes (empty: only the whole file can be corrected).
    """

    problem: Problem
    raw: bytes


def _no_raw() -> bytes:
    return b""


def _nothing_open() -> None:
    return None


@dataclass(slots=True)
class Reading:
    """An opened source: its context and its records in order; closed by `close()` or a `with` block.

    Attributes:
        source: what was asked for.
        rows: yields `Row` for what can be read and `Broken` for what cannot; one record is held at a time.
        context: values said once per file, there before the first row.
        warnings: grows while reading (an element nobody uses, an encoding that had to be guessed).
        size: bytes to read in all, for progress; 0 where it is not known.
        done: bytes read so far.
        names: the name of each file, by its key in `Source.files` (CSV), or by "" (XML, JSON).
        raw: gives the record that `rows` yielded *last* in the source's own form; ask before the next
            row is taken. It is made only when asked for, so good rows cost nothing. The bytes can be
            kept anywhere and handed to `SetAside.add` later.
        envelope: what surrounds the records in the file (column names, header); `set_aside` needs it.
        close: gives back files and temporary storage.
    """

    source: Source
    rows: Iterator[Row | Broken]
    context: dict[str, str] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    size: int = 0
    done: int = 0
    names: dict[str, str] = field(default_factory=dict)
    raw: Callable[[], bytes] = _no_raw
    envelope: bytes = b""
    close: Callable[[], None] = _nothing_open

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class SetAside(Protocol):
    """Writes records that were set aside, in the source's own format, to be corrected and loaded again."""

    def add(self, raw: bytes) -> None:
        """Keep one record, as `Reading.raw()` or `Broken.raw` gave it."""

    def close(self) -> None:
        """Finish the file or files."""
