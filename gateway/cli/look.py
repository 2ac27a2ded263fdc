"""Commands that look: child, matches, search, check. Each look at a child is audited before it is shown."""

import getpass
import json
import secrets
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import click

from gateway.cli import say
from gateway.cli.shared import opened, with_config, with_json
from gateway.fhir import ask, facts
from gateway.fhir import json as fhir_json
from gateway.fhir.bindings import meant
from gateway.fhir.query_text import to_text
from gateway.identity import cci
from gateway.problems import Problem, refuse
from gateway.problems.http import HTTP_UNKNOWN_TYPE
from gateway.problems.service import RECORD_UNKNOWN, REVIEW_UNKNOWN
from gateway.security import audit
from gateway.service import Gateway
from gateway.service.ask import Answer, Asking
from gateway.service.check import check as checked
from gateway.service.clock import instant, now
from gateway.store.base import ASK, Child, Link, Record


@click.command(short_help="Show a child, or who looked; take a record out of it.")
@click.argument("number", metavar="CCI")
@click.option("--looks", is_flag=True, help="List who looked at the child, instead of what is known.")
@click.option("--take-out", "record", metavar="FEED/RECORD", help="Give that record a child of its own.")
@click.option("--reason", help="Why; needed for --take-out.")
@with_json
@with_config
def child(
    number: str, looks: bool, record: str | None, reason: str | None, as_json: bool, config_path: Path | None
) -> int:
    """Show a child: who tells of it, why its records are linked, what is waiting; or who looked.

    \b
    Examples:
      fhirgate child B7K2M-9QX93
      fhirgate child B7K2M-9QX93 --looks
    """
    if bool(record) != bool(reason) or (record and "/" not in record):
        raise click.UsageError("--take-out names a record as FEED/RECORD and goes with a --reason.")
    with opened(config_path) as gateway:
        found = gateway.child(number)
        if record:
            return _take_out(gateway, found, record, str(reason), as_json)
        if looks:
            seen = [audit.read(body) for body in gateway.trail.looks(found.id)]
            _audited(gateway, "$looks", [found.id])
            _tell_looks(seen, as_json)
            return 0
        _audited(gateway, "$child", [found.id])
        links = [link for link in gateway.store.links(child=found.number) if link.stands]
        records = gateway.store.records([link.rec for link in links])
        reviews = [review.number for review in gateway.store.reviews(child=found.number)]
    if as_json:
        say.as_json(_child_json(found, links, records, reviews))
    else:
        _tell_child(found, links, records, reviews)
    return 0


@click.command(short_help="List, show or decide what a person must look at.")
@click.argument("number", type=int, required=False)
@click.option("--same", is_flag=True, help="The record is about that child: link it.")
@click.option("--different", is_flag=True, help="The record is about another child: leave it.")
@click.option("--reason", help="Why; needed for a decision.")
@with_json
@with_config
def matches(
    number: int | None,
    same: bool,
    different: bool,
    reason: str | None,
    as_json: bool,
    config_path: Path | None,
) -> int:
    """List what a person must look at, show one entry, or decide it.

    \b
    Examples:
      fhirgate matches
      fhirgate matches 41 --different --reason "twins, spoken to the school"
    """
    if same and different:
        raise click.UsageError("A match is --same or --different, not both.")
    if (same or different) and (number is None or not reason):
        raise click.UsageError("A decision names the match and gives a --reason.")
    with opened(config_path) as gateway:
        if number is not None and (same or different):
            return _decide(gateway, number, same, str(reason), as_json)
        found = _matches(gateway, number)
    if as_json:
        say.as_json(found)
    elif number is None and found:
        rows = [(one["match"], one["feed"], cci.show(one["child"]), one["sentence"]) for one in found]
        say.table([tuple(map(str, row)) for row in rows], ("match", "feed", "perhaps", "why"))
    elif number is None:
        say.talk("Nothing waits for a person.")
    else:
        _tell_match(found[0])
    return 1 if found else 0


