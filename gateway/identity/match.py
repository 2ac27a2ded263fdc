"""Links: which child a record is about, and what a person must look at.

A record joins a child when a number that only one child can have is the same and nothing contradicts it:

    the same valid NHS number                       birth date the same, swapped or absent on a side
    the same child id at one local authority        birth date the same, swapped or absent on a side
    the same valid permanent UPN                    birth date the same or swapped

Where no such rule decides, it joins the child that the weights call certain (`gateway.identity.grade`), if no
number speaks for another one. What is probable or possible never joins; it becomes an entry to review. A
record is compared with all that a child's records say together, so that a record which names nobody cannot
bridge two children. Two children that exist are never made one here.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gateway.identity.compare import Comparison, compare
from gateway.identity.grade import Grade, Known, Match, Matcher, by_child, whole_of
from gateway.identity.levels import FIELDS, NUMBERS
from gateway.identity.person import Person, united
from gateway.identity.sentences import sentence, weighed

RULES = ("nhs-number", "upn", "la-child-id")
NEW_CHILD = "new-child"
CERTAIN = "certain-match"
TWO_CHILDREN = "fits-two-children"
DISAGREES = "no-longer-agrees"
GONE = "reason-gone"

_RANK = {f"same-{rule}": rank for rank, rule in enumerate(RULES)}
#: Nobody takes these along into a new life.
_OF_ONE_LIFE = frozenset({"same-nhs-number", "same-la-child-id"})
#: A person looks at so many children for one record at most: more are a common name, or a home of many.
MOST_REVIEWS = 20
_REPLACED = frozenset({"former-nhs-number", "former-upn"})
_WEAK = ("former-nhs-number", "former-upn", "upn-check-letter", "temporary-upn", "uln")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record is linked as it is: a stable code, and a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Review:
    """Something for a person to look at: this record may be about `child`, of which `record` is most like it.

    A pair of children needs at most one open entry; the caller keeps that.

    Attributes:
        probability: that it is about that child, where it was weighed.
        bits: what each field weighs for one child, where it was weighed.
    """

    child: int
    record: int
    code: str
    sentence: str
    agrees: tuple[str, ...]
    contradicts: tuple[str, ...]
    probability: float | None = None
    bits: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a record: linked to `child`, or given a child of its own (None)."""

    child: int | None
    reason: Reason
    reviews: tuple[Review, ...] = ()


class _Rival(NamedTuple):
    """A child that the record may be about, all it says together, and how that compares."""

    child: int
    records: tuple[Known, ...]
    person: Person
    comparison: Comparison
    code: str
    joins: bool


def _from_nobody(_: int) -> Collection[int]:
    return ()


def decide(
    person: Person,
    candidates: Iterable[Known],
    matcher: Matcher | None = None,
    apart: Callable[[int], Collection[int]] = _from_nobody,
) -> Decision:
    """Return which child a new record is about.

    Args:
        person: what the record says.
        candidates: every record of each child that shares a key with it (see `keys.asked_keys`).
        matcher: what weighs where no rule decides; without it nothing is weighed.
        apart: the children that somebody told apart from the one of this number.
    """
    known = list(candidates)
    rivals = _rivals(person, known)
    chosen = _chosen(rivals, apart)
    if chosen is not None:
        # Whom the record is about is settled, so that its twin need not be looked at again.
        reason = Reason(chosen.code, sentence(chosen.comparison))
        reviews = _others(person, rivals, chosen.child)
        if not chosen.person.givens:
            # Its number is all that child has: a child with its name, too, may be the same one.
            reviews = _beside(reviews, person, chosen.child, known, matcher, Grade.POSSIBLE)
        return Decision(chosen.child, reason, reviews)
    matches = matcher.matches(person, known, apart=apart) if matcher else ()
    best = matches[0] if matches else None
    if best and best.grade is Grade.CERTAIN and all(rival.child == best.child for rival in _numbered(rivals)):
        reviews = _with_weights(_others(person, rivals, best.child), person, matches[1:])
        return Decision(best.child, Reason(CERTAIN, weighed(best.levels)), reviews)
    reviews = tuple(_review(person, rival) for rival in _strongest(rivals))
    reviews = _with_weights(reviews, person, matches)
    return Decision(None, Reason(NEW_CHILD, _founding_sentence(rivals, reviews)), reviews)


