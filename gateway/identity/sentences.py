"""What a comparison says, in sentences that a school's office understands."""

from collections.abc import Sequence

from gateway.identity.compare import Comparison
from gateway.identity.levels import FIELDS, NUMBERS, Levels

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
    "reason-gone": " They are linked by something that is not told any more.",
    "perhaps-a-twin": " It may be a twin.",
    "another-fits": " Another child fits as well.",
    "another-life": " Another surname at another address may be another child, or a new life.",
    "own-feed": " The feed has a record of that child already.",
}
_OF_LEVEL = {
    "given": {
        "same": "same first name",
        "turned": "first name and surname in each other's place",
        "other's middle": "the middle name of one as the first name of the other",
        "spelling": "two spellings of one first name",
        "short form": "a short form of the first name",
        "nickname": "a first name that may stand for the other",
        "same sound": "first names that sound alike",
        "part": "a part of the first name",
        "second part": "a part of the first name",
        "slip": "first names one slip apart",
        "like": "first names that look alike",
    },
    "middle": {"same": "same middle name"},
    "family": {
        "same": "same surname",
        "part": "a part of the surname",
        "slip": "surnames that look alike",
        "same sound": "surnames that sound alike",
    },
    "born": {
        "same": "same date of birth",
        "same first of January": "same date of birth",
        "swapped": "dates of birth with day and month swapped",
        "slip": "dates of birth one slip apart",
        "first of January": "dates of birth of one year, one of them the first of January",
    },
    "home": {
        "same line": "same address",
        "postcode": "same postcode",
        "postcode slip": "postcodes a slip apart",
    },
}
_NOT_OF_LEVEL = {
    "given": "different first names",
    "family": "different surnames",
    "born": "different dates of birth",
    "home": "different addresses",
    "sex": "different sex",
    "middle": "different middle names",
}
_OF_NUMBER = {"nhs": "NHS number", "upn": "UPN", "case": "child id at the local authority"}
_SAYS_NOTHING = frozenset(
    {("sex", "same"), ("middle", "initial"), ("middle", "one side"), ("middle", "like")}
)
_NUMBERS = frozenset({"nhs-number", "upn", "la-child-id"})
_DATES = frozenset({"birth-date", "birth-date-swapped"})


def sentence(found: Comparison, *, code: str = "") -> str:
    """Return the sentence for a comparison.

    Without a code it gives the reason of a link: the shared numbers and the birth date. With the code of a
    review entry it gives all that agrees, all that contradicts, and what to think of.
    """
    wanted = found.agrees if code else [fact for fact in found.agrees if fact in _NUMBERS | _DATES]
    same = [_SAME[fact] for fact in wanted]
    against = [_DIFFERENT[fact] for fact in found.contradicts if not _implied(fact, found)]
    if code and "birth-date" in found.unknown:
        against.append("no date of birth to compare")
    return _sentence(same, against, _CLOSING.get(code, ""))


def weighed(found: Levels, held: Sequence[str] = ()) -> str:
    """Return the sentence for a comparison that was weighed: what agrees, what does not, what to think of.

    Args:
        held: codes of what keeps it from a higher grade.
    """
    numbers = list(zip(NUMBERS, found.numbers, strict=True))
    same = [f"same {_OF_NUMBER[number]}" for number, level in numbers if level == "same"]
    against = [f"different {_OF_NUMBER[number]}s" for number, level in numbers if level in ("other", "slip")]
    for field, level in zip(FIELDS, found.fields, strict=True):
        if not level or (field, level) in _SAYS_NOTHING:
            continue
        if words := _OF_LEVEL.get(field, {}).get(level):
            same.append(words)
        else:
            against.append(_NOT_OF_LEVEL[field])
    closing = next((_CLOSING[code] for code in held if code in _CLOSING), "")
    return _sentence(same, against, closing)


def _sentence(same: list[str], against: list[str], closing: str) -> str:
    words = f"{_listed(same)}, but {_listed(against)}" if same and against else _listed(same or against)
    words = words or "nothing in common"
    return f"{words[:1].upper()}{words[1:]}.{closing}"


def _implied(fact: str, found: Comparison) -> bool:
    return fact == "nhs-number" and "nhs-number-verified" in found.contradicts


def _listed(words: list[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
