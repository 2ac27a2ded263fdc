"""What a command says: data on stdout, talk on stderr, problems with their place and remedy."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from gateway.mapping.render import render
from gateway.problems import Problem

#: Problems of these parts mean that the command was used wrongly, not that something needs a person.
_USED_WRONGLY = (
    *("config.", "service.unknown-", "service.feed-needed", "service.mapping-needed", "service.folder"),
    *("service.port", "service.no-gateway", "service.into-needed", "service.no-record"),
    *("store.load-unknown", "mapping.given-", "source.not-found", "source.already-there", "search."),
    *("http.unknown-type", "identity.cci-", "life.itself"),
    *("upstream.setting", "security.scope-form", "security.key", "security.secret"),
)
_SHOWN = (".yaml", ".yml", ".toml")


def coloured(stream: Any) -> bool:
    """Whether the stream is a terminal that has not asked for plain text (NO_COLOR)."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR")


def strong(text: str) -> str:
    """`text` in bold where the terminal takes it; the meaning never depends on it."""
    return click.style(text, bold=True) if coloured(sys.stdout) else text


def out(text: str = "") -> None:
    """A line of data."""
    click.echo(text, color=coloured(sys.stdout))


def talk(text: str) -> None:
    """A line for the person at the terminal, behind the data that was written before it."""
    sys.stdout.flush()
    click.echo(text, err=True, color=coloured(sys.stderr))


def as_json(value: Any) -> None:
    """A value for a program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def problems(found: Iterable[Problem], folder: Path | None = None) -> None:
    """Problems, each with its place, a caret under it where its line can be shown, and what to do.

    Args:
        folder: where the mapping or settings file lies that the problems are in.
    """
    for problem in found:
        # A problem without a place would begin with the blanks that stand behind one.
        talk(render(_placed(problem), _text(problem, folder)).lstrip())
        talk("")


def exit_code(found: Iterable[Problem]) -> int:
    """1 if something needs a person, 2 if the command was used wrongly."""
    return 2 if all(problem.kind.code.startswith(_USED_WRONGLY) for problem in found) else 1


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem for a program; the same fields as in the set-aside report."""
    return {
        "code": problem.kind.code,
        "place": str(problem.place),
        "rule": str(problem.rule),
        "field": problem.field,
        "says": problem.says,
        "fix": problem.fix,
    }


def table(
    rows: Iterable[tuple[str, ...]],
    heads: tuple[str, ...] = (),
    titles: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Rows in columns, two spaces apart.

    Args:
        titles: lines that stand before a row, by its number.
    """
    listed = [heads, *rows] if heads else list(rows)
    if not listed:
        return
    widths = [max(len(row[at]) for row in listed) for at in range(len(listed[0]))]
    for number, row in enumerate(listed, -1 if heads else 0):
        if number in titles:
            out(titles[number])
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        out(strong(line) if number < 0 else line)


def local(at: int) -> str:
    """A time in the local zone, with its offset."""
    return datetime.fromtimestamp(at / 1000).astimezone().isoformat(sep=" ", timespec="seconds")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 record`, `2 records`, `4,810 records`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def fields(value: Mapping[str, Any]) -> None:
    """Names and values in two columns."""
    table([(str(name), str(content)) for name, content in value.items()])


def _placed(problem: Problem) -> Problem:
    return replace(problem, place=problem.rule) if not str(problem.place) else problem


def _text(problem: Problem, folder: Path | None) -> str:
    """The file a problem is in, if it is one of ours to show (never a file with records)."""
    name = problem.place.file
    if folder is None or not name.endswith(_SHOWN):
        return ""
    try:
        return (folder / Path(name).name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
