"""`$load`: a feed's files, sent over HTTP, become records as with `fhirgate load`."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from werkzeug.formparser import FormDataParser

from gateway.fhir import json
from gateway.mapping.file import Mapping as MappingFile
from gateway.problems import Refused, catalogue, problem, refuse
from gateway.problems.http import HTTP_LOAD_VALUE, HTTP_NO_FILE
from gateway.problems.search import SEARCH_TWICE, SEARCH_UNKNOWN_PARAMETER, SEARCH_VALUE
from gateway.problems.service import MAPPING_UNKNOWN
from gateway.service.report import Group, Report
from gateway.service.shelf import FHIR, Shelf
from gateway.web.messages import Pair, Response
from gateway.web.visit import Visit
from gateway.web.words import pairs

Files = dict[str, BinaryIO]
Resource = dict[str, Any]

_PARAMETERS = ("dry_run", "mapping", "name", "set", "_format", "_pretty")
_LONGEST_NAME = 200


def load(visit: Visit) -> Response:
    """Load the file in the body, or the files of a form, and answer with what became of their records.

    The query may name the mapping (`mapping=`; without it the one that fits is taken), the file (`name=`),
    values the mapping asks for (`set=year=2025-26`), and `dry_run=true`.

    Raises:
        Refused: what keeps the files from being read; `service.unknown-mapping`, `service.mapping-needed`;
            `search.unknown-parameter`, `search.twice`, `search.value`: a slip must not turn a dry run into a
            load.
    """
    asked = pairs(visit.request.query)
    named = dict(asked)
    _check(asked)
    values = dict(_value(text) for name, text in asked if name == "set")
    gateway = visit.gateway
    with ExitStack() as closing:
        files = _files(visit, named.get("name", ""), closing)
        mapping = _mapping(gateway.shelf, files, named.get("mapping", ""))
        dry_run = named.get("dry_run") == "true"
        feed = gateway.feed(visit.request.feed)
        report = gateway.loader.load(files, feed, mapping, values=values, dry_run=dry_run)
    gateway.note_audit()
    visit.found = visit.found._replace(id=str(report.number))
    return Response(200, json.write(told(report, visit.base_uri)))


def told(report: Report, base_uri: str) -> Resource:
    """A load's report as Parameters: the counters, and an OperationOutcome with the problems, grouped."""
    counters: list[Resource] = [{"name": "load", "valueInteger": report.number}]
    counters += [
        {"name": name.replace("_", "-"), "valueInteger": count} for name, count in report.counts().items()
    ]
    texts = [{"name": "feed", "valueString": report.feed}, {"name": "mapping", "valueString": report.mapping}]
    issues = [
        _issue(group, severity, base_uri)
        for severity, groups in (
            ("error", report.aside),
            ("warning", report.dropped),
            ("warning", report.warnings),
        )
        for group in groups.values()
    ]
    outcome = {"resourceType": "OperationOutcome", "issue": issues or [_all_kept(report)]}
    return {
        "resourceType": "Parameters",
        "parameter": [*counters, *texts, {"name": "outcome", "resource": outcome}],
    }


def _files(visit: Visit, name: str, closing: ExitStack) -> Files:
    """What was sent, open until `closing` ends: the body as one file, or each part that has a filename."""
    body = visit.body()
    content_type = visit.request.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        if not body:
            raise refuse(HTTP_NO_FILE)
        return {_safe(name): BytesIO(body)}
    options = {
        key.strip().lower(): value.strip().strip('"')
        for key, _, value in (part.partition("=") for part in content_type.split(";")[1:])
    }
    _, _, parts = FormDataParser().parse(BytesIO(body), "multipart/form-data", len(body), options)
    found: Files = {}
    for _, part in parts.items(multi=True):
        own = _safe(part.filename or "")
        stream = closing.enter_context(part.stream)
        found[own if own not in found else f"{len(found) + 1}-{own}"] = cast(BinaryIO, stream)
    if not found:
        raise refuse(HTTP_NO_FILE)
    return found


def _mapping(shelf: Shelf, files: Files, name: str) -> MappingFile | None:
    """The mapping for the files; see `Shelf.choose`.

    Only names count, not paths: what lies elsewhere on the server's disk is none of a client's business.
    """
    known = name if name in ("", FHIR) else shelf.called(name)
    if known is None:
        raise refuse(MAPPING_UNKNOWN, name="…", known=shelf.known)
    return shelf.choose(files, known)


def _check(asked: Sequence[Pair]) -> None:
    """Refuse parameters that are not understood, and two values where there can be one."""
    named = dict(asked)
    problems = [
        problem(
            SEARCH_UNKNOWN_PARAMETER,
            field=(shown := name if name.isidentifier() and len(name) < 40 else "…"),
            type="$load",
            name=shown,
            near="",
            supported=", ".join(_PARAMETERS),
        )
        for name in named
        if name not in _PARAMETERS
    ]
    times = Counter(name for name, _ in asked if name in _PARAMETERS and name != "set")
    problems += [problem(SEARCH_TWICE, field=name, name=name) for name, count in times.items() if count > 1]
    if named.get("dry_run", "false") not in ("true", "false"):
        problems.append(
            problem(SEARCH_VALUE, field="dry_run", expected="true or false", example="true or false")
        )
    if problems:
        raise Refused(*problems)


def _value(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise refuse(HTTP_LOAD_VALUE, field="set")
    return name, value


def _safe(name: str) -> str:
    """A file's own name, without folders and characters that could be anything."""
    own = "".join(char for char in PurePath(name.replace("\\", "/")).name if char.isprintable())
    return own[:_LONGEST_NAME] or "upload"


def _issue(group: Group, severity: str, base_uri: str) -> Resource:
    kind = catalogue().get(group.code)
    times = "" if group.count == 1 else f" ({group.count} times)"
    issue: Resource = {
        "severity": severity,
        "code": kind.fhir if kind else "processing",
        "details": {
            "coding": [{"system": f"{base_uri}/CodeSystem/gateway-problem", "code": group.code}],
            "text": f"{group.says}{times}",
        },
    }
    if group.fix:
        issue["diagnostics"] = group.fix
    places = [str(place) for place in group.places if str(place)]
    return issue | ({"location": places} if places else {})


def _all_kept(report: Report) -> Resource:
    text = f"All {report.records} records were kept"
    return {"severity": "information", "code": "informational", "details": {"text": text}}
