"""A mapping file read, proved and ready: the door of this room for everybody who has a mapping to load."""

import hashlib
import json
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

from gateway.mapping import located
from gateway.mapping.made import Level, levels
from gateway.mapping.outline import Given, Ignored, read_given, read_ignored, read_source, read_terms
from gateway.mapping.outline_made import Making, read_made
from gateway.mapping.plan import Rule
from gateway.mapping.prove import Prover
from gateway.mapping.resolve import Resolver
from gateway.mapping.rules import prove_rules, read_heads
from gateway.mapping.schema import outline_problems
from gateway.mapping.words import Words, number_records
from gateway.problems import Problem, Refused, problem
from gateway.problems.mapping import MAPPING_UNUSED, MAPPING_UNUSED_LET, MAPPING_UNUSED_TERM
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
        of its
            outline, then those of its records, code maps and rules together.
    """
    tree = located.read(text, file)
    problems = outline_problems(tree)
    if problems:
        raise Refused(*problems)
    maps = concept_maps or {}
    found = read_source(tree, problems)
    given = read_given(tree, problems)
    terms = read_terms(tree, maps, base_uri, problems)
    if found is None:
        raise Refused(*problems)
    source, keys = found
    making = read_made(
        tree.table("source").table("records"), source.top, tree.table("source").text("dates"), problems
    )
    records = number_records(making.top, keys)
    heads, warnings = read_heads(tree, records, problems)
    lets = {name: node for name, node in tree.table("let").entries.items() if isinstance(node, located.Text)}
    words = Words(
        records,
        tuple(field.name for field in source.context),
        tuple(each.name for each in given),
        lets,
        terms,
        {head.name: head for head in heads},
        tree.table("source").text("dates"),
        base_uri,
    )
    resolver = Resolver(words, problems)
    rules = prove_rules(tree, heads, words, Prover(resolver))
    if problems:
        raise Refused(*_in_order(problems))
    warnings += _unused(tree, words, resolver, source.ignored, making)
    ignored = read_ignored(tree)
    return Mapping(
        id=tree.text("id"),
        version=tree.text("version"),
        title=tree.text("title"),
        sha256=_digest(text, base_uri, [maps[term.table.canonical] for term in terms.values()]),
        source=source,
        given=given,
        ignored=ignored,
        rules=tuple(rules),
        words=words,
        made=levels(source.top, making.made),
        warnings=tuple(_in_order(warnings)),
        file=file,
    )


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Problems by line and column, each once (a variable used twice is wrong once)."""
    found = {(str(each.place), each.kind.code, each.says): each for each in problems}
    return sorted(found.values(), key=lambda each: (each.place.line, each.place.column))


def _digest(text: str, base: str, maps: list[Any]) -> str:
    whole = json.dumps([text, base, maps], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _unused(
    tree: located.Table, words: Words, resolver: Resolver, ignored: frozenset[str], making: Making
) -> list[Problem]:
    """Warnings for fields, variables and code maps that nothing uses and no ignore line names."""
    found = []
    records = tree.table("source").table("records")
    for record in words.records:
        shape = record.shape
        joins = {shape.by, *(kid.by for kid in shape.kids), *record.key}
        for index, field in enumerate(shape.fields):
            names = {field.name, *field.paths}
            if shape.name in making.whole or (shape.name, field.name) in making.used:
                continue
            known = {f"{shape.file}.{path}" for path in field.paths} | {f"{shape.name}.{field.name}"}
            if (record.number, index) not in resolver.used and not names & joins and not known & ignored:
                fields = records.table(shape.name).table("fields")
                place = fields.keys.get(field.name, records.at(shape.name))
                found.append(problem(MAPPING_UNUSED, place=place, field=field.name, record=shape.name))
    for name in words.lets:
        if name not in resolver.used_lets:
            found.append(problem(MAPPING_UNUSED_LET, place=tree.table("let").at(name), name=name))
    for name in words.terms:
        if name not in resolver.calls.used_terms:
            found.append(problem(MAPPING_UNUSED_TERM, place=tree.table("terms").at(name), name=name))
    return found
