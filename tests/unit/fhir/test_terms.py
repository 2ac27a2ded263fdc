"""Value sets and code systems as searches ask for them."""

from typing import Any

import pytest

from gateway.fhir.query import Token
from gateway.fhir.terms import Terms
from gateway.problems import Refused

ANIMALS = "http://x.example/animals"
SYSTEM = {
    "resourceType": "CodeSystem",
    "url": ANIMALS,
    "content": "complete",
    "concept": [
        {
            "code": "animal",
            "concept": [
                {"code": "dog", "concept": [{"code": "terrier"}]},
                {"code": "cat", "property": [{"code": "indoors", "valueBoolean": True}]},
            ],
        },
        {"code": "wolfdog", "property": [{"code": "parent", "valueCode": "dog"}]},
        {"code": "stone"},
    ],
}


def set_of(**compose: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "url": "urn:set", "version": "1", "compose": compose}


def codes(*resources: dict[str, Any], url: str = "urn:set") -> set[str]:
    return {token.code for token in Terms(lambda: (SYSTEM, *resources)).value_set(url)}


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ({"include": [{"system": ANIMALS}]}, {"animal", "dog", "terrier", "cat", "wolfdog", "stone"}),
        ({"include": [{"system": ANIMALS, "concept": [{"code": "cat"}]}]}, {"cat"}),
        (
            {
                "include": [
                    {"system": ANIMALS, "filter": [{"property": "concept", "op": "is-a", "value": "dog"}]}
                ]
            },
            {"dog", "terrier", "wolfdog"},
        ),
        (
            {
                "include": [
                    {
                        "system": ANIMALS,
                        "filter": [{"property": "concept", "op": "descendent-of", "value": "dog"}],
                    }
                ]
            },
            {"terrier", "wolfdog"},
        ),
        (
            {
                "include": [
                    {"system": ANIMALS, "filter": [{"property": "indoors", "op": "=", "value": "true"}]}
                ]
            },
            {"cat"},
        ),
        (
            {
                "include": [{"system": ANIMALS}],
                "exclude": [
                    {"system": ANIMALS, "filter": [{"property": "concept", "op": "is-a", "value": "animal"}]}
                ],
            },
            {"stone"},
        ),
    ],
)
def test_a_value_set_has_the_codes_of_its_composition(compose: Any, expected: set[str]) -> None:
    assert codes(set_of(**compose)) == expected
    assert codes(set_of(**compose), url="urn:set|1") == expected


def test_above_and_below_follow_the_hierarchy_both_ways_of_writing_it() -> None:
    terms = Terms(lambda: [SYSTEM])

    assert {each.code for each in terms.related(Token(ANIMALS, "dog"), "below")} == {
        "dog",
        "terrier",
        "wolfdog",
    }
    assert {each.code for each in terms.related(Token(ANIMALS, "terrier"), "above")} == {
        "terrier",
        "dog",
        "animal",
    }
    assert {each.code for each in terms.related(Token(ANIMALS, "fish"), "below")} == {"fish"}


def test_value_sets_that_r4_requires_are_known() -> None:
    terms = Terms()
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"

    assert {each.code for each in terms.value_set(url)} == {"male", "female", "other", "unknown"}
    assert terms.value_set(f"{url}|4.0.1") == terms.value_set(url)


@pytest.mark.parametrize(
    "compose",
    [
        {"include": [{"system": "http://x.example/other"}]},
        {"include": [{"system": ANIMALS, "filter": [{"property": "x", "op": "regex", "value": "a"}]}]},
        {"include": [{"valueSet": ["urn:set"]}]},
    ],
    ids=["a system that is not there", "a filter that is not understood", "a set of itself"],
)
def test_a_value_set_that_cannot_be_listed_is_refused(compose: Any) -> None:
    with pytest.raises(Refused) as caught:
        codes(set_of(**compose))

    assert caught.value.problems[0].kind.code == "search.value-set"
