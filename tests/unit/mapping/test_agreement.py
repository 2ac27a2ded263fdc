"""The fast path and the slow one give the same answer, resource for resource and byte for byte."""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.mapping import Ids, Translator, load
from gateway.mapping.file import Mapping

LOOSE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.one_of(
    st.sampled_from(
        ["", "", "1", "2", "M", "F", "true", "false", "Y", "UN4", "x", "A B", "{{x}}", '"', "\\"]
    ),
    st.text(max_size=6),
)
days = st.one_of(
    st.sampled_from(["", "2012-03-04", "04/03/2012", "29/02/2011", "2012-03", "31/02/2015", "zz/05/2019"]),
    st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
)
numbers = st.one_of(
    st.sampled_from(["", "0", "17", "1.50", "-3", "x", "007", "99999999999"]), st.integers().map(str)
)
upns = st.sampled_from(["", "F201900116001", "B201900119033", "M20190022104V", "UN3", "f201900116001", "123"])
any_cell = st.one_of(texts, days, numbers, upns)
need = st.tuples(numbers, st.sampled_from(["", "SLCN", "REFU", "XX"]), days).map(lambda row: [*row, 20])
phone = st.tuples(texts, texts).map(lambda row: [*row, 40])
contact = st.builds(
    lambda order, name, role, phones: [order, name, role, phones, 30],
    numbers,
    texts,
    st.sampled_from(["", "PAM", "SWR", "ZZ"]),
    st.lists(phone, max_size=2),
)
result = st.tuples(st.sampled_from(["ENG", "MAT", "ART", ""]), numbers, days).map(lambda row: [*row, 60])
care = st.lists(texts.map(lambda text: [text, 80]), max_size=1)
pupils = st.builds(
    lambda cells, needs, contacts, results, cares: [*cells, needs, contacts, results, cares, 10],
    st.tuples(upns, texts, texts, days, st.sampled_from(["M", "F", "", "X"]), texts, texts, texts),
    st.lists(need, max_size=3),
    st.lists(contact, max_size=2),
    st.lists(result, max_size=3),
    care,
)


def agree(translator: Translator, row: list[Any]) -> None:
    """Both paths: the same resources and the same verdict."""
    fast = translator.translate(row)
    slow = translator.explain(row)
    assert bool(fast.problems) == bool(slow.problems)
    assert fast.resources == ([] if slow.problems else slow.resources)
    assert [str(each) for each in fast.dropped] == [str(each) for each in slow.dropped]
    assert [str(each) for each in fast.warnings] == [str(each) for each in slow.warnings]


@LOOSE
@given(cells=st.lists(any_cell, min_size=20, max_size=20))
def test_on_flat_rows_of_anything(flat_translator: Translator, cells: list[str]) -> None:
    agree(flat_translator, [*cells, 2])


@LOOSE
@given(row=pupils)
def test_on_nested_rows_of_anything(nested_translator: Translator, row: list[Any]) -> None:
    agree(nested_translator, row)


def test_on_the_rows_of_the_other_tests(
    flat_translator: Translator, nested_translator: Translator, flat_row: list[Any], pupil: list[Any]
) -> None:
    agree(flat_translator, flat_row)
    agree(nested_translator, pupil)


CASES = """
mapping: 1
id: cases
version: 1.0.0
target: {fhir: 4.0.1}
source:
  format: json
  dates: dd/MM/yyyy
  records:
    child: {each: ., key: [a], fields: {a: a, b: b, c: c}}
    kid: {each: kids, within: child, fields: {x: x}}
emit:
  - resourceType: Patient
    $key: ["'k' & a"]
  - resourceType: Basic
    $key: [a, b]
    $if: %s
    code: {coding: [{system: "urn:x", code: = a}, {system: "urn:y", code: fixed}], text: %s}
    created: %s
    extension:
      - {url: "urn:1", valueString: %s}
      - {$if: %s, url: "urn:2", valueInteger: %s}
      - {url: "urn:3", valueBoolean: %s}
      - url: "urn:4"
        extension: [{url: a, valueString: = b}, {url: b, valueCode: "= iif(c = 'x', 'one', 'two')"}]
      - {url: "urn:5", valueCodeableConcept: {coding: [{$for: kid, system: "urn:k", code: = x}]}}
      - {url: "urn:6", valueReference: "= ref(Patient, a.date() & 'y')"}
"""

TESTS = [
    "a.exists() and b.exists()",
    "a.date() < b.date() or c = 'x'",
    "(a = b).not() and c != 'y'",
    "iif(a.exists(), b = 'x', c.matches('^[0-9]+$'))",
    "coalesce(a = 'x', b = 'y', c.empty())",
    "c.boolean('Y,1', 'N,0')",
    "not(c.boolean('Y,1', 'N,0')) and kid.exists()",
    "a in ('x' | '1') and kid.count() > 0",
    "c.integer() >= b.integer()",
]
VALUES = [
    "a & '/' & b",
    "a + '/' + b",
    "'(' & coalesce(b, c) & (a + c) & ')'",
    "a.split(' ').first()",
    "iif(b = 'x', a.upper(), c.trim())",
    "a.split(' ').join('-') & kid.count().string()",
    "a.substring(1, 2).replace('x', 'y')",
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("test", TESTS)
def test_on_every_pair_of_tests_and_values(test: str, value: str) -> None:
    quoted = [f'"= {each}"' for each in (test, value, "b.date()", value, test, "c.integer()", test)]
    mapping: Mapping = load(CASES % tuple(quoted), file="cases.yaml")
    translator = Translator(mapping, Ids(b"x", "x"))
    pool = ["", "x", "y", "1", "7", "a b", "04/03/2012", "05/03/2012", "Y", "N", '"\\']

    for a in pool:
        for b in pool[:9]:
            for c in ("", "x", "1", "N", "Y"):
                agree(translator, [a, b, c, [["k", 2], ["", 3]] if a == "x" else [], 1])


@LOOSE
@example(a="x", b="", c="")
@given(a=any_cell, b=any_cell, c=any_cell)
def test_on_cells_nobody_thought_of(a: str, b: str, c: str) -> None:
    quoted = [
        f'"= {each}"'
        for each in (TESTS[1], VALUES[2], "b.date()", VALUES[0], TESTS[4], "c.integer()", TESTS[6])
    ]
    translator = Translator(load(CASES % tuple(quoted), file="cases.yaml"), Ids(b"x", "x"))

    agree(translator, [a, b, c, [[a, 2]], 1])
