"""Commands of those who write mappings: map, test, explain, coverage. No database, no network."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import click

from gateway.cli import say
from gateway.cli.groups import tell_groups
from gateway.cli.shared import Wanted, configured, needed, with_config, with_json, with_mapping
from gateway.fhir import json as fhir_json
from gateway.fhir import xml as fhir_xml
from gateway.fhir.xml_slots import FHIR as FHIR_NAMESPACE
from gateway.fhir.xml_write import DECLARATION as XML_DECLARATION
from gateway.mapping.examples import Result
from gateway.mapping.explain import Explanation, Origin
from gateway.mapping.hints import near
from gateway.mapping.shelf import FORMS, FUNCTIONS, names
from gateway.problems import Problem, Refused
from gateway.service import author
from gateway.service.author import Trial
from gateway.service.report import Group, add
from gateway.service.shelf import Shelf

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.command("map", short_help="Translate files to FHIR; nothing is kept.")
@_FILES
@with_mapping
@click.option("--bundle", is_flag=True, help="One Bundle instead of a line for each resource.")
@click.option("--xml", is_flag=True, help="FHIR XML instead of JSON.")
@click.option("--limit", type=click.IntRange(1), help="Stop after so many records.")
@click.option("--as-test", is_flag=True, help="Print a test of the first record, for tests.yaml.")
@with_json
@with_config
def map_(
    files: tuple[Path, ...],
    wanted: Wanted,
    bundle: bool,
    xml: bool,
    limit: int | None,
    as_test: bool,
    as_json: bool,
    config_path: Path | None,
) -> int:
    """Translate FILES to FHIR on stdout, one resource a line; nothing is kept.

    With --xml each line is a document of its own. With --json the resources, the problems, what was left out
    and what is doubtful are one JSON object.

    \b
    Examples:
      fhirgate map pupils.xml -m ctf
      fhirgate map header.csv episodes.csv -m ssda903 --set la=201 --set year=2025-26 --bundle
    """
    if xml and (as_json or as_test):
        raise click.UsageError("--xml goes with --bundle, and with neither --json nor --as-test.")
    shelf = Shelf.read(configured(config_path))
    found = needed(shelf, files, wanted)
    if as_test:
        name = wanted.name or next(each for each in shelf.folders if shelf.mapping(each) is found)
        # A shell that writes into the file has made it, empty, before this runs.
        tests = author.tests_beside(shelf.folder(name))
        first = not tests.is_file() or tests.stat().st_size == 0
        return _tell_test(author.first_as_test(found, list(files), wanted.values), first, as_json)
    told = _Told()
    with closing(author.trials(found, list(files), wanted.values, told.files)) as trials:
        texts = _texts(islice(trials, limit), told)
        texts = map(_in_xml, texts) if xml else texts
        _write(texts, _AS_OBJECT if as_json else _FORMS[xml, bundle])
    add(told.doubts, told.files)
    if as_json:
        say.out(
            ",\n".join(f'"{name}":{json.dumps(part, ensure_ascii=False)}' for name, part in told.parts())
            + "}"
        )
    else:
        say.problems(told.problems)
        say.problems(told.dropped)
        tell_groups(told.doubts.values(), "doubtful: ", say.talk)
    return 1 if told.problems or told.dropped else 0


@click.command(short_help="Prove mappings and run the tests beside them.")
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
            answers.append({"mapping": name, "problems": [say.problem_json(one) for one in refused.problems]})
            if not as_json:
                say.problems(refused.problems, folder if folder.is_dir() else folder.parent)
            worst = 1
            continue
        differ = [result for result in results if not result.passed]
        worst = max(worst, 1 if differ else 0)
        answers.append(
            {"mapping": name, "tests": len(results), "differ": [_result_json(one) for one in differ]}
        )
        if not as_json:
            _tell_results(name, results, differ)
    if as_json:
        say.as_json(answers)
    return worst


@click.command(short_help="Say where each element of one record comes from.")
@click.argument("place", metavar="FILE:LINE")
@click.argument("more", nargs=-1, type=click.Path(path_type=Path))
@with_mapping
@with_json
@with_config
def explain(
    place: str, more: tuple[Path, ...], wanted: Wanted, as_json: bool, config_path: Path | None
) -> int:
    """Say of the record at FILE:LINE where each element comes from, and why what is missing is missing.

    MORE are the other files of a CSV set. The answer shows what the record says.

    \b
    Examples:
      fhirgate explain pupils.xml:28 -m ctf
      fhirgate explain header.csv:2 episodes.csv oc2.csv -m ssda903 --set la=201 --set year=2025-26
    """
    name, _, line = place.rpartition(":")
    if not name or not line.isdecimal():
        raise click.UsageError("Name the record as FILE:LINE, for instance pupils.xml:28")
    files = (Path(name), *more)
    found = needed(Shelf.read(configured(config_path)), files, wanted)
    told = author.explained(found, list(files), wanted.values, int(line))
    problems = [*told.problems, *told.dropped, *told.warnings]
    if as_json:
        elements = [_origin_json(origin) for origin in told.lineage]
        say.as_json({"elements": elements, "problems": [say.problem_json(one) for one in problems]})
    else:
        _tell_lineage(told)
        say.problems(problems)
    return 1 if told.problems else 0


@click.command(short_help="Say what a mapping leaves unused of files.")
@_FILES
@with_mapping
@with_json
@with_config
def coverage(files: tuple[Path, ...], wanted: Wanted, as_json: bool, config_path: Path | None) -> int:
    """Say what a mapping leaves unused of FILES: fields, codes it does not know, rules that made nothing.

    \b
    Examples:
      fhirgate coverage pupils.xml -m ctf
      fhirgate coverage children.json -m csc-api --set la=201 --json
    """
    found = needed(Shelf.read(configured(config_path)), files, wanted)
    missing = author.covered(found, list(files), wanted.values)
    if as_json:
        codes = {name: dict(counts) for name, counts in missing.codes.items()}
        say.as_json({"fields": missing.fields, "codes": codes, "rules": missing.rules})
    else:
        rows = [("field", name, "nothing uses it") for name in missing.fields]
        rows += [
            ("code", f"{name} {code}", f"in no code map; met {say.counted(count, 'time')}")
            for name, counts in missing.codes.items()
            for code, count in counts.items()
        ]
        rows += [("rule", name, "made nothing of these files") for name in missing.rules]
        say.table(rows)
        if not rows:
            say.talk("Every field and code of these files is used, and every rule made something.")
    return 1 if missing.fields or missing.codes else 0


class _Form(NamedTuple):
    """How resources are written one after the other."""

    before: str
    each: tuple[str, str]
    between: str
    after: str


_AS_LINES = _Form("", ("", "\n"), "", "")
_AS_BUNDLE = _Form(
    '{"resourceType":"Bundle","type":"collection","entry":[', ('{"resource":', "}"), ",", "]}\n"
)
_AS_XML_LINES = _Form("", ("", "\n"), "", "")
_AS_XML_BUNDLE = _Form(
    f'{XML_DECLARATION}<Bundle xmlns="{FHIR_NAMESPACE}"><type value="collection"/>',
    ("<entry><resource>", "</resource></entry>"),
    "",
    "</Bundle>\n",
)
_FORMS = {
    (False, False): _AS_LINES,
    (False, True): _AS_BUNDLE,
    (True, False): _AS_XML_LINES,
    (True, True): _AS_XML_BUNDLE,
}
_AS_OBJECT = _Form('{"resources":[', ("", ""), ",\n", "],\n")


@dataclass(slots=True)
class _Told:
    """What there is to say beside the resources; doubts are grouped, as every record may have some."""

    problems: list[Problem] = field(default_factory=list)
    dropped: list[Problem] = field(default_factory=list)
    doubts: dict[tuple[str, str, str], Group] = field(default_factory=dict)
    files: list[Problem] = field(default_factory=list)

    def parts(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """The parts of the answer in JSON."""
        yield "problems", [say.problem_json(one) for one in self.problems]
        yield "dropped", [say.problem_json(one) for one in self.dropped]
        yield "warnings", [group.as_json() for group in self.doubts.values()]


def _texts(trials: Iterable[Trial], told: _Told) -> Iterator[str]:
    """The resources of each record as they are made; what else there is to say is added to `told`."""
    for trial in trials:
        told.problems += trial.translation.problems
        told.dropped += trial.translation.dropped
        add(told.doubts, trial.translation.warnings)
        yield from (text for _, _, _, text in trial.translation.resources)


def _write(texts: Iterable[str], form: _Form) -> None:
    """Write resources as they come, however many they are."""
    sys.stdout.write(form.before)
    for number, text in enumerate(texts):
        sys.stdout.write((form.between if number else "") + form.each[0] + text + form.each[1])
    sys.stdout.write(form.after)


def _in_xml(text: str) -> str:
    """A resource in XML, without what stands before its element."""
    return fhir_xml.write(fhir_json.read(text)).decode().removeprefix(XML_DECLARATION)


def _origin_json(origin: Origin) -> dict[str, str]:
    sources = ", ".join(f"{source.column} ({source.place})" for source in origin.sources)
    return {
        "resource": origin.resource,
        "element": origin.path,
        "value": origin.value,
        "from": sources or "the mapping",
        "mapping": str(origin.rule),
    }


def _tell_lineage(told: Explanation) -> None:
    """A table of the record's elements, below a line for each resource."""
    heads = ("element", "value", "from", "mapping")
    rows: list[tuple[str, ...]] = []
    starts: dict[int, str] = {}
    last = ""
    for origin in told.lineage:
        if origin.resource != last:
            starts[len(rows)] = last = origin.resource
        found = _origin_json(origin)
        rows.append(tuple(found[name] for name in heads))
    say.table(rows, heads, starts)


