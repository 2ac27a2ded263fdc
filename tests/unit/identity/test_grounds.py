"""Which records of one child are of it by what they say, and which by nothing but their link."""

from collections.abc import Mapping
from itertools import permutations

from gateway.identity.grade import Known
from gateway.identity.grounds import Member, parts
from gateway.identity.person import Person

BORN = frozenset({"2012-03-04"})
A = Person(upns=frozenset({"X1"}), birth_dates=BORN)
B = Person(upns=frozenset({"X1"}), nhs=frozenset({"9990000001"}), birth_dates=BORN)
C = Person(nhs=frozenset({"9990000001"}), birth_dates=BORN)
D = Person(nhs=frozenset({"9990000001"}), birth_dates=BORN)
E = Person(nhs=frozenset({"9990000002"}), birth_dates=BORN)


def grouped(persons: Mapping[int, Person], *sure: int, origin: Mapping[int, int] | None = None) -> list[list]:
    members = [
        Member(Known(1, rec, person), (origin or {}).get(rec, 1), rec in sure)
        for rec, person in persons.items()
    ]
    return [sorted(known.record for known in group) for group in parts(members)]


def test_records_that_lead_to_each_other_stand_together_in_whatever_order_they_came() -> None:
    for order in permutations({1: A, 2: B, 3: C}.items()):
        assert grouped(dict(order), 1) == [[1, 2, 3]]


def test_without_what_was_between_them_the_later_one_has_no_grounds() -> None:
    assert grouped({1: A, 3: C}, 1) == [[1], [3]]


def test_records_without_grounds_are_put_together_by_what_they_share() -> None:
    assert grouped({1: A, 3: C, 4: D, 5: E}, 1) == [[1], [3, 4], [5]]


def test_a_child_without_its_founder_stands_on_who_came_next() -> None:
    assert grouped({3: C, 1: A, 4: D}) == [[3, 4], [1]]


def test_a_child_stands_on_all_whom_a_person_put_there() -> None:
    assert grouped({1: A, 5: E, 3: C}, 1, 5) == [[1, 5], [3]]


def test_a_child_that_was_merged_brings_what_it_stands_on_along() -> None:
    assert grouped({1: A, 3: C, 5: E}, 1, origin={3: 2, 5: 2}) == [[1, 3], [5]]


def test_what_contradicts_in_a_child_that_was_merged_is_no_doubt_about_those_who_agree_with_its_own() -> None:
    one, other = frozenset({("201", "7")}), frozenset({("201", "8")})
    merged = Person(upns=frozenset({"X2"}), birth_dates=BORN, la_ids=one)
    of_it = Person(nhs=C.nhs, birth_dates=BORN, la_ids=other)

    assert grouped({1: merged, 3: C, 4: of_it}, 1, 3, origin={3: 2, 4: 2}) == [[1, 3, 4]]
    assert grouped({1: merged, 3: C, 4: of_it}, 1) == [[1], [3, 4]]


def test_of_nobody_there_are_no_groups() -> None:
    assert grouped({}) == []


def test_a_number_that_was_replaced_is_a_reason_still() -> None:
    renewed = Person(nhs=E.nhs, nhs_former=C.nhs, birth_dates=BORN)

    assert grouped({1: renewed, 3: C}, 1) == [[1, 3]]
    assert grouped({1: renewed, 3: Person(nhs=C.nhs, birth_dates=frozenset({"2009-09-09"}))}, 1) == [[1], [3]]
