"""The mappings that ship with fhirgate: proved, tested, and the same by both paths."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from io import BytesIO
from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.validate import validate
from gateway.mapping import Ids, Translator, load_folder, located
from gateway.mapping.examples import Example, read_examples, rows_given, run_example
from gateway.mapping.file import Mapping as Mapped
from gateway.problems import Refused
from gateway.records import Broken, Reading, Row
from gateway.resources import shipped
from gateway.sources import open_source
from gateway.sources.csv import open_csv
from gateway.sources.files import File, gather
from gateway.sources.json import open_json
from gateway.sources.xml import open_xml

FOLDERS = sorted(path.parent for path in shipped("mappings").glob("*/mapping.yaml"))
EXAMPLES = [
    pytest.param(folder.name, example, id=f"{folder.name}: {example.name}")
    for folder in FOLDERS
    for example in read_examples((folder / "tests.yaml").read_text("utf-8"), f"{folder.name}/tests.yaml")
]


@cache
def mapping(name: str) -> Mapped:
    return load_folder(shipped("mappings") / name, profiles=[shipped("profiles")])


def given(mapped: Mapped, source: Any) -> tuple[Iterable[Row], Mapping[str, str]]:
    kind = mapped.source.format
    if kind == "csv":
        return rows_given(mapped, source)
    files = gather({"given": BytesIO(source.encode())}, kind)
    with given_file(files[0], mapped) as reading:
        rows = [row for row in reading.rows if not isinstance(row, Broken)]
        return rows, reading.context


def test_the_shipped_mappings_are_there() -> None:
    assert set(SETTINGS) == {folder.name for folder in FOLDERS}


@pytest.mark.parametrize("name", [folder.name for folder in FOLDERS])
def test_a_shipped_mapping_uses_or_ignores_every_field(name: str) -> None:
    assert [each.says for each in mapping(name).warnings] == []


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_a_shipped_mapping_passes_its_tests(name: str, example: Example) -> None:
    assert run_example(example, mapping(name), given).differences == ()


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_what_a_shipped_mapping_makes_is_r4_and_the_same_by_both_paths(name: str, example: Example) -> None:
    mapped = mapping(name)
    rows, context = given(mapped, example.given)
    translator = Translator(mapped, Ids(b"key", "feed"), given=example.set, context=context)

    for row in rows:
        fast, slow = translator.translate(row), translator.explain(row)
        assert [each[3] for each in fast.resources] == [
            each[3] for each in slow.resources if not slow.problems
        ]
        for _, _, _, text in fast.resources:
            assert [each.says for each in validate(json.read(text))] == []


@pytest.mark.parametrize("name", [folder.name for folder in FOLDERS])
def test_the_rules_of_a_shipped_mapping_carry_the_name_of_its_return(name: str) -> None:
    names = [rule.name for rule in mapping(name).rules]

    assert {each.split("-")[0] for each in names} == {name.split("-")[0]}


@pytest.mark.parametrize("name", [folder.name for folder in FOLDERS])
def test_the_tests_of_a_shipped_mapping_reach_every_rule(name: str) -> None:
    mapped = mapping(name)
    examples = [param.values[1] for param in EXAMPLES if param.values[0] == name]
    made = [one for each in examples for one in run_example(each, mapped, given).translations]
    reached = {number for each in made for number, *_ in each.resources}

    assert [rule.name for number, rule in enumerate(mapped.rules) if number not in reached] == []


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_row_has_an_identifier_that_lasts_and_tells_nothing(name: str, example: Example) -> None:
    mapped = mapping(name)
    rows, context = given(mapped, example.given)
    rows = list(rows)

    def numbers(feed: str) -> list[tuple[str, str]]:
        translator = Translator(mapped, Ids(b"key", feed), given=example.set, context=context)
        made = [json.read(each[3]) for row in rows for each in translator.translate(row).resources]
        facts = [each for each in made if each["resourceType"] != "Patient"]
        found = [identifier for each in facts for identifier in each["identifier"]]
        assert len(found) == len(facts)
        return [(each["system"], each["value"]) for each in found]

    told = numbers("feed")
    # children of a payload may share the number of a block, such as a sibling's assessment
    rows_only = [each for each in told if "/Id/csc-block/" not in each[0]]

    assert told == numbers("feed")
    assert len(set(rows_only)) == len(rows_only)
    assert {system for system, _ in rows_only} <= {
        ROW + ("" if name == "oneroster" else "dfe-") + FORMAT[name]
    }
    assert all(re.fullmatch("[0-9a-f]{32}", value) for _, value in rows_only)
    assert not {value for _, value in rows_only} & {value for _, value in numbers("other")}


ROW = "https://fhirgate.example/Id/row/"
# the forms of one return tell of the same rows
FORMAT = {folder.name: folder.name for folder in FOLDERS} | {
    "school-census-left": "school-census",
    "school-census-xml": "school-census",
    "ssda903-xml": "ssda903",
}


SETTINGS = {
    "cin": {},
    "csc-api": {"la": "201"},
    "ctf": {},
    "oneroster": {"source": "201-9001"},
    "school-census": {"census": "2026-SPR"},
    "school-census-left": {"census": "2026-SPR"},
    "school-census-xml": {},
    "ssda903": {"la": "201", "year": "2025-26"},
    "ssda903-xml": {"la": "201", "year": "2025-26"},
}


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_the_sample_beside_a_shipped_mapping_maps_without_a_word(name: str) -> None:
    mapped, folder = mapping(name), shipped("mappings") / name
    kind = mapped.source.format
    files = gather(folder / "sample" if kind == "csv" else folder / f"sample.{kind}", kind)
    with open_csv(files, mapped.source) if kind == "csv" else given_file(files[0], mapped) as reading:
        rows = list(reading.rows)
        translator = Translator(mapped, Ids(b"key", "feed"), given=SETTINGS[name], context=reading.context)
        made = [translator.translate(row) for row in rows if not isinstance(row, Broken)]

    assert rows
    assert all(each.resources for each in made if name != "oneroster") and any(
        each.resources for each in made
    )
    assert [each.says for one in made for each in (*one.problems, *one.dropped, *one.warnings)] == []
    assert [each.says for each in reading.warnings] == []


@pytest.mark.parametrize(
    ("payload", "refused"),
    [
        pytest.param('{"la_code": 201, "Children": [%s]}', False, id="its own"),
        pytest.param('{"la_code": "202", "Children": [%s]}', True, id="another"),
        pytest.param('{"Children": [%s], "la_code": 202}', True, id="another, said last"),
        pytest.param("[%s]", False, id="not said"),
    ],
)
def test_a_payload_of_another_authority_is_refused(payload: str, refused: bool) -> None:
    mapped = mapping("csc-api")
    child = '{"la_child_id": "1", "child_details": {"sex": "F"}}'

    with open_source({"f.json": BytesIO((payload % child).encode())}, mapped.source) as reading:
        found = []
        try:
            Translator(
                mapped, Ids(b"key", "f"), given={"la": "201"}, context=reading.context, files=reading.names
            )
        except Refused as error:
            found = [(each.kind.code, each.place.file, each.field) for each in error.problems]

    assert found == ([("mapping.given-differs", "f.json", "la")] if refused else [])


def given_file(file: File, mapped: Mapped) -> Reading:
    return (open_xml if mapped.source.format == "xml" else open_json)(file, mapped.source)


def test_a_flag_of_one_year_is_ended_by_the_return_of_the_next() -> None:
    header = [{"CHILD": "1", "SEX": "F", "DOB": "04/03/2012"}]
    began = {"CHILD": "1", "DECOM": "01/05/2025", "RNE": "S", "LS": "C2", "DEC": "01/03/2026", "REC": "X1"}
    moved = {"CHILD": "1", "DECOM": "01/03/2026", "RNE": "P", "LS": "C2"}
    first = {"header": header, "episodes": [began, moved]}
    then = {"header": header, "episodes": [moved | {"DEC": "01/09/2026", "REC": "E4A"}]}

    flags = [ssda903_flag(first, "2025-26"), ssda903_flag(then, "2026-27")]

    assert flags[0]["id"] == flags[1]["id"]
    assert [each["status"] for each in flags] == ["active", "inactive"]


def ssda903_flag(source: Any, year: str) -> Any:
    mapped = mapping("ssda903")
    rows, _ = rows_given(mapped, source)
    translator = Translator(mapped, Ids(b"key", "feed"), given={"la": "201", "year": year})
    return next(
        json.read(each[3])
        for row in rows
        for each in translator.translate(row).resources
        if each[1] == "Flag"
    )


def rules(name: str) -> dict[str, Any]:
    """The rules of a shipped mapping as they are written, by their names."""
    text = (shipped("mappings") / name / "mapping.yaml").read_text("utf-8")
    return {each["$rule"]: each for each in located.plain(located.read(text, name))["emit"]}


def alike(one: Any, other: Any, but: Callable[[Any], Any]) -> list[str]:
    """The rules of the same name that are not the same, whatever `but` takes away from each."""
    return [name for name in one.keys() & other.keys() if but(one[name]) != but(other[name])]


def test_both_forms_of_ssda903_have_the_same_rules() -> None:
    of_csv, of_xml = rules("ssda903"), rules("ssda903-xml")

    # the XML has no social workers
    assert of_csv.keys() - of_xml.keys() == {"ssda903-social-work-team"} and of_xml.keys() <= of_csv.keys()
    assert alike(of_csv, of_xml, lambda rule: {**rule, "participant": None}) == []


@pytest.mark.parametrize("other", ["school-census-left", "school-census-xml"])
def test_every_form_of_the_school_census_has_the_same_rules(other: str) -> None:
    extract, form = rules("school-census"), rules(other)
    # only the XML names the school; only who has left has an end; the extract has three columns of reasons
    differing = {"performer", "managingOrganization"}
    ended = {"status", "period"}

    def but(rule: Any) -> Any:
        left_out = differing | (ended if rule["$rule"] == "school-census-enrolment" else set())
        left_out |= {"component"} if rule["$rule"] == "school-census-exclusion" else set()
        return {name: value for name, value in rule.items() if name not in left_out}

    assert len(extract.keys() & form.keys()) >= 7
    assert alike(extract, form, but) == []