@click.command(short_help="Answer a FHIR search as /fhir would.")
@click.argument("question")
@click.option("--local", is_flag=True, help="Ask only the gateway's own records.")
@with_json
@with_config
def search(question: str, local: bool, as_json: bool, config_path: Path | None) -> int:
    """Answer a FHIR search as /fhir would: QUESTION is what stands behind the base.

    \b
    Examples:
      fhirgate search 'Patient?family=Okafor'
      fhirgate search 'Observation?patient.identifier=CCI|B7K2M9QX93&_count=5'
    """
    type, _, words = question.partition("?")
    if type not in facts.resource_types():
        raise refuse(HTTP_UNKNOWN_TYPE, meant=meant(type, facts.resource_types()))
    with opened(config_path) as gateway:
        answer = _answer(gateway, type, words, local)
        _audited(gateway, "search-type", answer.children, type, question)
    if as_json:
        resources = [json.loads(each.body) for each in answer.found]
        sources = [say.problem_json(line) for line in answer.account]
        say.as_json({"total": answer.total, "resources": resources, "sources": sources})
    else:
        for each in answer.found:
            sys.stdout.write(fhir_json.write(fhir_json.read(each.body)).decode() + "\n")
        total = "an unknown number" if answer.total is None else f"{answer.total:,}"
        say.talk(f"{len(answer.found):,} of {total}")
        _tell_sources(answer.account)
    return 1 if any(line.kind.severity != "information" for line in answer.account) else 0


@click.command(short_help="Check settings, database, audit, mappings and upstreams.")
@with_json
@with_config
def check(as_json: bool, config_path: Path | None) -> int:
    """Check settings, database, audit, mappings, profiles and upstreams: one line for each.

    \b
    Examples:
      fhirgate check
      fhirgate check --config /etc/fhirgate/gateway.toml --json
    """
    with opened(config_path) as gateway:
        lines = checked(gateway)
    if as_json:
        answer = [
            {
                "part": one.part,
                "says": one.says,
                "problems": [say.problem_json(each) for each in one.problems],
            }
            for one in lines
        ]
        say.as_json(answer)
    else:
        say.table([("look" if _errors(one.problems) else "ok", one.part, one.says) for one in lines])
        say.problems(found for one in lines for found in _errors(one.problems))
    return 1 if any(_errors(one.problems) for one in lines) else 0


def _answer(gateway: Gateway, type: str, words: str, local: bool) -> Answer:
    config = gateway.config
    pairs = parse_qsl(words, keep_blank_values=True)
    query = ask.parse(type, pairs, page_most=int(config["page_most"]), context=gateway.context())
    limit = int(config["page_size"]) if query.count is None else query.count
    asking = Asking(ASK, sees_upn=True, seconds=float(config["deadline"]), client="cli")
    asker = gateway.asker_here if local else gateway.asker
    return asker.search(gateway.store, query, asking, limit, to_text(query))


def _decide(gateway: Gateway, number: int, same: bool, reason: str, as_json: bool) -> int:
    entry = next((one for one in gateway.store.reviews() if one.number == number), None)
    gateway.decide(number, same=same, reason=reason, author=_person())
    if as_json:
        say.as_json({"match": number, "decision": "same" if same else "different"})
        return 0
    say.out(f"Match {number}: {'the same child' if same else 'different children'}. Written down.")
    if same and entry is not None and entry.child is not None:
        record = gateway.store.records([entry.rec])[entry.rec]
        shown = cci.show(gateway.store.children([entry.child])[entry.child].cci)
        say.out(
            f"Undo with: fhirgate child {shown} --take-out {record.feed}/{record.local} --reason 'a mistake'"
        )
    return 0


def _take_out(gateway: Gateway, found: Child, name: str, reason: str, as_json: bool) -> int:
    named, _, local = name.partition("/")
    feed = gateway.feed(named)
    record = gateway.store.record(feed.name, local)
    if record is None or record.child != found.number:
        raise refuse(RECORD_UNKNOWN, feed=feed.name)
    own = gateway.take_apart(feed, local, reason=reason, author=_person())
    if as_json:
        say.as_json({"record": name, "from": found.cci, "cci": own.cci, "id": own.id})
    else:
        say.out(f"{name} is a child of its own now: {cci.show(own.cci)}.")
    return 0


