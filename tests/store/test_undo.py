"""Loads that are taken back: what stood before stands again, byte for byte."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from told import child_of, composed, linked, patient, version, versions_of

from gateway.fhir.query import Entry, Quantity, Span, Target, Text, Token
from gateway.problems import Refused
from gateway.store.base import ASK, Aside, Delete, LoadStart, Review, Store


def begun(store: Store, content: str = "abc", at: int = 1) -> int:
    """A load that runs."""
    start = LoadStart("school", "dfe-ctf", "sha", ("pupils.xml",), content, {"la": "201"}, at)
    return store.start_load(start).number


def ended(store: Store, load: int) -> None:
    """The load is complete."""
    with store.write() as work:
        work.finish_load(load, 9)
    store.leave_load(load)


def test_the_version_before_a_load_stands_again(store: Store) -> None:
    with store.write() as work:
        work.put(
            [patient("p1"), version("o1", time=4, entries=(Entry("code", Token("s", "old")),), text="old")]
        )
    before, dump = store.snapshot(), list(store.dump())
    load = begun(store)
    with store.write() as work:
        work.put(
            [version("o1", number=2, load=load, text="new", entries=(Entry("code", Token("s", "new")),))]
        )
        work.put([version("o2", load=load), patient("p1", number=2, load=load, name="Eve")])
    ended(store, load)

    with store.write() as work:
        undone = work.undo(load, 20)

    assert list(store.dump()) == dump
    assert store.snapshot() == before
    assert undone.resources == 3
    assert store.read("school", "Observation", "o2") is None
    assert [each.row.version for each in versions_of(store, "school", "Observation", "o1")] == ["1"]


def test_a_number_that_was_taken_back_is_never_given_again(store: Store) -> None:
    load = begun(store)
    with store.write() as work:
        work.put([version("o1", load=load), version("o1", number=2, load=load)])
    ended(store, load)
    with store.write() as work:
        work.undo(load, 20)

    held = store.held("school", [("Observation", "o1")])["Observation", "o1"]

    assert (held.version, held.highest, held.present) == (0, 2, False)
    with store.write() as work:
        work.put([version("o1", number=3)])
    assert [each.row.version for each in versions_of(store, "school", "Observation", "o1")] == ["3"]


def test_a_later_version_stays_and_falls_back_behind_the_load(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", text="first")])
    one = begun(store, "one")
    with store.write() as work:
        work.put([version("o1", number=2, load=one)])
    ended(store, one)
    two = begun(store, "two")
    with store.write() as work:
        work.put([version("o1", number=3, load=two)])
    ended(store, two)

    with store.write() as work:
        work.undo(one, 20)
    assert [each.row.version for each in versions_of(store, "school", "Observation", "o1")] == ["3", "1"]
    with store.write() as work:
        work.undo(two, 21)

    assert [each.row.version for each in versions_of(store, "school", "Observation", "o1")] == ["1"]


def test_a_tombstone_of_a_load_is_taken_back(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", entries=(Entry("code", Token("s", "c")),))])
    before = store.snapshot()
    load = begun(store)
    with store.write() as work:
        work.delete([Delete("school", "Observation", "o1", 2, 2000, load)])
    ended(store, load)
    assert store.snapshot() != before

    with store.write() as work:
        work.undo(load, 20)

    assert store.snapshot() == before


def test_a_resource_that_a_load_moved_to_another_patient_comes_back(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1"), patient("p2"), version("o1")])
        child_of(work, "school", "p1", "ada")
        child_of(work, "school", "p2", "ben")
    before = store.snapshot()
    load = begun(store)
    with store.write() as work:
        work.put([version("o1", about="p2", number=2, load=load)])
        work.put([version("o1", about="p3", number=3, load=load)])
    ended(store, load)

    with store.write() as work:
        undone = work.undo(load, 20)

    assert store.snapshot() == before
    row = store.read(ASK, "Observation", "school-Observation-o1")
    assert row is not None and row.child == "id-ada"
    recs = {store.records([rec])[rec].local for rec in undone.recs}
    assert {"p1", "p3"} <= recs


def test_links_go_back_to_the_last_event_that_stands(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1")])
        first = child_of(work, "school", "p1", "ada")
        rec = work.recs("school", ["p1"])["p1"]
    before = store.snapshot()
    load = begun(store)
    with store.write() as work:
        second = work.found("id-new", "CCI-new", rec, load)
        work.link([linked(rec, first, load, "unlinked"), linked(rec, second, load)])
        work.compose({first: None, second: composed("new")})
    ended(store, load)

    with store.write() as work:
        undone = work.undo(load, 20)
        assert set(undone.children) == {first, second}
        work.compose({first: composed("ada"), second: None})

    assert store.snapshot() == before
    assert [(link.what, link.stands) for link in store.links(rec=rec)] == [
        ("linked", True),
        ("unlinked", False),
        ("linked", False),
    ]
    assert store.records_of([first, second]).keys() == {first}


def test_a_child_that_lost_its_records_keeps_its_cci_and_comes_back(store: Store) -> None:
    load = begun(store)
    with store.write() as work:
        rec = work.recs("school", ["p1"])["p1"]
        number = work.found("id-1", "CCI-1", rec, load)
        work.link([linked(rec, number, load)])
    ended(store, load)
    with store.write() as work:
        work.undo(load, 20)

    again = store.child_founded_by(rec)

    assert again is not None and (again.number, again.cci, again.composed) == (number, "CCI-1", False)
    for id, cci in (("id-2", "CCI-1"), ("id-1", "CCI-2")):
        with pytest.raises(Refused) as caught, store.write() as work:
            work.found(id, cci, rec, None)
        assert caught.value.problems[0].kind.code == "store.cci-used"


def test_reviews_of_a_load_go_and_those_it_closed_are_open_again(store: Store) -> None:
    with store.write() as work:
        one, two = work.recs("school", ["p1", "p2"]).values()
        work.review([Review(one, "same-upn", "The UPN agrees, the birth date does not.", 1, other=two)])
    before = store.snapshot()
    load = begun(store)
    with store.write() as work:
        work.close_reviews([review.number for review in work.reviews()], "withdrawn", load)
        work.review([Review(two, "same-upn", "New.", 2, other=one, load=load)])
    ended(store, load)
    assert [review.sentence for review in store.reviews()] == ["New."]

    with store.write() as work:
        work.undo(load, 20)

    assert store.snapshot() == before
    assert [review.sentence for review in store.reviews(rec=two)] == [
        "The UPN agrees, the birth date does not."
    ]


def test_undoing_twice_or_what_never_was_is_a_problem(store: Store) -> None:
    load = begun(store)
    with pytest.raises(Refused) as running, store.write() as work:
        work.undo(load, 20)
    ended(store, load)
    with store.write() as work:
        work.undo(load, 20)

    with pytest.raises(Refused) as twice, store.write() as work:
        work.undo(load, 21)
    with pytest.raises(Refused) as unknown, store.write() as work:
        work.undo(load + 1, 21)

    codes = [caught.value.problems[0].kind.code for caught in (running, twice, unknown)]
    assert codes == ["store.load-running", "store.load-undone", "store.load-unknown"]
    assert [each.state for each in store.loads()] == ["undone"]


def test_the_same_load_twice_at_once_is_refused_and_another_is_not(
    store: Store, open_store: Callable[[], Store]
) -> None:
    first = begun(store)
    other = open_store()

    with pytest.raises(Refused) as caught:
        begun(other)
    second = begun(other, "another file")

    assert caught.value.problems[0].kind.code == "store.load-running"
    assert second != first
    assert [each.state for each in store.loads()] == ["running", "running"]


def test_a_load_whose_process_ended_is_continued_with_its_number(
    store: Store, open_store: Callable[[], Store]
) -> None:
    first = begun(store)
    with store.write() as work:
        work.set_aside(first, [Aside(7, b"raw", "[]", "pupils.xml")])
        work.count_load(first, {"kept": 3})
    store.close()
    again = open_store()
    stopped = again.load(first)

    load = again.start_load(LoadStart("school", "dfe-ctf", "sha", ("pupils.xml",), "abc", {"la": "201"}, 5))

    assert stopped is not None and (stopped.state, stopped.counts) == ("stopped", {"kept": 3})
    assert (load.number, load.continued, load.state, load.counts) == (first, True, "running", {"kept": 3})
    assert list(again.asides(first)) == []


def test_a_finished_load_of_the_same_file_is_another_load(store: Store) -> None:
    first = begun(store)
    ended(store, first)

    second = begun(store)

    assert second != first


def test_set_aside_records_come_back_in_order(store: Store) -> None:
    load = begun(store)
    asides = [Aside(line, b"\xff%d" % line, '[{"code": "x"}]', "a.csv") for line in range(1200)]
    with store.write() as work:
        work.set_aside(load, asides)

    assert list(store.asides(load)) == asides


_ENTRIES = st.lists(
    st.one_of(
        st.builds(
            Entry, st.just("code"), st.builds(Token, st.sampled_from(["", "s"]), st.sampled_from("abc"))
        ),
        st.builds(
            Entry, st.just("note"), st.builds(Text, st.sampled_from(["x", "y"]), st.sampled_from(["X", "Y"]))
        ),
        st.builds(Entry, st.just("date"), st.builds(Span, st.integers(0, 3), st.integers(4, 6))),
        st.builds(
            Entry,
            st.just("value"),
            st.builds(
                Quantity, st.floats(0, 1), st.floats(1, 2), st.just("u"), st.sampled_from("mg"), st.just("")
            ),
        ),
        st.builds(
            Entry, st.just("ref"), st.builds(Target, st.sampled_from(["A/1", ""]), st.just("s"), st.just("v"))
        ),
    ),
    max_size=3,
).map(tuple)

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abc"), st.sampled_from(["p1", "p2", None]), _ENTRIES),
        st.tuples(st.just("patient"), st.sampled_from(["p1", "p2"]), st.sampled_from(["Ada", "Ben"])),
        st.tuples(st.just("delete"), st.sampled_from("abc")),
        st.tuples(st.just("link"), st.sampled_from(["p1", "p2"]), st.integers(0, 2)),
        st.tuples(st.just("unlink"), st.sampled_from(["p1", "p2"])),
        st.tuples(st.just("review"), st.sampled_from(["p1", "p2"]), st.sampled_from(["r1", "r2"])),
        st.tuples(st.just("close")),
    ),
    max_size=8,
)


def take(store: Store, step: tuple, load: int | None, at: int) -> None:  # type: ignore[type-arg]
    """One step of a random life."""
    what, *more = step
    with store.write() as work:
        if what == "put" or what == "delete":
            held = work.held("school", [("Observation", more[0])]).get(("Observation", more[0]))
            number = held.highest + 1 if held else 1
            if what == "put":
                local, about, entries = more
                work.put(
                    [version(local, about=about, number=number, load=load, entries=entries, text=str(at))]
                )
            elif held and held.present:
                work.delete([Delete("school", "Observation", more[0], number, at, load)])
        elif what == "patient":
            held = work.held("school", [("Patient", more[0])]).get(("Patient", more[0]))
            work.put([patient(more[0], number=held.highest + 1 if held else 1, load=load, name=more[1])])
        elif what == "link":
            rec, child = work.recs("school", more[:1])[more[0]], more[1] + 1
            old = work.records([rec])[rec].child
            events = [linked(rec, old, load, "unlinked")] if old else []
            work.link([*events, linked(rec, child, load)])
        elif what == "unlink":
            rec = work.recs("school", more)[more[0]]
            old = work.records([rec])[rec].child
            work.link([linked(rec, old, load, "unlinked")] if old else [])
        elif what == "review":
            work.review([Review(work.recs("school", more[:1])[more[0]], more[1], "Look.", at, load=load)])
        else:
            work.close_reviews([review.number for review in work.reviews()], "withdrawn", load)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=_STEPS, loads=st.lists(_STEPS, min_size=1, max_size=3))
def test_taking_back_the_last_loads_gives_what_was_before(
    empty_store: Callable[[], Store], before: list, loads: list[list]
) -> None:  # type: ignore[type-arg]
    store = empty_store()
    with store.write() as work:
        for number in range(3):
            work.found(f"id-{number}", f"CCI-{number}", 0, None)
    at = 0
    for step in before:
        take(store, step, None, at := at + 1)
    states = [(list(store.dump()), store.snapshot())]
    numbers = []
    for steps in loads:
        numbers.append(begun(store, str(len(numbers))))
        for step in steps:
            take(store, step, numbers[-1], at := at + 1)
        ended(store, numbers[-1])
        states.append((list(store.dump()), store.snapshot()))

    for load in reversed(numbers):
        states.pop()
        with store.write() as work:
            work.undo(load, 99)

        assert list(store.dump()) == states[-1][0]
        assert store.snapshot() == states[-1][1]
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=_STEPS, first=_STEPS, second=_STEPS)
def test_the_order_in_which_two_loads_are_taken_back_does_not_matter(
    empty_store: Callable[[], Store],
    before: list,  # type: ignore[type-arg]
    first: list,  # type: ignore[type-arg]
    second: list,  # type: ignore[type-arg]
) -> None:
    store = empty_store()
    with store.write() as work:
        for number in range(3):
            work.found(f"id-{number}", f"CCI-{number}", 0, None)
    at = 0
    for step in before:
        take(store, step, None, at := at + 1)
    state = list(store.dump())
    numbers = []
    for steps in (first, second):
        numbers.append(begun(store, str(len(numbers))))
        for step in steps:
            take(store, step, numbers[-1], at := at + 1)
        ended(store, numbers[-1])

    for load in numbers:
        with store.write() as work:
            work.undo(load, 99)

    assert list(store.dump()) == state
    store.close()
