"""A gateway that tests load into, and words to ask what has become of things."""

import io
import json
from pathlib import Path
from typing import Any

from gateway import config as settings
from gateway.app import open_gateway
from gateway.fhir import ask
from gateway.fhir.query_text import to_text
from gateway.service import Gateway
from gateway.service.ask import Answer, Asking
from gateway.service.report import Report
from gateway.store.base import ASK, Child

FEEDS = ("council", "school", "clinic")
BASE = "https://fhirgate.example"
SAMPLES = Path(__file__).parents[2] / "samples"
Resource = dict[str, Any]

SETTINGS = """
[feeds.council]
organisation = "Anytown Council"
sector = "local-authority"
set = {la = "201", year = "2025-26"}

[feeds.school]
organisation = "Harbour Test Academy"
sector = "education"

[feeds.clinic]
organisation = "Anytown Clinic"
sector = "health"
verified = true
"""


def opened(folder: Path, more: str = "", top: str = "") -> Gateway:
    """A gateway whose files lie in a folder."""
    file = folder / "gateway.toml"
    file.write_text(top + SETTINGS + more, "utf-8")
    # one secret for all: two gateways that were told the same are then the same but for what is drawn by lot
    (folder / "gateway.secret").write_bytes(b"x" * 32)
    return open_gateway(settings.load(file, {}))


def load(gateway: Gateway, feed: str, given: Any, mapping: str = "", **more: Any) -> Report:
    """Load files (paths, or bytes by name) into a feed; without a mapping they are FHIR."""
    if isinstance(given, dict):
        given = {name: io.BytesIO(content) for name, content in given.items()}
    known = gateway.shelf.mapping(mapping) if mapping else None
    return gateway.loader.load(given, gateway.feed(feed), known, **more)


def ndjson(*resources: Resource) -> dict[str, bytes]:
    """Resources as a file of FHIR."""
    return {"told.ndjson": "".join(json.dumps(one) + "\n" for one in resources).encode()}


def search(gateway: Gateway, question: str, base: str = ASK, **more: Any) -> Answer:
    """One page of a question, with sight of UPNs; `upn=False` for a caller without."""
    type_, _, words = question.partition("?")
    pairs = [(name, value) for name, _, value in (each.partition("=") for each in words.split("&") if each)]
    query = ask.parse(type_, pairs, page_most=1000, context=gateway.context())
    asking = Asking(base, sees_upn=more.pop("upn", True), seconds=5, client="test")
    return gateway.asker.search(gateway.store, query, asking, query.count or 100, to_text(query), **more)


def found(gateway: Gateway, question: str, base: str = ASK) -> list[Resource]:
    """The resources that a question finds."""
    return [json.loads(each.body) for each in search(gateway, question, base).found]


def child_of(gateway: Gateway, feed: str, local: str) -> Child | None:
    """The child that a feed's record is linked to."""
    record = gateway.store.record(feed, local)
    if record is None or record.child is None:
        return None
    return gateway.store.children([record.child])[record.child]


def told(gateway: Gateway, feed: str, *resources: Resource) -> int:
    """The number of the load by which a feed told resources."""
    return load(gateway, feed, ndjson(*resources)).number


def of(gateway: Gateway, name: str) -> Child:
    """The child of a record that is there, named as `feed/id`."""
    found = child_of(gateway, *name.split("/"))
    assert found is not None
    return found


def codes(report: Report) -> dict[str, int]:
    """How often each problem set a record aside."""
    counted: dict[str, int] = {}
    for group in report.aside.values():
        counted[group.code] = counted.get(group.code, 0) + group.count
    return counted
