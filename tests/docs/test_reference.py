"""The reference pages say what the code says."""

import importlib.util
import re
from pathlib import Path

import pytest

from gateway.problems import catalogue

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_spec = importlib.util.spec_from_file_location("generate", Path(__file__).with_name("generate.py"))
assert _spec and _spec.loader
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)

BANNED = ("invalid", "failed", "unexpected", "please", "sorry", "oops", "illegal", "forbidden")


@pytest.mark.parametrize("name", sorted(generate.PAGES))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    written = (DOCS / "reference" / name).read_text("utf-8")

    assert written == generate.PAGES[name](), "run make docs"


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
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")

    assert not broken
