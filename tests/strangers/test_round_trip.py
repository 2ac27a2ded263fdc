"""R4's own examples go through the store and through XML without a digit or a byte of text lost."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answered import Asked
from lxml import etree
from served import JSON, settle

from gateway.app import create_app
from gateway.fhir import json
from gateway.web.site import Site

XML = "application/fhir+xml"
OURS = ("versionId", "lastUpdated", "source")

#: Examples that break a rule of R4, and why they are refused.
NOT_R4 = {
    "DeviceMetric-example": "resource.target",
    "DeviceUseStatement-example": "resource.target",
    "EventDefinition-example": "resource.narrative",
    "MedicationRequest-medrx0301": "resource.target",
    "Observation-clinical-gender": "resource.target",
    "Questionnaire-qs1": "resource.required",
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A client of a gateway with two empty feeds."""
    app = create_app(settle(tmp_path_factory.mktemp("round")))
    assert isinstance(app, Site)
    yield Asked(app)
    app.door.gateway.close()


def exact(value: Any) -> Any:
    """A value in which 1.0 and 1.00 differ, without what the server writes into `meta`."""
    if isinstance(value, dict):
        return {name: exact(each) for name, each in value.items()}
    if isinstance(value, list):
        return [exact(each) for each in value]
    return type(value).__name__, getattr(value, "text", value)


def told(text: str | bytes) -> Any:
    """What a resource says: exact, without the members of `meta` that are the server's."""
    resource = json.read(text)
    meta = {name: each for name, each in resource.get("meta", {}).items() if name not in OURS}
    rest = {name: each for name, each in resource.items() if name not in ("meta", "id")}
    return exact({**rest, "meta": meta} if meta else rest)


def leaves(value: Any, resource: bool = True) -> Iterator[str]:
    """The text of each primitive in a resource as JSON has it; narrative apart."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name != "div" and not (name == "resourceType" and resource):
                yield from leaves(each, name in ("contained", "resource", "outcome"))
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, resource)
    elif value is not None:
        yield str(getattr(value, "text", value)) if not isinstance(value, bool) else str(value).lower()


def values(text: bytes) -> Iterator[str]:
    """The text of each primitive in a resource as XML has it; narrative apart."""
    for element in etree.fromstring(text).iter("{http://hl7.org/fhir}*"):
        yield from (element.get(name) for name in ("value", "id", "url") if element.get(name) is not None)


def through(asked: Asked, sent: str) -> str:
    """What is lost of a resource on its way through the store and through XML, or why it is not taken."""
    resource = json.read(sent)
    where = f"{resource['resourceType']}/{resource['id']}"
    put = asked.ask("PUT", f"feed/clinic/{where}", sent, content_type=JSON)
    if put.status_code != 201:
        return str(put.json["issue"][0]["details"]["coding"][0]["code"])
    kept = asked.ask("GET", f"feed/clinic/{where}").text
    if told(kept) != told(sent):
        return "JSON to store to JSON"
    as_xml = asked.ask("GET", f"feed/clinic/{where}", headers={"Accept": XML}).data
    if Counter(values(as_xml)) != Counter(leaves(json.read(kept))):
        return "JSON to XML"
    again = asked.ask("PUT", f"feed/school/{where}", as_xml, client="school", content_type=XML)
    back = asked.ask("GET", f"feed/school/{where}", client="school").text
    return "" if again.status_code == 201 and told(back) == told(sent) else "XML to store to JSON"


def test_every_example_survives_but_those_that_are_not_r4(asked: Asked, examples: list[Path]) -> None:
    texts = {path.stem: path.read_text("utf-8") for path in examples}
    kept = {name: text for name, text in texts.items() if not name.startswith("Parameters-")}

    lost = {name: what for name, text in kept.items() if (what := through(asked, text))}

    assert len(kept) > 200
    assert lost == NOT_R4