def decide_ended(person: Person, candidates: Iterable[Known]) -> Decision:
    """Return which child a new record is about that tells of a life which has ended, and is sealed with it.

    It joins by a number that stays with the old life, and by nothing else: a child who is adopted keeps birth
    date, first name and often the UPN, so likeness may lead to the new life, and would seal that.
    """
    found = decide(person, candidates)
    if found.reason.code in _OF_ONE_LIFE:
        return replace(found, reviews=())
    return Decision(None, Reason(NEW_CHILD, "It tells of a life that has ended: kept apart from all others."))


def _others(person: Person, rivals: Sequence["_Rival"], child: int) -> tuple[Review, ...]:
    """What to look at of the children that a record was not linked to."""
    others = [rival for rival in rivals if rival.child != child and rival.code != "perhaps-twins"]
    return tuple(_review(person, rival) for rival in _strongest(others))


def _beside(
    reviews: Sequence[Review],
    person: Person,
    own: int,
    known: Sequence[Known],
    matcher: Matcher | None,
    least: Grade,
) -> tuple[Review, ...]:
    """The entries, and those that weights call for of the children beside its own: that one is no rival."""
    matches = matcher.matches(person, (one for one in known if one.child != own)) if matcher else ()
    return _with_weights(reviews, person, [match for match in matches if match.grade >= least])


def _with_weights(reviews: Sequence[Review], person: Person, matches: Sequence[Match]) -> tuple[Review, ...]:
    """The entries that rules call for, with what they weigh, and those that only weights call for."""
    by_child = {match.child: match for match in matches}
    told = [_weighed(review, by_child.get(review.child)) for review in reviews]
    children = {review.child for review in reviews}
    more = [
        _of_weights(person, match)
        for match in matches
        if match.grade is not Grade.NONE and match.child not in children
    ]
    return tuple(sorted((*told, *more[: MOST_REVIEWS - len(told)]), key=lambda review: review.child))


def _weighed(review: Review, match: Match | None) -> Review:
    return replace(review, probability=_rounded(match), bits=_bits(match)) if match else review


def _of_weights(person: Person, match: Match) -> Review:
    """An entry for a child that is probably or possibly the one, though no rule says so."""
    found = compare(person, match.whole)
    nearest = _nearest(person, match.records)
    code = "possible-match" if match.grade is Grade.POSSIBLE else "probable-match"
    words = weighed(match.levels, match.held)
    return Review(
        match.child, nearest, code, words, found.agrees, found.contradicts, _rounded(match), _bits(match)
    )


def _rounded(match: Match) -> float:
    return round(match.probability, 4)


def _bits(match: Match) -> tuple[tuple[str, float], ...]:
    """What each field says, in bits: positive for one child, negative against it."""
    named = zip((*FIELDS, *NUMBERS), match.weight.fields, strict=True)
    return tuple((name, round(bits, 1)) for name, bits in named if bits)


def _numbered(rivals: Sequence["_Rival"]) -> list["_Rival"]:
    return [rival for rival in rivals if rival.code in _RANK]


def recheck(
    person: Person, own: int, candidates: Iterable[Known], matcher: Matcher | None = None
) -> tuple[Review, ...]:
    """Return what to look at when a record that is linked to `own` says something new; its link stays.

    Args:
        person: what the record says now.
        own: the child it is linked to.
        candidates: as for `decide`, without the record itself, and with the other records of `own`.
        matcher: as for `decide`; what is certain by it needs no look, though a detail contradicts.
    """
    known = list(candidates)
    siblings = sorted((one for one in known if one.child == own), key=_order)
    rivals = _rivals(person, (one for one in known if one.child != own))
    worth = [rival for rival in rivals if rival.code != "perhaps-twins" or not siblings]
    told = tuple(_review(person, rival) for rival in _strongest(worth))
    named = any(one.person.givens for one in siblings)
    reviews = list(_beside(told, person, own, known, matcher, Grade.PROBABLE if named else Grade.POSSIBLE))
    if siblings:
        rest = united(one.person for one in siblings)
        comparison = compare(person, rest)
        if comparison.contradicts and not _is_certain(person, siblings, matcher):
            rival = _Rival(own, tuple(siblings), rest, comparison, DISAGREES, False)
            reviews.insert(0, _review(person, rival))
    return tuple(reviews)


def _is_certain(person: Person, siblings: Sequence[Known], matcher: Matcher | None) -> bool:
    matches = matcher.matches(person, (one._replace(own_feed=False) for one in siblings)) if matcher else ()
    return bool(matches) and matches[0].grade is Grade.CERTAIN


