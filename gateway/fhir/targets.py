"""Where a reference points, and whether it may point there.

Source: HL7 FHIR R4 references, https://hl7.org/fhir/R4/references.html
"""

import re
from collections.abc import Mapping

from gateway.fhir import facts

_RELATIVE = re.compile(
    r"([A-Z][A-Za-z]+)(?:/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?|\?\S+)\Z"
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+\Z")
_TAIL = re.compile(r"/([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z")

#: What is known of a target: its type, "" where the reference does not tell.
UNKNOWN = ""


def target_type(reference: str, contained: Mapping[str, str]) -> str | None:
    """The type of resource that a reference points at, or `UNKNOWN`; None if it cannot be followed.

    Args:
        reference: the text of `Reference.reference`.
        contained: the types of the contained resources by id, for `#id`.
    """
    if reference.startswith("#"):
        return contained.get(reference[1:], UNKNOWN)
    if relative := _RELATIVE.match(reference):
        return relative.group(1) if facts.is_resource(relative.group(1)) else None
    if not _ABSOLUTE.match(reference):
        return None
    tail = _TAIL.search(reference)
    return tail.group(1) if tail and facts.is_resource(tail.group(1)) else UNKNOWN
