"""Splink 5 on DuckDB, by the same weights: it puts pairs on the same levels and weighs them the same."""

import json
from itertools import pairwise

import pytest

pytest.importorskip("splink")

from gateway.batch.splink import Scored, scored, settings
from gateway.identity.grade import Grade, Known, Matcher
from gateway.identity.levels import FIELDS, Levels, levels
from gateway.identity.model import shipped
from gateway.identity.person import Person
from gateway.identity.weigh import Scale, weigh
from gateway.testing.families import Mix
from gateway.testing.measuring import people

REGISTERED = 1_000
#: What has a rarity of its own, for which Splink has no words.
OWN_RARITY = frozenset(
    {"turned", "other's middle", "spelling", "short form", "nickname", "same sound", "part", "second part"}
)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Person, Person]]:
    """Records of one child, of twins and siblings, and of strangers, one beside the other."""
    everyone = [who for _, who in people(600, 5, Mix(twins=0.2, adopted=0), numbers=False)]
    return [*pairwise(everyone), *zip(everyone, everyone[7:], strict=False)]


@pytest.fixture(scope="module")
def by_splink(pairs: list[tuple[Person, Person]]) -> list[Scored]:
    return scored(pairs, shipped(), REGISTERED)


def is_plain(found: Levels) -> bool:
    """Whether all that a pair has is weighed by Splink as well."""
    names = found.of("given"), found.of("family")
    together = names[0] not in ("same", *OWN_RARITY, "slip", "like") or names[1] in ("other", "")
    return names[0] not in OWN_RARITY and names[1] not in ("slip", "part") and together


def test_sql_puts_dates_homes_and_sexes_on_the_levels_that_real_time_does(
    pairs: list[tuple[Person, Person]], by_splink: list[Scored]
) -> None:
    assert len(by_splink) == len(pairs) > 2_000
    met = set()
    for pair, found in zip(pairs, by_splink, strict=True):
        ours = dict(zip(FIELDS, levels(*pair).fields, strict=True))
        assert found.levels == ours
        met |= {(field, ours[field]) for field in ("born", "home", "sex")}
    assert len(met) >= 15, "nearly all levels are met"


def test_what_splink_has_words_for_weighs_the_same(
    pairs: list[tuple[Person, Person]], by_splink: list[Scored]
) -> None:
    scale, plain = Scale.of(shipped()), 0
    for pair, found in zip(pairs, by_splink, strict=True):
        ours = levels(*pair)
        weight = weigh(ours, scale)
        bits = dict(zip(FIELDS, weight.fields[: len(FIELDS)], strict=True))
        for field in ("middle", "born", "home", "sex"):
            assert found.bits[field] == pytest.approx(bits[field], abs=1e-6)
        if is_plain(ours):
            plain += 1
            assert found.weight == pytest.approx(weight.same, abs=1e-6)
    assert plain > 0.4 * len(pairs)


def test_whom_real_time_calls_certain_splink_calls_likely_and_not_the_other_way_round(
    pairs: list[tuple[Person, Person]], by_splink: list[Scored]
) -> None:
    matcher, certain, taken = Matcher.of(shipped()), 0, 0
    for (one, other), found in zip(pairs, by_splink, strict=True):
        match = matcher.matches(one, [Known(1, 1, other)], registered=REGISTERED)[0]
        if match.grade is Grade.CERTAIN:
            certain += 1
            assert found.probability >= 0.95
        elif found.probability >= 0.99 and match.relative > match.probability:
            taken += 1
    assert certain > 500
    assert taken > 20, "twins and siblings whom two classes take for one child"


def test_the_settings_are_a_file_that_splink_loads() -> None:
    text = json.dumps(settings(shipped()))

    told = {one["output_column_name"]: one for one in json.loads(text)["comparisons"]}
    assert list(told) == list(FIELDS)
    assert all(step.get("m_probability", 1) > 0 for one in told.values() for step in one["comparison_levels"])
