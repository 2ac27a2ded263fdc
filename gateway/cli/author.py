"""Commands of those who write mappings: map, test, explain, coverage. No database, no network."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from gateway.cli import say
from gateway.cli.shared import chosen, configured, given_values, with_config, with_json, with_mapping
from gateway.fhir import json as fhir_json
from gateway.mapping.examples import Result
from gateway.problems import Problem, Refused, refuse
from gateway.problems.service import MAPPING_NEEDED
from gateway.service import author
from gateway.service.shelf import Shelf

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.command("map")
@_FILES
@with_mapping
@click.option("--bundle", is_flag=True, help="One Bundle instead of a line for each resource.")
@click.option("--limit", type=int, default=0, help="Stop after so many records.")
@click.option("--as-test", is_flag=True, help="Print a test of the first record, for tests.yaml.")
@with_config
def map_(
    files: tuple[Path, ...],
    mapping: str | None,
    values: tuple[str, ...],
    bundle: bool,
    limit: int,
    as_test: bool,
    config_path: Path | None,
) -> int:
    """Translate FILES to FHIR on stdout; nothing is kept.

    \b
    Examples:
      fhirgate map pupils.xml -m ctf
      fhirgate map header.csv episodes.csv -m ssda903 --set la=201 --set year=2025 --bundle
    """
    shelf = Shelf.read(configured(config_path))
    found = chosen(shelf, files, mapping)
    if found is None:
        raise refuse(MAPPING_NEEDED, known=", ".join(sorted(shelf.folders)))
    if as_test:
        return _print_test(author.first_as_test(found, list(files), given_values(values)))
    resources: list[str] = []
    problems: list[Problem] = []
    for count, trial in enumerate(author.trials(found, list(files), given_values(values)), 1):
        problems += trial.translation.problems
        texts = [each[3] for each in trial.translation.resources]
        if bundle:
            resources += texts
        else:
            for text in texts:
                sys.stdout.write(text + "\n")
        if limit and count >= limit:
            break
    if bundle:
        entries = ",".join(f'{{"resource":{text}}}' for text in resources)
        say.out(f'{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}')
    say.problems(problems)
    return 1 if problems else 0


@click.command()
@click.argument("mappings", nargs=-1)
@with_json
@with_config
def test(mappings: tuple[str, ...], as_json: bool, config_path: Path | None) -> int:
    """Prove MAPPINGS against R4 and run the tests beside them; all that are there when none is named.

    \b
    Examples:
      fhirgate test
      fhirgate test mappings/spring
    """
    shelf = Shelf.read(configured(config_path))
    worst = 0
    answers: list[dict[str, Any]] = []
    for name in mappings or sorted(shelf.folders):
        try:
            results = author.tested(shelf, name)
        except Refused as refused:
            folder = shelf.folder(name)
            say.problems(refused.problems, folder if folder.is_dir() else folder.parent)
            worst = max(worst, 1)
            answers.append({"mapping": name, "problems": [say.problem_json(one) for one in refused.problems]})
            continue
        differ = [result for result in results if not result.passed]
        worst = max(worst, 1 if differ else 0)
        answers.append(
            {"mapping": name, "tests": len(results), "differ": [one.example.name for one in differ]}
        )
        if not as_json:
            _tell_results(name, results, differ)
    if as_json:
        say.as_json(answers)
    return worst


@click.command()
@click.argument("place", metavar="FILE:LINE")
@click.argument("more", nargs=-1, type=click.Path(path_type=Path))
@with_mapping
@with_json
@with_config
def explain(
    place: str,
    more: tuple[Path, ...],
    mapping: str | None,
    values: tuple[str, ...],
    as_json: bool,
    config_path: Path | None,
) -> int:
    """Say of the record at FILE:LINE where each element comes from, and why what is missing is missing.

    MORE are the other files of a CSV set.

    \b
    Examples:
      fhirgate explain pupils.xml:28 -m ctf
      fhirgate explain header.csv:2 episodes.csv oc2.csv -m ssda903 --set la=201 --set year=2025
    """
    name, _, line = place.rpartition(":")
    if not name or not line.isdecimal():
        raise click.UsageError("Name the record as FILE:LINE, for instance pupils.xml:28")
    files = (Path(name), *more)
    shelf = Shelf.read(configured(config_path))
    found = chosen(shelf, files, mapping)
    if found is None:
        raise refuse(MAPPING_NEEDED, known=", ".join(sorted(shelf.folders)))
    told = author.explained(found, list(files), given_values(values), int(line))
    rows = [
        (
            f"{origin.resource}.{origin.path}",
            origin.value,
            ", ".join(f"{source.column} ({source.place})" for source in origin.sources) or "the mapping",
            str(origin.rule),
        )
        for origin in told.lineage
    ]
    heads = ("element", "value", "from", "mapping")
    if as_json:
        problems = [say.problem_json(one) for one in (*told.problems, *told.dropped, *told.warnings)]
        say.as_json({"elements": [dict(zip(heads, row, strict=True)) for row in rows], "problems": problems})
    else:
        say.table(rows, heads)
        say.problems([*told.problems, *told.dropped, *told.warnings])
    return 1 if told.problems else 0


@click.command()
@_FILES
@with_mapping
@with_json
@with_config
def coverage(
    files: tuple[Path, ...],
    mapping: str | None,
    values: tuple[str, ...],
    as_json: bool,
    config_path: Path | None,
) -> int:
    """Say what a mapping leaves unused of FILES: fields, codes it does not know, rules that made nothing.

    \b
    Examples:
      fhirgate coverage pupils.xml -m ctf
      fhirgate coverage children.json -m csc-api --set la=201 --json
    """
    shelf = Shelf.read(configured(config_path))
    found = chosen(shelf, files, mapping)
    if found is None:
        raise refuse(MAPPING_NEEDED, known=", ".join(sorted(shelf.folders)))
    missing = author.covered(found, list(files), given_values(values))
    if as_json:
        codes = {name: dict(counts) for name, counts in missing.codes.items()}
        say.as_json({"fields": missing.fields, "codes": codes, "rules": missing.rules})
    else:
        say.table([("field", name, "nothing uses it") for name in missing.fields])
        say.table(
            [
                ("code", f"{name}: {code}", f"{count} times, not in the code map")
                for name, counts in missing.codes.items()
                for code, count in counts.items()
            ]
        )
        say.table([("rule", name, "made nothing") for name in missing.rules])
    return 1 if missing.fields or missing.codes else 0


def _tell_results(name: str, results: list[Result], differ: list[Result]) -> None:
    count = say.counted(len(results), "test")
    passed = len(results) - len(differ)
    say.out(f"{name}  {count}  {passed} passed" + (f"  {len(differ)} differ" if differ else ""))
    for result in differ:
        say.out()
        say.out(f"  {result.example.name}    {result.example.place}")
        for difference in result.differences:
            say.out(f"    {difference.path}")
            say.out(f"      expected  {difference.expected}")
            say.out(
                f"      got       {difference.got}"
                + (f"    {difference.rule}" if str(difference.rule) else "")
            )


def _print_test(test: dict[str, Any] | None) -> int:
    """A test in YAML, to be added under `tests:`; every line of it is also JSON where a value stands."""
    if test is None:
        say.talk("No record of the file becomes anything: there is nothing to test.")
        return 1
    say.out(f"  - name: {test['name']}")
    if isinstance(test["given"], str):
        say.out("    given: |")
        for line in test["given"].splitlines():
            say.out(f"      {line}")
    else:
        say.out(f"    given: {json.dumps(test['given'], ensure_ascii=False)}")
    if test["set"]:
        say.out(f"    set: {json.dumps(test['set'], ensure_ascii=False)}")
    say.out("    expect:")
    for resource in test["expect"]:
        say.out(f"      - {fhir_json.write(resource).decode()}")
    return 0


COMMANDS = (map_, test, explain, coverage)
