"""Bundles joined from resources that are already text: nothing is parsed, nothing is written twice.

Source: HL7 FHIR R4 Bundle, https://hl7.org/fhir/R4/bundle.html (searchset, history; bdl-1 to bdl-4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

import orjson

Link = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One version in a history.

    Attributes:
        full_url: absolute url of the resource, without a version.
        resource: its JSON text as of this version; None for a deletion.
        method: "POST", "PUT", "PATCH" or "DELETE".
        url: of the request, relative to the base (`Patient/1`, or `Patient` for a POST).
        status: of the answer ("201", "200", "204").
        version: its version id.
        modified: when, as an instant.
    """

    full_url: str
    resource: bytes | None
    method: str
    url: str
    status: str
    version: str
    modified: str


def searchset(
    matches: Iterable[tuple[bytes, bytes]],
    *,
    links: Sequence[Link] = (),
    total: int | None = None,
    includes: Iterable[tuple[bytes, bytes]] = (),
    outcome: bytes | None = None,
) -> bytes:
    """Return the Bundle of a page of search results.

    Args:
        matches: full url and JSON text of each match, in order. A full url holds nothing that JSON escapes.
        links: relation and url (`self`, `next`), in order.
        total: how many match on all pages, or None where it was not counted.
        includes: like `matches`, for resources that came along.
        outcome: the JSON text of an OperationOutcome about the search, put last.
    """
    entries = [b'{"fullUrl":"%b","resource":%b,"search":{"mode":"match"}}' % entry for entry in matches]
    entries += [b'{"fullUrl":"%b","resource":%b,"search":{"mode":"include"}}' % entry for entry in includes]
    if outcome is not None:
        # every entry of a searchset has a full url, and this one has no address
        url = uuid5(NAMESPACE_OID, outcome.decode()).urn.encode()
        entries.append(b'{"fullUrl":"%b","resource":%b,"search":{"mode":"outcome"}}' % (url, outcome))
    return _bundle(b"searchset", total, links, entries)


def history(changes: Iterable[Change], *, links: Sequence[Link] = (), total: int | None = None) -> bytes:
    """Return the Bundle of a page of a history, newest first as `changes` come.

    Args:
        changes: the versions.
        links: relation and url (`self`, `next`), in order.
        total: how many versions there are on all pages, or None where they were not counted.
    """
    return _bundle(b"history", total, links, [_change(change) for change in changes])


def _change(change: Change) -> bytes:
    resource = b'"resource":%b,' % change.resource if change.resource is not None else b""
    request = orjson.dumps({"method": change.method, "url": change.url})
    response = orjson.dumps(
        {"status": change.status, "etag": f'W/"{change.version}"', "lastModified": change.modified}
    )
    full_url = orjson.dumps(change.full_url)
    return b'{"fullUrl":%b,%b"request":%b,"response":%b}' % (full_url, resource, request, response)


def _bundle(kind: bytes, total: int | None, links: Sequence[Link], entries: list[bytes]) -> bytes:
    parts = [b'{"resourceType":"Bundle","type":"%b"' % kind]
    if total is not None:
        parts.append(b',"total":%d' % total)
    if links:
        linked = [{"relation": relation, "url": url} for relation, url in links]
        parts.append(b',"link":' + orjson.dumps(linked))
    if entries:
        parts += [b',"entry":[', b",".join(entries), b"]"]
    parts.append(b"}")
    return b"".join(parts)
