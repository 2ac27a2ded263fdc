"""What holds for everything that is made of a sample, whatever its format."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class
from translated import BASE, UKCORE, code_lists, codings, objects, references

from gateway.resources import shipped
from gateway.service.profiles import definitions

EVERY = ["ssda903", "ctf", "csc", "census", "extract", "oneroster", "cin"]
UKCORE_FILES = Path(__file__).parents[4] / "shared" / "ukcore"


@pytest.mark.parametrize("sample", EVERY)
def test_every_resource_of_a_sample_is_r4(sample: str, request: pytest.FixtureRequest) -> None:
    for resource in request.getfixturevalue(sample).resources:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("sample", EVERY)
def test_every_reference_leads_to_a_resource_of_the_sample(
    sample: str, request: pytest.FixtureRequest
) -> None:
    resources = request.getfixturevalue(sample).resources
    ids = {f"{each['resourceType']}/{each['id']}" for each in resources}

    assert len(ids) == len(resources)
    assert set(references(resources)) <= ids


@pytest.mark.parametrize("sample", EVERY)
def test_every_resource_names_its_uk_core_profile(sample: str, request: pytest.FixtureRequest) -> None:
    for resource in request.getfixturevalue(sample).resources:
        assert resource["meta"]["profile"] == [f"{UKCORE}/UKCore-{resource['resourceType']}"]


@pytest.mark.parametrize("sample", EVERY)
def test_every_code_of_ours_is_in_its_list_with_its_display(
    sample: str, request: pytest.FixtureRequest
) -> None:
    lists = code_lists()

    for coding in codings(request.getfixturevalue(sample).resources):
        if coding["system"].startswith(f"{BASE}/CodeSystem/") and not coding["system"].endswith(
            "dfe-stage-assessment"
        ):
            assert lists[coding["system"]][coding["code"]] == coding["display"]


@pytest.mark.parametrize(
    ("sample", "children"),
    [("ssda903", 5), ("ctf", 5), ("csc", 3), ("census", 5), ("extract", 3), ("oneroster", 5), ("cin", 5)],
)
def test_each_child_of_a_sample_has_one_patient(
    sample: str, children: int, request: pytest.FixtureRequest
) -> None:
    assert len(request.getfixturevalue(sample).kind("Patient")) == children


@pytest.mark.parametrize(
    ("sample", "places"),
    [
        pytest.param(
            "ssda903",
            "ZZ14 ZZ15 ZZ16 ZZ17 ZZ18 ZZ19 SC999101 SC999102 SC999103 SC999104 SC999201 SC999301",
            id="ssda903",
        ),
        pytest.param("ctf", "ZZ10 ZZ11 Larch Quay", id="ctf"),
        pytest.param("csc", "ZZ15 ZZ17 ZZ18", id="csc-api"),
        pytest.param("census", "ZZ15 ZZ17 ZZ18 Foster Carer Station", id="school census"),
        pytest.param("oneroster", "07700 okafor@ home.example", id="oneroster"),
    ],
)
def test_nothing_says_where_a_looked_after_child_lives(
    sample: str, places: str, request: pytest.FixtureRequest
) -> None:
    text = json.dumps(request.getfixturevalue(sample).resources)

    assert [place for place in places.split() if place in text] == []


@pytest.mark.skipif(not UKCORE_FILES.is_dir(), reason="the UK Core files are not beside the project")
@pytest.mark.parametrize("sample", EVERY)
def test_every_name_of_uk_core_is_one(sample: str, request: pytest.FixtureRequest) -> None:
    resources = request.getfixturevalue(sample).resources
    files = {path.stem: path for path in UKCORE_FILES.rglob("*.xml")}
    profiles = {url for each in resources for url in each["meta"]["profile"]}
    extensions = {each["url"] for each in objects(resources) if str(each.get("url")).startswith(UKCORE)}

    assert {url.rsplit("/", 1)[1] for url in profiles | extensions} <= set(files)
    for coding in codings(resources):
        if coding["system"].startswith("https://fhir.hl7.org.uk/CodeSystem/"):
            text = files["CodeSystem-" + coding["system"].rsplit("/", 1)[1]].read_text("utf-8")
            assert re.search(
                rf'<code value="{coding["code"]}" ?/>\s*<display value="{re.escape(coding["display"])}" ?/>',
                text,
            )


@pytest.mark.skipif(not UKCORE_FILES.is_dir(), reason="the UK Core files are not beside the project")
@pytest.mark.parametrize("sample", EVERY)
def test_every_resource_follows_the_profiles_it_claims(sample: str, request: pytest.FixtureRequest) -> None:
    known = definitions((shipped("profiles"), UKCORE_FILES), "https://fhirgate.example")

    found = Counter(
        (each.place.path, each.says)
        for resource in request.getfixturevalue(sample).resources
        for each in known.judged(resource)
        if each.kind.severity == "error"
    )

    assert found == {}
