"""Every setting, once: name, type, default, unit, help.

Tables that repeat (`[feeds.x]`, `[clients.x]`, `[upstreams.x]`, `[issuers.x]`) have a `*` in their names.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    `type` is "text", "path", "database" (a path or a server's URL), "url", "integer", "seconds", "flag",
    "list" (of texts) or "table" (of texts); `default` is None where the setting must be given or has no
    value until it is.
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
    Setting(
        "database",
        "database",
        "gateway.db",
        "What holds records, links and children: the path of a SQLite file, or postgresql://user@host/database.",
    ),
    Setting("audit", "path", "audit.db", "The SQLite file that holds the audit."),
    Setting(
        "secret_file",
        "path",
        "gateway.secret",
        "The file with the gateway's secret; made on first use, readable by its owner only.",
    ),
    Setting(
        "one_operator",
        "flag",
        False,
        "Whether another name is another person, whoever gives it: for a demonstration by one person. "
        "Else a client, or a user of this machine, is one of the two persons that some decisions take.",
    ),
    Setting("mappings", "list", (), "Folders with mappings, beside those that ship with the gateway."),
    Setting("profiles", "list", (), "Folders with profiles, beside those that ship with the gateway."),
    Setting(
        "model",
        "path",
        "",
        "The file of weights that children are matched with, as `fhirgate train` writes it; empty: those "
        "that ship.",
    ),
    Setting(
        "check_profiles",
        "flag",
        False,
        "Whether a write over HTTP is refused that does not follow the profiles its meta.profile names; "
        "those that are in no folder of profiles are passed over.",
    ),
    Setting(
        "official",
        "text",
        "cci",
        "Which identifier of a child is the official one; the NHS number only where it was verified.",
        choices=("cci", "nhs-number"),
    ),
    Setting(
        "official_next",
        "text",
        "",
        "Which identifier is the official one from the day official_from on; empty: it stays as it is. "
        "After that day `fhirgate link` composes every child anew.",
        choices=("", "cci", "nhs-number"),
    ),
    Setting(
        "official_from", "text", "", "The day from which official_next is in force, as YYYY-MM-DD, in London."
    ),
    Setting("page_size", "integer", 20, "Results on a page when the question does not say.", "results"),
    Setting("page_most", "integer", 500, "The most results on a page.", "results"),
    Setting(
        "include_most",
        "integer",
        1000,
        "The most resources that come along with a page (`_include`, `_revinclude`).",
        "resources",
    ),
    Setting("body_most", "integer", 16_777_216, "The largest request body that is read.", "bytes"),
    Setting("bundle_most", "integer", 5000, "The most entries of a batch or transaction.", "entries"),
    Setting(
        "conditional_delete",
        "text",
        "single",
        "What a delete by criteria does that more than one resource meets: refuse, or delete them all.",
        choices=("single", "multiple"),
    ),
    Setting(
        "cors_origins",
        "list",
        (),
        "Web pages that browsers may let use the gateway, as `https://app.example`; `*` for all, "
        "empty for none.",
    ),
    Setting(
        "trusted_proxies",
        "list",
        (),
        "Addresses and networks of proxies in front, whose headers Forwarded or X-Forwarded-… are believed.",
    ),
    Setting("cursor_life", "seconds", 3600, "How long a next-page link can be followed.", "seconds"),
    Setting("deadline", "seconds", 3.0, "The time a question may take, upstreams included.", "seconds"),
    Setting(
        "load_batch",
        "integer",
        500,
        "The most records committed together while a file is loaded; fewer where that takes over a second.",
        "records",
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
    Setting("clients.*.purpose", "text", "", "Why the client asks, for the audit."),
    Setting(
        "clients.*.issuer",
        "text",
        "",
        "The `iss` of the one issuer whose tokens may name the client; empty: this gateway itself, whose "
        "tokens `fhirgate token` prints. So no issuer can name a client that was registered for another.",
    ),
    Setting("clients.*.scopes", "list", (), "SMART v2 system scopes the client may be given."),
    Setting("clients.*.feeds", "list", (), "Feeds the client may read and write on /feed."),
    Setting(
        "clients.*.decides",
        "flag",
        False,
        "Whether the client may decide about children: merge, split, seal, tell apart. Of two persons it is "
        "one, whatever names it gives, unless its tokens name the person (`issuers.*.persons`).",
    ),
    Setting("issuers.*.jwks", "path", "", "A file with the issuer's public keys (JWK Set).", required=True),
    Setting("issuers.*.issuer", "url", "", "The `iss` of tokens of this issuer.", required=True),
    Setting(
        "issuers.*.persons",
        "flag",
        False,
        "Whether its tokens name the person at the client: in `sub`, where that is not the client itself.",
    ),
    Setting("issuers.*.audience", "text", "", "The `aud` that tokens of this issuer must carry."),
    Setting(
        "issuers.*.token_url",
        "url",
        "",
        "Where clients get tokens of this issuer; the first one is told to them (SMART configuration).",
    ),
    Setting(
        "upstreams.*.base_url",
        "url",
        "",
        "The FHIR base of a health server that is asked at the moment of the question; http only on this "
        "machine, else https.",
        required=True,
    ),
    Setting("upstreams.*.name", "text", "", "What the server is called in answers."),
    Setting(
        "upstreams.*.timeout", "seconds", 2.0, "How long this server may take within the deadline.", "seconds"
    ),
    Setting("upstreams.*.token", "text", "", "A bearer token sent to this server.", secret=True),
    Setting("upstreams.*.types", "list", ("Observation",), "Resource types this server is asked for."),
)
