"""The characters that guard the numbers of English children: which one a UPN, NHS number or ULN must have.

Source: DfE "Unique pupil numbers: guidance"; NHS Data Dictionary, NHS NUMBER (modulus 11); Learning Records
Service, ULN (modulus 11, the remainder is never 0).
"""

import re

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""Every letter that a UPN may have, in the order of what it is worth."""

UPN = re.compile(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]")
TEN_DIGITS = re.compile(r"[0-9]{10}")

_WORTH = {character: worth for worth, character in enumerate(UPN_LETTERS)} | {str(n): n for n in range(10)}


def upn_check_letter(body: str) -> str:
    """Return the letter that stands before characters 2 to 13 of a UPN."""
    return UPN_LETTERS[sum(place * _WORTH[character] for place, character in enumerate(body, 2)) % 23]


def nhs_check_digit(nine: str) -> str:
    """Return the tenth digit that the first nine of an NHS number ask for, or "X" where there is none."""
    return "0X987654321"[_weighed(nine) % 11]


def uln_check_digit(nine: str) -> str:
    """Return the tenth digit that the first nine of a ULN ask for, or "X" where there is none."""
    return "X9876543210"[_weighed(nine) % 11]


def _weighed(nine: str) -> int:
    return sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), nine, strict=True))
