"""The shipped profiles: R4 in form, complete in content, and true to the lists they stand for."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.resources import shipped

BASE = "https://fhirgate.example"
FILES = sorted(shipped("profiles").glob("*.json"))
UKCORE = Path(__file__).parents[4] / "shared" / "ukcore" / "codesystems"

#: The main ethnicity codes in the order of the sixteen categories of the NHS and "not stated".
MAIN_CODES = (
    *("WBRI", "WIRI", "WOTH", "MWBC", "MWBA", "MWAS", "MOTH", "AIND", "APKN"),
    *("ABAN", "AOTH", "BCRB", "BAFR", "BOTH", "CHNE", "OOTH", "REFU"),
)
needs_ukcore = pytest.mark.skipif(not UKCORE.is_dir(), reason="the UK Core files are not beside the project")


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Every shipped resource of one type by its canonical."""
    found = (json.loads(path.read_text("utf-8").replace("{base}", BASE)) for path in FILES)
    return {each["url"]: each for each in found if each["resourceType"] == kind}


def system(name: str) -> dict[str, str]:
    """Codes and displays of one of our code systems."""
    concepts = resources("CodeSystem")[f"{BASE}/CodeSystem/{name}"]["concept"]
    return {each["code"]: each["display"] for each in concepts}


def translation(name: str) -> dict[str, tuple[str, str, str]]:
    """A map as source code to (target system, target code, equivalence); unmatched codes have no code."""
    groups = resources("ConceptMap")[f"{BASE}/ConceptMap/{name}"]["group"]
    return {
        element["code"]: (group["target"], target.get("code", ""), target["equivalence"])
        for group in groups
        for element in group["element"]
        for target in element["target"]
    }


def ukcore(name: str) -> dict[str, str]:
    """Codes and displays of a code system of UK Core."""
    text = (UKCORE / f"CodeSystem-UKCore-{name}.xml").read_text("utf-8")
    pairs = re.findall(r'<code value="([^"]+)"\s*/>\s*<display value="([^"]+)"', text)
    return dict(pairs)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_profile_is_r4(path: Path) -> None:
    resource = json.loads(path.read_text("utf-8").replace("{base}", BASE))

    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_by_its_resource_and_carries_no_fixed_base(path: Path) -> None:
    text = path.read_text("utf-8")
    resource = json.loads(text)

    assert path.stem == f"{resource['resourceType']}-{resource['id']}"
    assert BASE not in text
    if resource["resourceType"] != "NamingSystem":
        assert resource["url"] == f"{{base}}/{resource['resourceType']}/{resource['id']}"


@pytest.mark.parametrize("url", sorted(resources("CodeSystem")))
def test_a_code_list_has_no_code_twice_and_counts_itself(url: str) -> None:
    found = resources("CodeSystem")[url]
    codes = [each["code"] for each in found["concept"]]

    assert len(codes) == len(set(codes)) == found.get("count", len(codes))
    assert all(each["display"] for each in found["concept"])


@pytest.mark.parametrize("url", sorted(resources("ConceptMap")))
def test_a_map_translates_every_code_of_its_list_once(url: str) -> None:
    groups = resources("ConceptMap")[url]["group"]
    source = {group["source"] for group in groups}
    codes = [element["code"] for group in groups for element in group["element"]]

    assert len(source) == 1
    assert sorted(codes) == sorted(system(source.pop().rsplit("/", 1)[1]))


def test_every_fact_says_what_it_means() -> None:
    facts = resources("CodeSystem")[f"{BASE}/CodeSystem/child-record-fact"]["concept"]

    assert all(len(each["definition"]) > 20 for each in facts)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        pytest.param("dfe-ethnicity", 108, id="108 ethnicity codes"),
        pytest.param("dfe-language", 319, id="319 languages"),
        pytest.param("dfe-la", 158 + 6, id="158 authorities and six placeholders"),
        pytest.param("dfe-disability", 13, id="13 disabilities"),
        pytest.param("dfe-review-participation", 8, id="PN0 to PN7"),
        pytest.param("dfe-legal-status", 13, id="13 legal statuses"),
        pytest.param("dfe-reason-place-change", 12, id="12 reasons for a change"),
        pytest.param("dfe-referral-source", 22, id="22 referral sources"),
    ],
)
def test_a_list_is_complete(name: str, count: int) -> None:
    assert len(system(name)) == count


