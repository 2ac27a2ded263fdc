"""The profiles and value sets of some folders."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import json as fhir_json
from gateway.fhir import xml
from gateway.service.profiles import Definitions

BASE = "https://children.example"
PROFILE: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": "{base}/StructureDefinition/p",
    "version": "2",
    "name": "P",
    "status": "draft",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {"element": [{"id": "Patient.gender", "path": "Patient.gender", "min": 1}]},
}
URL = f"{BASE}/StructureDefinition/p"
PATIENT = {"resourceType": "Patient", "active": True}


def of(folder: Path, **files: Any) -> Definitions:
    for name, content in files.items():
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name.replace("_", ".")).write_bytes(text)
    return Definitions([folder, folder / "nowhere"], BASE)


def said(known: Definitions, resource: dict[str, Any], *asked: str) -> list[str]:
    return [each.kind.code for each in known.judged(resource, asked)]


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_profile_is_read_from_either_format_with_the_base_in_it(tmp_path: Path, form: str) -> None:
    text = fhir_json.write(PROFILE) if form == "json" else xml.write(PROFILE)

    known = of(tmp_path, **{f"p_{form}": text})

    assert said(known, PATIENT, URL) == ["profile.too-few"]
    assert said(known, {**PATIENT, "gender": "male"}, URL) == []


@pytest.mark.parametrize(("version", "code"), [("|2", "profile.too-few"), ("|1", "profile.unknown")])
def test_a_version_that_is_named_is_that_version(tmp_path: Path, version: str, code: str) -> None:
    assert said(of(tmp_path, p_json=PROFILE), PATIENT, URL + version) == [code]


def test_a_profile_that_is_asked_about_and_claimed_is_judged_once(tmp_path: Path) -> None:
    known = of(tmp_path, p_json=PROFILE)

    claims = {**PATIENT, "meta": {"profile": [URL, "https://elsewhere.example/p"]}}

    assert said(known, claims, URL) == ["profile.too-few", "profile.claimed-unknown"]


def test_r4s_own_definition_of_the_type_asks_nothing_more(tmp_path: Path) -> None:
    own = "http://hl7.org/fhir/StructureDefinition/Patient"

    assert said(of(tmp_path), PATIENT, own) == []
    assert said(of(tmp_path), PATIENT, own.replace("Patient", "DomainResource")) == []
    assert said(of(tmp_path), PATIENT, own.replace("Patient", "Observation")) == ["profile.other-type"]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        {"resourceType": "StructureDefinition"},
        {**PROFILE, "differential": {"element": {"id": "Patient.gender"}}},
        {**PROFILE, "differential": {"element": [{"id": "Patient.gender", "min": "one"}]}},
        {**PROFILE, "resourceType": "ValueSet"},
    ],
    ids=[
        "no JSON",
        "a list",
        "no text",
        "no url",
        "no list of elements",
        "a word for a number",
        "another type",
    ],
)
def test_a_file_that_is_no_profile_counts_as_not_there(tmp_path: Path, content: Any) -> None:
    assert said(of(tmp_path, p_json=content), PATIENT, URL) == ["profile.unknown"]


def test_the_codes_of_a_set_are_known_from_the_folder_or_from_r4(tmp_path: Path) -> None:
    concept = [{"code": "g"}, {"code": "kg"}]
    units = {
        "resourceType": "ValueSet",
        "url": "{base}/ValueSet/units",
        "status": "draft",
        "compose": {"include": [{"system": "http://unitsofmeasure.org", "concept": concept}]},
    }
    known = of(tmp_path, units_json=units)
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1"
    kg = {"system": "http://unitsofmeasure.org", "code": "kg"}

    assert known.in_set(f"{BASE}/ValueSet/units", "Quantity", kg) is True
    assert known.in_set(f"{BASE}/ValueSet/units", "Coding", {"code": "kg"}) is False
    assert known.in_set(f"{BASE}/ValueSet/units", "CodeableConcept", {"coding": [{"code": "x"}, kg]}) is True
    assert known.in_set(f"{BASE}/ValueSet/units", "CodeableConcept", {"text": "kg"}) is False
    assert known.in_set(f"{BASE}/ValueSet/units", "integer", 7) is None
    assert [known.in_set(gender, "code", each) for each in ("female", "girl")] == [True, False]
    assert known.in_set("http://hl7.org/fhir/ValueSet/all-languages", "code", "en") is None
    assert known.in_set("https://elsewhere.example/ValueSet/x", "code", "en") is None
