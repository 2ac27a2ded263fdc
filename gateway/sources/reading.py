"""Opening a source, whatever its format."""

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import chain

from gateway.problems import Place, problem
from gateway.problems.source import NO_RECORDS
from gateway.records import Broken, Reading, Row, Source
from gateway.sources.csv import open_csv
from gateway.sources.files import File, Given, release, single, unreadable
from gateway.sources.json import open_json
from gateway.sources.plain import gather_text
from gateway.sources.xml import open_xml

_READERS: dict[str, Callable[[list[File], Source], Reading]] = {
    "csv": open_csv,
    "xml": lambda files, source: open_xml(single(files, "xml"), source),
    "json": lambda files, source: open_json(single(files, "json"), source),
}


def open_source(given: Given, source: Source) -> Reading:
    """Open what a mapping reads; context, warnings so far and envelope are there when this returns.

    Use it in a `with` block: `with open_source(path, source) as reading: for row in reading.rows: ...`.
    The reading holds one record at a time; `reading.raw()` gives the last one back as it was written.

    Args:
        given: a file, a folder (its files of this format), several files, or open binary streams by the
            names their owner knows them by. A stream is read from its beginning and not closed.
        source: the format, as the mapping describes it.

    Raises:
        Refused: everything that is wrong with the files as such (`source.not-found`, `.unreadable`, `.empty`,
            `.not-text`, `.encoding`, `.wrong-format`, `.missing-column`, `.doctype` ...), before a record is
            read. What is wrong with one record comes as a `Broken` among the rows.
    """
    files = gather_text(given, source.format)
    try:
        reading = _READERS[source.format](files, source)
    except BaseException:
        release(files)
        raise
    rows = _guarded(reading.rows, reading)
    reading.close = partial(_close, rows, reading.close, files)
    try:
        first = next(rows, None)
    except BaseException:
        reading.close()
        raise
    if first is None:
        name = reading.names.get(source.top.file) or files[0].name
        reading.warnings.append(problem(NO_RECORDS, place=Place(file=name)))
    else:
        reading.rows = chain((first,), rows)
    return reading


def _guarded(rows: Iterator[Row | Broken], reading: Reading) -> Generator[Row | Broken, None, None]:
    """Rows in which a disk that gives up is a problem, not an exception of the system."""
    with unreadable(", ".join(reading.names.values())):
        yield from rows


def _close(
    rows: Generator[Row | Broken, None, None], close: Callable[[], None], files: Sequence[File]
) -> None:
    rows.close()
    close()
    release(files)
