"""What a mapping declares and nothing uses: a warning each, since a forgotten field is lost in silence."""

from gateway.mapping import located
from gateway.mapping.outline_made import Making
from gateway.mapping.resolve import Resolver
from gateway.mapping.words import Words
from gateway.problems import Problem, problem
from gateway.problems.mapping import MAPPING_UNUSED, MAPPING_UNUSED_LET, MAPPING_UNUSED_TERM


def unused_problems(
    tree: located.Table, words: Words, resolver: Resolver, ignored: frozenset[str], making: Making
) -> list[Problem]:
    """Warnings for fields, variables and code maps that nothing uses and no ignore line names."""
    found = []
    records = tree.table("source").table("records")
    chosen = {
        (making.whole[record.shape.name], record.shape.fields[index].name)
        for record in words.records
        if record.shape.name in making.whole
        for index in range(len(record.shape.fields))
        if (record.number, index) in resolver.used
    }
    for record in words.records:
        shape = record.shape
        joins = {shape.by, *(kid.joined_to for kid in shape.kids), *record.key}
        for index, field in enumerate(shape.fields):
            names = {field.name, *field.paths}
            if shape.name in making.whole or (shape.name, field.name) in making.used | chosen:
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
