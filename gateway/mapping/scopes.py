"""Where generated lines go: blocks of Python, and the frames of rows at whose top cells are taken once."""

from collections.abc import Callable

Fresh = Callable[[], str]


class Frame:
    """The lines to run once for each row of a record, before anything else: its cells, their escapes, its
    ids.
    """

    def __init__(self, record: int, known: dict[str, str] | None = None) -> None:
        self.record = record
        self.known: dict[str, str] = dict(known or {})
        self.written: list[str] = []

    def once(self, text: str, fresh: Fresh) -> str:
        """The name of what `text` gives, worked out at the top of the row."""
        if text not in self.known:
            self.known[text] = fresh()
            self.written.append(f"{self.known[text]} = {text}")
        return self.known[text]

    def lines(self, indent: str) -> list[str]:
        """The lines in order."""
        return [indent + line for line in self.written]


class Block:
    """Lines of one indent, with blocks inside; a name worked out in a block is known to those within it."""

    def __init__(self, outer: "Block | None" = None) -> None:
        self.outer = outer
        self.parts: list[str | Block | list[str]] = []
        self.known: dict[str, str] = {}
        self.sure: set[str] = set()

    def add(self, line: str) -> None:
        """Add a line."""
        self.parts.append(line)

    def inner(self) -> "Block":
        """Open a block inside, at this point."""
        made = Block(self)
        self.parts.append(made)
        return made

    def slot(self) -> list[str]:
        """A place for lines that are only known later."""
        made: list[str] = []
        self.parts.append(made)
        return made

    def once(self, text: str, fresh: Fresh) -> str:
        """The name of what `text` gives, worked out here unless it already was where this block can see
        it.
        """
        block: Block | None = self
        while block:
            if text in block.known:
                return block.known[text]
            block = block.outer
        self.known[text] = self.set(text, fresh)
        return self.known[text]

    def is_sure(self, test: str) -> bool:
        """Whether a test is known to hold here, because the row would not have come so far otherwise."""
        block: Block | None = self
        while block:
            if test in block.sure:
                return True
            block = block.outer
        return False

    def set(self, text: str, fresh: Fresh) -> str:
        """A new name for what `text` gives."""
        name = fresh()
        self.add(f"{name} = {text}")
        return name

    def lines(self, indent: str) -> list[str]:
        """The lines in order, with their indents."""
        found: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                found.append(indent + part)
            elif isinstance(part, Block):
                found.extend(part.lines(indent + "    ") or [f"{indent}    pass"])
            else:
                found.extend(indent + line for line in part)
        return found
