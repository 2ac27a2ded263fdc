"""Commands that look: child, matches, search, check. Each look at a child is audited before it is shown."""

import getpass
import json
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qsl

import click

from gateway.cli import say
from gateway.cli.shared import opened, with_config, with_json
from gateway.fhir import ask, facts
from gateway.fhir import json as fhir_json
from gateway.fhir.query_text import to_text
from gateway.identity import cci
from gateway.problems import Problem, refuse
from gateway.problems.http import HTTP_UNKNOWN_TYPE
from gateway.security import audit
from gateway.service import Gateway
from gateway.service.ask import Asking
from gateway.service.check import check as checked
from gateway.service.clock import instant, now
from gateway.store.base import ASK


@click.command()
@click.argument("number", metavar="CCI")
@click.option("--looks", is_flag=True, help="List who looked at the child, instead of what is known.")
@with_json
@with_config
def child(number: str, looks: bool, as_json: bool, config_path: Path | None) -> int:
    """Show a child: who tells of it, why its records are linked, what is waiting; or who looked.

    \b
    Examples:
      fhirgate child B7K2M-9QX93
      fhirgate child B7K2M-9QX93 --looks
    """
    with opened(config_path) as gateway:
        found = gateway.child(number)
        if looks:
            seen = [audit.read(body) for body in gateway.trail.looks(found.id)]
            _audited(gateway, "child --looks", [found.id])
            _tell_looks(seen, as_json)
            return 0
        _audited(gateway, "child", [found.id])
        links = [link for link in gateway.store.links(child=found.number) if link.stands]
        records = gateway.store.records([link.rec for link in links])
        reviews = gateway.store.reviews(child=found.number)
        answer = {
            "cci": found.cci,
            "id": found.id,
            "state": found.state,
            "links": [
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
            ],
            "reviews": [review.number for review in reviews],
        }
    if as_json:
        say.as_json(answer)
        return 0
    say.fields({"CCI": cci.show(found.cci), "FHIR": f"Patient/{found.id}", "state": found.state})
    say.out()
    say.table(
        [
            (records[link.rec].feed, link.what, link.sentence, link.author, say.local(link.at))
            for link in links
        ],
        ("feed", "", "why", "by", "at"),
    )
    if reviews:
        say.out()
        say.out("To review: " + ", ".join(str(review.number) for review in reviews) + "  (fhirgate matches)")
    return 0


@click.command()
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
    if (same or different) and not (number and reason):
        raise click.UsageError("A decision names the match and gives a --reason.")
    with opened(config_path) as gateway:
        if number and (same or different):
            gateway.decide(number, same=same, reason=str(reason), author=_person())
            say.out(f"Match {number}: {'the same child' if same else 'different children'}. Written down.")
            return 0
        entries = [one for one in gateway.store.reviews() if number in (None, one.number)]
        records = gateway.store.records([one.rec for one in entries])
        children = gateway.store.children([one.child for one in entries if one.child is not None])
        _audited(gateway, "matches", [kid.id for kid in children.values()])
    answer = [
        {
            "match": one.number,
            "feed": records[one.rec].feed,
            "record": records[one.rec].local,
            "child": children[one.child].cci if one.child in children else "",
            "reason": one.reason,
            "sentence": one.sentence,
            "at": instant(one.at),
            **json.loads(one.evidence),
        }
        for one in entries
    ]
    if as_json:
        say.as_json(answer)
    else:
        say.table(
            [
                (str(one["match"]), str(one["feed"]), cci.show(str(one["child"])), str(one["sentence"]))
                for one in answer
            ],
            ("match", "feed", "perhaps", "why"),
        )
    return 1 if entries else 0


@click.command()
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
        raise refuse(HTTP_UNKNOWN_TYPE, meant="")
    with opened(config_path) as gateway:
        query = ask.parse(
            type,
            parse_qsl(words, keep_blank_values=True),
            page_most=int(gateway.config["page_most"]),
            context=gateway.context(),
        )
        limit = query.count if query.count is not None else int(gateway.config["page_size"])
        asking = Asking(ASK, sees_upn=True, seconds=float(gateway.config["deadline"]), client="cli")
        asker = gateway.asker_here if local else gateway.asker
        answer = asker.search(gateway.store, query, asking, limit, to_text(query))
        _audited(gateway, "search", answer.children, question)
    if as_json:
        say.as_json(
            {
                "total": answer.total,
                "resources": [json.loads(each.body) for each in answer.found],
                "sources": [say.problem_json(line) for line in answer.account],
            }
        )
    else:
        for each in answer.found:
            sys.stdout.write(fhir_json.write(fhir_json.read(each.body)).decode() + "\n")
        say.talk(
            f"{len(answer.found)} of {answer.total if answer.total is not None else 'an unknown number'}"
        )
        _tell_sources(answer.account)
    return 1 if any(line.kind.severity != "information" for line in answer.account) else 0


@click.command()
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
        say.as_json(
            [
                {
                    "part": line.part,
                    "says": line.says,
                    "problems": [say.problem_json(one) for one in line.problems],
                }
                for line in lines
            ]
        )
    else:
        say.table([("ok" if not _errors(line.problems) else "look", line.part, line.says) for line in lines])
        say.problems(found for line in lines for found in _errors(line.problems))
    return 1 if any(_errors(line.problems) for line in lines) else 0


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [each for each in problems if each.kind.severity == "error"]


def _tell_sources(lines: Iterable[Problem]) -> None:
    for line in lines:
        lead = "" if line.kind.severity == "information" else f"{line.kind.severity}: "
        say.talk(f"{lead}{line.says} ({line.kind.code})")


def _tell_looks(seen: list[audit.Look], as_json: bool) -> None:
    if as_json:
        say.as_json(
            [
                {
                    "at": look.at,
                    "who": look.name or look.client,
                    "what": look.interaction,
                    "type": look.type,
                    "base": look.base,
                    "outcome": look.outcome,
                    "request": look.request,
                }
                for look in seen
            ]
        )
        return
    say.table(
        [(look.at, look.name or look.client, look.interaction, look.type, look.outcome) for look in seen],
        ("at", "who", "what", "type", "outcome"),
    )


def _person() -> str:
    try:
        return f"{getpass.getuser()} at the command line"
    except (KeyError, OSError):
        return "somebody at the command line"


def _audited(gateway: Gateway, command: str, children: Iterable[str], question: str = "") -> None:
    """Keep a look from the command line, before anything of it is shown."""
    seen = tuple(sorted(set(children)))
    look = audit.Look(
        at=instant(now()),
        request=secrets.token_hex(8),
        interaction=f"${command.replace(' ', '')}",
        base="fhir",
        outcome=audit.ANSWERED,
        status=200,
        client="cli",
        name=_person(),
        children=seen,
        question=question.encode(),
    )
    gateway.trail.append(audit.written(look), seen)


COMMANDS = (child, matches, search, check)
