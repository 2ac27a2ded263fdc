"""Which encoding a file is in: a byte order mark, its own word, UTF-8, or Windows-1252 with a warning."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from gateway.problems import Place, Problem, problem, refuse
from gateway.problems.source import ENCODING, ENCODING_GUESSED, ENCODING_UNKNOWN
from gateway.sources.files import File, unreadable

CHUNK = 1 << 16

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ESCAPED = re.compile("[\udc80-\udcff]")


class Encoding(NamedTuple):
    """How to read a file's bytes: codec, length of the byte order mark, and what to warn of."""

    codec: str
    mark: int = 0
    warning: Problem | None = None

    @property
    def wide(self) -> bool:
        """Whether a character takes more than one byte even in ASCII (UTF-16, UTF-32)."""
        return self.codec.startswith(("utf-16", "utf-32"))


class _Survey(NamedTuple):
    good: int
    bad: int
    line: int


def sniffed(head: bytes) -> Encoding | None:
    """The encoding that a byte order mark or the pattern of zero bytes gives away, if one does."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, len(mark))
    sample = head[:64]
    if len(sample) >= 4 and not any(sample[1::2]) and all(sample[0:4:2]):
        return Encoding("utf-16-le")
    if len(sample) >= 4 and not any(sample[0::2]) and all(sample[1:4:2]):
        return Encoding("utf-16-be")
    return None


def known(name: str, file: str) -> str:
    """Return the codec called `name`, if it is one that texts can be read with: `hex` and `idna` are not.

    Raises:
        Refused: `source.encoding-unknown`.
    """
    try:
        codec = codecs.lookup(name).name
        "<a>".encode(codec).decode(codec, errors(Encoding(codec)))
        return codec
    except (LookupError, UnicodeError):
        raise refuse(ENCODING_UNKNOWN, place=Place(file=file), declared=name[:40]) from None


def find_encoding(file: File, declared: str = "") -> Encoding:
    """Return the encoding of a text file (CSV, JSON).

    A byte order mark wins over `declared`. A file that is not UTF-8 is taken for Windows-1252 and warned of,
    unless it has more letters that are good UTF-8 than bytes that are not: then the rows with those
    bytes are broken, and the others keep their accents.

    Raises:
        Refused: `source.encoding-unknown`, `source.unreadable`.
    """
    found = sniffed(file.head())
    if found is not None:
        return found
    if declared:
        return Encoding(known(declared, file.name))
    survey = _survey(file)
    if survey.bad > survey.good:
        warning = problem(ENCODING_GUESSED, place=Place(file=file.name, line=survey.line), line=survey.line)
        return Encoding("cp1252", 0, warning)
    return Encoding("utf-8")


def check_utf8(file: File) -> None:
    """Return if every byte of a file that claims to be UTF-8 is.

    Raises:
        Refused: `source.encoding` with the line of the first byte that is not.
    """
    survey = _survey(file)
    if survey.bad:
        raise refuse(
            ENCODING, place=Place(file=file.name, line=survey.line), declared="UTF-8", line=survey.line
        )


def decoded(stream: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """Yield the text in chunks; a byte that is no character stays visible as a lone surrogate."""
    stream.seek(encoding.mark)
    decoder = codecs.getincrementaldecoder(encoding.codec)(errors(encoding))
    while chunk := stream.read(CHUNK):
        yield decoder.decode(chunk)
    if rest := decoder.decode(b"", final=True):
        yield rest


def errors(encoding: Encoding) -> str:
    """The error scheme for a codec: bytes survive as surrogates where the codec has single bytes at all."""
    return "replace" if encoding.wide else "surrogateescape"


def _survey(file: File) -> _Survey:
    """Count the letters beyond ASCII that are good UTF-8 and the bytes that are not; find the first of those.

    Only a file with a bad byte is counted at all: a strict decoder is much faster.
    """
    strict = codecs.getincrementaldecoder("utf-8")()
    with file.open() as stream, unreadable(file.name):
        try:
            while chunk := stream.read(1 << 20):
                strict.decode(chunk)
            strict.decode(b"", final=True)
        except UnicodeDecodeError:
            stream.seek(0)
            return _counted(stream)
    return _Survey(0, 0, 0)


def _counted(stream: BinaryIO) -> _Survey:
    good = bad = line = 0
    at = 1
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    chunk = b" "
    while chunk:
        chunk = stream.read(1 << 20)
        text = decoder.decode(chunk, final=not chunk)
        wrong = [match.start() for match in _ESCAPED.finditer(text)]
        good += len(text) - len(text.encode("ascii", "ignore")) - len(wrong)
        if wrong and not bad:
            line = at + text.count("\n", 0, wrong[0])
        bad += len(wrong)
        at += text.count("\n")
    return _Survey(good, bad, line)
