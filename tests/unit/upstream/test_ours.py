"""What means something here alone is not sent to other servers, and holds for what they answer as well."""

import json
from typing import Any

from gateway.upstream.capability import SILENT
from gateway.upstream.plan import Means, plan
from gateway.upstream.question import Question
from gateway.upstream.remember import Memory
from gateway.upstream.values import Answer, Upstream

NHS = "https://fhir.nhs.uk/Id/nhs-number"
PERSON = {
    "name": [{"family": "Beech", "given": ["Ada"]}],
    "birthDate": "2015-01-02",
    "identifier": [{"system": NHS, "value": "9990000018"}],
}
HOSPITAL = Upstream("hospital", "https://hospital.example/fhir")


def searchset(*resources: dict[str, Any], query: str = "") -> Answer:
    entries = [
        {"fullUrl": f"{HOSPITAL.base_url}/{each['resourceType']}/{each['id']}", "resource": each}
        for each in resources
    ]
    link = [{"relation": "self", "url": f"{HOSPITAL.base_url}/Observation?{query}"}]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entries}
    return Answer("answered", 200, json.dumps(bundle).encode())


def observation(id: str, visit: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": f"Encounter/{visit}"},
    }


def test_a_filter_of_our_own_names_stays_here_and_is_applied_here() -> None:
    wanted = b'"reference":"Encounter/hospital-Encounter-v1"'
    question = Question(
        type="Observation",
        child="child1",
        person=PERSON,
        nhs_number="9990000018",
        filters=(
            ("encounter", "Encounter/hospital-Encounter-v1"),
            ("subject:identifier", "UPN|H801200001001"),
            ("status", "final"),
        ),
        ours=frozenset({"encounter", "subject"}),
        accept=lambda body: wanted in body,
    )
    means = Means(Memory(), SILENT, lambda *names: "-".join(names), "https://fhirgate.example")
    asking = plan(question, HOSPITAL, "", means)

    next(asking)
    sent = asking.send(searchset({"resourceType": "Patient", "id": "p", **PERSON}))
    try:
        asking.send(
            searchset(observation("o1", "v1"), observation("o2", "v2"), query="patient=p&status=final")
        )
        raise AssertionError("there is nothing more to ask")
    except StopIteration as end:
        told = end.value

    assert sent.path == "Observation?patient=Patient/p&status=final&_sort=-date&_count=50"
    assert [row.id for row in told.rows] == ["hospital-Observation-o1"]
    assert told.total is None, "it counts what was not filtered"
