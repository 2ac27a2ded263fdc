"""What a base can do, told to anybody who asks: made from the table of routes and R4's own facts."""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from gateway import __version__
from gateway.fhir import json, xml
from gateway.fhir.ask import supported
from gateway.fhir.capability import Operation, Served, Whole, capability, terminology
from gateway.fhir.leads import leading_to, references
from gateway.fhir.negotiate import etag, versions
from gateway.problems import refuse
from gateway.problems.http import HTTP_NO_TOKENS
from gateway.problems.search import SEARCH_TWICE, SEARCH_VALUE
from gateway.service.profiles import definitions
from gateway.web import tasks
from gateway.web.messages import FHIR_JSON, FHIR_XML, Response
from gateway.web.patching import PATCH_FORMATS
from gateway.web.routes import (
    REVIEWS,
    SMART,
    Base,
    interactions,
    operations,
    review_interactions,
    types,
    whole_interactions,
)
from gateway.web.shape import asked_shape, reduced
from gateway.web.visit import Visit
from gateway.web.words import pairs

#: Since when the bases have answered as they do in this version.
SINCE = "2026-11-24"
_WHERE = b"[base]"
DEFINITIONS = {
    "$everything": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    "$ihe-pix": "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
    "$match": "http://hl7.org/fhir/OperationDefinition/Patient-match",
    "$lastn": "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    "$meta": "http://hl7.org/fhir/OperationDefinition/Resource-meta",
    "$meta-add": "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
    "$meta-delete": "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
    "$validate": "http://hl7.org/fhir/OperationDefinition/Resource-validate",
}
#: Kept by whoever likes, and asked again each time whether it still holds: nothing of a child is in it.
_CACHED = ("Cache-Control", "no-cache")


class _Own(NamedTuple):
    """What the settings of a gateway change in its statements."""

    base_uri: str
    secured: bool
    several: str
    browsers: bool
    tokens: str
    entries_most: int


def capabilities(visit: Visit) -> Response:
    """Answer with the CapabilityStatement of the base, or 304; or with what SMART tells of tokens.

    Raises:
        Refused: `http.no-tokens` (404); what is wrong with the parameters.
    """
    base: Base = "tell" if visit.request.feed else "ask"
    config = visit.gateway.config
    issuers = config.table("issuers").values()
    own = _Own(
        visit.base_uri,
        visit.gate.anybody is None,
        str(config["conditional_delete"]),
        bool(config["cors_origins"]),
        next((str(each["token_url"]) for each in issuers if each["token_url"]), ""),
        int(config["bundle_most"]),
    )
    if visit.request.path == SMART:
        return _smart(own)
    asked = pairs(visit.request.query)
    mode = _mode([value for name, value in asked if name == "mode"])
    shape = asked_shape(
        "CapabilityStatement", [each for each in asked if each[0] != "mode"], "The statement", ("mode",)
    )
    shelf = visit.gateway.shelf
    statement = _MODES[mode](base, own, definitions(shelf.profiles, shelf.base_uri).profiles)
    return _kept(visit, reduced(statement.replace(_WHERE, json.write(visit.request.base)[1:-1]), shape))


def _mode(given: list[str]) -> str:
    if len(given) > 1:
        raise refuse(SEARCH_TWICE, field="mode", name="mode")
    mode = (given or [""])[0] or "full"
    if mode not in _MODES:
        listed = ", ".join(_MODES)
        raise refuse(SEARCH_VALUE, field="mode", expected=f"one of {listed}", example=f"one of {listed}")
    return mode


def _kept(visit: Visit, statement: bytes) -> Response:
    """The statement in the format that is asked for, or that the caller has it already."""
    body = _as_xml(statement, visit.pretty) if visit.format == "xml" else statement
    mark = hashlib.blake2b(body + b"pretty" * visit.pretty, digest_size=8).hexdigest()
    headers = [("ETag", etag(mark)), _CACHED]
    held = versions(visit.request.headers.get("if-none-match"), "If-None-Match")
    if mark in held or "*" in held:
        return Response(304, b"", headers)
    return Response(200, body, headers, type=FHIR_XML if visit.format == "xml" else FHIR_JSON)


