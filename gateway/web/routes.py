"""What is served where: one table, from which requests find their way and `/metadata` is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, NamedTuple

from gateway.fhir import facts
from gateway.fhir.bindings import meant
from gateway.fhir.compartments import in_compartment
from gateway.problems import Refused, refuse
from gateway.problems.http import (
    HTTP_DECIDE_ELSEWHERE,
    HTTP_ID_FORM,
    HTTP_METHOD,
    HTTP_NO_OPERATION,
    HTTP_NO_ROUTE,
    HTTP_NOT_ABOUT_CHILDREN,
    HTTP_NOT_IN_COMPARTMENT,
    HTTP_UNKNOWN_TYPE,
    HTTP_WRITE_ELSEWHERE,
)
from gateway.problems.operation import OPERATION_LEVEL

Base = Literal["ask", "tell"]


@dataclass(frozen=True, slots=True)
class Route:
    """An interaction, in FHIR's words, and where it is had."""

    interaction: str
    method: str
    path: str
    bases: tuple[Base, ...]


_BOTH: tuple[Base, ...] = ("ask", "tell")
_TELL: tuple[Base, ...] = ("tell",)
_ASK: tuple[Base, ...] = ("ask",)

ROUTES = (
    Route("capabilities", "GET", "metadata", _BOTH),
    Route("capabilities", "GET", ".well-known/smart-configuration", _BOTH),
    Route("read", "GET", "[type]/[id]", _BOTH),
    Route("vread", "GET", "[type]/[id]/_history/[vid]", _BOTH),
    Route("history-instance", "GET", "[type]/[id]/_history", _BOTH),
    Route("history-type", "GET", "[type]/_history", _TELL),
    Route("history-system", "GET", "_history", _TELL),
    Route("search-type", "GET", "[type]", _BOTH),
    Route("search-type", "POST", "[type]/_search", _BOTH),
    Route("search-type", "GET", "Patient/[id]/[type]", _BOTH),
    Route("search-type", "POST", "Patient/[id]/[type]/_search", _BOTH),
    Route("search-system", "GET", "[base]", _BOTH),
    Route("search-system", "POST", "_search", _BOTH),
    Route("search-system", "GET", "Patient/[id]/*", _BOTH),
    Route("search-system", "POST", "Patient/[id]/_search", _BOTH),
    Route("create", "POST", "[type]", _TELL),
    Route("update", "PUT", "[type]/[id]", _TELL),
    Route("patch", "PATCH", "[type]/[id]", _TELL),
    Route("delete", "DELETE", "[type]/[id]", _TELL),
    Route("conditional-update", "PUT", "[type]", _TELL),
    Route("conditional-patch", "PATCH", "[type]", _TELL),
    Route("conditional-delete", "DELETE", "[type]", _TELL),
    Route("transaction", "POST", "[base]", _TELL),
    Route("batch", "POST", "[base]", _BOTH),
    Route("$load", "POST", "$load", _TELL),
    Route("$everything", "GET", "Patient/[id]/$everything", _BOTH),
    Route("$everything", "POST", "Patient/[id]/$everything", _BOTH),
    Route("$everything", "GET", "Patient/$everything", _TELL),
    Route("$everything", "POST", "Patient/$everything", _TELL),
    Route("$lastn", "GET", "Observation/$lastn", _BOTH),
    Route("$lastn", "POST", "Observation/$lastn", _BOTH),
    Route("$ihe-pix", "GET", "Patient/$ihe-pix", _ASK),
    Route("$ihe-pix", "POST", "Patient/$ihe-pix", _ASK),
    Route("$match", "POST", "Patient/$match", _ASK),
    Route("$merge", "POST", "Patient/$merge", _ASK),
    Route("$cci-explain", "GET", "Patient/[id]/$cci-explain", _ASK),
    Route("$cci-unmerge", "POST", "Patient/[id]/$cci-unmerge", _ASK),
    Route("$cci-split", "POST", "Patient/[id]/$cci-split", _ASK),
    Route("$cci-distinct", "POST", "Patient/[id]/$cci-distinct", _ASK),
    Route("$cci-seal", "POST", "Patient/[id]/$cci-seal", _ASK),
    Route("$cci-unseal", "POST", "Patient/$cci-unseal", _ASK),
    Route("$cci-confirm", "POST", "Patient/$cci-confirm", _ASK),
    Route("$mdm-query-links", "GET", "$mdm-query-links", _ASK),
    Route("$mdm-query-links", "POST", "$mdm-query-links", _ASK),
    Route("$mdm-link-history", "GET", "$mdm-link-history", _ASK),
    Route("$mdm-link-history", "POST", "$mdm-link-history", _ASK),
    Route("$mdm-duplicate-golden-resources", "GET", "$mdm-duplicate-golden-resources", _ASK),
    Route("$meta", "GET", "[type]/[id]/$meta", _BOTH),
    Route("$meta-add", "POST", "[type]/[id]/$meta-add", _TELL),
    Route("$meta-delete", "POST", "[type]/[id]/$meta-delete", _TELL),
    Route("$validate", "POST", "[type]/$validate", _BOTH),
    Route("$validate", "GET", "[type]/[id]/$validate", _BOTH),
    Route("$validate", "POST", "[type]/[id]/$validate", _BOTH),
)

