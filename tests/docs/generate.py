"""Pages of docs/reference/ that are made from the code: `make docs` writes them, a test holds them equal.

A part of the README is made too: what stands between its `made` comments.
"""

import copy
import json
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import click

sys.path.append(str(Path(__file__).parent))

from checks import CHECKS, rows

from gateway.cli import commands
from gateway.fhir.ask import DEEPEST_CHAIN, supported
from gateway.fhir.capability import FORMATS
from gateway.fhir.includes import INCLUDES
from gateway.fhir.parameters import SHELF
from gateway.fhir.results import RESULT_PARAMETERS
from gateway.problems import catalogue
from gateway.service.including import ROUNDS
from gateway.settings import SETTINGS
from gateway.web.door import LONGEST_ADDRESS
from gateway.web.routes import ROUTES, Base, types

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
README = ROOT / "README.md"
PROFILES = ROOT / "profiles"

_BASES: tuple[Base, ...] = ("ask", "tell")
_MADE = re.compile(r"(<!-- made: (?P<part>\w+) -->\n).*?(<!-- end -->)", re.S)


def settings() -> str:
    """docs/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        "One `gateway.toml`; an environment variable `GATEWAY_<NAME>` (points and hyphens become `_`)",
        "wins over it. `fhirgate config` prints what is in force and where each value came from.",
        "In `feeds.*.sector` and the like `*` is a name that you choose: `[feeds.anytown-council]`.",
        "",
    ]
    for setting in SETTINGS:
        default = f"Default: {_toml(setting.default)}"
        unit = f" {setting.unit}" if setting.unit and not setting.required else ""
        lines += [f"## {setting.name}", "", setting.help, ""]
        lines.append(f"Type: {setting.type}. {'It must be given' if setting.required else default + unit}.")
        if setting.choices:
            lines.append(f"One of: {', '.join(f'`{each}`' for each in setting.choices if each)}.")
        if setting.secret:
            lines.append("Secret: shown as `set`.")
        lines.append("")
    return "\n".join(lines)


def problems() -> str:
    """docs/reference/problems.md."""
    lines = [
        "# Problems",
        "",
        "Every problem fhirgate can name: its stable code, what it says, what to do, and how FHIR and HTTP",
        "see it. `{names}` are filled in when it is met. What a record said is never part of a text.",
        "",
    ]
    for code, kind in sorted(catalogue().items()):
        lines += [f"## {code}", "", f"{kind.says}.", ""]
        if kind.fix:
            lines += [f"**What to do:** {kind.fix}", ""]
        lines += [f"FHIR issue `{kind.fhir}`, {kind.severity}, HTTP {kind.status}.", ""]
    return "\n".join(lines)


def command_pages() -> str:
    """docs/reference/commands.md."""
    lines = [
        "# Commands",
        "",
        "Data goes to stdout, talk to stderr. `--json` gives every command's answer to a program. Exit",
        "code 0: done; 1: something needs a person; 2: used wrongly. What a command changes, it says how to",
        "undo.",
        "",
    ]
    for name, command in sorted(commands.commands.items()):
        lines += _command(name, command)
    return "\n".join(lines)


RESULTS = """\
Without `_sort` what is newest comes first: by the date of what a resource tells, those without one
last; Patients, which have none, by id. `_sort` takes several keys; whatever the direction, what has no
value comes behind what has one, and of several values the smallest counts (with `-` the largest). Ties
are broken by an id. `_total=estimate` is counted as well.

`next` and `first` are `[path]?_cursor=…` and nothing else: the question lies in it, sealed, for the
client that asked; after `cursor_life` seconds it is 410. A walk meets what was there at its start once,
whatever is written meanwhile: what comes again because it changed in what it is sorted by is left out,
and what was passed over for that comes last. There is no `previous` and no `last`: while others write,
nobody can say where these are. `self` says what was used; of a search by POST it is the path alone,
because what was sent in a body, perhaps a number, is put in no address.

`_include` and `_revinclude` follow `Type:parameter`, `Type:parameter:Target`, `Type:*` or `*`; with
`:iterate` also from what came along, up to {rounds} rounds. What comes along is not counted, and is never a
match of the same page; what is not there, or may not be seen, is left out. More than `include_most` is
cut and said. On `/fhir` a reference is followed within one child only, and those of connected servers are
not followed. `_elements` is about the matches, `_summary` about everything.

`_has:Type:reference:parameter` finds what others refer to, nested and together with chains.

