"""docs/reference/mapping.md says what the language does; this file, run by itself, writes its table."""

import json
import re
from pathlib import Path

from gateway.mapping import Translator, load
from gateway.mapping.examples import read_examples, run_example
from gateway.mapping.ids import Ids
from gateway.mapping.shelf import FORMS, FUNCTIONS

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "mapping.md"
START = "<!-- functions: made by tests/unit/mapping/test_reference.py -->\n"
END = "<!-- end of functions -->"


def table() -> str:
    """The tables of functions and forms."""
    lines = ["| function | on | gives | | |", "|---|---|---|---|---|"]
    for each in FUNCTIONS.values():
        value, made = each.shows
        usage = each.usage.replace("|", "\\|")
        example = f"`{value}` → `{made}`".replace("|", "\\|")
        lines.append(f"| `{usage}` | {', '.join(each.takes)} | {each.gives} | {each.says} | {example} |")
    lines += ["", "Part of the language:", "", "| | gives | |", "|---|---|---|"]
    lines += [f"| `{each.usage}` | {each.gives} | {each.says} |" for each in FORMS.values()]
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """The page with its table as the code has it."""
    before, _, rest = page.partition(START)
    return f"{before}{START}{table()}{END}{rest.partition(END)[2]}"


def blocks(word: str) -> list[str]:
    found = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [each for each in found if each.startswith(word)]


def test_the_table_of_functions_is_that_of_the_shelf() -> None:
    page = PAGE.read_text("utf-8")

    assert START in page and END in page
    assert page == with_table(page)


def test_the_mapping_and_the_tests_on_the_page_work() -> None:
    mapping = load(blocks("mapping:")[0], file="mapping.yaml")
    examples = read_examples(blocks("tests:")[0])

    assert mapping.warnings == ()
    assert [run_example(each, mapping).differences for each in examples] == [(), ()]


def test_the_mapping_on_the_page_makes_what_it_says() -> None:
    mapping = load(blocks("mapping:")[0], file="mapping.yaml")
    translator = Translator(mapping, Ids(b"x", "x"), given={"school": "999001"})
    row = ["F201900116001", "O'NEIL", "Ann", "04/03/2012", "F", "141.0", "01/09/2025", "Red", 2]

    patient, height = (json.loads(each[3]) for each in translator.translate(row).resources)

    assert patient["name"] == [{"use": "official", "family": "O'Neil", "given": ["Ann"]}]
    assert patient["managingOrganization"]["identifier"]["value"] == "999001"
    assert height["subject"] == {"reference": f"Patient/{patient['id']}"}


def test_every_word_of_the_schema_is_on_the_page() -> None:
    from importlib.resources import files

    schema = json.loads(files("gateway.mapping").joinpath("mapping-1.schema.json").read_text())
    page = PAGE.read_text("utf-8")
    source = schema["properties"]["source"]["properties"]
    words = [*schema["properties"], *source, *schema["$defs"]["record"]["properties"]]
    words += [*schema["properties"]["emit"]["items"]["properties"]]

    absent = [
        word
        for word in words
        if word != "resourceType" and not re.search(rf"[`.{{ ]{re.escape(word)}\b", page)
    ]

    assert absent == []


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
