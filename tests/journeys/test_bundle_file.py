"""A Bundle as a file: what its entries say of each other holds after it is loaded."""

from pathlib import Path

import orjson

from gateway.fhir import ask
from gateway.service import Gateway
from gateway.store.base import ASK

PATIENT = "urn:uuid:6f1d1f8e-8a26-4a3c-9a52-3f3c0c1b7a11"
OBSERVATION = "urn:uuid:6f1d1f8e-8a26-4a3c-9a52-3f3c0c1b7a12"


def bundle(folder: Path) -> Path:
    """Two entries without ids; the Observation comes first and names the Patient by its fullUrl."""
    entries = [
        {
            "fullUrl": OBSERVATION,
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "Body height"},
                "subject": {"reference": PATIENT},
                "valueString": "158 cm",
            },
        },
        {
            "fullUrl": PATIENT,
            "resource": {
                "resourceType": "Patient",
                "name": [{"family": "Okafor", "given": ["Ada"]}],
                "birthDate": "2014-09-03",
            },
        },
    ]
    path = folder / "export.json"
    path.write_bytes(orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    return path


def test_a_reference_by_full_url_leads_to_the_childs_patient(gate: Gateway, tmp_path: Path) -> None:
    report = gate.loader.load(bundle(tmp_path), gate.feed("school"), None)

    page = gate.store.search(ASK, ask.parse("Observation", [], page_most=10), limit=10)
    (child,) = gate.store.search(ASK, ask.parse("Patient", [], page_most=10), limit=10).rows
    assert report.kept == 2
    assert [row.child for row in page.rows] == [child.public]


def test_loading_such_a_bundle_twice_changes_nothing(gate: Gateway, tmp_path: Path) -> None:
    file = bundle(tmp_path)
    gate.loader.load(file, gate.feed("school"), None)
    before = gate.store.snapshot()

    report = gate.loader.load(file, gate.feed("school"), None)

    assert (report.unchanged, report.created) == (2, 0)
    assert gate.store.snapshot() == before
