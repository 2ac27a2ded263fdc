"""Problems of a mapping file as its author reads them: the place, the line with a caret, what it is, what
to do.
"""

import re
from collections.abc import Iterable

from gateway.problems import Problem

_WORD = re.compile(r"%?[\w.$-]+")


def render(found: Problem, text: str = "") -> str:
    """Return a problem in words.

    Args:
        found: the problem.
        text: the whole text of the file it is in, for the line with the caret; "" for none.
    """
    lines = [f"{found.place}  {found.kind.code}"]
    lines += _pointed(found, text.split("\n")) if text else []
    said = found.says if found.says.endswith((".", "?", "!")) else f"{found.says}."
    lines.append(f"{said} {found.fix}".rstrip())
    return "\n".join(lines)


def render_all(problems: Iterable[Problem], text: str = "") -> str:
    """Return several problems in words, with a blank line between them."""
    return "\n\n".join(render(each, text) for each in problems)


def _pointed(found: Problem, lines: list[str]) -> list[str]:
    """The line of the file, and below it a caret under each character that is meant."""
    place = found.place
    if not 0 < place.line <= len(lines):
        return []
    line = lines[place.line - 1].rstrip("\r").replace("\t", " ")
    if not place.column:
        return [f"{place.line:5d} | {line}"]
    word = _WORD.match(line, place.column - 1)
    width = max(1, len(word.group()) if word else 1)
    return [f"{place.line:5d} | {line}", f"{'':5s} | {'':{place.column - 1}s}{'^' * width}"]
