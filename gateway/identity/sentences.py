"""What a comparison says, in sentences that a school's office understands."""

from gateway.identity.compare import Comparison

_SAME = {
    "nhs-number": "same NHS number",
    "upn": "same UPN",
    "la-child-id": "same child id at the local authority",
    "former-nhs-number": "a former NHS number of one is the other's",
    "former-upn": "a former UPN of one is the other's",
    "upn-check-letter": "UPNs that differ only in the check letter",
    "temporary-upn": "same temporary UPN",
    "uln": "same ULN",
    "given": "matching first name",
    "family": "same surname",
    "birth-date": "same date of birth",
    "birth-date-swapped": "dates of birth with day and month swapped",
    "postcode": "same postcode",
}
_DIFFERENT = {
    "nhs-number-verified": "different verified NHS numbers",
    "nhs-number": "different NHS numbers",
    "upn": "different UPNs",
    "la-child-id": "different child ids at the local authority",
    "several-numbers": "a record with two numbers of one kind",
    "birth-date": "different dates of birth",
    "given": "different first names",
    "sex": "different sex",
}
_CLOSING = {
    "perhaps-twins": " They may be twins.",
    "fits-two-children": " Another child fits as well.",
    "no-longer-agrees": " They are linked as one child.",
}
_NUMBERS = frozenset({"nhs-number", "upn", "la-child-id"})
_DATES = frozenset({"birth-date", "birth-date-swapped"})


def sentence(found: Comparison, *, code: str = "") -> str:
    """Return the sentence for a comparison.

    Without a code it gives the reason of a link: the shared numbers and the birth date. With the code of a
    review entry it gives all that agrees, all that contradicts, and what to think of.
    """
    wanted = found.agrees if code else [fact for fact in found.agrees if fact in _NUMBERS | _DATES]
    same = _listed([_SAME[fact] for fact in wanted])
    against = [_DIFFERENT[fact] for fact in found.contradicts if not _implied(fact, found)]
    if code and "birth-date" in found.unknown:
        against.append("no date of birth to compare")
    words = f"{same}, but {_listed(against)}" if same and against else same or _listed(against)
    return f"{words[:1].upper()}{words[1:]}.{_CLOSING.get(code, '')}"


def _implied(fact: str, found: Comparison) -> bool:
    return fact == "nhs-number" and "nhs-number-verified" in found.contradicts


def _listed(words: list[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
