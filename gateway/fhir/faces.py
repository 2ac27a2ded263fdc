"""One stored text, two faces: as its feed told it, and as `/fhir` answers it.

A resource is stored once, as the final JSON bytes that `/fhir` sends. Where the two bases differ the
text carries marks that no JSON text can hold otherwise (control characters must be escaped in JSON):

    \\x00            the id of the child the record is linked to: known only when it is read
    \\x01 text \\x01   an id or reference in its public form; what the feed wrote stands in `told`

So a link that is taken back changes no stored text, a read on `/fhir` costs two scans in C, and a feed's
client reads back what it wrote. Public ids are keyed hashes: a council's case number used as an id never
leaves its feed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_CHILD = b"\x00"
_MARK = b"\x01"
_REFERENCE = re.compile(rb'"reference":"(?:([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})((?:/_history/[^"]*)?))"')
_ID = re.compile(rb'^\{"resourceType":"([A-Za-z]+)","id":"([A-Za-z0-9\-.]{1,64})"')
_TOLD = re.compile(rb"\x01[^\x01]*\x01|\x00")

PublicId = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Stored:
    """A marked text, and what the feed wrote at each mark, in order, joined by line feeds."""

    body: bytes
    told: bytes


def marked(text: bytes, patient: str | None, public_id: PublicId) -> Stored:
    """Return the stored form of `text`.

    Args:
        text: compact JSON that begins with resourceType and id.
        patient: the local id of the Patient the resource is about, or None.
        public_id: (type, local id) to the id that `/fhir` shows.
    """
    told: list[bytes] = []
    own = patient.encode() if patient is not None else None

    def identity(found: re.Match[bytes]) -> bytes:
        kind, local = found.groups()
        told.append(local)
        public = public_id(kind.decode(), local.decode()).encode()
        return b'{"resourceType":"%s","id":"\x01%s\x01"' % (kind, public)

    def reference(found: re.Match[bytes]) -> bytes:
        kind, local, version = found.groups()
        told.append(
            b"%s/%s%s" % (kind, local, version) if kind != b"Patient" or local != own else local + version
        )
        if kind == b"Patient" and local == own:
            return b'"reference":"Patient/\x00"'
        public = public_id(kind.decode(), local.decode()).encode()
        return b'"reference":"\x01%s/%s\x01"' % (kind, public)

    head = _ID.match(text)
    if head is None:
        raise ValueError("a resource to be stored begins with its resourceType and id")
    start = identity(head)
    return Stored(start + _REFERENCE.sub(reference, text[head.end() :]), b"\n".join(told))


def asked(body: bytes, child: bytes) -> bytes:
    """The text as `/fhir` answers it, with `child` (the id of the child's Patient) in its places."""
    return body.replace(_MARK, b"").replace(_CHILD, child)


def told(body: bytes, words: bytes) -> bytes:
    """The text as the feed told it."""
    each = iter(words.split(b"\n"))
    return _TOLD.sub(lambda _: next(each), body)
