"""FHIR's primitive types: what JSON writes them as, and which texts and numbers they allow.

Source: HL7 FHIR R4 data types, https://hl7.org/fhir/R4/datatypes.html#primitive
"""

import re
from binascii import Error as NotBase64
from binascii import a2b_base64
from calendar import monthrange
from collections.abc import Callable
from typing import Any

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""What an id is, whole."""

_YEAR = r"(?!0000)\d{4}"
_MONTH = r"(?:0[1-9]|1[0-2])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
_DAY = rf"{_YEAR}-{_MONTH}-(?:0[1-9]|[12]\d|3[01])"

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[ \t\r\n]+")

#: Most characters in a text: "1MB" in the standard.
LONGEST_TEXT = 1024 * 1024

#: What each type allows, said to the sender.
RULES = {
    "base64Binary": "Write it as base64 with its padding.",
    "boolean": "Write true or false without quotes.",
    "canonical": "Write an absolute address without spaces.",
    "code": "Write the code without spaces before, after or doubled inside.",
    "date": "Write a day of the calendar as YYYY-MM-DD, or YYYY-MM, or YYYY.",
    "dateTime": "Write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with time zone; the day must exist.",
    "decimal": "Write a number without quotes.",
    "id": "Use 1 to 64 letters, digits, hyphens and points.",
    "instant": "Write YYYY-MM-DDThh:mm:ss with a time zone (Z or +01:00); the day must exist.",
    "integer": "Write a whole number between -2,147,483,648 and 2,147,483,647.",
    "markdown": "Leave control characters out, and write at most 1 MB.",
    "oid": "Write it as urn:oid: and numbers with points.",
    "positiveInt": "Write a whole number from 1 to 2,147,483,647.",
    "string": "Leave control characters out, and write at most 1 MB.",
    "time": "Write hh:mm:ss without a time zone.",
    "unsignedInt": "Write a whole number from 0 to 2,147,483,647.",
    "uri": "Write an address without spaces.",
    "url": "Write an address without spaces.",
    "uuid": "Write it as urn:uuid: and 36 small hexadecimal digits and hyphens.",
}

_NUMBERS = {"integer": -(2**31), "positiveInt": 1, "unsignedInt": 0}


def json_type(type_: str) -> str:
    """What JSON writes the primitive type as, in words ("a whole number")."""
    if type_ in _NUMBERS:
        return "a whole number"
    return {"boolean": "true or false", "decimal": "a number"}.get(type_, "a text")


def found_type(value: Any) -> str:
    """What a JSON value is, in words."""
    match value:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "null"


def has_json_type(type_: str, value: Any) -> bool:
    """Whether the value is of the JSON type that the primitive type is written as."""
    if type_ == "boolean":
        return isinstance(value, bool)
    if type_ in _NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool)
    if type_ == "decimal":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def allows(type_: str, value: Any) -> bool:
    """Whether a value of the right JSON type is one that the primitive type allows."""
    if isinstance(value, str):
        short = len(value) <= LONGEST_TEXT or type_ in ("base64Binary", "xhtml")
        return short and not _NOT_TEXT.search(value) and _TEXTS[type_](value)
    least = _NUMBERS.get(type_)
    return least is None or least <= value < 2**31


def _pattern(pattern: str) -> Callable[[str], bool]:
    whole = re.compile(pattern, re.ASCII)
    return lambda text: whole.fullmatch(text) is not None


def _calendar(pattern: str) -> Callable[[str], bool]:
    """The pattern, and a day that exists in its month."""
    whole = re.compile(pattern, re.ASCII)
    return lambda text: whole.fullmatch(text) is not None and _exists(text)


def _exists(text: str) -> bool:
    day = text[8:10]
    return day < "29" or int(day) <= monthrange(int(text[:4]), int(text[5:7]))[1]


def _base64(text: str) -> bool:
    try:
        a2b_base64(_SPACE.sub("", text).encode("ascii"), strict_mode=True)
    except (NotBase64, UnicodeEncodeError):
        return False
    return True


def _any(text: str) -> bool:
    return True


_TEXTS: dict[str, Callable[[str], bool]] = {
    "base64Binary": _base64,
    "canonical": _pattern(r"\S+"),
    "code": _pattern(r"\S+(?:\s\S+)*"),
    "date": _calendar(rf"{_YEAR}(?:-{_MONTH})?|{_DAY}"),
    "dateTime": _calendar(rf"{_YEAR}(?:-{_MONTH})?|{_DAY}(?:T{_CLOCK}{_ZONE})?"),
    "id": _pattern(ID.pattern),
    "instant": _calendar(rf"{_DAY}T{_CLOCK}{_ZONE}"),
    "markdown": _any,
    "oid": _pattern(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+"),
    "string": _any,
    "time": _pattern(_CLOCK),
    "uri": _pattern(r"\S+"),
    "url": _pattern(r"\S+"),
    "uuid": _pattern(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "xhtml": _any,
}
