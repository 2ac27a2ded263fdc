"""Rows out of XML elements: every wanted path in one walk, not one search for each field.

The paths of a shape are a tree of dicts keyed by element name. Walking an element looks each child up once;
a name met for the first time that no path wants is noted and remembered, so it costs nothing afterwards.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.records import Field, Row, Shape

# The published stubs of lxml know neither slices nor source lines.
Element = Any

# libxml2 keeps 16 bits for a line; from here on a line must be found another way.
LAST_LINE = 65_535
# A file can invent names without end; only so many are remembered for each place.
_REMEMBERED = 1024
# What a name is, besides the slot of a field (0 and above).
_UNWANTED, _FIRST_BELOW = -1, -2


class Met(NamedTuple):
    """Where a walk tells of elements not read or found twice, and asks for lines beyond `LAST_LINE`."""

    unread: Callable[[str], None]
    repeated: Callable[[str, int], None]
    line: Callable[[Element], int]


@dataclass(slots=True, eq=False)
class Branch:
    """The wanted children of an element by name, and what is taken from the element itself.

    `names` has for each name the slot of its field, or `_UNWANTED`, or a number below that for a branch of
    `below`: comparing numbers is all that the walk does for most elements.
    """

    path: str
    met: Met
    names: dict[Any, int] = field(default_factory=dict)
    below: list["Branch"] = field(default_factory=list)
    slot: int = -1
    attributes: list[tuple[str, int]] = field(default_factory=list)
    kids: list[tuple[int, "ShapeReader"]] = field(default_factory=list)

    def learn(self, tag: Any) -> int:
        """What a name met for the first time is: a known one in a namespace, or one that nobody wants."""
        local = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        if local not in self.names:
            self.met.unread(f"{self.path}/{local}" if self.path else local)
        found = self.names.get(local, _UNWANTED)
        if len(self.names) < _REMEMBERED:
            self.names[tag] = found
        return found

    def at(self, steps: Sequence[str]) -> "Branch":
        """The branch at the end of `steps`, made where it is not there yet."""
        branch = self
        for step in steps:
            known = branch.names.get(step, _UNWANTED)
            if known >= _UNWANTED:
                path = f"{branch.path}/{step}" if branch.path else step
                branch.below.append(Branch(path, self.met, slot=known))
                known = branch.names[step] = _FIRST_BELOW - len(branch.below) + 1
            branch = branch.below[_FIRST_BELOW - known]
        return branch


@dataclass(slots=True, eq=False)
class ShapeReader:
    """Makes rows of one shape out of elements."""

    tree: Branch
    empty: frozenset[str]
    blank: Row
    kids: range
    place: int
    above: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    alternatives: list[tuple[int, int]] = field(default_factory=list)
    _under: Element | None = None
    _from_above: list[tuple[int, str]] = field(default_factory=list)

    def read(self, element: Element, line: int) -> Row:
        """The row of one element."""
        row = self.blank.copy()
        for slot in self.kids:
            row[slot] = []
        row[self.place] = line
        if self.above:
            self._fill_from_above(element, row)
        tree = self.tree
        if tree.slot >= 0 or tree.attributes:
            _take(element, tree, row, self.empty)
        walk(element, tree, row, self.empty)
        if self.alternatives:
            for slot, other in self.alternatives:
                row[slot] = row[slot] or row[other]
            del row[self.place + 1 :]
        return row

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
    names = tree.names
    for child in element[:]:
        try:
            hit = names[child.tag]
        except KeyError:
            hit = tree.learn(child.tag)
        if hit >= 0:
            if (text := child.text) and (text := text.strip()) not in empty:
                if row[hit]:
                    tree.met.repeated(f"{tree.path}/{local_name(child)}".lstrip("/"), child.sourceline or 0)
                else:
                    row[hit] = text
        elif hit != _UNWANTED:
            _enter(child, tree.below[_FIRST_BELOW - hit], row, empty)


def _enter(element: Element, branch: Branch, row: Row, empty: frozenset[str]) -> None:
    for slot, reader in branch.kids:
        line = element.sourceline
        if line is None or line >= LAST_LINE:
            line = branch.met.line(element)
        row[slot].append(reader.read(element, line))
    if branch.slot >= 0 or branch.attributes:
        _take(element, branch, row, empty)
    if branch.names:
        walk(element, branch, row, empty)


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
    spares = sum(len(wanted.paths) - 1 for wanted in shape.fields)
    blank: Row = [""] * (shape.place + 1 + spares)
    reader = ShapeReader(tree, empty, blank, range(len(shape.fields), shape.place), shape.place)
    spare = shape.place + 1
    for slot, wanted in enumerate(shape.fields):
        for number, place in enumerate(wanted.paths):
            if number:
                reader.alternatives.append((slot, spare))
            _plant(reader, place, spare if number else slot)
            spare += 1 if number else 0
    for number, kid in enumerate(shape.kids):
        for way in ways(kid.each):
            steps = way.split("/")
            branch = tree.at(steps)
            _expect(tree, steps, kid.fields)
            within = compile_shape(kid, met, empty, branch.path)
            branch.kids.append((len(shape.fields) + number, within))
    return reader


def ways(each: str) -> list[str]:
    """The paths of a record that may lie in one of several places: `A/B | C/D`."""
    return [way.strip() for way in each.split("|")]


def paths_of(each: str, root: str) -> list[list[str]]:
    """Where the top records may be, from the root down; one that may be at any depth (`//B`) begins with "".

    Args:
        each: the path of the top shape.
        root: the local name of the root element.
    """
    found = []
    for way in ways(each):
        steps = way.split("/")
        found.append(
            ["", steps[-1]] if way.startswith("//") else [root] if way in ("", ".") else [root, *steps]
        )
    return found


def fits(names: Sequence[str], path: Sequence[str]) -> bool:
    """Whether an element, told by the names from the root down to its own, is where `path` says."""
    return names[-1:] == path[1:] and len(names) > 1 if not path[0] else names == path


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
        yield from (way.rpartition("/")[2] for way in ways(kid.each))
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
        reader.tree.at(steps[:-1]).attributes.append((steps[-1][1:], slot))
    else:
        above = reader.tree.at(steps[:-1])
        known = above.names.get(steps[-1], _UNWANTED)
        if known < _UNWANTED:
            above.at(steps[-1:]).slot = slot
        else:
            above.names[steps[-1]] = slot


def _expect(tree: Branch, steps: Sequence[str], fields: Iterable[Field]) -> None:
    """Let the elements that a kid reads above itself (`../Stage`) count as read."""
    for path in (path for wanted in fields for path in wanted.paths):
        up = path.count("../")
        if 0 < up <= len(steps):
            *above, name = [*steps[: len(steps) - up], *path[3 * up :].split("/")]
            tree.at(above).names.setdefault(name, _UNWANTED)


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
