"""XML files nobody has described: the element that repeats is the record, its leaves are the fields."""

from collections.abc import Iterator

from gateway.problems import Place, Problem, problem
from gateway.problems.inspect import NOTHING
from gateway.problems.source import DOCTYPE, MALFORMED, TOO_LARGE, TRUNCATED
from gateway.records import Broken, Reading, Shape, Source
from gateway.sources.encoding import Encoding
from gateway.sources.files import File
from gateway.sources.unseen_tree import Branch, Found, Leaves, record_path
from gateway.sources.xml import LARGEST
from gateway.sources.xml_pieces import Fault, close, feed, parser_for, utf8_chunks
from gateway.sources.xml_prolog import checked
from gateway.sources.xml_shape import Element, local_name
from gateway.sources.xml_tree import free_before, prune

_LOOKED_AT = 4 << 20
_SLACK = 1 << 20


def look_xml(file: File) -> Found:
    """Find the records of an XML file.

    Raises:
        Refused: `source.doctype`, `source.wrong-format`, `source.encoding`.
    """
    prolog = checked(file, "")
    path, repeats = record_path(_survey(file, prolog.encoding))
    rows = _Records(file, prolog.encoding, [prolog.root, *path]).rows()
    found = Found(prolog.encoding, "/".join(path) or ".", rows, root=prolog.root)
    if prolog.encoding.warning:
        found.warnings.append(prolog.encoding.warning)
    if not repeats:
        found.warnings.append(problem(NOTHING, place=Place(file=file.name)))
    return found


def _survey(file: File, encoding: Encoding) -> Branch:
    """What stands in the first megabytes of a file, and what of it repeats."""
    parser = parser_for("*")
    top = Branch()
    stack: list[tuple[Branch, set[str]]] = [(top, set())]
    read = 0
    with file.open() as stream:
        for chunk in utf8_chunks(stream, encoding, _reading()):
            fault = feed(parser, chunk)
            for event, element in parser.read_events():
                _count(event, element, stack)
            read += len(chunk)
            if fault or read >= _LOOKED_AT:
                break
    while len(stack) > 1:
        _leave(stack)
    return next(iter(top.below.values()), top)


def _count(event: str, element: Element, stack: list[tuple[Branch, set[str]]]) -> None:
    if event == "start":
        above, seen = stack[-1]
        name = local_name(element)
        branch = above.at(name)
        branch.repeats = branch.repeats or name in seen
        branch.count += 1
        branch.attributes = max(branch.attributes, len(element.attrib))
        seen.add(name)
        stack.append((branch, set()))
        return
    if not len(element) and (element.text or "").strip():
        stack[-1][0].leaf = True
    _leave(stack)
    if element.getparent() is not None:
        free_before(element)


def _leave(stack: list[tuple[Branch, set[str]]]) -> None:
    """Step out of an element; it weighs one more, and so does all above it."""
    for branch, _ in stack:
        branch.weight += 1
    stack.pop()


class _Records:
    """The records of a file, one after the other; what was read is freed."""

    def __init__(self, file: File, encoding: Encoding, path: list[str]) -> None:
        self._file = file
        self._encoding = encoding
        self._path = path
        self._root: Element | None = None
        self._record: Element | None = None
        self._length = 0

    def rows(self) -> Iterator[Leaves | Broken]:
        parser = parser_for(self._path[-1], self._path[0])
        with self._file.open() as stream:
            for chunk in utf8_chunks(stream, self._encoding, _reading()):
                self._length += len(chunk)
                fault = feed(parser, chunk)
                for event, element in parser.read_events():
                    if event == "end":
                        if element is self._record:
                            yield leaves(element)
                            self._done(element)
                    elif self._record is None and not self._starts(element):
                        yield self._broken(problem(DOCTYPE), 1)
                        return
                stop = self._stopped(fault)
                if stop:
                    yield stop
                    return
        yield from self._ended(close(parser))

    def _starts(self, element: Element) -> bool:
        """Note the root or the start of a record; False if the file turns out to have a DTD."""
        if self._root is None:
            self._root = element
            if element.getroottree().docinfo.internalDTD is not None:
                return False
        names = [local_name(element), *(local_name(above) for above in element.iterancestors())]
        if names[::-1] == self._path:
            self._record, self._length = element, 0
        return True

    def _done(self, element: Element) -> None:
        self._record, self._length = None, 0
        free_before(element)

    def _stopped(self, fault: Fault | None) -> Broken | None:
        """Why reading cannot go on; and while it can, what no record needs is freed."""
        if fault is not None:
            return self._broken(problem(MALFORMED, reason=fault.reason), fault.line)
        if self._record is not None:
            line = self._record.sourceline or 0
            return (
                self._broken(problem(TOO_LARGE, most=LARGEST >> 20), line) if self._length > LARGEST else None
            )
        if self._length > _SLACK and self._root is not None:
            prune(self._root, frozenset())
            self._length = 0
        return None

    def _ended(self, fault: Fault | None) -> Iterator[Broken]:
        if fault is not None:
            kind = problem(MALFORMED, reason=fault.reason) if fault.named else problem(TRUNCATED)
            yield self._broken(kind, fault.line)

    def _broken(self, why: Problem, line: int) -> Broken:
        return Broken(why.at(Place(file=self._file.name, line=line)), b"")


def leaves(record: Element) -> Leaves:
    """Every text and attribute of a record, with its path."""
    found: Leaves = [(f"@{_local(name)}", text) for name, text in record.attrib.items() if text.strip()]
    if (text := (record.text or "").strip()) and not len(record):
        found.append((".", text))
    _walk(record, "", found)
    return found


def _walk(element: Element, above: str, found: Leaves) -> None:
    for child in element:
        path = above + local_name(child)
        for name, value in child.attrib.items():
            if value := value.strip():
                found.append((f"{path}/@{_local(name)}", value))
        if text := (child.text or "").strip():
            found.append((path, text))
        if len(child):
            _walk(child, f"{path}/", found)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _reading() -> Reading:
    """Somewhere for `utf8_chunks` to count what nobody asks for."""
    return Reading(Source("xml", Shape("record", ())), iter(()))


__all__ = ["leaves", "look_xml"]
