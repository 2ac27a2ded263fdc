import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.customs import Customs
from gateway.identity.levels import levels
from gateway.identity.model import Prior, shipped
from gateway.identity.person import Person, person
from gateway.identity.weigh import Scale, Weight, odds, two_names, weigh

SCALE = Scale.of(shipped())
NO_CUSTOMS = replace(SCALE, customs=Customs())
PRIOR = Prior(children=1_000_000, coverage=0.8, siblings=0.05, twins=0.006)


def called(given: str, family: str = "Stone", born: str = "2012-03-04") -> Person:
    return person({"name": [{"given": [given], "family": family}], "birthDate": born}, "b")


def weight(one: Person, other: Person) -> Weight:
    return weigh(levels(one, other), SCALE)


def test_what_nobody_says_weighs_nothing() -> None:
    assert weight(called("Ava"), Person()) == Weight((0.0,) * 9, 0.0, 0.0, 0.0)


def test_a_rare_name_in_common_weighs_more_than_a_common_one() -> None:
    rare = weight(called("Ava", "Quillfeather"), called("Ava", "Quillfeather"))
    common = weight(called("Ava", "Smith"), called("Ava", "Smith"))

    assert rare.same > common.same + 3
    assert rare.twin - common.twin == pytest.approx(rare.same - common.same), (
        "twins share the surname as well"
    )


def test_names_that_go_together_weigh_less_than_each_by_itself() -> None:
    customs = Customs(parts=(0.125, 0.875), given={"zara": (100, 0)}, family={"khan": (100, 0)})
    scale = replace(SCALE, customs=customs)
    zara = levels(called("Zara", "Khan"), called("Zara", "Khan"))

    before, found = weigh(zara, NO_CUSTOMS), weigh(zara, scale)

    assert found.same == pytest.approx(before.same - 3), "eight times as often"
    assert found.same - found.twin == pytest.approx(before.same - before.twin), "twins have one surname"
    other = levels(called("Zara", "Khan"), called("Daniel", "Khan"))
    assert weigh(other, scale) == weigh(other, NO_CUSTOMS), "no first name in common"


def test_names_in_each_others_place_weigh_as_much_as_they_are_rare() -> None:
    rare = weigh(levels(called("Quillfeather", "Ava"), called("Ava", "Quillfeather")), NO_CUSTOMS)
    common = weigh(levels(called("Smith", "Ava"), called("Ava", "Smith")), NO_CUSTOMS)

    frequency = SCALE.family.of("smith") / SCALE.family.of("quillfeather")
    assert rare.same - common.same == pytest.approx(math.log2(frequency), abs=0.01)


def test_a_surname_a_slip_away_weighs_less_where_both_are_common() -> None:
    both = weight(called("Ava", "Clark"), called("Ava", "Clarke"))
    slip = weight(called("Ava", "Clark"), called("Ava", "Clrak"))

    assert levels(called("Ava", "Clark"), called("Ava", "Clarke")).of("family") == "slip"
    assert slip.same > both.same + 2


def test_a_middle_name_that_one_office_does_not_tell_says_nothing_of_twins() -> None:
    plain = weight(called("Ava"), called("Ava"))
    one = person({"name": [{"given": ["Ava", "Rose"], "family": "Stone"}], "birthDate": "2012-03-04"}, "b")
    found = weight(one, called("Ava"))

    assert found.same < plain.same, "a namesake may have none"
    assert found.same - found.twin == pytest.approx(plain.same - plain.twin)


def test_a_twin_explains_everything_but_the_first_name() -> None:
    found = weight(called("Ava"), called("Daniel"))

    assert found.twin > found.same + 5
    assert weight(called("Ava"), called("Ava")).same > weight(called("Ava"), called("Ava")).twin + 5


def test_a_sibling_is_not_born_on_the_same_day() -> None:
    found = weight(called("Ava"), called("Daniel", born="2009-11-23"))

    assert found.sibling > found.twin and found.sibling > found.same


def test_two_names_that_are_given_are_not_one_and_a_slip_of_it() -> None:
    assert two_names(levels(called("Lily"), called("Lila")), SCALE) is True
    assert two_names(levels(called("Matilda"), called("Matilkda")), SCALE) is False
    assert two_names(levels(called("Muhammad"), called("Mohammed")), SCALE) is False, "two spellings"
    assert two_names(levels(called("Ava"), called("Ava")), SCALE) is None


BITS = st.floats(-60, 300)


@given(st.lists(st.builds(Weight, st.just(()), BITS, BITS, BITS), max_size=6), st.integers(1, 20_000_000))
def test_the_children_found_and_those_nobody_registered_share_one_certainty(
    weights: list[Weight], registered: int
) -> None:
    found = odds(weights, PRIOR, registered)

    assert math.fsum((*found.children, *found.relatives, found.stranger)) == pytest.approx(1)
    assert all(0 <= one <= 1 for one in (*found.children, *found.relatives, found.stranger))


def test_nobody_found_is_a_stranger() -> None:
    assert odds([], PRIOR).stranger == 1


def test_the_odds_are_those_of_the_formula() -> None:
    # A million registered at a coverage of .8 leave 250,000 strangers, who weigh 250,000 against 2^30.
    found = odds([Weight((), 30.0, 10.0, 20.0)], PRIOR)

    all_ = 250_000 + 2**30 + 0.05 * 2**10 + 0.006 * 2**20
    assert found.children[0] == pytest.approx(2**30 / all_)
    assert found.relatives[0] == pytest.approx((0.05 * 2**10 + 0.006 * 2**20) / all_)
    assert found.stranger == pytest.approx(250_000 / all_)


def test_a_registered_twin_draws_certainty_away() -> None:
    alone = odds([Weight((), 30.0, 0.0, 0.0)], PRIOR).children[0]
    beside = odds([Weight((), 30.0, 0.0, 0.0), Weight((), 30.0, 0.0, 0.0)], PRIOR).children

    assert alone > 0.99 and beside == (pytest.approx(0.5, abs=0.001),) * 2


def test_a_larger_register_makes_less_certain() -> None:
    weights = [Weight((), 26.0, 0.0, 0.0)]

    assert odds(weights, PRIOR, 1_000).children[0] > odds(weights, PRIOR, 15_000_000).children[0]
