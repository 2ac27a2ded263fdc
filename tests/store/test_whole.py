"""Everything of a record, a child or a feed."""

from collections.abc import Iterator

import pytest
from told import child_of, linked, patient, version

from gateway.store.base import ASK, Delete, Row, Store, Wanted


@pytest.fixture
def filled(store: Store) -> Store:
    """Ada has two records in two feeds; Ben has one; an organisation is nobody's."""
    with store.write() as work:
        work.put([version("org", "Organization", about=None)])
        work.put([version("o1", time=9), patient("p1"), version("c1", "Condition"), version("o2")])
        work.put([version("b1", about="p2"), patient("p2")])
        work.put([patient("h1", feed="clinic"), version("o9", feed="clinic", about="h1", number=1)])
        ada = child_of(work, "school", "p1", "ada")
        work.link([linked(work.recs("clinic", ["h1"])["h1"], ada)])
        child_of(work, "school", "p2", "ben")
    return store


def walked(store: Store, base: str, id: str, wanted: Wanted, limit: int) -> Iterator[list[str]]:
    """The ids of each page."""
    after = 0
    while True:
        page = store.whole(base, id, wanted, limit=limit, after=after)
        yield [names(each) for each in page.rows]
        if not page.more:
            return
        after = int(page.rows[-1].key[0])


def names(row: Row) -> str:
    return f"{row.type}/{row.local}"


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_record_is_its_patient_and_what_is_about_it_and_nothing_else(filled: Store, limit: int) -> None:
    pages = list(walked(filled, "school", "p1", Wanted(), limit))

    assert [each for page in pages for each in page] == [
        "Patient/p1",
        "Observation/o1",
        "Condition/c1",
        "Observation/o2",
    ]
    assert all(len(page) <= limit for page in pages)


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_child_is_what_all_its_records_hold_but_their_patients(filled: Store, limit: int) -> None:
    pages = list(walked(filled, ASK, "id-ada", Wanted(), limit))

    assert sorted(each for page in pages for each in page) == [
        "Condition/c1",
        "Observation/o1",
        "Observation/o2",
        "Observation/o9",
    ]


def test_what_is_about_nobody_is_in_no_record_of_a_feed(filled: Store) -> None:
    (page,) = walked(filled, "school", "", Wanted(), 100)

    assert sorted(page) == [
        *("Condition/c1", "Observation/b1", "Observation/o1", "Observation/o2", "Patient/p1", "Patient/p2"),
    ]


def test_only_the_types_and_times_that_are_wanted_come_and_count(filled: Store) -> None:
    with filled.write() as work:
        work.put([version("o2", number=2)])
        work.delete([Delete("school", "Observation", "o1", 2, 2000)])

    by_type = filled.whole("school", "p1", Wanted(("Observation", "Condition")), limit=1)
    by_time = filled.whole("school", "p1", Wanted(since=1002), limit=9)

    assert ([names(each) for each in by_type.rows], by_type.more, by_type.total) == (
        ["Condition/c1"],
        True,
        2,
    )
    assert ([names(each) for each in by_time.rows], by_time.total) == (["Observation/o2"], 1)


@pytest.mark.parametrize(
    ("base", "id"), [("school", "nobody"), ("nofeed", "p1"), (ASK, "nobody"), ("nofeed", "")]
)
def test_there_is_nothing_of_nobody(filled: Store, base: str, id: str) -> None:
    page = filled.whole(base, id, Wanted(), limit=9)

    assert (page.rows, page.more, page.total) == ([], False, 0)
