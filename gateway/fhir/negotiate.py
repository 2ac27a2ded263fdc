"""What a request's headers ask for: format, FHIR version, preferences, versions of a resource.

Source: HL7 FHIR R4 RESTful API, https://hl7.org/fhir/R4/http.html (content types, `_format`, fhirVersion,
managing return content, resource contention); RFC 9110 (Accept, entity tags); RFC 7240 (Prefer).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.problems import refuse
from gateway.problems.http import (
    HTTP_CHARSET,
    HTTP_CONTENT_TYPE,
    HTTP_ETAG,
    HTTP_NO_CONTENT_TYPE,
    HTTP_NOT_ACCEPTABLE,
    HTTP_OTHER_FHIR,
    HTTP_OTHER_FHIR_BODY,
)

FHIR_JSON = "application/fhir+json"
FHIR_XML = "application/fhir+xml"
FHIR_VERSION = "4.0"
ANY_VERSION = "*"

_JSON = (FHIR_JSON, "application/json", "text/json")
_XML = (FHIR_XML, "application/xml", "text/xml")
_PAGE = "text/html"
_FORMATS = {**dict.fromkeys((*_JSON, "json"), "json"), **dict.fromkeys((*_XML, "xml"), "xml")}
_VERSIONS = ("", "4.0", "4.0.0", "4.0.1")
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\Z")
_ETAGS = re.compile(r'(?:W/)?"([^"\x00-\x20\x7f]*)"\s*(?:,\s*|\Z)')
_BARE = re.compile(r"[A-Za-z0-9.-]{1,64}")
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Preferences:
    """What `Prefer` asks for; "" and False where it asks for nothing that FHIR knows.

    Attributes:
        handling: "strict" or "lenient", for parameters that are not understood.
        returned: "minimal", "representation" or "OperationOutcome", for the answer to a write.
        later: whether the answer may come later (`respond-async`).
    """

    handling: str = ""
    returned: str = ""
    later: bool = False


def answer_format(accept: str | None, wanted: str | None = None) -> str:
    """Return the format of the answer, "json" or "xml": what is liked best, and JSON where both are alike.

    Of two that are liked as much the one that is named, or named first, is meant. Who would take a web page
    is a browser: it names XML for the sake of old pages, and is given JSON.

    Args:
        accept: the Accept header, or None.
        wanted: the parameter `_format`, which beats the header; a plus sign in it may have become a space.

    Raises:
        Refused: `http.not-acceptable`, `http.other-fhir-version` (406).
    """
    if wanted:
        media, parameters = _media(wanted)
        return _known(_FORMATS.get(media.replace(" ", "+"), ""), parameters, "_format")
    ranges = [_media(part) for part in (accept or "*/*").split(",") if part.strip()]
    if not ranges:
        return "json"
    liked = {"json": _quality(ranges, _JSON), "xml": _quality(ranges, _XML)}
    if not any(liked.values()):
        other = any(media in _FORMATS and _version(rest) not in _VERSIONS for media, rest in ranges)
        raise refuse(HTTP_OTHER_FHIR if other else HTTP_NOT_ACCEPTABLE, field="Accept")
    browser = liked["json"] > 0 and any(media == _PAGE for media, _ in ranges)
    if browser or liked["json"] > liked["xml"]:
        return "json"
    return "xml" if liked["xml"] > liked["json"] or _named(ranges) == "xml" else "json"


def body_format(content_type: str | None, also: Mapping[str, str] = _NONE) -> str:
    """Return what a body is: "json", "xml", or the name that `also` gives its media type.

    Args:
        content_type: the Content-Type header, or None.
        also: other media types that are read at this place, and what to call them
            (`{"application/x-www-form-urlencoded": "form"}`).

    Raises:
        Refused: `http.no-content-type`, `http.content-type`, `http.charset`, `http.other-fhir-body` (415).
    """
    if not content_type or not content_type.strip():
        raise refuse(HTTP_NO_CONTENT_TYPE, field="Content-Type")
    media, parameters = _media(content_type)
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise refuse(HTTP_CHARSET, field="Content-Type")
    if media in also:
        return also[media]
    if media not in _FORMATS or "/" not in media:
        accepted = ", ".join((FHIR_JSON, FHIR_XML, *also))
        raise refuse(HTTP_CONTENT_TYPE, field="Content-Type", accepted=accepted)
    if _version(parameters) not in _VERSIONS:
        raise refuse(HTTP_OTHER_FHIR_BODY, field="Content-Type")
    return _FORMATS[media]


def preferences(prefer: str | None) -> Preferences:
    """Return what the header Prefer asks for; what FHIR does not know is left out, as RFC 7240 asks.

    Where a preference is given twice the first one counts.
    """
    asked: dict[str, str] = {}
    for part in re.split("[,;]", prefer or ""):
        name, _, value = part.partition("=")
        asked.setdefault(name.strip().lower(), value.strip().strip('"'))
    handling = asked.get("handling", "").lower()
    returned = asked.get("return", "")
    return Preferences(
        handling if handling in ("strict", "lenient") else "",
        {
            "minimal": "minimal",
            "representation": "representation",
            "operationoutcome": "OperationOutcome",
        }.get(returned.lower(), ""),
        "respond-async" in asked,
    )


def versions(header: str | None, name: str) -> tuple[str, ...]:
    """Return the version ids that If-Match or If-None-Match names; `("*",)` for any, empty for no header.

    fhirpy asks with a bare version id in If-None-Match whether it has the newest: at worst it is told again.

    Args:
        header: the value of the header, or None.
        name: of the header, for the refusal.

    Raises:
        Refused: `http.etag` (400): a condition that cannot be read must not be taken for none.
    """
    if header is None:
        return ()
    text = header.strip()
    if text == ANY_VERSION:
        return (ANY_VERSION,)
    if name == "If-None-Match" and _BARE.fullmatch(text):
        return (text,)
    found, at = [], 0
    while at < len(text):
        tag = _ETAGS.match(text, at)
        if tag is None or not tag.group(1):
            raise refuse(HTTP_ETAG, field=name)
        found.append(tag.group(1))
        at = tag.end()
    if not found or text.endswith(","):
        raise refuse(HTTP_ETAG, field=name)
    return tuple(found)


def etag(version: str) -> str:
    """The ETag of a version: `W/"3"`."""
    return f'W/"{version}"'


def _known(format_: str, parameters: Mapping[str, str], field: str) -> str:
    if format_ and _version(parameters) in _VERSIONS:
        return format_
    raise refuse(HTTP_OTHER_FHIR if format_ else HTTP_NOT_ACCEPTABLE, field=field)


def _named(ranges: list[tuple[str, dict[str, str]]]) -> str:
    """The format that is named first, "" where only ranges are."""
    liked = (media for media, rest in ranges if media in _FORMATS and _weight(rest.get("q", "1")) > 0)
    return next((_FORMATS[media] for media in liked), "")


def _media(text: str) -> tuple[str, dict[str, str]]:
    """The media type or range in small letters, and its parameters."""
    media, *rest = text.split(";")
    parameters: dict[str, str] = {}
    for part in rest:
        name, _, value = part.partition("=")
        parameters.setdefault(name.strip().lower(), value.strip().strip('"'))
    return media.strip().lower(), parameters


def _version(parameters: Mapping[str, str]) -> str:
    return parameters.get("fhirversion", "")


def _quality(ranges: list[tuple[str, dict[str, str]]], types: tuple[str, ...]) -> float:
    """The best quality given to any of the types; for each type its most specific range counts."""
    return max(_quality_of(ranges, media) for media in types)


def _quality_of(ranges: list[tuple[str, dict[str, str]]], media: str) -> float:
    for wider in (media, media.partition("/")[0] + "/*", "*/*"):
        found = [
            parameters
            for range_, parameters in ranges
            if range_ == wider and _version(parameters) in _VERSIONS
        ]
        if found:
            return max(_weight(parameters.get("q", "1")) for parameters in found)
    return 0.0


def _weight(text: str) -> float:
    return float(text) if _QUALITY.match(text) else 1.0
