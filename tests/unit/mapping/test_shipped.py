"""The mappings that ship with fhirgate: proved, tested, and the same by both paths."""

from collections.abc import Iterable, Mapping
from functools import cache
from io import BytesIO
from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.validate import validate
from gateway.mapping import Ids, Translator, load_folder
from gateway.mapping.examples import Example, read_examples, rows_given, run_example
from gateway.mapping.file import Mapping as Mapped
from gateway.records import Broken, Row
from gateway.resources import shipped
from gateway.sources.files import gather
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
    with (open_xml if kind == "xml" else open_json)(files[0], mapped.source) as reading:
        rows = [row for row in reading.rows if not isinstance(row, Broken)]
        return rows, reading.context


def test_the_shipped_mappings_are_there() -> None:
    assert {"csc-api", "ctf", "ssda903"} <= {folder.name for folder in FOLDERS}


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