`GET [base]?_type=A,B&…` and `POST [base]/_search` search several types (without `_type` all that the token
gives) by parameters that all of them have, sorted as usual, by `_id` or by `_lastUpdated`.
`Patient/[id]/[type]` and `Patient/[id]/*` search what is about that Patient: what names it as its subject.
R4's compartment has what the Patient performed or wrote as well; here that belongs to whom it is about."""


EDGES = """\
JSON and XML are equals, in bodies, answers and refusals: `Accept` chooses by quality, of two liked alike
the one that is named first; `_format` beats it. A browser, which would take a web page, is given JSON.
Decimals keep their digits both ways. What XML 1.0 cannot carry is never kept; where a connected server has
sent it, XML says U+FFFD. What such a server sends that is not of R4's shape can only be had as JSON (406).

PATCH takes a JSON Patch, a JSON Merge Patch, an XML Patch, or the Parameters of a FHIRPath Patch in either
format; `application/json` that is no Parameters is a JSON Patch if it is a list, else a merge patch. What
comes out is judged like any write (422). The type, the id, `versionId`, `lastUpdated` and `source` cannot
be patched; a patch that changes nothing makes no version.

A history is newest first (`_sort=_lastUpdated`: oldest first), in pages of `_count`, narrowed by `_since`
and `_at`; its `next` links are sealed as those of a search are. Feeds have it of a resource, a type and
everything. On `/fhir` a resource has the versions that stand, each about the child it was told of and only
while that record is linked; a child's Patient is composed anew each time, so it has the one version that
stands.

A body may come packed with gzip; what it unfolds to counts for the limit. Answers of 1,400 bytes and more
are packed when asked. `Forwarded` and `X-Forwarded-For`, `-Proto`, `-Host`, `-Port` and `-Prefix` are
heard from `trusted_proxies` alone. Pages of `cors_origins` may use the bases from a browser. `Prefer:
respond-async` is answered at once. The statement has an ETag; everything else is `no-store`. With
`token_url` of an issuer `.well-known/smart-configuration` says where tokens are had; how a client proves
itself there, the issuer says."""


OPERATIONS = """\
`$validate` says of a resource that is sent, or of the one that stands, what a write would be told: 200 with
an OperationOutcome whatever is found. It judges R4's structures, types, codes, references and rules, the
profiles that the resource claims and that `profile` names, and extensions by their own definitions, as far
as these lie in a folder of profiles: how many, types, fixed values and patterns, required codes, slices.
What a profile says beyond that (rules in FHIRPath, value sets that are not here, the order of slices) is
named in an issue `profile.not-judged`. With `check_profiles` writes over HTTP are held against the profiles
they claim too. `mode` is `create`, `update` or `delete`.

`Patient/[id]/$everything` has the Patient and all that is about it, record by record, in pages of `_count`;
`_type` and `_since` narrow it, and `start` and `end` by the date of care, where what has none stays. On a
feed what is about nobody (who did it, and where) comes along, and `Patient/$everything` has all Patients;
a Patient that says to see also another is followed where both are one child. On `/fhir` connected servers
are not asked, and the answer says so. What is about another child never comes.

`Observation/$lastn` has the newest `max` (1) Observations of each code about a patient or subject, of a
category or code, ties included. Observations are of one code that share a coding, also through a third.

`$meta` is the `meta` of a resource; `$meta-add` and `$meta-delete` change its profiles, security labels and
tags, and so make a new version."""

TASKS = """\
Each open question to a person ([review a match](../how-to/review-a-match.md)) is a `Task` on `/fhir`, for
clients with [`decides`](settings.md#clientsdecides) and scopes that read Tasks and Patients; to others it
is as if there were none. Nothing is kept as a Task: it is composed when it is asked for, so it follows the
decision, and its taking back, at once. `id` is the number that `fhirgate matches` has. So is each
[seal](../how-to/seal-an-adoption.md) for two persons to confirm, as `seal-` and its number: it names nobody.

| element | holds |
| --- | --- |
| `code` | `one-child`, or `right-seal` |
| `status` | `requested`; \
`on-hold` when somebody could not tell or a second person is awaited; \
`completed`; `cancelled` when what the records say no longer calls for it |
| `businessStatus` | the same more exactly: \
`waiting`, `not-sure`, `one-of-two`, `same`, `different`, `withdrawn`; \
of a seal `one-of-two-confirmed`, `confirmed` |
| `focus` | the child that the record belongs to |
| `for` | the child that it may be about; `patient` and `subject` find by this one |
| `description`, `reasonCode` | why it is asked, in a sentence and as a code |
| `note` | who said what about it, and when |
| `input` | the record, as `FEED/id`, for callers from education and the local authority |

Read and search alone, newest first, by every parameter below without chains; `_include=Task:focus` and
`Task:patient` bring the Patients. A page of many has no `total` (`_summary=count` has it). Decide with
`Patient/$merge` or `$cci-distinct`, or `$cci-confirm`. What is about a sealed child is not there."""


