"""The mappings the tests of this room share, with their code maps."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping import Ids, Translator, load
from gateway.mapping.file import Mapping as Mapped

GIVEN = Path(__file__).parent / "given"
BASE = "https://fhirgate.example"
TARGETS = {
    "sex": "http://hl7.org/fhir/administrative-gender",
    "ethnic": "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland",
    "sdq-absent": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
    "need": "http://snomed.info/sct",
    "role": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
}
NESTED = {
    "sex": {"M": "male", "F": "female"},
    "need": {"SLCN": ["29164008", "Speech, language and communication"]},
    "role": {"PAM": ["MTH", "mother"]},
}


def concept_map(name: str, table: Mapping[str, Any], source: str = "") -> dict[str, Any]:
    elements = []
    for code, target in table.items():
        value, display = (target, "") if isinstance(target, str) else target
        goal = {"code": value, "equivalence": "equivalent"} | ({"display": display} if display else {})
        elements.append({"code": code, "target": [goal]})
    group = {"source": source or f"urn:{name}", "target": TARGETS[name], "element": elements}
    return {"resourceType": "ConceptMap", "url": f"{BASE}/ConceptMap/{name}", "group": [group]}


def maps_of(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{BASE}/ConceptMap/{name}": concept_map(name, table) for name, table in tables.items()}


@pytest.fixture(scope="session")
def flat_text() -> str:
    return (GIVEN / "flat.yaml").read_text()


@pytest.fixture(scope="session")
def flat_maps() -> dict[str, dict[str, Any]]:
    return maps_of(json.loads((GIVEN / "flat-maps.json").read_text()))


@pytest.fixture(scope="session")
def flat(flat_text: str, flat_maps: dict[str, dict[str, Any]]) -> Mapped:
    return load(flat_text, file="flat.yaml", concept_maps=flat_maps)


@pytest.fixture(scope="session")
def nested_text() -> str:
    return (GIVEN / "nested.yaml").read_text()


@pytest.fixture(scope="session")
def nested(nested_text: str) -> Mapped:
    return load(nested_text, file="nested.yaml", concept_maps=maps_of(NESTED))


@pytest.fixture(scope="session")
def flat_row() -> list[Any]:
    return [
        "F201900116001",
        "0010234",
        "9990123012",
        "Okafor",
        "Amelia",
        "Grace Ngozi",
        "04/03/2012",
        "2",
        "MWBC",
        "14 Larch Walk",
        "Testbridge",
        "ZZ10 1AA",
        "01632 960101",
        "141.0",
        "",
        "01/09/2025",
        "17",
        "",
        "12/11/2025",
        "999001",
        2,
    ]


@pytest.fixture(scope="session")
def pupil() -> list[Any]:
    """upn surname forename dob sex town code looked | needs contacts results care | line"""
    needs = [["1", "SLCN", "2021-09-06", 20], ["2", "REFU", "", 24]]
    phones = [["M", "07700 900101", 41], ["H", "01632 960101", 42]]
    contacts = [["1", "Ngozi Okafor", "PAM", phones, 30], ["2", "Tolu Adeyemi", "SWR", [], 50]]
    results = [["ENG", "112", "2025-07-01", 60], ["MAT", "A", "2025-07-01", 66], ["ART", "9", "", 70]]
    care = [["Anytown Council", 80]]
    cells = [
        "M20190022104V",
        "OKAFOR-BENNETT",
        "Amelia Grace",
        "2012-03-04",
        "F",
        "Testbridge",
        "zz101aa",
        "",
    ]
    return [*cells, needs, contacts, results, care, 10]


@pytest.fixture(scope="session")
def nested_translator(nested: Mapped) -> Translator:
    return Translator(
        nested,
        Ids(b"secret", "school"),
        given={"la": "201", "show": "show"},
        context={"urn": "999002", "school": "Harbour “Test” Academy"},
        received="2026-02-12",
        files={"": "ctf.xml"},
    )


@pytest.fixture(scope="session")
def flat_translator(flat: Mapped) -> Translator:
    return Translator(flat, Ids(b"secret", "council"), files={"child": "child.csv"})


@pytest.fixture(scope="session")
def resources() -> Callable[[Translator, list[Any]], list[dict[str, Any]]]:
    def translate(translator: Translator, row: list[Any]) -> list[dict[str, Any]]:
        made = translator.translate(row)
        assert not made.problems
        return [json.loads(each[3]) for each in made.resources]

    return translate
