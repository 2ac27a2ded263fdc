"""Every `console` block of the README and the docs is run, and shows what comes."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_spec = importlib.util.spec_from_file_location("transcript", Path(__file__).with_name("transcript.py"))
assert _spec and _spec.loader
transcript = importlib.util.module_from_spec(_spec)
sys.modules["transcript"] = transcript
_spec.loader.exec_module(transcript)

PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "```console" in page.read_text("utf-8")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    for program in ("bash", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    shell = transcript.Shell(tmp_path)
    try:
        wrong = [
            found for step in transcript.steps(page.read_text("utf-8")) if (found := shell.compare(step))
        ]
    finally:
        shell.close()

    assert not wrong, "\n\n".join(wrong)


def test_a_transcript_that_differs_is_found(tmp_path: Path) -> None:
    page = "```console\n$ printf 'one\\ntwo\\n'\none\nthree\n```\n"
    shell = transcript.Shell(tmp_path)
    try:
        (step,) = transcript.steps(page)
        wrong = shell.compare(step)
    finally:
        shell.close()

    assert "three" in wrong and "two" in wrong


def test_names_and_times_may_differ_and_are_remembered(tmp_path: Path) -> None:
    page = (
        "```console\n$ echo 'child M649V-WPQPF at 2026-11-24T07:21:45.078Z in 12 ms'\n"
        "child B7K2M-9QX93 at 2025-01-01T00:00:00Z in 3 ms\n$ echo B7K2M-9QX93 B7K2M9QX93\n"
        "B7K2M-9QX93 B7K2M9QX93\n```\n"
    )
    shell = transcript.Shell(tmp_path)
    try:
        wrong = [shell.compare(step) for step in transcript.steps(page)]
        came = shell.run("echo B7K2M-9QX93")
    finally:
        shell.close()

    assert wrong == ["", ""]
    assert came == "M649V-WPQPF\n"
