"""Where in a JSON text something stands that its reader meets without knowing where it is."""

import json
import re
from collections.abc import Callable

from gateway.problems import NOWHERE, Place

#: Characters of a text in which a place is looked for; looking must not cost more than reading.
MOST = 1_000_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(?P<key>\s*:)?|[{}\[\]]|[^\s"{}\[\],:]+', re.DOTALL)


def place_at(text: str, offset: int) -> Place:
    """Line and column, from 1, of a character."""
    start = text.rfind("\n", 0, offset)
    return Place(line=text.count("\n", 0, offset) + 1, column=offset - start)


def place_of_number(text: str, holds: Callable[[str], bool]) -> Place:
    """Where the first number stands that does not hold, or nowhere."""
    for token in _TOKEN.finditer(text[:MOST]):
        word = token.group()
        if word[0] in "-0123456789NI" and not holds(word):
            return place_at(text, token.start())
    return NOWHERE


def place_of_repetition(text: str) -> Place:
    """Where the first key stands that its object has already, or nowhere."""
    open: list[set[str]] = [set()]
    for token in _TOKEN.finditer(text[:MOST]):
        word = token.group()
        if word in ("{", "["):
            open.append(set())
        elif word in ("}", "]"):
            open.pop()
        elif token.group("key"):
            key = json.loads(word[: word.rindex('"') + 1], strict=False)
            if key in open[-1]:
                return place_at(text, token.start())
            open[-1].add(key)
    return NOWHERE
