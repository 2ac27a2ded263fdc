"""The Bundle that answers a batch or transaction, joined from resources that are already text.

Source: HL7 FHIR R4 Bundle, https://hl7.org/fhir/R4/bundle.html (batch-response, transaction-response).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one entry.

    Attributes:
        status: number and words, as HTTP has them ("201 Created").
        resource: JSON text of what it answers with, or None.
        outcome: JSON text of an OperationOutcome, or None.
        full_url: absolute url of the resource, "" where it has none.
        location: of the version that stands after a write, "" where it is no write.
        etag: of the version.
        modified: when that was made, as an instant.
    """

    status: str
    resource: bytes | None = None
    outcome: bytes | None = None
    full_url: str = ""
    location: str = ""
    etag: str = ""
    modified: str = ""


def answered(kind: str, replies: Iterable[Reply]) -> bytes:
    """Return the Bundle of type `kind` ("batch-response" or "transaction-response"), in the order given."""
    entries = b",".join(_entry(reply) for reply in replies)
    start = b'{"resourceType":"Bundle","type":"%b"' % kind.encode()
    return b'%b,"entry":[%b]}' % (start, entries) if entries else start + b"}"


def _entry(reply: Reply) -> bytes:
    said = {
        "status": reply.status,
        "location": reply.location,
        "etag": reply.etag,
        "lastModified": reply.modified,
    }
    response = orjson.dumps({name: text for name, text in said.items() if text})
    if reply.outcome is not None:
        response = b'%b,"outcome":%b}' % (response[:-1], reply.outcome)
    url = b'"fullUrl":%b,' % orjson.dumps(reply.full_url) if reply.full_url else b""
    resource = b'"resource":%b,' % reply.resource if reply.resource is not None else b""
    return b'{%b%b"response":%b}' % (url, resource, response)