def _tell_results(name: str, results: list[Result], differ: list[Result]) -> None:
    count = say.counted(len(results), "test")
    passed = len(results) - len(differ)
    say.out(f"{name}  {count}  {passed} passed" + (f"  {len(differ)} differ" if differ else ""))
    for result in differ:
        say.out()
        say.out(f"  {result.example.name}    {result.example.place}")
        for difference in result.differences:
            rule = f"    {difference.rule}" if str(difference.rule) else ""
            say.out(f"    {difference.path}")
            say.out(f"      expected  {difference.expected}")
            say.out(f"      got       {difference.got}{rule}")


def _result_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.example.name,
        "place": str(result.example.place),
        "differences": [
            {"path": each.path, "expected": each.expected, "got": each.got, "rule": str(each.rule)}
            for each in result.differences
        ],
    }


def _tell_test(test: dict[str, Any] | None, first: bool, as_json: bool) -> int:
    """A test in YAML, to be added to tests.yaml or, if it is the `first`, to begin it.

    Where a value stands, what is written is also JSON.
    """
    if as_json:
        say.as_json(test)
    elif test is None:
        say.talk("No record of the file becomes anything: there is nothing to test.")
    else:
        if first:
            say.out("tests:")
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
    return 1 if test is None else 0


@click.command(short_help="List the functions that a mapping can use.")
@click.argument("word", default="")
@with_json
def functions(word: str, as_json: bool) -> int:
    """List the functions of a mapping's expressions, a line for each; with WORD, those about it.

    \b
    Examples:
      fhirgate functions
      fhirgate functions date
    """
    every = [
        *((each.name, each.usage, each.gives, each.says, *each.shows) for each in FUNCTIONS.values()),
        *((each.name, each.usage, each.gives, each.says, "", "") for each in FORMS.values()),
    ]
    wanted = word.lower()
    found = [each for each in sorted(every) if any(wanted in part.lower() for part in each[:4])]
    if as_json:
        heads = ("name", "usage", "gives", "says", "example", "becomes")
        say.as_json([dict(zip(heads, each, strict=True)) for each in found])
    else:
        say.table((usage, gives, says) for _, usage, gives, says, *_ in found)
        if not found:
            say.talk(f"No function has to do with {word}. {near(word, names())}".rstrip())
    return 0 if found else 1


COMMANDS = (map_, test, explain, coverage, functions)
