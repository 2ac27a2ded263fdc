"""How well a matcher does on invented families: what it joins, whom it takes for whom, and how fast."""

import gc
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.identity.grade import Grade, Known, Match, Matcher
from gateway.identity.keys import asked_keys, kept_keys
from gateway.identity.person import Person, person
from gateway.testing.families import Kid, Mix, families
from gateway.testing.tellings import Habits, Telling, patient, plainly, tellings, told, without_numbers

BASE = "https://fhirgate.example"
CAP = 400


class Register:
    """Records in memory under their keys, as the gateway's store keeps them."""

    def __init__(self) -> None:
        self._under: dict[bytes, list[int]] = defaultdict(list)
        self._child: list[int] = []
        self.children: dict[int, list[Known]] = defaultdict(list)

    def add(self, who: Person, child: int) -> None:
        """Keep a record of a child."""
        record = len(self._child)
        self._child.append(child)
        self.children[child].append(Known(child, record, who))
        for key in kept_keys(who):
            self._under[key].append(record)

    def near(self, who: Person) -> list[Known]:
        """Every record of each child that shares a key with `who`; keys over the cap give none."""
        lists = (self._under.get(key, ()) for key in asked_keys(who))
        children = {self._child[record] for found in lists if len(found) <= CAP for record in found}
        return [known for child in sorted(children) for known in self.children[child]]


@dataclass(frozen=True, slots=True)
class Clusters:
    """What joining records one after the other comes to.

    Attributes:
        precision, recall: of pairs of records.
        mixed: children that hold records of several.
        adopted: of those, the ones that hold the two lives of a child who was adopted.
        records: how many there were.
        seconds: of processor time.
    """

    precision: float
    recall: float
    mixed: int
    adopted: int
    records: int
    seconds: float


def people(
    children: int, seed: int, mix: Mix | None = None, habits: Habits | None = None, *, numbers: bool = True
) -> Iterator[tuple[Telling, Person]]:
    """Yield what offices tell of invented children, and what is compared of it."""
    for one in tellings(families(children, seed, mix), seed, habits):
        shown = one if numbers else without_numbers(one)
        yield one, person(patient(shown, BASE), BASE)


