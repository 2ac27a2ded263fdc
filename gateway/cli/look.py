"""Commands that look: search asks as /fhir would, check looks at every part."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl

import click

from gateway.app import clients_of, issuer_of, open_gateway, upstreams_of
from gateway.cli import say
from gateway.cli.seen import audited
from gateway.cli.shared import FILE, configured, opened, with_config, with_json
from gateway.config import SERVERS, Config
from gateway.fhir import ask, facts
from gateway.fhir import json as fhir_json
from gateway.fhir.bindings import meant
from gateway.fhir.query import Query
from gateway.fhir.query_text import to_text
from gateway.problems import Problem, Refused, refuse
from gateway.problems.http import HTTP_UNKNOWN_TYPE
from gateway.problems.service import NO_GATEWAY
from gateway.service import Gateway
from gateway.service.ask import Answer, Asking, Noted
from gateway.service.asking import is_closed
from gateway.service.check import Line, check_closed
from gateway.service.check import check as checked
from gateway.store.base import ASK
from gateway.upstream.greeting import Greeting, greet
from gateway.upstream.outlook import Outlook
from gateway.web.shape import reduced


@click.command(short_help="Answer a FHIR search as /fhir would.")
@click.argument("question")
@click.option("--local", is_flag=True, help="Ask only the gateway's own records.")
@click.option("--explain", is_flag=True, help="Say who would be asked what; send nothing.")
@with_json
@with_config
def search(question: str, local: bool, explain: bool, as_json: bool, config_path: Path | None) -> int:
    """Answer a FHIR search as /fhir would: QUESTION is what stands behind the base.

    With --explain nothing is searched or sent: it shows what is looked for here, and each request to a
    connected server, without what names the child. A server is not asked for a filter that its
    CapabilityStatement does not name; that is only known once it was read.

    \b
    Examples:
      fhirgate search 'Patient?family=Okafor'
      fhirgate search 'Observation?patient.identifier=CCI|B7K2M9QX93&_count=5' --explain
    """
    type, _, words = question.partition("?")
    if type not in facts.resource_types():
        raise refuse(HTTP_UNKNOWN_TYPE, meant=meant(type, facts.resource_types()))
    with opened(config_path) as gateway:
        noted = Noted()
        query = _query(gateway, type, words)
        if explain:
            found = _outlook(gateway, query, local, noted)
            audited(gateway, "search-type", noted.children, type, question)
            return _tell_outlook(query, found, as_json)
        answer = _answer(gateway, query, local, noted)
        audited(gateway, "search-type", noted.children, type, question)
    bodies = [reduced(each.body, query) for each in answer.found]
    # R4: the list of elements is about the matches, not about what comes along
    along = [reduced(each.body, replace(query, elements=())) for each in answer.along]
    if as_json:
        sources = [say.problem_json(line) for line in answer.account]
        resources, included = ([json.loads(body) for body in some] for some in (bodies, along))
        say.as_json({"total": answer.total, "resources": resources, "included": included, "sources": sources})
    else:
        for body in (*bodies, *along):
            sys.stdout.write(fhir_json.write(fhir_json.read(body)).decode() + "\n")
        total = "an unknown number" if answer.total is None else f"{answer.total:,}"
        say.talk(f"{len(answer.found):,} of {total}")
        _tell_sources(answer.account)
    return 1 if any(line.kind.severity != "information" for line in answer.account) else 0


@click.command(short_help="Check settings, database, audit, mappings and upstreams.")
@with_json
@with_config
def check(as_json: bool, config_path: Path | None) -> int:
    """Check settings, database, audit, mappings, profiles, upstreams, clients and issuers: a line for each.

    \b
    Examples:
      fhirgate check
      fhirgate check --config /etc/fhirgate/gateway.toml --json
    """
    if not _begun(config_path):
        raise refuse(NO_GATEWAY)
    config = configured(config_path)
    lines = [*_parts(config), *_access(config)]
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
        say.table([("look" if _told(one) else "ok", one.part, one.says) for one in lines])
        say.problems(found for one in lines for found in _told(one))
    return 1 if any(_errors(one.problems) for one in lines) else 0


@click.command(short_help="Say how each connected server is.")
@with_json
@with_config
def upstreams(as_json: bool, config_path: Path | None) -> int:
    """Ask each connected server for its /metadata and say how it is; no child is asked about.

    \b
    Examples:
      fhirgate upstreams
      fhirgate upstreams --json
    """
    found = greet(upstreams_of(configured(config_path)))
    if as_json:
        say.as_json([_greeting_json(each) for each in found])
    elif not found:
        say.talk("No server is connected. A table [upstreams.NAME] in gateway.toml connects one.")
    else:
        rows = [
            (
                *(each.upstream.name, "look" if each.problem else "ok", each.says),
                *(", ".join(each.upstream.types), each.upstream.base_url),
            )
            for each in found
        ]
        say.table(rows, ("server", "state", "says", "is asked for", "address"))
        for each in found:
            if each.lacks:
                says = f"{each.upstream.called} does not say that it has {', '.join(each.lacks)}"
                say.talk(f"{says}: it may know nothing of what it is asked for.")
        say.problems(each.problem for each in found if each.problem)
    return 1 if any(each.problem for each in found) else 0


def _greeting_json(greeting: Greeting) -> dict[str, object]:
    upstream = greeting.upstream
    return {
        "upstream": upstream.name,
        "name": upstream.called,
        "base_url": upstream.base_url,
        "types": list(upstream.types),
        "lacks": list(greeting.lacks),
        "says": greeting.says,
        "problems": [say.problem_json(greeting.problem)] if greeting.problem else [],
    }


def _parts(config: Config) -> list[Line]:
    """The parts of the gateway; where it cannot be opened, those that can be looked at without it."""
    upstreams = upstreams_of(config)
    try:
        gateway = open_gateway(config)
    except Refused as refused:
        return check_closed(config, refused, upstreams)
    try:
        return checked(gateway)
    finally:
        gateway.close()


def _query(gateway: Gateway, type: str, words: str) -> Query:
    pairs = parse_qsl(words, keep_blank_values=True)
    return ask.parse(type, pairs, page_most=int(gateway.config["page_most"]), context=gateway.context())


def _answer(gateway: Gateway, query: Query, local: bool, noted: Noted) -> Answer:
    asker = gateway.asker_here if local else gateway.asker
    limit = _limit(gateway.config, query)
    return asker.search(gateway.store, query, _asking(gateway, noted), limit, to_text(query))


def _outlook(gateway: Gateway, query: Query, local: bool, noted: Noted) -> list[Outlook]:
    asker = gateway.asker_here if local else gateway.asker
    return asker.outlook(gateway.store, query, _asking(gateway, noted), _limit(gateway.config, query))


def _limit(config: Config, query: Query) -> int:
    count = int(config["page_size"]) if query.count is None else query.count
    return 0 if query.summary == "count" else count


def _asking(gateway: Gateway, noted: Noted) -> Asking:
    return Asking(
        ASK,
        types=None,
        sees_upn=True,
        seconds=float(gateway.config["deadline"]),
        client="cli",
        noted=noted,
        is_closed=partial(is_closed, gateway.store),
    )


def _tell_outlook(query: Query, found: list[Outlook], as_json: bool) -> int:
    """Who would be asked what: the own records, then each connected server."""
    names = list(dict.fromkeys(each.param for each in query.criteria))
    if as_json:
        servers = [
            {
                "upstream": each.upstream.name,
                "requests": [{"method": method, "url": url} for method, url in each.requests],
                "not_asked": each.reason,
            }
            for each in found
        ]
        say.as_json({"here": {"type": query.type, "parameters": names}, "upstreams": servers})
        return 0
    rows = [("here", f"{query.type} by {', '.join(names)}" if names else f"every {query.type}")]
    for each in found:
        lines = [f"{method} {url}" for method, url in each.requests] or [f"not asked: {each.reason}"]
        rows += [(each.upstream.name if not number else "", line) for number, line in enumerate(lines)]
    say.table(rows)
    say.talk("Nothing was searched or sent.")
    return 0


def _begun(config_path: Path | None) -> bool:
    """Whether there is a gateway to look at; looking makes none."""
    database = configured(config_path)["database"]
    return bool(
        config_path or Path(FILE).is_file() or database.startswith(SERVERS) or Path(database).exists()
    )


def _access(config: Config) -> list[Line]:
    """Clients and issuers, as `fhirgate serve` would read them."""
    lines = [_read("clients", lambda: say.counted(len(clients_of(config)), "client"))]
    for name in config.table("issuers"):
        keys = partial(_keys, config, name)
        lines.append(_read(f"issuer {name}", keys))
    return lines


def _keys(config: Config, name: str) -> str:
    issuer = issuer_of(config, name)
    return f"{issuer.issuer}, {say.counted(len(issuer.keys), 'key')}"


def _read(part: str, says: Callable[[], str]) -> Line:
    try:
        return Line(part, says())
    except Refused as refused:
        return Line(part, "cannot be used", refused.problems)


def _told(line: Line) -> list[Problem]:
    """What a line has to be looked at for; a mapping's doubts are told by `fhirgate test`."""
    errors = _errors(line.problems)
    if line.part.startswith("mapping "):
        return errors
    return errors + [each for each in line.problems if each.kind.severity == "warning"]


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [each for each in problems if each.kind.severity == "error"]


def _tell_sources(lines: Iterable[Problem]) -> None:
    for line in lines:
        lead = "" if line.kind.severity == "information" else f"{line.kind.severity}: "
        say.talk(f"{lead}{line.says} ({line.kind.code})")


COMMANDS = (search, check, upstreams)
