"""Is everything as it should be? One line for each part; the first thing support asks for."""

from typing import NamedTuple

from gateway.fhir import json
from gateway.problems import Problem, Refused
from gateway.resources import shipped
from gateway.service import Gateway


class Line(NamedTuple):
    """One part: its name, what there is, and what is wrong with it (nothing if all is well)."""

    part: str
    says: str
    problems: tuple[Problem, ...] = ()


def check(gateway: Gateway) -> list[Line]:
    """Look at settings, database, audit, mappings, profiles and upstreams; nothing is changed."""
    return [
        _settings(gateway),
        _database(gateway),
        _audit(gateway),
        *(_mapping(gateway, name) for name in sorted(gateway.shelf.folders)),
        _profiles(),
        *(Line(f"upstream {each.name}", each.base_url) for each in gateway.upstreams.upstreams),
    ]


def _settings(gateway: Gateway) -> Line:
    given = sum(value.origin != "default" for value in gateway.config.values.values())
    feeds = ", ".join(sorted(gateway.feeds)) or "no feeds yet"
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
    problems = tuple(gateway.trail.verify())
    return Line("audit", "changed or incomplete" if problems else "complete and unchanged", problems)


def _mapping(gateway: Gateway, name: str) -> Line:
    try:
        mapping = gateway.shelf.mapping(name)
    except Refused as refused:
        return Line(f"mapping {name}", f"{len(refused.problems)} mistakes", refused.problems)
    doubts = f", {len(mapping.warnings)} warnings" if mapping.warnings else ""
    return Line(f"mapping {name}", f"{mapping.version}: {mapping.title}{doubts}", mapping.warnings)


def _profiles() -> Line:
    problems: list[Problem] = []
    files = sorted(shipped("profiles").glob("*.json"))
    for file in files:
        try:
            json.read(file.read_bytes())
        except Refused as refused:
            problems += refused.problems
    return Line("profiles", f"{len(files)} files", tuple(problems))
