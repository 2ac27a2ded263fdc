"""Texts: cut, joined, changed and asked."""

import re
from collections.abc import Callable

from gateway.mapping.memo import Convert
from gateway.mapping.shelf.function import NUMERIC, TEXTUAL, Function, Misused, always, filled


def _capitalise(text: str) -> str:
    if text != text.upper() and text != text.lower():
        return text
    return re.sub(r"[^\W\d_]+", lambda found: found[0][0].upper() + found[0][1:].lower(), text)


def _substring(start: str, length: str = "") -> Convert:
    if not start.isdecimal() or not (length or "0").isdecimal():
        raise Misused("takes whole numbers")
    first = int(start)
    last = first + int(length) if length else None
    return lambda text: text[first:last]


def _replace(old: str, new: str) -> Convert:
    if not old:
        raise Misused("needs a text to look for")
    return lambda text: text.replace(old, new)


def _pattern(written: str) -> re.Pattern[str]:
    try:
        return re.compile(written)
    except re.error as error:
        raise Misused(f"has a pattern that cannot be read: {error.msg}") from None


def _matches(written: str) -> Convert:
    found = _pattern(written).search
    return filled(lambda text: found(text) is not None)


def _extract(written: str) -> Convert:
    pattern = _pattern(written)
    if pattern.groups > 1:
        raise Misused("takes a pattern with one group, the part that is wanted")

    def convert(text: str) -> str:
        found = pattern.search(text) if text else None
        return (found[pattern.groups] or "") if found else ""

    return convert


def _split(separator: str = " ") -> Convert:
    if not separator:
        raise Misused("needs a text to split at")
    return lambda text: tuple(part for part in (each.strip() for each in text.split(separator)) if part)


def _join(separator: str = "") -> Convert:
    return lambda texts: separator.join(texts)


def _test(name: str) -> Callable[[str], Convert]:
    def make(part: str) -> Convert:
        if not part:
            raise Misused("needs a text to look for")
        return filled(
            {
                "startsWith": lambda text: text.startswith(part),
                "endsWith": lambda text: text.endswith(part),
                "contains": lambda text: part in text,
            }[name]
        )

    return make


TEXTS: tuple[Function, ...] = (
    Function(
        "string",
        always(str),
        (*TEXTUAL, *NUMERIC, "boolean"),
        "text",
        "string()",
        "Any value as text.",
        ("7", "7"),
    ),
    Function(
        "trim", always(str.strip), TEXTUAL, "text", "trim()", "Without blanks at both ends.", (" a ", "a")
    ),
    Function("upper", always(str.upper), TEXTUAL, "text", "upper()", "In capitals.", ("ab", "AB")),
    Function("lower", always(str.lower), TEXTUAL, "text", "lower()", "In small letters.", ("AB", "ab")),
    Function(
        "capitalise",
        always(_capitalise),
        TEXTUAL,
        "text",
        "capitalise()",
        "A name written all in capitals (or all small) with one capital for each word; other texts stay.",
        ("O'NEIL-SMITH", "O'Neil-Smith"),
    ),
    Function(
        "substring",
        _substring,
        TEXTUAL,
        "text",
        "substring(0, 3)",
        "From a position (the first is 0), and so many characters.",
        ("2019001", "201"),
        1,
        2,
    ),
    Function(
        "replace",
        _replace,
        TEXTUAL,
        "text",
        "replace('a', 'b')",
        "With every 'a' replaced.",
        ("banana", "bbnbnb"),
        2,
        2,
    ),
    Function(
        "split",
        _split,
        TEXTUAL,
        "texts",
        "split(' ')",
        "The parts between separators, as a list; empty parts are dropped.",
        ("Ann  Lea", "Ann|Lea"),
        0,
        1,
    ),
    Function(
        "join", _join, ("texts",), "text", "join(' ')", "A list as one text.", ("Ann|Lea", "Ann Lea"), 0, 1
    ),
    Function(
        "matches",
        _matches,
        TEXTUAL,
        "test",
        "matches('^[0-9]+$')",
        "Whether a regular expression is found in it.",
        ("12", "true"),
        1,
        1,
    ),
    Function(
        "extract",
        _extract,
        TEXTUAL,
        "text",
        "extract('UPN:([A-Z0-9]+)')",
        "What a regular expression, or the group in it, finds first; nothing where it finds nothing.",
        ("SIS:7 UPN:F2", "F2"),
        1,
        1,
    ),
    Function(
        "startsWith",
        _test("startsWith"),
        TEXTUAL,
        "test",
        "startsWith('UN')",
        "Whether it begins so.",
        ("UN4", "true"),
        1,
        1,
    ),
    Function(
        "endsWith",
        _test("endsWith"),
        TEXTUAL,
        "test",
        "endsWith('A')",
        "Whether it ends so.",
        ("3A", "true"),
        1,
        1,
    ),
    Function(
        "contains",
        _test("contains"),
        TEXTUAL,
        "test",
        "contains('/')",
        "Whether it has this within.",
        ("a/b", "true"),
        1,
        1,
    ),
)
