"""References followed from rows and to them, and pages out of several types."""

import json
from itertools import pairwise

import pytest
from told import child_of, patient, token, version

from gateway.fhir.query import Entry, Query, Sort, Target, Token
from gateway.store.base import ASK, Delete, Key, Link, Row, Store


def refers(param: str, to: str) -> Entry:
    return Entry(param, Target(to, "", ""))


@pytest.fixture
def told(store: Store) -> Store:
    """Two feeds with the same ids: Ada's visit and observation, and Ben's that refers to them."""
    with store.write() as work:
        for feed in ("school", "clinic"):
            work.put(
                [
                    patient("p1", feed=feed),
                    patient("p2", feed=feed),
                    version("e1", "Encounter", feed=feed),
                    version("o1", feed=feed, entries=(refers("encounter", "Encounter/e1"),), time=1),
                    version(
                        "o2",
                        feed=feed,
                        about="p2",
                        entries=(
                            refers("encounter", "Encounter/e1"),
                            refers("focus", "Patient/p1"),
                            refers("derived-from", "Observation/o1"),
                            refers("device", "Device/nobody"),
                            refers("performer", "https://elsewhere.example/Patient/p1"),
                        ),
                        time=2,
                    ),
                ]
            )
            for local, name in (("p1", "ada"), ("p2", "ben")):
                child_of(work, feed, local, f"{feed}-{name}")
    return store


def rows(store: Store, base: str, type: str, *locals: str) -> list[Row]:
    """The resources of the school with these ids, or its children."""
    found = store.search(base, Query(type), limit=100).rows
    return [each for each in found if each.local in locals and each.feed in ("", "school")]


def called(found: list[Row]) -> list[str]:
    return sorted(f"{each.type} {each.feed or '-'} {each.local}" for each in found)


@pytest.mark.parametrize(
    ("params", "target", "found"),
    [
        (["encounter"], "", ["Encounter school e1"]),
        (["focus"], "", ["Patient school p1"]),
        (["device", "performer"], "", []),
        (["nonsense"], "", []),
        (["focus", "encounter"], "Patient", ["Patient school p1"]),
        (None, "Patient", ["Patient school p1", "Patient school p2"]),
        (
            None,
            "",
            ["Encounter school e1", "Observation school o1", "Patient school p1", "Patient school p2"],
        ),
    ],
)
def test_a_feed_follows_whatever_it_told(
    told: Store, params: list[str] | None, target: str, found: list[str]
) -> None:
    two = rows(told, "school", "Observation", "o2")

    assert called(told.led_to("school", two, params, target, limit=9)) == found


def test_on_ask_a_reference_is_followed_within_a_child(told: Store) -> None:
    one, two = rows(told, ASK, "Observation", "o1"), rows(told, ASK, "Observation", "o2")

    assert called(told.led_to(ASK, one, None, limit=9)) == ["Encounter school e1", "Patient - id-school-ada"]
    assert called(told.led_to(ASK, two, None, limit=9)) == ["Patient - id-school-ben"]
    # together they are no reason to show what one of them alone would not
    assert called(told.led_to(ASK, [*two, *one], ["focus", "derived-from"], limit=9)) == []


def test_what_refers_to_a_patient(told: Store) -> None:
    ada = rows(told, "school", "Patient", "p1")
    child = rows(told, ASK, "Patient", "id-school-ada")

    assert called(told.leading_to("school", ada, ["Observation"], ["patient"], limit=9)) == [
        "Observation school o1"
    ]
    assert called(told.leading_to("school", ada, None, None, limit=9)) == [
        "Encounter school e1",
        "Observation school o1",
        "Observation school o2",
    ]
    assert called(told.leading_to(ASK, child, None, None, limit=9)) == [
        "Encounter school e1",
        "Observation school o1",
    ]
    assert called(told.leading_to(ASK, child, ["Flag"], None, limit=9)) == []
    assert called(told.leading_to(ASK, child, ["Encounter"], ["nonsense"], limit=9)) == []


