"""Persons packed and unpacked are who they were."""

from gateway.batch.packed import packed, unpacked
from gateway.identity.person import Person
from gateway.testing.measuring import people


def test_a_person_comes_back_as_it_was() -> None:
    everyone = [who for _, who in people(60, 3)]

    assert [unpacked(packed(who)) for who in everyone] == everyone
    assert unpacked(packed(Person())) == Person()
    odd = Person(several=True, deceased=True, la_ids=frozenset({("201", "7"), ("202", "8")}))
    assert unpacked(packed(odd)) == odd
    assert {type(name) for who in everyone for name in unpacked(packed(who)).names} == {
        type(name) for who in everyone for name in who.names
    }


def test_a_packed_person_is_small() -> None:
    everyone = [who for _, who in people(60, 3)]

    assert sum(len(packed(who)) for who in everyone) < 250 * len(everyone)
