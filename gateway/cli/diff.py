"""The command that tells what a changed mapping changes: diff."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from gateway.cli import say
from gateway.cli.shared import configured, given_values, with_config, with_json
from gateway.service.diff import Change, Differences
from gateway.service.diff import diff as compared
from gateway.service.shelf import Shelf

_SIGNS = {"added": "+", "gone": "-", "changed": "~"}


@click.command(short_help="Say what a changed mapping changes.")
@click.argument("old")
@click.argument("new")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="A value the mappings ask for; repeatable."
)
@click.option("--limit", type=click.IntRange(min=0), default=0, help="Stop after so many records.")
@with_json
@with_config
def diff(
    old: str,
    new: str,
    files: tuple[Path, ...],
    values: tuple[str, ...],
    limit: int,
    as_json: bool,
    config_path: Path | None,
) -> int:
    """Say what the mapping NEW makes of FILES that OLD does not: resources, elements, records set aside.

    OLD and NEW are names of mappings, or paths to their folders. The exit code is 1 if anything differs.

    \b
    Examples:
      fhirgate diff ctf mappings/ctf-2026 pupils.xml
      fhirgate diff ssda903 my/ssda903 header.csv episodes.csv --set la=201 --set year=2025-26
    """
    shelf = Shelf.read(configured(config_path))
    found = compared(shelf.mapping(old), shelf.mapping(new), list(files), given_values(values), limit)
    if as_json:
        say.as_json(_as_json(found))
    else:
        _tell(found)
    return 0 if found.none else 1


def _tell(found: Differences) -> None:
    differ = found.records - found.same
    say.out(f"{say.counted(found.records, 'record')}: {found.same:,} the same, {differ:,} different")
    for title, changes in (
        ("resources", found.resources.values()),
        ("elements", found.elements.values()),
        ("problems", found.problems.values()),
    ):
        if changes:
            say.out()
            say.out(title)
            _tell_changes(changes)


def _tell_changes(changes: Iterable[Change]) -> None:
    listed = sorted(changes, key=lambda change: (change.path, change.what))
    width = max(len(change.path) for change in listed)
    for change in listed:
        say.out(f"  {_SIGNS[change.what]} {change.path:{width}}  {change.what} {change.count:,}")
        for example in change.examples:
            values = " -> ".join(filter(None, (example.old, example.new)))
            say.out(f"      {example.place}  {values}".rstrip())


def _as_json(found: Differences) -> dict[str, Any]:
    return {
        "records": found.records,
        "same": found.same,
        "resources": _listed(found.resources.values()),
        "elements": _listed(found.elements.values()),
        "problems": _listed(found.problems.values()),
    }


def _listed(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [
        {
            "what": change.what,
            "path": change.path,
            "count": change.count,
            "examples": [
                {"place": str(each.place), "old": each.old, "new": each.new} for each in change.examples
            ],
        }
        for change in sorted(changes, key=lambda change: (change.path, change.what))
    ]


COMMANDS = (diff,)
