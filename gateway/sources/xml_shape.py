"""Rows out of XML elements: every wanted path in one walk, not one search for each field.

The paths of a shape are a tree of dicts keyed by element name. Walking an element looks each child up once;
a name met for the first time that no path wants is noted and remembered, so it costs nothing afterwards.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lxml import etree

from gateway.records import Field, Row, Shape

Element = etree._Element

# libxml2 keeps 16 bits for a line; from here on a line must be found another way.
LAST_LINE = 65_535
# A file can invent names without end; only so many are remembered for each place.
_REMEMBERED = 1024


class Met(NamedTuple):
    """Where a walk tells what it met: elements nobody reads, elements that come twice, lines beyond `LAST_LINE`."""

    unread: Callable[[str], None]
    repeated: Callable[[str, int], None]
    line: Callable[[Element], int]


class Branch(dict[str, Any]):
    """The wanted children of an element: name to slot (int) or `Branch`, or None for a name not wanted.

    `slot`, `attributes` and `kids` say what is taken from the element itself.
    """

    __slots__ = ("attributes", "kids", "met", "path", "slot")

    def __init__(self, path: str, met: Met) -> None:
        super().__init__()
        self.path = path
        self.met = met
        self.slot = -1
        self.attributes: list[tuple[str, int]] = []
        self.kids: list[tuple[int, ShapeReader]] = []

    def __missing__(self, tag: str) -> Any:
        """Find a name in a namespace by its local part; report a name that nobody wants."""
        local = tag.rpartition("}")[2]
        found = self.get(local)
        if found is None:
            self.met.unread(f"{self.path}/{local}" if self.path else local)
        if len(self) < _REMEMBERED:
            self[tag] = found
        return found


@dataclass(slots=True)
class ShapeReader:
    """Makes rows of one shape out of elements."""

    tree: Branch
    blank: Row
    kids: int
    empty: frozenset[str]
    above: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    alternatives: list[tuple[int, int]] = field(default_factory=list)
    _under: Element | None = None
    _from_above: list[tuple[int, str]] = field(default_factory=list)

    def read(self, element: Element, line: int) -> Row:
        """The row of one element."""
        row = self.blank.copy()
        at = len(row)
        for _ in range(self.kids):
            row.append([])
        row.append(line)
        if self.alternatives:
            row += [""] * len(self.alternatives)
            self._fill(element, row)
            for slot, other in self.alternatives:
                row[slot] = row[slot] or row[other]
            del row[at + self.kids + 1 :]
        else:
            self._fill(element, row)
        return row

    def _fill(self, element: Element, row: Row) -> None:
        if self.above:
            self._fill_from_above(element, row)
        tree = self.tree
        if tree.slot >= 0 or tree.attributes:
            _take(element, tree, row, self.empty)
        walk(element, tree, row, self.empty)

    def _fill_from_above(self, element: Element, row: Row) -> None:
        """Fields of the form `../Stage`, looked up once for all records under the same element."""
        parent = element.getparent()
        if parent is not self._under:
            self._under = parent
            self._from_above = [(slot, self._reach(element, up, steps)) for slot, up, steps in self.above]
        for slot, text in self._from_above:
            row[slot] = text

    def _reach(self, element: Element, up: int, steps: Sequence[str]) -> str:
        start: Element | None = element
        for _ in range(up):
            start = start.getparent() if start is not None else None
        text = _text_at(start, steps).strip()
        return "" if text in self.empty else text


def walk(element: Element, tree: Branch, row: Row, empty: frozenset[str]) -> None:
    """Fill `row` from the children of `element`. The first occurrence of a field that says something wins."""
    for child in element:
        hit = tree[child.tag]
        if hit is None:
            continue
        if hit.__class__ is int:
            text = child.text
            if text and (text := text.strip()) not in empty:
                if row[hit]:
                    tree.met.repeated(f"{tree.path}/{local_name(child)}".lstrip("/"), child.sourceline or 0)
                else:
                    row[hit] = text
        else:
            for slot, reader in hit.kids:
                line = child.sourceline
                if line is None or line >= LAST_LINE:
                    line = tree.met.line(child)
                row[slot].append(reader.read(child, line))
            if hit.slot >= 0 or hit.attributes:
                _take(child, hit, row, empty)
            if hit:
                walk(child, hit, row, empty)


def local_name(element: Element) -> str:
    """The name of an element without its namespace; "" for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child_named(element: Element, name: str) -> Element | None:
    """The first child with this local name."""
    return next((child for child in element if local_name(child) == name), None)


