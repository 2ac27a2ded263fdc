import random
from itertools import product

import pytest

from gateway.identity.customs import Customs, learnt

GIVEN = {"a": ["zara", "amina", "yusuf"], "b": ["ada", "ben", "carl", "dora"]}
FAMILY = {"a": ["khan", "malik"], "b": ["hill", "stone", "reed"]}
#: Of a hundred children, how many each custom named.
CHILDREN = {"a": 20, "b": 80}


def named(times: int = 100) -> list[tuple[str, str]]:
    pick = random.Random(7)
    return [
        (pick.choice(GIVEN[custom]), pick.choice(FAMILY[custom]))
        for custom, count in CHILDREN.items()
        for _ in range(count * times)
    ]


@pytest.fixture(scope="module")
def customs() -> Customs:
    return learnt(named())


@pytest.mark.parametrize("custom", ["a", "b"])
def test_names_of_one_custom_go_together_as_often_as_it_is_rare(customs: Customs, custom: str) -> None:
    wanted = 100 / CHILDREN[custom]

    for given, family in product(GIVEN[custom], FAMILY[custom]):
        assert customs.times(given, family) == pytest.approx(wanted, rel=0.1)


def test_names_of_two_customs_are_never_held_to_be_rarer_than_by_chance(customs: Customs) -> None:
    assert {customs.times(given, family) for given, family in product(GIVEN["a"], FAMILY["b"])} == {1.0}


def test_a_name_that_is_not_known_goes_with_all(customs: Customs) -> None:
    assert customs.times("quillon", "khan") == customs.times("zara", "quillfeather") == 1
    assert Customs().times("zara", "khan") == 1


def test_a_double_name_goes_with_what_its_parts_go_with(customs: Customs) -> None:
    both = customs.times("zara", "khan malik")

    assert both == pytest.approx(100 / CHILDREN["a"], rel=0.1)
    assert 1 < customs.times("zara", "khan hill") < both, "one half of either"
    assert customs.times("zara", "khan quillfeather") == customs.times("zara", "khan")


def test_a_name_met_twice_is_not_learnt_from() -> None:
    found = learnt([*named(1), ("odd", "khan"), ("odd", "malik"), ("ada", "strange")])

    assert "odd" not in found.given and "strange" not in found.family


def test_a_name_met_seldom_is_trusted_less(customs: Customs) -> None:
    few = learnt([*named(), *[("odd", "khan")] * 3])

    assert 1 < few.times("odd", "khan") < customs.times("zara", "khan")


def test_the_same_names_teach_the_same_whatever_their_order() -> None:
    names = named(3)
    other = random.Random(1).sample(names, len(names))

    assert learnt(names) == learnt(other)


def test_from_nobody_nothing_is_learnt() -> None:
    assert learnt([]) == learnt([("ada", "hill")]) == Customs()
