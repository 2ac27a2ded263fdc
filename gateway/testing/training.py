"""The weights that ship, made anew: python -m gateway.testing.training gateway/identity/model.json.

They are learnt from invented families of other seeds, with other slips and more twins than those the matcher
is judged on, and with half of the other spellings of names.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

from gateway.identity.grade import Matcher
from gateway.identity.model import Model, written
from gateway.identity.person import Person
from gateway.identity.train import Pair, calibrated, relatives, train
from gateway.testing.families import Mix
from gateway.testing.measuring import ask, people
from gateway.testing.tellings import Habits, Telling

CHILDREN = 120_000
SEED, CHECKED_WITH = 11, 29
#: More twins than there are, to learn from enough of them; offices that slip in other proportions.
MIX = Mix(twins=0.12, alike=0.20, adopted=0)
HABITS = Habits(variant=0.03, typo=0.01, date=0.008, moved=0.06, renamed=0.01, near=10_000, spellings=2)


def shipped(children: int = CHILDREN) -> Model:
    """Return the model that ships, or a smaller one like it."""
    records = list(people(children, SEED, MIX, HABITS))
    everyone = [who for _, who in records]
    at_health = [who for one, who in records if one.office == "health"]
    name = f"invented families: {children} children, seed {SEED}"
    model = train(name, linked(records), relatives(at_health), everyone)
    judged = ask(Matcher.of(model), children // 6, children // 6, CHECKED_WITH, MIX).judged
    return calibrated(model, judged)


def linked(records: Iterable[tuple[Telling, Person]]) -> Iterator[Pair]:
    """Yield the pairs of records that are about one child."""
    by_child: dict[int, list[Person]] = defaultdict(list)
    for one, who in records:
        by_child[one.child].append(who)
    for several in by_child.values():
        yield from combinations(several, 2)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(written(shipped()), encoding="utf-8")
