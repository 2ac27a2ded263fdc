"""The settings in force, and where the value of each came from.

Settings are read from one `gateway.toml`; an environment variable `GATEWAY_<NAME>` (dots and hyphens become
`_`) wins over the file. Which there are: `gateway.settings`.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path
from typing import Any

from gateway import sense
from gateway.problems import Place, Problem, Refused, problem
from gateway.problems.config import CONFIG_MISSING, CONFIG_UNKNOWN, CONFIG_UNREADABLE, CONFIG_VALUE
from gateway.settings import SETTINGS, Setting

SERVERS = ("postgresql://", "postgres://")
"""How a database begins that is a server and no file."""

_PASSWORD = re.compile(r"(://[^/?@:]*:|[?&]password=)([^@&]*)(@|&|$)")

_TABLES = {setting.name.split(".")[0] for setting in SETTINGS if "*" in setting.name}


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value in force and where it came from (`default`, the file, an environment variable)."""

    setting: Setting
    name: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Config:
    """All settings in force: `config["page_size"]`, `config.table("feeds")`.

    Paths are absolute: relative ones are taken from the folder of the configuration file.
    """

    values: Mapping[str, Value]
    folder: Path = attribute(default_factory=Path.cwd)

    def __getitem__(self, name: str) -> Any:
        """The value of one setting.

        Raises:
            KeyError: there is no such setting.
        """
        return self.values[name].value

    def table(self, kind: str) -> dict[str, dict[str, Any]]:
        """The entries of a repeating table (`feeds`, `clients`, ...) by name, defaults filled in."""
        out: dict[str, dict[str, Any]] = {}
        for name, value in self.values.items():
            head, _, rest = name.partition(".")
            if head == kind and rest:
                entry, _, key = rest.rpartition(".")
                out.setdefault(entry, {})[key] = value.value
        return out


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Return the settings in force: defaults, then the file, then the environment.

    Args:
        path: the `gateway.toml`; None for defaults and environment alone.
        environ: the environment; the process's own when None.

    Raises:
        Refused: `config.unreadable`, or every `config.unknown-setting`, `config.value` and
            `config.missing` at once.
    """
    given = _flat(_read(path)) if path else {}
    env = os.environ if environ is None else environ
    problems: list[Problem] = []
    values: dict[str, Value] = {}
    lines = _lines(path) if path else {}

    def place_of(name: str) -> Place:
        return Place(file=path.name if path else "", line=lines.get(name, 0)) if name in given else Place()

    known = [name for name, _ in _expected(given)]
    variables = {_variable(name): name for name in known}
    problems += [_unknown(name, known, place_of(name)) for name in given if _setting(name) is None]
    problems += [_unknown(name, variables, Place()) for name in sense.astray(env, variables)]
    for name, setting in _expected(given):
        variable = _variable(name)
        origin, raw = "default", setting.default
        if name in given:
            origin, raw = path.name if path else "", given[name]
        if variable in env:
            origin, raw = variable, env[variable]
        try:
            value = _typed(setting, raw) if origin != "default" else raw
        except ValueError:
            shown = "what was given" if setting.secret else repr(raw)
            problems.append(
                problem(CONFIG_VALUE, place=place_of(name), name=name, given=shown, takes=_takes(setting))
            )
            continue
        if setting.required and value in ("", None):
            state = "empty" if name in given else "not there"
            where = f"environment {variable} (not set), {path.name if path else 'no file'} ({state})"
            problems.append(problem(CONFIG_MISSING, name=name, looked=where))
        values[name] = Value(setting, name, value, origin)
    folder = path.resolve().parent if path else Path.cwd()
    config = Config(_placed(values, folder), folder)
    problems += sense.senseless({name: each.value for name, each in config.values.items()}, place_of)
    if problems:
        raise Refused(*problems)
    return config


def _unknown(name: str, known: Iterable[str], place: Place) -> Problem:
    near = difflib.get_close_matches(name, known, 1)
    return problem(CONFIG_UNKNOWN, place=place, name=name, near=f"Did you mean {near[0]}? " if near else "")


def _variable(name: str) -> str:
    return "GATEWAY_" + name.upper().replace(".", "_").replace("-", "_")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Refused(_not_toml(path, str(error))) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "It is not UTF-8 text"
        do = "Save it as UTF-8" if isinstance(error, UnicodeDecodeError) else "Name a file that can be read"
        raise Refused(problem(CONFIG_UNREADABLE, place=Place(file=path.name), reason=reason, do=do)) from None


def _not_toml(path: Path, said: str) -> Problem:
    """What the parser says, with its place as a place and in our words."""
    reason, _, where = said.partition(" (at ")
    line, column = ([int(number) for number in re.findall("[0-9]+", where)] + [0, 0])[:2]
    place = Place(file=path.name, line=line, column=column)
    reason = reason.replace("Invalid ", "Not a valid ")
    return problem(CONFIG_UNREADABLE, place=place, reason=reason, do="Correct the line")


def _flat(tree: dict[str, Any], head: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{head}{key}"
        setting = _setting(name)
        if isinstance(value, dict) and (setting is None or setting.type != "table"):
            out.update(_flat(value, name + ".") or {name: value})
        else:
            out[name] = value
    return out


def _setting(name: str) -> Setting | None:
    """The row of the table that describes `name`; the middle part of a repeating table may be any word."""
    parts = name.split(".")
    pattern = f"{parts[0]}.*.{'.'.join(parts[2:])}" if len(parts) > 2 else name
    return next((setting for setting in SETTINGS if setting.name == pattern), None)


def _entries(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each (table, entry) named by the file: `("feeds", "anytown")`."""
    seen = set()
    for name in given:
        parts = name.split(".")
        if parts[0] in _TABLES and len(parts) > 1 and (pair := (parts[0], parts[1])) not in seen:
            seen.add(pair)
            yield pair


