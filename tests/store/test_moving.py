"""A store moved into another database: equal counts and snapshot, and everything goes on from there."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from told import child_of, ids, linked, patient, token, version, versions_of

from gateway.cli import commands
from gateway.fhir.query import Entry, Number, Quantity, Span, Target, Text, Token, Uri
from gateway.problems import Refused
from gateway.service.move import move
from gateway.store.base import Aside, Delete, LoadStart, Review, Store
from gateway.store.opening import OpenStore, open_store

EVERY_KIND = (
    Entry("code", Token("loinc", "1")),
    Entry("note", Text("a" * 5000, "A" * 5000)),
    Entry("date", Span(-(2**62), 2**62)),
    Entry("probability", Number(0.1, 1e300)),
    Entry("value", Quantity(1.0, float("inf"), "u", "mg", "mg")),
    Entry("device", Target("Device/d1", "urn:ids", "7")),
    Entry("source", Uri("https://x.example/" + "y" * 4000)),
)


def told(store: Store) -> int:
    """Tell a store something of everything; gives the number of a load that can be taken back."""
    with store.write() as work:
        work.put([patient("p1"), version("o1", entries=EVERY_KIND, time=7), version("o2")])
        work.put([patient("p1", feed="hospital", name="Ben"), version("g1", "Group", about=None)])
        child = child_of(work, "school", "p1", "ada", Entry("name", Text("ada", "Ada")))
        work.note({"base_uri": "https://one.example"})
        work.keys({work.recs("school", ["p1"])["p1"]: [b"\x00\xff", b"k"]})
    load = store.start_load(LoadStart("school", "m", "sha", ("a.csv",), "content", {"la": "201"}, 4)).number
    with store.write() as work:
        work.put([version("o1", number=2, load=load, text="é\U0001f600")])
        work.delete([Delete("school", "Observation", "o2", 2, 9, load)])
        rec = work.recs("hospital", ["p1"])["p1"]
        work.link([linked(rec, child, load)])
        work.review([Review(rec, "alike", "Look.", 5, child=child, load=load)])
        work.set_aside(load, [Aside(3, b"\x00raw", "[]", "a.csv")])
        work.count_load(load, {"kept": 2})
        work.finish_load(load, 6)
    store.leave_load(load)
    return load


@pytest.fixture(params=["sqlite to postgres", "postgres to sqlite", "sqlite to sqlite"])
def two(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Callable[[], OpenStore], Callable[[], OpenStore]]]:
    """Opens the one database, and the other."""
    databases = [
        request.getfixturevalue("postgres")() if kind == "postgres" else f"sqlite:{tmp_path / str(at)}.db"
        for at, kind in enumerate(request.param.split(" to "))
    ]
    opened: list[OpenStore] = []

    def opener(database: str) -> Callable[[], OpenStore]:
        def again() -> OpenStore:
            opened.append(open_store(database))
            return opened[-1]

        return again

    yield opener(databases[0]), opener(databases[1])
    for store in opened:
        store.close()


Two = tuple[Callable[[], OpenStore], Callable[[], OpenStore]]


def test_the_copy_counts_and_answers_as_the_original(two: Two) -> None:
    source, target = two[0](), two[1]()
    load = told(source)

    moved = move(source, target)

    assert moved.snapshot == source.snapshot() == target.snapshot()
    assert list(source.dump()) == list(target.dump())
    assert source.counts() == target.counts()
    assert source.notes() == target.notes() == {"base_uri": "https://one.example"}
    assert moved.rows["resource"] == 6 and moved.rows["version"] == 2
    assert target.load(load) == source.load(load)
    assert list(target.asides(load)) == [Aside(3, b"\x00raw", "[]", "a.csv")]
    assert versions_of(target, "school", "Observation", "o1") == versions_of(
        source, "school", "Observation", "o1"
    )
    assert ids(target, "Observation", token("code", "1")) == ids(source, "Observation", token("code", "1"))


def test_taking_a_load_back_gives_the_same_in_both(two: Two) -> None:
    source, target = two[0](), two[1]()
    load = told(source)
    move(source, target)

    for store in (source, target):
        with store.write() as work:
            work.undo(load, 10)

    assert list(source.dump()) == list(target.dump())
    assert ids(target, "Observation", token("code", "1", "loinc")) == ["o1"]


def test_new_numbers_follow_on_those_that_came(two: Two) -> None:
    source, target = two[0](), two[1]()
    told(source)
    move(source, target)

    for store in (source, two[1]()):
        with store.write() as work:
            work.put([patient("p9"), version("o9", about="p9", entries=EVERY_KIND)])
            child_of(work, "school", "p9", "zoe")
        assert store.start_load(LoadStart("school", "m", "sha", ("b.csv",), "other")).number == 2

    assert list(source.dump()) == list(target.dump())


def test_a_database_with_records_is_not_filled(two: Two) -> None:
    source, target = two[0](), two[1]()
    told(source)
    with target.write() as work:
        work.put([version("o1")])
    before = target.snapshot()

    with pytest.raises(Refused) as caught:
        move(source, target)

    assert caught.value.problems[0].kind.code == "store.not-empty"
    assert target.snapshot() == before


def test_what_the_other_database_cannot_keep_moves_nothing(
    tmp_path: Path, postgres: Callable[[], str]
) -> None:
    source, target = open_store(str(tmp_path / "gateway.db")), open_store(postgres())
    with source.write() as work:
        work.put([version("o1", entries=(Entry("note", Text("a\0", "A\0")),))])

    with pytest.raises(Refused) as caught:
        move(source, target)

    assert caught.value.problems[0].kind.code == "store.nul"
    assert set(target.counts().values()) == {0}
    source.close()
    target.close()


@pytest.mark.parametrize(
    ("what", "trigger"),
    [
        ("counts", "BEFORE INSERT ON child BEGIN SELECT RAISE(IGNORE); END"),
        (
            "snapshots",
            "AFTER INSERT ON resource BEGIN UPDATE resource SET updated = 1 WHERE rid = NEW.rid; END",
        ),
    ],
)
def test_a_database_that_does_not_keep_what_it_is_given_is_left_empty(
    tmp_path: Path, what: str, trigger: str
) -> None:
    source, target = open_store(str(tmp_path / "one.db")), open_store(str(tmp_path / "other.db"))
    told(source)
    with closing(sqlite3.connect(tmp_path / "other.db")) as theirs:
        theirs.execute(f"CREATE TRIGGER theirs {trigger}")
    before = source.snapshot(), target.snapshot()

    with pytest.raises(Refused) as caught:
        move(source, target)

    assert caught.value.problems[0].kind.code == "store.move-differs"
    assert what in caught.value.problems[0].says
    assert (source.snapshot(), target.snapshot()) == before
    assert set(target.counts().values()) == {0}
    source.close()
    target.close()


def test_the_command_moves_and_says_the_snapshot(
    tmp_path: Path, postgres: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    source = open_store(str(tmp_path / "gateway.db"))
    told(source)
    url = postgres()

    code = commands.main(["move", f"sqlite:{tmp_path / 'gateway.db'}", url, "--json"], standalone_mode=False)

    said = json.loads(capsys.readouterr().out)
    assert code == 0
    assert said["snapshot"] == source.snapshot()
    assert said["rows"]["resource"] == 6
    source.close()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        commands.main(
            ["move", f"sqlite:{tmp_path / 'gone.db'}", f"sqlite:{tmp_path / 'new.db'}"], standalone_mode=False
        )

    assert caught.value.problems[0].kind.code == "store.cannot-open"
    assert list(tmp_path.iterdir()) == []
