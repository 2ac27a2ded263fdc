"""Numbers of children who do not exist: the check characters are right, and nobody was ever given one."""

from gateway.check_digits import UPN_LETTERS, upn_check_letter
from gateway.identity import numbers

# NHS numbers from 999 000 0000 on are kept for tests; one in eleven has no check digit.
_NHS_RANGE = 1_000_000
# Odd and not a multiple of 5, so that neighbours get numbers far apart and no two get the same.
_STEP = 387_421
_SCHOOLS, _YEARS, _SERIALS = 1_000, 20, 1_000


def nhs_number(number: int) -> str:
    """The NHS number of invented child `number`, in the range 999 000 0000 to 999 999 9999.

    "" for about one child in eleven, and for every child from the millionth on: like real ones, they have
    none that we know.
    """
    if number >= _NHS_RANGE:
        return ""
    nine = f"999{number * _STEP % _NHS_RANGE:06d}"
    return next((nine + digit for digit in "0123456789" if numbers.nhs_number(nine + digit)), "")


def upn(number: int) -> str:
    """The permanent UPN of invented child `number` (up to 20 million), of a school that does not exist."""
    number, serial = divmod(number, _SERIALS)
    number, school = divmod(number, _SCHOOLS)
    body = f"201{9000 + school}{number % _YEARS + 5:02d}{serial:03d}"
    return upn_check_letter(body) + body


def temporary_upn(number: int) -> str:
    """The temporary UPN of invented child `number` (up to 100,000 of them): it ends in a letter."""
    body = f"2019{number // 100 % 1000:03d}22{number % 100:02d}"
    body += UPN_LETTERS[number % len(UPN_LETTERS)]
    return upn_check_letter(body) + body


__all__ = ["nhs_number", "temporary_upn", "upn"]
