"""What a server's search result holds, taken apart without decoding what only passes through.

Source: HL7 FHIR R4 search, https://hl7.org/fhir/R4/search.html#results (match, include, outcome)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Raw

Fields = dict[str, Raw]
"""A resource as its top-level elements, each still the text it came as."""

OUTCOMES = ("error", "fatal", "warning")
_TOTAL_MOST = 2**31 - 1
"""The most that FHIR's unsignedInt holds; what a server counts beyond it says nothing."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search result.

    Attributes:
        resources: the matches, each with its `fullUrl` ("" where it has none).
        unread: how many entries are no resources at all.
        links: relation to URL.
        total: as the server counts, None where it does not say.
        said: the issue codes of warnings and errors the server put beside its matches.
    """

    resources: tuple[tuple[str, Fields], ...]
    unread: int
    links: Mapping[str, str]
    total: int | None
    said: tuple[str, ...] = ()


class Nonsense(ValueError):
    """The text is not a search result; the message says why, and names nothing of its content."""


class _Link(msgspec.Struct):
    relation: str = ""
    url: str = ""


class _Search(msgspec.Struct, frozen=True):
    mode: str = "match"


class _Entry(msgspec.Struct):
    fullUrl: str = ""
    resource: Raw = Raw(b"null")
    search: _Search = _Search()


class _Issue(msgspec.Struct):
    severity: str = ""
    code: str = ""


class _Answered(msgspec.Struct):
    resourceType: str
    type: str = ""
    total: int | None = None
    link: list[_Link] = []
    entry: list[_Entry] = []
    issue: list[_Issue] = []


_answered = msgspec.json.Decoder(_Answered)
_fields = msgspec.json.Decoder(Fields)
_issues = msgspec.json.Decoder(_Answered)


def page(body: bytes) -> Page:
    """Return what a search result holds.

    Raises:
        Nonsense: it is not JSON, not a Bundle of search results, or an OperationOutcome without a Bundle
            around it (its issue codes are then in the message: the Personal Demographics Service says
            "multiple-matches" so).
    """
    answered = _bundle(body)
    matches: list[tuple[str, Fields]] = []
    said: list[str] = []
    unread = 0
    for entry in answered.entry:
        fields = opened(entry.resource)
        if text(fields, "resourceType") == "OperationOutcome":
            said += _said(entry.resource)
        elif not fields:
            unread += 1
        elif entry.search.mode == "match":
            matches.append((entry.fullUrl, fields))
    links = {link.relation: link.url for link in answered.link}
    total = answered.total if 0 <= (answered.total or 0) <= _TOTAL_MOST else None
    return Page(tuple(matches), unread, links, total, tuple(dict.fromkeys(said)))


def opened(resource: bytes | Raw) -> Fields:
    """The top-level elements of a resource's text; empty when it is no object."""
    try:
        return _fields.decode(resource)
    except (ValueError, RecursionError):
        return {}


def text(fields: Fields, name: str) -> str:
    """One element of type string; "" when it is absent or something else."""
    found = value(fields, name)
    return found if isinstance(found, str) else ""


def value(fields: Fields, name: str) -> Any:
    """One element, decoded (numbers lose their spelling: to look at, not to write).

    None when it is absent or cannot be decoded (a number that no computer holds).
    """
    raw = fields.get(name)
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None


def reference(fields: Fields, name: str) -> str:
    """The reference an element holds; "" when there is none."""
    found = value(fields, name)
    target = found.get("reference") if isinstance(found, dict) else None
    return target if isinstance(target, str) else ""


def own_base(found: Page, type_: str) -> str:
    """The base the server believes it has: behind a proxy not the one it is asked under; "" if unsaid."""
    for full_url, fields in found.resources:
        tail = f"/{type_}/{text(fields, 'id')}"
        if full_url.endswith(tail):
            return full_url.removesuffix(tail)
    return found.links.get("self", "").partition("?")[0].removesuffix(f"/{type_}")


def asked_for(self_link: str) -> frozenset[str] | None:
    """The parameters that the server says it applied; None when its self link does not say."""
    try:
        query = urlsplit(self_link).query
    except ValueError:
        return None
    return frozenset(name for name, _ in parse_qsl(query, keep_blank_values=True)) if query else None


def _bundle(body: bytes) -> _Answered:
    try:
        body.decode("utf-8")
        answered = _answered.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except UnicodeDecodeError:
        raise Nonsense("it is not UTF-8") from None
    except msgspec.ValidationError:
        raise Nonsense("its elements are not those of a Bundle") from None
    except (ValueError, RecursionError):
        raise Nonsense("it is not readable JSON") from None
    if answered.resourceType == "OperationOutcome":
        raise Nonsense("an OperationOutcome: " + ", ".join(_codes(answered.issue)))
    if answered.resourceType != "Bundle":
        raise Nonsense("it is not a Bundle")
    if answered.type != "searchset":
        raise Nonsense("it is not a Bundle of search results")
    return answered


def _said(outcome: Raw) -> list[str]:
    try:
        return _codes([each for each in _issues.decode(outcome).issue if each.severity in OUTCOMES])
    except (ValueError, RecursionError):
        return ["unreadable"]


def _codes(issues: list[_Issue]) -> list[str]:
    """Issue codes are a closed list of FHIR's: anything else is somebody's free text and not repeated."""
    return [each.code if each.code.replace("-", "").isalpha() else "unknown" for each in issues]
