"""One row to a Patient and three Observations: the mapping engine against the same output written by hand.

Both take the same rows and give the same resources (compared as JSON before the clock starts); by hand means
dicts and orjson, as a programmer would write it. CPU time, interleaved rounds, median of the ratios.

    python tests/bench/bench_mapping.py [ROWS] [ROUNDS]
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from gateway.mapping import Ids, Translator, load

GIVEN = Path(__file__).parent.parent / "unit" / "mapping" / "given"
NASTY = ['O\'Neil "Jo"', "back\\slash", "Zoë-Ωmega", "Line\nbreak", "a<b>&c", "tab\there", "{{x}}", "D'Arcy"]
SURNAMES = ["Smith", "Jones", "Khan", "Patel", "Williams", "Brown", "Ali", "Taylor", "Evans", "Okafor"]
FORENAMES = ["Amelia", "Oliver", "Isla", "Noah", "Ava", "Muhammad", "Freya", "Leo", "Zara", "Finn"]

VITAL = [
    {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}
        ]
    }
]
SURVEY = [
    {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}]}
]
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
PROFILE = {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]}
ETHNIC_SYSTEM = "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland"


def invented(count: int, seed: int = 7) -> list[list[Any]]:
    """Rows of invented children; one in a hundred has a name that is hard to write."""
    pick = random.Random(seed)

    def day(first: int, last: int) -> str:
        return f"{pick.randint(1, 28):02d}/{pick.randint(1, 12):02d}/{pick.randint(first, last)}"

    rows = []
    for index in range(count):
        scored = pick.random() < 0.6
        rows.append(
            [
                f"{'ABCDEFGHJKLMNPQRTUVWXYZ'[index % 23]}{100000000000 + index}",
                f"{500000 + index}",
                f"{9990000000 + index % 9999999}" if pick.random() < 0.8 else "",
                pick.choice(NASTY if pick.random() < 0.01 else SURNAMES),
                pick.choice(FORENAMES),
                " ".join(pick.sample(FORENAMES, pick.choice([0, 1, 1, 2]))),
                day(2006, 2020),
                pick.choice("1209"),
                pick.choice(["WBRI", "WIRI", "MWBC", "AIND", "APKN", "BAFR", "CHNE", "REFU", "NOBT"]),
                f"{pick.randint(1, 240)} High Street",
                pick.choice(["Testbridge", "Harbour", "Anytown"]),
                f"ZZ{pick.randint(1, 29)} {pick.randint(1, 9)}AB",
                f"07700 9{pick.randint(0, 99999):05d}" if pick.random() < 0.5 else "",
                f"{pick.randint(800, 1900) / 10}" if pick.random() < 0.9 else "",
                f"{pick.randint(100, 900) / 10}" if pick.random() < 0.9 else "",
                day(2023, 2025),
                str(pick.randint(0, 40)) if scored else "",
                "" if scored else pick.choice(["SDQ1", "SDQ2", "SDQ3", "SDQ4", "SDQ5"]),
                day(2023, 2025),
                str(100000 + index % 24000),
                index + 2,
            ]
        )
    return rows


def by_hand(maps: dict[str, Any], ids: Ids) -> Callable[[list[Any]], list[tuple[str, str, bytes]]]:
    """The same translation as a programmer would write it."""
    sex, ethnic, absent = (maps[name] for name in ("sex", "ethnic", "sdq-absent"))

    def iso(text: str) -> str:
        if len(text) != 10 or text[2] != "/" or text[5] != "/":
            raise ValueError("date")
        return f"{text[6:]}-{text[3:5]}-{text[:2]}"

    def vital(made: str, about: str, code: str, display: str, when: str, value: str, unit: str) -> Any:
        found: dict[str, Any] = {
            "resourceType": "Observation",
            "id": made,
            "status": "final",
            "category": VITAL,
            "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]},
            "subject": {"reference": about},
            "effectiveDateTime": when,
        }
        if value:
            found["valueQuantity"] = {
                "value": float(value),
                "unit": unit,
                "system": "http://unitsofmeasure.org",
                "code": unit,
            }
        else:
            found["dataAbsentReason"] = {"coding": [{"system": ABSENT, "code": "unknown"}]}
        return found

    def translate(row: list[Any]) -> list[tuple[str, str, bytes]]:
        (upn, child, nhs, surname, forename, middle, born, sx, eth, street, town, code, phone) = row[:13]
        (height, weight, measured, score, why, scored, urn, _) = row[13:]
        identifier = [
            {"system": "https://fhirgate.example/Id/upn", "value": upn},
            {"system": "https://fhirgate.example/Id/la-child", "value": child},
        ]
        if nhs:
            identifier.insert(0, {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs})
        own = ids("Patient", upn)
        patient: dict[str, Any] = {"resourceType": "Patient", "id": own, "meta": PROFILE}
        category = ethnic.get(eth)
        if category:
            patient["extension"] = [
                {
                    "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory",
                    "valueCodeableConcept": {
                        "coding": [{"system": ETHNIC_SYSTEM, "code": category[0], "display": category[1]}]
                    },
                }
            ]
        patient["identifier"] = identifier
        patient["name"] = [{"use": "official", "family": surname, "given": [forename, *middle.split()]}]
        if phone:
            patient["telecom"] = [{"system": "phone", "value": phone}]
        patient["gender"] = sex[sx]
        patient["birthDate"] = iso(born)
        patient["address"] = [{"use": "home", "line": [street], "city": town, "postalCode": code}]
        patient["managingOrganization"] = {
            "identifier": {"system": "https://fhir.hl7.org.uk/Id/urn-school-number", "value": urn}
        }
        about, when = f"Patient/{own}", iso(measured)
        survey: dict[str, Any] = {
            "resourceType": "Observation",
            "id": ids("sdq", upn),
            "status": "final",
            "category": SURVEY,
            "code": {"text": "Strengths and Difficulties Questionnaire total score"},
            "subject": {"reference": about},
            "effectiveDateTime": iso(scored),
        }
        if score:
            survey["valueInteger"] = int(score)
        else:
            survey["dataAbsentReason"] = {"coding": [{"system": ABSENT, "code": absent[why]}]}
        made = (
            patient,
            vital(ids("height", upn), about, "8302-2", "Body height", when, height, "cm"),
            vital(ids("weight", upn), about, "29463-7", "Body weight", when, weight, "kg"),
            survey,
        )
        return [(each["resourceType"], each["id"], orjson.dumps(each)) for each in made]

    return translate


def concept_maps(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables as ConceptMaps."""
    targets = {
        "sex": "http://hl7.org/fhir/administrative-gender",
        "ethnic": ETHNIC_SYSTEM,
        "sdq-absent": ABSENT,
    }
    found = {}
    for name, table in tables.items():
        elements = []
        for code, target in table.items():
            value, display = (target, "") if isinstance(target, str) else target
            goal = {"code": value, "equivalence": "equivalent"} | ({"display": display} if display else {})
            elements.append({"code": code, "target": [goal]})
        url = f"https://fhirgate.example/ConceptMap/{name}"
        group = {"source": f"urn:{name}", "target": targets[name], "element": elements}
        found[url] = {"resourceType": "ConceptMap", "url": url, "group": [group]}
    return found


