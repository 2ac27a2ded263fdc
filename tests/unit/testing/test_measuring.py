"""Floors under the matcher's accuracy, on invented families that it was not taught by."""

import pytest

from gateway.identity.grade import Grade, Matcher
from gateway.identity.model import shipped
from gateway.testing.families import families
from gateway.testing.measuring import ask, clusters, lives_of, people

CHILDREN, SEED = 10_500, 77
MATCHER = Matcher.of(shipped())


@pytest.mark.parametrize("numbers", [False, True], ids=["no numbers", "with numbers"])
def test_twenty_thousand_records_are_joined_into_children_who_are_one(numbers: bool) -> None:
    records = [(one.child, who) for one, who in people(CHILDREN, SEED, numbers=numbers)]

    found = clusters(MATCHER, records, lives_of(families(CHILDREN, SEED)))

    assert found.precision >= 0.998
    assert found.recall >= 0.968
    assert found.mixed <= 4, "250 in a million records"


def test_a_child_is_found_or_said_not_to_be_there_and_a_twin_is_not_taken_for_the_other() -> None:
    found = ask(MATCHER, 20_000, 4_000, SEED)

    assert found.precision(Grade.CERTAIN) >= 0.9998
    assert found.recall(Grade.CERTAIN) >= 0.985
    assert found.recall(Grade.PROBABLE) >= 0.995
    assert found.twins >= 500
    assert found.taken[Grade.CERTAIN] == 0
    assert found.taken[Grade.PROBABLE] <= 15
