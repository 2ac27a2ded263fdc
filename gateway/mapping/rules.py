"""The rules of a mapping: their names, keys and scopes, and their bodies proved."""

from gateway.fhir import facts
from gateway.mapping.hints import listed, near
from gateway.mapping.located import Items, Node, Table, Text
from gateway.mapping.plan import Rule
from gateway.mapping.prove import Prover
from gateway.mapping.shelf import NUMERIC, TEXTUAL
from gateway.mapping.typed import Expression, OwnId, walk
from gateway.mapping.words import Head, Record, Words
from gateway.problems import Problem, problem
from gateway.problems.mapping import (
    MAPPING_FITS,
    MAPPING_FOR,
    MAPPING_PATIENT,
    MAPPING_RECORD,
    MAPPING_RULE_ORDER,
    MAPPING_RULE_TWICE,
    MAPPING_TYPE,
)

_LATER = "ownId() follows from the $key: use fields of the record."


def read_heads(
    tree: Table, records: tuple[Record, ...], problems: list[Problem]
) -> tuple[list[Head], list[Problem]]:
    """The heads of all rules in order, and warnings about names that depend on the order."""
    made: list[tuple[str, Table]] = []
    warnings: list[Problem] = []
    rules = [item for item in tree.items("emit") if isinstance(item, Table)]
    wanted = [_wanted_name(rule, records) for rule in rules]
    for index, (rule, name) in enumerate(zip(rules, wanted, strict=True)):
        before = wanted[:index].count(name)
        if before and "$rule" in rule.entries:
            problems.append(problem(MAPPING_RULE_TWICE, place=rule.entries["$rule"].place, name=name))
        elif before:
            name = f"{name}.{before + 1}"
            warnings.append(problem(MAPPING_RULE_ORDER, place=rule.place, name=name))
        made.append((name, rule))
    heads = [
        Head(name, rule.text("resourceType"), len(key_nodes(rule, records, _record(rule, records))))
        for name, rule in made
    ]
    return heads, warnings


def _wanted_name(rule: Table, records: tuple[Record, ...]) -> str:
    """A name from what the rule is: `Patient`, `Observation.need.sen-need`."""
    given = rule.text("$rule")
    if given:
        return given
    kind = rule.text("resourceType")
    record = rule.text("$for", records[0].name)
    code = _code(rule.entries.get("code"))
    place = "" if record == records[0].name else f".{record}"
    return f"{kind}{place}{f'.{code}' if code else ''}"


def _code(node: Node | None) -> str:
    """The first constant code of a CodeableConcept."""
    coding = node.entries.get("coding") if isinstance(node, Table) else None
    first = coding.items[0] if isinstance(coding, Items) and coding.items else None
    found = first.text("code") if isinstance(first, Table) else ""
    return "" if found.startswith("=") else found


def _record(rule: Table, records: tuple[Record, ...]) -> Record | None:
    name = rule.text("$for", records[0].name)
    return next((each for each in records if each.name == name), None)


def key_nodes(rule: Table, records: tuple[Record, ...], record: Record | None) -> tuple[Text, ...]:
    """The key of a rule: its own, or the keys of its record and of all that enclose it."""
    own = tuple(item for item in rule.items("$key") if isinstance(item, Text))
    if own or record is None:
        return own
    found: list[Text] = []
    here: Record | None = record
    while here:
        found[:0] = [Text(f"{here.name}.`{name}`", rule.place) for name in here.key]
        here = records[here.parent] if here.parent >= 0 else None
    return tuple(found)


def prove_rules(tree: Table, heads: list[Head], words: Words, prover: Prover) -> list[Rule]:
    """The rules, proved; what cannot be is left out and told."""
    found = []
    rules = [item for item in tree.items("emit") if isinstance(item, Table)]
    _check_patient(tree, rules, words, prover.problems)
    for head, table in zip(heads, rules, strict=True):
        rule = _prove(head, table, words, prover)
        found.extend([rule] if rule else [])
    return found


def _prove(head: Head, table: Table, words: Words, prover: Prover) -> Rule | None:
    record = _record(table, words.records)
    if record is None:
        node, known = table.entries["$for"], [each.name for each in words.records]
        name = table.text("$for")
        prover.tell(MAPPING_RECORD, node.place, name=name, near=near(name, known), known=listed(known))
    if not facts.is_resource(head.type):
        place = table.entries["resourceType"].place
        prover.tell(MAPPING_TYPE, place, name=head.type, near=near(head.type, facts.resource_types()))
    if record is None or not facts.is_resource(head.type):
        return None
    scope = words.chain(record.number)
    keys = tuple(_key(node, scope, prover) for node in key_nodes(table, words.records, record))
    guard = table.entries.get("$if")
    test = prover.resolver.condition(guard, scope) if isinstance(guard, Text) else None
    if test and isinstance(guard, Text) and _has_own_id(test):
        prover.tell(MAPPING_FITS, guard.place, element="$if", type="test", given="the ownId()", do=_LATER)
    body = prover.resource(table, head.type, scope)
    if not keys:
        reason = f"Nothing tells one {head.type} of this rule from another"
        prover.tell(MAPPING_FOR, table.place, reason=reason, do="Give the rule a $key, or its record a key.")
    if body is None or not keys or None in keys:
        return None
    found = tuple(key for key in keys if key)
    drops = table.text("$onError") == "drop-resource"
    return Rule(head.name, head.type, scope[1:], found, test, drops, body, table.place)


def _key(node: Text, scope: tuple[int, ...], prover: Prover) -> Expression | None:
    found = prover.resolver.expression(node, scope)
    if found and found.body.type not in (*TEXTUAL, *NUMERIC):
        given, do = f"a {found.body.type}", "Name a field."
        prover.tell(MAPPING_FITS, node.place, element="$key", type="text", given=given, do=do)
        return None
    if found and _has_own_id(found):
        prover.tell(MAPPING_FITS, node.place, element="$key", type="text", given="the ownId()", do=_LATER)
    return found


def _has_own_id(found: Expression) -> bool:
    return any(isinstance(part, OwnId) for part in walk(found.body))


def _check_patient(tree: Table, rules: list[Table], words: Words, problems: list[Problem]) -> None:
    """Exactly one rule makes the Patient of the top record."""
    top = words.records[0].name
    count = sum(rule.text("resourceType") == "Patient" and rule.text("$for", top) == top for rule in rules)
    if count != 1:
        problems.append(problem(MAPPING_PATIENT, place=tree.at("emit"), count=count or "no", top=top))
