"""An upstream's resource under our names: its id, its references, its subject, where it came from.

References are found as elements, not as text: whatever is not a reference passes through byte for byte, so a
decimal keeps its digits and a sentence that looks like a reference stays a sentence.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from msgspec import Raw

from gateway.fhir import json
from gateway.upstream.searchset import Fields, text

PublicId = Callable[[str, str, str], str]
"""(upstream's name, type, id there) to the id that `/fhir` shows: a keyed hash."""

_LISTS = ("profile", "security", "tag")
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_ALONE = re.compile(rb'\{\s*"reference"\s*:\s*"([A-Za-z0-9:/._#\-]*)"\s*\}')
"""An element that is nothing but a reference: most are, and need no reader."""


@dataclass(frozen=True, slots=True)
class Names:
    """How one server's names become ours for one question.

    Attributes:
        upstream: its name in the settings.
        bases: the bases under which an absolute reference is one of its own.
        patient: the id of the child's Patient there.
        child: the id of the child's Patient on `/fhir`.
        public_id: see `PublicId`.
        source: what goes into `meta.source`.
    """

    upstream: str
    bases: tuple[str, ...]
    patient: str
    child: str
    public_id: PublicId
    source: str


def rewritten(fields: Fields, names: Names) -> bytes:
    """Return a resource as compact JSON under our names, resourceType, id and meta first.

    `meta.versionId`, `lastUpdated`, `tag`, `security` and `profile` stay as they are.

    Raises:
        Refused: it is no JSON we read (`json.*`): nested without end, a name twice, a number nobody holds.
        TypeError: it cannot be written again.
    """
    type_, id_ = text(fields, "resourceType"), text(fields, "id")
    meta = json.read(bytes(fields["meta"])) if "meta" in fields else {}
    parts = [
        b'"resourceType":"%b"' % type_.encode(),
        b'"id":"%b"' % names.public_id(names.upstream, type_, id_).encode(),
        b'"meta":' + json.write({**_lists_only(meta), "source": names.source}),
    ]
    for name, raw in fields.items():
        if name not in ("resourceType", "id", "meta"):
            parts.append(orjson.dumps(name) + b":" + _element(raw, names))
    body = b"{" + b",".join(parts) + b"}"
    # Whoever shapes the answer (`_elements`) reads it as a text of ours, without checks.
    json.write(json.read(body))
    return body


def local_reference(reference: str, bases: tuple[str, ...]) -> tuple[str, str] | None:
    """Type and id of a reference to something on the same server, None for any other."""
    for base in bases:
        if base and reference.startswith(base + "/"):
            reference = reference[len(base) + 1 :]
            break
    found = _RELATIVE.fullmatch(reference)
    return (found[1], found[2]) if found else None


def _lists_only(meta: Any) -> dict[str, Any]:
    """Their `meta`, without what should be a list and is none: we add to its tags."""
    found = meta if isinstance(meta, dict) else {}
    return {name: each for name, each in found.items() if name not in _LISTS or isinstance(each, list)}


def _element(raw: Raw, names: Names) -> bytes:
    content = bytes(raw)
    if b'"reference"' not in content and b"\\u" not in content:
        return content
    alone = _ALONE.fullmatch(content)
    if alone:
        return b'{"reference":"%b"}' % _ours(alone[1].decode(), names).encode()
    value = json.read(content)
    _walk(value, names)
    return json.write(value)


def _walk(value: Any, names: Names) -> None:
    if isinstance(value, list):
        for each in value:
            _walk(each, names)
    elif isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            value["reference"] = _ours(reference, names)
        for each in value.values():
            _walk(each, names)


def _ours(reference: str, names: Names) -> str:
    """`#x`, urn: and other servers' addresses stay; a version goes, since we keep none of theirs."""
    found = local_reference(reference, names.bases)
    if found is None:
        return reference
    if found == ("Patient", names.patient):
        return f"Patient/{names.child}"
    return f"{found[0]}/{names.public_id(names.upstream, *found)}"
