"""Records set aside, written in the source's own format, so that the corrected file loads again."""

from pathlib import Path
from typing import BinaryIO

from gateway.problems import Place, refuse
from gateway.problems.source import ALREADY_THERE
from gateway.records import SetAside, Source
from gateway.sources.files import unreadable
from gateway.sources.packed import unpack

_MARK = b"\xef\xbb\xbf"


def set_aside(source: Source, path: Path, envelope: bytes) -> SetAside:
    """Return a writer of records in the format of `source`.

    Nothing is written before the first record. The file is readable to its owner only: it holds children's
    records.

    Args:
        source: the format.
        path: the file to write; for a CSV set of several files a folder, which gets one file for each.
        envelope: `Reading.envelope` of the reading that the records come from, taken after its first row.

    Raises:
        Refused: `source.already-there` if the file exists, when the first record is written.
    """
    if source.format == "csv":
        return _Tables(path, envelope)
    return _Text(path, envelope, b",\n" if source.format == "json" else b"\n")


class _Text:
    """XML and JSON: the envelope with the records in it."""

    def __init__(self, path: Path, envelope: bytes, between: bytes) -> None:
        self._path = path
        self._head, _, self._tail = envelope.partition(b"\0")
        self._between = between
        self._file: BinaryIO | None = None

    def add(self, raw: bytes) -> None:
        """Keep one record; one without a text of its own can only be corrected in the whole file."""
        if not raw:
            return
        if self._file is None:
            self._file = _created(self._path)
            self._file.write(self._head + b"\n" + raw)
        else:
            self._file.write(self._between + raw)

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            with self._file as file:
                file.write(b"\n" + self._tail + b"\n")


class _Tables:
    """CSV: the header and the lines of each table."""

    def __init__(self, path: Path, envelope: bytes) -> None:
        self._path = path
        self._headers = {key: header for key, _, header in unpack(envelope)}
        self._files: dict[str, BinaryIO] = {}

    def add(self, raw: bytes) -> None:
        """Keep the lines of one record, each in its own table."""
        if not self._files:
            self._create()
        for key, text in unpack(raw):
            line = text if text.endswith(("\r", "\n")) else f"{text}\r\n"
            self._files[key].write(line.encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        """Finish the files."""
        for file in self._files.values():
            file.close()

    def _create(self) -> None:
        """Make every table at once: a set needs its required files even where they have no row."""
        many = len(self._headers) > 1
        if many:
            with unreadable(self._path.name):
                self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for key, header in self._headers.items():
            file = _created(self._path / f"{key}.csv" if many else self._path)
            # A mark makes spreadsheets read UTF-8, and keeps a stray byte from looking like Windows-1252.
            file.write(_MARK + header.rstrip("\r\n").encode("utf-8", "surrogateescape") + b"\r\n")
            self._files[key] = file


def _created(path: Path) -> BinaryIO:
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise refuse(ALREADY_THERE, place=Place(file=path.name)) from None
    except OSError:
        pass
    with unreadable(path.name):
        return path.open("wb")


__all__ = ["set_aside"]
