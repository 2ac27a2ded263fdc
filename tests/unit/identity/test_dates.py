import pytest

from gateway.identity.dates import Born, compared, swapped


@pytest.mark.parametrize(
    ("one", "other", "born"),
    [
        ("2012-03-04", "2012-03-04", Born.SAME),
        ("2012-03-04", "2012-04-03", Born.SWAPPED),
        ("2012-03-04", "2012-03-05", Born.DIFFERENT),
        ("2012-03-04", "2013-04-03", Born.DIFFERENT),
        ("2012-03", "2012-03-04", Born.SAME),
        ("2012", "2012-03-04", Born.SAME),
        ("2013", "2012-03-04", Born.DIFFERENT),
    ],
)
def test_two_birth_dates_are_the_same_swapped_or_different(one: str, other: str, born: Born) -> None:
    assert compared(frozenset({one}), frozenset({other})) is born
    assert compared(frozenset({other}), frozenset({one})) is born


def test_no_birth_date_contradicts_none() -> None:
    assert compared(frozenset(), frozenset({"2012-03-04"})) is Born.UNKNOWN


def test_a_date_that_a_child_s_records_know_already_agrees() -> None:
    assert compared(frozenset({"2012-03-04", "2012-04-03"}), frozenset({"2012-04-03"})) is Born.SAME


@pytest.mark.parametrize(
    ("written", "other"),
    [("2015-06-21", None), ("2015-05-05", None), ("2015-06", None), ("2015-02-12", "2015-12-02")],
)
def test_only_two_real_and_different_dates_can_be_swapped(written: str, other: str | None) -> None:
    assert swapped(written) == other
