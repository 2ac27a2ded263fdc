"""Weights learnt from the store: from what a number or a person linked, and from what persons decided.

Nobody has to know the truth. What the weights themselves linked teaches nothing: they would learn to trust
what they trusted before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from gateway.identity.grade import Grade, Known, Matcher
from gateway.identity.levels import levels
from gateway.identity.model import Model
from gateway.identity.person import Person
from gateway.identity.train import Pair, calibrated, relatives, retrained, without_numbers
from gateway.problems import refuse
from gateway.problems.service import TOO_LITTLE
from gateway.service.decisions import MATCH, NOT_SURE
from gateway.service.events import DIFFERENT, DISTINCT, MERGED
from gateway.service.link import MACHINE, PERSON, Linker
from gateway.store.base import LifeEvent, Reads

#: Fewer records, pairs of one child or pairs of relatives say nothing about an area.
LEAST_RECORDS, LEAST_SAME, LEAST_RELATIVES = 1_000, 300, 50
_BATCH = 500
_MOST_OF_A_CHILD = 6

Progress = Callable[[int, int], None]
"""Told how many records are read, of how many."""


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights, and what they were learnt from.

    Attributes:
        records: that were read.
        same: pairs of one child, by a number or a person; relatives: pairs at one address with two numbers.
        one_child, told_apart, not_sure: decisions of persons.
        doubtful: children whom persons told apart, though by these weights they would be certainly one.
    """

    model: Model
    records: int
    same: int
    relatives: int
    one_child: int
    told_apart: int
    not_sure: int
    doubtful: int


def train(store: Reads, linker: Linker, before: Model, tell: Progress) -> Trained:
    """Learn weights from what a store holds and what persons decided about it.

    Args:
        before: the weights in force; what is not met in the store stays as they have it.

    Raises:
        Refused: `service.too-little-to-learn`.
    """
    children = _children(store, linker, tell)
    merged, apart = _decided(store, MERGED), [*_decided(store, DIFFERENT), *_decided(store, DISTINCT)]
    told_apart = [pair for event in apart for pair in _between(children, event)]
    by_person = [pair for child in _by_persons(store, children, merged) for pair in child]
    same = [pair for records in children.values() for pair in _numbered(records)] + by_person
    kin = [*_relatives(children), *(pair for pair in told_apart if _at_one_home(pair))]
    count = sum(len(records) for records in children.values())
    _enough(count, len(same), len(kin))
    # One record of each child, so that no name is common because one child is often told of.
    model = retrained(before, same, kin, [next(iter(records.values())) for records in children.values()])
    matcher = Matcher.of(model)
    judged = [
        (_likely(matcher, pair, len(children)), right) for pair, right in _judged(by_person, told_apart)
    ]
    if judged:
        model = calibrated(model, ((probability, right) for (probability, _), right in judged))
    return Trained(
        model,
        records=count,
        same=len(same),
        relatives=len(kin),
        one_child=len(merged),
        told_apart=len(apart),
        not_sure=len(_decided(store, NOT_SURE)),
        doubtful=sum(grade is Grade.CERTAIN and not right for (_, grade), right in judged),
    )


def _children(store: Reads, linker: Linker, tell: Progress) -> dict[int, dict[int, Person]]:
    """What each record says, by child and record; of nobody whose life was sealed."""
    found: dict[int, dict[int, Person]] = {}
    every, done, after = store.counts()["records"], 0, 0
    while batch := store.linked(after, _BATCH):
        records = [record for record, _ in batch if record.sealed is None]
        after = batch[-1][0].rec
        persons = linker.persons(store, records)
        for record in records:
            if record.child is not None and record.rec in persons:
                found.setdefault(record.child, {})[record.rec] = persons[record.rec]
        done += len(batch)
        tell(min(done, every), every)
    return found


def _decided(store: Reads, what: str) -> list[LifeEvent]:
    return [event for event in store.life(what=what) if event.stands]


def _numbered(records: Mapping[int, Person]) -> Iterator[Pair]:
    """The pairs of a child's records that share a number; of a child with very many, of the first ones."""
    some = [records[rec] for rec in sorted(records)[:_MOST_OF_A_CHILD]]
    yield from (pair for pair in combinations(some, 2) if "same" in levels(*pair).numbers)


def _by_persons(
    store: Reads, children: Mapping[int, Mapping[int, Person]], merged: Iterable[LifeEvent]
) -> Iterator[list[Pair]]:
    """For each child whose records a person put together: each record that was put there, with the others."""
    for child in sorted({event.other for event in merged if event.other is not None} & children.keys()):
        records = children[child]
        events = [link for link in store.links(child=child) if link.stands and link.author != MACHINE]
        put = {link.rec for link in events if link.what == "linked" and _is_decision(link.reason)}
        rest = sorted(records.keys() - put)[:_MOST_OF_A_CHILD]
        yield [(records[rec], records[other]) for rec in sorted(put & records.keys()) for other in rest]


def _is_decision(reason: str) -> bool:
    return reason == PERSON or reason.startswith((MATCH, f"{MERGED}-"))


def _between(children: Mapping[int, Mapping[int, Person]], event: LifeEvent) -> Iterator[Pair]:
    """The records of one child, each with those of another that a person told apart from it."""
    if event.other is not None:
        mine, theirs = children.get(event.child, {}), children.get(event.other, {})
        for rec in sorted(mine)[:_MOST_OF_A_CHILD]:
            yield from ((mine[rec], theirs[other]) for other in sorted(theirs)[:_MOST_OF_A_CHILD])


def _relatives(children: Mapping[int, Mapping[int, Person]]) -> Iterator[Pair]:
    """Pairs at one address with two numbers, but for those that a person or a number made one child."""
    whose = {id(who): child for child, records in children.items() for who in records.values()}
    everyone = [who for records in children.values() for who in records.values()]
    yield from (pair for pair in relatives(everyone) if whose[id(pair[0])] != whose[id(pair[1])])


def _at_one_home(pair: Pair) -> bool:
    return bool(pair[0].homes & pair[1].homes)


def _judged(same: Sequence[Pair], apart: Sequence[Pair]) -> Iterator[tuple[Pair, bool]]:
    yield from ((pair, True) for pair in same)
    yield from ((pair, False) for pair in apart)


def _likely(matcher: Matcher, pair: Pair, registered: int) -> tuple[float, Grade]:
    """How likely two records are of one child by what they say beside numbers, and the grade that gives."""
    one, other = (without_numbers(who) for who in pair)
    found = matcher.matches(one, [Known(0, 0, other)], registered=registered)[0]
    return found.probability, found.grade


def _enough(records: int, same: int, kin: int) -> None:
    if records < LEAST_RECORDS or same < LEAST_SAME or kin < LEAST_RELATIVES:
        raise refuse(
            TOO_LITTLE,
            records=records,
            same=same,
            relatives=kin,
            least=f"{LEAST_RECORDS} records, {LEAST_SAME} pairs of one child, {LEAST_RELATIVES} of relatives",
        )
