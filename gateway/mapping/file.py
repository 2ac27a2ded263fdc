"""A mapping file read, proved and ready: the door of this room for everybody who has a mapping to load."""

import hashlib
import json
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

from gateway.mapping import located
from gateway.mapping.dates import FormatError, to_date, to_partial_date
from gateway.mapping.located import Table, Text
from gateway.mapping.made import Level, levels
from gateway.mapping.outline import Given, Ignored, read_given, read_ignored, read_source, read_terms
from gateway.mapping.outline_made import Making, read_made
from gateway.mapping.plan import Rule
from gateway.mapping.prove import Prover
from gateway.mapping.resolve import Resolver
from gateway.mapping.rules import prove_rules, read_heads
from gateway.mapping.schema import outline_problems
from gateway.mapping.unused import unused_problems
from gateway.mapping.words import Head, Words, number_records
from gateway.problems import Problem, Refused, problem
from gateway.problems.mapping import MAPPING_FORMAT
from gateway.records import Source

DEFAULT_BASE = "https://fhirgate.example"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A proved mapping.

    Attributes:
        id: its name.
        version: its version.
        title: what it does, for people.
        sha256: of the file, its ConceptMaps and the base: the same hash gives the same output.
        source: how to read the format (the contract with `gateway.sources`).
        given: the values a feed's settings must give.
        ignored: what it leaves out on purpose.
        rules: what it makes.
        words: its records, code maps and variables.
        made: how records that are made of others are made; None where there are none.
        warnings: what is not wrong but worth a look.
        file: the name of the file, for places.
        beside: the names of mappings that read the rest of the same set of files.
    """

    id: str
    version: str
    title: str
    sha256: str
    source: Source
    given: tuple[Given, ...]
    ignored: tuple[Ignored, ...]
    rules: tuple[Rule, ...]
    words: Words
    made: Level | None
    warnings: tuple[Problem, ...]
    file: str
    beside: tuple[str, ...] = ()


def load(
    text: str,
    *,
    file: str = "mapping.yaml",
    base_uri: str = DEFAULT_BASE,
    concept_maps: Dict[str, Dict[str, Any]] | None = None,
) -> Mapping:
    """Return the proved mapping of a YAML or JSON text.

    Args:
        text: the whole file.
        file: its name, for the places of problems.
        base_uri: what `{base}` stands for.
        concept_maps: R4 ConceptMaps and CodeSystems by canonical, with `{base}` filled in
            (`gateway.mapping.folder` reads them).

    Raises:
        Refused: every problem found, each with file, line and column: first those of the text, then those
            of its outline, then those of its records, code maps and rules together.
    """
    tree = located.read(text, file)
    problems = outline_problems(tree)
    if problems:
        raise Refused(*problems)
    maps = concept_maps or {}
    found = _declare(tree, base_uri, maps, problems)
    resolver = Resolver(found.words, problems)
    rules = prove_rules(tree, found.heads, found.words, Prover(resolver))
    if problems:
        raise Refused(*_in_order(problems))
    unused = unused_problems(tree, found.words, resolver, found.source.ignored, found.making)
    canonicals = [term.table.canonical for term in found.words.terms.values()]
    return Mapping(
        id=tree.text("id"),
        version=tree.text("version"),
        title=tree.text("title"),
        sha256=_digest(text, base_uri, [maps[canonical] for canonical in canonicals]),
        source=found.source,
        given=found.given,
        ignored=read_ignored(tree),
        rules=tuple(rules),
        words=found.words,
        made=levels(found.source.top, found.making.made),
        warnings=tuple(_in_order([*found.warnings, *unused])),
        file=file,
        beside=tree.texts("beside"),
    )


@dataclass(frozen=True, slots=True)
class _Declared:
    """What a mapping declares before its rules are proved."""

    source: Source
    making: Making
    given: tuple[Given, ...]
    heads: list[Head]
    words: Words
    warnings: list[Problem]


def _declare(tree: Table, base: str, maps: Dict[str, Dict[str, Any]], problems: list[Problem]) -> _Declared:
    """Read records, settings, code maps and the heads of rules."""
    found = read_source(tree, problems)
    given = read_given(tree, problems)
    terms = read_terms(tree, maps, base, problems)
    if found is None:
        raise Refused(*_in_order(problems))
    source, keys = found
    part = tree.table("source")
    dates, days = _read_dates(part, problems)
    making = read_made(part.table("records"), source.top, days, problems)
    records = number_records(making.top, keys)
    heads, warnings = read_heads(tree, records, problems)
    words = Words(
        records,
        tuple(field.name for field in source.context),
        tuple(each.name for each in given),
        {name: node for name, node in tree.table("let").entries.items() if isinstance(node, Text)},
        terms,
        {head.name: head for head in heads},
        dates,
        base,
    )
    return _Declared(source, making, given, heads, words, warnings)


def _read_dates(part: Table, problems: list[Problem]) -> tuple[str, str]:
    """The format of dates a mapping states once, and the same again if it is one of whole days.

    One that is no format is told where it stands, and only there.
    """
    found = part.entries.get("dates")
    if not isinstance(found, Text) or not found.text:
        return "", ""
    try:
        to_date(found.text)
    except FormatError as error:
        if _is_partial(found.text):
            return found.text, ""
        problems.append(problem(MAPPING_FORMAT, place=found.place, format=error.written, reason=error.reason))
        return "yyyy-MM-dd", "yyyy-MM-dd"
    return found.text, found.text


def _is_partial(written: str) -> bool:
    """Whether a format is one of months or years."""
    try:
        to_partial_date(written)
    except FormatError:
        return False
    return "d" not in written and "m" not in written


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Problems by line and column, each once (a variable used twice is wrong once)."""
    found = {(str(each.place), each.kind.code, each.says): each for each in problems}
    return sorted(found.values(), key=lambda each: (each.place.line, each.place.column))


def _digest(text: str, base: str, maps: list[Any]) -> str:
    whole = json.dumps([text, base, maps], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
