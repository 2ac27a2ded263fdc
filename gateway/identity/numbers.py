"""The numbers a child goes by in health, school and social care: how each is written and checked."""

import re
from enum import Enum

from gateway.check_digits import TEN_DIGITS, UPN, nhs_check_digit, uln_check_digit, upn_check_letter

ULN_PLACEHOLDER = "9999999999"

_LAYOUT = re.compile(r"[\s\-‐‑–.]+")


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
    if not TEN_DIGITS.fullmatch(digits) or len(set(digits)) == 1:
        return None
    return digits if nhs_check_digit(digits[:9]) == digits[9] else None


def upn(text: str) -> str:
    """Return a UPN as it is compared: upper case, without spaces and hyphens."""
    return _LAYOUT.sub("", text).upper()


def upn_kind(text: str) -> UpnKind:
    """Return what `text`, a UPN in its compared form, is.

    Source:
        DfE, Unique pupil numbers: 13 characters, check letter first; a temporary UPN ends in a letter.
    """
    if not UPN.fullmatch(text):
        return UpnKind.NOT_ONE
    if upn_check_letter(text[1:]) != text[0]:
        return UpnKind.WRONG_LETTER
    return UpnKind.PERMANENT if text[-1].isdigit() else UpnKind.TEMPORARY


def uln(text: str) -> str | None:
    """Return the ten digits of a valid ULN, or None; the placeholder of nines counts as none.

    Source:
        Learning Records Service, ULN (modulus 11, the remainder is never 0).
    """
    digits = _LAYOUT.sub("", text)
    if not TEN_DIGITS.fullmatch(digits) or digits == ULN_PLACEHOLDER:
        return None
    return digits if uln_check_digit(digits[:9]) == digits[9] else None


def la_child_id(text: str) -> str:
    """Return a local authority's child id as it is compared: upper case, no layout, no leading zeros.

    One council writes `0010234` in one return and `10234` in the next. It means something within one
    local authority only.
    """
    return _LAYOUT.sub("", text).upper().lstrip("0")
