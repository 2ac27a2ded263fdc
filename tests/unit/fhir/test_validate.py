from random import Random
from typing import Any

import pytest

from gateway.fhir.json import read
from gateway.fhir.trail import MOST
from gateway.fhir.validate import validate

PATIENT = """{"resourceType": "Patient", "id": "p1",
  "meta": {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"],
           "lastUpdated": "2025-03-01T10:00:00Z"},
  "text": {"status": "generated", "div": "<div xmlns=\\"http://www.w3.org/1999/xhtml\\">Ffion</div>"},
  "contained": [{"resourceType": "Organization", "id": "school", "name": "Ysgol Anytown"}],
  "extension": [{"url": "https://example.org/ethnic", "valueCodeableConcept": {"text": "White Welsh"}}],
  "identifier": [{"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018",
                  "period": {"start": "2015-02-03", "end": "2015-02-03T10:00:00Z"}}],
  "active": true,
  "name": [{"use": "official", "family": "Example", "given": ["Ffion", null],
            "_given": [null, {"extension": [{"url": "https://example.org/unheard", "valueBoolean": true}]}]}],
  "gender": "female",
  "birthDate": "2015-02-03",
  "_birthDate": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                               "valueDateTime": "2015-02-03T04:05:06Z"}]},
  "multipleBirthInteger": 2,
  "contact": [{"relationship": [{"text": "mother"}],
               "telecom": [{"system": "phone", "value": "01632 960000"}]}],
  "managingOrganization": {"reference": "#school"},
  "link": [{"other": {"reference": "Patient/p0"}, "type": "replaces"}]}"""
OBSERVATION = """{"resourceType": "Observation", "id": "w1", "status": "final",
  "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
  "subject": {"reference": "Patient/p1"}, "focus": [{"reference": "https://example.org/fhir/Specimen/4"}],
  "effectiveDateTime": "2025-03",
  "performer": [{"identifier": {"system": "https://example.org/urn", "value": "1"}}],
  "component": [
    {"code": {"text": "weight"},
     "valueQuantity": {"value": 32.10, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}},
    {"code": {"text": "why not"}, "dataAbsentReason": {"text": "ran away"}}],
  "referenceRange": [{"low": {"value": 1, "unit": "kg"}, "high": {"value": 2.5, "unit": "kg"}}]}"""


def observation(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}, **members}


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def said(resource: Any) -> list[tuple[str, str]]:
    """The code and place of each problem."""
    return [(each.kind.code.removeprefix("resource."), each.place.path) for each in validate(resource)]


@pytest.mark.parametrize("text", [PATIENT, OBSERVATION], ids=["Patient", "Observation"])
def test_a_sound_resource_has_no_problem_here_and_in_another_library(text: str) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    resource = read(text)

    assert validate(resource) == []
    assert get_fhir_model_class(resource["resourceType"]).model_validate_json(text)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param([], ("not-an-object", ""), id="a list"),
        pytest.param("Patient", ("not-an-object", ""), id="a text"),
        pytest.param(None, ("not-an-object", ""), id="null"),
        pytest.param({}, ("no-type", ""), id="no type"),
        pytest.param({"resourceType": 7}, ("no-type", ""), id="a number for a type"),
        pytest.param({"resourceType": "patient"}, ("unknown-type", ""), id="a small letter"),
        pytest.param({"resourceType": "DomainResource"}, ("unknown-type", ""), id="an abstract type"),
        pytest.param({"resourceType": "HumanName"}, ("unknown-type", ""), id="a data type"),
    ],
)
def test_what_is_no_resource_is_said_in_one_problem_of_status_400(
    body: Any, problem: tuple[str, str]
) -> None:
    assert said(body) == [problem]
    assert validate(body)[0].kind.status == 400


