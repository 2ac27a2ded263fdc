"""What the samples become, and words to ask about it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.mapping import Ids, Translator, load_folder
from gateway.problems import Problem
from gateway.records import Broken
from gateway.resources import shipped
from gateway.sources.csv import open_csv
from gateway.sources.files import gather
from gateway.sources.json import open_json
from gateway.sources.xml import open_xml

Resource = dict[str, Any]

SAMPLES = Path(__file__).parents[2] / "samples"
BASE = "https://fhirgate.example"
FACT = f"{BASE}/CodeSystem/child-record-fact"
UKCORE = "https://fhir.hl7.org.uk/StructureDefinition"
SNOMED = "http://snomed.info/sct"
CITY_OF_LONDON = {
    "type": "Organization",
    "identifier": {"system": f"{BASE}/Id/dfe-la-code", "value": "201"},
    "display": "City of London",
}


class Told:
    """What a mapping told from a sample: resources, and problems."""

    def __init__(self, mapping: str, files: list[Path], given: dict[str, str]) -> None:
        self.resources, self.problems = translate(mapping, files, given)

    def about(self, system: str, value: str) -> "Child":
        """All that is told about the child with this identifier."""
        found = [
            each
            for each in self.kind("Patient")
            if any(
                one["system"] == f"{BASE}/Id/{system}" and one["value"] == value for one in each["identifier"]
            )
        ]
        assert len(found) == 1
        return Child(self, found[0])

    def kind(self, resource_type: str) -> list[Resource]:
        """All resources of one type."""
        return [each for each in self.resources if each["resourceType"] == resource_type]


class Child:
    """One child of a sample."""

    def __init__(self, told: Told, patient: Resource) -> None:
        self.patient = patient
        me = {"reference": f"Patient/{patient['id']}"}
        self.all = [each for each in told.resources if me in (each.get("subject"), each.get("patient"))]

    def kind(self, resource_type: str) -> list[Resource]:
        """The child's resources of one type."""
        return [each for each in self.all if each["resourceType"] == resource_type]

    def one(self, resource_type: str) -> Resource:
        """The child's only resource of one type."""
        found = self.kind(resource_type)
        assert len(found) == 1
        return found[0]

    def facts(self, code: str) -> list[Resource]:
        """The child's Observations of one fact."""
        return [each for each in self.kind("Observation") if code in codes(each["code"], FACT)]

    def fact(self, code: str) -> Resource:
        """The child's only Observation of one fact."""
        found = self.facts(code)
        assert len(found) == 1
        return found[0]

    def of_type(self, code: str) -> Resource:
        """The child's only EpisodeOfCare of one type."""
        found = [each for each in self.kind("EpisodeOfCare") if code in codes(each["type"][0])]
        assert len(found) == 1
        return found[0]


def codes(concept: Resource, system: str = "") -> list[str]:
    """The codes of a CodeableConcept."""
    return [each["code"] for each in concept.get("coding", ()) if system in ("", each["system"])]


def parts(observation: Resource) -> dict[str, Any]:
    """The components of an Observation: fact to value, a coded one as its code."""
    found = {}
    for each in observation.get("component", ()):
        value = next(value for name, value in each.items() if name.startswith("value"))
        found[codes(each["code"])[0]] = (
            codes(value)[0] if isinstance(value, dict) and "coding" in value else value
        )
    return found


def label(resource: Resource) -> list[str]:
    """The confidentiality of a resource."""
    return [each["code"] for each in resource["meta"].get("security", ())]


def ethnic(code: str, display: str) -> Resource:
    """The ethnic category extension of UK Core."""
    coding = {
        "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland",
        "code": code,
        "display": display,
    }
    return {"url": f"{UKCORE}/Extension-UKCore-EthnicCategory", "valueCodeableConcept": {"coding": [coding]}}


def references(node: Any) -> list[str]:
    """Every literal reference in resources."""
    return [each["reference"] for each in objects(node) if isinstance(each.get("reference"), str)]


def codings(node: Any) -> list[Resource]:
    """Every Coding in resources."""
    return [one for each in objects(node) for one in each.get("coding", ())]


def objects(node: Any) -> list[Resource]:
    """Every object in resources."""
    if isinstance(node, list):
        return [found for each in node for found in objects(each)]
    if isinstance(node, dict):
        return [node, *(found for each in node.values() for found in objects(each))]
    return []


def code_lists() -> dict[str, dict[str, str]]:
    """Our code systems: canonical to code to display."""
    found = {}
    for path in shipped("profiles").glob("CodeSystem-*.json"):
        system = json.loads(path.read_text("utf-8").replace("{base}", BASE))
        found[system["url"]] = {each["code"]: each["display"] for each in system["concept"]}
    return found


def translate(
    name: str, given: list[Path], settings: Mapping[str, str]
) -> tuple[list[Resource], list[Problem]]:
    """The resources and problems of a sample; what readers warn of is a problem here too."""
    mapping = load_folder(shipped("mappings") / name, profiles=[shipped("profiles")])
    kind = mapping.source.format
    files = gather(given, kind)
    reading = open_csv(files, mapping.source) if kind == "csv" else _OPEN[kind](files[0], mapping.source)
    resources: list[Resource] = []
    problems: list[Problem] = []
    with reading:
        rows = list(reading.rows)  # only with the rows comes what the file says once
        translator = Translator(mapping, Ids(b"samples", name), given=settings, context=reading.context)
        for row in rows:
            assert not isinstance(row, Broken)
            done = translator.translate(row)
            resources += [json.loads(text) for _, _, _, text in done.resources]
            problems += [*done.problems, *done.dropped, *done.warnings]
    return resources, [*reading.warnings, *problems]


_OPEN = {"xml": open_xml, "json": open_json}
