"""What a base can do, told to anybody who asks: made from the table of routes and R4's own facts."""

from functools import lru_cache

from gateway import __version__
from gateway.fhir import json
from gateway.fhir.ask import supported
from gateway.fhir.capability import Operation, Served, capability
from gateway.web.messages import Response
from gateway.web.patching import PATCH_FORMATS
from gateway.web.routes import Base, interactions, operations, types, whole_interactions
from gateway.web.visit import Visit

#: Since when the bases have answered as they do in this version.
SINCE = "2026-11-24"
_WHERE = b"[base]"
DEFINITIONS = {
    "$everything": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    "$ihe-pix": "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
    "$lastn": "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    "$meta": "http://hl7.org/fhir/OperationDefinition/Resource-meta",
    "$meta-add": "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
    "$meta-delete": "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
    "$validate": "http://hl7.org/fhir/OperationDefinition/Resource-validate",
}


def capabilities(visit: Visit) -> Response:
    """Answer with the CapabilityStatement of the base."""
    base: Base = "tell" if visit.request.feed else "ask"
    several = str(visit.gateway.config["conditional_delete"])
    statement = _statement(base, visit.base_uri, visit.gate.anybody is None, several)
    return Response(200, statement.replace(_WHERE, json.write(visit.request.base)[1:-1]))


@lru_cache(16)
def _statement(base: Base, base_uri: str, secured: bool, several: str) -> bytes:
    """The statement but for the address of the base, which anybody can have be as they like."""
    served = [_served(type, base, base_uri, several) for type in types(base)]
    return json.write(
        capability(
            _WHERE.decode(),
            base,
            served,
            version=__version__,
            date=SINCE,
            interactions=whole_interactions(base),
            operations=_operations(base, base_uri),
            secured=secured,
            patch_formats=PATCH_FORMATS if base == "tell" else (),
        )
    )


def _operations(base: Base, base_uri: str, type: str = "") -> tuple[Operation, ...]:
    """The operations of a base, or of a type on it, each with its definition: HL7's, or our own."""
    own = f"{base_uri}/OperationDefinition"
    return tuple(
        Operation(name[1:], DEFINITIONS.get(name, f"{own}/{name[1:]}")) for name in operations(base, type)
    )


def _served(type: str, base: Base, base_uri: str, several: str) -> Served:
    its = _operations(base, base_uri, type)
    codes = tuple(each.code for each in supported(type))
    if base == "ask":
        # see `reading`: what a child's record says keeps its version when the record changes its child
        knows = "not-match" if type == "Patient" else "not-supported"
        return Served(type, interactions(base), codes, operations=its, conditional=(("read", knows),))
    return Served(
        type,
        interactions(base),
        codes,
        operations=its,
        versioning="versioned-update",
        update_create=True,
        conditional=(("create", True), ("read", "full-support"), ("update", True), ("delete", several)),
    )