STRUCTURE = [
    pytest.param(observation(compnent=[]), ("unknown-element", "Observation.compnent"), id="unknown"),
    pytest.param(
        patient(name=[{"first": "A"}]), ("unknown-element", "Patient.name[0].first"), id="nested unknown"
    ),
    pytest.param(patient(_name=[{"id": "a"}]), ("unknown-element", "Patient._name"), id="beside a complex"),
    pytest.param(
        patient(name=[{"family": "A", "resourceType": "HumanName"}]),
        ("unknown-element", "Patient.name[0].resourceType"),
        id="a type where none belongs",
    ),
    pytest.param(
        observation(valueAddress={"text": "x"}), ("unknown-element", "Observation.valueAddress"), id="choice"
    ),
    pytest.param(patient(active="true"), ("json-type", "Patient.active"), id="a text for a boolean"),
    pytest.param(patient(birthDate=2015), ("json-type", "Patient.birthDate"), id="a number for a date"),
    pytest.param(patient(name=["A"]), ("json-type", "Patient.name[0]"), id="a text for an object"),
    pytest.param(
        observation(valueQuantity={"value": "7"}),
        ("json-type", "Observation.valueQuantity.value"),
        id="text number",
    ),
    pytest.param(
        patient(multipleBirthInteger=True), ("json-type", "Patient.multipleBirthInteger"), id="true for 1"
    ),
    pytest.param(patient(name={"family": "A"}), ("not-a-list", "Patient.name"), id="one for a list"),
    pytest.param(patient(gender=["male"]), ("list", "Patient.gender"), id="a list for one"),
    pytest.param(patient(name=[]), ("empty", "Patient.name"), id="an empty list"),
    pytest.param(patient(name=[{}]), ("empty", "Patient.name[0]"), id="an empty object"),
    pytest.param(patient(name=[{"id": "a"}]), ("empty", "Patient.name[0]"), id="an object with only an id"),
    pytest.param(patient(name=[{"family": ""}]), ("empty", "Patient.name[0].family"), id="an empty text"),
    pytest.param(patient(_birthDate={}), ("empty", "Patient._birthDate"), id="nothing beside"),
    pytest.param(patient(gender=None), ("null", "Patient.gender"), id="null"),
    pytest.param(patient(name=[None]), ("null", "Patient.name[0]"), id="null in a list of objects"),
    pytest.param(
        patient(name=[{"given": ["A", None]}]),
        ("null", "Patient.name[0].given[1]"),
        id="null with nothing beside",
    ),
    pytest.param(
        patient(name=[{"given": ["A", "B"], "_given": [{"id": "x"}]}]),
        ("not-aligned", "Patient.name[0].given"),
        id="lists not aligned",
    ),
    pytest.param(
        patient(deceasedBoolean=True, deceasedDateTime="2020"),
        ("two-choices", "Patient.deceasedDateTime"),
        id="two of a choice",
    ),
    pytest.param(
        patient(
            deceasedBoolean=True,
            _deceasedDateTime={"id": "a", "extension": [{"url": "x:y", "valueCode": "a"}]},
        ),
        ("two-choices", "Patient.deceasedDateTime"),
        id="two of a choice, one of them only extended",
    ),
]
VALUES = [
    pytest.param(observation(status="finall"), ("code", "Observation.status"), id="a code not listed"),
    pytest.param(
        {
            "resourceType": "Condition",
            "subject": {"display": "x"},
            "clinicalStatus": {"coding": [{"code": "active"}]},
        },
        ("code", "Condition.clinicalStatus"),
        id="a listed code without its system",
    ),
    pytest.param(
        {"resourceType": "Condition", "subject": {"display": "x"}, "clinicalStatus": {"text": "active"}},
        ("code", "Condition.clinicalStatus"),
        id="a concept in words only",
    ),
    pytest.param(
        {"resourceType": "Observation", "status": "final"}, ("required", "Observation.code"), id="missing"
    ),
    pytest.param(
        {"resourceType": "Provenance", "target": [{"display": "x"}], "recorded": "2025-01-01T00:00:00Z"},
        ("required", "Provenance.agent"),
        id="missing list",
    ),
    pytest.param(
        observation(note=[{"authorString": "x"}]),
        ("required", "Observation.note[0].text"),
        id="missing in a part",
    ),
    pytest.param(
        {
            "resourceType": "Medication",
            "ingredient": [{"strength": {"numerator": {"value": 1}, "denominator": {"value": 2}}}],
        },
        ("required", "Medication.ingredient[0].item"),
        id="missing choice",
    ),
    pytest.param(patient(birthDate="2015-02-29"), ("value", "Patient.birthDate"), id="no such day"),
    pytest.param(patient(id="a_b"), ("value", "Patient.id"), id="not an id"),
    pytest.param(
        patient(photo=[{"data": "a", "contentType": "x/y"}]), ("value", "Patient.photo[0].data"), id="base64"
    ),
    pytest.param(
        observation(referenceRange=[{"low": {"value": 1, "comparator": "<"}}]),
        ("not-here", "Observation.referenceRange[0].low.comparator"),
        id="taken away by HL7",
    ),
    pytest.param(
        observation(subject={"reference": "Practitioner/1"}),
        ("target", "Observation.subject"),
        id="wrong target",
    ),
    pytest.param(
        observation(subject={"reference": "https://example.org/Practitioner/1/_history/2"}),
        ("target", "Observation.subject"),
        id="wrong absolute target",
    ),
    pytest.param(
        observation(subject={"reference": "Pupil/1"}), ("reference", "Observation.subject"), id="no such type"
    ),
    pytest.param(
        observation(subject={"reference": "1"}), ("reference", "Observation.subject"), id="only an id"
    ),
    pytest.param(
        patient(
            text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'><script/>x</div>"}
        ),
        ("narrative", "Patient.text.div"),
        id="a script",
    ),
]


