"""XML files: one record element at a time, whatever the size of the file.

libxml2 is fed piece by piece, each piece beginning where the name of the record's element stands in the
text. So the line of every record is known exactly (libxml2 itself counts lines to 65,535 only), and the
elements of records already read are freed before the next piece is parsed.
"""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from gateway.problems import Kind, Place, problem
from gateway.problems.source import DOCTYPE, MALFORMED, REPEATED, TOO_LARGE, TRUNCATED, UNREAD
from gateway.records import Broken, Reading, Row, Source
from gateway.sources.encoding import Encoding
from gateway.sources.files import File
from gateway.sources.xml_pieces import (
    Fault,
    close,
    feed,
    may_hide,
    parser_for,
    pieces,
    starts,
    utf8_chunks,
)
from gateway.sources.xml_prolog import checked
from gateway.sources.xml_shape import (
    Element,
    Met,
    compile_shape,
    context_of,
    fits,
    kid_names,
    local_name,
    paths_of,
)
from gateway.sources.xml_tree import envelope, free_before, prune

LARGEST = 8 << 20
# What stands between two records is let grow to this before it is pruned: headers are smaller.
_SLACK = 1 << 20
_MOST_WARNINGS = 100
# libxml2 hands longer texts on in parts.
_SHORT = 200


def open_xml(file: File, source: Source) -> Reading:
    """Open an XML file.

    Raises:
        Refused: `source.doctype`, `source.wrong-format`, `source.encoding`.
    """
    prolog = checked(file, source.root, source.encoding)
    reading = Reading(source, iter(()), size=file.size, names={"": file.name})
    if prolog.encoding.warning:
        reading.warnings.append(prolog.encoding.warning)
    stream = _Stream(file, reading, prolog.root)
    reading.rows, reading.raw = stream.rows(prolog.encoding), stream.raw
    return reading