def cluster(
    matcher: Matcher, records: Sequence[tuple[int, Person]], seed: int = 1, registered: int | None = None
) -> dict[int, list[int]]:
    """Join records one after the other, in any order, by what is certain; record places by child.

    Args:
        records: whom each is truly about (not looked at), and what it says.
        registered: how many children are expected; by default half as many as records.
    """
    register = Register()
    order = random.Random(seed).sample(range(len(records)), len(records))
    found: dict[int, list[int]] = defaultdict(list)
    for place in order:
        who = records[place][1]
        matches = matcher.matches(who, register.near(who), registered=registered or max(len(records) // 2, 1))
        certain = matches and matches[0].grade is Grade.CERTAIN
        child = matches[0].child if certain else len(found)
        register.add(who, child)
        found[child].append(place)
    return found


def clusters(
    matcher: Matcher, records: Sequence[tuple[int, Person]], lives: Callable[[int], int] = int
) -> Clusters:
    """Measure `cluster`.

    Args:
        lives: from whom a record is about to what the two lives of one child have in common.
    """
    began = time.process_time()
    found = cluster(matcher, records)
    seconds = time.process_time() - began
    return judged([truth for truth, _ in records], found.values(), seconds, lives)


def judged(
    truths: Sequence[int], found: Iterable[Sequence[int]], seconds: float, lives: Callable[[int], int] = int
) -> Clusters:
    """Measure what records were joined to.

    Args:
        truths: whom each record is truly about.
        found: of each child, the places of its records.
        seconds: what it took.
        lives: as for `clusters`.
    """
    wanted = sum(_pairs(count) for count in Counter(truths).values())
    joined = right = mixed = adopted = 0
    for places in found:
        inside = Counter(truths[place] for place in places)
        joined += _pairs(len(places))
        right += sum(_pairs(count) for count in inside.values())
        mixed += len(inside) > 1
        adopted += len(inside) > 1 and len({lives(truth) for truth in inside}) == 1
    return Clusters(right / max(joined, 1), right / max(wanted, 1), mixed, adopted, len(truths), seconds)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


@dataclass(slots=True)
class Asked:
    """What asking about one child after the other comes to.

    Attributes:
        registered: children asked about who are registered.
        right, wrong: by grade (that or higher), how often the child named first was the one, and was not.
        twins: unregistered twins asked about.
        taken: by grade, how many of them were taken for the one who is registered.
        milliseconds: of processor time, of each question.
        judged: probabilities above 0.01 that were given, and whether the child was the one.
    """

    registered: int = 0
    right: Counter[Grade] = field(default_factory=Counter)
    wrong: Counter[Grade] = field(default_factory=Counter)
    twins: int = 0
    taken: Counter[Grade] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    judged: list[tuple[float, bool]] = field(default_factory=list)

    def precision(self, grade: Grade) -> float:
        """Of the children named at that grade or higher, the part that was right."""
        return self.right[grade] / max(self.right[grade] + self.wrong[grade], 1)

    def recall(self, grade: Grade) -> float:
        """Of the registered children asked about, the part that was named at that grade or higher."""
        return self.right[grade] / max(self.registered, 1)

    def quantile(self, part: float) -> float:
        """How many milliseconds that part of the questions took at most."""
        return sorted(self.milliseconds)[int(part * (len(self.milliseconds) - 1))]


def ask(
    matcher: Matcher,
    children: int,
    questions: int,
    seed: int,
    mix: Mix | None = None,
    *,
    numbers: bool = False,
) -> Asked:
    """Ask a register of invented children about some who are in it and some who are not.

    One in ten questions is about an unregistered child with a registered brother or sister, one in ten about
    an unregistered child without; unregistered twins of registered ones are asked about besides.

    Args:
        children: how many there are; one in twenty, and one of half of all twins, is not registered.
    """
    pick, habits = random.Random(seed), Habits()
    kids = list(families(children, seed, mix or Mix(adopted=0)))
    twins = {kid.number for kid in kids if kid.twin_of >= 0 and pick.random() < 0.5}
    absent = {kid.number for kid in kids if pick.random() < 0.05} | twins
    register, count = Register(), 0
    for kid in kids:
        if kid.number not in absent:
            register.add(_person(plainly(kid), numbers), kid.number)
            count += 1
    outcome = Asked()
    # What stays for good need not be gone through again and again while questions are timed.
    gc.freeze()
    for kid in _questions(kids, absent, twins, questions, pick):
        office = pick.choice(("school", "school", "school", "care"))
        who = _person(told(kid, office, 0, pick, habits), numbers)
        began = time.thread_time()
        matches = matcher.matches(who, register.near(who), registered=count)
        outcome.milliseconds.append(1000 * (time.thread_time() - began))
        _note(outcome, kid, matches, twin=kid.number in twins, known=kid.number not in absent)
    return outcome


def _person(one: Telling, numbers: bool) -> Person:
    return person(patient(one if numbers else without_numbers(one), BASE), BASE)


def _questions(
    kids: Sequence[Kid], absent: set[int], twins: set[int], questions: int, pick: random.Random
) -> Iterator[Kid]:
    here = {kid.family for kid in kids if kid.number not in absent}
    registered = [kid for kid in kids if kid.number not in absent]
    lone = absent - twins
    single = [kid for kid in kids if kid.number in lone and kid.twin_of < 0]
    with_kin = [kid for kid in single if kid.family in here]
    without = [kid for kid in single if kid.family not in here]
    unknown = [kid for kid in kids if kid.number in twins and kid.twin_of not in absent]
    yield from (pick.choice(registered) for _ in range(questions * 8 // 10))
    for some in (with_kin, without):
        yield from (pick.choice(some) for _ in range(questions // 10 if some else 0))
    # Few are twins: each is asked about until there are enough questions to count by.
    yield from (pick.choice(unknown) for _ in range(max(500, len(unknown)) if unknown else 0))


def _note(outcome: Asked, kid: Kid, matches: Sequence[Match], *, twin: bool, known: bool) -> None:
    first = matches[0] if matches else None
    right = first is not None and first.child == kid.number
    grades = [grade for grade in Grade if first is not None and first.grade >= grade]
    if twin:
        outcome.twins += 1
        outcome.taken.update(grades)
        return
    outcome.registered += known
    (outcome.right if right else outcome.wrong).update(grades)
    outcome.judged += [
        (match.probability, match.child == kid.number) for match in matches[:3] if match.probability > 0.01
    ]


def lives_of(kids: Iterable[Kid]) -> Callable[[int], int]:
    """Return what gives, for the number of a life, the number of the child's first life."""
    before = {kid.number: kid.life_before for kid in kids if kid.life_before >= 0}
    return lambda number: before.get(number, number)
