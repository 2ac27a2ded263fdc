"""Requests to a gateway in this process, and what is wrong with its answers, whatever was asked."""

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lxml import etree
from served import settle, token_for

from gateway.app import create_app
from gateway.fhir import facts
from gateway.problems import catalogue
from gateway.web.site import Site

XMLS = ("xml", "text/xml", "application/xml", "application/fhir+xml")
LEAKS = ("Traceback", "sqlite", "psycopg", "gateway/", ".py", "lxml")
ISSUE_TYPES = frozenset(facts.codes("http://hl7.org/fhir/ValueSet/issue-type") or ())

#: Kinds of problem that have a place, but for those about a whole document.
PLACED = ("json", "xml", "resource", "search")
WHOLE = (
    *("resource.not-an-object", "resource.no-type", "resource.unknown-type", "json.too-deep"),
    *("xml.doctype", "xml.encoding", "search.empty-name", "search.cursor"),
)


class Gateway:
    """A gateway that is asked anything; it knows a Patient and an Observation, both with the id `known`."""

    def __init__(self, folder: Path) -> None:
        app = create_app(settle(folder))
        assert isinstance(app, Site)
        self.site, self.client = app, app.test_client()
        self.token = token_for(app.door.gateway.config, "clinic")
        patient = {"resourceType": "Patient", "id": "known", "name": [{"family": "Beech"}]}
        told = {"resourceType": "Observation", "id": "known", "status": "final", "code": {"text": "Height"}}
        self.asked = 0
        for each in (patient, {**told, "subject": {"reference": "Patient/known"}}):
            path = f"feed/clinic/{each['resourceType']}/known"
            assert self.send(
                "PUT", f"/{path}", json.dumps(each).encode(), {"Content-Type": "application/json"}
            )

    def send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Any:
        """The answer to a request, which is sound; else an AssertionError says why it is not."""
        self.asked += 1
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        answer = self.client.open(url, method=method, data=body, headers=sent)
        if answer.headers.pop("Content-Encoding", "") == "gzip":
            answer.data = gzip.decompress(answer.data)
        found = wrong(method, url, headers, answer)
        assert not found, f"{found}: {method} {url!r} {headers} {(body or b'')[:300]!r}\n{answer.text[:1500]}"
        return answer

    def serves(self) -> bool:
        """Whether it answers the next request as if nothing had been."""
        url = "/feed/clinic/Observation/known/_history/1"
        return bool(self.send("GET", url, None, {}).status_code == 200)


def wrong(method: str, url: str, headers: dict[str, str], answer: Any) -> str:
    """What is wrong with an answer, "" for nothing."""
    status = answer.status_code
    if status >= 500:
        return f"{status}"
    if status < 400 or method == "HEAD":
        return ""
    wanted, media = _wanted(url, headers), answer.content_type.partition(";")[0]
    if not media.startswith("application/fhir+") or (wanted and not media.endswith(wanted)):
        return f"{media} where {wanted} was asked for"
    issues = _issues(answer.data) if media.endswith("xml") else _told(answer.data)
    if issues is None:
        return "no OperationOutcome"
    for issue in issues:
        if flaw := _flaw(issue):
            return flaw
    return next((f"{word} is nobody's business" for word in LEAKS if word in answer.text), "")


def _wanted(url: str, headers: dict[str, str]) -> str:
    """The format a request plainly asks for, "" where it does not."""
    named = [
        value for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True) if name == "_format"
    ]
    if named:
        return "xml" if set(named) <= set(XMLS) else ""
    accept = headers.get("Accept", "application/fhir+json").split(",")
    if len(accept) == 1:
        return "xml" if accept[0] in XMLS else "json"
    return ""


def _told(body: bytes) -> list[dict[str, Any]] | None:
    read = json.loads(body)
    if read.get("resourceType") != "OperationOutcome":
        return None
    return [
        {
            "severity": each["severity"],
            "code": each["code"],
            "kind": each["details"]["coding"][0]["code"],
            "text": each["details"].get("text", ""),
            "remedy": each.get("diagnostics", ""),
            "place": (each.get("expression") or each.get("location") or [""])[0],
        }
        for each in read["issue"]
    ]


def _issues(body: bytes) -> list[dict[str, Any]] | None:
    root = etree.fromstring(body)
    if etree.QName(root).localname != "OperationOutcome":
        return None

    def value(issue: Any, path: str) -> str:
        found = issue.find("/".join(f"{{http://hl7.org/fhir}}{part}" for part in path.split("/")))
        return "" if found is None else str(found.get("value"))

    return [
        {
            "severity": value(issue, "severity"),
            "code": value(issue, "code"),
            "kind": value(issue, "details/coding/code"),
            "text": value(issue, "details/text"),
            "remedy": value(issue, "diagnostics"),
            "place": value(issue, "expression") or value(issue, "location"),
        }
        for issue in root.iter("{http://hl7.org/fhir}issue")
    ]


def _flaw(issue: dict[str, Any]) -> str:
    if issue["code"] not in ISSUE_TYPES or issue["kind"] not in catalogue():
        return f"a code that nobody knows: {issue['code']}, {issue['kind']}"
    if issue["severity"] not in ("error", "fatal"):
        return ""
    if not issue["text"] or not issue["remedy"]:
        return f"{issue['kind']} says too little"
    placed = issue["kind"].partition(".")[0] in PLACED and issue["kind"] not in WHOLE
    if placed and not issue["place"]:
        return f"{issue['kind']} has no place"
    return ""