class _Stream:
    """An XML file being read: the record that is handed out, and where it stands."""

    def __init__(self, file: File, reading: Reading, root: str) -> None:
        source = reading.source
        self._file = file
        self._reading = reading
        self._source = source
        self._empty = source.empty | {""}
        self._paths = paths_of(source.top.each, root)
        self._root_name = root
        self._record_name = "|".join(dict.fromkeys(path[-1] for path in self._paths))
        met = Met(self._unread, self._repeated, self._kid_line)
        self._reader = compile_shape(source.top, met, self._empty)
        self._kids = sorted(set(kid_names(source.top)))
        self._warned: set[str] = set()
        self._root: Element | None = None
        self._parent: Element | None = None
        self._tag = ""
        self._record: Element | None = None
        self._inside = False
        self._started = False
        self._line = 0
        self._text: list[bytes] = []
        self._length = 0
        self._lines: dict[Element, int] = {}
        self._plain: bool | None = None
        self._whole = False

    def raw(self) -> bytes:
        """The record handed out last, as an element of its own."""
        if self._record is None:
            return b""
        return etree.tostring(self._record, encoding="unicode", with_tail=False).encode()

    def rows(self, encoding: Encoding) -> Iterator[Row | Broken]:
        """Yield the records; then, if the file breaks off or cannot be read on, one `Broken`."""
        parser = parser_for(*self._record_name.split("|"), self._root_name)
        with self._file.open() as stream:
            chunks = utf8_chunks(stream, encoding, self._reading)
            for line, content, begins in pieces(chunks, self._record_name):
                if begins and not self._inside:
                    self._line, self._length = line, 0
                    self._text.clear()
                if content and not content.isspace():
                    self._whole = content.rstrip().endswith(b">")
                self._text.append(content)
                self._length += len(content)
                fault = feed(parser, content)
                for event, element in parser.read_events():
                    if event == "end":
                        if element is self._record:
                            yield self._row(element)
                            self._done(element)
                    elif not self._inside and not self._starts(element):
                        yield self._broken(DOCTYPE, 1)
                        return
                stop = self._malformed(fault) if fault else self._grown()
                if stop:
                    yield stop
                    return
            yield from self._ended(parser)

    def _starts(self, element: Element) -> bool:
        """Note the root or the start of a record; False if the file turns out to have a DTD."""
        if self._root is None:
            self._root = element
            if element.getroottree().docinfo.internalDTD is not None:
                return False
        if self._is_record(element):
            self._record, self._inside = element, True
            self._lines.clear()
            self._plain = None
        return True

    def _is_record(self, element: Element) -> bool:
        parent = element.getparent()
        if parent is not None and parent is self._parent and element.tag == self._tag:
            return True
        names = [local_name(element), *(local_name(above) for above in element.iterancestors())]
        if not any(fits(names[::-1], path) for path in self._paths):
            return False
        self._parent, self._tag = parent, element.tag
        if self._started:
            for above in element.iterancestors():
                free_before(above)
        return True

    def _row(self, element: Element) -> Row:
        if not self._started:
            self._started = True
            root = self._root if self._root is not None else element
            self._reading.context |= context_of(root, self._source.context, self._empty)
            self._reading.envelope = envelope(element)
        return self._reader.read(element, self._line)

    def _done(self, element: Element) -> None:
        self._record, self._inside, self._length = None, False, 0
        free_before(element)

    def _grown(self) -> Broken | None:
        """Prune what no record needs; or give up on a record that does not end."""
        if self._length <= _SLACK:
            return None
        if self._inside:
            if self._length <= LARGEST:
                return None
            return self._broken(TOO_LARGE, self._line, most=LARGEST >> 20)
        if self._root is not None:
            prune(self._root, set() if self._started else set(self._heads()))
        self._text.clear()
        self._length = 0
        return None

    def _heads(self) -> Iterator[str]:
        for wanted in self._source.context:
            for path in wanted.paths:
                yield path.partition("/")[0]

    def _ended(self, parser: etree.XMLPullParser) -> Iterator[Broken]:
        fault = close(parser)
        if not self._started and self._root is not None:
            self._reading.context |= context_of(self._root, self._source.context, self._empty)
        # a file cut within a tag looks as if an element were closed by the name of another
        if fault is not None and fault.named and self._whole:
            yield self._malformed(fault)
        elif fault is not None:
            yield self._broken(TRUNCATED, self._line if self._inside else fault.line)

    def _malformed(self, fault: Fault) -> Broken:
        return self._broken(MALFORMED, fault.line or self._line, reason=fault.reason)

    def _broken(self, kind: Kind, line: int, **details: Any) -> Broken:
        place = Place(file=self._file.name, line=line)
        return Broken(problem(kind, place=place, **details), b"")

    def _unread(self, path: str) -> None:
        ignored = self._source.ignored
        if path not in ignored and not any(path.startswith(f"{above}/") for above in ignored):
            self._warn(UNREAD, path)

    def _repeated(self, path: str, line: int) -> None:
        self._warn(REPEATED, path, line=max(line, self._line))

    def _warn(self, kind: Kind, path: str, **details: Any) -> None:
        """Warn once for each path: a file that invents names cannot flood the report."""
        if path in self._warned or len(self._warned) >= _MOST_WARNINGS:
            return
        self._warned.add(path)
        place = Place(file=self._file.name, line=self._line)
        self._reading.warnings.append(problem(kind, place=place, path=path[:200], **details))

    def _kid_line(self, kid: Element) -> int:
        """The line of a record within, beyond what libxml2 counts for elements.

        It still knows the line on which the *text* at the start of the element ends, and that is enough
        where the text is a short word or an indentation. Elsewhere the line is looked up in the text.
        """
        if self._plain is None:
            self._plain = not any(map(may_hide, self._text))
        text = kid.text
        if text is None and len(kid):
            text = kid[0].text
        if text and self._plain and len(text) < _SHORT and ("\n" not in text or text.isspace()):
            return int(kid.sourceline) - int(text.count("\n"))
        return self._looked_up(kid)

    def _looked_up(self, kid: Element) -> int:
        if not self._lines and self._record is not None:
            content = b"".join(self._text)
            for name in self._kids:
                found = self._record.iter(f"{{*}}{name}")
                for one, line in zip(found, starts(content, name), strict=False):
                    self._lines[one] = self._line + line
        return self._lines.get(kid, self._line)