def test_assessment_factors_cover_child_parent_and_others() -> None:
    expected = {f"{number}{who}" for number in range(1, 7) for who in "ABC"}
    expected |= {
        "7A",
        *(f"8{kind}" for kind in "BCDEF"),
        "9A",
        "10A",
        "11A",
        "12A",
        "13A",
        "14A",
        "15A",
        "16A",
    }
    expected |= {"17A", "18A", "18B", "18C", "19A", "19B", "19C", "20", "21", "22A", "23A", "24A"}

    assert set(system("dfe-assessment-factor")) == expected


def test_main_ethnicity_codes_go_to_the_category_with_the_same_census_group() -> None:
    wanted = dict(
        zip(
            MAIN_CODES,
            "ABCDEFGHJKLMNPRSZ",
            strict=True,
        )
    )

    found = translation("dfe-ethnicity-ukcore")

    assert {code: found[code][1] for code in wanted} == wanted
    assert {found[code][2] for code in wanted} == {"equivalent"}
    assert found["NOBT"][1:] == ("99", "equivalent")
    assert found["WROM"][1:] == found["WIRT"][1:] == ("C", "wider")


@pytest.mark.parametrize(
    ("code", "category"),
    [("WEEU", "C"), ("WCOR", "A"), ("ASLT", "L"), ("BSOM", "N"), ("CTWN", "R"), ("OPOL", "S"), ("AMPK", "J")],
)
def test_an_extended_ethnicity_code_is_counted_with_its_main_code(code: str, category: str) -> None:
    assert translation("dfe-ethnicity-ukcore")[code][1:] == (category, "wider")


def test_an_ethnicity_code_nobody_folded_is_left_unmatched() -> None:
    found = translation("dfe-ethnicity-ukcore")

    assert {code for code, target in found.items() if target[2] == "unmatched"} == {
        "ABRI",
        "AWEL",
        "BBRI",
        "BWEL",
    }


@needs_ukcore
@pytest.mark.parametrize(
    ("map_name", "list_name"),
    [
        ("dfe-ethnicity-ukcore", "EthnicCategoryEngland"),
        ("ctf-relationship", "AdditionalPersonRelationshipRole"),
    ],
)
def test_targets_in_uk_core_are_codes_with_the_display_of_uk_core(map_name: str, list_name: str) -> None:
    wanted = ukcore(list_name)
    groups = resources("ConceptMap")[f"{BASE}/ConceptMap/{map_name}"]["group"]

    for group in groups:
        for element in group["element"] if group["target"].endswith(list_name) else ():
            for target in element["target"]:
                assert target.get("code", "") in {*wanted, ""}
                assert target.get("display", "") == wanted.get(target.get("code", ""), "")


def test_language_tags_have_the_form_of_tags_and_no_answer_is_no_language() -> None:
    found = translation("dfe-language-bcp47")

    assert all(
        re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", tag) for _, tag, _ in found.values() if tag
    )
    assert {code for code, target in found.items() if not target[1]} == {"NOT", "REF"}
    assert {found[code][1] for code in ("ENG", "POL", "BNGS", "PNJG", "OTH")} == {
        "en",
        "pl",
        "syl",
        "pa-Guru",
        "und",
    }
    assert {target[0] for target in found.values()} == {"urn:ietf:bcp:47"}


def test_professionals_are_no_relatives() -> None:
    found = translation("ctf-relationship")

    assert {code for code, target in found.items() if not target[1]} == {
        "SWR",
        "TCH",
        "HTC",
        "DOC",
        "CHM",
        "RLG",
    }
    assert found["FOM"][1] == "MTHFOST"


def test_a_refused_questionnaire_is_declined_and_not_merely_unknown() -> None:
    found = translation("sdq-reason-absent")

    assert {code: target[1] for code, target in found.items()} == {
        "SDQ1": "not-applicable",
        "SDQ2": "asked-declined",
        "SDQ3": "not-performed",
        "SDQ4": "not-performed",
        "SDQ5": "asked-declined",
    }


def test_the_cci_says_that_it_opens_nothing() -> None:
    found = json.loads((shipped("profiles") / "NamingSystem-cci.json").read_text("utf-8"))

    assert found["uniqueId"][0]["value"] == "{base}/Id/cci"
    assert "credential" in found["usage"]


@pytest.mark.parametrize("name", ["upn", "uln", "la-child-id", "laestab", "dfe-la-code", "cci"])
def test_each_identifier_of_ours_has_a_naming_system(name: str) -> None:
    found = json.loads((shipped("profiles") / f"NamingSystem-{name}.json").read_text("utf-8"))

    assert found["uniqueId"][0]["value"] == f"{{base}}/Id/{name}"
