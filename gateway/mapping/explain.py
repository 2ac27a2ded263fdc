"""One row explained: every fault with its place and reason, and where each element of the result came from.

This is the slow path, run for rows the fast one cannot translate and whenever a person asks; it makes the
same resources to the byte.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import Any

from gateway.mapping.compile import IdOf, Made
from gateway.mapping.evaluate import Evaluator, Fault
from gateway.mapping.made import Placed
from gateway.mapping.plan import Each, Fixed, Leaf, Listing, Node, Object, Rule
from gateway.mapping.pycode import Outer
from gateway.mapping.typed import Cell, Expression, Kids, Typed, carries, walk
from gateway.mapping.words import Words
from gateway.problems import Kind, Place, Problem
from gateway.problems.record import RECORD_KEY, RECORD_REQUIRED, RECORD_RIVALS, RECORD_SAME_KEY
from gateway.records import Row


@dataclass(frozen=True, slots=True)
class From:
    """A cell something came from: its field, its column or path in the source, its text, and its place."""

    field: str
    column: str
    place: Place
    value: str = attribute(repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """One element of a resource: its path and value, the cells it came from, and the line that says so."""

    resource: str
    path: str
    sources: tuple[From, ...]
    rule: Place
    value: str = attribute(repr=False)


@dataclass(slots=True)
class Explanation:
    """What a row gives.

    Attributes:
        resources: what it would become, faults apart.
        problems: what stops the record.
        dropped: what lost single resources of rules that allow it; as warnings.
        warnings: doubts about values that were kept.
        lineage: where each element came from.
    """

    resources: list[Made] = attribute(default_factory=list)
    problems: list[Problem] = attribute(default_factory=list)
    dropped: list[Problem] = attribute(default_factory=list)
    warnings: list[Problem] = attribute(default_factory=list)
    lineage: list[Origin] = attribute(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """A part of a JSON text: None if it is not there; `carry`: whether it says something (None: it never
    does).
    """

    text: str | None
    carry: bool | None


_NOTHING = Said(None, None)


def explain(
    row: Row,
    rules: tuple[Rule, ...],
    words: Words,
    outer: Outer,
    ids: IdOf,
    files: Mapping[str, str],
    *,
    lineage: bool = True,
) -> Explanation:
    """Return all there is to say about a row.

    Args:
        row: a row of the top record.
        rules: what to make of it.
        words: the records it is made of.
        outer: values of the file, the settings and the run.
        ids: (rule name, keys…) to an id.
        files: names of the files, for places: by the file's key for CSV, and "" for all others.
        lineage: whether to say where each element came from, or only what is wrong.
    """
    teller = _Teller(words, Evaluator({0: row}, outer, ids, []), files)
    teller.tracing = lineage
    for index, rule in enumerate(rules):
        for _ in teller.rows(rule.enter):
            teller.rule(index, rule)
    return teller.found


class _Teller:
    """Walks the rules over one row and gathers what it meets."""

    def __init__(self, words: Words, evaluator: Evaluator, files: Mapping[str, str]) -> None:
        self.words = words
        self.evaluator = evaluator
        self.files = files
        self.found = Explanation()
        self.faults: list[Problem] = []
        self.origins: list[Origin] = []
        self.resource = ""
        self.tracing = True
        self.kept: dict[str, Made] = {}
        self.doubted: set[tuple[str, Place, str]] = set()
        self.told: set[tuple[str, Place, str, str]] = set()

    def rows(self, enter: tuple[int, ...]) -> Iterator[None]:
        """Bring each combination of rows of nested records into scope."""
        if not enter:
            yield
            return
        record = self.words.records[enter[0]]
        for row in self.evaluator.rows[record.parent][record.slot]:
            self.evaluator.rows[record.number] = row
            yield from self.rows(enter[1:])
        self.evaluator.rows.pop(record.number, None)

    def rule(self, index: int, rule: Rule) -> None:
        """Make one resource, or tell why there is none."""
        self.faults, self.origins = [], []
        if rule.guard and not self.test(rule.guard):
            self.settle(rule)
            return
        keys = [self.value(key, rule.type) for key in rule.keys]
        own = [key for key in rule.keys if carries(key.body)]
        if not self.faults and own and not any(self.value(key, rule.type) for key in own):
            self.fault(RECORD_KEY, [key.body for key in own], rule.place, {})
        made = "" if self.faults else self.evaluator.ids(rule.name, *keys)
        self.resource, self.evaluator.own = f"{rule.type}/{made}", made
        said = self.object(rule.body)
        if not self.faults and said.text is not None:
            rest = said.text[1:]
            head = f'{{"resourceType":"{rule.type}","id":"{made}"'
            text = head + (f",{rest}" if rest != "}" else rest)
            self.keep((index, rule.type, made, text), rule)
        self.settle(rule)

    def settle(self, rule: Rule) -> None:
        """Put the faults of one resource where they belong."""
        if rule.drops:
            self.found.dropped += [_as_warning(each) for each in self.faults]
        else:
            # What is wrong with a cell that many rules read is said once, not for each of them.
            for each in self.faults:
                if (what := _what(each)) not in self.told:
                    self.told.add(what)
                    self.found.problems.append(each)

    def doubt(self, rule: Place) -> None:
        """Tell what is doubtful about a value just read, while the rows it came from are at hand."""
        for value, node in self.evaluator.doubts:
            made = self.problem(value.kind, [node], rule, {})
            key = (made.kind.code, made.place, made.field)
            if key not in self.doubted:
                self.doubted.add(key)
                self.found.warnings.append(made)
        self.evaluator.doubts.clear()

    def keep(self, made: Made, rule: Rule) -> None:
        """Keep a resource, unless its id is taken: by the same text it is told twice, by another it is a
        fault.
        """
        first = self.kept.setdefault(made[2], made)
        if first is made:
            self.found.resources.append(made)
            self.found.lineage += self.origins
        elif first[3] != made[3]:
            made_twice = self.problem(RECORD_SAME_KEY, [key.body for key in rule.keys], rule.place, {})
            at = self.place(rule.enter[-1] if rule.enter else 0)
            self.faults.append(replace(made_twice, place=at))

    def test(self, guard: Expression) -> bool:
        """Whether a condition holds; a fault in it counts as no."""
        try:
            return self.evaluator.true(guard.body)
        except Fault as fault:
            self.fault(fault.unfit.kind, [fault.node], guard.place, fault.unfit.details)
            return False
        finally:
            self.doubt(guard.place)

    def value(self, value: Expression, path: str) -> str:
        """The value of an expression, "" where it has a fault."""
        try:
            return str(self.evaluator.text(value.body))
        except Fault as fault:
            place = replace(value.place, path=path)
            self.fault(fault.unfit.kind, [fault.node], place, fault.unfit.details)
            return ""
        finally:
            self.doubt(value.place)

    def node(self, node: Node) -> Said:
        """A part of a body."""
        match node:
            case Fixed(json=text):
                return Said(text, None)
            case Leaf():
                return self.leaf(node)
            case Object():
                return self.object(node)
            case Listing():
                return self.listing(node)

    def leaf(self, node: Leaf) -> Said:
        """An expression."""
        body = node.value.body
        try:
            value = self.evaluator.text(body)
        except Fault as fault:
            place = replace(node.value.place, path=node.path)
            self.fault(fault.unfit.kind, [fault.node], place, fault.unfit.details)
            value = ""
        self.doubt(node.value.place)
        says = carries(body)
        if not value:
            return Said(None, False if says else None)
        self.trace(node, value if isinstance(value, str) else ", ".join(value))
        if node.form == "texts":
            return Said(",".join(_quoted(text) for text in value), True if says else None)
        return Said(_quoted(value) if node.form == "text" else str(value), True if says else None)

    def object(self, node: Object) -> Said:
        """An object, or a resource after its id."""
        if node.guard and not self.test(node.guard):
            return Said(None, False)
        said = [(member, self.faulty(member.node)) for member in node.members]
        carry = [one.carry for _, (one, _) in said if one.carry is not None]
        riders = [
            one.text is not None
            for member, (one, _) in said
            if one.carry is None and not isinstance(member.node, Fixed)
        ]
        there = node.root or node.stays or (any(carry) if carry else any(riders) if riders else True)
        if there:
            self.required(node, [(member.name, one.text, bad) for member, (one, bad) in said])
        parts = [f'"{member.name}":{one.text}' for member, (one, _) in said if one.text is not None]
        text = "{" + ",".join(parts) + "}" if there else None
        return Said(text, there if node.guard or (carry and not node.stays) else None)

    def faulty(self, node: Node) -> tuple[Said, bool]:
        """A part, and whether something was wrong in it."""
        before = len(self.faults)
        said = self.node(node)
        return said, len(self.faults) > before

    def required(self, node: Object, said: list[tuple[str, str | None, bool]]) -> None:
        """Tell of required elements without a value, and of choices with two."""
        by_name = {member.name: member for member in node.members}
        there = {name for name, text, _ in said if text is not None}
        for name, text, bad in said:
            member = by_name[name]
            if member.required and text is None and not bad:
                place = replace(member.place, path=member.path)
                self.fault(RECORD_REQUIRED, expressions(member.node), place, {"element": member.path})
        for group in node.rivals:
            both = [by_name[name] for name in group if name in there]
            if len(both) > 1:
                parts = [part for member in both for part in expressions(member.node)]
                element = " or ".join(member.path for member in both)
                self.fault(RECORD_RIVALS, parts, both[1].place, {"element": element})

    def listing(self, node: Listing) -> Said:
        """A list."""
        said = [one for item in node.items for one in self.items(item)]
        texts = [one.text for one in said if one.text is not None]
        carry = [one.carry for one in said if one.carry is not None]
        return Said(f"[{','.join(texts)}]" if texts else None, any(carry) if carry else None)

    def items(self, item: Node | Each) -> list[Said]:
        """The items one entry of a list stands for."""
        if not isinstance(item, Each):
            return [self.node(item)]
        found = [self.node(item.node) for _ in self.rows(item.enter)]
        there = [replace(one, carry=True) for one in found if one.text is not None]
        return there or [Said(None, False)]

    def fault(self, kind: Kind, nodes: list[Typed], rule: Place, details: Mapping[str, Any]) -> None:
        """Note what stops this resource."""
        made = self.problem(kind, nodes, rule, details)
        if made not in self.faults:
            self.faults.append(made)

    def problem(self, kind: Kind, nodes: list[Typed], rule: Place, details: Mapping[str, Any]) -> Problem:
        """A problem in the words of the file's owner: the columns, and the line of the row they are in."""
        sources = self.sources(nodes)
        place = sources[0].place if sources else self.place(0)
        columns = " and ".join(dict.fromkeys(each.column for each in sources))
        values = ", ".join(each.value for each in sources if each.value)
        return Problem(kind, place, columns, dict(details), values, rule)

    def sources(self, nodes: list[Typed]) -> list[From]:
        """The cells that expressions read."""
        found: dict[tuple[int, int, tuple[int, ...]], From] = {}
        for node in nodes:
            for part in walk(node):
                if isinstance(part, Cell):
                    key = (part.record, part.index, part.through)
                    cell, place = self.evaluator.text(part), self.place(part.record, part.through)
                    line = cell.line if isinstance(cell, Placed) else place.line
                    found[key] = From(part.name, part.column, replace(place, line=line), str(cell))
                elif isinstance(part, Kids):
                    place = self.place(part.record)
                    found[part.record, part.index, part.through] = From(part.name, part.name, place, "")
        return list(found.values())

    def place(self, record: int, through: tuple[int, ...] = ()) -> Place:
        """The file and line of the current row of a record."""
        row, shape = self.evaluator.rows[record], self.words.records[record].shape
        for slot in through:
            if not row[slot]:
                break
            row, shape = row[slot][0], shape.kids[slot - len(shape.fields)]
        name = self.files.get(shape.file) or self.files.get("") or shape.file
        return Place(name, row[shape.place])

    def trace(self, node: Leaf, value: str) -> None:
        """Note where an element came from."""
        if not self.tracing:
            return
        sources = tuple(self.sources([node.value.body]))
        self.origins.append(Origin(self.resource, node.path, sources, node.value.place, value))


def expressions(node: Node | Each) -> list[Typed]:
    """The expressions of a part of a body, conditions left out."""
    match node:
        case Leaf(value=value):
            return [value.body]
        case Object(members=members):
            return [each for member in members for each in expressions(member.node)]
        case Listing(items=items):
            return [each for item in items for each in expressions(item)]
        case Each(node=inner):
            return expressions(inner)
    return []


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _what(found: Problem) -> tuple[str, Place, str, str]:
    """What a problem is for the file's owner, whichever rule met it."""
    return found.kind.code, found.place, found.field, found.says


def _as_warning(found: Problem) -> Problem:
    return replace(found, kind=replace(found.kind, severity="warning"))
