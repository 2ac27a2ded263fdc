"""Walks over pages while others write: whatever they change, what was there comes once."""

import multiprocessing
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from told import child_of, composed, linked, patient, token, version

from gateway.fhir.query import Entry, Query, Sort, Span, Text, Token
from gateway.store import shown as walks_file
from gateway.store.base import ASK, Delete, LoadStart, Mark, Page, Store, Walking
from gateway.store.shown import OwnFile, Shown, new_number

FEED = "school"
SORTS: dict[str, tuple[Sort, ...]] = {
    "default": (),
    "newest": (Sort("_lastUpdated", True),),
    "oldest": (Sort("_lastUpdated"),),
    "date": (Sort("date"),),
    "note": (Sort("note"), Sort("date", True)),
}
PEOPLE: dict[str, tuple[Sort, ...]] = {
    "newest": (Sort("_lastUpdated", True),),
    "name": (Sort("name"),),
    "name descending": (Sort("name", True),),
}
LOCALS = [f"o{at}" for at in range(12)]


@dataclass
class Walked:
    """A walk as a client makes it, which remembers what it was shown."""

    store: Store
    base: str
    query: Query
    limit: int = 3
    about: tuple[str, str] | None = None
    ids: list[str] = field(default_factory=list)
    mark: Mark | None = None
    pages: int = 0
    page: Page | None = None

    def step(self) -> bool:
        """Read the next page; whether there are more."""
        self.page = self.read()
        self.mark = self.mark or self.page.mark
        self.ids += [row.public for row in self.page.rows]
        self.pages += 1
        assert len(self.page.rows) == self.limit or not self.page.more
        return self.page.more

    def read(self) -> Page:
        """The next page, without going on."""
        before = self.page
        if before is None:
            if self.about:
                child, param = self.about
                return self.store.about(child, self.query.type, param, limit=self.limit, marked=True)
            search, asked = self.store.search, self.query
            if asked.each:
                return self.store.search_several(self.base, asked.each, limit=self.limit, marked=True)
            return search(self.base, asked, limit=self.limit, marked=True)
        assert self.mark is not None
        shown = set(self.ids)
        return self.store.walked(
            self.base,
            self.query,
            Walking(self.mark, lambda: shown, before.tail),
            limit=self.limit,
            after=None if before.tail else before.rows[-1].key,
            about=self.about,
        )

    def rest(self) -> list[str]:
        """Walk to the end; the ids of all pages."""
        while self.step():
            assert self.pages < 200
        return self.ids


def observation(local: str, number: int, about: str = "p1", load: int | None = None, **said: int) -> Any:
    """A version whose place in each order is said."""
    time, note = said.get("time", 0), said.get("note", 0)
    entries = (
        Entry("date", Span(time, time + 1)),
        Entry("note", Text(f"n{note:03}", f"N{note:03}")),
        Entry("code", Token("", "1")),
    )
    made = version(local, about=about, number=number, time=time, entries=entries, load=load, text=str(note))
    return type(made)(
        **{**{name: getattr(made, name) for name in made.__slots__}, "updated": said.get("at", 0)}
    )


@dataclass
class Writer:
    """Writes what it is told to, each time later than before."""

    store: Store
    at: int = 100
    loads: list[int] = field(default_factory=list)

    def put(self, local: str, *, about: str = "p1", load: int | None = None, **said: int) -> None:
        """A version."""
        self.at += 1
        with self.store.write() as work:
            held = work.held(FEED, [("Observation", local)]).get(("Observation", local))
            number = (held.highest if held else 0) + 1
            work.put([observation(local, number, about, load, **{"at": self.at, **said})])

    def delete(self, local: str) -> None:
        """A tombstone, where it is there."""
        self.at += 1
        with self.store.write() as work:
            held = work.held(FEED, [("Observation", local)]).get(("Observation", local))
            if held and held.present:
                work.delete([Delete(FEED, "Observation", local, held.highest + 1, self.at)])

    def load(self, locals: list[str], **said: int) -> None:
        """A load of several."""
        start = LoadStart(FEED, "m", "s", ("f",), content=f"c{self.at}")
        number = self.store.start_load(start).number
        for local in locals:
            self.put(local, load=number, **said)
        with self.store.write() as work:
            work.finish_load(number, self.at)
        self.store.leave_load(number)
        self.loads.append(number)

    def undo(self) -> None:
        """Take the last load back."""
        if self.loads:
            with self.store.write() as work:
                work.undo(self.loads.pop(), self.at)

    def compose(self, child: int, name: int) -> None:
        """A child's Patient of another name."""
        self.at += 1
        with self.store.write() as work:
            work.compose({child: composed(f"{name}", named(name), updated=self.at)})

    def uncompose(self, child: int) -> None:
        """A child without a Patient."""
        with self.store.write() as work:
            work.compose({child: None})