def supported(person: Person, whole: Person, matcher: Matcher | None = None) -> bool:
    """Return whether what the other records of its child say is reason enough for a record's link.

    A number that was replaced meanwhile was a good reason and is one still.
    """
    found = compare(person, whole)
    _, joins = _verdict(found)
    stays = not found.contradicts and not _REPLACED.isdisjoint(found.agrees)
    return joins or stays or _is_certain(person, [Known(0, 0, whole)], matcher)


def groundless(person: Person, others: Sequence[Known], matcher: Matcher | None = None) -> Review:
    """Return what to look at when what a record was linked by is not told any more; its link stays.

    Args:
        others: the records of its child that stand without it.
    """
    whole = whole_of(others)
    found = compare(person, whole)
    matches = matcher.matches(person, others) if matcher else ()
    nearest = _nearest(person, others)
    review = Review(
        others[0].child, nearest, GONE, sentence(found, code=GONE), found.agrees, found.contradicts
    )
    return _weighed(review, matches[0] if matches else None)


def _order(known: Known) -> tuple[int, int]:
    return known.child, known.record


def _rivals(person: Person, candidates: Iterable[Known]) -> list[_Rival]:
    """The children worth a word, in the order of their numbers."""
    found = []
    for child, records in by_child(candidates):
        whole = whole_of(records)
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


def _chosen(rivals: Sequence[_Rival], apart: Callable[[int], Collection[int]]) -> _Rival | None:
    """The child to link to: the only one that shares a number, or of several the one that is beyond doubt.

    A record with the numbers of two children may hold a twin's number by mistake. It goes to the child it
    shares a number and a first name with; where no first name is told, to the one that has its case at its
    own council, which knows its cases, while other numbers are copied. Any other that a rule would join must
    not contradict that child, nor have been told apart from it (two that nobody has joined yet may well be
    one); else it goes to none.
    """
    numbered = _numbered(rivals)
    ranked = sorted((rival for rival in numbered if rival.joins), key=_by_rank)
    if not ranked or len(numbered) == 1:
        return ranked[0] if ranked else None
    first = next((rival for rival in ranked if "given" in rival.comparison.agrees), None)
    if first is None and len(ranked) == len(numbered):
        first = next((rival for rival in ranked if _is_its_case(rival.comparison)), None)
    if first is None:
        return None
    others = [rival for rival in ranked if rival is not first]
    told = apart(first.child) if others else ()
    free = all(
        rival.child not in told and not compare(first.person, rival.person).contradicts for rival in others
    )
    return first if free else None


def _by_rank(rival: _Rival) -> tuple[int, int, int]:
    return _RANK[rival.code], -len(rival.comparison.agrees), rival.child


def _is_its_case(found: Comparison) -> bool:
    """Whether a council has one case for both, and the birth date is the same."""
    return "la-child-id" in found.agrees and "birth-date" not in found.unknown


def _strongest(rivals: Sequence[_Rival]) -> Sequence[_Rival]:
    """The rivals that are worth a look, where there are too many those with most in common."""
    if len(rivals) <= MOST_REVIEWS:
        return rivals
    ranked = sorted(rivals, key=lambda rival: (rival.code not in _RANK, -len(rival.comparison.agrees)))
    return sorted(ranked[:MOST_REVIEWS], key=lambda rival: rival.child)


def _founding_sentence(rivals: Sequence[_Rival], reviews: Sequence[Review]) -> str:
    if sum(rival.code in _RANK for rival in rivals) > 1 and any(rival.joins for rival in rivals):
        return "Its numbers are those of two children: kept apart until somebody has looked."
    if reviews:
        return "Something agrees with another child, but not enough: kept apart until somebody has looked."
    return "Nothing agrees with another child."


def _review(person: Person, rival: _Rival) -> Review:
    found = rival.comparison
    code = TWO_CHILDREN if rival.joins else rival.code
    words = sentence(found, code=code)
    nearest = _nearest(person, rival.records)
    return Review(rival.child, nearest, code, words, found.agrees, found.contradicts)


def _nearest(person: Person, records: Sequence[Known]) -> int:
    """The record of a child that has most in common with what a new one says."""
    known = max(records, key=lambda known: (len(compare(person, known.person).agrees), -known.record))
    return known.record