def timed(work: Callable[[list[Any]], Any], rows: list[list[Any]]) -> float:
    """CPU seconds for all rows."""
    start = time.process_time()
    for row in rows:
        work(row)
    return time.process_time() - start


def main(count: int = 30_000, rounds: int = 7) -> float:
    """Print both rates and their ratio, and return the ratio."""
    tables = json.loads((GIVEN / "flat-maps.json").read_text())
    ids = Ids(b"bench", "bench")
    mapping = load((GIVEN / "flat.yaml").read_text(), file="flat.yaml", concept_maps=concept_maps(tables))
    translator = Translator(mapping, ids)
    hand = by_hand(tables, ids)

    def engine(row: list[Any]) -> list[tuple[str, str, bytes]]:
        return [(made[1], made[2], made[3].encode()) for made in translator.translate(row).resources]

    for row in invented(2_000, seed=1):
        assert [json.loads(each[2]) for each in engine(row)] == [json.loads(each[2]) for each in hand(row)]
    rows = invented(count)
    times: list[tuple[float, float]] = [(timed(engine, rows), timed(hand, rows)) for _ in range(rounds)]
    ours, theirs = (count / statistics.median(side) for side in zip(*times, strict=True))
    ratio = statistics.median(b / a for a, b in times)
    print(f"mapping engine            {ours:10,.0f} records/CPU-s")
    print(f"by hand, dicts and orjson {theirs:10,.0f} records/CPU-s")
    print(f"ratio                     {ratio:10.2f}   (wanted >= 1.0)")
    return ratio


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
