"""Whether settings mean anything together: what each says alone was read by `gateway.config`."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from gateway.problems import Place, Problem, problem
from gateway.problems.config import CONFIG_VALUE

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.\-]*://[A-Za-z0-9.\-]+(:[0-9]+)?")
# A cluster sets these by itself for a service that is called "gateway".
_NOT_OURS = re.compile(r"GATEWAY_(SERVICE_(HOST|PORT)|PORT)(_.*)?|GATEWAY_CONFIG")


def astray(environ: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    """The environment variables that look like settings and are none.

    Args:
        known: every variable that is one.
    """
    for name in environ:
        if name.startswith("GATEWAY_") and name not in known and not _NOT_OURS.fullmatch(name):
            yield name


def senseless(values: Mapping[str, Any], place: Callable[[str], Place]) -> list[Problem]:
    """What cannot mean anything.

    Args:
        values: each setting's value, paths in full.
        place: where a setting was given.
    """
    feeds = {name.split(".")[1] for name in values if name.startswith("feeds.")}
    found = []
    for feed in sorted(feeds):
        if not _NAME.fullmatch(feed):
            found.append(_wrong("feeds", feed, "names of letters, digits, - and _, as in /feed/NAME", place))
    if bool(values.get("official_next")) != bool(values.get("official_from")):
        found.append(_wrong("official_from", "", "a day where official_next is given, and only there", place))
    for name, value in values.items():
        if name == "official_from" and value and not _is_day(value):
            found.append(_wrong(name, value, "a day that there is, as YYYY-MM-DD", place))
        if name in ("mappings", "profiles"):
            gone = [each for each in value if not Path(each).is_dir()]
            found += [_wrong(name, each, "folders that are there", place) for each in gone]
        elif name == "cors_origins":
            odd = [each for each in value if not _ORIGIN.fullmatch(each)]
            takes = "addresses of pages without a path, as https://app.example, or *"
            found += [_wrong(name, each, takes, place) for each in odd]
        elif name.startswith("clients.") and name.endswith(".feeds"):
            known = ", ".join(sorted(feeds)) or "none yet"
            found += [
                _wrong(name, each, f"names of feeds: {known}", place) for each in value if each not in feeds
            ]
    return found


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _wrong(name: str, given: str, takes: str, place: Callable[[str], Place]) -> Problem:
    return problem(CONFIG_VALUE, place=place(name), name=name, given=repr(given), takes=takes)