def fhir() -> str:
    """docs/reference/fhir.md."""
    lines = [
        "# The two FHIR bases",
        "",
        "What this version does. `GET /fhir/metadata` and `GET /feed/{feed}/metadata` tell a program.",
        "FHIR R4 (4.0.1). Formats: " + ", ".join(f"`{each}`" for each in FORMATS) + ".",
        "Why there are two: [two bases](../explain/two-bases.md).",
        "",
        "## Interactions",
        "",
        *interactions(),
        "",
        EDGES,
        "",
        "Every 4xx and 5xx has an OperationOutcome. `Prefer: handling=strict` makes a gap in a federated",
        "answer an error; `handling=lenient` leaves out search parameters that are not known and names them.",
        "",
        "On a feed `If-None-Match` and `If-Modified-Since` give 304. On `/fhir` only `If-None-Match` for a",
        "Patient does: its version is a hash of its content, while anything else there keeps version and",
        "date when its record turns out to be another child's.",
        "",
        "What writes by criteria, batches and transactions answer, and what they refuse:",
        "[write FHIR into a feed](../how-to/write-fhir-into-a-feed.md).",
        "",
        f"An address may have {LONGEST_ADDRESS:,} bytes; what is longer goes into the body of a search by",
        "POST.",
        "",
        "## Search",
        "",
        "A parameter, modifier or value that is not understood is refused. Chains (`subject:Patient.name`)",
        f"are understood up to {DEEPEST_CHAIN} steps; several values are alternatives.",
        "",
        *_table(
            ("type", "modifiers"),
            (
                (name, " ".join(f"`:{each}`" for each in each.modifiers))
                for name, each in sorted(SHELF.items())
            ),
        ),
        "",
        "Which modifiers of a token make sense follows from its elements: `:text` needs something with a",
        "name, `:of-type` an identifier, `:in` and the like a code. Value sets and code systems are those of",
        "the profiles, and those that R4 requires. Quantities in UCUM are found in every unit that measures",
        "the same.",
        "A parameter of your own is [a file in the profiles](../how-to/search-by-something-of-your-own.md).",
        "",
        "Everything is found through an index; `:contains` reads the values of its one parameter, `:text`",
        "the texts of its one, each once, and `:missing` goes along the resources of the type.",
        "",
        "Parameters that shape the answer: "
        + ", ".join(f"`{each}`" for each in sorted((*RESULT_PARAMETERS, *INCLUDES)))
        + ".",
        "",
        *RESULTS.format(rounds=ROUNDS).splitlines(),
        "",
        "In `identifier` the short names `CCI|`, `NHS|` and `UPN|` stand for the systems of these numbers.",
        "",
        "## Operations",
        "",
        *OPERATIONS.splitlines(),
        "",
        *own_operations(),
        "",
        "## Tasks",
        "",
        *TASKS.splitlines(),
        "",
        "## Parameters of each type",
        "",
        f"`/feed/{{feed}}` has {len(types('tell'))} types; `/fhir` has the {len(types('ask'))} that can be",
        "about a child, marked with a dot, and [`Task`](#tasks). Every type has "
        + ", ".join(f"`{each}`" for each in sorted(_common()))
        + ";",
        "the table says what it has besides.",
        "",
        *_table(("type", "/fhir", "parameters"), map(_parameters, types("tell"))),
        "",
        *checklist(),
    ]
    return "\n".join(lines)


