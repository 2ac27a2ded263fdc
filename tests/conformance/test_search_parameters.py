"""Search parameters by type, modifier and prefix; the ids are those of the project's REST checklist."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from served import NHS, Caller, Served

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
SEN = "https://fhirgate.example/CodeSystem/dfe-sen-provision"
SEN_GIVEN = "https://fhirgate.example/ValueSet/sen-provision-given"
STATUSES = "http://hl7.org/fhir/ValueSet/observation-status"


def loinc(code: str, display: str = "") -> dict[str, Any]:
    coding = {"system": LOINC, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding]}


def quantity(value: float, code: str = "", **more: Any) -> dict[str, Any]:
    return {"value": value, **({"system": UCUM, "code": code} if code else {}), **more}


SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
PRESSURE = [
    {"code": loinc(SYSTOLIC), "valueQuantity": quantity(107, "mm[Hg]")},
    {"code": loinc(DIASTOLIC), "valueQuantity": quantity(60, "mm[Hg]")},
]
OBSERVATIONS: dict[str, dict[str, Any]] = {
    "pressure": {"code": loinc("85354-9", "Blood pressure panel"), "component": PRESSURE},
    "systolic": {"code": loinc(SYSTOLIC), "valueQuantity": quantity(120, "mm[Hg]")},
    "grams": {"code": loinc("w"), "valueQuantity": quantity(5.4, "g", unit="gram")},
    "milligrams": {"code": loinc("w"), "valueQuantity": quantity(5400, "mg")},
    "less": {"code": loinc("w"), "valueQuantity": quantity(5, "g", comparator="<")},
    "no unit": {"code": loinc("n"), "valueQuantity": quantity(100)},
    "fever": {"code": loinc("8310-5"), "valueQuantity": quantity(101.3, "[degF]")},
    "sampled": {
        "code": loinc("s"),
        "valueSampledData": {
            "origin": quantity(10, "mV"),
            "period": 10,
            "factor": 2,
            "dimensions": 1,
            "data": "1 E 5 9",
        },
    },
    "sen": {
        "code": loinc("sen"),
        "valueCodeableConcept": {
            "coding": [{"system": SEN, "code": "E", "display": "Education, health and care plan"}],
            "text": "Plan, since Easter",
        },
    },
    "no sen": {"code": loinc("sen"), "valueCodeableConcept": {"coding": [{"system": SEN, "code": "N"}]}},
    "words": {"code": {"text": "A, b$c|d\\e"}, "valueString": "O'Reilly (Kociński)"},
    "day": {"code": loinc("d"), "effectiveDateTime": "2015-06-30"},
    "midnight": {"code": loinc("d"), "effectiveDateTime": "2015-06-30T23:30:00Z"},
    "summer": {"code": loinc("d"), "effectivePeriod": {"start": "2015-06-15", "end": "2015-07-02"}},
    "since": {"code": loinc("d"), "effectivePeriod": {"start": "2015-07-01"}},
    "timing": {"code": loinc("d"), "effectiveTiming": {"event": ["2015-05-01", "2015-08-01"]}},
    "wrong": {"code": loinc("d"), "status": "entered-in-error"},
}


class Ward:
    """The observations of one tag, and what a question finds among them."""

    def __init__(self, clinic: Caller) -> None:
        self.clinic = clinic
        self.tag = uuid4().hex
        self.names: dict[str, str] = {}
        for name, own in OBSERVATIONS.items():
            self.add(name, {"resourceType": "Observation", "status": "final", **own})

    def add(self, name: str, resource: dict[str, Any]) -> dict[str, Any]:
        id = str(uuid4())
        meta = {**resource.get("meta", {}), "tag": [{"system": "urn:ward", "code": self.tag}]}
        self.names[id] = name
        return self.clinic.tell("clinic", {**resource, "id": id, "meta": meta})

    def ask(self, question: str, type: str = "Observation") -> Any:
        text = quote(question, safe="=&:,$-.")
        return self.clinic.get(f"feed/clinic/{type}?_tag=urn:ward%7C{self.tag}&_count=100&{text}")

    def found(self, question: str, type: str = "Observation") -> set[str]:
        answer = self.ask(question, type)
        assert answer.status_code == 200, answer.text
        return {self.names[each["resource"]["id"]] for each in answer.json().get("entry", ())}

    def refusal(self, question: str, type: str = "Observation") -> str:
        answer = self.ask(question, type)
        assert answer.status_code == 400, (question, answer.text)
        return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


@pytest.fixture(scope="module")
def ward(served: Served) -> Ward:
    return Ward(served.caller("clinic"))


@pytest.mark.parametrize(
    "question",
    [
        *(
            "date=yesterday",
            "date=2015-13",
            "date=ge",
            "value-quantity=x",
            "value-quantity=5|a",
            "code=a|b|c",
        ),
        *("patient=no such", "code-value-quantity=a$x", "code-value-quantity=a", "code:missing=perhaps"),
        *("patient.birthdate=x", "subject:Patient.identifier=a|b|c", "_lastUpdated=x", "_profile:below=x"),
        *("code:text=-", "identifier:of-type=a|b"),
    ],
)
def test_S7_a_value_that_cannot_be_read_is_refused_in_a_chain_as_well(ward: Ward, question: str) -> None:
    assert ward.refusal(question) == "search.value"


def test_S11_a_repeated_parameter_narrows_and_a_comma_widens(ward: Ward) -> None:
    assert ward.found("code=w,s") == {"grams", "milligrams", "less", "sampled"}
    assert ward.found("combo-code=8480-6&combo-code=8462-4") == {"pressure"}
    assert ward.found("value-quantity=gt100,lt60&value-quantity=ne120") >= {"fever", "grams"}
    assert ward.found("value-quantity=ge100&value-quantity=le100") == {"no unit"}


def test_S12_an_escaped_sign_is_the_sign(ward: Ward) -> None:
    assert ward.found(r"code:text=a\, b") == {"words"}
    assert ward.found(r"value-string:exact=O'Reilly (Kociński)") == {"words"}
    assert ward.found(r"code=w\,s") == set()
    assert ward.found(r"code-value-string=w\$x$y") == set()
    assert ward.found(r"code:text=\\e") == ward.found(r"code:text=e") == {"words"}


def test_S15_a_parameter_over_several_elements_finds_any(ward: Ward) -> None:
    assert ward.found("combo-code=8480-6") == {"pressure", "systolic"}
    assert ward.found("combo-value-quantity=120") == {"systolic"}
    assert ward.found("combo-value-quantity=107,120") == {"pressure", "systolic"}
    assert ward.found("value-string=plan") == {"sen"}


@pytest.mark.parametrize(
    ("question", "there"),
    [
        ("date", {"day", "midnight", "summer", "since", "timing"}),
        ("value-string", {"words", "sen"}),
        ("code", set(OBSERVATIONS) - {"words"}),
        ("value-quantity", {"systolic", "grams", "milligrams", "less", "no unit", "fever", "sampled"}),
        ("component-code-value-quantity", {"pressure"}),
        ("subject", set()),
        ("_profile", set()),
    ],
)
def test_S16_missing_for_each_type_of_parameter(ward: Ward, question: str, there: set[str]) -> None:
    assert ward.found(f"{question}:missing=false") == there
    assert ward.found(f"{question}:missing=true") == set(OBSERVATIONS) - there


def test_S16_missing_of_a_number(ward: Ward) -> None:
    for name, part in (("likely", {"prediction": [{"probabilityDecimal": 0.25}]}), ("unknown", {})):
        assessment = {"resourceType": "RiskAssessment", "status": "final", "subject": {"display": "x"}}
        ward.add(name, {**assessment, **part})

    assert ward.found("probability:missing=true", "RiskAssessment") == {"unknown"}
    assert ward.found("probability=0.25", "RiskAssessment") == {"likely"}
    assert ward.found("probability=lt0.3&probability=gt0.2", "RiskAssessment") == {"likely"}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("code=85354-9", {"pressure"}),
        (f"code={LOINC}|{SYSTOLIC}", {"systolic"}),
        (f"code=|{SYSTOLIC}", set()),
        (f"value-concept={SEN}|", {"sen", "no sen"}),
        ("code:not=w,n,s,sen,d", {"pressure", "systolic", "fever", "words"}),
        ("value-concept:text=care plan", {"sen"}),
        ("value-concept:text=easter", {"sen"}),
        ("code:text=PANEL", {"pressure"}),
        ("code:text=anel", set()),
        (f"value-concept:in={SEN_GIVEN}", {"sen"}),
        (f"value-concept:in={SEN_GIVEN}|1.0.0", {"sen"}),
        (f"value-concept:not-in={SEN_GIVEN}", set(OBSERVATIONS) - {"sen"}),
        (f"status:in={STATUSES}", set(OBSERVATIONS)),
        (f"value-concept:below={SEN}|E", {"sen"}),
        (f"value-concept:above={SEN}|N", {"no sen"}),
        ("status=http://hl7.org/fhir/observation-status|entered-in-error", {"wrong"}),
    ],
)
def test_S6_tokens_by_every_modifier(ward: Ward, question: str, expected: set[str]) -> None:
    assert ward.found(question) == expected


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("code:in=http://nobody.example/ValueSet/x", "search.value-set"),
        ("code:below=http://nobody.example|x", "search.code-system"),
        ("code:exact=x", "search.unknown-modifier"),
        ("subject:below=Patient/x", "search.unknown-modifier"),
        ("date:contains=2015", "search.unknown-modifier"),
        ("_id:missing=true", "search.unknown-modifier"),
    ],
)
def test_S6_what_cannot_be_answered_is_refused(ward: Ward, question: str, code: str) -> None:
    assert ward.refusal(question) == code


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("value-quantity=100", {"no unit"}),
        ("value-quantity=100.00", {"no unit"}),
        ("value-quantity=1e2", {"no unit", "fever"}),
        ("value-quantity=101", {"fever"}),
        ("value-quantity=101.0", set()),
        (f"value-quantity=5.4|{UCUM}|g", {"grams", "milligrams"}),
        (f"value-quantity=5400|{UCUM}|mg", {"grams", "milligrams"}),
        (f"value-quantity=0.0054|{UCUM}|kg", {"grams", "milligrams"}),
        (f"value-quantity=gt5|{UCUM}|g", {"grams", "milligrams"}),
        (f"value-quantity=lt5.4|{UCUM}|g", {"less"}),
        (f"value-quantity=38.5|{UCUM}|Cel", {"fever"}),
        (f"value-quantity=5.4|{UCUM}|m", set()),
        ("value-quantity=5.4||gram", {"grams"}),
        ("value-quantity=5400||mg", {"milligrams"}),
        (f"value-quantity=ap5|{UCUM}|g", {"grams", "milligrams", "less"}),
        (f"value-quantity=ne5.4|{UCUM}|g", {"less"}),
    ],
)
def test_OB3_quantities_by_precision_prefix_and_unit(ward: Ward, question: str, expected: set[str]) -> None:
    assert ward.found(question) == expected


def test_OB3_sampled_data_and_comparators_are_intervals(ward: Ward) -> None:
    # what was sampled lies from 10 + 2 * 1 to 10 + 2 * 9 mV
    assert ward.found(f"value-quantity=gt27|{UCUM}|mV") == {"sampled"}
    assert ward.found(f"value-quantity=gt28|{UCUM}|mV") == set()
    assert ward.found(f"value-quantity=lt0.013|{UCUM}|V") == {"sampled"}
    assert ward.found(f"value-quantity=eb5|{UCUM}|g") == {"less"}
    assert ward.found(f"value-quantity=sa1|{UCUM}|g") == {"grams", "milligrams"}


def test_OB1_code_is_not_that_of_a_component(ward: Ward) -> None:
    assert ward.found("code=8480-6") == {"systolic"}
    assert ward.found("component-code=8480-6") == {"pressure"}
    assert ward.found("combo-code=8480-6") == {"pressure", "systolic"}


def test_OB2_value_string_looks_at_the_text_of_a_coded_value(ward: Ward) -> None:
    assert ward.found("value-string=Plan, since") == {"sen"}
    assert ward.found("value-string=o'reilly kocinski") == {"words"}
    assert ward.found("value-string:contains=easter") == {"sen"}


def test_OB4_a_composite_is_met_by_one_component(ward: Ward) -> None:
    assert ward.found("component-code-value-quantity=8480-6$107") == {"pressure"}
    assert ward.found("component-code-value-quantity=8480-6$60") == set()
    assert ward.found("component-code-value-quantity=8480-6$lt80,8462-4$lt80") == {"pressure"}
    assert ward.found(f"component-code-value-quantity={LOINC}|8480-6$gt100|{UCUM}|mm[Hg]") == {"pressure"}
    assert ward.found(f"combo-code-value-quantity=8480-6$ge14|{UCUM}|kPa") == {"pressure", "systolic"}
    assert ward.found("code-value-quantity=8480-6$ge100") == {"systolic"}
    assert ward.found(f"code-value-concept=sen${SEN}|E") == {"sen"}
    assert ward.found("combo-code-value-concept=sen$N") == {"no sen"}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("date=2015-06-30", {"day"}),
        ("date=2015-07-01", {"midnight"}),
        ("date=2015", {"day", "midnight", "summer", "timing"}),
        ("date=ge2015-07-03", {"since", "timing"}),
        ("date=lt2015-06-15", {"timing"}),
        ("date=gt2015-06-30", {"midnight", "summer", "since", "timing"}),
        ("date=sa2015-06-30", {"midnight", "since"}),
        ("date=eb2015-07-01", {"day"}),
        ("date=2015-06-30T23:30Z", {"midnight"}),
        ("date=2015-07-01T00:30:00+01:00", {"midnight"}),
        ("date=ge2015-06-30&date=lt2015-07-01", {"day", "summer", "timing"}),
        ("date=ne2015", {"since"}),
    ],
)
def test_OB6_dates_of_periods_and_timings_overlap(ward: Ward, question: str, expected: set[str]) -> None:
    assert ward.found(question) == expected


def test_OB7_what_was_entered_in_error_is_found_unless_left_out(ward: Ward) -> None:
    assert "wrong" in ward.found("code=d")
    assert "wrong" not in ward.found("code=d&status:not=entered-in-error")


def test_OB5_focus_and_performer_do_not_make_it_that_patients(served: Served, ward: Ward) -> None:
    mother, child = str(uuid4()), str(uuid4())
    for id in (mother, child):
        ward.clinic.tell("clinic", {"resourceType": "Patient", "id": id})
    of_child = {"reference": f"Patient/{child}"}
    of_mother = {"reference": f"Patient/{mother}"}
    kept = ward.add(
        "about",
        {
            "resourceType": "Observation",
            "status": "final",
            "code": loinc("about"),
            "subject": of_child,
            "focus": [of_mother],
            "performer": [of_mother],
        },
    )
    try:
        assert ward.found(f"patient={child}&code=about") == {"about"}
        assert ward.found(f"patient={mother}&code=about") == set()
        assert ward.found(f"focus=Patient/{mother}") == ward.found(f"performer=Patient/{mother}") == {"about"}
        assert ward.found(f"subject:Patient={child}&code=about") == {"about"}
    finally:
        ward.clinic.ask("DELETE", f"feed/clinic/Observation/{kept['id']}")


def test_PA3_a_number_is_found_however_it_is_spaced(ward: Ward) -> None:
    ward.add("numbered", {"resourceType": "Patient", "identifier": [{"system": NHS, "value": "9990000042"}]})

    for written in ("9990000042", "999 000 0042", "999-000-0042"):
        assert ward.found(f"identifier={NHS}|{written}", "Patient") == {"numbered"}
        assert ward.found(f"identifier=NHS|{written}", "Patient") == {"numbered"}
