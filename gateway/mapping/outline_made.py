"""The records of a mapping file that are made of other records: read, proved, and given a shape."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gateway.mapping import dates
from gateway.mapping.hints import listed, near
from gateway.mapping.located import Items, Node, Table, Text
from gateway.mapping.made import EARLIEST, FIRST, LAST, LATER, LATEST, LEAST, SUM, At, Choice, Made
from gateway.problems import Problem, problem
from gateway.problems.mapping import MAPPING_FIELD, MAPPING_RECORD, MAPPING_RECORDS
from gateway.records import Field, Shape

_SPAN_KEYS = ("sort", "ends")
_HOW = {
    "first": FIRST,
    "last": LAST,
    "sum": SUM,
    "earliest": EARLIEST,
    "latest": LATEST,
    "least": LEAST,
}
#: No row has it: without begins, all rows are taken together.
_NEVER: tuple[Choice, ...] = ((0, frozenset(), False),)


@dataclass(frozen=True, slots=True)
class Making:
    """All that a mapping makes of its records.

    Attributes:
        top: the shapes as rules see them, made records last within their parent.
        made: how to make them, by the name of the record they lie within.
        used: the (record, field) pairs that the making reads.
        whole: the records that are a choice of rows with all their fields, and the records they are of.
    """

    top: Shape
    made: dict[str, tuple[Made, ...]]
    used: frozenset[tuple[str, str]]
    whole: dict[str, str]


def is_made(record: Table) -> bool:
    """Whether a record of the file is made of another one."""
    return "of" in record.entries


def spans(record: Table) -> bool:
    """Whether rows are taken together for it, and not each row for itself."""
    return "begins" in record.entries or "fields" in record.entries


def read_made(records: Table, top: Shape, day: str, problems: list[Problem]) -> Making:
    """The made records among `records`; what is wrong with one is told and the record left out.

    Args:
        records: `source.records`.
        top: the shapes that readers see.
        day: the format of dates in `source.dates`.
        problems: grows.
    """
    shapes = {shape.name: (shape, parent) for shape, parent in _with_parents(top, None)}
    maker = _Maker(records, shapes, day, problems)
    for name in records.entries:
        if is_made(records.table(name)):
            maker.make(name)
    whole = {name: records.table(name).text("of") for name in maker.kids_of if not spans(records.table(name))}
    return Making(maker.extended(top), maker.made, frozenset(maker.used), whole)


def _with_parents(shape: Shape, parent: Shape | None) -> Iterator[tuple[Shape, Shape | None]]:
    yield shape, parent
    for kid in shape.kids:
        yield from _with_parents(kid, shape)


class _Maker:
    """Reads made records one by one, and keeps what they are."""

    def __init__(
        self,
        records: Table,
        shapes: dict[str, tuple[Shape, Shape | None]],
        day: str,
        problems: list[Problem],
    ) -> None:
        self.records = records
        self.shapes = shapes
        self.day = day
        self.problems = problems
        self.made: dict[str, tuple[Made, ...]] = {}
        self.used: set[tuple[str, str]] = set()
        self.kids_of: dict[str, tuple[str, Shape]] = {}

    def make(self, name: str) -> None:
        """Read one made record."""
        table = self.records.table(name)
        of, parent = self.shapes.get(table.text("of"), (None, None))
        if not of or not parent or parent.name != table.text("within"):
            self.no_siblings(name, table)
            return
        before = len(self.problems)
        together = spans(table)
        for key in _SPAN_KEYS if not together else ():
            if key in table.entries:
                reason = f"{key} is for rows taken together"
                do = "Say with begins: which row is the first, and with fields: what is told of them."
                self.tell(table, key, reason, do)
        where = self.choices(table, "where", of)
        begins = (self.choices(table, "begins", of) or _NEVER) if together else None
        ends = self.choices(table, "ends", of)
        order = self.order(table, of)
        per = self.index(table.text("per"), of, table.entries["per"]) if "per" in table.entries else None
        fields, cells = self.fields(table, of) if together else (of.fields, ())
        if len(self.problems) > before:
            return
        slot = len(parent.fields) + parent.kids.index(of)
        made = Made(
            slot,
            len(of.fields),
            where,
            order,
            begins,
            ends,
            cells,
            per,
            dates.to_date(self.day or "yyyy-MM-dd"),
        )
        self.made[parent.name] = (*self.made.get(parent.name, ()), made)
        most = 1 if begins is _NEVER and per is None else 0
        self.kids_of[name] = (parent.name, replace(of, name=name, fields=fields, kids=(), most=most))

    def no_siblings(self, name: str, table: Table) -> None:
        """Tell that a record is not made of one that lies beside it."""
        wanted = table.text("of")
        if wanted not in self.shapes:
            known = listed(self.shapes)
            place = table.entries["of"].place
            hint = near(wanted, self.shapes)
            self.problems.append(problem(MAPPING_RECORD, place=place, name=wanted, near=hint, known=known))
            return
        reason = f"{name} is made of {wanted}, which lies within another record"
        self.tell(table, "of", reason, "Both lie within the same record: give it the same within.")

    def tell(self, table: Table, key: str, reason: str, do: str) -> None:
        """Add a problem about a key."""
        self.problems.append(problem(MAPPING_RECORDS, place=table.at(key), reason=reason, do=do))

    def choices(self, table: Table, key: str, of: Shape) -> tuple[Choice, ...]:
        """The texts that some fields must have, or with `not` may not have."""
        found = []
        wanted = table.table(key)
        for field, node in wanted.entries.items():
            index = self.index(field, of, Text(field, wanted.at(field)))
            other = isinstance(node, Table)
            inner = node.entries.get("not", node) if isinstance(node, Table) else node
            found.append((index, frozenset(_texts(inner)), other))
        return tuple(found)

    def order(self, table: Table, of: Shape) -> tuple[int, Callable[[str], str]] | None:
        """The date that rows are sorted by."""
        node = table.entries.get("sort")
        if not isinstance(node, Text):
            return None
        if not self.day:
            self.tell(table, "sort", "sort needs the format of dates", "Say it once, as source.dates.")
            return None
        return self.index(node.text, of, node), dates.to_date(self.day)

    def fields(self, table: Table, of: Shape) -> tuple[tuple[Field, ...], tuple[tuple[At, int], ...]]:
        """The fields of a span: `first X` and its likes, or `later`, the number of spans that follow."""
        fields: list[Field] = []
        cells: list[tuple[At, int]] = []
        for name, node in table.table("fields").entries.items():
            which, _, field = node.text.partition(" ") if isinstance(node, Text) else ("", "", "")
            if which == "later" and not field:
                fields.append(Field(name, ("later",)))
                cells.append((LATER, FIRST))
            elif which in _HOW:
                kid, _, inner = field.strip().rpartition(".")
                within = next((each for each in of.kids if each.name == kid and each.most == 1), of)
                index = self.index(inner if within is not of else field.strip(), within, node)
                fields.append(Field(name, within.fields[index].paths))
                at = index if within is of else (len(of.fields) + of.kids.index(within), index)
                cells.append((at, _HOW[which]))
            else:
                do = f"Write {', '.join(f'{how} {field or chr(88)}' for how in _HOW)}, or later."
                self.tell(table.table("fields"), name, f"{name} names no row", do)
        return tuple(fields), tuple(cells)

    def index(self, field: str, of: Shape, node: Node) -> int:
        """The index of a field of the record something is made of; 0, and a problem, where it has none."""
        names = [each.name for each in of.fields]
        if field in names:
            self.used.add((of.name, field))
            return names.index(field)
        hint, known = near(field, names), listed(names)
        self.problems.append(
            problem(MAPPING_FIELD, place=node.place, record=of.name, name=field, near=hint, known=known)
        )
        return 0

    def extended(self, shape: Shape) -> Shape:
        """A shape with the made records as its last kids."""
        kids = tuple(self.extended(kid) for kid in shape.kids)
        own = tuple(kid for parent, kid in self.kids_of.values() if parent == shape.name)
        return replace(shape, kids=(*kids, *own))


def _texts(node: Node) -> list[str]:
    items = node.items if isinstance(node, Items) else (node,)
    return [item.text.strip() for item in items if isinstance(item, Text)]
