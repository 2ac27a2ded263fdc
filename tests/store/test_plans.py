"""Every question is answered through an index: no plan reads a table from end to end."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from told import child_of, date, missing, patient, to, token, version

from gateway.fhir.query import (
    Criterion,
    Entry,
    Number,
    Pair,
    Phrase,
    Quantity,
    Query,
    Sort,
    Span,
    Stretch,
    Target,
    Text,
    Together,
    Token,
    Uri,
    Value,
)
from gateway.fhir.units import UCUM
from gateway.store import about, following, inorder, people, resources, search, walks
from gateway.store.base import ASK, Mark
from gateway.store.clauses import clause
from gateway.store.opening import open_store
from gateway.store.order import order_of

# SQLite: a scan is only right of what is small: the leader's rids, the feeds, what was asked, records that no
# child has, a page being put together.
_SMALL = re.compile(
    r"SCAN ([dfgnpqu]\d*|feed|CONSTANT ROW)$|SCAN (feed|f) USING |SCAN json_each |INDEX record_loose"
)

# SQLite: while the order leads, each test of a resource must come straight to its own rows.
_FEW = re.compile(r"\b(rid|rowid|local|public)=\?")


def one(
    param: str, kind: str, value: object, modifier: str = "", prefix: str = "eq", within: str = ""
) -> Criterion:
    names = (within,) if within else ()
    return Criterion(param, kind, modifier, (Value(value, prefix),), within=names)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["postgres", "postgres before the first ANALYZE", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two feeds, each with enough of everything that no plan is chosen because the tables are small."""
    database = str(tmp_path_factory.mktemp("plans") / "gateway.db")
    if request.param != "sqlite":
        database = request.getfixturevalue("postgres")()
    opened = open_store(database)
    entries = (
        Entry("code", Token("loinc", "1")),
        Entry("note", Text("a", "A")),
        Entry("date", Span(1, 2)),
        Entry("issued", Span(1, 2)),
        Entry("probability", Number(1.0, 1.5)),
        Entry("value", Quantity(1.0, 1.5, "u", "mg", "mg")),
        Entry("device", Target("Device/d1", "", "")),
        Entry("source", Uri("urn:x")),
        Entry("code:text", Phrase(" head circumference")),
        Entry("identifier:of-type", Token("urn:i", "urn:t\nMR\n1")),
        Entry("code-value-quantity", Pair(Token("loinc", "1"), Quantity(1.0, 1.5, UCUM, "mg", "mg"))),
        Entry("code-value-concept", Pair(Token("loinc", "1"), Token("loinc", "2"))),
        Entry("code-value-string", Pair(Token("loinc", "1"), Text("a", "A"))),
        Entry("code-value-date", Pair(Token("loinc", "1"), Span(1, 2))),
        Entry("variant", Pair(Token("", "1"), Number(3.0, 4.0))),
        Entry("value", Quantity(1.0, 1.5, UCUM, "mg", "mg")),
        Entry("value", Quantity(1.0, 1.5, UCUM, "g", "g")),
        Entry("device", Target("", "urn:i", "7")),
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
    if request.param == "postgres":
        analysed(database)
    yield opened
    opened.close()


def analysed(database: str) -> None:
    """Let PostgreSQL count what is there."""
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ANALYZE")


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
    "reference by identifier": (one("device", "reference", Target("", "urn:i", "7"), "identifier"),),
    "uri": (one("source", "uri", Uri("urn:x")),),
    "uri below": (one("source", "uri", Uri("http://x.example/a"), "below"),),
    "uri above": (
        Criterion(
            "source", "uri", "above", tuple(map(Value, map(Uri, ("http://x.example/a", "http://x.example"))))
        ),
    ),
    "quantity in any unit of its kind": (one("value", "quantity", Quantity(1.0, 2.0, UCUM, "mg", "*")),),
    "token text": (one("code", "token", Phrase(" circ"), "text", within="code:text"),),
    "identifier of a type": (
        one("identifier", "token", Token("*", "urn:t\nMR\n1"), "of-type", within="identifier:of-type"),
    ),
    **{
        f"token {modifier}": (token("code", "1", "loinc", modifier),)
        for modifier in ("in", "not-in", "above", "below")
    },
    **{
        f"composite {name}": (
            one(name, "composite", Together(first, second if type(second) is tuple else (Value(second),))),
        )
        for name, first, second in (
            ("code-value-quantity", Token("loinc", "1"), Quantity(1.0, 2.0, "*", "*", "*")),
            ("code-value-concept", Token("*", "1"), Token("*", "2")),
            ("code-value-string", Token("loinc", "*"), Text("a", "a")),
            ("code-value-date", Token("loinc", "1"), (Value(Span(1, 2), "ge"),)),
            (
                "variant",
                Token("*", "1"),
                Stretch(Value(Number(1.0, 1.5), "ge"), Value(Number(9.0, 9.5), "le")),
            ),
        )
    },
    "composite missing": (missing("code-value-quantity", "composite"),),
    "last updated not": (date("_lastUpdated", 1, 2, "ne"),),
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
    store: Any, monkeypatch: pytest.MonkeyPatch, name: str, base: str, sort: str, rare: int
) -> None:
    monkeypatch.setattr(search, "RARE", rare)
    with store.lend(steady=True) as connection:
        view = store.view(connection, base, "Observation", ("hidden",))
        plan = search.planned(view, Query("Observation", QUESTIONS[name], SORTS[sort]))
        check = sqlite_reads if store.dialect.along else postgres_reads
        assert check(connection, *search.page_sql(plan, None, 20), plan.walks) == []
        # all are counted: then it is a criterion that leads, however common
        assert check(connection, *search.total_sql(plan), False) == []


