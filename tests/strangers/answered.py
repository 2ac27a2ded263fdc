"""What a gateway answers: every interaction of both bases over the mappings' samples, and every problem."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import emitted
from served import JSON, token_for

from gateway.fhir.outcome import outcome
from gateway.problems import Place, catalogue, problem
from gateway.web.routes import ROUTES, types
from gateway.web.site import Site

FEED = "clinic"

#: Searches that show each kind of answer; a type is put in.
SEARCHES = (
    "{}",
    "{}?_count=2",
    "{}?_format=xml",
    "{}?_count=0",
    "{}?_summary=true",
    "{}?_summary=text",
    "{}?_summary=data",
    "{}?_summary=count",
    "{}?_elements=identifier,status",
    "{}?_sort=-_lastUpdated&_total=accurate",
    "{}?_include=*&_revinclude=*&_count=5",
)
ENTRIES = [
    {
        "resource": {"resourceType": "Patient", "active": True},
        "request": {"method": "POST", "url": "Patient"},
    },
    {"request": {"method": "GET", "url": "Patient?_count=1"}},
    {"request": {"method": "DELETE", "url": "Patient/none"}},
]

#: Requests whose answers are not a resource that was told: method, path, body, Content-Type.
OTHERS: tuple[tuple[str, str, Any, str], ...] = (
    ("GET", "fhir/metadata", None, ""),
    ("GET", "feed/clinic/metadata", None, ""),
    ("GET", "fhir/metadata?_format=xml", None, ""),
    ("GET", "fhir/Nonsense", None, ""),
    ("GET", "fhir/Patient/none", None, ""),
    ("GET", "fhir/Patient/none?_format=xml", None, ""),
    ("GET", "fhir/Patient?nonsense=1&birthdate=2015", None, ""),
    ("GET", "fhir/Patient?birthdate=x&gender=a|b|c", None, ""),
    ("POST", "feed/clinic/Patient", {"resourceType": "Patient", "gender": "x", "nonsense": []}, JSON),
    ("POST", "feed/clinic/Patient", {"resourceType": "Observation"}, JSON),
    ("POST", "feed/clinic/Patient", "{", JSON),
    ("POST", "feed/clinic/Patient", "<Patient/>", JSON),
    ("POST", "feed/clinic/Patient", "x", "text/plain"),
    ("PUT", "feed/clinic/Patient/a", {"resourceType": "Patient", "id": "b"}, JSON),
    ("GET", "fhir/Task", None, ""),
    ("PUT", "fhir/Task/1", {"resourceType": "Task"}, JSON),
    ("PATCH", "feed/clinic/Patient/a", "[]", "application/json-patch+json"),
    ("DELETE", "feed/clinic/Patient/none", None, ""),
    ("DELETE", "fhir/Patient/none", None, ""),
    ("GET", "feed/clinic/Patient/$everything", None, ""),
    ("POST", "feed/clinic", {"resourceType": "Bundle", "type": "transaction", "entry": ENTRIES}, JSON),
    ("POST", "feed/clinic", {"resourceType": "Bundle", "type": "batch", "entry": ENTRIES}, JSON),
    ("POST", "fhir", {"resourceType": "Bundle", "type": "batch", "entry": ENTRIES}, JSON),
    ("POST", "feed/clinic", {"resourceType": "Bundle", "type": "collection"}, JSON),
    ("POST", "feed/clinic/Patient/$validate", {"resourceType": "Patient", "gender": "x"}, JSON),
    ("POST", "feed/clinic/Patient/$validate", {"resourceType": "Patient", "gender": "male"}, JSON),
)


class Asked:
    """A client in the process of the gateway."""

    def __init__(self, site: Site) -> None:
        config = site.door.gateway.config
        self.gateway = site.door.gateway
        self._client = site.test_client()
        self._tokens = {name: token_for(config, name) for name in (FEED, "school", "council", "registrar")}

    def ask(self, method: str, path: str, body: Any = None, client: str = FEED, **more: Any) -> Any:
        """The answer to a request; `more` goes to the test client."""
        headers = {"Authorization": f"Bearer {self._tokens[client]}", **more.pop("headers", {})}
        data = json.dumps(body) if isinstance(body, dict) and "resourceType" in body else body
        return self._client.open(f"/{path}", method=method, data=data, headers=headers, **more)

    def load(self, name: str) -> Any:
        """The answer to `$load` of the sample beside a mapping."""
        at, kind = emitted.sample(name), emitted.mapping(name).source.format
        values = "".join(f"&set={key}={value}" for key, value in emitted.settings(name).items())
        path = f"feed/{FEED}/$load?mapping={name}{values}"
        if kind != "csv":
            return self.ask("POST", path, at.read_bytes(), content_type=f"application/{kind}")
        files = [(BytesIO(each.read_bytes()), each.name) for each in sorted(at.iterdir())]
        return self.ask("POST", path, {"files": files}, content_type="multipart/form-data")


def answers(site: Site) -> Iterator[tuple[str, Any]]:
    """A name and the answer of every interaction over what the samples tell, then of what is refused."""
    asked = Asked(site)
    for name in emitted.mappings():
        yield f"$load {name}", asked.load(name)
    for base, kind in (("fhir", "ask"), (f"feed/{FEED}", "tell")):
        for type in types(kind):  # type: ignore[arg-type]
            found = asked.ask("GET", f"{base}/{type}?_count=3")
            entries = found.json.get("entry", ()) if found.status_code == 200 else ()
            if not entries:
                continue
            for query in SEARCHES:
                yield f"GET {base}/{query.format(type)}", asked.ask("GET", f"{base}/{query.format(type)}")
            for entry in entries:
                path = f"{base}/{type}/{entry['resource']['id']}"
                for below in ("", "?_format=xml", "/_history", "/_history/1", "/$everything"):
                    yield f"GET {path}{below}", asked.ask("GET", path + below)
        yield from _of_routes(asked, base, kind)
    yield from _of_reviews(asked)
    for method, path, body, content_type in OTHERS:
        for lenient in ({}, {"Prefer": "handling=lenient"}):
            yield (
                f"{method} {path}",
                asked.ask(method, path, body, content_type=content_type, headers=lenient),
            )


def _of_reviews(asked: Asked) -> Iterator[tuple[str, Any]]:
    """What waits for a person, one question of it decided and one that somebody could not tell."""
    gateway = asked.gateway
    first, second, *_ = [entry.number for entry in gateway.store.reviews()]
    gateway.decide(first, same=False, reason="spoke to the school", author="ann")
    gateway.not_sure(second, reason="spoke to the school", author="ann")
    for query in SEARCHES:
        if "_revinclude" not in query and "_sort" not in query:
            path = query.format("fhir/Task")
            yield f"GET {path}", asked.ask("GET", path, client="registrar")
    for number in (first, second):
        for path in (f"fhir/Task/{number}", f"fhir/Task/{number}?_format=xml"):
            yield f"GET {path}", asked.ask("GET", path, client="registrar")
    (child, *_) = [one for one in gateway.store.children([1, 2, 3]).values() if one.composed]
    seal = gateway.lives.seal(child, reason="adoption order", author="ann")
    for path in (f"fhir/Task/seal-{seal}", f"fhir/Task?_id=seal-{seal}&_format=xml"):
        yield f"GET {path}", asked.ask("GET", path, client="registrar")


def _of_routes(asked: Asked, base: str, kind: str) -> Iterator[tuple[str, Any]]:
    """The answers of each GET and each operation, about one Patient and one Observation."""
    found = {type: asked.ask("GET", f"{base}/{type}?_count=1").json for type in ("Patient", "Observation")}
    ids = {type: bundle["entry"][0]["resource"]["id"] for type, bundle in found.items()}
    for route in ROUTES:
        if kind not in route.bases or (route.method != "GET" and "$" not in route.path):
            continue
        for type, id in ids.items():
            path = route.path.replace("[base]", f"?_type={type}&_id={id}").replace("[vid]", "1")
            path = path.replace("[type]", type).replace("[id]", ids["Patient"] if "Patient/" in path else id)
            query = f"?patient={ids['Patient']}&code=x" if path.endswith("$lastn") else ""
            body = None if route.method == "GET" else {"resourceType": "Parameters"}
            url = f"{base}/{path}{query}".replace("/?", "?")
            yield (
                f"{route.method} {url}",
                asked.ask(route.method, url, body, content_type=JSON if body else ""),
            )


def outcomes() -> Iterator[tuple[str, str]]:
    """The OperationOutcome of every problem there is."""
    place = Place(line=3, column=4, path="Patient.name[0]")
    for code, kind in sorted(catalogue().items()):
        counts = dict.fromkeys(re.findall(r"{(\w+):,}", kind.says + kind.fix), 1000)
        met = problem(kind, place=place, **counts)
        yield code, json.dumps(outcome([met], "https://fhirgate.example"))
