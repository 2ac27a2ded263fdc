"""The numbers English children's records are known by, as files write them: their form and their check
characters.

A check letter that does not fit is a doubt, never a reason to drop a value: in real returns most of them are
typing slips in numbers that are otherwise right.

Source: DfE "Unique pupil numbers: guidance"; NHS Data Dictionary, NHS NUMBER (modulus 11); DfE ULN
specification.
"""

import re

from gateway.check_digits import TEN_DIGITS, UPN, nhs_check_digit, uln_check_digit, upn_check_letter
from gateway.mapping.memo import Doubtful, Unfit
from gateway.problems.record import (
    RECORD_NHS_DIGIT,
    RECORD_NHS_SHAPE,
    RECORD_POSTCODE,
    RECORD_SPREADSHEET,
    RECORD_UPN_LETTER,
    RECORD_UPN_SHAPE,
)

_NO_UPN = re.compile(r"UN[1-7]")
_OF_A_SPREADSHEET = re.compile(r"[0-9]+\.0*|[0-9]+(\.[0-9]+)?[Ee]\+[0-9]+", re.ASCII)
_POSTCODE = re.compile(r"(GIR|[A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")


def upn(text: str) -> str:
    """The UPN in capitals; nothing for UN1 to UN7, which say why there is none; `Doubtful` where it does
    not fit.
    """
    made = text.strip().upper()
    if not made or _NO_UPN.fullmatch(made):
        return ""
    if not UPN.fullmatch(made):
        return Doubtful(text.strip(), RECORD_UPN_SHAPE)
    return made if upn_check_letter(made[1:]) == made[0] else Doubtful(made, RECORD_UPN_LETTER)


def is_upn(text: str) -> bool:
    """Whether the text is a UPN, permanent or temporary, whose check letter fits."""
    made = text.strip().upper()
    return bool(UPN.fullmatch(made)) and upn_check_letter(made[1:]) == made[0]


def is_permanent_upn(text: str) -> bool:
    """Whether the text is a UPN that fits and ends in a digit."""
    return is_upn(text) and text.strip()[-1].isdigit()


def is_temporary_upn(text: str) -> bool:
    """Whether the text is a UPN that fits and ends in a letter."""
    return is_upn(text) and not text.strip()[-1].isdigit()


def nhs_number(text: str) -> str:
    """The NHS number as ten digits without layout; `Doubtful` where the check digit or the form does not
    fit.
    """
    made = text.replace(" ", "").replace("-", "")
    if not made:
        return ""
    if not TEN_DIGITS.fullmatch(made):
        return Doubtful(text.strip(), RECORD_NHS_SHAPE)
    return made if nhs_check_digit(made[:9]) == made[9] else Doubtful(made, RECORD_NHS_DIGIT)


def is_nhs_number(text: str) -> bool:
    """Whether the text has ten digits of which the last fits."""
    made = text.replace(" ", "").replace("-", "")
    return bool(TEN_DIGITS.fullmatch(made)) and nhs_check_digit(made[:9]) == made[9]


def is_uln(text: str) -> bool:
    """Whether the text is a unique learner number whose last digit fits (and not the placeholder
    9999999999).
    """
    made = text.strip()
    if not TEN_DIGITS.fullmatch(made) or made == "9999999999":
        return False
    return uln_check_digit(made[:9]) == made[9]


def postcode(text: str) -> str:
    """The postcode in capitals with its space; `Doubtful` and as typed where it has not the form of one."""
    made = "".join(text.split()).upper()
    found = _POSTCODE.fullmatch(made)
    if not made:
        return ""
    return f"{found[1]} {found[2]}" if found else Doubtful(text.strip(), RECORD_POSTCODE)


def outcode(text: str) -> str:
    """The first half of a postcode; nothing, with a doubt, where it is none: the whole text would say too
    much.
    """
    made = "".join(text.split()).upper()
    found = _POSTCODE.fullmatch(made)
    if not made:
        return ""
    return found[1] if found else Doubtful("", RECORD_POSTCODE)


def strip_zeros(text: str) -> str:
    """The text without the zeros at its front: one child's local number is padded in one return and not in
    another.

    Raises:
        Unfit: `record.changed-number` for `10234.0` or `1.0234E+11`: kept, it would be the number of a second
            child.
    """
    made = text.strip()
    if _OF_A_SPREADSHEET.fullmatch(made):
        raise Unfit(RECORD_SPREADSHEET)
    return made.lstrip("0") or made[-1:]
