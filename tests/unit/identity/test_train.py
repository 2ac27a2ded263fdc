from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.identity.levels import LEVELS, levels
from gateway.identity.model import CLASSES, Model, read, written
from gateway.identity.person import Home, Name, Person
from gateway.identity.train import STRENGTH, Pair, calibrated, relatives, retrained, train, without_numbers

LINE = Home("ZZ101AA", "1HIGHSTREET")


def one(
    first: str, nhs: str = "", born: str = "2012-03-04", home: Home = LINE, family: str = "stone"
) -> Person:
    return Person(
        nhs=frozenset({nhs} - {""}),
        names=frozenset({Name(first, "", family)}),
        birth_dates=frozenset({born}),
        homes=frozenset({home}),
    )


AVA, DANIEL = one("ava", "9990123012"), one("daniel", "9990123020")
PEOPLE = [
    one(first, born=f"20{year}-0{month}-11", home=Home("ZZ201BB", f"{year}{month}"), family=family)
    for first in ("ava", "daniel", "noor", "jan")
    for year in (11, 12, 13)
    for month in (3, 5, 7)
    for family in ("stone", "ali", "kowalski")
]


def same() -> Iterator[Pair]:
    yield from ((who, who) for who in PEOPLE)
    yield from ((one("ava"), one("ava", born="2012-04-03")), (one("mohammed"), one("muhammad")))


@pytest.fixture(scope="module")
def model() -> Model:
    return train("a test", same(), [(AVA, DANIEL)], PEOPLE)


def test_relatives_are_records_at_one_address_with_two_valid_numbers() -> None:
    same_child = one("ava", "9990123012")
    elsewhere = one("noor", "9990123039", home=Home("ZZ201BB", "2MILLLANE"))

    assert list(relatives([AVA, DANIEL, one("jan"), elsewhere])) == [(AVA, DANIEL)]
    assert list(relatives([AVA, same_child])) == []
    assert list(relatives([replace(AVA, homes=frozenset({Home("ZZ101AA", "")})), DANIEL])) == []


def test_nobody_learns_from_a_house_of_many() -> None:
    crowd = [one("ava", f"99901230{n}") for n in range(10, 20)]

    assert list(relatives(crowd)) == []


def test_every_level_gets_a_weight_though_it_was_never_seen(model: Model) -> None:
    for field, names in LEVELS.items():
        for kind in CLASSES:
            assert set(model.tables[field][kind]) == set(names)
            assert all(part > 0 for part in model.tables[field][kind].values())
    assert read(written(model)) == model


def test_what_agrees_weighs_for_one_child_and_what_differs_against(model: Model) -> None:
    assert model.bits("given", "same", "same") > 1
    assert model.bits("born", "other", "same") < -3
    assert model.bits("born", "same", "twin") == model.bits("born", "same", "same"), "twins share the day"
    assert model.bits("home", "same line", "sibling") == model.bits("home", "same line", "same")


def test_the_rarity_of_names_is_counted(model: Model) -> None:
    assert model.given.of("ava") == pytest.approx(0.25)
    assert model.given.of("quillfeather") == pytest.approx(1 / len(PEOPLE), rel=0.01)


def test_the_same_pairs_give_the_same_file_each_time(model: Model) -> None:
    assert written(train("a test", same(), [(AVA, DANIEL)], PEOPLE)) == written(model)


def test_new_links_shift_the_weights_by_as_much_as_they_count(model: Model) -> None:
    many = STRENGTH["same"]
    moved = [(one("ava"), one("ava", home=Home("ZZ777CC", "9")))] * many

    learnt = retrained(model, moved, [(AVA, DANIEL)], PEOPLE)

    before, after = (each.tables["home"]["same"]["other"] for each in (model, learnt))
    assert after == pytest.approx((before + 1) / 2, abs=0.02)
    assert learnt.tables["home"]["twin"] == learnt.tables["home"]["same"]
    assert learnt.tables["home"]["stranger"] == model.tables["home"]["stranger"]
    assert read(written(learnt)) == learnt


def test_what_was_never_met_stays_as_it_was(model: Model) -> None:
    learnt = retrained(model, [(AVA, AVA)] * 1000, [(AVA, DANIEL)], PEOPLE)

    for level in ("swapped", "slip", "other"):
        assert learnt.tables["born"]["same"][level] == model.tables["born"]["same"][level]


def test_the_names_of_twins_are_learnt_from_relatives(model: Model) -> None:
    close = (one("lily", "9990123012"), one("lila", "9990123020"))

    learnt = retrained(model, [(AVA, AVA)], [close] * 1000, PEOPLE)

    before, after = (each.tables["given"]["twin"] for each in (model, learnt))
    risen = [level for level in after if after[level] > 3 * before[level]]
    assert risen == [levels(*close).of("given")]
    assert learnt.tables["given"]["sibling"] == model.tables["given"]["sibling"]


def test_two_spellings_are_learnt_when_one_child_is_often_told_of_by_both(model: Model) -> None:
    pair = (one("katarzyna"), one("katarzina"))

    assert "katarzina katarzyna" in retrained(model, [pair] * 3, [(AVA, DANIEL)], PEOPLE).spellings
    assert not retrained(model, [pair] * 2, [(AVA, DANIEL)], PEOPLE).spellings


def test_a_person_without_numbers_keeps_the_rest() -> None:
    assert without_numbers(AVA) == one("ava")


def test_the_calibration_says_how_often_each_tenth_was_right(model: Model) -> None:
    judged = [(0.95, True), (0.99, True), (1.0, False), (0.31, False)]

    assert calibrated(model, judged).calibration == ((0.3, 0.4, 1, 0), (0.9, 1.0, 3, 2))


def test_it_learns_which_names_go_together_and_counts_a_child_once() -> None:
    dates = [f"2012-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 21)]
    few = [one("zara", born=born, family="khan") for born in dates[::6]]
    many = [one("ada", born=born, family="hill") for born in dates]
    told_often = [one("zoe", family="khan")] * 9

    found = train("a test", [], [], [*few, *many, *told_often]).customs

    assert found.times("zara", "khan") > 4, "one in seven is called Zara, and each of them Khan"
    assert "zoe" not in found.given