@pytest.mark.parametrize(("resource", "problem"), STRUCTURE)
def test_a_shape_that_cannot_be_read_has_its_place_and_status_400(
    resource: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert problem in said(resource)
    assert validate(resource)[0].kind.status == 400


@pytest.mark.parametrize(("resource", "problem"), VALUES)
def test_a_value_that_r4_does_not_allow_has_its_place_and_status_422(
    resource: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert said(resource) == [problem]
    assert validate(resource)[0].kind.status == 422


RULES = [
    ("pat-1", "Patient.contact[0]", patient(contact=[{"gender": "female"}])),
    ("obs-6", "Observation", observation(valueString="x", dataAbsentReason={"text": "y"})),
    (
        "obs-7",
        "Observation",
        observation(
            code={"coding": [{"system": "http://loinc.org", "code": "1-8"}]},
            valueString="x",
            component=[{"code": {"coding": [{"system": "http://loinc.org", "code": "1-8"}]}}],
        ),
    ),
    ("obs-3", "Observation.referenceRange[0]", observation(referenceRange=[{"type": {"text": "normal"}}])),
    (
        "ref-1",
        "Observation.subject",
        observation(subject={"reference": "#nobody"}),
    ),
    (
        "dom-2",
        "Patient.contained[0]",
        patient(
            managingOrganization={"reference": "#a"},
            contained=[
                {
                    "resourceType": "Organization",
                    "id": "a",
                    "contained": [{"resourceType": "Endpoint", "id": "b"}],
                }
            ],
        ),
    ),
    (
        "dom-3",
        "Patient.contained[0]",
        patient(contained=[{"resourceType": "Organization", "id": "a", "name": "x"}]),
    ),
    (
        "dom-4",
        "Patient.contained[0]",
        patient(
            managingOrganization={"reference": "#a"},
            contained=[{"resourceType": "Organization", "id": "a", "name": "x", "meta": {"versionId": "1"}}],
        ),
    ),
    (
        "dom-5",
        "Patient.contained[0]",
        patient(
            managingOrganization={"reference": "#a"},
            contained=[{"resourceType": "Organization", "id": "a", "meta": {"security": [{"code": "R"}]}}],
        ),
    ),
    ("qty-3", "Observation.valueQuantity", observation(valueQuantity={"value": 1, "code": "kg"})),
    (
        "per-1",
        "Observation.effectivePeriod",
        observation(effectivePeriod={"start": "2025-02", "end": "2025-01-31"}),
    ),
    (
        "per-1",
        "Observation.effectivePeriod",
        observation(effectivePeriod={"start": "2025-02-01T10:00:00+01:00", "end": "2025-02-01T08:59:59Z"}),
    ),
    ("rng-2", "Observation.valueRange", observation(valueRange={"low": {"value": 2}, "high": {"value": 1}})),
    ("rat-1", "Observation.valueRatio", observation(valueRatio={"numerator": {"value": 1}})),
    ("cpt-2", "Patient.telecom[0]", patient(telecom=[{"value": "01632 960000"}])),
    ("att-1", "Patient.photo[0]", patient(photo=[{"data": "AAAA"}])),
    ("ext-1", "Patient.extension[0]", patient(extension=[{"url": "x:y"}])),
    (
        "ext-1",
        "Patient.extension[0]",
        patient(
            extension=[{"url": "x:y", "valueCode": "a", "extension": [{"url": "x:z", "valueCode": "b"}]}]
        ),
    ),
]


@pytest.mark.parametrize(("key", "place", "resource"), RULES)
def test_a_rule_that_does_not_hold_is_named_with_its_place(
    key: str, place: str, resource: dict[str, Any]
) -> None:
    found = [each for each in validate(resource) if each.kind.code == "resource.rule"]

    assert (key, place) in [(each.details["key"], each.place.path) for each in found]
    assert all(key in each.says and each.fix != "…" for each in found if each.details["key"] == key)


@pytest.mark.parametrize(
    "period",
    [
        {"start": "2025-02-01T09:00:00+01:00", "end": "2025-02-01T08:30:00Z"},
        {"start": "2025-02-01", "end": "2025-02"},
        {"start": "2025-02-01T23:00:00Z", "end": "2025-02-01"},
        {"start": "2025", "end": "2025"},
        {"end": "1999"},
    ],
)
def test_a_period_that_may_go_forward_is_left_alone(period: dict[str, str]) -> None:
    assert validate(observation(effectivePeriod=period)) == []


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/1",
        "Patient/1/_history/2",
        "https://example.org/fhir/Patient/1",
        "https://example.org/child?id=4",
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "Patient?identifier=x|y",
    ],
)
def test_a_reference_that_may_lead_to_a_patient_is_left_alone(reference: str) -> None:
    assert validate(observation(subject={"reference": reference})) == []