def sqlite_reads(connection: Any, sql: str, args: Any, walks: bool) -> list[str]:
    """The steps of SQLite's plan that read what they should not."""
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]
    wrong = [step for step in steps if step.startswith("SCAN") and not _SMALL.search(step)]
    if walks:
        values = [step for step in steps if step.startswith(("SEARCH x", "SEARCH t"))]
        wrong += [step for step in values if not _FEW.search(step)]
    return wrong


def postgres_plan(session: Any, sql: str, args: Any) -> list[dict[str, Any]]:
    """The nodes of the plan that PostgreSQL has for a statement, whatever is bound to it."""
    from psycopg.sql import Literal

    def type_of(value: Any) -> str:
        if isinstance(value, list):
            return f"{type_of(value[0])}[]"
        return {int: "bigint", float: "float8", str: "text"}[type(value)]

    def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for below in node.get("Plans", ()):
            yield from nodes(below)

    first, *rest = sql.split("?")
    numbered = first + "".join(f"${at}{part}" for at, part in enumerate(rest, 1))
    types = f"({', '.join(map(type_of, args))})" if args else ""
    values = f"({', '.join(Literal(value).as_string(session.raw) for value in args)})" if args else ""
    session.say(f"PREPARE asked {types} AS {numbered}")
    cursor = session.raw.execute(f"EXPLAIN (FORMAT JSON) EXECUTE asked {values}".encode(), prepare=False)
    (([plan],),) = cursor.fetchall()
    session.say("DEALLOCATE asked")
    return list(nodes(plan["Plan"]))


def postgres_reads(session: Any, sql: str, args: Any, walks: bool) -> list[str]:
    """The nodes of PostgreSQL's plan that read what they should not.

    An index must be entered by its first column. While the order leads, what a resource says must be read by
    the resource alone.
    """
    asked = "SELECT c.relname, pg_get_indexdef(c.oid, 1, true) FROM pg_class c WHERE c.relkind = 'i'"
    first = dict(session.execute(f"{asked} AND c.relnamespace = current_schema()::regnamespace").fetchall())
    wrong = []
    for node in postgres_plan(session, sql, args):
        index, condition = node.get("Index Name", ""), node.get("Index Cond", "")
        if node["Node Type"] == "Seq Scan":
            wrong.append(f"reads all of {node['Relation Name']}")
        elif index == "record_loose":
            continue  # it holds few, and all of them are wanted
        elif index and not re.search(rf"\({re.escape(first[index])} (=|<|>|<=|>=) ", condition):
            wrong.append(f"{index} is read from end to end: {condition}")
        elif (
            walks
            and index.endswith(_VALUES)
            and not index.startswith(("unit", "param"))
            and "rid = " not in condition
        ):
            wrong.append(f"{index} gives more than one resource has: {condition}")
    return wrong


# PostgreSQL: the indexes by which values are found
_VALUES = ("_code", "_folded", "_low", "_high", "_target", "_value")


def test_a_common_criterion_does_not_lead(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "RARE", 50)
    with store.lend(steady=True) as connection:
        view = store.view(connection, ASK, "Observation")

        assert search.planned(view, Query("Observation", (token("code", "1"),))).walks
        both = (token("code", "1"), to("patient", "Patient/id-school-1"))
        assert not search.planned(view, Query("Observation", both)).walks


def test_the_first_page_in_default_order_needs_no_sorting(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "RARE", 0)
    with store.lend(steady=True) as connection:
        view = store.view(connection, "school", "Observation")
        plan = search.planned(view, Query("Observation", (token("code", "1"),)))
        for after in (None, (3, "x")):
            sql, args = search.page_sql(plan, after, 20)
            assert not sorts(store, connection, sql, args)


