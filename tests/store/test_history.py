"""Versions in the order they were made: of one resource, of a type, of a feed."""

from typing import Any

import pytest
from test_plans import postgres_plan
from told import child_of, patient, version

from gateway.store.base import ASK, Delete, Era, Key, Past, Store
from gateway.store.changes import Telling

TYPES = ["Patient", "Observation"]


def at(local: str, time: int, number: int = 1, **more: Any) -> Any:
    """A version that was made at a time of its own."""
    made = version(local, number=number, **more)
    return type(made)(**{name: getattr(made, name) for name in made.__slots__} | {"updated": time})


def names(past: Past | None) -> list[str]:
    assert past is not None
    return [f"{each.row.local}/{each.row.version}" for each in past.versions]


def walked(store: Store, size: int, *, era: Era = Era(), between: Any = None) -> list[str]:  # noqa: B008
    """Everything that a walk over the pages meets."""
    found: list[str] = []
    after: Key | None = None
    while True:
        past = store.history("school", TYPES, era=era, limit=size, after=after, total=False)
        assert past is not None
        found += names(past)
        if not past.more:
            return found
        after = past.versions[-1].row.key
        if between is not None:
            between(len(found))


@pytest.fixture
def told(store: Store) -> Store:
    """Six versions of three resources, some made in the same millisecond."""
    with store.write() as work:
        work.put([at("p1", 10, type="Patient"), at("o1", 10), at("o2", 20)])
        work.put([at("o1", 30, 2)])
        work.put([at("o1", 30, 3)])
        work.delete([Delete("school", "Observation", "o2", 2, 40)])
        work.put([at("o9", 15, feed="council")])
    return store


def test_a_feeds_history_is_newest_first_and_only_its_own(told: Store) -> None:
    past = told.history("school", TYPES, limit=100)

    assert past is not None and (past.more, past.total) == (False, 6)
    assert names(past)[:4] == ["o2/2", "o1/3", "o1/2", "o2/1"]
    assert set(names(past)[4:]) == {"p1/1", "o1/1"}
    assert [each.created for each in past.versions] == [False, False, False, True, True, True]


def test_the_history_of_a_type_has_nothing_of_another(told: Store) -> None:
    assert names(told.history("school", ["Patient"], limit=100)) == ["p1/1"]
    past = told.history("school", ["Observation"], limit=0)
    assert past is not None and (past.versions, past.total) == ([], 5)
    assert names(told.history("school", ["Account"], limit=9)) == []


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7])
@pytest.mark.parametrize("oldest_first", [False, True])
def test_every_page_size_meets_each_version_once(told: Store, size: int, oldest_first: bool) -> None:
    era = Era(oldest_first=oldest_first)
    whole = names(told.history("school", TYPES, era=era, limit=100))

    assert walked(told, size, era=era) == whole
    assert len(set(whole)) == 6


def test_a_walk_meets_what_was_there_once_whatever_is_written_meanwhile(told: Store) -> None:
    before = names(told.history("school", TYPES, limit=100))

    def write(met: int) -> None:
        with told.write() as work:
            work.put([at("o1", 100 + met, 3 + met), at(f"new{met}", 100 + met)])

    assert walked(told, 1, between=write) == before


def test_a_resource_that_moves_to_another_record_is_not_met_twice(told: Store) -> None:
    before = names(told.history("school", TYPES, limit=100))

    def move(met: int) -> None:
        if met == 2:
            with told.write() as work:
                work.put([at("o1", 100, 4, about="p2")])

    assert walked(told, 1, between=move) == before


@pytest.mark.parametrize(
    ("era", "found"),
    [
        (Era(since=30), {"o2/2", "o1/3", "o1/2"}),
        (Era(since=31), {"o2/2"}),
        (Era(before=30), {"o2/1", "p1/1", "o1/1"}),
        (Era(before=26, outlasts=25), {"o2/1", "p1/1", "o1/1"}),
        (Era(before=31, outlasts=30), {"o1/3", "o2/1", "p1/1"}),
        (Era(before=10, outlasts=9), set()),
        (Era(before=100, outlasts=99), {"o2/2", "o1/3", "p1/1"}),
    ],
)
def test_a_span_of_time_narrows_the_history(told: Store, era: Era, found: set[str]) -> None:
    past = told.history("school", TYPES, era=era, limit=100)
    of_one = told.history("school", ["Observation"], "o1", era=era, limit=100)

    assert set(names(past)) == found
    assert past is not None and past.total == len(found)
    assert set(names(of_one)) == {name for name in found if name.startswith("o1/")}