def named(name: int) -> Entry:
    return Entry("name", Text(f"n{name:03}", f"N{name:03}"))


def begun(store: Store) -> tuple[Writer, list[int]]:
    """Two records with a child each, and the first eight observations."""
    writer = Writer(store)
    with store.write() as work:
        work.put([patient("p1"), patient("p2")])
        children = [child_of(work, FEED, local, local, named(at)) for at, local in enumerate(("p1", "p2"))]
    for at, local in enumerate(LOCALS[:8]):
        writer.put(local, time=10 * at, note=5 * at)
    return writer, children


def there(store: Store, base: str, query: Query) -> set[str]:
    """The public ids that match now."""
    found = (
        store.search_several(base, query.each, limit=1000)
        if query.each
        else store.search(base, query, limit=1000)
    )
    return {row.public for row in found.rows}


_PLACE = st.integers(0, 100)
_LOCAL = st.sampled_from(LOCALS)
_CHANGES = st.one_of(
    st.tuples(st.just("put"), _LOCAL, _PLACE, _PLACE),
    st.tuples(st.just("put"), _LOCAL, _PLACE, _PLACE),
    st.tuples(st.just("move"), _LOCAL, _PLACE, _PLACE),
    st.tuples(st.just("load"), st.lists(_LOCAL, min_size=1, max_size=4, unique=True), _PLACE, _PLACE),
    st.tuples(st.just("undo")),
    st.tuples(st.just("delete"), _LOCAL),
    st.tuples(st.just("compose"), st.integers(0, 9), _PLACE),
    st.tuples(st.just("uncompose"), st.integers(0, 9)),
    st.tuples(st.just("found"), _PLACE),
)


def change(writer: Writer, children: list[int], step: Any) -> None:
    what, *said = step
    if what in ("put", "move"):
        local, time, note = said
        writer.put(local, about="p2" if what == "move" else "p1", time=time, note=note)
    elif what == "load":
        locals, time, note = said
        writer.load(locals, time=time, note=note)
    elif what == "undo":
        writer.undo()
    elif what == "delete":
        writer.delete(said[0])
    elif what == "compose":
        writer.compose(children[said[0] % len(children)], said[1])
    elif what == "uncompose":
        writer.uncompose(children[said[0] % len(children)])
    else:
        name = f"q{len(children)}"
        with writer.store.write() as work:
            children.append(child_of(work, FEED, name, name, named(said[0])))


