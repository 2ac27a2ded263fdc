"""What a mapping leaves unused, and what its tests leave untried."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.mapping.file import Mapping as Mapped
from gateway.mapping.plan import Each, Leaf, Listing, Node, Object
from gateway.mapping.translate import Translation
from gateway.mapping.typed import Apply, Cell, Choose, Typed, parts_of
from gateway.records import Row


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is not covered.

    Attributes:
        fields: fields that nothing uses and nothing ignores, as `record.field`, and what else the files hold
            that is not read.
        codes: codes met in the records that a code map does not know, by the map's name, with their counts.
        rules: names of rules that made nothing.
    """

    fields: tuple[str, ...]
    codes: Mapping[str, Mapping[str, int]]
    rules: tuple[str, ...]


def coverage(
    mapping: Mapped, rows: Iterable[Row], made: Iterable[Translation], unread: Iterable[str] = ()
) -> Coverage:
    """Return what some records, and what came of them, leave uncovered.

    Args:
        mapping: the mapping.
        rows: rows of the top record.
        made: what those rows (or the mapping's tests) were translated to.
        unread: what else the files of the rows hold.
    """
    reached = {each[0] for one in made for each in one.resources}
    rules = tuple(rule.name for index, rule in enumerate(mapping.rules) if index not in reached)
    fields = tuple(
        f"{each.details['record']}.{each.field}"
        for each in mapping.warnings
        if each.kind.code == "mapping.unused-field"
    )
    asked = _asked(mapping)
    codes: dict[str, dict[str, int]] = {}
    for row in rows:
        row = mapping.made.filled(row) if mapping.made else row
        _count(row, 0, mapping, asked, codes)
    return Coverage((*fields, *unread), codes, rules)


def _asked(mapping: Mapped) -> dict[tuple[int, int], set[str]]:
    """The code maps that are asked of each cell, by its record and index."""
    found: dict[tuple[int, int], set[str]] = {}
    for rule in mapping.rules:
        for body in _bodies(rule.body):
            for part in _always(body):
                if (
                    isinstance(part, Apply)
                    and part.term
                    and isinstance(part.of, Cell)
                    and not part.of.through
                ):
                    found.setdefault((part.of.record, part.of.index), set()).add(part.term)
    return found


def _always(body: Typed) -> Iterator[Typed]:
    """The parts of an expression that are worked out for every row: not those that `iif()` may pass by."""
    yield body
    for part in (body.test,) if isinstance(body, Choose) else parts_of(body):
        yield from _always(part)


def _bodies(node: Node | Each) -> list[Typed]:
    match node:
        case Leaf(value=value):
            return [value.body]
        case Object(members=members):
            return [each for member in members for each in _bodies(member.node)]
        case Listing(items=items):
            return [each for item in items for each in _bodies(item)]
        case Each(node=inner):
            return _bodies(inner)
    return []


def _count(
    row: Row,
    number: int,
    mapping: Mapped,
    asked: Mapping[tuple[int, int], set[str]],
    codes: dict[str, dict[str, int]],
) -> None:
    """Count the unknown codes of a row and of those within it."""
    shape = mapping.words.records[number].shape
    for index in range(len(shape.fields)):
        text = row[index].strip()
        for name in asked.get((number, index), ()):
            term = mapping.words.terms[name]
            if text and text not in term.table.codes and text not in term.absent:
                known = codes.setdefault(name, {})
                known[text] = known.get(text, 0) + 1
    for other in mapping.words.records:
        if other.parent == number:
            for kid in row[other.slot]:
                _count(kid, other.number, mapping, asked, codes)
