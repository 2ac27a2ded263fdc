"""Commands that bring files in and take them back: load, loads."""

import json
import sys
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

import click

from gateway.cli import say
from gateway.cli.bar import Bar
from gateway.cli.groups import tell_groups
from gateway.cli.seen import broken_off, entered
from gateway.cli.shared import Wanted, opened, with_config, with_json, with_mapping
from gateway.mapping.file import Mapping as MappingFile
from gateway.problems import Refused, refuse
from gateway.problems.service import FEED_NEEDED
from gateway.service import Gateway
from gateway.service.aside import write_aside
from gateway.service.clock import instant
from gateway.service.feed import Feed
from gateway.service.report import Report
from gateway.sources import read_by
from gateway.store.base import Load


@click.command(short_help="Load files into a feed; take a load back.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@with_mapping
@click.option("--feed", help="Whose records these are: a feed of gateway.toml. Needed if there are several.")
@click.option("--dry-run", is_flag=True, help="Translate everything and keep nothing.")
@click.option("--undo", type=int, metavar="N", help="Take load N back.")
@click.option("--set-aside", "aside", type=int, metavar="N", help="Write out what load N set aside.")
@click.option("--into", type=click.Path(path_type=Path), help="Where --set-aside writes: a file or folder.")
@with_json
@with_config
def load(
    files: tuple[Path, ...],
    wanted: Wanted,
    feed: str | None,
    dry_run: bool,
    undo: int | None,
    aside: int | None,
    into: Path | None,
    as_json: bool,
    config_path: Path | None,
) -> int:
    """Load FILES into a feed: kept records are linked to children, others are set aside with their reason.

    FILES are one file, the files of a CSV set, or a folder with them. FHIR itself (NDJSON, a Bundle) needs no
    mapping.

    \b
    Examples:
      fhirgate load ssda903/ -m ssda903 --feed anytown-council --set year=2025-26
      fhirgate load --undo 7
    """
    if sum((bool(files), undo is not None, aside is not None)) != 1:
        raise click.UsageError("Name the files to load, or one of --undo N and --set-aside N.")
    with opened(config_path) as gateway:
        if undo is not None:
            return _undo(gateway, undo, as_json)
        if aside is not None:
            return _write_aside(gateway, aside, into, as_json)
        reports: list[Report] = []
        for report in _load(gateway, files, wanted, feed, dry_run):
            reports.append(report)
            if not as_json:
                _tell(report, also=len(reports) > 1)
    if as_json:
        first, *more = (report.as_json() for report in reports)
        say.as_json(first | {"beside": more})
    return 1 if any(each.set_aside or each.dropped or each.review for each in reports) else 0


@click.command(short_help="List the loads.")
@with_json
@with_config
def loads(as_json: bool, config_path: Path | None) -> int:
    """List the loads: when, into which feed, and what became of them.

    \b
    Examples:
      fhirgate loads
      fhirgate loads --json
    """
    with opened(config_path) as gateway:
        found = gateway.store.loads()
    if as_json:
        say.as_json([_load_json(one) for one in found])
        return 0
    heads = ("load", "at", "feed", "mapping", "state", "kept", "set aside")
    say.table(
        [
            (
                *(str(one.number), say.local(one.start.at), one.start.feed, one.start.mapping, one.state),
                *(f"{one.counts.get(name, 0):,}" for name in ("kept", "set_aside")),
            )
            for one in found
        ],
        heads,
    )
    return 0


def _load(
    gateway: Gateway, files: tuple[Path, ...], wanted: Wanted, feed: str | None, dry: bool
) -> Iterator[Report]:
    """Load files with the mapping for them, and what it leaves with those that stand beside it."""
    owner = gateway.feed(feed) if feed else _only_feed(gateway)
    mapping = gateway.shelf.choose(files, wanted.name)
    beside = gateway.shelf.beside(files, mapping)
    read = {name for each in (mapping, *beside) if each and beside for name in read_by(files, each.source)}
    yield _load_one(gateway, files, mapping, wanted.values, owner, dry, read)
    for other in beside:
        known = {each.name for each in other.given}
        values = {name: value for name, value in wanted.values.items() if name in known}
        yield _load_one(gateway, files, other, values, owner, dry, read)


def _load_one(
    gateway: Gateway,
    files: tuple[Path, ...],
    mapping: MappingFile | None,
    values: Mapping[str, str],
    owner: Feed,
    dry: bool,
    read: Container[str],
) -> Report:
    name = files[0].name if len(files) == 1 else f"{len(files)} files"
    try:
        with Bar(f"Loading {name}") as bar:
            report = gateway.loader.load(
                list(files),
                owner,
                mapping,
                values=values,
                dry_run=dry,
                progress=bar.moved,
                elsewhere=read,
            )
    except BaseException as error:
        if not dry:
            refused = error if isinstance(error, Refused) else None
            status, code = (refused.status, refused.problems[0].kind.code) if refused else (500, "")
            broken_off(gateway, "$load", owner.name, status, code)
        raise
    if not dry:
        counts = ", ".join(f"{name} {count}" for name, count in report.counts().items())
        entered(gateway, "$load", owner.name, report.number, f"load {report.number}: {counts}")
    return report


def _only_feed(gateway: Gateway) -> Feed:
    if len(gateway.feeds) != 1:
        raise refuse(
            FEED_NEEDED,
            known=", ".join(sorted(gateway.feeds))
            or "none yet; a table [feeds.NAME] in gateway.toml makes one",
        )
    return next(iter(gateway.feeds.values()))


def _undo(gateway: Gateway, number: int, as_json: bool) -> int:
    undone = gateway.loader.undo(number)
    (feed,) = (one.start.feed for one in gateway.store.loads() if one.number == number)
    counts = f"resources {undone.resources}, records {len(undone.recs)}"
    entered(gateway, "$undo", feed, number, f"load {number} taken back: {counts}")
    if as_json:
        told = {"resources": undone.resources, "records": len(undone.recs), "to_review": undone.asked}
        say.as_json({"load": number, **told})
    else:
        resources = say.counted(undone.resources, "resource")
        records = say.counted(len(undone.recs), "record")
        say.out(f"Load {number} was taken back: {resources} of {records}. Load the files again to redo it.")
        if undone.asked:
            links = say.counted(undone.asked, "link")
            say.out(f"{links} of later loads rested on it and on nothing else: fhirgate matches")
    return 0


def _write_aside(gateway: Gateway, number: int, into: Path | None, as_json: bool) -> int:
    written = write_aside(gateway.store, gateway.shelf, number, into)
    problems = [problem for reason in written.reasons for problem in json.loads(reason)]
    if as_json:
        content = "" if into else written.content.decode()
        say.as_json(
            {"load": number, "records": written.records, "problems": problems, "into": str(into or "")}
            | ({"content": content} if content else {})
        )
        return 0
    if into is None:
        sys.stdout.buffer.write(written.content)
        sys.stdout.flush()
    elif written.records:
        records = say.counted(written.records, "record")
        say.out(f"{records} written to {into}. Correct what is wrong and load the result again.")
    for problem in problems:
        say.talk(f"{problem['file']}:{problem['line']}  {_sentence(problem['says'])} {problem['fix']}")
    if not written.records:
        say.talk(f"Load {number} set nothing aside.")
    return 0


def _load_json(one: Load) -> dict[str, object]:
    return {
        "load": one.number,
        "at": instant(one.start.at),
        "feed": one.start.feed,
        "mapping": one.start.mapping,
        "files": list(one.start.files),
        "state": one.state,
        **one.counts,
    }


def _tell(report: Report, *, also: bool) -> None:
    if also:
        say.out()
        say.out(f"Of the same files, by the mapping {report.mapping}:")
    children = (
        f"{say.counted(report.known, 'known child', 'known children')}, {report.new:,} new, "
        f"{report.unchanged:,} unchanged"
    )
    rows = [("kept", f"{report.kept:,}", "nothing is written in a dry run" if report.dry else children)]
    if report.review:
        rows.append(("to review", f"{report.review:,}", "fhirgate matches"))
    if report.set_aside:
        aside = f"fhirgate load --set-aside {report.number} --into fix-these" if report.number else ""
        rows.append(("set aside", f"{report.set_aside:,}", aside))
    say.table(rows)
    tell_groups(report.aside.values())
    tell_groups(report.dropped.values(), "left out: ")
    tell_groups(report.warnings.values(), "doubtful: ")
    if report.number:
        say.out()
        say.out(f"Load {report.number}. Undo with: fhirgate load --undo {report.number}")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


COMMANDS = (load, loads)