QUESTIONS = {
    **{
        f"{base or 'ask'} {name}": (base, Query("Observation", (), sort))
        for base in (ASK, FEED)
        for name, sort in SORTS.items()
    },
    **{f"people by {name}": (ASK, Query("Patient", (), sort)) for name, sort in PEOPLE.items()},
    "of one code": (ASK, Query("Observation", (token("code", "1"),), (Sort("note"),))),
    "two types": (
        ASK,
        Query(
            "",
            sort=SORTS["newest"],
            each=(Query("Patient", (), SORTS["newest"]), Query("Observation", (), SORTS["newest"])),
        ),
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    batches=st.lists(st.lists(_CHANGES, max_size=6), max_size=8),
    limit=st.integers(1, 4),
    more=st.integers(0, 6),
)
def test_whatever_is_written_between_the_pages_each_that_was_there_comes_once(
    empty_store: Callable[[], Store], question: str, batches: list[Any], limit: int, more: int
) -> None:
    base, query = QUESTIONS[question]
    store = empty_store()
    writer, children = begun(store)
    for name in range(more):
        change(writer, children, ("found", 7 * name))
    first = there(store, base, query)
    walked = Walked(store, base, query, limit)

    more_pages = walked.step()
    gone = set[str]()
    for batch in batches:
        for step in batch:
            change(writer, children, step)
            gone |= first - there(store, base, query)
        if not more_pages:
            break
        more_pages = walked.step()
    if more_pages:
        walked.rest()

    counted = Counter(walked.ids)
    assert max(counted.values()) == 1
    assert first - gone <= counted.keys()
    store.close()


def test_what_went_away_and_came_back_is_met_as_well(store: Store) -> None:
    writer, _ = begun(store)
    walked = Walked(store, FEED, Query("Observation"))
    walked.step()
    writer.delete("o1")
    walked.step()
    writer.put("o1", time=99, note=0)

    ids = walked.rest()

    assert sorted(ids) == [f"school-Observation-o{at}" for at in range(8)]


def test_what_is_about_one_child_is_walked_over_likewise(store: Store) -> None:
    writer, _ = begun(store)
    about = Walked(store, ASK, Query("Observation"), about=("id-p1", "patient"))
    about.step()
    writer.put("o0", time=99)
    writer.put("o7", time=1)

    ids = about.rest()

    assert sorted(ids) == [f"school-Observation-o{at}" for at in range(8)]
    assert ids[-1] == "school-Observation-o0"
    assert about.page is not None
    assert about.page.total == 8
    assert [row.time for row in about.page.rows][-1] == 99


def test_a_walk_ends_though_what_it_meets_is_changed_for_ever(store: Store) -> None:
    writer, children = begun(store)
    for base, query in ((FEED, Query("Observation", (), SORTS["oldest"])), QUESTIONS["people by newest"]):
        walked = Walked(store, base, query, 1)
        while walked.step():
            for at, local in enumerate(LOCALS[:8]):
                writer.put(local, time=at)
            for child in children:
                writer.compose(child, walked.pages)
            assert walked.pages < 30


def test_only_a_page_with_more_behind_it_is_marked(store: Store) -> None:
    begun(store)

    assert store.search(FEED, Query("Observation"), limit=20, marked=True).mark is None
    assert store.search(FEED, Query("Observation"), limit=3).mark is None
    assert store.search(FEED, Query("Observation"), limit=3, marked=True).mark is not None


def test_what_was_shown_is_asked_for_only_where_something_changed(store: Store) -> None:
    writer, _ = begun(store)
    first = store.search(FEED, Query("Observation"), limit=3, marked=True)

    def never() -> set[str]:
        raise AssertionError("it was asked for")

    assert first.mark is not None
    walking = Walking(first.mark, never)
    page = store.walked(FEED, Query("Observation"), walking, limit=3, after=first.rows[-1].key)
    assert [row.local for row in page.rows] == ["o4", "o3", "o2"]
    # new ones are no change of what was there
    writer.put("o9", time=1)
    page = store.walked(FEED, Query("Observation"), walking, limit=9, after=first.rows[-1].key)
    assert [row.local for row in page.rows] == ["o4", "o3", "o2", "o1", "o9", "o0"]


def test_of_two_ways_on_from_one_page_each_has_its_own(store: Store) -> None:
    kept = store.shown
    assert kept.keep(7, 0, b"first") == 7
    assert kept.keep(7, 1, b"second") == 7
    assert kept.keep(7, 1, b"second") == 7

    other = kept.keep(7, 1, b"otherwise")

    assert other != 7
    assert kept.kept(7, 2) == [b"first", b"second"]
    assert kept.kept(other, 2) == [b"first", b"otherwise"]
    assert kept.kept(other, 1) == [b"first"]
    assert kept.kept(7, 3) is None
    assert kept.kept(8, 1) is None


def test_another_process_knows_what_was_shown(store: Store, open_store: Callable[[], Store]) -> None:
    store.shown.keep(7, 0, b"first")

    assert open_store().shown.kept(7, 1) == [b"first"]


def test_walks_that_rest_are_forgotten_and_the_oldest_of_too_many(store: Store) -> None:
    for walk in range(4):
        store.shown.keep(walk, 0, b"x" * 100)

    store.shown.expire(60, most=250)
    assert [store.shown.kept(walk, 1) is None for walk in range(4)].count(True) == 2
    store.shown.expire(-5)
    assert all(store.shown.kept(walk, 1) is None for walk in range(4))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[tuple[Path, Shown]]:
    """What is kept in a file, and where that is."""
    path = tmp_path / "gateway.db-walks"
    own = OwnFile(str(path))
    yield path, Shown(own.lend, (sqlite3.Error, OSError))
    own.close()


def test_a_file_that_was_taken_away_is_made_anew(file: tuple[Path, Shown]) -> None:
    path, shown = file
    shown.keep(7, 0, b"first")
    for each in path.parent.iterdir():
        each.unlink()

    assert shown.kept(7, 1) is None
    assert shown.keep(7, 1, b"second") == 7
    assert path.stat().st_mode & 0o777 == 0o600


def _keeps(folder: str, walk: int, ready: Any, kept: Any) -> None:
    # who comes first is asked here, and not how fast a machine is
    walks_file._PATIENCE = 30.0
    for round in range(30):
        own = OwnFile(f"{folder}/{round}-walks")
        ready.wait(60)
        kept.put(Shown(own.lend, (sqlite3.Error, OSError)).keep(walk, 0, b"first") == walk)
        own.close()


def test_several_processes_make_the_file_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, kept = context.Barrier(4), context.Queue()
    makers = [context.Process(target=_keeps, args=(str(tmp_path), walk, ready, kept)) for walk in range(4)]
    for each in makers:
        each.start()

    answers = [kept.get(timeout=60) for _ in range(4 * 30)]
    for each in makers:
        each.join()

    assert answers == [True] * len(answers)


def test_a_damaged_file_is_made_anew(file: tuple[Path, Shown]) -> None:
    path, shown = file
    path.write_bytes(b"no database at all " * 400)

    # once it is found to be damaged nothing can be kept, and then again
    assert shown.keep(7, 0, b"first") != 7
    assert shown.keep(7, 0, b"first") == 7
    assert shown.kept(7, 1) == [b"first"]


def test_where_nothing_can_be_kept_the_walk_gets_a_number_of_which_nothing_is_known(tmp_path: Path) -> None:
    own = OwnFile(str(tmp_path / "nowhere" / "gateway.db-walks"))
    shown = Shown(own.lend, (sqlite3.Error, OSError))

    number = shown.keep(7, 0, b"first")

    assert number != 7
    assert shown.kept(number, 1) is None
    shown.expire(0)
    assert not os.path.exists(tmp_path / "nowhere")


def test_a_full_file_forgets_and_says_nothing_wrong(file: tuple[Path, Shown]) -> None:
    _, shown = file
    shown.keep(7, 0, b"first")
    with shown._lend() as connection:
        connection.execute("PRAGMA max_page_count=1")

    number = shown.keep(7, 1, b"x" * 100_000)

    assert number != 7
    assert shown.kept(number, 2) is None
    assert shown.kept(7, 1) == [b"first"]


def test_links_are_no_change_of_a_patient_that_keeps_no_version(store: Store) -> None:
    _, children = begun(store)
    with store.write() as work:
        rec = work.recs(FEED, ["p2"])["p2"]
    first = store.search(ASK, Query("Patient", (), PEOPLE["name"]), limit=1, marked=True)
    assert first.mark is not None
    assert [row.public for row in first.rows] == ["id-p1"]

    # a person takes a link back: the Patient is made anew from older records, and no version tells of it
    with store.write() as work:
        work.link([linked(rec, children[0])])
        work.compose({children[0]: composed("both", named(50), updated=1)})
    page = store.walked(
        ASK,
        Query("Patient", (), PEOPLE["name"]),
        Walking(first.mark, lambda: {"id-p1"}),
        limit=1,
        after=first.rows[-1].key,
    )

    assert [row.public for row in page.rows] == ["id-p2"]
    assert not page.more


def test_numbers_of_walks_are_of_one_length_so_that_links_are_too() -> None:
    assert {len(str(new_number())) for _ in range(500)} == {19}
    assert all(0 < new_number() < 2**62 for _ in range(500))