@lru_cache(8)
def _as_xml(statement: bytes, pretty: bool) -> bytes:
    return xml.write(json.read_trusted(statement), pretty=pretty)


def _smart(own: _Own) -> Response:
    """What a client of SMART's backend services needs to know; only what the settings say is said.

    Source: HL7 SMART App Launch 2.2, https://hl7.org/fhir/smart-app-launch/conformance.html
    """
    if not own.tokens:
        raise refuse(HTTP_NO_TOKENS)
    told = {
        "token_endpoint": own.tokens,
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["system/*.cruds"],
        "capabilities": ["permission-v2"],
    }
    return Response(200, json.write(told), [_CACHED], type="application/json")


@lru_cache(16)
def _statement(base: Base, own: _Own, profiles: Callable[[str], tuple[str, ...]]) -> bytes:
    """The statement but for the address of the base, which anybody can have be as they like."""
    served = [_served(type, base, own, profiles) for type in types(base)]
    if base == "ask":
        served.append(_reviews())
    return json.write(
        capability(
            _WHERE.decode(),
            base,
            served,
            version=__version__,
            date=SINCE,
            whole=Whole(
                interactions=whole_interactions(base),
                parameters=_shared(served),
                operations=_operations(base, own.base_uri),
                patch_formats=PATCH_FORMATS if base == "tell" else (),
                token_url=own.tokens,
                secured=own.secured,
                cors=own.browsers,
                entries_most=own.entries_most,
            ),
        )
    )


def _reviews() -> Served:
    """The Tasks of `/fhir`: composed from what waits for a person, and so without versions."""
    return Served(
        REVIEWS,
        review_interactions(),
        parameters=tuple(each.code for each in supported(REVIEWS)),
        versioning="no-version",
        includes=("*", *(f"{REVIEWS}:{code}" for code in tasks.REFERENCES)),
    )


def _terminology(base: Base, own: _Own, profiles: Callable[[str], tuple[str, ...]]) -> bytes:
    return json.write(terminology(_WHERE.decode(), base, version=__version__, date=SINCE))


_MODES: Mapping[str, Callable[..., bytes]] = MappingProxyType(
    # the statement is normative in R4, as a whole
    {"full": _statement, "normative": _statement, "terminology": _terminology}
)


def _shared(served: list[Served]) -> tuple[str, ...]:
    """The parameters that every type has."""
    common = set.intersection(*(set(each.parameters) for each in served))
    return tuple(sorted(common))


def _operations(base: Base, base_uri: str, type: str = "") -> tuple[Operation, ...]:
    """The operations of a base, or of a type on it, each with its definition: HL7's, or our own."""
    own = f"{base_uri}/OperationDefinition"
    return tuple(
        Operation(name[1:], DEFINITIONS.get(name, f"{own}/{name[1:]}")) for name in operations(base, type)
    )


def _served(type: str, base: Base, own: _Own, profiles: Callable[[str], tuple[str, ...]]) -> Served:
    shared: dict[str, Any] = {
        "parameters": tuple(each.code for each in supported(type)),
        "operations": _operations(base, own.base_uri, type),
        "supported_profiles": profiles(type),
        "includes": ("*", *(f"{type}:{code}" for code in references(type))),
        "rev_includes": ("*", *(f"{each}:{code}" for each in types(base) for code in leading_to(each, type))),
        # a child's Patient is composed anew each time, and no earlier version of it is kept
        "read_history": base == "tell" or type != "Patient",
    }
    if base == "ask":
        # see `reading`: what a child's record says keeps its version when the record changes its child
        knows = "not-match" if type == "Patient" else "not-supported"
        return Served(type, interactions(base), conditional=(("read", knows),), **shared)
    return Served(
        type,
        interactions(base),
        versioning="versioned-update",
        update_create=True,
        conditional=(("create", True), ("read", "full-support"), ("update", True), ("delete", own.several)),
        **shared,
    )
