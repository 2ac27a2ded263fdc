"""A whole store linked at once: the same links, reasons and entries as one record after the other gives."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from gates import load, opened

from gateway.identity.match import Reason
from gateway.identity.person import Person
from gateway.service import Gateway
from gateway.service.link import CAP, MACHINE
from gateway.service.relink import Relinked, relink, relink_at_once
from gateway.store.base import Link
from gateway.testing import write_area
from gateway.testing.families import Mix

pytest.importorskip("duckdb")

from gateway.batch.everyone import Everyone

FILES = {
    "health.ndjson": ("clinic", ""),
    "school-1.xml": ("school", "ctf"),
    "council": ("council", "ssda903"),
}


@pytest.fixture(scope="module")
def unlinked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gateway's folder with the records of 150 children, none of them linked."""
    folder = tmp_path_factory.mktemp("unlinked")
    write_area(folder / "area", 150, seed=5, mix=Mix(twins=0.1, adopted=0))
    gateway = opened(folder)
    for name, (feed, mapping) in FILES.items():
        load(gateway, feed, folder / "area" / name, mapping)
    with gateway.store.write() as work:
        records = work.records(work.recs_after(0, 10_000)).values()
        work.link([Link(one.rec, one.child, "unlinked", "", "", MACHINE, 1) for one in records if one.child])
        entries = [entry.number for entry in work.reviews()]
        work.close_reviews(entries, "withdrawn")
    gateway.close()
    return folder


def copied(folder: Path, to: Path) -> Gateway:
    shutil.copytree(folder, to, dirs_exist_ok=True)
    return opened(to)


def told(gateway: Gateway) -> dict[str, Any]:
    """What linking came to, with the lowest record of each child for its number."""
    records = {one.rec: one for one in gateway.store.records(gateway.store.recs_after(0, 10_000)).values()}
    first: dict[int | None, int] = {}
    for rec in sorted(records):
        first.setdefault(records[rec].child, rec)
    links = {rec: gateway.store.links(rec=rec)[-1] for rec in records}
    composed = gateway.store.children([child for child in first if child is not None])
    return {
        "children": {rec: first[one.child] for rec, one in records.items()},
        "reasons": {rec: (one.what, one.reason, one.sentence, one.load) for rec, one in links.items()},
        "entries": sorted(
            (one.rec, one.other or 0, one.reason, one.sentence, one.evidence)
            for one in gateway.store.reviews()
        ),
        "composed": sorted(first[child] for child, one in composed.items() if one.composed),
    }


def at_once(gateway: Gateway, folder: Path, steps: list[str] | None = None) -> Relinked:
    with Everyone(str(folder), CAP) as everyone:
        return relink_at_once(
            gateway.store,
            gateway.linker,
            everyone,
            lambda step, *_: steps.append(step) if steps is not None else None,
        )


def test_all_at_once_gives_what_one_after_the_other_gives(unlinked: Path, tmp_path: Path) -> None:
    one, other = copied(unlinked, tmp_path / "one"), copied(unlinked, tmp_path / "other")
    assert {
        link.what for rec in one.store.recs_after(0, 10_000) for link in one.store.links(rec=rec)[-1:]
    } == {"unlinked"}
    steps: list[str] = []

    slowly, quickly = relink(one.store, one.linker, lambda *_: None), at_once(other, tmp_path, steps)

    assert quickly == slowly and quickly.new > 100 and quickly.known > 100
    assert told(other) == told(one)
    assert told(other)["composed"] == sorted(set(told(other)["children"].values()))
    assert sorted(set(steps), key=steps.index) == ["Reading", "Linking", "Composing"]
    again = at_once(other, tmp_path)
    assert (again.known, again.new) == (again.records, 0), "what is linked stays"
    assert told(other) == told(one)
    one.close()
    other.close()


@pytest.mark.parametrize("stopped_in", ["Linking", "Composing"])
def test_a_run_that_was_stopped_goes_on_where_it_was(unlinked: Path, tmp_path: Path, stopped_in: str) -> None:
    one, other = copied(unlinked, tmp_path / "one"), copied(unlinked, tmp_path / "other")
    relink(one.store, one.linker, lambda *_: None)

    def stop(step: str, done: int, every: int) -> None:
        if step == stopped_in:
            raise KeyboardInterrupt

    with Everyone(str(tmp_path), CAP) as everyone, pytest.raises(KeyboardInterrupt):
        relink_at_once(other.store, other.linker, everyone, stop)
    rest = at_once(other, tmp_path)

    assert 0 <= rest.records < len(other.store.recs_after(0, 10_000)) or stopped_in == "Composing"
    assert told(other) == told(one)
    one.close()
    other.close()


def test_who_was_told_apart_stays_apart(unlinked: Path, tmp_path: Path) -> None:
    """A link of a person holds, whoever finds the neighbours."""
    gateway = copied(unlinked, tmp_path / "one")
    at_once(gateway, tmp_path)
    shared = next(records for records in gateway.store.records_of(range(1, 400)).values() if len(records) > 1)
    with gateway.store.write() as work:
        alone = gateway.linker.move(work, shared[1].rec, None, Reason("person", "Two children."), "Ada", 5)

    at_once(gateway, tmp_path)

    assert gateway.store.records([shared[1].rec])[shared[1].rec].child == alone
    gateway.close()


def test_the_neighbours_are_those_of_the_keys(tmp_path: Path) -> None:
    with Everyone(str(tmp_path), cap=2) as everyone:
        keys: Sequence[tuple[set[bytes], set[bytes]]] = (
            ({b"family-1", b"crowded1"}, set()),
            ({b"crowded1"}, {b"family-1"}),
            ({b"crowded1"}, {b"crowded1"}),
            (set(), {b"family-1", b"nobody-1"}),
        )
        for rec, (kept, asked) in enumerate(keys, 1):
            everyone.add(rec, Person(), kept, asked)
        everyone.find()
        everyone.turn_to([1, 2, 3, 4])

        assert [everyone.near(rec) for rec in (1, 2, 3, 4)] == [(), (1,), (), (1,)], "three are a crowd"
        assert everyone.person(9) is None
