"""How sure it is that a record is about a child: certain, probable, possible or none, and what is in the way.

Only what is certain links by itself. Whatever the weights say, one with another valid NHS number or permanent
UPN, another id at the same council or another first name is not certain, nor is one whose twin might
be meant, nor one of whom a side has neither a first name nor a number.
"""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from gateway.identity.levels import Levels, levels
from gateway.identity.model import Bars, Model
from gateway.identity.person import Person, united
from gateway.identity.weigh import Odds, Scale, Weight, odds, two_names, weigh


class Grade(IntEnum):
    """How sure a match is; a higher one is surer."""

    NONE = 0
    POSSIBLE = 1
    PROBABLE = 2
    CERTAIN = 3


class Known(NamedTuple):
    """A record that is there already, the child it is linked to, and what it says.

    Attributes:
        own_feed: whether the feed that is asked for told it by the same mapping, and so of another child.
    """

    child: int
    record: int
    person: Person
    own_feed: bool = False


class Match(NamedTuple):
    """How one child stands to what is asked about.

    Attributes:
        records: its records that were compared.
        whole: all they say together.
        levels, weight: how that compares.
        probability: that it is the child asked about.
        relative: that it is an unregistered twin or sibling of this child.
        held: codes of what keeps it from a higher grade, the gravest first; see `HOLDS`.
    """

    child: int
    records: tuple[Known, ...]
    whole: Person
    levels: Levels
    weight: Weight
    probability: float
    relative: float
    grade: Grade
    held: tuple[str, ...] = ()


#: What keeps a child from a grade, and the highest grade it leaves.
HOLDS = {
    "nhs-number-verified": Grade.NONE,
    "another-child": Grade.NONE,
    "nhs-number": Grade.POSSIBLE,
    "upn": Grade.POSSIBLE,
    "la-child-id": Grade.POSSIBLE,
    "several-numbers": Grade.POSSIBLE,
    "given": Grade.POSSIBLE,
    "no-birth-date": Grade.POSSIBLE,
    "no-names": Grade.POSSIBLE,
    "birth-date": Grade.POSSIBLE,
    "names-of-twins": Grade.POSSIBLE,
    "another-life": Grade.PROBABLE,
    "birth-date-elsewhere": Grade.PROBABLE,
    "birthday-unknown": Grade.PROBABLE,
    "perhaps-a-twin": Grade.PROBABLE,
    "own-feed": Grade.PROBABLE,
    "another-fits": Grade.PROBABLE,
}


def _from_nobody(_: int) -> Collection[int]:
    return ()


class _Rival(NamedTuple):
    """A child that may be the one asked about, its records, and all they say together."""

    child: int
    records: tuple[Known, ...]
    whole: Person


@dataclass(frozen=True, slots=True)
class Matcher:
    """A model made ready to match with."""

    scale: Scale
    model: Model

    @classmethod
    def of(cls, model: Model) -> "Matcher":
        """The matcher for a model."""
        return cls(Scale.of(model), model)

    def matches(
        self,
        person: Person,
        candidates: Iterable[Known],
        *,
        registered: int | None = None,
        apart: Callable[[int], Collection[int]] = _from_nobody,
    ) -> tuple[Match, ...]:
        """Return how each child stands to what is asked about, the likeliest first.

        Args:
            person: what is asked about.
            candidates: every record of each child that shares a key with it.
            registered: how many children are registered, where that is known.
            apart: the children of whom somebody said that they are not the one of this number.
        """
        rivals = [_Rival(child, records, whole_of(records)) for child, records in by_child(candidates)]
        if not rivals:
            return ()
        found = [levels(person, rival.whole) for rival in rivals]
        # most of the children who share a common name compare alike
        apiece = {each: weigh(each, self.scale) for each in set(found)}
        likely = odds([apiece[each] for each in found], self.model.prior, registered)
        order = sorted(range(len(rivals)), key=lambda place: (-likely.children[place], rivals[place].child))
        sure, alone = self._sure(rivals, order, likely, registered, apart)
        twins = {each: self._perhaps_a_twin(each, weight) for each, weight in apiece.items()}
        matches = []
        for place in order:
            best = place == order[0]
            held = _held(person, rivals[place], found[place], twins[found[place]])
            if (not alone) if best else likely.children[place] >= self.model.bars.rival:
                held.append("another-fits")
            probability = sure if best else likely.children[place]
            matches.append(
                Match(
                    child=rivals[place].child,
                    records=rivals[place].records,
                    whole=rivals[place].whole,
                    levels=found[place],
                    weight=apiece[found[place]],
                    probability=probability,
                    relative=likely.relatives[place],
                    grade=min([_grade(probability, self.model.bars), *(HOLDS[code] for code in held)]),
                    held=tuple(held),
                )
            )
        return tuple(matches)

    def _sure(
        self,
        rivals: Sequence[_Rival],
        order: Sequence[int],
        likely: Odds,
        registered: int | None,
        apart: Callable[[int], Collection[int]],
    ) -> tuple[float, bool]:
        """How likely the first child is the one asked about, and whether no other fits as well.

        Two that nobody has joined yet may well be one: as far as they are, it is as sure as both together.
        """
        first, *rest = order
        close = [place for place in rest if likely.children[place] >= self.model.bars.rival]
        if not close:
            return likely.children[first], True
        other = apart(rivals[first].child)
        one = [
            0.0 if rivals[place].child in other else self._are_one(rivals[first], rivals[place], registered)
            for place in close
        ]
        both = (part * likely.children[place] for part, place in zip(one, close, strict=True))
        sure = math.fsum([likely.children[first], *both])
        return sure, all(one) and sure >= self.model.bars.certain

    def _are_one(self, one: "_Rival", other: "_Rival", registered: int | None) -> float:
        """How likely it is that two children found are one, registered twice; 0 where it is doubtful."""
        found = levels(one.whole, other.whole)
        weight = weigh(found, self.scale)
        prior = replace(self.model.prior, coverage=self.model.prior.twice)
        likely = odds([weight], prior, registered).children[0]
        held = _held(one.whole, other, found, self._perhaps_a_twin(found, weight))
        doubtful = likely < self.model.bars.probable or any(HOLDS[code] < Grade.PROBABLE for code in held)
        return 0.0 if doubtful else likely

    def _perhaps_a_twin(self, found: Levels, weight: Weight) -> bool:
        two = two_names(found, self.scale)
        if two is not None:
            return two
        bars, given = self.model.bars, found.of("given")
        if given == "second part" and "same" not in found.numbers:
            # Wing Yan and Yan
            return True
        seldom = given in _ONE_NAME and self.model.tables["given"]["twin"][given] <= bars.seldom
        return not seldom and weight.same - weight.twin < bars.twin