#: How the names of interactions begin whose criteria say which resource is meant.
CONDITIONAL = "conditional-"
_WHOLE = "[base]"
#: Where SMART clients look for where tokens are had.
SMART = ".well-known/smart-configuration"
#: What anybody may ask for.
OPEN = frozenset({"metadata", SMART})
_COMPARTMENT = "Patient/[id]/[type]"
_SHAPES = frozenset(each.path for each in ROUTES)
_OPERATIONS = frozenset(each.interaction for each in ROUTES if each.interaction[0] == "$")
#: What R4 has no code for among the interactions with a whole system.
_NO_INTERACTION = _OPERATIONS | {"capabilities"}
#: A type that `/fhir` has though it is not about one child: what waits for persons who decide.
REVIEWS = "Task"
_OF_REVIEWS = frozenset({"read", "search-type"})
_ID_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.")
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Found(NamedTuple):
    """The interaction that a request asks for, and what of.

    Attributes:
        id: of a search in a compartment, that of the Patient.
    """

    interaction: str
    type: str = ""
    id: str = ""
    version: str = ""


class _Where(NamedTuple):
    shape: str
    type: str = ""
    id: str = ""
    version: str = ""


def find(feed: str, method: str, path: str) -> Found:
    """Return what a request asks for.

    Args:
        feed: the feed's name, "" on `/fhir`.
        method: upper case; HEAD asks for what GET does.
        path: behind the base.

    Raises:
        Refused: `http.no-route`, `http.no-operation`, `http.unknown-type`,
            `http.not-about-children`, `http.not-in-compartment` (404); `http.id-form` (400); `http.method`,
            `http.write-elsewhere` (405).
    """
    base: Base = "tell" if feed else "ask"
    where = _where(path)
    interactions = _served_at(base, where)
    if where.type:
        _check_type(base, where.type)
        if where.shape.startswith(_COMPARTMENT) and not in_compartment(where.type):
            raise refuse(HTTP_NOT_IN_COMPARTMENT, type=where.type)
    interaction = interactions.get("GET" if method == "HEAD" else method)
    if interaction is None:
        raise _not_here(base, method, where, path)
    if where.id and not _is_id(where.id):
        raise refuse(HTTP_ID_FORM)
    return Found(interaction, where.type, where.id, where.version)


def allowed(feed: str, path: str) -> tuple[str, ...]:
    """The methods that a path of a base takes; none where there is nothing at it."""
    methods = _served_at("tell" if feed else "ask", _where(path))
    return tuple(sorted({*methods, *(("HEAD",) if "GET" in methods else ()), "OPTIONS"})) if methods else ()


@cache
def types(base: Base) -> tuple[str, ...]:
    """The resource types of a base: on a feed all that can be stored, on `/fhir` what is about children."""
    kept = (each for each in facts.resource_types() if each != "Parameters")
    if base == "tell":
        return tuple(kept)
    return tuple(each for each in kept if each == "Patient" or facts.compartment(each))


def interactions(base: Base) -> tuple[str, ...]:
    """The interactions a base has on each of its types, in the order of the table."""
    return tuple(
        dict.fromkeys(
            each.interaction
            for each in ROUTES
            if base in each.bases
            and "[type]" in each.path
            and each.interaction not in _OPERATIONS
            and not each.interaction.startswith(CONDITIONAL)
        )
    )


def review_interactions() -> tuple[str, ...]:
    """The interactions with the Tasks on `/fhir`, in the order of the table."""
    return tuple(each for each in interactions("ask") if each in _OF_REVIEWS)


def whole_interactions(base: Base) -> tuple[str, ...]:
    """The interactions with a base as a whole, in the order of the table."""
    return tuple(
        dict.fromkeys(
            each.interaction
            for each in ROUTES
            if base in each.bases and "[type]" not in each.path and each.interaction not in _NO_INTERACTION
        )
    )


def operations(base: Base, type: str = "") -> tuple[str, ...]:
    """The operations on a type and its resources, or on the whole base, by name with the dollar sign."""
    starts = (type, "[type]") if type else ("",)
    return tuple(
        dict.fromkeys(
            each.interaction
            for each in ROUTES
            if base in each.bases
            and each.interaction in _OPERATIONS
            and each.path.rpartition("/")[0].partition("/")[0] in starts
        )
    )


