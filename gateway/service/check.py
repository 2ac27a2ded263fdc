"""Is everything as it should be? One line for each part; the first thing support asks for."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.config import SERVERS, Config
from gateway.fhir import json
from gateway.problems import Problem, Refused, problem
from gateway.problems.store import STORE_READABLE
from gateway.resources import shipped
from gateway.service import Gateway, notes
from gateway.service.shelf import Shelf
from gateway.upstream import Upstream
from gateway.upstream.greeting import Greeting, greet


class Line(NamedTuple):
    """One part: its name, what there is, and what is wrong with it (nothing if all is well)."""

    part: str
    says: str
    problems: tuple[Problem, ...] = ()


def check(gateway: Gateway) -> list[Line]:
    """Look at settings, database, audit, mappings, profiles and upstreams; note how far the audit goes."""
    return [
        _settings(gateway.config),
        _database(gateway),
        _audit(gateway),
        *_around(gateway.config, gateway.shelf, gateway.upstreams.upstreams),
    ]


def check_closed(config: Config, refused: Refused, upstreams: Sequence[Upstream]) -> list[Line]:
    """Look at what can be looked at where the gateway cannot be opened.

    Args:
        refused: why it cannot.
        upstreams: the connected servers.
    """
    first = refused.problems[0]
    of_audit = Path(str(first.details.get("file", ""))).name == Path(config["audit"]).name
    part = "audit" if of_audit else "database" if first.kind.code.startswith("store.") else "secret"
    line = Line(part, "cannot be opened", refused.problems)
    return [_settings(config), line, *_around(config, Shelf.read(config), upstreams)]


def _around(config: Config, shelf: Shelf, upstreams: Sequence[Upstream]) -> list[Line]:
    """What is looked at whether or not the database is open."""
    return [
        _files(config),
        *(_mapping(shelf, name) for name in sorted(shelf.folders)),
        _profiles(),
        *(_upstream(each) for each in greet(upstreams)),
    ]


def _settings(config: Config) -> Line:
    given = sum(value.origin != "default" for value in config.values.values())
    feeds = ", ".join(sorted(config.table("feeds"))) or "no feeds yet"
    return Line("settings", f"{given} given, the rest as shipped; feeds: {feeds}")


def _database(gateway: Gateway) -> Line:
    try:
        counts = gateway.store.counts()
    except Refused as refused:
        return Line("database", "cannot be read", refused.problems)
    words = (
        f"{counts[name]:,} {name}"
        for name in ("children", "records", "resources", "links", "reviews", "loads")
    )
    return Line("database", ", ".join(words))


def _audit(gateway: Gateway) -> Line:
    problems = (
        *gateway.trail.verify(),
        *notes.shorter(gateway.store, gateway.trail, Path(gateway.config["audit"]).name),
    )
    if problems:
        return Line("audit", "changed or incomplete", problems)
    gateway.note_audit()
    return Line("audit", "complete and unchanged")


def _files(config: Config) -> Line:
    """What holds children's records, and who else can read it."""
    names = [config["secret_file"], config["audit"]]
    names += [] if config["database"].startswith(SERVERS) else [config["database"]]
    beside = [Path(name + end) for name in names for end in ("", "-wal", "-shm")]
    open_to_others = [each for each in beside if each.exists() and each.stat().st_mode & 0o077]
    says = "readable by others" if open_to_others else "readable by their owner alone"
    return Line("files", says, tuple(problem(STORE_READABLE, file=each.name) for each in open_to_others))


def _mapping(shelf: Shelf, name: str) -> Line:
    try:
        mapping = shelf.mapping(name)
    except Refused as refused:
        return Line(f"mapping {name}", f"{len(refused.problems)} mistakes", refused.problems)
    doubts = f", {len(mapping.warnings)} warnings" if mapping.warnings else ""
    return Line(f"mapping {name}", f"{mapping.version}: {mapping.title}{doubts}", mapping.warnings)


def _upstream(greeting: Greeting) -> Line:
    upstream = greeting.upstream
    problems = (greeting.problem,) if greeting.problem else ()
    return Line(f"upstream {upstream.name}", f"{upstream.base_url}: {greeting.says}", problems)


def _profiles() -> Line:
    problems: list[Problem] = []
    files = sorted(shipped("profiles").glob("*.json"))
    for file in files:
        try:
            json.read(file.read_bytes())
        except Refused as refused:
            problems += refused.problems
    return Line("profiles", f"{len(files)} files", tuple(problems))
