"""The files a source is read from, once it is sure that each of them is text."""

import re

from gateway.problems import Place, refuse
from gateway.problems.source import NOT_TEXT
from gateway.sources.encoding import Encoding, sniffed
from gateway.sources.files import File, Given, gather

_SPREADSHEET = "Open it in a spreadsheet program and save it as CSV (UTF-8)."
_PICTURE = "Ask for the table it shows, as CSV."
_MARKS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"PK\x03\x04",
        "a spreadsheet or a ZIP archive",
        f"Unpack it, or: {_SPREADSHEET[0].lower()}{_SPREADSHEET[1:]}",
    ),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document", _SPREADSHEET),
    (b"%PDF", "a PDF", "Ask for the table it was printed from, as CSV."),
    (b"\x1f\x8b", "compressed", "Unpack it with gunzip."),
    (b"\x89PNG", "a picture", _PICTURE),
    (b"\xff\xd8\xff", "a picture", _PICTURE),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")

# A few control characters are a fault of a few rows; where one character in fifty is one, nothing is text.
_FEW, _ONE_IN = 8, 50


def gather_text(given: Given, kind: str) -> list[File]:
    """Return the files that `given` means, as `gather` does, each of them text.

    Raises:
        Refused: as `gather`; `source.not-text` for a ZIP archive, a spreadsheet, a PDF and their like.
    """
    files = gather(given, kind)
    for file in files:
        first_character(file)
    return files


def first_character(file: File) -> str:
    """Return the first character of a text file that is no space.

    Raises:
        Refused: `source.not-text`.
    """
    head = file.head()
    for mark, what, do in _MARKS:
        if head.startswith(mark):
            raise refuse(NOT_TEXT, place=Place(file=file.name), what=what, do=do)
    encoding = sniffed(head) or Encoding("utf-8")
    text = head[encoding.mark :].decode(encoding.codec, "replace")
    if len(_CONTROL.findall(text)) > max(_FEW, len(text) // _ONE_IN):
        do = "Look at it in an editor: only CSV, XML and JSON can be read."
        raise refuse(NOT_TEXT, place=Place(file=file.name), what="made of bytes that are no text", do=do)
    return text.lstrip()[:1]
