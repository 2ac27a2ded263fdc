"""Every setting, once: name, type, default, unit, help, and where its value came from.

Settings are read from one `gateway.toml`; an environment variable `GATEWAY_<NAME>` (dots and hyphens become
`_`) wins over the file. Tables that repeat (`[feeds.x]`, `[clients.x]`, `[upstreams.x]`, `[issuers.x]`) are
described by the same table with a `*` in the name.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path
from typing import Any

from gateway.problems import Place, Problem, Refused, problem
from gateway.problems.config import CONFIG_MISSING, CONFIG_UNKNOWN, CONFIG_UNREADABLE, CONFIG_VALUE


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    `type` is "text", "path", "url", "integer", "seconds", "flag", "list" (of texts) or "table" (of texts); `default` is None where
    the setting must be given or has no value until it is.
    """

    name: str
    type: str
    default: Any
    help: str
    unit: str = ""
    secret: bool = False
    choices: tuple[str, ...] = ()
    required: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "base_uri",
        "url",
        "https://fhirgate.example",
        "The start of every identifier system and code system of this gateway.",
    ),
    Setting(
        "public_url",
        "url",
        "",
        "The address under which clients see this gateway; empty: as the request says.",
    ),
    Setting("database", "path", "gateway.db", "The SQLite file that holds records, links and children."),
    Setting("audit", "path", "audit.db", "The SQLite file that holds the audit."),
    Setting(
        "secret_file",
        "path",
        "gateway.secret",
        "The file with the gateway's secret; made on first use, readable by its owner only.",
    ),
    Setting("mappings", "list", (), "Folders with mappings, beside those that ship with the gateway."),
    Setting("profiles", "list", (), "Folders with profiles, beside those that ship with the gateway."),
    Setting("page_size", "integer", 20, "Results on a page when the question does not say.", "results"),
    Setting("page_most", "integer", 500, "The most results on a page.", "results"),
    Setting("body_most", "integer", 16_777_216, "The largest request body that is read.", "bytes"),
    Setting("cursor_life", "seconds", 3600, "How long a next-page link can be followed.", "seconds"),
    Setting("deadline", "seconds", 3.0, "The time a question may take, upstreams included.", "seconds"),
    Setting("load_batch", "integer", 500, "Records committed together while a file is loaded.", "records"),
    Setting(
        "open",
        "flag",
        False,
        "Answer without a token. Only `fhirgate demo` sets it, on loopback, with invented children.",
    ),
    Setting(
        "feeds.*.organisation", "text", "", "The name of the school, council or service that tells us things."
    ),
    Setting(
        "feeds.*.sector",
        "text",
        "",
        "What kind of organisation the feed is.",
        choices=("education", "local-authority", "health"),
        required=True,
    ),
    Setting("feeds.*.set", "table", {}, 'Values a mapping asks for (`la = "201"`).'),
    Setting(
        "feeds.*.verified",
        "flag",
        False,
        "Identifiers in this feed were traced (their NHS numbers count as verified).",
    ),
    Setting("clients.*.name", "text", "", "Who the client is, for the audit."),
    Setting(
        "clients.*.sector",
        "text",
        "health",
        "Who asks: UPNs are shown only to education and the local authority.",
        choices=("education", "local-authority", "health"),
    ),
    Setting("clients.*.scopes", "list", (), "SMART v2 system scopes the client may be given."),
    Setting("clients.*.feeds", "list", (), "Feeds the client may read and write on /feed."),
    Setting("issuers.*.jwks", "path", "", "A file with the issuer's public keys (JWK Set).", required=True),
    Setting("issuers.*.issuer", "url", "", "The `iss` of tokens of this issuer.", required=True),
    Setting("issuers.*.audience", "text", "", "The `aud` that tokens of this issuer must carry."),
    Setting(
        "upstreams.*.base_url",
        "url",
        "",
        "The FHIR base of a health server that is asked at the moment of the question.",
        required=True,
    ),
    Setting("upstreams.*.name", "text", "", "What the server is called in answers."),
    Setting(
        "upstreams.*.timeout", "seconds", 2.0, "How long this server may take within the deadline.", "seconds"
    ),
    Setting("upstreams.*.token", "text", "", "A bearer token sent to this server.", secret=True),
    Setting("upstreams.*.types", "list", ("Observation",), "Resource types this server is asked for."),
)

_TABLES = {setting.name.split(".")[0] for setting in SETTINGS if "*" in setting.name}


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value in force and where it came from (`default`, `gateway.toml`, an environment variable)."""

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
        """The entries of a repeating table (`feeds`, `clients`, `issuers`, `upstreams`) by name, defaults filled in."""
        out: dict[str, dict[str, Any]] = {}
        for name, value in self.values.items():
            head, _, rest = name.partition(".")
            if head == kind and rest:
                entry, _, key = rest.rpartition(".")
                out.setdefault(entry, {})[key] = value.value
        return out
