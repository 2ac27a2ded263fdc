"""Mappings compiled to Python: one function for all rules, that turns a row into JSON texts.

Nothing of the mapping is executed as written: names become `c0_3` and `t7`, and every text goes in by `repr`.
Constants are folded into the text around them, each cell is escaped once for each row, and an object that
follows from one coded column is remembered whole.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from json.encoder import encode_basestring
from typing import Any

from gateway.mapping.evaluate import Evaluator, Fault
from gateway.mapping.memo import Memo
from gateway.mapping.pieces import NEVER, Piece, any_of, either, fstring, gives_texts, when
from gateway.mapping.plan import Each, Fixed, Leaf, Listing, Member, Node, Object, Rule
from gateway.mapping.pycode import Outer, Pool, Speaker, cell_text, says
from gateway.mapping.remember import is_plain, one_cell
from gateway.mapping.runtime import NAMES, noting, sealing
from gateway.mapping.scopes import Block, Frame
from gateway.mapping.sites import Doubt, Site, only_cell
from gateway.mapping.typed import Apply, Cell, Concat, Const, Kids, Link, Outside, OwnId, Typed, carries, walk
from gateway.mapping.words import Words
from gateway.problems import NOWHERE

Made = tuple[int, str, str, str]
Fast = Callable[[Any, Callable[[Made], None], Callable[[int], None]], None]
IdOf = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A mapping as a function.

    Attributes:
        run: (row, add a resource, add the number of a rule that lost one) to nothing; raises `Unfit`.
        doubts: grows while a value is kept that is doubtful; whoever runs it empties it.
        sites: where such values are read, by number.
        source: the Python text, for the curious.
    """

    run: Fast
    doubts: list[Doubt]
    sites: list[Site]
    source: str


def compile_rules(rules: tuple[Rule, ...], words: Words, outer: Outer, ids: IdOf) -> Compiled:
    """Return the function for `rules`.

    Args:
        rules: what to make.
        words: the records they are made of.
        outer: values of `file.`, `given.` and `run.` by (where, name).
        ids: (rule name, keys…) to an id.
    """
    doubts: list[Doubt] = []
    writer = _Writer(words, outer, ids)
    frame = Frame(0)
    body = Block()
    for index, rule in enumerate(rules):
        writer.rule(index, rule, frame, body)
    source = "\n".join(
        ["def run(r0, add, lost):", *frame.lines("    "), *body.lines("    "), "    return", ""]
    )
    names = {**writer.names(), "ids": ids, "doubt": noting(doubts)}
    exec(compile(source, "<mapping>", "exec"), names)
    return Compiled(names["run"], doubts, writer.sites, source)