def test_all_problems_come_at_once_and_those_of_shape_first() -> None:
    found = validate(observation(status="x", note={}, issued="2015", category=[None]))

    assert [each.kind.status for each in found] == [400, 400, 400, 422, 422]
    assert {each.place.path for each in found} == {
        "Observation.status",
        "Observation.note",
        "Observation.issued",
        "Observation.category[0]",
    }


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    fixes = [
        validate(patient(birthdate="2015"))[0].fix,
        validate(patient(gender="femail"))[0].fix,
        validate({"resourceType": "Observaton"})[0].fix,
    ]

    assert [fix.rpartition("Did you mean ")[2] for fix in fixes] == ["birthDate?", "female?", "Observation?"]


def test_what_the_record_said_is_only_in_the_value() -> None:
    resource = patient(
        gender="Canary Sunshine", birthDate="Canary Sunshine", **{"Canary Sunshine": "Canary Sunshine"}
    )
    resource["managingOrganization"] = {"reference": "Canary Sunshine"}
    found = validate(resource)

    assert len(found) == 4
    assert not any(
        "Canary" in text for each in found for text in (str(each), each.says, each.fix, repr(each))
    )
    assert [each.value for each in found].count("Canary Sunshine") == 3


def test_each_resource_of_a_bundle_is_checked_with_its_own_contained_ones() -> None:
    inner = patient(
        managingOrganization={"reference": "#a"},
        contained=[{"resourceType": "Organization", "id": "a", "name": "x"}],
    )
    other = observation(subject={"reference": "#a"})
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": inner}, {"resource": other}],
    }

    assert said(bundle) == [("rule", "Bundle.entry[1].resource.subject")]


def test_a_part_that_repeats_another_is_checked_like_it() -> None:
    item: dict[str, Any] = {"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "cloud"}]}
    form = {"resourceType": "Questionnaire", "status": "draft", "item": [item]}

    assert said(form) == [("code", "Questionnaire.item[0].item[0].type")]


def test_nesting_without_end_is_refused_and_does_not_break_the_walk() -> None:
    inside: dict[str, Any] = {"url": "x:y", "valueCode": "a"}
    for _ in range(5000):
        inside = {"url": "x:y", "extension": [inside]}

    assert [code for code, _ in said(patient(extension=[inside]))] == ["too-deep"]


def test_no_more_problems_are_listed_than_can_be_read() -> None:
    found = validate(patient(name=[{"family": ""}] * 1000))

    assert len(found) == MOST + 1
    assert found[-1].kind.code == "resource.more-problems"


def test_no_case_here_is_refused_only_by_another_library() -> None:
    """The other way round does not hold: the library knows no codes, no targets and no rules."""
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    theirs = 0
    for resource in (case.values[0] for case in (*STRUCTURE, *VALUES)):
        try:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        except (ValidationError, TypeError, ValueError):
            theirs += 1
            assert validate(resource)
    assert theirs > 15


ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    "#",
    [],
    {},
    [None],
    [[]],
    {"": ""},
    {"id": 7},
    [{"coding": 1}],
)


def spoil(value: Any, chance: Random) -> Any:
    """`value` with some of its parts replaced by odd ones."""
    if chance.random() < 0.08:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {key: spoil(each, chance) for key, each in value.items()}
    if isinstance(value, list):
        return [spoil(each, chance) for each in value]
    return value


def test_no_shape_whatever_breaks_the_walk() -> None:
    chance = Random(999)

    for _ in range(1500):
        spoiled = spoil(read(chance.choice((PATIENT, OBSERVATION))), chance)
        for found in validate(spoiled):
            known = found.kind.code != "resource.unknown-element"
            assert found.says and found.fix and ("…" not in found.says + found.fix or not known)
