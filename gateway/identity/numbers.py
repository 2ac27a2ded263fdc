"""The numbers a child goes by in health, school and social care: how each is written and checked."""

import re
from enum import Enum

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
ULN_PLACEHOLDER = "9999999999"

_UPN = re.compile(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]")
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_LAYOUT = re.compile(r"[\s\-‐‑–.]+")
_WORTH = {character: worth for worth, character in enumerate(UPN_LETTERS)} | {str(n): n for n in range(10)}


class UpnKind(Enum):
    """What a text in the place of a UPN is."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    WRONG_LETTER = "wrong check letter"
    NOT_ONE = "not a UPN"


def nhs_number(text: str) -> str | None:
    """Return the ten digits of a valid NHS number, or None.

    Spaces, hyphens and points are layout. Ten equal digits fit the check, but people type them where
    they have no number, so they count as none.

    Source:
        NHS Data Model and Dictionary, NHS NUMBER (modulus 11).
    """
    digits = _LAYOUT.sub("", text)
    if not _TEN_DIGITS.fullmatch(digits) or len(set(digits)) == 1:
        return None
    check = (
        11 - sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11
    )
    return digits if check % 11 == int(digits[9]) else None


def upn(text: str) -> str:
    """Return a UPN as it is compared: upper case, without spaces and hyphens."""
    return _LAYOUT.sub("", text).upper()


def upn_kind(text: str) -> UpnKind:
    """Return what `text`, a UPN in its compared form, is.

    Source:
        DfE, Unique pupil numbers: 13 characters, check letter first; a temporary UPN ends in a letter.
    """
    if not _UPN.fullmatch(text):
        return UpnKind.NOT_ONE
    if upn_check_letter(text[1:]) != text[0]:
        return UpnKind.WRONG_LETTER
    return UpnKind.PERMANENT if text[-1].isdigit() else UpnKind.TEMPORARY


def upn_check_letter(body: str) -> str:
    """Return the check letter for characters 2 to 13 of a UPN."""
    return UPN_LETTERS[sum(place * _WORTH[character] for place, character in enumerate(body, 2)) % 23]


def uln(text: str) -> str | None:
    """Return the ten digits of a valid ULN, or None; the placeholder of nines counts as none.

    Source:
        Learning Records Service, ULN (modulus 11, the remainder is never 0).
    """
    digits = _LAYOUT.sub("", text)
    if not _TEN_DIGITS.fullmatch(digits) or digits == ULN_PLACEHOLDER:
        return None
    rest = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11
    return digits if rest and 10 - rest == int(digits[9]) else None


def la_child_id(text: str) -> str:
    """Return a local authority's child id as it is compared: upper case, no layout, no leading zeros.

    One council writes `0010234` in one return and `10234` in the next. It means something within one
    local authority only.
    """
    return _LAYOUT.sub("", text).upper().lstrip("0")