def _expected(given: Mapping[str, Any]) -> Iterator[tuple[str, Setting]]:
    for setting in SETTINGS:
        if "*" not in setting.name:
            yield setting.name, setting
    for table, entry in _entries(given):
        for setting in SETTINGS:
            if setting.name.startswith(f"{table}.*."):
                yield setting.name.replace("*", entry, 1), setting


def _typed(setting: Setting, raw: Any) -> Any:
    """`raw` as the setting's type; a text from the environment is read as one.

    Raises:
        ValueError: it is not of the type, or not one of the choices.
    """
    text = raw if isinstance(raw, str) else None
    match setting.type:
        case "integer":
            number = int(text) if text is not None else raw
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise ValueError
            return number
        case "seconds":
            if isinstance(raw, bool) or not isinstance(raw, int | float | str) or float(raw) <= 0:
                raise ValueError
            return float(raw)
        case "flag":
            value = {"true": True, "1": True, "false": False, "0": False}.get(text.lower()) if text else raw
            if not isinstance(value, bool):
                raise ValueError
            return value
        case "list":
            items = [item.strip() for item in text.split(",") if item.strip()] if text is not None else raw
            if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
                raise ValueError
            return tuple(items)
        case "table":
            if not isinstance(raw, dict):
                raise ValueError
            return {key: str(value) for key, value in raw.items()}
    if text is None or (setting.choices and text not in setting.choices):
        raise ValueError
    if setting.type == "url" and text and not text.startswith(("http://", "https://")):
        raise ValueError
    return text.rstrip("/") if setting.type == "url" else text


def _takes(setting: Setting) -> str:
    if setting.choices:
        return "one of: " + ", ".join(setting.choices)
    kinds = {
        "integer": "a whole number above 0",
        "seconds": "a number of seconds above 0",
        "flag": "true or false",
        "list": "a list of texts",
        "table": "a table of texts",
        "url": "an address that starts with http:// or https://",
    }
    return kinds.get(setting.type, "a text")


def without_password(address: str) -> str:
    """An address, of a database or a server, as it may be shown."""
    return _PASSWORD.sub(r"\1…\3", address)


def _placed(values: dict[str, Value], folder: Path) -> dict[str, Value]:
    """The same values with relative paths taken from `folder`."""
    out = {}
    for name, value in values.items():
        if value.setting.type == "database" and not value.value.startswith(SERVERS):
            file = str(folder / value.value.removeprefix("sqlite:"))
            out[name] = Value(value.setting, name, file, value.origin)
        elif value.setting.type == "path" and value.value:
            out[name] = Value(value.setting, name, str(folder / value.value), value.origin)
        elif value.setting.name in ("mappings", "profiles"):
            out[name] = Value(
                value.setting, name, tuple(str(folder / item) for item in value.value), value.origin
            )
        else:
            out[name] = value
    return out


def _lines(path: Path) -> dict[str, int]:
    """The line of each `name = value` in a TOML file, as far as plain tables go (enough to point at)."""
    lines: dict[str, int] = {}
    head = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if text.startswith("[") and text.rstrip("]").lstrip("["):
            head = text.strip("[]").replace('"', "") + "."
        elif "=" in text and not text.startswith("#"):
            lines.setdefault(head + text.split("=", 1)[0].strip().strip('"'), number)
    return lines
