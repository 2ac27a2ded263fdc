from typing import Any

import pytest

from gateway.mapping.conceptmaps import ABSENT_REASONS, Coding, Term, concepts, flatten
from gateway.mapping.memo import Unfit


def concept_map(*targets: dict[str, Any], **group: Any) -> dict[str, Any]:
    element = {"code": "1", "target": list(targets)}
    return {
        "resourceType": "ConceptMap",
        "url": "urn:map",
        "group": [{"source": "urn:from", "target": "urn:to", "element": [element], **group}],
    }


def target(code: str, equivalence: str = "equivalent", **more: Any) -> dict[str, Any]:
    return {"code": code, "equivalence": equivalence, **more}


def term(
    resource: dict[str, Any], unmapped: str = "reject-record", absent: dict[str, str] | None = None
) -> Term:
    table, problems = flatten(resource)
    assert not problems
    return Term("m", table, unmapped, absent or {})


def test_a_code_gives_its_target_with_system_and_display() -> None:
    found = term(concept_map(target("A", display="An “A”")))

    assert found.converter("code")("1") == "A"
    assert found.converter("coding")(" 1 ") == '{"system":"urn:to","code":"A","display":"An “A”"}'
    assert found.converter("concept")("1") == '{"coding":[{"system":"urn:to","code":"A","display":"An “A”"}]}'
    assert found.converter("display")("1") == "An “A”"


@pytest.mark.parametrize("equivalence", ["unmatched", "disjoint"])
def test_a_target_that_says_there_is_none_gives_nothing(equivalence: str) -> None:
    assert term(concept_map(target("A", equivalence))).converter("code")("1") == ""


def test_an_equivalent_target_wins_over_a_wider_one() -> None:
    assert term(concept_map(target("W", "wider"), target("E"))).converter("code")("1") == "E"


@pytest.mark.parametrize("equivalence", ["equivalent", "wider"])
def test_two_targets_of_one_rank_compete(equivalence: str) -> None:
    _, problems = flatten(concept_map(target("A", equivalence), target("B", equivalence)))

    assert [each.kind.code for each in problems] == ["mapping.concept-map-clash"]


def test_two_groups_give_two_codings_of_one_concept() -> None:
    both = concept_map(target("A"))
    both["group"].append(
        {"source": "urn:from", "target": "urn:too", "element": [{"code": "1", "target": [target("B")]}]}
    )

    made = term(both).converter("concept")("1")

    assert made == '{"coding":[{"system":"urn:to","code":"A"},{"system":"urn:too","code":"B"}]}'


@pytest.mark.parametrize(
    "broken",
    [
        concept_map(target("A", dependsOn=[{"property": "x", "value": "y"}])),
        concept_map(target("A"), unmapped={"mode": "other-map", "url": "urn:other"}),
        {"resourceType": "ConceptMap", "url": "urn:map"},
    ],
    ids=["depends on others", "leads to another", "empty"],
)
def test_a_map_that_cannot_be_a_table_is_refused(broken: dict[str, Any]) -> None:
    assert [each.kind.code for each in flatten(broken)[1]] == ["mapping.concept-map-shape"]


def test_a_code_the_map_does_not_know_follows_the_policy() -> None:
    resource = concept_map(target("A"))

    with pytest.raises(Unfit) as caught:
        term(resource).find("9")

    assert caught.value.kind.code == "record.unknown-code"
    assert "9" not in caught.value.details.values()
    assert term(resource, "drop-element").find("9") == ()
    assert term(resource, "keep-source").find("9") == (Coding("urn:from", "9"),)


def test_the_map_itself_can_name_a_target_for_all_other_codes() -> None:
    resource = concept_map(target("A"), unmapped={"mode": "fixed", "code": "O", "display": "Other"})

    assert term(resource).find("9") == (Coding("urn:to", "O", "Other"),)


def test_a_source_code_without_a_system_is_kept_as_text() -> None:
    resource = concept_map(target("A"))
    del resource["group"][0]["source"]

    assert term(resource, "keep-source").converter("concept")('"9"') == '{"text":"\\"9\\""}'


def test_a_code_that_says_why_there_is_none_gives_the_reason_and_no_value() -> None:
    found = term(concept_map(target("A")), absent={"REFU": "asked-declined", "": "unknown"})

    assert found.converter("concept")("REFU") == ""
    assert '"code":"asked-declined","display":"Asked But Declined"' in found.converter("absent")("REFU")
    assert '"code":"unknown"' in found.converter("absent")("")
    assert found.converter("absent")("1") == ""


def test_a_code_list_gives_each_code_itself_at_any_depth() -> None:
    table = concepts(
        {
            "resourceType": "CodeSystem",
            "url": "urn:list",
            "concept": [{"code": "A", "display": "a", "concept": [{"code": "A1", "display": "a one"}]}],
        }
    )

    assert Term("m", table).find("A1") == (Coding("urn:list", "A1", "a one"),)


def test_the_reasons_are_those_the_schema_allows() -> None:
    import json
    from importlib.resources import files

    schema = json.loads(files("gateway.mapping").joinpath("mapping-1.schema.json").read_text())
    absent = schema["properties"]["terms"]["additionalProperties"]["properties"]["absent"]

    assert absent["additionalProperties"]["enum"] == list(ABSENT_REASONS)
