"""How many records of a file are committed together."""

from gateway.problems import Place
from gateway.service.load import _batches, _Pace
from gateway.service.read import Read

RECORD = Read([], (), b"", Place("told.csv", 2))


def sizes(pace: _Pace, seconds: list[float], records: int) -> list[int]:
    """The sizes of the batches, if each takes so long."""
    found = []
    for batch, took in zip(_batches([RECORD] * records, pace), [*seconds, *[0.5] * records], strict=False):
        found.append(len(batch))
        pace.took(took)
    return found


def test_batches_get_smaller_where_they_keep_others_waiting_and_larger_again() -> None:
    assert sizes(_Pace(400, 400), [3.0, 1.5, 0.5, 0.1, 0.1, 0.1], 1800) == [400, 200, 100, 100, 200, 400, 400]


def test_a_batch_is_never_smaller_than_is_worth_it_or_than_was_asked_for() -> None:
    assert sizes(_Pace(120, 120), [9.0, 9.0, 9.0], 270) == [120, 60, 50, 40]
    assert sizes(_Pace(10, 10), [9.0, 9.0], 25) == [10, 10, 5]
