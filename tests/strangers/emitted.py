"""What fhirgate emits: by its mappings, and by its server on every path."""

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from gateway.mapping import Ids, Translator, load_folder
from gateway.mapping.examples import Example, read_examples, rows_given, run_example
from gateway.mapping.file import Mapping
from gateway.records import Broken, Reading
from gateway.resources import shipped
from gateway.sources.csv import open_csv
from gateway.sources.files import gather
from gateway.sources.json import open_json
from gateway.sources.xml import open_xml


@cache
def mapping(name: str) -> Mapping:
    """A shipped mapping."""
    return load_folder(shipped("mappings") / name, profiles=[shipped("profiles")])


def mappings() -> list[str]:
    """The names of the shipped mappings."""
    return sorted(path.parent.name for path in shipped("mappings").glob("*/mapping.yaml"))


def examples(name: str) -> list[Example]:
    """The tests beside a mapping."""
    return read_examples((shipped("mappings") / name / "tests.yaml").read_text("utf-8"), f"{name}/tests.yaml")


def of_examples(name: str) -> Iterator[tuple[str, str]]:
    """What a mapping makes of its own tests."""
    for example in examples(name):
        for made in run_example(example, mapping(name), _given).translations:
            for _, _, id, text in made.resources:
                yield f"{name}: {example.name}: {id}", text


def of_sample(name: str) -> Iterator[tuple[str, str]]:
    """What a mapping makes of the sample beside it."""
    mapped = mapping(name)
    files = gather(sample(name), mapped.source.format)
    with _opened(files, mapped) as reading:
        rows = list(reading.rows)
        translator = Translator(mapped, Ids(b"key", "feed"), given=settings(name), context=reading.context)
        for row in rows:
            assert not isinstance(row, Broken)
            for _, type, id, text in translator.translate(row).resources:
                yield f"{name}: sample: {type}/{id}", text


def sample(name: str) -> Path:
    """The sample beside a mapping, a file or a folder."""
    kind = mapping(name).source.format
    return Path(str(shipped("mappings"))) / name / ("sample" if kind == "csv" else f"sample.{kind}")


def settings(name: str) -> dict[str, str]:
    """Values for what a mapping asks for: those of the test that gives most."""
    return dict(max((example.set for example in examples(name)), key=len, default={}))


def _given(mapped: Mapping, source: Any) -> Any:
    kind = mapped.source.format
    if kind == "csv":
        return rows_given(mapped, source)
    with _opened(gather({"given": BytesIO(source.encode())}, kind), mapped) as reading:
        rows = [row for row in reading.rows if not isinstance(row, Broken)]
        return rows, reading.context


def _opened(files: Any, mapped: Mapping) -> Reading:
    if mapped.source.format == "csv":
        return open_csv(files, mapped.source)
    return (open_xml if mapped.source.format == "xml" else open_json)(files[0], mapped.source)
