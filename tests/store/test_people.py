"""Records, children, links, reviews and person keys."""

from told import child_of, composed, linked, patient

from gateway.store.base import LifeEvent, Link, LoadStart, Review, Store


def test_records_are_numbered_once_and_kept_apart_by_feed(store: Store) -> None:
    with store.write() as work:
        first = work.recs("school", ["a", "b"])
        again = work.recs("school", ["b", "a"])
        other = work.recs("council", ["a"])

    assert first == again
    assert len({*first.values(), *other.values()}) == 3
    record = store.record("council", "a")
    assert record is not None and (record.rec, record.feed, record.local, record.child) == (
        other["a"],
        "council",
        "a",
        None,
    )
    assert store.records([record.rec, 999]) == {record.rec: record}
    assert store.record("council", "b") is None


def test_a_child_is_found_by_id_and_cci_and_founder(store: Store) -> None:
    with store.write() as work:
        number = child_of(work, "school", "p1", "ada")

    child = store.child(id="id-ada")

    assert child is not None
    assert child == store.child(cci="CCI-ada") == store.child_founded_by(child.founder)
    assert store.children([number, 99]) == {number: child}
    assert (child.state, child.composed) == ("active", True)
    assert store.child(id="CCI-ada") is None and store.child(cci="") is None


def test_links_are_events_and_the_last_one_decides(store: Store) -> None:
    with store.write() as work:
        ada, ben = child_of(work, "school", "p1", "ada"), child_of(work, "council", "c1", "ben")
        rec = work.recs("school", ["p1"])["p1"]
        work.link([linked(rec, ada, what="unlinked"), linked(rec, ben)])

    events = store.links(rec=rec)

    assert [(event.what, event.child) for event in events] == [
        ("linked", ada),
        ("unlinked", ada),
        ("linked", ben),
    ]
    assert isinstance(events[0], Link) and events[0].sentence == "They are one child." and events[0].stands
    assert [event.rec for event in store.links(child=ada)] == [rec, rec]
    assert [record.feed for record in store.records_of([ben])[ben]] == ["school", "council"]
    assert store.records_of([ada]) == {}


