import json

import pytest

from gateway.fhir import facts
from gateway.fhir.build_facts import build
from gateway.fhir.expression import parse


def test_the_resource_types_are_those_of_r4s_own_code_system() -> None:
    listed = facts.codes("http://hl7.org/fhir/ValueSet/resource-types")

    assert listed is not None
    assert set(facts.resource_types()) == set(listed) - {"Resource", "DomainResource"}
    assert len(facts.resource_types()) == 146


@pytest.mark.parametrize(
    ("path", "name", "least", "most", "types"),
    [
        pytest.param("Observation", "status", 1, 1, ("code",), id="once and needed"),
        pytest.param("Observation", "category", 0, None, ("CodeableConcept",), id="any number"),
        pytest.param("Observation", "valueQuantity", 0, 1, ("Quantity",), id="a choice made"),
        pytest.param("Observation.component", "code", 1, 1, ("CodeableConcept",), id="in a nested part"),
        pytest.param("HumanName", "given", 0, None, ("string",), id="in a data type"),
        pytest.param("Patient", "deceasedBoolean", 0, 1, ("boolean",), id="a primitive choice"),
        pytest.param("Patient", "id", 0, 1, ("id",), id="the id of a resource"),
        pytest.param("Patient.contact", "id", 0, 1, ("string",), id="the id of an element"),
        pytest.param("Extension", "url", 1, 1, ("uri",), id="the url of an extension"),
        pytest.param("SimpleQuantity", "comparator", 0, 0, ("code",), id="taken away by HL7"),
    ],
)
def test_an_element_has_the_cardinality_and_type_of_the_standard(
    path: str, name: str, least: int, most: int | None, types: tuple[str, ...]
) -> None:
    element = facts.element(path, name)

    assert (element.name, element.min, element.max, element.types) == (name, least, most, types)


def test_a_choice_not_yet_made_has_all_its_types() -> None:
    for name in ("value", "value[x]"):
        assert facts.element("Observation.component", name).types == (
            "Quantity",
            "CodeableConcept",
            "string",
            "boolean",
            "integer",
            "Range",
            "Ratio",
            "SampledData",
            "time",
            "dateTime",
            "Period",
        )


def test_a_path_goes_through_choices_data_types_and_repeated_parts() -> None:
    assert facts.locate("Observation.component.valueQuantity.value").types == ("decimal",)
    assert facts.locate("Bundle.entry.link.url").path == "Bundle.link.url"
    assert facts.locate("Observation.component.referenceRange.low.unit").types == ("string",)
    assert facts.locate("Questionnaire.item.item.item.linkId").path == "Questionnaire.item.linkId"


@pytest.mark.parametrize(
    "path", ["Observation.valueAddress", "Observation.nothing", "Nothing.at", "Patient", "Patient.id.value"]
)
def test_a_path_that_r4_does_not_have_is_a_key_error(path: str) -> None:
    with pytest.raises(KeyError):
        facts.locate(path)


def test_required_codes_come_with_their_systems() -> None:
    gender = facts.element("Patient", "gender")
    status = facts.element("Condition", "clinicalStatus")

    assert (gender.strength, status.strength) == ("required", "required")
    assert facts.codes(gender.value_set) == dict.fromkeys(
        ("male", "female", "other", "unknown"), ("http://hl7.org/fhir/administrative-gender",)
    )
    assert set(facts.codes(status.value_set + "|4.0.1") or ()) == {
        "active",
        "recurrence",
        "relapse",
        "inactive",
        "remission",
        "resolved",
    }
    assert facts.codes("http://hl7.org/fhir/ValueSet/mimetypes") is None


def test_every_required_value_set_can_be_looked_up_and_every_part_can_be_entered() -> None:
    for name in (*facts.resource_types(), *facts.data_types()):
        for element in facts.members(name).values():
            if element.strength == "required":
                facts.codes(element.value_set)
            if element.inside:
                assert facts.elements(element.inside)
            else:
                assert element.types[0] in facts.primitive_types() | {"Resource"}


def test_references_know_where_they_may_point() -> None:
    assert facts.element("Observation", "subject").targets == ("Patient", "Group", "Device", "Location")
    assert facts.element("Observation", "focus").targets == ()


def test_observation_and_patient_have_all_the_parameters_of_the_standard() -> None:
    general = "_content _id _lastUpdated _profile _query _security _source _tag _text"
    patient = (
        "active address address-city address-country address-postalcode address-state address-use birthdate "
        "death-date deceased email family gender general-practitioner given identifier language link name "
        "organization phone phonetic telecom"
    )
    observation = (
        "based-on category code code-value-concept code-value-date code-value-quantity code-value-string "
        "combo-code combo-code-value-concept combo-code-value-quantity combo-data-absent-reason "
        "combo-value-concept combo-value-quantity component-code component-code-value-concept "
        "component-code-value-quantity component-data-absent-reason component-value-concept "
        "component-value-quantity data-absent-reason date derived-from device encounter focus has-member "
        "identifier method part-of patient performer specimen status subject value-concept value-date "
        "value-quantity value-string"
    )

    assert list(facts.parameters("Patient")) == sorted([*general.split(), *patient.split()])
    assert list(facts.parameters("Observation")) == sorted([*general.split(), *observation.split()])


