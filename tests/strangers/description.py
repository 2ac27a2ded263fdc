"""An OpenAPI description of both bases, made from the table of routes: what schemathesis asks from."""

from typing import Any

from gateway.web.routes import REVIEWS, ROUTES, Base, Route, types

_TEXT = {"type": "string"}
_ID = {"oneOf": [{"type": "string", "pattern": "^[A-Za-z0-9\\-.]{1,64}$"}, {"enum": ["known", "none"]}]}
_MEDIA = ["application/fhir+json", "application/fhir+xml", "application/json", "*/*", "text/html"]

#: Query parameters of each interaction that has some, with the values that are likely; any text may come too.
_QUERY = {
    "search-type": {
        "_id": ["known"],
        "_lastUpdated": ["ge2024-01-01", "2024-13-01"],
        "_count": ["0", "5", "-1", "99999999999999999999"],
        "_sort": ["-_lastUpdated", "name,-birthdate"],
        "_summary": ["true", "count", "maybe"],
        "_elements": ["id,name", "nonsense"],
        "_total": ["none", "accurate"],
        "_include": ["*", "Observation:subject", "a:b:c:d"],
        "_revinclude": ["Observation:subject"],
        "_has:Observation:patient:code": ["a|b"],
        "_cursor": ["x"],
        "_format": ["json", "xml", "ttl"],
        "_pretty": ["true"],
        "identifier": ["a|b", "|b", "a|", "a|b|c"],
        "name:exact": ["Beech"],
        "birthdate": ["2015", "ge2015-02-30", "x"],
        "subject:Patient.name": ["Beech"],
        "value-quantity": ["5.4|http://unitsofmeasure.org|mg", "1e999999"],
    },
    "history-instance": {"_count": ["2", "x"], "_since": ["2024-01-01T00:00:00Z"], "_at": ["2024"]},
    "history-type": {"_count": ["2"], "_since": ["x"]},
    "history-system": {"_count": ["2"]},
    "$everything": {"_count": ["2"], "_type": ["Observation,Nonsense"], "start": ["2024"], "_since": ["x"]},
    "$lastn": {"max": ["2", "-1"], "patient": ["known"], "code": ["a|b"]},
    "$load": {"mapping": ["ctf", "nonsense"], "dry_run": ["true", "x"], "set": ["a=b"]},
    "read": {"_summary": ["true"], "_elements": ["name"], "_format": ["xml"]},
}
_HEADERS = {
    "Accept": _MEDIA,
    "Prefer": ["handling=lenient", "return=minimal", "respond-async"],
    "If-Match": ['W/"1"', "1"],
    "If-None-Match": ["*", 'W/"1"'],
    "If-None-Exist": ["identifier=a|b", "nonsense=1"],
    "If-Modified-Since": ["Tue, 24 Nov 2026 10:00:00 GMT", "yesterday"],
}
_BODIES = ("application/fhir+json", "application/json", "application/json-patch+json", "application/fhir+xml")


def description(feed: str) -> dict[str, Any]:
    """The OpenAPI 3.0 description of what the router serves on both bases, the second as this feed's."""
    paths: dict[str, Any] = {}
    for base, kind in (("/fhir", "ask"), (f"/feed/{feed}", "tell")):
        for route in ROUTES:
            if kind in route.bases:
                path = f"{base}/{route.path}" if route.path != "[base]" else base
                path = path.replace("[", "{").replace("]", "}")
                paths.setdefault(path, {})[route.method.lower()] = _operation(route, kind)  # type: ignore[arg-type]
    return {"openapi": "3.0.3", "info": {"title": "fhirgate", "version": "1"}, "paths": paths}


def _operation(route: Route, kind: Base) -> dict[str, Any]:
    asked = [
        _parameter(name, "path", {"enum": _types(kind)} if name == "type" else _ID)
        for name in ("type", "id", "vid")
        if f"[{name}]" in route.path
    ]
    query = _QUERY.get(route.interaction, {})
    asked += [
        _parameter(name, "query", {"anyOf": [{"enum": values}, _TEXT]}) for name, values in query.items()
    ]
    asked += [_parameter(name, "header", {"enum": values}) for name, values in _HEADERS.items()]
    operation: dict[str, Any] = {"parameters": asked, "responses": {"default": {"description": "any"}}}
    if route.method in ("POST", "PUT", "PATCH"):
        operation["requestBody"] = {"content": {media: {"schema": _body(media)} for media in _BODIES}}
    return operation


def _types(kind: Base) -> list[str]:
    return [*types(kind), *((REVIEWS,) if kind == "ask" else ())]


def _parameter(name: str, where: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _body(media: str) -> dict[str, Any]:
    if media.endswith("xml"):
        return _TEXT
    if "patch" in media:
        step = {"op": {"enum": ["add", "remove", "replace", "test", "move"]}, "path": _TEXT, "value": {}}
        return {"type": "array", "items": {"type": "object", "properties": step}}
    known = {
        "resourceType": {"enum": ["Patient", "Bundle", "Parameters"]},
        "id": _ID,
        "entry": {},
        "name": {},
    }
    return {"type": "object", "properties": known}