ORDERS = {
    "code": (Sort("code"),),
    "note downwards": (Sort("note", True),),
    "several dates": (Sort("issued"),),
    "value": (Sort("value"),),
    "device": (Sort("device"),),
    "source": (Sort("source", True),),
    "probability": (Sort("probability"),),
    "time": (Sort("date"),),
    "change": (Sort("_lastUpdated", True),),
    "id": (Sort("_id"),),
    "code, newest first": (Sort("code"), Sort("date", True)),
    "newest first, id": (Sort("date", True), Sort("_id")),
}


@pytest.mark.parametrize("base", [ASK, "school"])
@pytest.mark.parametrize("name", ORDERS)
def test_values_are_read_in_the_order_that_was_asked_for(store: Any, base: str, name: str) -> None:
    with store.lend(steady=True) as connection:
        view = store.view(connection, base, "Observation", ("hidden",))
        order = order_of(view, ORDERS[name])
        for level in range(len(order.sort)):
            ways = inorder.stretches(view, order, level)
            assert ways is not None
            for stretch in ways:
                # the ids of all types lie together: they are entered at one
                place = inorder.Place("x") if order.sort[level].param == "_id" else None
                for select in stretch.selects:
                    sql, args = inorder.values_sql(stretch._replace(selects=(select,)), place, 20)
                    assert reads(store, connection, sql, args) == []
                    if store.dialect.along:
                        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]
                        assert "USE TEMP B-TREE FOR ORDER BY" not in steps
        tested = inorder.tested_sql(view, search.planned(view, Query("Observation")).where, order, [7, 8])
        assert reads(store, connection, *tested) == []


def sorts(store: Any, connection: Any, sql: str, args: Any) -> bool:
    """Whether a plan sorts anything."""
    if store.dialect.along:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]
        return any("TEMP B-TREE" in step for step in steps)
    return any("Sort" in node["Node Type"] for node in postgres_plan(connection, sql, args))


def test_the_fast_form_uses_its_indexes(store: Any, request: pytest.FixtureRequest) -> None:
    if "before the first ANALYZE" in request.node.name:
        pytest.skip("so few rows that any index would do")
    with store.lend(steady=True) as connection:
        for sql in about.about_sql(store.dialect):
            args = ("id-school-1", *((1,) * (sql.count("?") - 1)))
            if not store.dialect.along:
                args = tuple("x" if "public > ?" in sql and at == 5 else arg for at, arg in enumerate(args))
                assert postgres_reads(connection, sql, args, walks=True) == []
                assert "resource_head" in {
                    node.get("Index Name") for node in postgres_plan(connection, sql, args)
                }
                continue
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]

            assert [step for step in steps if "resource_head" in step]
            assert not [step for step in steps if step.startswith("SCAN")], steps


def test_some_resources_of_a_feed_are_read_by_their_ids_and_not_with_all_of_its_type(store: Any) -> None:
    text, ids = store.dialect.any_of(["o1", "o2"])
    with store.lend(steady=True) as connection:
        for asked in (search.ROW, resources.HELD):
            sql = asked + resources.OF_FEED.format(text)
            if not store.dialect.along:
                used = {node.get("Index Name") for node in postgres_plan(connection, sql, (1, 2, ids))}
            else:
                steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", (1, 2, ids))]
                used = set(re.findall(r"INDEX (resource_\w+)", " ".join(steps)))

            assert {each for each in used if str(each).startswith("resource")} == {"resource_local"}


@pytest.mark.parametrize("about", [{"rec": 7}, {"child": 7}])
def test_what_waits_for_a_person_is_found_by_whom_it_is_about_and_not_among_all_that_waits(
    store: Any, about: dict[str, int]
) -> None:
    given = {"state": "open", "rec": None, "child": None, "number": None, "load": None, **about}
    sql, args = people.reviews_sql(**given)
    with store.lend(steady=True) as connection:
        if not store.dialect.along:
            used = {node.get("Index Name") for node in postgres_plan(connection, sql, args)}
        else:
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args)]
            used = set(re.findall(r"INDEX (review_\w+)", " ".join(steps)))
            assert "review_rec" in used

        assert "review_state" not in used


def has(source: str, param: str, inner: Criterion) -> Criterion:
    """`_has:source:param:inner`."""
    return Criterion("_has", "has", source, chained=inner, within=(param,))


