"""XML bytes cut where records may begin, and what libxml2 has to be told and asked."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from lxml import etree

from gateway.records import Reading
from gateway.sources.encoding import CHUNK, Encoding, decoded

# A start tag this long is fed in parts; its record's line is then that of the last cut.
_LONGEST_TAG = 4 * CHUNK
_COLON, _EXCLAMATION, _QUESTION = b":!?"
_HIDDEN = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)

_ANY = "it is not well-formed XML"
_REASONS = {
    "ERR_TAG_NAME_MISMATCH": "an element is closed by the name of another",
    "ERR_INVALID_CHAR": "there is a control character",
    "ERR_INVALID_ENCODING": "there are bytes that are no characters",
    "ERR_UNDECLARED_ENTITY": "there is an entity that XML does not have",
    "ERR_DOCUMENT_END": "there is text after the end of the root element",
    "ERR_RESOURCE_LIMIT": "elements nest too deeply, or one value is too long",
    "ERR_NAME_REQUIRED": "there is a < or & that begins no element or entity",
    "ERR_ATTRIBUTE_REDEFINED": "an element has the same attribute twice",
}


class Fault(NamedTuple):
    """Why a parser stops, and on which line; in our words, as those of libxml2 may quote the file."""

    line: int
    reason: str

    @property
    def named(self) -> bool:
        """Whether the reason is more than that it is no XML."""
        return self.reason != _ANY


# A stretch of a file: the line it begins on, its bytes, and whether a record may begin with it.
Piece = tuple[int, bytes, bool]


def utf8_chunks(stream: BinaryIO, encoding: Encoding, reading: Reading) -> Iterator[bytes]:
    """Yield the file in chunks of UTF-8, whatever it is written in."""
    if encoding.codec != "utf-8":
        for text in decoded(stream, encoding):
            reading.done = stream.tell()
            yield text.encode("utf-8", "surrogateescape")
        return
    stream.seek(encoding.mark)
    while chunk := stream.read(CHUNK):
        reading.done += len(chunk)
        yield chunk


def pieces(chunks: Iterator[bytes], name: str) -> Iterator[Piece]:
    """Yield the chunks, cut again before every start tag of elements called `name` (`A|B`: A or B).

    A name in a comment or a CDATA section gives one cut more, which does no harm: the parser sees the same
    bytes.
    """
    line, rest = 1, b""
    for chunk in chain(chunks, (None,)):
        content = rest if chunk is None else rest + chunk
        cut = len(content) if chunk is None else content.rfind(b"<")
        if cut < 0 or (cut == 0 and len(content) > _LONGEST_TAG):
            cut = len(content)
        rest = content[cut:]
        at, begins = 0, False
        for begin in *_begins(content, name, cut), cut:
            if begin > at:
                yield line, content[at:begin], begins
                line += content.count(b"\n", at, begin)
            at, begins = begin, True


def starts(content: bytes, name: str) -> list[int]:
    """The lines, counted from 0, on which elements called `name` begin in the text of a record."""
    if may_hide(content):
        content = _HIDDEN.sub(lambda hidden: b"\n" * hidden[0].count(b"\n"), content)
    lines, line, at = [], 0, 0
    for begin in _begins(content, name, len(content)):
        line += content.count(b"\n", at, begin)
        at = begin
        lines.append(line)
    return lines


def may_hide(content: bytes) -> bool:
    """Whether a comment, a CDATA section or an instruction could hide tags: a quick look, not a proof."""
    return _EXCLAMATION in content or _QUESTION in content


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


def feed(parser: etree.XMLPullParser, content: bytes) -> Fault | None:
    """Let the parser go on; return why it cannot, if so."""
    try:
        parser.feed(content)
    except etree.XMLSyntaxError as error:
        return _fault(error)
    # An entity that is not defined stops libxml2 without an exception here.
    log = parser.feed_error_log
    if not len(log):
        return None
    return next((_worded(entry) for entry in log if entry.level >= etree.ErrorLevels.ERROR), None)


def close(parser: etree.XMLPullParser) -> Fault | None:
    """Say that the file has ended; return why it may not, if so."""
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        return _fault(error)
    return None


def _fault(error: Any) -> Fault:
    last = error.error_log.last_error if error.error_log else None
    return _worded(last) if last is not None else Fault(error.lineno or 0, _ANY)


def _worded(entry: Any) -> Fault:
    return Fault(entry.line, _REASONS.get(entry.type_name, _ANY))


def _begins(content: bytes, name: str, end: int) -> list[int]:
    """Where start tags stand: `<name`, or `<prefix:name` in a text that has the latter at all."""
    plain, prefixed, prefixes = _tags(name)
    tag = prefixed if _COLON in content and any(each in content for each in prefixes) else plain
    return [found.start() for found in tag.finditer(content, 0, end)]


@cache
def _tags(name: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes], list[bytes]]:
    names = [each.encode() for each in name.split("|")]
    wanted = b"(?:" + b"|".join(map(re.escape, names)) + rb")[\s/>]"
    prefixed = re.compile(rb"<(?:[^\s<>/!?:]+:)?" + wanted)
    return re.compile(b"<" + wanted), prefixed, [b":" + each for each in names]