_ORDER, _CHILD = attrgetter("child", "record"), attrgetter("child")


def whole_of(records: Sequence[Known]) -> Person:
    """All that the records of one child say."""
    return records[0].person if len(records) == 1 else united(known.person for known in records)


def by_child(candidates: Iterable[Known]) -> list[tuple[int, tuple[Known, ...]]]:
    """The records of each child, both in the order of their numbers."""
    ordered = sorted(candidates, key=_ORDER)
    return [(child, tuple(group)) for child, group in groupby(ordered, key=_CHILD)]


def _grade(probability: float, bars: Bars) -> Grade:
    if probability >= bars.certain:
        return Grade.CERTAIN
    if probability >= bars.probable:
        return Grade.PROBABLE
    return Grade.POSSIBLE if probability >= bars.possible else Grade.NONE


def _held(one: Person, rival: _Rival, found: Levels, twin: bool) -> list[str]:
    """What keeps somebody from being certain to be a child.

    Args:
        twin: whether the two may be twins.
    """
    held = _held_alone(one, rival.whole, found)
    if twin:
        held.append("perhaps-a-twin")
    if True in [known.own_feed for known in rival.records]:
        held.append("own-feed")
    return held


def _held_alone(one: Person, other: Person, found: Levels) -> list[str]:
    """What, of two persons alone, keeps them from being certain."""
    nhs, upn, case = found.numbers
    given, _, _, born, _, _ = found.fields
    held = []
    if one.nhs_verified and other.nhs_verified and one.nhs_verified.isdisjoint(other.nhs_verified):
        held.append("nhs-number-verified")
    if nhs in ("other", "slip"):
        held.append("nhs-number")
    if upn == "other":
        held.append("upn")
    if case == "other":
        held.append("la-child-id")
    if one.several or other.several:
        held.append("several-numbers")
    if born == "other":
        held.append("birth-date")
    if given in _TWO_NAMES:
        # Brothers and sisters at one school differ in name and number, and in little else.
        held += ["another-child", "given"] if "other" in found.numbers else ["given"]
    return held if "same" in found.numbers else [*held, *_unnumbered(found)]


_ONE_NAME = frozenset({"same", "turned", "short form"})
_TWO_NAMES = frozenset({"less like", "initial", "other part", "other"})
_WHOLE_NAMES = frozenset({"same", "other's middle"})
_AT_HOME = frozenset({"same line", "postcode"})
_HERE = frozenset({"same line", "postcode", "postcode slip"})
_TOLD_OTHERWISE = frozenset({"swapped", "first of January"})


def _unnumbered(found: Levels) -> list[str]:
    """What keeps two who share no number from being certain."""
    given, middle, family, born, home, _ = found.fields
    held = []
    if not born:
        held.append("no-birth-date")
    if not given:
        held.append("no-names")
    if given in _WHOLE_NAMES and middle == "other":
        held.append("names-of-twins")
    # A child who was adopted keeps first name and birthday, and nothing else.
    if family == "other" and home not in _AT_HOME:
        held.append("another-life")
    # Whose birthday nobody knows is born on the first of January, and so are all the others like that.
    if "first of January" in born and middle != "same" and home not in _HERE:
        held.append("birthday-unknown")
    # A namesake born a day later is met now and then, one with the same middle name and the date swapped not.
    told_otherwise = born in _TOLD_OTHERWISE and middle == "same"
    if not born.startswith("same") and not told_otherwise and home not in _AT_HOME:
        held.append("birth-date-elsewhere")
    return held