@cache
def _served(base: Base, shape: str) -> Mapping[str, str]:
    """The interaction of each method at a shape of path."""
    found = {each.method: each.interaction for each in ROUTES if each.path == shape and base in each.bases}
    return MappingProxyType(found)


def _served_at(base: Base, where: _Where) -> Mapping[str, str]:
    """The interaction of each method at a place."""
    served = _served(base, where.shape)
    if base == "ask" and where.type == REVIEWS:
        return {method: each for method, each in served.items() if each in _OF_REVIEWS}
    return served


@cache
def _types(base: Base) -> frozenset[str]:
    return frozenset(types(base))


def _where(path: str) -> _Where:
    if not path:
        return _Where(_WHOLE)
    parts = path.split("/")
    if "" in parts:
        return _Where("")
    match parts:
        case ["metadata"] | [".well-known", "smart-configuration"]:
            return _Where(path)
        case [*at, name] if name.startswith("$") and len(at) < 3:
            return _operation(name, *at)
        case ["_history"]:
            return _Where("_history")
        case ["_search"]:
            return _Where("_search")
        case [type]:
            return _Where("[type]", type)
        case [type, "_history"]:
            return _Where("[type]/_history", type)
        case [type, "_search"]:
            return _Where("[type]/_search", type)
        case [type, id]:
            return _Where("[type]/[id]", type, id)
        case ["Patient", id, "*"]:
            return _Where("Patient/[id]/*", "", id)
        case ["Patient", id, "_search"]:
            return _Where("Patient/[id]/_search", "", id)
        case ["Patient", id, type] if type[:1].isupper():
            return _Where("Patient/[id]/[type]", type, id)
        case ["Patient", id, type, "_search"]:
            return _Where("Patient/[id]/[type]/_search", type, id)
        case [type, id, "_history"]:
            return _Where("[type]/[id]/_history", type, id)
        case [type, id, "_history", version]:
            return _Where("[type]/[id]/_history/[vid]", type, id, version)
    return _Where("")


def _operation(name: str, type: str = "", id: str = "") -> _Where:
    """An operation on the base, a type or a resource, if it is one of these; some are of one type alone."""
    tail = f"/[id]/{name}" if id else f"/{name}" if type else name
    for shape in (f"{type}{tail}", f"[type]{tail}"):
        if shape in _SHAPES:
            return _Where(shape, type, id)
    return _Where("")


def _check_type(base: Base, type: str) -> None:
    if type in _types(base) or (base == "ask" and type == REVIEWS):
        return
    if type in _types("tell"):
        raise refuse(HTTP_NOT_ABOUT_CHILDREN)
    near = meant(type, facts.resource_types()) if len(type) <= 64 else ""
    raise refuse(HTTP_UNKNOWN_TYPE, meant=near)


def _not_here(base: Base, method: str, where: _Where, path: str) -> Refused:
    if not where.shape:
        last = path.rpartition("/")[2]
        if last in _OPERATIONS:
            return _elsewhere(base, last)
        return refuse(HTTP_NO_OPERATION if last[:1] == "$" else HTTP_NO_ROUTE)
    here = ", ".join(allowed("" if base == "ask" else "-", path))
    if base == "ask" and where.type == REVIEWS:
        return _not_of_reviews(method, where, here)
    if base == "ask" and method in _WRITES and (here or _served("tell", where.shape)):
        return refuse(HTTP_WRITE_ELSEWHERE, path=where.type or "[type]", allowed=here or "OPTIONS")
    if not here:
        operation = where.shape.rpartition("/")[2]
        return _elsewhere(base, operation) if operation in _OPERATIONS else refuse(HTTP_NO_ROUTE)
    return refuse(HTTP_METHOD, method=_said(method), allowed=here)


def _not_of_reviews(method: str, where: _Where, here: str) -> Refused:
    if "$" in where.shape:
        return refuse(HTTP_NO_OPERATION)
    if method in _WRITES:
        return refuse(HTTP_DECIDE_ELSEWHERE, allowed=here or "OPTIONS")
    return refuse(HTTP_METHOD, method=_said(method), allowed=here) if here else refuse(HTTP_NO_ROUTE)


def _said(method: str) -> str:
    return method if method.isalpha() and len(method) < 20 else "…"


def _elsewhere(base: Base, operation: str) -> Refused:
    """The refusal of an operation that is had at another level, or on the other base alone."""
    found = dict.fromkeys(
        each.path for each in ROUTES if each.interaction == operation and base in each.bases
    )
    other = "the base of a feed" if base == "ask" else "/fhir"
    return refuse(OPERATION_LEVEL, where=", ".join(found) or other, allowed="OPTIONS")


def _is_id(text: str) -> bool:
    return len(text) <= 64 and _ID_SIGNS.issuperset(text)
