"""The files a source is read from: paths, folders and uploads, opened as often as a reader needs."""

import errno
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO, cast

from gateway.problems import Place, refuse
from gateway.problems.source import EMPTY, NO_FILE, NOT_FOUND, ONE_FILE, UNREADABLE

Given = str | Path | Sequence[str | Path] | Mapping[str, BinaryIO]

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "csv": (".csv", ".tsv", ".txt"),
    "xml": (".xml",),
    "json": (".json", ".jsonl", ".ndjson"),
}


@dataclass(frozen=True, slots=True)
class File:
    """One file: the name its owner knows it by, and its bytes, on disk or in an open stream."""

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None
    copied: bool = False

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes from the beginning; several readers of a thread may be at a file, each at its own place.

        Raises:
            Refused: `source.not-found`, `source.unreadable`.
        """
        if self.stream is not None:
            with BufferedReader(_Place(self.stream), 1 << 16) as own:
                yield own
            return
        assert self.path is not None
        with unreadable(self.name), self.path.open("rb") as opened:
            yield opened

    def head(self, most: int = 1 << 16) -> bytes:
        """The first bytes, for recognising the file."""
        with self.open() as stream, unreadable(self.name):
            return stream.read(most)

    @property
    def size(self) -> int:
        """Its length in bytes."""
        with self.open() as stream, unreadable(self.name):
            return stream.seek(0, 2)


class _Place(RawIOBase):
    """A place of its own in a stream that others read as well; the stream stays open when this is closed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be moved."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on from this place."""
        self._stream.seek(self._at)
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move this place."""
        start = (0, self._at, self._stream.seek(0, 2) if whence == 2 else 0)[whence]
        self._at = start + offset
        return self._at


def gather(given: Given, kind: str) -> list[File]:
    """Return the files that `given` means: a file, a folder's files of this kind, several, or uploads.

    Args:
        given: a path, several paths, or open binary streams by their names.
        kind: "csv", "xml" or "json"; decides which files of a folder count.

    Raises:
        Refused: `source.not-found`, `source.unreadable`, `source.no-file`, `source.empty`.
    """
    if isinstance(given, Mapping):
        found = [_upload(name, stream) for name, stream in given.items()]
    else:
        paths = [given] if isinstance(given, str | Path) else given
        found = [file for path in paths for file in _files(Path(path), kind)]
    for file in found:
        if not file.size:
            raise refuse(EMPTY, place=Place(file=file.name))
    return found


def single(files: Sequence[File], kind: str) -> File:
    """Return the one file of `files`.

    Raises:
        Refused: `source.one-file`, because each XML or JSON file has its own context.
    """
    if len(files) != 1:
        names = ", ".join(file.name for file in files)
        raise refuse(ONE_FILE, count=len(files), format=kind.upper(), names=names)
    return files[0]


@contextmanager
def unreadable(name: str) -> Iterator[None]:
    """Turn what the operating system says while a file is read into a problem of that file."""
    try:
        yield
    except FileNotFoundError:
        raise refuse(NOT_FOUND, place=Place(file=name)) from None
    except OSError as error:
        raise refuse(UNREADABLE, place=Place(file=name), reason=reason(error)) from None


def reason(error: OSError) -> str:
    """Why the operating system did not give us a file, in our words."""
    if isinstance(error, PermissionError):
        return "this program is not allowed to"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    return f"the system answers {errno.errorcode.get(error.errno or 0, 'with an error')}"


def _files(path: Path, kind: str) -> list[File]:
    with unreadable(path.name):
        if not path.is_dir():
            path.stat()
            return [File(path.name, path)]
        endings = ENDINGS[kind]
        found = sorted(
            entry for entry in path.iterdir() if entry.suffix.lower() in endings and entry.name[0] != "."
        )
    if not found:
        raise refuse(NO_FILE, place=Place(file=path.name), format=kind.upper(), endings=", ".join(endings))
    return [File(entry.name, entry) for entry in found]


def release(files: Sequence[File]) -> None:
    """Give back the temporary copies among `files`."""
    for file in files:
        if file.copied and file.stream is not None:
            file.stream.close()


def _upload(name: str, stream: BinaryIO) -> File:
    """A stream, or a private temporary copy: a file is looked at (encoding, columns) before it is read."""
    if stream.seekable():
        return File(name, stream=stream)
    with unreadable(name):
        copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  (lives as long as the reading)
        copyfileobj(stream, copy, 1 << 20)
    return File(name, stream=copy, copied=True)