def _matches(gateway: Gateway, number: int | None) -> list[dict[str, Any]]:
    """The open entries, or the one of that number, as a program sees them; each child named is audited."""
    entries = [one for one in gateway.store.reviews() if number in (None, one.number)]
    if number is not None and not entries:
        raise refuse(REVIEW_UNKNOWN, number=number)
    records = gateway.store.records([one.rec for one in entries])
    named = {one.child for one in entries} | {record.child for record in records.values()}
    children = gateway.store.children([one for one in named if one is not None])
    _audited(gateway, "$matches", [each.id for each in children.values()])
    ccis = {number: each.cci for number, each in children.items()}
    return [
        {
            "match": one.number,
            "feed": records[one.rec].feed,
            "record": records[one.rec].local,
            "own": ccis.get(records[one.rec].child or 0, ""),
            "child": ccis.get(one.child or 0, ""),
            "reason": one.reason,
            "sentence": one.sentence,
            "at": instant(one.at),
            **json.loads(one.evidence),
        }
        for one in entries
    ]


def _tell_match(one: Mapping[str, Any]) -> None:
    say.out(str(one["sentence"]))
    say.out()
    say.fields(
        {
            "record": f"{one['feed']}/{one['record']}",
            "is now": cci.show(one["own"]),
            "perhaps": cci.show(one["child"]),
            "agrees": ", ".join(one["agrees"]) or "nothing",
            "contradicts": ", ".join(one["contradicts"]) or "nothing",
        }
    )
    say.out()
    say.out(f"Decide with: fhirgate matches {one['match']} --same --reason '...'   or  --different")


def _child_json(
    found: Child, links: Iterable[Link], records: Mapping[int, Record], reviews: list[int]
) -> dict[str, Any]:
    told = [
        {
            "feed": records[link.rec].feed,
            "record": records[link.rec].local,
            "what": link.what,
            "reason": link.reason,
            "sentence": link.sentence,
            "author": link.author,
            "at": instant(link.at),
            "load": link.load,
        }
        for link in links
    ]
    return {"cci": found.cci, "id": found.id, "state": found.state, "links": told, "reviews": reviews}


def _tell_child(
    found: Child, links: Iterable[Link], records: Mapping[int, Record], reviews: list[int]
) -> None:
    say.fields({"CCI": cci.show(found.cci), "FHIR": f"Patient/{found.id}", "state": found.state})
    say.out()
    rows = [
        (
            *(f"{records[link.rec].feed}/{records[link.rec].local}", link.what, link.sentence),
            *(link.author, say.local(link.at)),
        )
        for link in links
    ]
    say.table(rows, ("record", "", "why", "by", "at"))
    if reviews:
        say.out()
        say.out("To review: " + ", ".join(map(str, reviews)) + "  (fhirgate matches)")


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [each for each in problems if each.kind.severity == "error"]


def _tell_sources(lines: Iterable[Problem]) -> None:
    for line in lines:
        lead = "" if line.kind.severity == "information" else f"{line.kind.severity}: "
        say.talk(f"{lead}{line.says} ({line.kind.code})")


def _tell_looks(seen: Iterable[audit.Look], as_json: bool) -> None:
    heads = ("at", "who", "what", "type", "base", "outcome", "request")
    rows = [
        (one.at, one.name or one.client, one.interaction, one.type, one.base, one.outcome, one.request)
        for one in seen
    ]
    if as_json:
        say.as_json([dict(zip(heads, row, strict=True)) for row in rows])
    else:
        say.table([row[:-1] for row in rows], heads[:-1])


def _person() -> str:
    try:
        return f"{getpass.getuser()} at the command line"
    except (KeyError, OSError):
        return "somebody at the command line"


def _audited(
    gateway: Gateway, interaction: str, children: Iterable[str], type: str = "", question: str = ""
) -> None:
    """Keep a look from the command line, before anything of it is shown."""
    seen = tuple(sorted(set(children)))
    look = audit.Look(
        at=instant(now()),
        request=secrets.token_hex(8),
        interaction=interaction,
        base="fhir",
        outcome=audit.ANSWERED,
        status=200,
        client="cli",
        name=_person(),
        type=type,
        children=seen,
        question=question.encode(),
    )
    gateway.trail.append(audit.written(look), seen)


COMMANDS = (child, matches, search, check)
