"""A question for a time enters the order at that time, and finds all the same whatever meets it."""

import pytest
from told import date, ids, version

from gateway.fhir.query import FOREVER, Entry, Span
from gateway.store import search
from gateway.store.base import Store

SPANS = {f"o{low}-{length}": Span(low, low + length) for low in range(0, 100, 10) for length in (1, 10, 35)}
MET = {
    "eq": lambda span, low, high: low <= span.low <= high and span.high <= high,
    "lt": lambda span, low, high: span.low < low,
    "le": lambda span, low, high: span.low < high,
    "gt": lambda span, low, high: span.high > high,
    "ge": lambda span, low, high: span.high > low,
    "sa": lambda span, low, high: span.low >= high,
    "eb": lambda span, low, high: span.high <= low,
    "ap": lambda span, low, high: span.low < high and span.high > low,
}


@pytest.mark.parametrize("prefix", MET)
def test_what_meets_a_time_is_found_whether_or_not_some_have_no_beginning(
    store: Store, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    monkeypatch.setattr(search, "RARE", 0)
    told = dict(SPANS)
    _tell(store, told)
    _same(store, told, prefix)

    began_never = {"never-20": Span(FOREVER.low, 20), "never-90": Span(FOREVER.low, 90)}
    _tell(store, began_never)
    _same(store, told | began_never, prefix)


def _tell(store: Store, told: dict[str, Span]) -> None:
    with store.write() as work:
        work.put(
            [
                version(
                    id,
                    about=None,
                    time=span.low if span.low > FOREVER.low else span.high,
                    entries=(Entry("date", span),),
                )
                for id, span in told.items()
            ]
        )


def _same(store: Store, told: dict[str, Span], prefix: str) -> None:
    for low, high in ((30, 40), (31, 66), (0, 100)):
        found = ids(store, "Observation", date("date", low, high, prefix), base="school")
        assert set(found) == {id for id, span in told.items() if MET[prefix](span, low, high)}


def test_two_times_that_must_both_be_met_are_found_from_either_side(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "RARE", 0)
    _tell(store, SPANS)
    both = (date("date", 30, 40, "ge"), date("date", 60, 70, "lt"))

    found = ids(store, "Observation", *both, base="school")

    assert set(found) == {id for id, span in SPANS.items() if span.high > 30 and span.low < 60}
