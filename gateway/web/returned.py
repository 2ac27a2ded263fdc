"""What an operation gives back: a Parameters resource.

Source: HL7 FHIR R4 operations, https://hl7.org/fhir/R4/operations.html#response
"""

from collections.abc import Sequence
from typing import Any

from gateway.fhir import json
from gateway.web.messages import Response

Part = dict[str, Any]


def part(name: str, **value: Any) -> Part:
    """One parameter: `part("score", valueDecimal=1)`, `part("link", part=[…])`."""
    return {"name": name, **value}


def parameters(parts: Sequence[Part], status: int = 200) -> Response:
    """A Parameters resource; one without any parameter where there are none."""
    body = {"resourceType": "Parameters", **({"parameter": list(parts)} if parts else {})}
    return Response(status, json.write(body))
