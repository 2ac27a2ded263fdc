"""Links: which child a record is about, by rules that can be read out, and what a person must look at.

A record joins a child when a number that only one child can have is the same and nothing contradicts it:

    the same valid NHS number                       birth date the same, swapped or absent on a side
    the same child id at one local authority        birth date the same, swapped or absent on a side
    the same valid permanent UPN                    birth date the same or swapped

Whatever else agrees never joins; it becomes an entry to review. A record is compared with all that a
child's records say together, so that a record which names nobody cannot bridge two children. Two children
that exist are never made one here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from gateway.identity.compare import Comparison, compare
from gateway.identity.person import Person, united
from gateway.identity.sentences import sentence

RULES = ("nhs-number", "upn", "la-child-id")
NEW_CHILD = "new-child"
TWO_CHILDREN = "fits-two-children"
DISAGREES = "no-longer-agrees"

_RANK = {f"same-{rule}": rank for rank, rule in enumerate(RULES)}
#: A person looks at so many children for one record at most: more are a common name, or a home of many.
MOST_REVIEWS = 20
_WEAK = ("former-nhs-number", "former-upn", "upn-check-letter", "temporary-upn", "uln")


@dataclass(frozen=True, slots=True)
class Known:
    """A record that is there already, the child it is linked to, and what it says."""

    child: int
    record: int
    person: Person


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record is linked as it is: a stable code, and a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Review:
    """Something for a person to look at: this record may be about `child`, of which `record` is most like it.

    A pair of children needs at most one open entry; the caller keeps that.
    """

    child: int
    record: int
    code: str
    sentence: str
    agrees: tuple[str, ...]
    contradicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a record: linked to `child`, or given a child of its own (None)."""

    child: int | None
    reason: Reason
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rival:
    """A child that the record may be about, all it says together, and how that compares."""

    child: int
    records: tuple[Known, ...]
    person: Person
    comparison: Comparison
    code: str
    joins: bool


def decide(person: Person, candidates: Iterable[Known]) -> Decision:
    """Return which child a new record is about.

    Args:
        person: what the record says.
        candidates: every record of each child that shares a key with it (see `keys.asked_keys`).
    """
    rivals = _rivals(person, candidates)
    chosen = _chosen(rivals)
    if chosen is None:
        reason = Reason(NEW_CHILD, _founding_sentence(rivals))
        return Decision(None, reason, tuple(_review(person, rival) for rival in _strongest(rivals)))
    reason = Reason(chosen.code, sentence(chosen.comparison))
    # Whom the record is about is settled, so that its twin need not be looked at again.
    others = [rival for rival in rivals if rival is not chosen and rival.code != "perhaps-twins"]
    return Decision(chosen.child, reason, tuple(_review(person, rival) for rival in _strongest(others)))


def recheck(person: Person, own: int, candidates: Iterable[Known]) -> tuple[Review, ...]:
    """Return what to look at when a record that is linked to `own` says something new; its link stays.

    Args:
        person: what the record says now.
        own: the child it is linked to.
        candidates: as for `decide`, without the record itself, and with the other records of `own`.
    """
    known = list(candidates)
    siblings = sorted((one for one in known if one.child == own), key=_order)
    rivals = _rivals(person, (one for one in known if one.child != own))
    worth = [rival for rival in rivals if rival.code != "perhaps-twins" or not siblings]
    reviews = [_review(person, rival) for rival in _strongest(worth)]
    if siblings:
        rest = united(one.person for one in siblings)
        comparison = compare(person, rest)
        if comparison.contradicts:
            rival = _Rival(own, tuple(siblings), rest, comparison, DISAGREES, False)
            reviews.insert(0, _review(person, rival))
    return tuple(reviews)


def _order(known: Known) -> tuple[int, int]:
    return known.child, known.record


def _rivals(person: Person, candidates: Iterable[Known]) -> list[_Rival]:
    """The children worth a word, in the order of their numbers."""
    found = []
    for child, group in groupby(sorted(candidates, key=_order), key=lambda known: known.child):
        records = tuple(group)
        whole = united(known.person for known in records)
        comparison = compare(person, whole)
        code, joins = _verdict(comparison)
        if code:
            found.append(_Rival(child, records, whole, comparison, code, joins))
    return found


def _verdict(found: Comparison) -> tuple[str, bool]:
    """The code of what speaks for one child ("" for nothing), and whether a rule joins."""
    born = "birth-date" in found.agrees or "birth-date-swapped" in found.agrees
    for rule in RULES:
        if rule in found.agrees:
            joins = not found.contradicts and (born or rule != "upn")
            return f"same-{rule}", joins
    if "nhs-number-verified" in found.contradicts:
        return "", False
    other_person = {"birth-date", "given"} <= set(found.contradicts)
    for weak in _WEAK:
        if weak in found.agrees and not other_person:
            return weak if weak.startswith(("former", "upn")) else f"same-{weak}", False
    return _demographic(found), False


def _demographic(found: Comparison) -> str:
    """The code of what name, birth date and postcode say where no number is shared."""
    agrees = set(found.agrees)
    same_day = "birth-date" in agrees
    if "family" in agrees and "given" in agrees and (same_day or "birth-date-swapped" in agrees):
        return "same-name-and-birth-date"
    if not same_day or "postcode" not in agrees:
        return ""
    if "family" in agrees:
        return "perhaps-twins" if "given" in found.contradicts else "same-name-and-birth-date"
    return (
        "same-postcode-and-birth-date" if "names" in found.unknown and "sex" not in found.contradicts else ""
    )


def _chosen(rivals: Sequence[_Rival]) -> _Rival | None:
    """The child to link to: the only one that shares a number, or of several the one that is beyond doubt.

    A record with the numbers of two children may hold a twin's number by mistake. It goes to the child it
    shares the stronger number and a first name with, if any other that a rule would join does not
    contradict that child (two that nobody has joined yet may well be one); else to none.
    """
    numbered = [rival for rival in rivals if rival.code in _RANK]
    ranked = sorted((rival for rival in numbered if rival.joins), key=lambda rival: _RANK[rival.code])
    if not ranked or len(numbered) == 1:
        return ranked[0] if ranked else None
    first, *others = ranked
    sure = "given" in first.comparison.agrees and all(
        other.code != first.code and not compare(first.person, other.person).contradicts for other in others
    )
    return first if sure else None


def _strongest(rivals: Sequence[_Rival]) -> Sequence[_Rival]:
    """The rivals that are worth a look, where there are too many those with most in common."""
    if len(rivals) <= MOST_REVIEWS:
        return rivals
    ranked = sorted(rivals, key=lambda rival: (rival.code not in _RANK, -len(rival.comparison.agrees)))
    return sorted(ranked[:MOST_REVIEWS], key=lambda rival: rival.child)


def _founding_sentence(rivals: Sequence[_Rival]) -> str:
    if sum(rival.code in _RANK for rival in rivals) > 1 and any(rival.joins for rival in rivals):
        return "Its numbers are those of two children: kept apart until somebody has looked."
    if rivals:
        return "Something agrees with another child, but not enough: kept apart until somebody has looked."
    return "Nothing agrees with another child."


def _review(person: Person, rival: _Rival) -> Review:
    nearest = max(rival.records, key=lambda known: (len(compare(person, known.person).agrees), -known.record))
    found = rival.comparison
    code = TWO_CHILDREN if rival.joins else rival.code
    words = sentence(found, code=code)
    return Review(rival.child, nearest.record, code, words, found.agrees, found.contradicts)