def test_a_shared_parameter_has_only_the_part_for_its_type() -> None:
    code = facts.parameters("Observation")["code"]
    phone = facts.parameters("Patient")["phone"]

    assert code.expression == "Observation.code"
    assert code.definition == "http://hl7.org/fhir/SearchParameter/clinical-code"
    assert phone.expression == "Patient.telecom.where(system='phone')"


def test_a_composite_knows_its_components() -> None:
    composite = facts.parameters("Observation")["code-value-quantity"]

    assert [(part.code, part.type) for part in composite.components] == [
        ("code", "token"),
        ("value-quantity", "quantity"),
    ]


def test_every_parameter_of_every_type_has_an_expression_that_can_be_read() -> None:
    for name in facts.resource_types():
        for code, parameter in facts.parameters(name).items():
            if code in ("_content", "_query", "_text"):
                assert parameter.expression == ""
            else:
                parse(parameter.expression)


def test_a_patients_compartment_is_reached_by_the_parameters_of_the_standard() -> None:
    assert facts.compartment("Observation") == ("subject", "performer")
    assert facts.compartment("Patient") == ("link",)
    assert facts.compartment("Organization") == ()
    assert all(
        code in facts.parameters(name) for name in facts.resource_types() for code in facts.compartment(name)
    )


def test_types_know_what_they_specialise() -> None:
    assert facts.is_a("Patient", "DomainResource")
    assert facts.is_a("Bundle", "Resource")
    assert not facts.is_a("Bundle", "DomainResource")
    assert facts.is_a("Age", "Quantity")
    assert not facts.is_a("Nothing", "Resource")
    assert not facts.is_resource("DomainResource")


@pytest.mark.parametrize("name", ["Patient", "Observation", "OperationOutcome", "Bundle"])
def test_another_library_knows_the_same_elements(name: str) -> None:
    from importlib import import_module

    model = getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    theirs = {field.alias or key for key, field in model.model_fields.items()}
    theirs = {each for each in theirs if not each.startswith(("_", "resource_type", "fhir_comments"))}

    assert set(facts.members(name)) == theirs - {"resourceType"}


PROFILES = """<Bundle xmlns="http://hl7.org/fhir"><entry><resource><StructureDefinition>
<name value="Toy"/><fhirVersion value="4.0.1"/><kind value="resource"/><abstract value="false"/>
<type value="Toy"/>
<baseDefinition value="http://hl7.org/fhir/StructureDefinition/DomainResource"/><snapshot>
<element><path value="Toy"/><min value="0"/><max value="*"/></element>
<element><path value="Toy.colour"/><min value="1"/><max value="1"/><type><code value="code"/></type>
<isModifier value="true"/><isSummary value="true"/>
<binding><strength value="required"/><valueSet value="http://example.org/colours|1"/></binding></element>
<element><path value="Toy.owner[x]"/><min value="0"/><max value="*"/><type><code value="string"/></type>
<type><code value="Reference"/><targetProfile value="http://hl7.org/fhir/StructureDefinition/Patient"/></type>
</element></snapshot></StructureDefinition></resource></entry></Bundle>"""
VALUES = """<Bundle xmlns="http://hl7.org/fhir">
<entry><resource><ValueSet><url value="http://example.org/colours"/><compose><include>
<system value="http://example.org/paint"/></include></compose></ValueSet></resource></entry>
<entry><resource><CodeSystem><url value="http://example.org/paint"/><content value="complete"/>
<concept><code value="warm"/><concept><code value="red"/></concept></concept></CodeSystem></resource></entry>
</Bundle>"""
NOTHING = '<Bundle xmlns="http://hl7.org/fhir"/>'


def test_the_facts_are_taken_from_the_definitions() -> None:
    parameter = {
        "code": "colour",
        "type": "token",
        "url": "http://x/Toy-colour",
        "base": ["Toy"],
        "expression": "Toy.colour",
    }
    texts = {
        "profile/profiles-types.xml": NOTHING,
        "profile/profiles-resources.xml": PROFILES,
        "valueset/valuesets.xml": VALUES,
        "sp/search-parameters.json": json.dumps({"entry": [{"resource": parameter}]}),
    }

    made = build(lambda name: texts.get(name, NOTHING).encode())

    assert made["types"] == {"Toy": ["resource", "DomainResource"]}
    assert made["elements"]["Toy"] == [
        ["colour", 1, 1, "code", "sm", "", "required", "http://example.org/colours"],
        ["owner[x]", 0, 0, "string Reference", "", "Patient"],
    ]
    assert made["codes"] == {"http://example.org/colours": {"http://example.org/paint": ["warm", "red"]}}
    assert made["parameters"] == [["colour", "token", "Toy.colour", "Toy-colour", "Toy", "", []]]
