"""Totals are counted from index rows: they must say what a walk through all pages shows."""

import pytest
from told import child_of, date, missing, patient, to, token, version, walk

from gateway.fhir.query import Criterion, Entry, Query, Span, Token
from gateway.store import search
from gateway.store.base import ASK, Delete, Put, Store

FINAL = token("status", "final")
HEIGHT = token("code", "height", "loinc")
QUESTIONS = {
    "everything": (),
    "one": (FINAL,),
    "two": (FINAL, HEIGHT),
    "not": (token("status", "final", modifier="not"),),
    "two, one of them not": (HEIGHT, token("status", "final", modifier="not")),
    "missing": (missing("date", "date"),),
    "not missing": (missing("date", "date", False),),
    "a time": (date("date", 3, 9, "ge"),),
    "a chain": (Criterion("patient", "reference", "Patient", chained=token("gender", "female")),),
    "either code": (Criterion("code", "token", "", (*HEIGHT.values, *token("code", "weight").values)),),
    "a child": (to("patient", "Patient/id-school-1"),),
}


@pytest.fixture
def told(store: Store) -> Store:
    """Three feeds' worth of what must not be counted: of no child, deleted, superseded, without Patient."""
    with store.write() as work:
        for feed in ("school", "clinic"):
            for at in range(6):
                work.put([patient(f"p{at}", feed=feed), *(_observation(feed, at, each) for each in range(4))])
                if at != 5:
                    gender = Entry("gender", Token("", "female" if at % 2 else "male"))
                    child_of(work, feed, f"p{at}", f"{feed}-{at}", gender)
            work.put([version(f"{feed}-alone", feed=feed, about=None, entries=_said("final", "height"))])
        work.put([version("o1-0", about="p1", number=2, entries=_said("amended", "weight"))])
        work.delete([Delete("school", "Observation", f"o{at}-1", 2, 1002) for at in range(3)])
    return store


def _observation(feed: str, at: int, each: int) -> Put:
    code = ("height", "weight", "height", "other")[each]
    entries = _said("final" if each else "amended", code)
    time = Entry("date", Span(at + each, at + each + 1))
    return version(
        f"o{at}-{each}",
        feed=feed,
        about=f"p{at}",
        time=at,
        entries=(*entries, time) if each != 3 else entries,
    )


def _said(status: str, code: str) -> tuple[Entry, ...]:
    return (
        Entry("status", Token("", status)),
        Entry("code", Token("loinc", code)),
        Entry("code", Token("local", code)),
    )


@pytest.mark.parametrize("rare", [1000, 0], ids=["a criterion leads", "the order leads"])
@pytest.mark.parametrize("base", [ASK, "school"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_total_is_what_all_pages_show(
    told: Store, monkeypatch: pytest.MonkeyPatch, name: str, base: str, rare: int
) -> None:
    monkeypatch.setattr(search, "RARE", rare)
    query = Query("Observation", QUESTIONS[name])
    shown = [row.local for page in walk(told, base, query, 3) for row in page.rows]
    # a feed's own Patients have no gender here, and other ids
    assert shown or (base == "school" and name in ("a child", "a chain"))
    assert "school-alone" not in shown or base == "school"
    if base == ASK:
        assert not [each for each in shown if each.startswith("o5")]

    assert told.search(base, query, limit=0).total == len(shown)
    assert told.search(base, query, limit=3).total == len(shown)


@pytest.mark.parametrize("rare", [1000, 0], ids=["a criterion leads", "the order leads"])
def test_children_are_counted_by_their_own_patients(
    told: Store, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    monkeypatch.setattr(search, "RARE", rare)
    female = Query("Patient", (token("gender", "female"),))
    has = Criterion("_has", "has", "Observation", chained=FINAL, within=("patient",))

    assert told.search(ASK, female, limit=0).total == 4
    assert (
        told.search(ASK, Query("Patient", (token("gender", "female", modifier="not"),)), limit=0).total == 6
    )
    assert told.search(ASK, Query("Patient"), limit=0).total == 10
    assert told.search(ASK, Query("Patient", (has,)), limit=0).total == 10
    assert told.search("school", Query("Patient"), limit=0).total == 6