class _Writer:
    """Writes the rules of one mapping."""

    def __init__(self, words: Words, outer: Outer, ids: IdOf) -> None:
        self.words = words
        self.outer = outer
        self.pool = Pool()
        self.frames: list[Frame] = []
        self.sites: list[Site] = []
        self.numbers: dict[Cell, int] = {}
        self.at = NOWHERE
        self.remembering = False
        self.say = Speaker(self.pool, outer, self.cell, self.link, self.site)
        self.fixed = Evaluator({}, outer, ids, [])

    def names(self) -> dict[str, Any]:
        """What the generated code may name."""
        return {**NAMES, **self.pool.objects}

    def rule(self, index: int, rule: Rule, top: Frame, body: Block) -> None:
        """Write one rule: its loops, its condition, its id and its text."""
        self.frames = [top]
        block, ends = self.enter(rule.enter, body)
        if rule.drops:
            block.add("try:")
            inner = block.inner()
            block.add("except Unfit:")
            block.inner().add(f"lost({index})")
        else:
            inner = block
        self.at = rule.place
        if rule.guard:
            inner.add(f"if {self.say.true(rule.guard.body)}:")
            inner = inner.inner()
        own = self.say.own = self.own_id(rule, inner)
        piece = self.members(rule.body, inner)
        head = (("lit", f'{{"resourceType":"{rule.type}","id":"'), ("var", own), ("lit", '"'))
        text = fstring((*head, *piece.segments))
        inner.add(f"add(({index}, {rule.type!r}, {own}, {text}))")
        for end in ends:
            end()

    def enter(self, records: tuple[int, ...], body: Block) -> tuple[Block, list[Callable[[], None]]]:
        """Open the loops over the rows of nested records."""
        ends: list[Callable[[], None]] = []
        for number in records:
            record = self.words.records[number]
            body.add(f"for r{number} in r{record.parent}[{record.slot}]:")
            frame, loop = Frame(number), body.inner()
            head = loop.slot()
            self.frames.append(frame)
            ends.append(lambda frame=frame, head=head: head.extend(frame.lines("")))  # type: ignore[misc]
            body = loop
        return body, ends

    def site(self, node: Apply) -> str:
        """Python for the place of a value that can be doubtful."""
        cell = only_cell(node)
        return self.place_of(cell) if cell or self.remembering else "-1, r0"

    def place_of(self, cell: Cell | None) -> str:
        """Python for the site of a cell: one for each, so that the same expression is worked out once."""
        if cell is None or self.remembering:
            return "0"
        if cell not in self.numbers:
            self.numbers[cell] = len(self.sites)
            self.sites.append(Site(cell, self.at))
        return f"{self.numbers[cell]}, r{cell.record}"

    def own_id(self, rule: Rule, block: Block) -> str:
        """Write the id of a rule's resource, which must have something in its key."""
        keys = [key.body for key in rule.keys]
        names = [self.value(key, block) for key in keys]
        test = any_of(name for key, name in zip(keys, names, strict=True) if carries(key))
        if test and not block.is_sure(test):
            block.add(f"if not ({test}): no_key()")
            block.sure.add(test)
        return self.id_of(rule.name, keys, names, block)

    def id_of(self, rule: str, keys: list[Typed], names: list[str], block: Block) -> str:
        """Python for an id; made once for each row where nothing in its keys can go wrong."""
        call = f"ids({', '.join([repr(rule), *names])})"
        if all(isinstance(key, Cell | Const | Outside) for key in keys):
            return self.frame(keys).once(call, self.pool.fresh)
        return block.once(call, self.pool.fresh)

    def frame(self, parts: list[Typed]) -> Frame:
        """The innermost frame whose record any of `parts` needs."""
        needed = {part.record for part in parts if isinstance(part, Cell)}
        found = [frame for frame in self.frames if frame.record in needed]
        return found[-1] if found else self.frames[0]

    def cell(self, node: Cell) -> str:
        """The name of a cell, taken from its row once."""
        return self.frame([node]).once(cell_text(node), self.pool.fresh)

    def link(self, node: Link) -> str:
        """Python for a Reference within an expression, or "" where its keys are empty."""
        names = [self.say.text(key) for key in node.keys]
        made = f"ids({', '.join([repr(node.rule), *names])})"
        whole = f"('{{\"reference\":\"{node.target}/' + {made} + '\"}}')"
        test = any_of(name for key, name in zip(node.keys, names, strict=True) if carries(key))
        return f"({whole} if {test} else '')" if test else whole

    def node(self, node: Node, block: Block) -> Piece:
        """Write any part of a body."""
        match node:
            case Fixed(json=text):
                return Piece((("lit", text),), None, None)
            case Leaf():
                return self.leaf(node, block)
            case Object():
                return self.remembered(node, block) or self.object(node, block)
            case Listing():
                return self.remembered(node, block) or self.listing(node, block)

    def leaf(self, node: Leaf, block: Block) -> Piece:
        """Write an expression."""
        body = node.value.body
        self.at = replace(node.value.place, path=node.path)
        if not carries(body) and (folded := self.folded(node)):
            return folded
        if isinstance(body, Concat) and node.form == "text":
            return self.concat(body, block)
        if isinstance(body, Link):
            return self.reference(body, block)
        value = self.value(body, block)
        carry = value if carries(body) else None
        if node.form == "text":
            if is_plain(body):
                return Piece((("lit", '"'), ("var", value), ("lit", '"')), value, carry)
            return Piece((("var", self.escaped(body, value, block)),), value, carry)
        return Piece((("var", value),), value, carry)

    def folded(self, node: Leaf) -> Piece | None:
        """An expression that says the same for every row of the file, worked out now."""
        body = node.value.body
        if node.form == "texts" or any(isinstance(part, Cell | Kids | Link | OwnId) for part in walk(body)):
            return None
        try:
            value = self.fixed.text(body)
        except Fault:
            return None
        if not value:
            return Piece((), NEVER, None)
        return Piece((("lit", encode_basestring(value) if node.form == "text" else value),), None, None)

    def value(self, body: Typed, block: Block) -> str:
        """The name of a value, worked out once within a block."""
        text = self.say.text(body)
        return text if text.isidentifier() else block.once(text, self.pool.fresh)

    def escaped(self, body: Typed, value: str, block: Block, *, bare: bool = False) -> str:
        """The name of a value as a JSON string, or (bare) of what stands between its quotes."""
        if bare and is_plain(body):
            return value
        where: Frame | Block = self.frame([body]) if isinstance(body, Cell) else block
        return where.once(f"esc({value})[1:-1]" if bare else f"esc({value})", self.pool.fresh)

    def concat(self, body: Concat, block: Block) -> Piece:
        """Write texts put together, each part escaped by itself."""
        segments: list[tuple[str, str]] = [("lit", '"')]
        tests: list[str] = []
        for part, counts in zip(body.parts, says(body), strict=True):
            if isinstance(part, Const | Outside):
                fixed = part.text if isinstance(part, Const) else self.outer.get((part.where, part.name), "")
                segments.append(("lit", encode_basestring(fixed)[1:-1]))
                value = repr(fixed)
            else:
                value = self.value(part, block)
                segments.append(("var", self.escaped(part, value, block, bare=True)))
            tests.extend([value] if counts else [])
        there = f"({(' and ' if body.strict else ' or ').join(tests)})" if tests else None
        return Piece((*segments, ("lit", '"')), there, there if carries(body) else None)

    def reference(self, body: Link, block: Block) -> Piece:
        """Write a Reference, with its id made once for each row where that can be."""
        names = [self.value(key, block) for key in body.keys]
        made = self.id_of(body.rule, list(body.keys), names, block)
        head, tail = f'{{"reference":"{body.target}/', '"}'
        there = any_of(name for key, name in zip(body.keys, names, strict=True) if carries(key)) or None
        return Piece((("lit", head), ("var", made), ("lit", tail)), there, there)

    def object(self, node: Object, block: Block) -> Piece:
        """Write an object that is no resource."""
        if node.guard is None:
            return self.members(node, block)
        name = self.pool.fresh()
        block.add(f"{name} = ''")
        block.add(f"if {self.say.true(node.guard.body)}:")
        inner = block.inner()
        piece = self.members(node, inner)
        inner.add(f"{name} = {when(fstring(piece.segments), piece.there)}")
        return Piece((("var", name),), name, name)

    def members(self, node: Object, block: Block) -> Piece:
        """Write the elements of an object between its braces; a resource goes on after its id."""
        pieces = [(member, self.node(member.node, block)) for member in node.members]
        carry = [piece.carry for _, piece in pieces if piece.carry is not None]
        riders = [p.there for m, p in pieces if p.carry is None and not isinstance(m.node, Fixed)]
        there = either(carry) if carry else either(riders) if riders and None not in riders else None
        if node.root or node.stays:
            there = None
        self.checks(node, pieces, there, block)
        known = carry[0] if len(carry) == 1 and there is not None else ""
        segments: list[tuple[str, str]] = []
        sure = node.root
        shown = [(member, piece) for member, piece in pieces if piece.there != NEVER]
        for position, (member, piece) in enumerate(shown):
            optional = piece.there is not None and piece.there != known and not member.required
            optional = optional and not block.is_sure(str(piece.there))
            label = f'"{member.name}":'
            if not optional:
                comma = "," if sure or position else ""
                segments += [("lit", comma + label), *piece.segments]
                sure = sure or not position
            else:
                text = fstring((("lit", f",{label}"), *piece.segments))
                segments.append(("var", block.set(when(text, piece.there), self.pool.fresh)))
        if not sure and segments:
            segments = [("var", block.set(f"{fstring(tuple(segments))}[1:]", self.pool.fresh))]
        opened = () if node.root else (("lit", "{"),)
        return Piece((*opened, *segments, ("lit", "}")), there, there if carry and not node.stays else None)

    def checks(
        self, node: Object, pieces: list[tuple[Member, Piece]], there: str | None, block: Block
    ) -> None:
        """Write what stops an object that lacks a required element or has two values for one choice."""
        for member, piece in pieces:
            if member.required and piece.there is not None and piece.there != there:
                test = f"({there}) and not ({piece.there})" if there else f"not ({piece.there})"
                block.add(f"if {test}: missing()")
        by_name = {member.name: piece for member, piece in pieces}
        for group in node.rivals:
            tests = [by_name[name].there for name in group if name in by_name]
            for index, one in enumerate(tests):
                for other in tests[index + 1 :]:
                    block.add(f"if ({one or True}) and ({other or True}): rivals()")

    def listing(self, node: Listing, block: Block) -> Piece:
        """Write a list."""
        if len(node.items) == 1 and not isinstance(node.items[0], Each) and not gives_texts(node.items[0]):
            piece = self.node(node.items[0], block)
            return Piece((("lit", "["), *piece.segments, ("lit", "]")), piece.there, piece.carry)
        segments: list[tuple[str, str]] = []
        tests: list[str | None] = []
        carry: list[str] = []
        for item in node.items:
            name, there, says = self.list_item(item, block)
            segments.append(name)
            tests.append(there)
            carry.extend([says] if says else [])
        whole = block.set(f"{fstring(tuple(segments))}[1:]", self.pool.fresh)
        there = None if None in tests else whole
        says = either(list(dict.fromkeys(carry))) if carry else None
        return Piece((("lit", "["), ("var", whole), ("lit", "]")), there, says)

    def list_item(self, item: Node | Each, block: Block) -> tuple[tuple[str, str], str | None, str | None]:
        """Write one item of a list with the comma before it: its segment, when it is there, when it says
        something.
        """
        if isinstance(item, Each):
            name = self.each(item, block)
            return ("var", name), name, name
        if gives_texts(item) and isinstance(item, Leaf):
            value = self.value(item.value.body, block)
            name = block.set(f"',' + join(map(esc, {value})) if {value} else ''", self.pool.fresh)
            return ("var", name), name, name if carries(item.value.body) else None
        piece = self.node(item, block)
        text = when(fstring((("lit", ","), *piece.segments)), piece.there)
        name = block.set(text, self.pool.fresh)
        return ("var", name), name if piece.there else None, piece.carry

    def each(self, item: Each, block: Block) -> str:
        """Write a loop that gathers an item for each row of a record."""
        name = self.pool.fresh()
        block.add(f"{name} = ''")
        depth = len(self.frames)
        loop, ends = self.enter(item.enter, block)
        piece = self.node(item.node, loop)
        text = f"{name} += {fstring((('lit', ','), *piece.segments))}"
        loop.add(f"if {piece.there}: {text}" if piece.there else text)
        for end in ends:
            end()
        del self.frames[depth:]
        return name

    def remembered(self, node: Object | Listing, block: Block) -> Piece | None:
        """Write a part that follows from one coded cell as a function whose results are remembered."""
        cell = one_cell(node)
        if cell is None:
            return None
        name, before = self.cell(cell), (self.at, self.remembering)
        outer, self.frames = self.frames, [Frame(cell.record, {cell_text(cell): "c"})]
        self.remembering = True
        body = Block()
        piece = self.object(node, body) if isinstance(node, Object) else self.listing(node, body)
        body.add(f"return seal({when(fstring(piece.segments), piece.there)})")
        head = self.frames[0].lines("    ")
        self.frames, (self.at, self.remembering) = outer, before
        source = "\n".join(["def part(c):", "    open()", *head, *body.lines("    "), ""])
        names = {**self.names(), **sealing()}
        exec(compile(source, "<part>", "exec"), names)
        memo = self.pool.name(("part", id(node)), Memo(names["part"]))
        made = block.set(f"{memo}[{name}]", self.pool.fresh)
        if "doubt(" in source:
            told = f"doubt({made}, {self.place_of(cell)})"
            block.add(f"if {made}.__class__ is Doubtful: {told}")
        return Piece((("var", made),), made, made)