def test_what_refers_to_something_else(told: Store) -> None:
    encounter = rows(told, "school", "Encounter", "e1")
    shown = rows(told, ASK, "Encounter", "e1")

    assert called(told.leading_to("school", encounter, None, None, limit=9)) == [
        "Observation school o1",
        "Observation school o2",
    ]
    assert called(told.leading_to(ASK, shown, None, None, limit=9)) == ["Observation school o1"]


def test_a_child_of_two_records_is_one_child(told: Store) -> None:
    with told.write() as work:
        ada, other = work.record("school", "p1"), work.record("clinic", "p1")
        assert ada is not None and other is not None and ada.child is not None and other.child is not None
        work.link([Link(other.rec, other.child, "unlinked", "test", "No.", "a person", 2)])
        work.link([Link(other.rec, ada.child, "linked", "test", "Yes.", "a person", 3)])
    child = rows(told, ASK, "Patient", "id-school-ada")

    found = told.leading_to(ASK, child, ["Observation"], ["patient"], limit=9)

    assert called(found) == ["Observation clinic o1", "Observation school o1"]
    assert called(told.led_to(ASK, found, ["patient"], limit=9)) == ["Patient - id-school-ada"]


def test_what_is_deleted_or_beyond_the_limit_does_not_come(told: Store) -> None:
    ada = rows(told, "school", "Patient", "p1")
    two = rows(told, "school", "Observation", "o2")

    assert len(told.leading_to("school", ada, None, None, limit=2)) == 2
    assert len(told.led_to("school", two, None, limit=3)) == 3
    with told.write() as work:
        work.delete([Delete("school", "Observation", "o1", 2, 2000)])
    assert called(told.leading_to("school", ada, ["Observation"], ["patient"], limit=9)) == []
    assert "Observation school o1" not in called(told.led_to("school", two, None, limit=9))
    assert (
        told.led_to("school", [], None, limit=9) == told.leading_to("school", [], None, None, limit=9) == []
    )


@pytest.mark.parametrize("base", [ASK, "school"])
@pytest.mark.parametrize(
    "sort", [(), (Sort("_id"),), (Sort("_id", True),), (Sort("_lastUpdated", True),)], ids=str
)
def test_several_types_are_walked_in_one_order(told: Store, base: str, sort: tuple[Sort, ...]) -> None:
    queries = [Query(type, sort=sort) for type in ("Observation", "Encounter", "Patient", "Flag")]
    whole = told.search_several(base, queries, limit=100)
    walked: list[Row] = []
    after: Key | None = None
    while True:
        page = told.search_several(base, queries, limit=2, after=after)
        walked += page.rows
        assert page.total == whole.total == len(whole.rows) == (5 if base else 10)
        if not page.more:
            break
        after = tuple(json.loads(json.dumps(page.rows[-1].key)))

    assert [row.rid for row in walked] == [row.rid for row in whole.rows]
    singles = [told.search(base, query, limit=100).rows for query in queries]
    assert sorted(row.rid for rows in singles for row in rows) == sorted(row.rid for row in walked)
    keys = [row.key for row in walked]
    if not sort:
        keys = [(-int(time), public) for time, public in keys]
    assert all(
        one <= two if not (sort and sort[0].descending) else one[0] >= two[0] for one, two in pairwise(keys)
    )


def test_each_of_several_types_has_its_own_question(told: Store) -> None:
    with told.write() as work:
        work.put([version("o3", entries=(Entry("code", Token("loinc", "1")),))])

    asked = [Query("Observation", (token("code", "1"),)), Query("Encounter")]
    page = told.search_several("school", asked, limit=9)

    assert called(page.rows) == ["Encounter school e1", "Observation school o3"]
    assert told.search_several("school", asked, limit=0).total == 2
    assert told.search_several("school", asked, limit=1, total=False).total is None
    assert told.search_several("school", [Query("Flag")], limit=1).total == 0
