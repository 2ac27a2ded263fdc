"""train: weights learnt from the records that are kept."""

import json
from pathlib import Path
from random import Random

from terminal import Run

from gateway.identity.model import read
from gateway.testing.families import families
from gateway.testing.tellings import Habits, patient, told

NHS = "https://fhir.nhs.uk/Id/nhs-number"


def children(file: str, office: str, count: int) -> None:
    """A file of Patients as an office writes them that knows every number."""
    pick, lines = Random(office), []
    for kid in families(count, 5):
        if kid.nhs:
            record = patient(told(kid, office, kid.number, pick, Habits()), "https://fhirgate.example")
            lines.append(json.dumps(record | {"identifier": [{"system": NHS, "value": kid.nhs}]}))
    Path(file).write_text("\n".join(lines))


def test_it_learns_from_what_is_there_and_says_how_to_use_it(council: Path, fhirgate: Run) -> None:
    for feed, office in (("council", "care"), ("school", "school")):
        children(f"{feed}.ndjson", office, 600)
        assert fhirgate("load", f"{feed}.ndjson", "--feed", feed).code in (0, 1)

    done = fhirgate("train", "weights.json")

    assert done.code == 0, done.err
    assert "pairs of one child and" in done.out
    assert "Decisions of persons: 0 for one child, 0 for two, 0 not sure." in done.out
    assert 'model = "weights.json"' in done.err
    model = read((council / "weights.json").read_text("utf-8"))
    assert "pairs of one child" in model.name

    again = fhirgate("train", "weights.json")
    assert again.code == 1 and "--replace" in again.err

    settings = council / "gateway.toml"
    settings.write_text('model = "weights.json"\n' + settings.read_text("utf-8"), "utf-8")
    counts = fhirgate("train", "weights.json", "--replace", "--json").json
    assert counts["records"] > 1000 and counts["doubtful"] == 0


def test_too_little_is_refused_with_what_it_takes(council: Path, fhirgate: Run) -> None:
    children("few.ndjson", "care", 20)
    fhirgate("load", "few.ndjson", "--feed", "council")

    done = fhirgate("train", "weights.json")

    assert done.code == 1
    assert "1000 records" in done.err
    assert not (council / "weights.json").exists()