def own_operations() -> list[str]:
    """The operations that R4 does not have, as their OperationDefinitions in `profiles/` describe them."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(PROFILES.glob("OperationDefinition-*"))]
    lines = [
        "`Patient/$match` and `Patient/$ihe-pix` say [who a child is](../how-to/ask-who-a-child-is.md),",
        "graded, or by a number; who may not search Patients finds nobody. The operations in the table are",
        "the gateway's own. Those that change something are for clients with",
        "[`decides`](settings.md#clientsdecides).",
        "What they do to children: [what can become of a child](../explain/lives.md).",
        "",
    ]
    return lines + _table(
        ("operation", "does", "takes (in brackets: what may be left out)"),
        ((f"`${each['code']}`", _cell(each["description"]), _taken(each)) for each in found),
    )


def _taken(operation: dict[str, Any]) -> str:
    given = [each for each in operation.get("parameter", ()) if each["use"] == "in"]
    return ", ".join(f"`{each['name']}`" if each["min"] else f"(`{each['name']}`)" for each in given)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def interactions() -> list[str]:
    """The table of interactions: a row for each of them, a column for each base."""
    rows = [
        (
            f"`{route.interaction}`",
            f"`{route.method} {route.path}`",
            *("yes" if base in route.bases else "" for base in _BASES),
        )
        for route in ROUTES
    ]
    return _table(("interaction", "request", "`/fhir`", "`/feed/{feed}`"), rows)


def checklist() -> list[str]:
    """What a FHIR server is asked, and how each check stands."""
    stands = {id: (state, note) for id, _, state, note in rows()}
    states = [state for state, _ in stands.values()]
    counts = ", ".join(f"{states.count(each)} {each}" for each in ("passed", "refused on purpose", "left"))
    lines = [
        "## The checklist",
        "",
        f"{len(states)} checks: {counts}. A check is passed when a test that has its id holds over HTTP,",
        "with SQLite and with PostgreSQL (`tests/conformance/`).",
        "",
    ]
    for group, checks in CHECKS.items():
        lines += [f"### {group}", ""]
        lines += _table(
            ("check", "asks", "state", "note"), ((id, asks, *stands[id]) for id, asks in checks.items())
        )
        lines.append("")
    return lines


def commands_table() -> list[str]:
    """The table of commands: name and what it does."""
    rows = ((f"`fhirgate {name}`", each.short_help or "") for name, each in sorted(commands.commands.items()))
    return _table(("command", "does"), rows)


def readme() -> str:
    """The README with its made parts made anew."""
    return _MADE.sub(
        lambda part: "\n".join([part[1].rstrip("\n"), *PARTS[part["part"]](), part[3]]),
        README.read_text("utf-8"),
    )


@cache
def _common() -> frozenset[str]:
    """The search parameters that every type has."""
    return frozenset.intersection(
        *(frozenset(each.code for each in supported(type)) for type in types("tell"))
    )


def _toml(value: object) -> str:
    """A default as it would stand in gateway.toml."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return f"`[{', '.join(json.dumps(each) for each in value)}]`" if value else "none"
        case "" | {}:
            return "none"
        case str():
            return f"`{json.dumps(value)}`"
    return f"`{value}`" if value else "none"


def _parameters(type: str) -> tuple[str, str, str]:
    listed = ", ".join(f"`{each.code}`" for each in supported(type) if each.code not in _common())
    return type, "•" if type in types("ask") else "", listed


def _command(name: str, command: click.Command) -> list[str]:
    names = ["-h", "--help"]  # as the program says them
    command = copy.copy(command)
    command._help_option = None  # a command remembers the names it was first asked with, in whatever test
    context = click.Context(
        command, info_name=f"fhirgate {name}", max_content_width=100, help_option_names=names
    )
    text, _, examples = (command.help or "").partition("\b\nExamples:\n")
    options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
    rows = []
    for option in options:
        record = option.get_help_record(context)
        if record is not None:
            rows.append((f"`{record[0]}`", record[1]))
    return [
        f"## {name}",
        "",
        f"`{' '.join([f'fhirgate {name}', *command.collect_usage_pieces(context)])}`",
        "",
        "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n")),
        "",
        *_table(("option", "means"), rows),
        "",
        "```sh",
        *(line.strip() for line in examples.strip().splitlines()),
        "```",
        "",
    ]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "| " + " | ".join("---" for _ in heads) + " |",
        *(
            "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) + " |"
            for row in rows
        ),
    ]


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "problems.md": problems,
    "commands.md": command_pages,
    "fhir.md": fhir,
}
PARTS: dict[str, Callable[[], list[str]]] = {"interactions": interactions, "commands": commands_table}


if __name__ == "__main__":
    for page, make in PAGES.items():
        (REFERENCE / page).write_text(make(), "utf-8")
    README.write_text(readme(), "utf-8")
