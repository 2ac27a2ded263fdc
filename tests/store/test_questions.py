"""Random resources, random questions: the store must find what a plain reading of the rules finds."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from told import child_of, patient, version, walk

from gateway.fhir.query import Criterion, Entry, Query, Sort, Span, Target, Text, Token, Value
from gateway.store import inorder, search
from gateway.store.base import ASK, Put, Store

_TOKENS = st.builds(Token, st.sampled_from(["", "s", "t"]), st.sampled_from(["1", "2", "3"]))
_TEXTS = st.sampled_from(["a", "ab", "abc", "b"]).flatmap(
    lambda text: st.sampled_from([Text(text, text), Text(text, text.upper())])
)
_SPANS = st.tuples(st.integers(0, 6), st.integers(1, 4)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))
_TARGETS = st.builds(
    Target, st.sampled_from(["Device/1", "Device/2", "https://x.example/1"]), st.just(""), st.just("")
)
_ENTRY = st.one_of(
    st.builds(Entry, st.just("code"), _TOKENS),
    st.builds(Entry, st.just("note"), _TEXTS),
    st.builds(Entry, st.just("device"), _TARGETS),
    st.builds(Entry, st.just("value-date"), _SPANS),
)
_ABOUT = st.sampled_from(["p1", "p2", "p3"])
_RESOURCES = st.lists(
    st.tuples(_ABOUT, st.one_of(st.none(), _SPANS), st.lists(_ENTRY, max_size=4)), max_size=8
)


def _values(of: st.SearchStrategy) -> st.SearchStrategy[tuple[Value, ...]]:  # type: ignore[type-arg]
    return st.lists(st.builds(Value, of), min_size=1, max_size=2).map(tuple)


_ASKED_TOKENS = st.builds(
    Token, st.sampled_from(["*", "", "s", "u"]), st.sampled_from(["1", "2", "3", "9", "*"])
).filter(lambda token: token != Token("*", "*"))
_TRUTH = st.sampled_from(["true", "false"]).map(lambda code: (Value(Token("", code)),))
_CRITERION = st.one_of(
    st.builds(
        Criterion, st.just("code"), st.just("token"), st.sampled_from(["", "not"]), _values(_ASKED_TOKENS)
    ),
    st.builds(
        Criterion,
        st.just("note"),
        st.just("string"),
        st.sampled_from(["", "exact", "contains"]),
        _values(_TEXTS),
    ),
    st.builds(
        Criterion,
        st.just("date"),
        st.just("date"),
        st.just(""),
        st.lists(
            st.builds(Value, _SPANS, st.sampled_from(["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])),
            min_size=1,
            max_size=2,
        ).map(tuple),
    ),
    st.builds(Criterion, st.just("device"), st.just("reference"), st.just(""), _values(_TARGETS)),
    *(
        st.builds(Criterion, st.just(param), st.just(kind), st.just("missing"), _TRUTH)
        for param, kind in (("code", "token"), ("note", "string"), ("date", "date"), ("device", "reference"))
    ),
)
_SORTED = ["date", "value-date", "code", "note", "device", "_id", "nothing"]
_SORTS = st.lists(
    st.builds(Sort, st.sampled_from(_SORTED), st.booleans()),
    max_size=3,
).map(tuple)


def meets(put: Put, criterion: Criterion) -> bool:
    """Whether a resource meets a criterion, read from the rules."""
    own = [entry.value for entry in put.entries if entry.param == criterion.param]
    if criterion.modifier == "missing":
        return (criterion.values[0].value.code == "true") == (not own)  # type: ignore[union-attr]
    found = any(_same(value, asked, criterion.modifier) for value in own for asked in criterion.values)
    return not found if criterion.modifier == "not" else found


def _same(own, value: Value, modifier: str) -> bool:  # type: ignore[no-untyped-def]
    asked = value.value
    if isinstance(asked, Token):
        return asked.system in ("*", own.system) and asked.code in ("*", own.code)
    if isinstance(asked, Text):
        if modifier == "exact":
            return own.exact == asked.exact
        return asked.folded in own.folded if modifier == "contains" else own.folded.startswith(asked.folded)
    if isinstance(asked, Target):
        return own.to == asked.to
    inside = asked.low <= own.low and own.high <= asked.high
    above, below = own.high > asked.high, own.low < asked.low
    return {
        "eq": inside,
        "ne": not inside,
        "gt": above,
        "lt": below,
        "ge": own.high > asked.low,
        "le": own.low < asked.high,
        "sa": own.low >= asked.high,
        "eb": own.high <= asked.low,
        "ap": own.low < asked.high and own.high > asked.low,
    }[value.prefix]


def ordered(puts: list[Put], sort: tuple[Sort, ...], rids: dict[str, int]) -> list[Put]:
    """The order of a search, by stable sorts from the last key to the first."""
    puts = sorted(puts, key=lambda put: put.public)
    newest = sorted(puts, key=lambda put: (put.time is None, -(put.time or 0)))
    if not sort:
        return newest
    last = sort[-1]
    if last.param == "date":
        puts = puts if last.descending else puts[::-1]
    elif last.param != "_id":
        # what is alike comes as it was numbered, and what has no value in the order without sort
        there = [put for put in newest if _sort_key(put, last) is not None]
        there.sort(key=lambda put: rids[put.public], reverse=last.descending)
        puts = there + [put for put in newest if put not in there]
    for each in reversed(sort):
        keys = {put.public: _sort_key(put, each) for put in puts}
        there = [put for put in puts if keys[put.public] is not None]
        there.sort(key=lambda put: keys[put.public], reverse=each.descending)  # type: ignore[arg-type, return-value]
        puts = there + [put for put in puts if keys[put.public] is None]
    return puts


def _sort_key(put: Put, sort: Sort) -> object:
    if sort.param == "_id":
        return put.local
    fields = {"date": "low", "value-date": "low", "code": "code", "note": "folded", "device": "to"}
    own = [getattr(entry.value, fields[entry.param]) for entry in put.entries if entry.param == sort.param]
    return (max(own) if sort.descending else min(own)) if own else None


@pytest.mark.parametrize(
    "how",
    [(1000, 1000, 1000), (0, 1000, 1000), (0, 0, 1000), (0, 0, 2)],
    ids=["a criterion leads", "the order leads", "value by value", "not for long"],
)
@pytest.mark.parametrize("base", ["school", ASK])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    resources=_RESOURCES,
    questions=st.lists(
        st.tuples(st.lists(_CRITERION, max_size=3).map(tuple), _SORTS, st.integers(1, 3)),
        min_size=3,
        max_size=6,
    ),
)
def test_the_store_finds_what_the_rules_say(  # type: ignore[no-untyped-def]
    monkeypatch,
    empty_store: Callable[[], Store],
    how,
    base: str,
    resources,
    questions,
) -> None:
    rare, group, budget = how
    monkeypatch.setattr(search, "RARE", rare)
    monkeypatch.setattr(search, "BUDGET", budget)
    monkeypatch.setattr(inorder, "GROUP", group)
    puts = [
        version(
            f"o{at}",
            about=about,
            time=when.low if when else None,
            entries=(*entries, *([Entry("date", when)] if when else [])),
        )
        for at, (about, when, entries) in enumerate(resources)
    ]
    store = empty_store()
    with store.write() as work:
        work.put([patient("p1"), patient("p2"), *puts, version("x", feed="council")])
        # p3 has no child, so those who ask do not see what is about it
        child_of(work, "school", "p1", "ada")
        child_of(work, "school", "p2", "ben")
    seen = [put for put in puts if base != ASK or put.about != "p3"]
    if base == ASK:
        # references are asked by the ids of /fhir there; absolute ones are the same on both
        questions = [q for q in questions if not any(_local_reference(c) for c in q[0])]

    rids = {row.public: row.rid for row in store.search(base, Query("Observation"), limit=100).rows}

    for criteria, sort, limit in questions:
        pages = walk(store, base, Query("Observation", criteria, sort), limit)

        expected = ordered([put for put in seen if all(meets(put, c) for c in criteria)], sort, rids)
        assert [row.local for page in pages for row in page.rows] == [put.local for put in expected]
        assert {page.total for page in pages} == {len(expected)}
    store.close()


def _local_reference(criterion: Criterion) -> bool:
    return any(isinstance(v.value, Target) and not v.value.to.startswith("https:") for v in criterion.values)
