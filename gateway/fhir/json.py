"""FHIR JSON in and out without losing a digit: decimals keep the text they came with.

`orjson` would turn `92.10` into `92.1`, and FHIR asks that precision be kept; Python's own reader lets a
number be kept as written, and `orjson` writes such a number back byte for byte.

Source: FHIR R4 JSON format, https://hl7.org/fhir/R4/json.html ("Representing primitives", precision).
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from gateway.fhir.json_place import place_at, place_of_number, place_of_repetition
from gateway.problems import Place, Refused, refuse
from gateway.problems.json import JSON_DEEP, JSON_DUPLICATE, JSON_NUMBER, JSON_SYNTAX

DEEPEST = 100
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_LONGEST_NUMBER = 64
_WHOLE_NUMBERS = range(-(2**63), 2**64)
#: What Python's reader says, in our words.
_REASONS = {
    "Expecting value": "a value is missing",
    "Expecting property name enclosed in double quotes": "a name in quotation marks is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting ',' delimiter": "a comma is missing",
    "Illegal trailing comma before end of object": "a comma stands before the end of an object",
    "Illegal trailing comma before end of array": "a comma stands before the end of a list",
    "Unterminated string starting at": "a text has no closing quotation mark",
    "Invalid control character at": "a control character is not escaped",
    "Invalid \\escape": "a backslash escapes nothing",
    "Invalid \\uXXXX escape": "an escape \\u has no four digits",
    "Extra data": "there is more behind its end",
}


class Decimal(float):
    """A number that remembers how it was written (`text`)."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Decimal":
        """Keep `text` beside the number it means."""
        made = super().__new__(cls, text)
        made.text = text
        return made


def read(content: bytes | str) -> Any:
    """Return the value of a JSON text; numbers with a point, an exponent or over 64 bits become `Decimal`.

    A byte order mark is tolerated; anything but UTF-8 is not.

    Raises:
        Refused: `json.syntax` with line and column, `json.duplicate-key`, `json.too-deep`,
            `json.number` (not a finite number, or absurdly long).
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")
        place = place_at(before, len(before))
        raise refuse(JSON_SYNTAX, place=place, reason="the text is not UTF-8") from None
    _check_depth(text)
    try:
        return _reader.decode(text)
    except json.JSONDecodeError as error:
        place = Place(line=error.lineno, column=error.colno)
        said = error.msg.removesuffix(": ")
        raise refuse(JSON_SYNTAX, place=place, reason=_REASONS.get(said, "it is no JSON here")) from None
    except RecursionError:
        raise refuse(JSON_DEEP, most=DEEPEST) from None
    except Refused as refused:
        raise _placed(refused, text) from None


def read_trusted(content: bytes) -> Any:
    """Return the value of a JSON text that this program wrote itself (no checks, decimals kept)."""
    return _trusted.decode(content.decode())


def write(value: Any, *, pretty: bool = False) -> bytes:
    """Return compact UTF-8 JSON of `value`; a `Decimal` is written as it was read."""
    return orjson.dumps(value, default=_written, option=orjson.OPT_INDENT_2 if pretty else None)


def _written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise refuse(JSON_DUPLICATE)
    return made


def _placed(refused: Refused, text: str) -> Refused:
    """A refusal by one of the reader's hooks, which do not know where they are."""
    met = refused.problems[0]
    found = place_of_repetition(text) if met.kind is JSON_DUPLICATE else place_of_number(text, _is_kept)
    return Refused(replace(met, place=found))


def _is_kept(word: str) -> bool:
    try:
        (_integer if word.lstrip("-").isdecimal() else _decimal)(word)
    except (Refused, ValueError):
        return False
    return word[-1] not in "Ny"  # NaN, Infinity


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise refuse(JSON_NUMBER)
    made = Decimal(text)
    if made in (float("inf"), float("-inf")):
        raise refuse(JSON_NUMBER)
    return made


def _integer(text: str) -> int | Decimal:
    if len(text) > _LONGEST_NUMBER // 2:
        raise refuse(JSON_NUMBER)
    return _whole(text)


def _whole(text: str) -> int | Decimal:
    """A whole number; one that `write` does not know keeps its text as a decimal."""
    made = int(text)
    return made if made in _WHOLE_NUMBERS else Decimal(text)


def _constant(text: str) -> Any:
    raise refuse(JSON_NUMBER)


def _check_depth(text: str) -> None:
    """Refuse a text that nests deeper than `DEEPEST`, before the reader recurses into it."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    if "\\" in text:
        text = _ESCAPED.sub("", text)
    # what stands between two quotation marks is no structure
    depth = 0
    for bracket in _NO_BRACKET.sub("", "".join(text.split('"')[::2])):
        if bracket in "[{":
            depth += 1
            if depth > DEEPEST:
                raise refuse(JSON_DEEP, most=DEEPEST)
        else:
            depth -= 1


def _decoder(pairs: Callable[[list[tuple[str, Any]]], Any] | None) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=pairs, parse_float=_decimal, parse_int=_integer, parse_constant=_constant
    )


_reader = _decoder(_pairs)
_trusted = json.JSONDecoder(parse_float=Decimal, parse_int=_whole)

__all__ = ["DEEPEST", "Decimal", "read", "read_trusted", "write"]
