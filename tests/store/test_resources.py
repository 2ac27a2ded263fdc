"""Resources and their versions."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from told import child_of, linked, patient, token, version, versions_of

from gateway.fhir.query import Entry, Number, Quantity, Query, Span, Target, Text, Token, Uri
from gateway.problems import Refused
from gateway.store.base import ASK, Delete, Store

CODE = Query("Observation", (token("code", "c"),))


def test_a_feed_reads_back_what_it_told(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", time=7)])

    row = store.read("school", "Observation", "o1")

    assert row is not None
    assert (row.body, row.told, row.version, row.updated, row.time, row.deleted) == (
        b"Observation/o1/1/",
        b"told o1 1",
        "1",
        1001,
        7,
        False,
    )


def test_a_resource_is_shown_to_those_who_ask_only_when_its_record_has_a_child(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1"), version("org", "Organization", about=None)])
    before = store.read(ASK, "Observation", "school-Observation-o1")
    with store.write() as work:
        child_of(work, "school", "p1", "ada")

    row = store.read(ASK, "Observation", "school-Observation-o1")

    assert before is None
    assert row is not None and row.child == "id-ada"
    assert store.read(ASK, "Organization", "school-Organization-org") is None
    assert store.read(ASK, "Observation", "o1") is None


def test_patients_of_feeds_are_not_shown_to_those_who_ask(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1")])
        child_of(work, "school", "p1", "ada")

    assert store.read(ASK, "Patient", "school-Patient-p1") is None
    row = store.read(ASK, "Patient", "id-ada")
    assert row is not None
    assert (row.body, row.told, row.version, row.child, row.feed) == (
        b"full ada",
        b"reduced ada",
        "h-ada",
        "id-ada",
        "",
    )


def test_feeds_do_not_see_each_other(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1"), version("o1", feed="council")])

    row = store.read("council", "Observation", "o1")

    assert row is not None and row.feed == "council"
    assert store.read("hospital", "Observation", "o1") is None


def test_every_version_is_kept_and_the_newest_comes_first(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", text="a")])
        work.put([version("o1", number=2, text="b", time=9)])
        work.delete([Delete("school", "Observation", "o1", 3, 2000)])
        work.put([version("o1", number=4, text="d")])

    history = store.history("school", ["Observation"], "o1", limit=10)

    assert history is not None and (history.more, history.total) == (False, 4)
    assert [(each.row.version, each.method, each.row.deleted, each.created) for each in history.versions] == [
        ("4", "PUT", False, True),
        ("3", "DELETE", True, False),
        ("2", "PUT", False, False),
        ("1", "PUT", False, True),
    ]
    second = store.vread("school", "Observation", "o1", "2")
    assert second is not None
    assert (second.row.body, second.row.told, second.row.time, second.place, second.rule) == (
        b"Observation/o1/2/b",
        b"told o1 2",
        9,
        "file:2",
        "Observation",
    )
    assert store.vread("school", "Observation", "o1", "5") is None
    assert store.history("school", ["Observation"], "never", limit=10) is None


def test_a_deleted_resource_is_told_from_one_that_never_was(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", entries=(Entry("code", Token("s", "c")),))])
        work.delete([Delete("school", "Observation", "o1", 2, 2000)])

    row = store.read("school", "Observation", "o1")

    assert row is not None and row.deleted and row.version == "2" and row.body == b""
    assert store.read("school", "Observation", "o2") is None
    assert store.counts()["token"] == 0


def test_a_version_that_is_not_the_next_one_is_refused(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1")])

    for late in (1, 3):
        with pytest.raises(Refused) as caught, store.write() as work:
            work.put([version("o2"), version("o1", number=late)])
        assert caught.value.problems[0].kind.code == "store.version-taken"

    with pytest.raises(Refused), store.write() as work:
        work.delete([Delete("school", "Observation", "o1", 1, 2000)])
    assert store.read("school", "Observation", "o2") is None


def test_the_same_resource_twice_in_one_batch_makes_two_versions(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", text="a"), version("o2"), version("o1", number=2, text="b")])

    assert [each.row.version for each in versions_of(store, "school", "Observation", "o1")] == ["2", "1"]


def test_what_is_held_says_the_next_number_and_the_content(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", text="a"), version("org", "Organization", about=None)])
        work.put([version("o1", number=2, text="b")])
        work.put([version("gone")])
        work.delete([Delete("school", "Observation", "gone", 2, 2000)])

    keys = [("Observation", "o1"), ("Observation", "gone"), ("Organization", "org"), ("Observation", "new")]
    held = store.held("school", keys)

    first = held["Observation", "o1"]
    assert (first.version, first.highest, first.digest, first.present, first.about) == (
        2,
        2,
        b"2b",
        True,
        "p1",
    )
    assert not held["Observation", "gone"].present and held["Observation", "gone"].highest == 2
    assert held["Organization", "org"].about is None
    assert ("Observation", "new") not in held
    assert store.held("hospital", keys) == {}


def test_a_resource_that_turns_to_another_patient_moves_with_its_history(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1"), patient("p2"), version("o1", entries=(Entry("code", Token("s", "c")),))])
        child_of(work, "school", "p1", "ada")
        child_of(work, "school", "p2", "ben")
        work.put([version("o1", about="p2", number=2, entries=(Entry("code", Token("s", "c")),))])

    row = store.read(ASK, "Observation", "school-Observation-o1")

    assert row is not None and row.child == "id-ben"
    assert [each.row.version for each in versions_of(store, "school", "Observation", "o1")] == ["2", "1"]
    assert [found.local for found in store.about("id-ben", "Observation", "patient", limit=9).rows] == ["o1"]
    assert store.about("id-ada", "Observation", "patient", limit=9).total == 0
    assert store.counts()["token"] == 1


def test_a_resource_may_come_before_its_patient(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", about="p9")])

    record = store.record("school", "p9")

    assert record is not None and record.child is None
    assert store.patients([record.rec]) == {}
    with store.write() as work:
        work.put([patient("p9")])
    assert store.patients([record.rec])[record.rec].local == "p9"


def test_index_rows_are_replaced_with_their_resource(store: Store) -> None:
    entries = (
        Entry("code", Token("s", "c")),
        Entry("note", Text("a", "A")),
        Entry("date", Span(1, 2)),
        Entry("score", Number(1.0, 1.5)),
        Entry("value", Quantity(1.0, 1.5, "u", "mg", "mg")),
        Entry("subject", Target("Patient/p1", "", "")),
        Entry("source", Uri("urn:x")),
    )
    tables = ("token", "string", "date", "number", "quantity", "reference", "uri")
    with store.write() as work:
        work.put([version("o1", about=None, entries=entries)])
    first = store.counts()
    with store.write() as work:
        work.put([version("o1", about=None, number=2, entries=entries[:1])])

    second = store.counts()

    assert [first[table] for table in tables] == [1] * 7
    assert [second[table] for table in tables] == [1, 0, 0, 0, 0, 0, 0]


def test_an_entry_said_twice_is_kept_once(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", about=None, entries=(Entry("code", Token("s", "c")),) * 2)])

    assert store.counts()["token"] == 1


def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    before = store.snapshot()

    with pytest.raises(ZeroDivisionError), store.write() as work:
        work.put([version("o1", entries=(Entry("code", Token("s", "c")),))])
        child_of(work, "school", "p1", "ada")
        assert work.read("school", "Observation", "o1") is not None
        raise ZeroDivisionError

    assert store.snapshot() == before
    assert store.read("school", "Observation", "o1") is None
    with store.write() as work:
        work.put([version("o1", entries=(Entry("code", Token("s", "c")),))])
    found = store.search("school", CODE, limit=5)
    assert [row.local for row in found.rows] == ["o1"]


def test_a_unit_of_work_sees_its_own_writes_and_others_do_not(store: Store) -> None:
    with store.write() as work:
        work.put([version("o1", entries=(Entry("code", Token("s", "c")),))])

        assert work.read("school", "Observation", "o1") is not None
        assert [row.local for row in work.search("school", CODE, limit=5).rows] == ["o1"]
        assert store.read("school", "Observation", "o1") is None


def test_more_feeds_than_there_are_numbers_are_refused(store: Store) -> None:
    with pytest.raises(Refused) as caught, store.write() as work:
        for number in range(5000):
            work.recs(f"feed-{number}", ["p"])

    assert caught.value.problems[0].kind.code == "store.out-of-numbers"


def test_what_was_stored_is_there_after_opening_again(store: Store, open_store: Callable[[], Store]) -> None:
    with store.write() as work:
        work.put([version("o1"), replace(version("o2"), about=None)])
    before = store.snapshot()
    store.close()

    again = open_store()

    assert again.snapshot() == before
    with pytest.raises(Refused) as caught:
        store.read("school", "Observation", "o1")
    assert caught.value.problems[0].kind.code == "store.closed"


def test_unlinked_records_disappear_for_those_who_ask(store: Store) -> None:
    with store.write() as work:
        work.put([patient("p1"), version("o1")])
        child = child_of(work, "school", "p1", "ada")
    with store.write() as work:
        rec = work.recs("school", ["p1"])["p1"]
        work.link([linked(rec, child, what="unlinked")])

    assert store.read(ASK, "Observation", "school-Observation-o1") is None
    assert store.records_of([child]) == {}


def test_half_a_character_is_refused_and_not_shown(store: Store) -> None:
    with pytest.raises(Refused) as caught, store.write() as work:
        work.put([version("o1"), version("o2", entries=(Entry("note", Text("ada\ud800", "Ada\ud800")),))])
    with pytest.raises(Refused) as asked:
        store.read("school", "Observation", "\ud800")

    assert [each.value.problems[0].kind.code for each in (caught, asked)] == ["store.half-character"] * 2
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert store.read("school", "Observation", "o1") is None


def test_no_resource_is_too_large_or_too_odd_to_come_back_as_it_was(store: Store) -> None:
    body = bytes(range(256)) * 20_000
    odd = replace(version("o1"), body=body, told=b"\x00\x01\n" * 50_000)
    with store.write() as work:
        work.put([odd])

    row = store.read("school", "Observation", "o1")

    assert row is not None and row.body == body and row.told == odd.told