HAVING = {
    "device": ("Device", has("Observation", "device", token("code", "1"))),
    "patient": ("Patient", has("Observation", "patient", token("code", "1", "loinc"))),
    "patient of a device": (
        "Patient",
        has("Device", "patient", has("Observation", "device", token("code", "1"))),
    ),
    "a chain before it": (
        "Observation",
        Criterion("patient", "reference", "Patient", chained=has("Device", "patient", token("_id", "d1"))),
    ),
    "a chain in it": (
        "Device",
        has(
            "Observation",
            "device",
            Criterion("patient", "reference", "Patient", chained=token("identifier", "7", "nhs")),
        ),
    ),
    "what is not so": ("Device", has("Observation", "device", token("code", "1", modifier="not"))),
}


@pytest.mark.parametrize("rare", [1000, 0], ids=["a criterion leads", "the order leads"])
@pytest.mark.parametrize("base", [ASK, "school"])
@pytest.mark.parametrize("name", HAVING)
def test_a_has_reads_only_what_refers(
    store: Any, monkeypatch: pytest.MonkeyPatch, name: str, base: str, rare: int
) -> None:
    monkeypatch.setattr(search, "RARE", rare)
    type, criterion = HAVING[name]
    with store.lend(steady=True) as connection:
        plan = search.planned(store.view(connection, base, type, ("hidden",)), Query(type, (criterion,)))
        for sql, args in (search.page_sql(plan, None, 20), search.total_sql(plan)):
            assert reads(store, connection, sql, args) == []


@pytest.mark.parametrize("base", [ASK, "school"])
def test_references_are_followed_through_indexes(store: Any, base: str) -> None:
    rows = store.search(base, Query("Observation"), limit=30).rows
    patients = store.search(base, Query("Patient"), limit=30).rows
    with store.lend(steady=True) as connection:
        observations, people = (store.view(connection, base, type) for type in ("Observation", "Patient"))
        devices = store.view(connection, base, "Device")
        own = [row for row in rows if row.feed == "school"]
        params = following.reference_params(observations, None, None)
        assert len(params) >= 2
        statements = [
            following.references_sql(observations, rows),
            following.naming_sql(people, patients, params, 100),
            following.naming_sql(people, patients[:1], params[:1], 100),
            following.naming_sql(observations, own, params, 100),
            following.naming_sql(devices, own[:1], params, 100),
        ]
        text, ids = store.dialect.any_of(["a", "b"])
        by_id = [following.called_sql(observations, source, ids, text) for source in (0, 1)]
        for (sql, args), index in zip(by_id, ("resource_public", "resource_local"), strict=True):
            assert index in used(store, connection, sql, args)
        statements += by_id
        for sql, args in statements:
            assert reads(store, connection, sql, args) == []


@pytest.mark.parametrize("base", [ASK, "school"])
def test_what_changed_is_found_by_one_index_alone(store: Any, base: str) -> None:
    with store.lend(steady=True) as connection:
        view = store.view(connection, base, "Observation")
        for sql, args in clause(view, date("_lastUpdated", 1, 2, "ge")).members:
            assert "resource_pkey" not in used(store, connection, sql, args)
            assert "PRIMARY KEY" not in used(store, connection, sql, args)


@pytest.mark.parametrize("base", [ASK, "school"])
@pytest.mark.parametrize("type", ["Observation", "Patient"])
def test_what_a_walk_passed_over_is_read_from_what_changed(store: Any, base: str, type: str) -> None:
    with store.lend(steady=True) as connection:
        view = store.view(connection, base, type)
        plan = search.planned(view, Query(type, (token("code", "1"),), (Sort("note"),)))
        asked = walks.passed_sql(plan, view.composed, Mark(5, 5, 5), (5, 9, 5), 20)

        assert reads(store, connection, *asked) == []
        assert ("child_moved" if view.composed else VERSIONS[bool(store.dialect.along)]) in used(
            store, connection, *asked
        )


def test_whether_rows_changed_is_read_from_their_own_versions(store: Any) -> None:
    text, rids = store.dialect.any_of([7, 8])
    with store.lend(steady=True) as connection:
        assert "version_rid" in used(store, connection, walks.CHANGED.format(text), (rids, 5))
        moved = used(store, connection, walks.MOVED.format(text), (rids, 5))
        assert "child_pkey" in moved or "SEARCH child USING INTEGER PRIMARY KEY (rowid=?)" in moved


#: The key of the versions as the two databases call it.
VERSIONS = {False: "version_pkey", True: "SEARCH version USING INTEGER PRIMARY KEY (rowid>?)"}


def used(store: Any, connection: Any, sql: str, args: Any) -> str:
    """The indexes of a plan, in words."""
    if store.dialect.along:
        return " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", args))
    return " ".join(node.get("Index Name", "") for node in postgres_plan(connection, sql, args))


def reads(store: Any, connection: Any, sql: str, args: Any) -> list[str]:
    """What the plan reads that it should not, where it is not the order that leads."""
    check = sqlite_reads if store.dialect.along else postgres_reads
    return check(connection, sql, args, False)
