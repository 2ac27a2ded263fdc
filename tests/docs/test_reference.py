"""The reference pages say what the code says."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from gateway.cli import commands
from gateway.problems import catalogue
from gateway.settings import SETTINGS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_spec = importlib.util.spec_from_file_location("generate", Path(__file__).with_name("generate.py"))
assert _spec and _spec.loader
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)

checks = sys.modules["checks"]

BANNED = ("invalid", "failed", "unexpected", "please", "sorry", "oops", "illegal", "forbidden")


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    written = (DOCS / "reference" / name).read_text("utf-8")

    assert written == generate.PAGES[name](), "run make docs"


def test_the_made_parts_of_the_readme_are_up_to_date() -> None:
    assert generate.README.read_text("utf-8") == generate.readme(), "run make docs"
    assert set(generate.PARTS) == set(re.findall(r"<!-- made: (\w+) -->", generate.README.read_text("utf-8")))


def test_each_command_and_setting_has_its_heading() -> None:
    headings = {
        name: set(re.findall(r"^## (.*)$", (DOCS / "reference" / name).read_text("utf-8"), re.M))
        for name in ("commands.md", "settings.md")
    }

    assert headings["commands.md"] == set(commands.commands)
    assert headings["settings.md"] == {setting.name for setting in SETTINGS}


def test_each_check_of_the_checklist_has_a_test_or_a_reason() -> None:
    listed = {id for checks in generate.CHECKS.values() for id in checks}
    reasons = {id for id, _, state, note in generate.rows() if state == "left" and not note}

    assert reasons == set()
    assert checks.tested() <= listed, "a test is named by a check that is not in the list"
    assert {*checks.REFUSED, *checks.IN_PART, *checks.LEFT} <= listed


def test_each_page_of_the_docs_can_be_found_from_the_index() -> None:
    listed = set(re.findall(r"\]\(([^)#\s]+)\)", (DOCS / "README.md").read_text("utf-8")))

    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    in_a_list = {page for page in pages if page.startswith("decisions/") and page != "decisions/README.md"}
    assert pages - in_a_list - {"README.md"} <= listed


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_a_problem_says_what_to_do_in_plain_words(code: str) -> None:
    kind = catalogue()[code]
    words = set(re.findall(r"[a-z]+", f"{kind.says} {kind.fix}".lower()))

    assert not words & set(BANNED)
    first = kind.says.split()[0]
    assert not (first.isalpha() and first.islower()), "a sentence begins with a capital letter"
    assert not kind.says.endswith(".")
    assert kind.fix or kind.severity == "information"


def test_each_link_between_pages_leads_somewhere() -> None:
    broken = []
    for page in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text("utf-8")):
            if "://" in target:
                continue
            other = page.parent / target if target else page
            if not other.exists() or (anchor and anchor not in _anchors(other)):
                broken.append(f"{page.relative_to(ROOT)}: {target}#{anchor}")

    assert not broken


def _anchors(page: Path) -> set[str]:
    """The anchors that a forge gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
