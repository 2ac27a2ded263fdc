"""Weights learnt from records: of one child, of relatives, of strangers. No truth is needed but links.

Pairs of the same child are records that were linked by number or by a person. Pairs of relatives are
records at one address with two different valid NHS numbers: born on one day they are taken for twins, else
for siblings. Strangers are any two records.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from gateway.identity import customs
from gateway.identity.levels import FIELDS, LEVELS, Levels, levels
from gateway.identity.model import Bars, Model, Prior, Rarity
from gateway.identity.names import pair_of
from gateway.identity.person import Home, Person

Pair = tuple[Person, Person]

#: Bits for (the same child, a relative): set, not learnt. Numbers are strong and finite: twins' get mixed up.
NUMBER_BITS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "nhs": {"same": (22.0, 8.0), "slip": (-1.0, 0.0), "other": (-7.0, 0.0)},
    "upn": {"same": (22.0, 8.0), "slip": (6.0, 5.0), "other": (-7.0, 0.0)},
    "case": {"same": (20.0, 6.0), "slip": (0.0, 0.0), "other": (-7.0, 0.0)},
}
#: A level never seen still gets this many sightings, and this part of one child's pairs: offices do slip.
_UNSEEN = 0.25
_LEAST = {"same": 0.001}
_OFTEN = 3
_SPELT = frozenset({"nickname", "same sound", "slip", "like"})
_MOST_AT_HOME = 8
#: For how many pairs the weights count that an area begins with; of twins it has few.
STRENGTH = {"same": 10_000, "sibling": 2_000, "twin": 2_000}
_STRANGERS = 400_000
# Of dates and homes relatives have what the child has: they share the true one, and offices slip alike.
_SHARED = {"sibling": ("home",), "twin": ("home", "born")}


def relatives(persons: Iterable[Person]) -> Iterator[Pair]:
    """Yield pairs of records at one address with two different valid NHS numbers; no crowded address."""
    at: dict[Home, list[Person]] = {}
    for person in persons:
        for home in person.homes:
            if home.line and person.nhs and not person.several:
                at.setdefault(home, []).append(person)
    for neighbours in at.values():
        if len(neighbours) <= _MOST_AT_HOME:
            yield from (
                (one, other) for one, other in combinations(neighbours, 2) if one.nhs.isdisjoint(other.nhs)
            )


def strangers(persons: Sequence[Person], count: int, seed: int = 1) -> Iterator[Pair]:
    """Yield `count` pairs of any two records."""
    pick = random.Random(seed)
    for _ in range(count):
        one, other = pick.choice(persons), pick.choice(persons)
        if one is not other:
            yield one, other


def train(
    name: str,
    same: Iterable[Pair],
    related: Iterable[Pair],
    persons: Sequence[Person],
    *,
    seed: int = 1,
    prior: Prior | None = None,
    bars: Bars | None = None,
) -> Model:
    """Return a model learnt from pairs.

    Args:
        name: what it is learnt from, in words; kept in the file.
        same: records of one child.
        related: records of relatives, such as `relatives(persons)`.
        persons: any records of the area, for how common names and chance agreements are.
        seed: for the choice of strangers.
    """
    by_chance = [levels(*pair) for pair in strangers(persons, min(_STRANGERS, 20 * len(persons)), seed)]
    of_kin = [levels(*pair) for pair in related]
    of_one = [levels(*pair) for pair in same]
    tables = {
        "same": _tables(of_one, _LEAST["same"]),
        "sibling": _tables(one for one in of_kin if not one.of("born").startswith("same")),
        "twin": _tables(one for one in of_kin if one.of("born").startswith("same")),
        "stranger": _tables(by_chance),
    }
    # Too rare to be met in a sample: what two strangers' birth dates have in common is counted.
    january = Counter(one for person in persons for one in person.birth_dates if one.endswith("-01-01"))
    tables["stranger"]["born"]["same first of January"] = _by_chance(january, len(persons))
    for kind, shared in _SHARED.items():
        tables[kind] |= {field: tables["same"][field] for field in shared}
    return Model(
        name=name,
        spellings=_spellings(of_one, of_kin),
        tables={field: {kind: tables[kind][field] for kind in tables} for field in FIELDS},
        numbers=NUMBER_BITS,
        given=_rarity(one.first for person in persons for one in person.names),
        family=_rarity(one.family for person in persons for one in person.names),
        customs=customs.learnt(_named(persons)),
        prior=prior or Prior(),
        bars=bars or Bars(),
    )


def _tables(found: Iterable[Levels], least: float = 0.0) -> dict[str, dict[str, float]]:
    counts: dict[str, Counter[str]] = {field: Counter() for field in FIELDS}
    for one in found:
        for field, level in zip(FIELDS, one.fields, strict=True):
            if level:
                counts[field][level] += 1
    return {field: _parts(counts[field], LEVELS[field], least) for field in FIELDS}


def _parts(counts: Counter[str], names: Sequence[str], least: float) -> dict[str, float]:
    total = counts.total() + _UNSEEN * len(names)
    return {level: _round(max((counts[level] + _UNSEEN) / total, least)) for level in names}


def _spellings(of_one: Iterable[Levels], of_kin: Iterable[Levels]) -> frozenset[str]:
    """Pairs of first names that one child is called by, told often enough and of no brothers and sisters."""
    counts = Counter(pair_of(*one.given) for one in of_one if one.of("given") in _SPELT)
    apart = {pair_of(*one.given) for one in of_kin}
    return frozenset(pair for pair, count in counts.items() if count >= _OFTEN and pair not in apart)


def _by_chance(counts: Counter[str], everyone: int) -> float:
    """How probable it is that two of `everyone` have one of the counted values in common."""
    shared = sum((count / everyone) ** 2 for count in counts.values())
    return _round(max(shared, _UNSEEN / _STRANGERS))


def _rarity(names: Iterable[str]) -> Rarity:
    counts = Counter(name.replace(" ", "") for name in names if name)
    total = max(counts.total(), 1)
    common = {name: _round(count / total) for name, count in sorted(counts.items()) if count > 2}
    return Rarity(common, _round(min(1.0, 1.0 / total)))


def _named(persons: Iterable[Person]) -> list[tuple[str, str]]:
    """First name and surname of each child: records of one name and birthday are one sighting."""
    seen = {
        (one.first, one.family, born)
        for person in persons
        for one in person.names
        for born in person.birth_dates
        if one.first and one.family
    }
    return [(given, family) for given, family, _ in sorted(seen)]


def _round(part: float) -> float:
    """Four digits are more than is known, and keep the file short."""
    return float(f"{part:.4g}")


def without_numbers(who: Person) -> Person:
    """A person without any number: what is left to be weighed."""
    none: frozenset[str] = frozenset()
    return replace(
        who,
        nhs=none,
        nhs_verified=none,
        nhs_former=none,
        upns=none,
        upns_temporary=none,
        upns_former=none,
        upns_wrong=none,
        ulns=none,
        la_ids=frozenset(),
        several=False,
    )


def retrained(
    before: Model, same: Sequence[Pair], related: Sequence[Pair], persons: Sequence[Person]
) -> Model:
    """Return weights that have learnt from records of an area, and keep what those did not show.

    A few pairs move a weight a little, many move it all the way. A level that no pair is on stays as it was:
    the rule that linked them may have kept such pairs out.

    Args:
        before: the weights that count for as much as `STRENGTH` pairs of each kind.
        same, related, persons: as for `train`.
    """
    name = f"{len(persons)} children, {len(same)} pairs of one child, {len(related)} of relatives"
    here = train(name, same, related, persons, prior=before.prior, bars=before.bars)
    of_kin = [levels(*pair) for pair in related]
    seen = {
        "same": [levels(*pair) for pair in same],
        "sibling": [one for one in of_kin if not one.of("born").startswith("same")],
        "twin": [one for one in of_kin if one.of("born").startswith("same")],
    }
    tables = {
        field: {kind: dict(before.tables[field][kind]) for kind in before.tables[field]} for field in FIELDS
    }
    for kind, found in seen.items():
        for place, field in enumerate(FIELDS):
            counts = Counter(one.fields[place] for one in found if one.fields[place])
            tables[field][kind] = _moved(before.tables[field][kind], counts, STRENGTH[kind])
    for kind, shared in _SHARED.items():
        for field in shared:
            tables[field][kind] = tables[field]["same"]
    return replace(
        before,
        name=name,
        tables=tables,
        given=here.given,
        family=here.family,
        customs=here.customs,
        spellings=before.spellings | here.spellings,
    )


def _moved(before: Mapping[str, float], counts: Mapping[str, int], strength: int) -> dict[str, float]:
    total = sum(counts.values()) + strength
    return {
        level: _round((strength * part + counts[level]) / total) if counts.get(level) else part
        for level, part in before.items()
    }


def calibrated(model: Model, judged: Iterable[tuple[float, bool]]) -> Model:
    """Return the model with a table of how often its probabilities were right.

    Args:
        judged: probabilities it gave, and whether the child was the one; from records it was not trained on.
    """
    bins: dict[int, list[bool]] = {}
    for probability, right in judged:
        bins.setdefault(min(9, int(probability * 10)), []).append(right)
    table = tuple(
        (tenth / 10, (tenth + 1) / 10, len(seen), sum(seen)) for tenth, seen in sorted(bins.items())
    )
    return replace(model, calibration=table)
