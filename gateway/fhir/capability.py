"""What a base says it can do: a CapabilityStatement made from what its router serves, and from nothing else.

Source: HL7 FHIR R4 CapabilityStatement, https://hl7.org/fhir/R4/capabilitystatement.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.fhir import facts

FHIR_VERSION = "4.0.1"
#: Of bodies and answers.
FORMATS = ("application/fhir+json", "application/fhir+xml", "json", "xml")

#: A type whose parameters include those that every type has.
_ANY = "Patient"
_COMPARTMENT = "http://hl7.org/fhir/CompartmentDefinition/patient"

_SMART = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
    "display": "SMART-on-FHIR",
}
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_WORDS = {
    "ask": (
        "Children, and everything that is known about them",
        "One Patient for each child, composed from the records of all feeds; read and search only. "
        "Who has something to tell writes to the base of a feed.",
    ),
    "tell": (
        "The records of one feed",
        "One feed's own FHIR store, as the feed wrote it. Its records are matched and linked to children, "
        "which are asked for on the base /fhir.",
    ),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that is served: its name without the dollar sign, and the url of its definition."""

    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Served:
    """What is served for one resource type.

    Attributes:
        type: the resource type.
        interactions: codes of R4's restful interactions (`read`, `search-type`).
        parameters: codes of the search parameters that are understood.
        operations: on the type or its instances.
        profile: the profile that all its instances follow, or "".
        supported_profiles: other profiles that its instances may follow.
        versioning: "no-version", "versioned" or "versioned-update" (If-Match is honoured).
        update_create: whether PUT makes what is not there.
        conditional: which of create, read, update and delete are conditional, and how:
            `(("create", True), ("read", "full-support"), ("delete", "single"))`.
        includes: values of `_include` that are understood.
        rev_includes: values of `_revinclude` that are understood.
        read_history: whether versions that no longer stand can be read.
    """

    type: str
    interactions: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    profile: str = ""
    supported_profiles: tuple[str, ...] = ()
    versioning: str = "versioned"
    update_create: bool = False
    conditional: tuple[tuple[str, bool | str], ...] = ()
    includes: tuple[str, ...] = ()
    rev_includes: tuple[str, ...] = ()
    read_history: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """What is served by a base as a whole.

    Attributes:
        interactions: on the whole system (`transaction`, `search-system`).
        parameters: codes of the search parameters that every type has.
        operations: on the whole system.
        formats: of bodies and answers.
        patch_formats: of patches; empty where nothing can be patched.
        token_url: where a client gets a token, or "".
        secured: False only where no token is asked for (the demo).
        cors: whether a browser may let some page of another address use it.
        entries_most: the most entries of a batch or transaction; 0 where there is no most.
    """

    interactions: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    formats: tuple[str, ...] = FORMATS
    patch_formats: tuple[str, ...] = ()
    token_url: str = ""
    secured: bool = True
    cors: bool = False
    entries_most: int = 0


WHOLE = Whole()


def capability(
    base: str, kind: str, served: Iterable[Served], *, version: str, date: str, whole: Whole = WHOLE
) -> dict[str, Any]:
    """Return the CapabilityStatement of one base.

    Args:
        base: absolute url of the base, without a slash at its end.
        kind: "ask" for /fhir, "tell" for the base of a feed.
        served: what is served for each type, in any order.
        version: of fhirgate.
        date: since when the base has answered like this, as a dateTime.
        whole: what is served besides.

    Raises:
        KeyError: a type or a search parameter that R4 does not have is said to be served.
    """
    rest = {
        "mode": "server",
        "documentation": _WORDS[kind][1],
        "security": _security(whole),
        "resource": [_resource(each) for each in sorted(served, key=lambda each: each.type)],
        "interaction": [_interaction(code, whole.entries_most) for code in whole.interactions],
        "searchParam": _parameters(_ANY, whole.parameters),
        "operation": _operations(whole.operations),
        "compartment": [_COMPARTMENT],
    }
    shared = {"format": list(whole.formats), "patchFormat": list(whole.patch_formats), "rest": [_full(rest)]}
    return _full(
        _head("CapabilityStatement", base, kind, version, date) | {"fhirVersion": FHIR_VERSION} | shared
    )


def terminology(base: str, kind: str, *, version: str, date: str) -> dict[str, Any]:
    """Return the TerminologyCapabilities of one base: who it is, and no terminology service."""
    return _head("TerminologyCapabilities", base, kind, version, date)


def _interaction(code: str, entries_most: int) -> dict[str, Any]:
    told = f"At most {entries_most} entries." if entries_most and code in ("batch", "transaction") else ""
    return _full({"code": code, "documentation": told})


def _head(resource: str, base: str, kind: str, version: str, date: str) -> dict[str, Any]:
    title, description = _WORDS[kind]
    return {
        "resourceType": resource,
        "url": f"{base}/metadata",
        "version": version,
        "name": "Fhirgate" + kind.capitalize(),
        "title": title,
        "status": "active",
        "date": date,
        "publisher": "fhirgate",
        "description": description,
        "kind": "instance",
        "software": {"name": "fhirgate", "version": version},
        "implementation": {"description": title, "url": base},
    }


def _full(item: dict[str, Any]) -> dict[str, Any]:
    """`item` without the members that hold nothing, which FHIR does not allow."""
    return {key: value for key, value in item.items() if value not in ("", [], {})}


def _security(whole: Whole) -> dict[str, Any]:
    if not whole.secured:
        return {
            "cors": whole.cors,
            "description": "A demonstration with invented children: no token is asked for.",
        }
    extension = {"url": _OAUTH_URIS, "extension": [{"url": "token", "valueUri": whole.token_url}]}
    return _full(
        {
            "extension": [extension] if whole.token_url else [],
            "cors": whole.cors,
            "service": [{"coding": [_SMART]}],
            "description": "Every request but this one needs a bearer token with SMART v2 system scopes.",
        }
    )


def _resource(served: Served) -> dict[str, Any]:
    names = {"create": "Create", "read": "Read", "update": "Update", "delete": "Delete"}
    entry: dict[str, Any] = {
        "type": served.type,
        "profile": served.profile,
        "supportedProfile": list(served.supported_profiles),
        "interaction": [{"code": code} for code in served.interactions],
        "versioning": served.versioning,
        "readHistory": served.read_history,
        "updateCreate": served.update_create,
    }
    entry.update((f"conditional{names[what]}", how) for what, how in served.conditional)
    entry["searchInclude"] = list(served.includes)
    entry["searchRevInclude"] = list(served.rev_includes)
    entry["referencePolicy"] = ["literal", "logical"]
    entry["searchParam"] = _parameters(served.type, served.parameters)
    entry["operation"] = _operations(served.operations)
    return _full(entry)


def _parameters(type: str, codes: Iterable[str]) -> list[dict[str, str]]:
    known = facts.parameters(type) if type != "Resource" else facts.parameters(_ANY)
    return [
        {"name": code, "definition": known[code].definition, "type": known[code].type}
        for code in sorted(codes)
    ]


def _operations(operations: Iterable[Operation]) -> list[dict[str, str]]:
    ordered = sorted(operations, key=lambda each: each.name)
    return [{"name": each.name, "definition": each.definition} for each in ordered]
