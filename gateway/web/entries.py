"""A Bundle that is sent to be carried out, read into requests: one for each entry.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/http.html#transaction and https://hl7.org/fhir/R4/bundle.html
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.fhir import json
from gateway.fhir.negotiate import FHIR_JSON
from gateway.fhir.validate import validate
from gateway.problems import Place, Problem, Refused, problem, refuse
from gateway.problems.bundle import (
    BUNDLE_ENTRY,
    BUNDLE_MANY,
    BUNDLE_METHOD,
    BUNDLE_NESTED,
    BUNDLE_NOT_ONE,
    BUNDLE_PATCH,
    BUNDLE_RESOURCE,
    BUNDLE_SAME_URL,
    BUNDLE_TYPE,
    BUNDLE_URL,
)
from gateway.service.clock import http_date
from gateway.web.messages import Request, no_body

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_WITH_RESOURCE = ("POST", "PUT", "PATCH")
_HEADERS = {
    "ifMatch": "if-match",
    "ifNoneMatch": "if-none-match",
    "ifNoneExist": "if-none-exist",
    "ifModifiedSince": "if-modified-since",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the request that it is, its resource, and its own address in the Bundle."""

    place: str
    request: Request
    resource: Any
    full_url: str


def read(sent: Any, request: Request, types: tuple[str, ...], most: int) -> tuple[str, list[Entry]]:
    """Return the type of a Bundle that was sent, and its entries.

    Args:
        sent: as it was read.
        request: that brought it.
        types: those that are carried out here.
        most: the most entries there may be.

    Raises:
        Refused: `bundle.…`, each with its place (400, or 413 for too many); what else is wrong with the
            Bundle itself. Its resources are not looked at.
    """
    if not isinstance(sent, dict) or sent.get("resourceType") != "Bundle":
        raise refuse(BUNDLE_NOT_ONE)
    if sent.get("type") not in types:
        raise refuse(BUNDLE_TYPE, place=Place(path="Bundle.type"), types=", ".join(types))
    listed = sent.get("entry", [])
    if isinstance(listed, list) and len(listed) > most:
        raise refuse(BUNDLE_MANY, place=Place(path="Bundle.entry"), most=most)
    problems = list(_faults(listed, request.base)) or list(_same_urls(listed))
    problems = problems or _envelope_faults(sent, listed)
    if problems:
        raise Refused(*problems)
    return sent["type"], [_entry(f"Bundle.entry[{at}]", each, request) for at, each in enumerate(listed)]


def _faults(listed: Any, base: str) -> Iterator[Problem]:
    """What keeps entries from being requests."""
    if not isinstance(listed, list):
        yield problem(BUNDLE_ENTRY, place=Place(path="Bundle.entry"))
        return
    for at, entry in enumerate(listed):
        place = f"Bundle.entry[{at}]"
        asked = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(asked, dict) or not all(
            isinstance(asked.get(name), str) and asked[name] for name in ("method", "url")
        ):
            yield problem(BUNDLE_ENTRY, place=Place(path=place))
        elif asked["method"] not in METHODS:
            path = f"{place}.request.method"
            yield problem(BUNDLE_METHOD, place=Place(path=path), methods=", ".join(METHODS))
        elif (target := _target(asked["url"], base)) is None:
            yield problem(BUNDLE_URL, place=Place(path=f"{place}.request.url"))
        elif asked["method"] == "POST" and target.partition("?")[0] == "":
            yield problem(BUNDLE_NESTED, place=Place(path=f"{place}.request.url"))
        elif asked["method"] in _WITH_RESOURCE and "$" not in target and entry.get("resource") is None:
            yield problem(BUNDLE_RESOURCE, place=Place(path=place), method=asked["method"])


def _same_urls(listed: list[Any]) -> Iterator[Problem]:
    """The entries that write under a fullUrl that another one before them has."""
    seen = set[str]()
    for at, entry in enumerate(listed):
        url = entry.get("fullUrl")
        if isinstance(url, str) and entry["request"]["method"] in _WITH_RESOURCE:
            if url in seen:
                yield problem(BUNDLE_SAME_URL, place=Place(path=f"Bundle.entry[{at}].fullUrl"))
            seen.add(url)


def _envelope_faults(sent: Mapping[str, Any], listed: list[Any]) -> list[Problem]:
    """What is wrong with the Bundle but for the resources in it."""
    bare = [{name: each for name, each in entry.items() if name != "resource"} for entry in listed]
    return validate({**sent, "entry": bare} if "entry" in sent else sent)


def _target(url: str, base: str) -> str | None:
    """What stands behind the base in an entry's url; None where it leads elsewhere."""
    if url == base or url.startswith((f"{base}/", f"{base}?")):
        url = url[len(base) :]
    path = url.partition("?")[0]
    return None if ":" in path else url.removeprefix("/")


def _entry(place: str, entry: Mapping[str, Any], outer: Request) -> Entry:
    asked, resource = entry["request"], entry.get("resource")
    path, _, query = str(_target(asked["url"], outer.base)).partition("?")
    headers = {name: outer.headers[name] for name in ("authorization", "prefer") if name in outer.headers}
    headers["accept"] = FHIR_JSON
    for name, header in _HEADERS.items():
        if isinstance(asked.get(name), str):
            headers[header] = _http_date(asked[name]) if name == "ifModifiedSince" else asked[name]
    sent: Callable[[int], bytes] = no_body
    if resource is not None:
        content, sent = _body(asked["method"], resource, place)
        # a body, but its length is known only once somebody reads it
        headers |= {"content-type": content, "transfer-encoding": "chunked"}
    request = outer._replace(method=asked["method"], path=path, query=query, headers=headers, sent=sent)
    return Entry(place, request, resource, str(entry.get("fullUrl", "")))


def _body(method: str, resource: Any, place: str) -> tuple[str, Callable[[int], bytes]]:
    """The media type that a request by itself would have, and what reads its body."""
    if method == "PATCH" and isinstance(resource, dict) and resource.get("resourceType") == "Binary":
        try:
            patch = base64.b64decode(resource["data"], validate=True)
            return str(resource["contentType"]), lambda most: patch
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise refuse(BUNDLE_PATCH, place=Place(path=f"{place}.resource")) from None
    if method == "PATCH" and not (
        isinstance(resource, dict) and resource.get("resourceType") == "Parameters"
    ):
        raise refuse(BUNDLE_PATCH, place=Place(path=f"{place}.resource"))
    return FHIR_JSON, lambda most: json.write(resource)


def _http_date(instant: str) -> str:
    """An instant as a header has it; a date that cannot be read is as good as none."""
    try:
        return http_date(int(datetime.fromisoformat(instant).timestamp() * 1000))
    except ValueError:
        return ""