def test_the_patients_of_records(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1"), patient("p2", name="Ben")])
        recs = work.recs("school", ["p1", "p2", "p3"])

    found = store.patients(list(recs.values()))

    assert {rec: row.local for rec, row in found.items()} == {recs["p1"]: "p1", recs["p2"]: "p2"}


def test_person_keys_are_replaced_and_those_that_fit_too_many_give_none(store: Store) -> None:
    with store.write() as work:
        recs = list(work.recs("school", [f"p{at}" for at in range(5)]).values())
        work.keys({rec: [b"common", b"own%d" % rec] for rec in recs})
        work.keys({recs[0]: [b"new", b"new"]})

    found = store.candidates([b"common", b"new", b"own%d" % recs[0], b"own%d" % recs[1], b"nobody"], 3)
    wide = store.candidates([b"common"], 4)

    assert found.found == {b"new": (recs[0],), b"own%d" % recs[1]: (recs[1],)}
    assert found.overfull == {b"common"}
    assert wide.found == {b"common": tuple(recs[1:])} and not wide.overfull


def test_a_review_that_is_open_or_decided_is_not_asked_again(store: Store) -> None:
    with store.write() as work:
        one, two = work.recs("school", ["a", "b"]).values()
        child = child_of(work, "council", "c", "ada")
        asked = [Review(one, "twins", "Look.", 1, other=two), Review(one, "twins", "Look.", 1, child=child)]
        work.review([*asked, asked[0]])
    open_now = store.reviews()

    with store.write() as work:
        work.close_reviews([open_now[0].number], "different")
        work.close_reviews([open_now[1].number], "withdrawn")
        work.review(asked)

    assert [(review.other, review.child) for review in open_now] == [(two, None), (None, child)]
    assert [(review.state, review.child) for review in store.reviews(state="")] == [
        ("different", None),
        ("withdrawn", child),
        ("open", child),
    ]
    assert [review.child for review in store.reviews(rec=one)] == [child]
    assert [review.child for review in store.reviews(child=child)] == [child]
    assert store.reviews(rec=two) == []
    assert store.reviews(state="different", rec=two)[0].rec == one
    numbers = [review.number for review in store.reviews(state="")]
    assert [review.number for review in store.reviews_before(numbers[-1] + 1, 2)] == numbers[:0:-1]
    assert [review.number for review in store.reviews_before(numbers[1], 9)] == numbers[:1]
    assert [one.state for one in store.reviews_before(numbers[-1] + 1, 9, state="open")] == ["open"]
    assert [one.state for one in store.reviews_before(numbers[-1] + 1, 9, state="decided")] == ["different"]
    assert [review.number for review in store.reviews(state="", number=numbers[1])] == [numbers[1]]
    assert store.reviews(number=numbers[1]) == []


def test_what_is_asked_and_linked_is_read_of_many_at_once(store: Store) -> None:
    start = LoadStart("council", "clubs", "", ("a.csv",), "1")
    load = store.start_load(start).number
    with store.write() as work:
        one, two = work.recs("school", ["a", "b"]).values()
        ada, ben = child_of(work, "council", "c", "ada"), child_of(work, "council", "d", "ben")
        work.link(
            [Link(one, ada, "linked", "x", "X.", "ann", 1), Link(two, ada, "linked", "x", "X.", "ann", 2)]
        )
        work.link([Link(two, ada, "unlinked", "x", "X.", "ann", 3)])
        work.review(
            [Review(one, "twins", "Look.", 1, child=ben), Review(two, "twins", "Look.", 1, load=load)]
        )
        work.close_reviews([each.number for each in work.reviews(rec=one)], "withdrawn")
    store.leave_load(load)

    every = store.links_of([one, two, 999])
    assert {rec: [each.what for each in links] for rec, links in every.items()} == {
        one: ["linked"],
        two: ["linked", "unlinked"],
        999: [],
    }
    assert {child: [each.rec for each in found] for child, found in store.reviews_of([ada, ben]).items()} == {
        ada: [one]
    }
    assert [each.rec for each in store.reviews(load=load)] == [two]
    assert store.links_of([]) == store.reviews_of([]) == {}


def test_composing_the_same_again_changes_nothing(store: Store) -> None:
    with store.write() as work:
        child = child_of(work, "school", "p1", "ada")
    before = list(store.dump())

    with store.write() as work:
        work.compose({child: composed("ada")})

    assert list(store.dump()) == before
    assert store.counts()["composed"] == 1


def test_events_of_a_childs_life_say_what_state_it_is_in(store: Store) -> None:
    with store.write() as work:
        ada, ben = child_of(work, "school", "p1", "ada"), child_of(work, "council", "c1", "ben")
        merged = work.live(LifeEvent("merged", ada, ben, "One child.", "A", 5))
        work.live(LifeEvent("distinct", ben, ada, "Twins.", "A", 6, second="B"))

    assert store.children([ada])[ada].state == "merged"
    assert [(event.what, event.number, event.second) for event in store.life(child=ada)] == [
        ("merged", merged, ""),
        ("distinct", merged + 1, "B"),
    ]
    with store.write() as work:
        work.unlive([merged])
    assert store.children([ada])[ada].state == "active"
    assert not store.life(number=merged)[0].stands
    assert [event.what for event in store.life(what="distinct")] == ["distinct"]


def test_a_sealed_child_is_found_only_by_who_asks_for_sealed_ones(store: Store) -> None:
    with store.write() as work:
        ada = child_of(work, "school", "p1", "ada")
        rec = work.recs("school", ["p1"])["p1"]
        children = work.counts()["children"]
        work.live(LifeEvent("sealed", ada, None, "Adopted.", "A", 5))
        work.link([linked(rec, ada, what="unlinked")])
        work.seal({rec: ada})
        work.review([Review(rec, "alike", "Look.", 5, child=ada, state="sealed-1")])

    assert store.child(id="id-ada") is None and store.child(cci="CCI-ada") is None
    found = store.child(cci="CCI-ada", sealed=True)
    assert found is not None and found.state == "sealed"
    assert [record.rec for record in store.sealed_records([ada])[ada]] == [rec]
    assert store.records([rec])[rec].child is None
    assert store.reviews(state="") == []
    assert store.counts()["children"] == children - 1


def test_a_load_that_is_undone_takes_its_seals_along(store: Store) -> None:
    with store.write() as work:
        ada = child_of(work, "school", "p1", "ada")
        rec = work.recs("school", ["p1"])["p1"]
    before = store.snapshot()
    load = store.start_load(LoadStart("school", "m", "sha", ("a.csv",), "content", {}, 4)).number
    with store.write() as work:
        work.live(LifeEvent("sealed", ada, None, "Adopted.", "A", 5, load=load))
        work.link([linked(rec, ada, load, what="unlinked")])
        work.seal({rec: ada})
        work.finish_load(load, 6)
    store.leave_load(load)

    with store.write() as work:
        undone = work.undo(load, 7)

    assert undone.children == (ada,) and undone.recs == (rec,)
    assert store.snapshot() == before
