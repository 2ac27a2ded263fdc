"""XML bytes cut where records may begin, and what libxml2 has to be told and asked."""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from lxml import etree

from gateway.sources.encoding import CHUNK, Encoding, decoded

# A start tag this long is fed in parts; its record's line is then that of the last cut.
_LONGEST_TAG = 4 * CHUNK
_HIDDEN = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)

REASONS = {
    "ERR_TAG_NAME_MISMATCH": "an element is closed by the name of another",
    "ERR_INVALID_CHAR": "there is a control character",
    "ERR_INVALID_ENCODING": "there are bytes that are no characters",
    "ERR_UNDECLARED_ENTITY": "there is an entity that XML does not have",
    "ERR_DOCUMENT_END": "there is text after the end of the root element",
    "ERR_RESOURCE_LIMIT": "elements nest too deeply, or one value is too long",
    "ERR_NAME_REQUIRED": "there is a < or & that begins no element or entity",
    "ERR_ATTRIBUTE_REDEFINED": "an element has the same attribute twice",
}


class Piece(NamedTuple):
    """A stretch of a file: the line it begins on, its bytes, and whether a record may begin with it."""

    line: int
    content: bytes
    begins: bool


def utf8_chunks(stream: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    """Yield the file in chunks of UTF-8, whatever it is written in."""
    if encoding.codec != "utf-8":
        for text in decoded(stream, encoding):
            yield text.encode("utf-8", "surrogateescape")
        return
    stream.seek(encoding.mark)
    while chunk := stream.read(CHUNK):
        yield chunk


def pieces(chunks: Iterator[bytes], name: str) -> Iterator[Piece]:
    """Yield the chunks, cut again before every start tag of elements called `name`.

    A name in a comment or a CDATA section gives a cut more, which does no harm: the parser sees the same bytes.
    """
    pattern = re.compile(re.escape(name.encode()) + rb"[\s/>]")
    line, rest = 1, b""
    for chunk in chunks:
        content = rest + chunk if rest else chunk
        cut = content.rfind(b"<")
        if cut < 0 or (cut == 0 and len(content) > _LONGEST_TAG):
            cut = len(content)
        rest = content[cut:]
        for piece in _cut(content[:cut], pattern, line):
            yield piece
            line = piece.line + piece.content.count(b"\n")
    yield from _cut(rest, pattern, line)


def starts(content: bytes, name: str) -> list[int]:
    """The lines, counted from 0, on which elements called `name` begin in the text of a record."""
    if b"<!" in content or b"<?" in content:
        content = _HIDDEN.sub(lambda hidden: b"\n" * hidden[0].count(b"\n"), content)
    pattern = re.compile(re.escape(name.encode()) + rb"[\s/>]")
    lines, line, at = [], 0, 0
    for begin in _begins(content, pattern):
        line += content.count(b"\n", at, begin)
        at = begin
        lines.append(line)
    return lines


def parser_for(*names: str) -> etree.XMLPullParser:
    """A parser that reports the start and end of elements called `names`, in any namespace.

    It loads no DTD, fetches nothing and expands no entity, and keeps libxml2's limits.
    """
    return etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        encoding="utf-8",
    )


def reason(error: etree.XMLSyntaxError | None) -> str:
    """Why XML cannot be read, in our words: those of libxml2 may repeat what the file says."""
    last = error.error_log.last_error if error is not None and error.error_log else None
    return REASONS.get(last.type_name if last is not None else "", "it is not well-formed XML")


def _cut(content: bytes, pattern: re.Pattern[bytes], line: int) -> Iterator[Piece]:
    at, begins = 0, False
    for begin in _begins(content, pattern):
        if begin > at:
            yield Piece(line, content[at:begin], begins)
            line += content.count(b"\n", at, begin)
        at, begins = begin, True
    if at < len(content):
        yield Piece(line, content[at:], begins)


def _begins(content: bytes, pattern: re.Pattern[bytes]) -> Iterator[int]:
    """Where start tags stand: `<name`, or `<prefix:name`."""
    for match in pattern.finditer(content):
        at = match.start() - 1
        if at < 0:
            continue
        if content[at] == 60:
            yield at
        elif content[at] == 58:
            opening = content.rfind(b"<", 0, at)
            prefix = content[opening + 1 : at]
            if opening >= 0 and prefix and not any(char in b" \t\r\n/!?>" for char in prefix):
                yield opening