def compile_shape(shape: Shape, met: Met, empty: frozenset[str], path: str = "") -> ShapeReader:
    """Return the reader of `shape`, whose records lie at `path` (for warnings; "" for the top)."""
    tree = Branch(path, met)
    reader = ShapeReader(tree, [""] * len(shape.fields), len(shape.kids), empty)
    spare = shape.place + 1
    for slot, wanted in enumerate(shape.fields):
        for number, place in enumerate(wanted.paths):
            if number:
                reader.alternatives.append((slot, spare))
            _plant(reader, place, spare if number else slot)
            spare += 1 if number else 0
    for number, kid in enumerate(shape.kids):
        branch = _branch(tree, kid.each.split("/"))
        within = compile_shape(kid, met, empty, branch.path)
        branch.kids.append((len(shape.fields) + number, within))
    return reader


def context_of(root: Element, fields: Iterable[Field], empty: frozenset[str]) -> dict[str, str]:
    """The values said once per file, by their names."""
    found = {}
    for wanted in fields:
        texts = (_text_at(root, path.split("/")).strip() for path in wanted.paths)
        found[wanted.name] = next((text for text in texts if text not in empty), "")
    return found


def kid_names(shape: Shape) -> Iterator[str]:
    """The element names of the records within a shape, at any depth."""
    for kid in shape.kids:
        yield kid.each.rpartition("/")[2]
        yield from kid_names(kid)


def _plant(reader: ShapeReader, place: str, slot: int) -> None:
    steps = place.split("/")
    up = 0
    while steps and steps[0] == "..":
        up += 1
        del steps[0]
    if up:
        reader.above.append((slot, up, tuple(steps)))
        return
    if steps == ["."]:
        reader.tree.slot = slot
    elif steps[-1].startswith("@"):
        _branch(reader.tree, steps[:-1]).attributes.append((steps[-1][1:], slot))
    else:
        above = _branch(reader.tree, steps[:-1])
        known = above.get(steps[-1])
        if isinstance(known, Branch):
            known.slot = slot
        else:
            above[steps[-1]] = slot


def _branch(tree: Branch, steps: Sequence[str]) -> Branch:
    for step in steps:
        known = tree.get(step)
        if not isinstance(known, Branch):
            branch = Branch(f"{tree.path}/{step}" if tree.path else step, tree.met)
            branch.slot = -1 if known is None else known
            tree[step] = branch
            known = branch
        tree = known
    return tree


def _take(element: Element, tree: Branch, row: Row, empty: frozenset[str]) -> None:
    """What a branch wants of the element itself: its own text, its attributes."""
    if tree.slot >= 0 and not row[tree.slot]:
        text = (element.text or "").strip()
        row[tree.slot] = "" if text in empty else text
    for name, slot in tree.attributes:
        if not row[slot]:
            text = _attribute(element, name).strip()
            row[slot] = "" if text in empty else text


def _attribute(element: Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        value = next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")
    return str(value)


def _text_at(element: Element | None, steps: Sequence[str]) -> str:
    for step in steps:
        if element is None:
            return ""
        if step.startswith("@"):
            return _attribute(element, step[1:])
        if step != ".":
            element = child_named(element, step)
    return (element.text or "") if element is not None else ""
