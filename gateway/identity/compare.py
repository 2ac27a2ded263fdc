"""Two persons side by side: what agrees, what contradicts, and what one of them does not say."""

from itertools import compress
from typing import NamedTuple

from gateway.identity.dates import Born, compared
from gateway.identity.names import same_given
from gateway.identity.person import Person


class Comparison(NamedTuple):
    """What two persons have in common.

    Attributes:
        agrees: codes of what is the same, the strongest first.
        contradicts: codes of what speaks against one child.
        unknown: codes of what a side does not say: "birth-date", "names".
    """

    agrees: tuple[str, ...]
    contradicts: tuple[str, ...]
    unknown: tuple[str, ...]


_AGREES = (
    "nhs-number",
    "upn",
    "la-child-id",
    "former-nhs-number",
    "former-upn",
    "upn-check-letter",
    "temporary-upn",
    "uln",
    "given",
    "family",
    "birth-date",
    "birth-date-swapped",
    "postcode",
)
_CONTRADICTS = (
    "nhs-number-verified",
    "nhs-number",
    "upn",
    "la-child-id",
    "several-numbers",
    "birth-date",
    "given",
    "sex",
)
_UNKNOWN = ("birth-date", "names")


def compare(one: Person, other: Person) -> Comparison:
    """Return what agrees and what contradicts between two persons."""
    born = compared(one.birth_dates, other.birth_dates)
    given = _given(one, other)
    former_nhs = _met(one.nhs, other.nhs, one.nhs_former, other.nhs_former)
    former_upn = _former_upn(one, other)
    agrees = (
        one.nhs & other.nhs,
        one.upns & other.upns,
        one.la_ids & other.la_ids,
        former_nhs,
        former_upn,
        _letter_apart(one, other) or _letter_apart(other, one),
        one.upns_temporary & other.upns_temporary,
        one.ulns & other.ulns,
        given is True,
        one.families & other.families,
        born is Born.SAME,
        born is Born.SWAPPED,
        one.postcodes & other.postcodes,
    )
    contradicts = (
        _apart(one.nhs_verified, other.nhs_verified),
        _apart(one.nhs, other.nhs) and not former_nhs,
        _apart(one.upns, other.upns) and not former_upn,
        _other_id_at_one_council(one, other),
        one.several or other.several,
        born is Born.DIFFERENT,
        given is False,
        # A child's recorded sex is often wrong: it counts only where no first name speaks for one child.
        given is not True and _apart(one.genders, other.genders),
    )
    unknown = (born is Born.UNKNOWN, given is None)
    return Comparison(
        tuple(compress(_AGREES, agrees)),
        tuple(compress(_CONTRADICTS, contradicts)),
        tuple(compress(_UNKNOWN, unknown)),
    )


def _apart(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and one.isdisjoint(other)


def _met(
    one: frozenset[str], other: frozenset[str], one_former: frozenset[str], other_former: frozenset[str]
) -> bool:
    """Whether a number that one side had before is one that the other has or had."""
    if not one_former and not other_former:
        return False
    return bool((one_former & (other | other_former)) | (other_former & one))


def _former_upn(one: Person, other: Person) -> bool:
    if not one.upns_former and not other.upns_former:
        return False
    mine, theirs = one.upns | one.upns_temporary, other.upns | other.upns_temporary
    return _met(mine, theirs, one.upns_former, other.upns_former)


def _letter_apart(one: Person, other: Person) -> bool:
    """Whether a UPN of `one` with a wrong check letter is, but for that letter, a UPN of `other`."""
    if not one.upns_wrong:
        return False
    valid = other.upns | other.upns_temporary | other.upns_former | other.upns_wrong
    return not {upn[1:] for upn in one.upns_wrong}.isdisjoint(upn[1:] for upn in valid)


def _other_id_at_one_council(one: Person, other: Person) -> bool:
    if not one.la_ids or not other.la_ids:
        return False
    councils = {council for council, _ in one.la_ids} & {council for council, _ in other.la_ids}
    return bool(councils) and one.la_ids.isdisjoint(other.la_ids)


def _given(one: Person, other: Person) -> bool | None:
    """Whether any first names agree; None where a side has none."""
    if not one.givens or not other.givens:
        return None
    if not one.givens.isdisjoint(other.givens):
        return True
    exact = _apart(one.genders, other.genders)
    return any(same_given(a, b, exact=exact) for a in one.givens for b in other.givens)
