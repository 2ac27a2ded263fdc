"""Pieces of generated Python that make pieces of JSON text."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.mapping.plan import Leaf, Node

#: The test of a piece that is never there.
NEVER = "''"
Segments = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Python for a part of a JSON text.

    `there`: when it is there (None: always); `carry`: when it says something about the record (None: it
    never does).
    """

    segments: Segments
    there: str | None
    carry: str | None


def gives_texts(item: Node) -> bool:
    """Whether an item of a list stands for several texts."""
    return isinstance(item, Leaf) and item.form == "texts"


def either(tests: list[str] | list[str | None]) -> str:
    """Any of some tests."""
    found = list(dict.fromkeys(str(test) for test in tests))
    return found[0] if len(found) == 1 else f"({' or '.join(found)})"


def when(text: str, test: str | None) -> str:
    """Python for a text that is there only if a test holds."""
    return f"{text} if {test} else ''" if test else text


def fstring(segments: Segments) -> str:
    """An f-string of literal texts and names."""
    if len(segments) == 1 and segments[0][0] == "var":
        return segments[0][1]
    parts = (
        text.replace("{", "{{").replace("}", "}}") if kind == "lit" else f"{{{text}}}"
        for kind, text in segments
    )
    return "f" + repr("".join(parts))


def any_of(tests: Iterable[str]) -> str:
    """Any of some tests; "" where there are none."""
    found = list(dict.fromkeys(tests))
    return found[0] if len(found) == 1 else f"({' or '.join(found)})" if found else ""
