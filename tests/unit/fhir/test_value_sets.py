from typing import Any

import pytest

from gateway.fhir.value_sets import codes_of

SYSTEM = "https://example.org/CodeSystem/s"
WHOLE = {
    "resourceType": "CodeSystem",
    "content": "complete",
    "concept": [{"code": "a", "concept": [{"code": "b"}]}, {"code": "c"}],
}
KNOWN: dict[str, dict[str, Any]] = {
    SYSTEM: WHOLE,
    "part": {**WHOLE, "content": "fragment"},
    "v": {
        "resourceType": "ValueSet",
        "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "a"}]}]},
    },
    "loop": {"resourceType": "ValueSet", "compose": {"include": [{"valueSet": ["loop"]}]}},
}


@pytest.mark.parametrize(
    ("value_set", "codes"),
    [
        ({"include": [{"system": "x", "concept": [{"code": "1"}]}]}, {("x", "1")}),
        ({"include": [{"system": SYSTEM}]}, {(SYSTEM, "a"), (SYSTEM, "b"), (SYSTEM, "c")}),
        ({"include": [{"valueSet": ["v"]}]}, {(SYSTEM, "a")}),
        ({"include": [{"system": SYSTEM, "valueSet": ["v"]}]}, {(SYSTEM, "a")}),
        (
            {"include": [{"system": SYSTEM}], "exclude": [{"valueSet": ["v"]}]},
            {(SYSTEM, "b"), (SYSTEM, "c")},
        ),
        ({"include": [{"system": "part"}]}, None),
        ({"include": [{"system": "nowhere"}]}, None),
        ({"include": [{"valueSet": ["nowhere"]}]}, None),
        ({"include": [{"valueSet": ["loop"]}]}, None),
        ({"include": [{"system": SYSTEM, "filter": [{"property": "concept"}]}]}, None),
        ({"include": [{"system": SYSTEM}], "exclude": [{"system": "nowhere"}]}, None),
    ],
    ids=[
        *("listed", "whole system", "another set", "both", "excluded", "fragment", "no system", "no set"),
        *("a set of itself", "filter", "excluded but not known"),
    ],
)
def test_the_codes_of_a_composition(value_set: dict[str, Any], codes: set[tuple[str, str]] | None) -> None:
    found = codes_of({"compose": value_set}, KNOWN.get)

    assert found == (None if codes is None else frozenset(codes))


def test_an_expansion_is_taken_before_the_composition_and_its_headings_are_no_codes() -> None:
    inner = [{"system": "x", "code": "2"}]
    expansion = {"contains": [{"system": "x", "code": "1", "abstract": True, "contains": inner}]}

    assert codes_of({"expansion": expansion, "compose": {"include": []}}, KNOWN.get) == {("x", "2")}


def test_a_set_that_says_nothing_is_not_known() -> None:
    assert codes_of({"resourceType": "ValueSet"}, KNOWN.get) is None
