"""Two persons side by side: what agrees, what contradicts, and what one of them does not say."""

from dataclasses import dataclass

from gateway.identity.dates import Born, compared
from gateway.identity.names import same_given
from gateway.identity.person import Person


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two persons have in common.

    Attributes:
        agrees: codes of what is the same, the strongest first.
        contradicts: codes of what speaks against one child.
        unknown: codes of what a side does not say: "birth-date", "names".
    """

    agrees: tuple[str, ...]
    contradicts: tuple[str, ...]
    unknown: tuple[str, ...]


def compare(one: Person, other: Person) -> Comparison:
    """Return what agrees and what contradicts between two persons."""
    born = compared(one.birth_dates, other.birth_dates)
    given = _given(one, other)
    checks = {
        "nhs-number": bool(one.nhs & other.nhs),
        "upn": bool(one.upns & other.upns),
        "la-child-id": bool(one.la_ids & other.la_ids),
        "former-nhs-number": _met(one.nhs, other.nhs, one.nhs_former, other.nhs_former),
        "former-upn": _former_upn(one, other),
        "upn-check-letter": _letter_apart(one, other) or _letter_apart(other, one),
        "temporary-upn": bool(one.upns_temporary & other.upns_temporary),
        "uln": bool(one.ulns & other.ulns),
        "given": given is True,
        "family": bool(one.families & other.families),
        "birth-date": born is Born.SAME,
        "birth-date-swapped": born is Born.SWAPPED,
        "postcode": bool(one.postcodes & other.postcodes),
    }
    against = {
        "nhs-number-verified": _apart(one.nhs_verified, other.nhs_verified),
        "nhs-number": _apart(one.nhs, other.nhs) and not checks["former-nhs-number"],
        "upn": _apart(one.upns, other.upns) and not checks["former-upn"],
        "la-child-id": _other_id_at_one_council(one, other),
        "several-numbers": one.several or other.several,
        "birth-date": born is Born.DIFFERENT,
        "given": given is False,
        # A child's recorded sex is often wrong: it counts only where no first name speaks for one child.
        "sex": _apart(one.genders, other.genders) and given is not True,
    }
    unknown = {"birth-date": born is Born.UNKNOWN, "names": given is None}
    return Comparison(_codes(checks), _codes(against), _codes(unknown))


def _codes(found: dict[str, bool]) -> tuple[str, ...]:
    return tuple(code for code, holds in found.items() if holds)


def _apart(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and one.isdisjoint(other)


def _met(
    one: frozenset[str], other: frozenset[str], one_former: frozenset[str], other_former: frozenset[str]
) -> bool:
    """Whether a number that one side had before is one that the other has or had."""
    return bool((one_former & (other | other_former)) | (other_former & one))


def _former_upn(one: Person, other: Person) -> bool:
    mine, theirs = one.upns | one.upns_temporary, other.upns | other.upns_temporary
    return _met(mine, theirs, one.upns_former, other.upns_former)


def _letter_apart(one: Person, other: Person) -> bool:
    """Whether a UPN of `one` with a wrong check letter is, but for that letter, a UPN of `other`."""
    if not one.upns_wrong:
        return False
    valid = other.upns | other.upns_temporary | other.upns_former | other.upns_wrong
    return not {upn[1:] for upn in one.upns_wrong}.isdisjoint(upn[1:] for upn in valid)


def _other_id_at_one_council(one: Person, other: Person) -> bool:
    councils = {council for council, _ in one.la_ids} & {council for council, _ in other.la_ids}
    return bool(councils) and one.la_ids.isdisjoint(other.la_ids)


def _given(one: Person, other: Person) -> bool | None:
    """Whether any first names agree; None where a side has none."""
    if not one.givens or not other.givens:
        return None
    exact = _apart(one.genders, other.genders)
    return any(same_given(a, b, exact=exact) for a in one.givens for b in other.givens)