def test_the_pages_of_one_resource_are_those_of_its_versions(told: Store) -> None:
    first = told.history("school", ["Observation"], "o1", limit=2)
    assert first is not None and (names(first), first.more, first.total) == (["o1/3", "o1/2"], True, 3)
    rest = told.history("school", ["Observation"], "o1", limit=2, after=first.versions[-1].row.key)

    assert rest is not None and (names(rest), rest.more, rest.total) == (["o1/1"], False, 3)


def test_what_is_taken_back_is_in_no_history(store: Store) -> None:
    from gateway.store.base import LoadStart

    with store.write() as work:
        work.put([at("o1", 10)])
    load = store.start_load(LoadStart("school", "m", "s", ("f",), "c"))
    with store.write() as work:
        work.put([at("o1", 20, 2, load=load.number), at("o2", 20, load=load.number)])
        work.finish_load(load.number, 25)
    store.leave_load(load.number)
    with store.write() as work:
        work.undo(load.number, 30)

    past = store.history("school", TYPES, limit=100)

    assert past is not None and (names(past), past.total) == (["o1/1"], 1)
    assert store.vread("school", "Observation", "o1", "2") is None


def test_those_who_ask_see_versions_of_linked_records_alone(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1"), patient("p2"), at("o1", 10, about="p1")])
        work.put([at("o1", 20, 2, about="p2")])
        child_of(work, "school", "p2", "two")

    past = store.history(ASK, ["Observation"], "school-Observation-o1", limit=10)

    assert past is not None and (names(past), past.total) == (["o1/2"], 1)
    assert store.vread(ASK, "Observation", "school-Observation-o1", "1") is None
    with store.write() as work:
        child_of(work, "school", "p1", "one")
    both = store.history(ASK, ["Observation"], "school-Observation-o1", limit=10)
    assert both is not None
    # each version is about the child it was told of
    children = [each.row.child for each in both.versions]
    assert len(set(children)) == 2 and all(children)


def test_a_childs_patient_has_the_one_version_that_stands(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1")])
        child_of(work, "school", "p1", "one")
    row = store.read(ASK, "Patient", "id-one")
    assert row is not None

    past = store.history(ASK, ["Patient"], "id-one", limit=10)

    assert past is not None
    assert [each.row.version for each in past.versions] == [row.version]
    assert store.vread(ASK, "Patient", "id-one", "1") is None
    assert store.vread(ASK, "Patient", "id-one", row.version) is not None


class Listener:
    """A connection that keeps what is asked of it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.asked: list[tuple[str, Any]] = []

    def execute(self, sql: str, args: Any = ()) -> Any:
        """Keep the statement, and run it."""
        self.asked.append((sql, args))
        return self.connection.execute(sql, args)


@pytest.mark.parametrize("era", [Era(), Era(oldest_first=True), Era(since=5, before=35, outlasts=20)])
def test_a_page_of_a_history_is_read_off_an_index_in_its_order(told: Store, era: Era) -> None:
    store: Any = told
    with store.lend(steady=True) as connection:
        listener = Listener(connection)
        feed = store.numbers.feed(connection, "school")
        type = store.numbers.type(connection, "Observation")
        Telling(listener, store.dialect, store.numbers)._places(feed, type, era, 3, (30, 1, 2))
        assert len(listener.asked) == 2
        for sql, args in listener.asked:
            index = "resource_made" if sql.startswith("SELECT r.") else "version_made"
            if store.dialect.along:
                steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]
                assert any(f"USING INDEX {index} (type=? AND feed=?" in step for step in steps), steps
                assert not [step for step in steps if "TEMP B-TREE" in step or step.startswith("SCAN")]
            else:
                nodes = postgres_plan(connection, sql, args)
                assert index in [node.get("Index Name") for node in nodes], nodes
                assert not {"Sort", "Seq Scan", "Incremental Sort"} & {node["Node Type"] for node in nodes}
