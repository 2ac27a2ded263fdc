"""Every question is answered through an index (SQLite): no plan reads a table from end to end."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from told import child_of, date, missing, patient, to, token, version

from gateway.fhir.query import (
    Criterion,
    Entry,
    Number,
    Quantity,
    Query,
    Sort,
    Span,
    Target,
    Text,
    Token,
    Uri,
    Value,
)
from gateway.store import search
from gateway.store.base import ASK
from gateway.store.sqlite import SqliteStore

# A scan is only right of what is small: the leader's rids, the feeds, a page being put together.
_SMALL = re.compile(r"SCAN ([dgnpqu]\d*|feed|CONSTANT ROW)$|SCAN feed USING ")

# While the order leads, each test of a resource must come straight to its own rows.
_FEW = re.compile(r"\b(rid|rowid|local|public)=\?")


def one(param: str, kind: str, value: object, modifier: str = "", prefix: str = "eq") -> Criterion:
    return Criterion(param, kind, modifier, (Value(value, prefix),))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """Two feeds, each with enough of everything that no plan is chosen because the tables are small."""
    opened = SqliteStore(Path(tmp_path_factory.mktemp("plans")) / "gateway.db")
    entries = (
        Entry("code", Token("loinc", "1")),
        Entry("note", Text("a", "A")),
        Entry("date", Span(1, 2)),
        Entry("probability", Number(1.0, 1.5)),
        Entry("value", Quantity(1.0, 1.5, "u", "mg", "mg")),
        Entry("device", Target("Device/d1", "", "")),
        Entry("source", Uri("urn:x")),
    )
    with opened.write() as work:
        for feed in ("school", "council"):
            for at in range(20):
                about = f"p{at}"
                observed = [
                    version(f"o{at}-{n}", feed=feed, about=about, time=n, entries=entries) for n in range(5)
                ]
                work.put(
                    [
                        patient(about, feed=feed),
                        version(f"d{at}", "Device", feed=feed, about=about),
                        *observed,
                    ]
                )
                child_of(work, feed, about, f"{feed}-{at}", Entry("identifier", Token("nhs", str(at))))
    yield opened
    opened.close()


PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
QUESTIONS = {
    "nothing": (),
    "token": (token("code", "1", "loinc"),),
    "token of any system": (token("code", "1"),),
    "any code of a system": (token("code", "*", "loinc"),),
    "token not": (token("code", "1", modifier="not"),),
    "string": (one("note", "string", Text("a", "a")),),
    "string exact": (one("note", "string", Text("a", "A"), "exact"),),
    "string contains": (one("note", "string", Text("a", "a"), "contains"),),
    **{f"date {prefix}": (date("date", 1, 2, prefix),) for prefix in PREFIXES},
    "number": (one("probability", "number", Number(1.0, 2.0)),),
    "quantity": (one("value", "quantity", Quantity(1.0, 2.0, "u", "mg", "*")),),
    "quantity of any unit": (one("value", "quantity", Quantity(1.0, 2.0, "*", "*", "*")),),
    "quantity with a code or unit": (
        one("value", "quantity", Quantity(1.0, 2.0, "*", "mg", "mg"), prefix="gt"),
    ),
    "reference": (to("device", "Device/school-Device-d1"),),
    "reference to the child": (to("patient", "Patient/id-school-1"),),
    "uri": (one("source", "uri", Uri("urn:x")),),
    "id": (token("_id", "school-Observation-o1-1"),),
    "last updated": (date("_lastUpdated", 1, 2, "ge"),),
    "chain": (Criterion("patient", "reference", "Patient", chained=token("identifier", "7", "nhs")),),
    "chain of two": (
        Criterion(
            "device",
            "reference",
            "Device",
            chained=Criterion("patient", "reference", "Patient", chained=token("identifier", "7", "nhs")),
        ),
    ),
    **{f"{kind} missing": (missing(param, kind),) for param, kind in (("code", "token"), ("date", "date"))},
    "a child and a code": (to("patient", "Patient/id-school-1"), token("code", "1")),
}
SORTS = {"default": (), "date": (Sort("date", True),), "code and id": (Sort("code"), Sort("_id"))}


@pytest.mark.parametrize("rare", [1000, 0], ids=["a criterion leads", "the order leads"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("base", [ASK, "school"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_reads_a_table_from_end_to_end(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, name: str, base: str, sort: str, rare: int
) -> None:
    monkeypatch.setattr(search, "RARE", rare)
    with store.lend(steady=True) as connection:
        view = store.view(connection, base, "Observation", ("hidden",))
        plan = search.planned(view, Query("Observation", QUESTIONS[name], SORTS[sort]))
        for sql, args in (search.page_sql(plan, None, 20), search.total_sql(plan)):
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]

            scans = [step for step in steps if step.startswith("SCAN") and not _SMALL.search(step)]
            assert not scans, steps
            if plan.walks:
                values = [step for step in steps if step.startswith(("SEARCH x", "SEARCH t"))]
                assert not [step for step in values if not _FEW.search(step)], steps


def test_a_common_criterion_does_not_lead(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RARE", 50)
    with store.lend(steady=True) as connection:
        view = store.view(connection, ASK, "Observation")

        assert search.planned(view, Query("Observation", (token("code", "1"),))).walks
        both = (token("code", "1"), to("patient", "Patient/id-school-1"))
        assert not search.planned(view, Query("Observation", both)).walks


def test_the_first_page_in_default_order_needs_no_sorting(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "RARE", 0)
    with store.lend(steady=True) as connection:
        view = store.view(connection, "school", "Observation")
        plan = search.planned(view, Query("Observation", (token("code", "1"),)))
        for after in (None, (3, "x")):
            sql, args = search.page_sql(plan, after, 20)
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]

            assert not [step for step in steps if "TEMP B-TREE" in step], steps


def test_the_patients_page_and_the_fast_form_use_their_indexes(store: SqliteStore) -> None:
    with store.lend(steady=True) as connection:
        for sql in search.about_sql(store.dialect):
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?"))]

            assert [step for step in steps if "resource_head" in step]
            assert not [step for step in steps if step.startswith("SCAN")], steps
