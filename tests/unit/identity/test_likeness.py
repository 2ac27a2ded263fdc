import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.likeness import likeness, one_slip


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        # Winkler's own examples, as every account of the measure repeats them.
        pytest.param("MARTHA", "MARHTA", 0.961, id="two letters swapped"),
        pytest.param("DWAYNE", "DUANE", 0.840, id="letters left out"),
        pytest.param("DIXON", "DICKSONX", 0.813, id="another spelling"),
        pytest.param("", "ANNA", 0.0, id="nothing"),
        pytest.param("ANNA", "ANNA", 1.0, id="the same"),
    ],
)
def test_likeness_is_that_of_jaro_and_winkler(one: str, other: str, wanted: float) -> None:
    assert likeness(one, other) == pytest.approx(wanted, abs=0.001)


NAMES = st.text(alphabet="abcde", max_size=7)


@given(NAMES, NAMES)
def test_likeness_and_slips_are_the_same_both_ways(one: str, other: str) -> None:
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert one_slip(one, other) == one_slip(other, one)


@given(NAMES, st.integers(0, 6), st.sampled_from("abcdef"), st.integers(0, 3))
def test_whatever_one_slip_makes_is_one_slip_away(name: str, place: int, letter: str, kind: int) -> None:
    place = min(place, len(name))
    head, tail = name[:place], name[place:]
    slipped = (
        head + letter + tail,
        head + tail[1:],
        head + letter + tail[1:],
        head + tail[1:2] + tail[:1] + tail[2:],
    )

    assert one_slip(name, slipped[kind])


def distance(one: str, other: str) -> int:
    """Damerau and Levenshtein's distance between neighbours, by the book."""
    rows = [[i + j if 0 in (i, j) else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            change = rows[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, change)
            if i > 1 and j > 1 and (one[i - 1], one[i - 2]) == (other[j - 2], other[j - 1]):
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(NAMES, NAMES)
def test_one_slip_is_a_distance_of_one_at_most(one: str, other: str) -> None:
    assert one_slip(one, other) == (distance(one, other) <= 1)
