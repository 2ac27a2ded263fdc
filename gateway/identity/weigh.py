"""What a comparison weighs, and how likely each child is: those registered, and those who are not.

A child asked about may be one of those found, the twin or sibling of one of them whom nobody registered, or
a stranger whom nobody registered. All of these compete, so that a twin who is registered draws likelihood
away from the other, and one who is not leaves room for doubt.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.identity.customs import Customs
from gateway.identity.levels import FIELDS, NUMBERS, Levels
from gateway.identity.model import Model, Prior, Rarity
from gateway.identity.names import is_nickname, is_spelling, pair_of

_MOST_BITS = 200.0
_SOME_NAME = frozenset({"spelling", "short form", "nickname", "same sound", "turned", "part", "second part"})

_NOT_ONE_NAME = frozenset({"", "initial", "less like", "other part", "other"})
_TYPED = 20.0
_NEAR_NAMES = frozenset({"spelling", "nickname", "same sound", "slip", "like", "less like"})

_Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """A model made ready to weigh with: bits for the same child, a sibling and a twin, by field and level."""

    fields: tuple[Mapping[str, _Three], ...]
    numbers: tuple[Mapping[str, tuple[float, float]], ...]
    given: Rarity
    family: Rarity
    customs: Customs
    spellings: frozenset[str]
    same_given: float
    middle_given: float
    families: Mapping[str, float]
    same_family: _Three

    @classmethod
    def of(cls, model: Model) -> "Scale":
        """The scale for a model."""
        return cls(
            fields=tuple(
                {
                    level: (
                        model.bits(field, level, "same"),
                        model.bits(field, level, "sibling"),
                        model.bits(field, level, "twin"),
                    )
                    for level in model.tables[field]["same"]
                }
                for field in FIELDS
            ),
            numbers=tuple(model.numbers[number] for number in NUMBERS),
            given=model.given,
            family=model.family,
            customs=model.customs,
            spellings=model.spellings,
            same_given=math.log2(model.tables["given"]["same"]["same"]),
            middle_given=math.log2(model.tables["given"]["same"]["other's middle"]),
            families={level: math.log2(part) for level, part in model.tables["family"]["same"].items()},
            same_family=_same_family(model),
        )


def _same_family(model: Model) -> _Three:
    """How probable an equal surname is, as a power of two, for the same child, siblings and twins."""
    table = model.tables["family"]
    return (
        math.log2(table["same"]["same"]),
        math.log2(table["sibling"]["same"]),
        math.log2(table["twin"]["same"]),
    )


class Weight(NamedTuple):
    """What one comparison weighs, in bits: each bit doubles the odds.

    Attributes:
        fields: for the same child against a stranger, for each of `FIELDS` and then each of `NUMBERS`.
        same: their sum.
        sibling, twin: the same sum for a brother or sister, and for a twin.
    """

    fields: tuple[float, ...]
    same: float
    sibling: float
    twin: float


def weigh(found: Levels, scale: Scale) -> Weight:
    """Return what a comparison weighs."""
    bits: list[float] = []
    sibling = twin = 0.0
    for field, level, table in zip(FIELDS, found.fields, scale.fields, strict=True):
        same, as_sibling, as_twin = table[level] if level else (0.0, 0.0, 0.0)
        if field == "given":
            less = _less(level, same, found, scale)
            # Relatives share a rare middle name by chance, too.
            kin = less if level != "other's middle" else max(less, 0.0)
            same, as_sibling, as_twin = same - less, as_sibling - kin, as_twin - kin
        elif level == "one side":
            # Which office tells a middle name says little about which of two twins is meant.
            as_sibling = as_twin = same
        elif field == "family":
            if level == "same":
                rare = -math.log2(scale.family.of(found.family[1]))
                same, as_sibling, as_twin = (log + rare for log in scale.same_family)
            less = _less_family(level, same, found, scale)
            same, as_sibling, as_twin = same - less, as_sibling - less, as_twin - less
        bits.append(same)
        sibling += as_sibling
        twin += as_twin
    for level, numbers in zip(found.numbers, scale.numbers, strict=True):
        same, relative = numbers[level] if level else (0.0, 0.0)
        bits.append(same)
        sibling += relative
        twin += relative
    return Weight(tuple(bits), sum(bits), sibling, twin)


def _less(level: str, bits: float, found: Levels, scale: Scale) -> float:
    """By how much less the level of first names weighs: a rare name says more, a common one less."""
    name = found.given[1]
    if level == "turned":
        # Whoever else has this name is turned round as often: what counts is how many have it.
        turned = zip(found.given, found.family, strict=True)
        return bits + math.log2(max(scale.given.of(one) * scale.family.of(other) for one, other in turned))
    if level == "same":
        return bits - scale.same_given + math.log2(scale.given.of(name))
    if level == "other's middle":
        return bits - scale.middle_given + math.log2(2 * scale.given.of(name))
    if level in _SOME_NAME:
        return max(0.0, bits + math.log2(2 * scale.given.of(name)))
    return 0.0


def _less_family(level: str, bits: float, found: Levels, scale: Scale) -> float:
    """By how much less the level of surnames weighs.

    Clark and Clarke are two that many have, Nwosu and Nwohsu one and a slip of it; and Zara is heard beside
    Khan more often than Zaras and Khans by themselves would make it.
    """
    given = found.of("given")
    less = 0.0 if given in _NOT_ONE_NAME else _together(found, scale)
    one, other = found.family
    if level == "slip":
        often = _TYPED * min(scale.family.of(one), scale.family.of(other))
    elif level == "part":
        often = 2 * min(map(scale.family.of, set(one.split()) & set(other.split())))
    else:
        return less if level == "same" or given == "turned" else 0.0
    return less + max(0.0, bits - scale.families[level] + math.log2(often))


def _together(found: Levels, scale: Scale) -> float:
    """By how many bits more often than by chance the two names compared go together."""
    named = zip(found.given, found.family, strict=True)
    return max(math.log2(scale.customs.times(given, family)) for given, family in named)


def two_names(found: Levels, scale: Scale) -> bool | None:
    """Whether first names that are nearly alike are two that people are given: no slip, no other spelling.

    Nor is a name that begins like another one a short form of it by that alone: Maria and Mariana are two.
    None where they are not of that kind, or have a middle name in common.
    """
    given = found.of("given")
    if given == "short form":
        known = all(_is_short(*pair, scale) for pair in _differing(*found.given))
        return None if known or found.of("middle") in ("same", "initial") else True
    if given not in _NEAR_NAMES:
        return None
    if given == "spelling" or pair_of(*found.given) in scale.spellings:
        return False
    # Lily-Mae and Lily-May: what differs is Mae and May.
    two = all(
        scale.given.is_common(one)
        and scale.given.is_common(other)
        and pair_of(one, other) not in scale.spellings
        for one, other in _differing(*found.given)
    )
    return None if two and found.of("middle") == "same" else two


def _differing(one: str, other: str) -> list[tuple[str, str]]:
    """The parts of two first names that are not the same; both whole where one has a single part."""
    mine, theirs = one.split(), other.split()
    if len(mine) != len(theirs) and 1 in (len(mine), len(theirs)):
        return [(one, other)]
    # Lily-May Ivy in one field, and Lily-Mae: what is left over says nothing.
    return [pair for pair in zip(mine, theirs, strict=False) if pair[0] != pair[1]]


def _is_short(one: str, other: str, scale: Scale) -> bool:
    """Whether one name is known to be short for the other, by the lists or by what was learnt."""
    return is_nickname(one, other) or is_spelling(one, other) or pair_of(one, other) in scale.spellings


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely it is that what is asked about is each child found, or none of them; together 1.

    Attributes:
        children: for each child found, in the order of the weights given.
        relatives: for each child found, that it is a twin or sibling of that child who is not registered.
        stranger: that it is a child who is not registered and no relative of one found.
    """

    children: tuple[float, ...]
    relatives: tuple[float, ...]
    stranger: float


def odds(weights: Sequence[Weight], prior: Prior, registered: int | None = None) -> Odds:
    """Return how likely each child found is, and how likely it is that none of them is the one.

    Args:
        weights: one for each child found.
        prior: what is expected before anything is compared.
        registered: how many children are registered, where that is known.
    """
    known = max(registered or prior.children, 1)
    stranger = known * (1 - prior.coverage) / prior.coverage
    same = [_power(weight.same) for weight in weights]
    relatives = [
        prior.siblings * _power(weight.sibling) + prior.twins * _power(weight.twin) for weight in weights
    ]
    all_ = stranger + math.fsum(same) + math.fsum(relatives)
    return Odds(tuple(one / all_ for one in same), tuple(one / all_ for one in relatives), stranger / all_)


def _power(bits: float) -> float:
    return float(2.0 ** min(bits, _MOST_BITS))
