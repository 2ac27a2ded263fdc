"""Names that go together: customs of naming, learnt from which first names are met beside which surnames.

Zara and Khan are each rare, and together much less rare than by chance, since those who give the one often
bear the other. How often two names meet is a sum over customs: how common each is, and how common either name
is within it. Nobody says what the customs are; they are found by expectation maximisation (a mixture of
independent pairs: Hofmann, Probabilistic latent semantic indexing, 1999).
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

CUSTOMS = 8
#: From so many beginnings the best one is gone on from, after so many rounds and with so many more.
BEGINNINGS, FIRST_ROUNDS, ROUNDS = 5, 15, 45
#: A name met this often is trusted half, against what all names together say; one met less is not kept.
_SMOOTH, _LEAST = 2.0, 3

Shares = tuple[int, ...]
"""Per cent of the bearers of a name, for each custom."""


@dataclass(frozen=True, slots=True)
class Customs:
    """Customs of naming.

    Attributes:
        parts: of all children, the part that each custom named.
        given, family: for each name, what per cent of its bearers each custom named.
    """

    parts: tuple[float, ...] = ()
    given: Mapping[str, Shares] = field(default_factory=dict)
    family: Mapping[str, Shares] = field(default_factory=dict)

    def times(self, given: str, family: str) -> float:
        """How many times as often as by chance a first name goes with a surname; never less than once.

        Of a name that is not known the customs of its parts are taken, where those are.
        """
        one, other = _shares(self.given, given), _shares(self.family, family)
        if one is None or other is None:
            return 1.0
        met = sum(a * b / part for a, b, part in zip(one, other, self.parts, strict=True))
        return max(1.0, met / 10_000)


def _shares(known: Mapping[str, Shares], name: str) -> Sequence[float] | None:
    whole = known.get(name.replace(" ", ""))
    if whole is not None or " " not in name:
        return whole
    parts = [known[part] for part in name.split() if part in known]
    return [sum(some) / len(parts) for some in zip(*parts, strict=True)] if parts else None


def learnt(names: Iterable[tuple[str, str]]) -> Customs:
    """Return the customs that first names and surnames of children were given by, a pair for each child."""
    together = Counter((given.replace(" ", ""), family.replace(" ", "")) for given, family in names)
    # in one order, so that the same names give the same sums
    pairs = dict(sorted(together.items()))
    for place in (0, 1):
        seen: Counter[str] = Counter()
        for pair, count in pairs.items():
            seen[pair[place]] += count
        pairs = {pair: count for pair, count in pairs.items() if seen[pair[place]] >= _LEAST}
    if not pairs:
        return Customs()
    begun = (_better(_Counts.at_random(pairs, seed), pairs, FIRST_ROUNDS) for seed in range(BEGINNINGS))
    counts = _better(max(begun, key=lambda each: each.likelihood(pairs)), pairs, ROUNDS)
    parts = [each / sum(counts.all) for each in counts.all]
    return Customs(
        parts=tuple(float(f"{part:.3g}") for part in parts),
        given={name: _smooth(found, parts) for name, found in sorted(counts.given.items())},
        family={name: _smooth(found, parts) for name, found in sorted(counts.family.items())},
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many children each custom is held to have named: in all, and by first name and surname."""

    all: list[float]
    given: dict[str, list[float]]
    family: dict[str, list[float]]

    @classmethod
    def at_random(cls, pairs: Iterable[tuple[str, str]], seed: int) -> "_Counts":
        """Where to begin from: every name a little more of one custom than of another, by chance."""
        pick, found = random.Random(seed), cls.none(pairs)
        for names in (found.given, found.family):
            for name in sorted(names):
                names[name] = [pick.random() + 0.5 for _ in range(CUSTOMS)]
        found.all[:] = [1.0] * CUSTOMS
        return found

    @classmethod
    def none(cls, pairs: Iterable[tuple[str, str]]) -> "_Counts":
        """Hardly any: none at all would be none for ever."""
        none = [1e-9] * CUSTOMS
        return cls(
            all=list(none),
            given={given: list(none) for given, _ in pairs},
            family={family: list(none) for _, family in pairs},
        )

    def better(self, pairs: Mapping[tuple[str, str], int]) -> "_Counts":
        """The counts where each pair is shared out as the customs of these counts would have given it."""
        found = self.none(pairs)
        for (given, family), count in pairs.items():
            weights = self._weights(given, family)
            times = count / sum(weights)
            shares = [weight * times for weight in weights]
            for counts in (found.all, found.given[given], found.family[family]):
                for place, share in enumerate(shares):
                    counts[place] += share
        return found

    def likelihood(self, pairs: Mapping[tuple[str, str], int]) -> float:
        """How well these counts explain the pairs, as a logarithm; the higher the better."""
        return sum(count * math.log(sum(self._weights(*pair))) for pair, count in pairs.items())

    def _weights(self, given: str, family: str) -> list[float]:
        """How often each custom gives both names: how common either is within it, times the custom."""
        each = zip(self.given[given], self.family[family], self.all, strict=True)
        return [one * other / all for one, other, all in each]


def _better(counts: _Counts, pairs: Mapping[tuple[str, str], int], rounds: int) -> _Counts:
    for _ in range(rounds):
        counts = counts.better(pairs)
    return counts


def _smooth(counts: Sequence[float], parts: Sequence[float]) -> Shares:
    total = sum(counts) + _SMOOTH
    return tuple(
        round(100 * (count + _SMOOTH * part) / total) for count, part in zip(counts, parts, strict=True)
    )
