from collections.abc import Mapping
from typing import Any

import pytest

from gateway.fhir.profile_check import extended, follows
from gateway.fhir.profiles import Profile, profile

HL7 = "http://hl7.org/fhir/StructureDefinition/"
URL = "https://example.org/StructureDefinition/p"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
PATIENT = {"resourceType": "Patient", "name": [{"family": "Beech"}]}


def definition(*elements: dict[str, Any], type: str = "Patient", **more: Any) -> dict[str, Any]:
    """A profile with these element definitions, each by its id."""
    return {
        "resourceType": "StructureDefinition",
        "url": URL,
        "type": type,
        "baseDefinition": HL7 + type,
        "differential": {"element": [{"path": each["id"], **each} for each in elements]},
        **more,
    }


def told(
    resource: dict[str, Any],
    *elements: dict[str, Any],
    others: Mapping[str, dict[str, Any]] | None = None,
    codes: Mapping[str, set[str]] | None = None,
    **more: Any,
) -> list[tuple[str, str]]:
    """The code and place of everything that the profile says of a resource."""
    known = dict(others or {})
    sets = dict(codes or {})

    def found(url: str) -> Profile | None:
        return profile(known[url], known.get) if url in known else None

    def in_set(value_set: str, type: str, value: Any) -> bool | None:
        listed = value.get("coding", [value]) if isinstance(value, dict) else [{"code": value}]
        return any(each["code"] in sets[value_set] for each in listed) if value_set in sets else None

    asked = profile(definition(*elements, type=resource["resourceType"], **more), known.get)
    return [
        (each.kind.code.removeprefix("profile."), each.place.path)
        for each in follows(resource, asked, found, in_set)
    ]


def test_a_resource_of_another_type_does_not_follow_a_profile() -> None:
    asked = profile(definition(type="Observation"), {}.get)

    (only,) = follows(PATIENT, asked, lambda _: None, lambda *_: None)

    assert only.kind.code == "profile.other-type"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"birthDate": "2020-01-01"}, []),
        ({}, [("too-few", "Patient.birthDate")]),
        ({"_birthDate": {"extension": [{"url": "x", "valueString": "y"}]}}, []),
    ],
    ids=["there", "absent", "only extensions"],
)
def test_what_must_be_there_is_counted(given: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    assert told({**PATIENT, **given}, {"id": "Patient.birthDate", "min": 1}) == wanted


def test_what_there_is_too_much_of_is_placed_at_the_first_that_is_too_much() -> None:
    resource = {**PATIENT, "name": [{"family": "A"}, {"family": "B"}, {"family": "C"}]}

    assert told(resource, {"id": "Patient.name", "max": "1"}) == [("too-many", "Patient.name[1]")]
    assert told(resource, {"id": "Patient.name", "max": "0"}) == [("too-many", "Patient.name[0]")]
    assert told(resource, {"id": "Patient.name", "max": "*"}) == []


def test_an_element_inside_another_is_asked_for_only_where_the_other_is() -> None:
    asked = {"id": "Patient.contact.name", "min": 1}

    assert told(PATIENT, asked) == []
    assert told({**PATIENT, "contact": [{"gender": "other"}]}, asked) == [
        ("too-few", "Patient.contact[0].name")
    ]


@pytest.mark.parametrize(
    ("asked", "value", "holds"),
    [
        ({"fixedCode": "female"}, "female", True),
        ({"fixedCode": "female"}, "male", False),
        ({"patternCode": "female"}, "female", True),
    ],
)
def test_a_fixed_value_is_that_value(asked: dict[str, Any], value: str, holds: bool) -> None:
    found = told({**PATIENT, "gender": value}, {"id": "Patient.gender", **asked})

    assert found == ([] if holds else [("value", "Patient.gender")])


MARRIED = {"coding": [{"system": "s", "code": "M"}]}


@pytest.mark.parametrize(
    ("kind", "given", "holds"),
    [
        ("fixed", MARRIED, True),
        ("fixed", {**MARRIED, "text": "married"}, False),
        ("pattern", MARRIED, True),
        ("pattern", {**MARRIED, "text": "married"}, True),
        ("pattern", {"coding": [{"system": "t", "code": "x"}, *MARRIED["coding"]]}, True),
        ("pattern", {"coding": [{"system": "s", "code": "x"}]}, False),
        ("pattern", {"text": "married"}, False),
    ],
)
def test_a_fixed_value_is_whole_and_a_pattern_is_a_part(
    kind: str, given: dict[str, Any], holds: bool
) -> None:
    asked = {"id": "Patient.maritalStatus", f"{kind}CodeableConcept": MARRIED}

    found = told({**PATIENT, "maritalStatus": given}, asked)

    assert found == ([] if holds else [("value", "Patient.maritalStatus")])


def test_a_choice_is_narrowed_to_types() -> None:
    asked = {"id": "Patient.deceased[x]", "type": [{"code": "dateTime"}]}

    assert told({**PATIENT, "deceasedDateTime": "2020"}, asked) == []
    assert told({**PATIENT, "deceasedBoolean": True}, asked) == [("type", "Patient.deceasedBoolean")]


def test_a_reference_leads_to_the_types_that_are_left() -> None:
    asked = {
        "id": "Patient.generalPractitioner",
        "type": [{"code": "Reference", "targetProfile": [HL7 + "Organization"]}],
    }

    found = [
        told({**PATIENT, "generalPractitioner": [{"reference": to}]}, asked)
        for to in ("Organization/1", "Practitioner/1", "https://a.example/x")
    ]

    assert found == [[], [("target", "Patient.generalPractitioner[0]")], []]


def test_a_long_text_is_too_long() -> None:
    asked = {"id": "Patient.name.family", "maxLength": 4}

    assert told(PATIENT, asked) == [("too-long", "Patient.name[0].family")]


def test_a_required_code_is_of_its_value_set_or_the_set_is_said_not_to_be_known() -> None:
    asked = {"id": "Patient.gender", "binding": {"strength": "required", "valueSet": "v"}}
    preferred = {"id": "Patient.gender", "binding": {"strength": "preferred", "valueSet": "v"}}
    boy = {**PATIENT, "gender": "male"}

    assert told(boy, asked, codes={"v": {"male"}}) == []
    assert told(boy, asked, codes={"v": {"female"}}) == [("code", "Patient.gender")]
    assert told(boy, asked) == [("not-judged", "")]
    assert told(boy, preferred, codes={"v": {"female"}}) == []


SLICED = (
    {
        "id": "Patient.identifier",
        "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"},
    },
    {"id": "Patient.identifier:nhs", "sliceName": "nhs", "min": 1, "max": "1"},
    {"id": "Patient.identifier:nhs.system", "fixedUri": NHS},
    {"id": "Patient.identifier:nhs.value", "min": 1},
)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([{"system": NHS, "value": "1"}], []),
        ([{"system": "other"}, {"system": NHS, "value": "1"}], []),
        ([{"system": "other"}], [("too-few", "Patient.identifier")]),
        ([{"system": NHS}], [("too-few", "Patient.identifier[0].value")]),
        ([{"system": NHS, "value": "1"}] * 2, [("too-many", "Patient.identifier[1]")]),
    ],
    ids=["one", "beside another", "none", "without its value", "two"],
)
def test_a_slice_is_told_by_a_value(given: list[dict[str, Any]], wanted: list[tuple[str, str]]) -> None:
    assert told({**PATIENT, "identifier": given}, *SLICED) == wanted


def test_a_closed_slicing_has_nothing_else() -> None:
    slicing = {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"}
    closed = ({**SLICED[0], "slicing": slicing}, *SLICED[1:])

    found = told({**PATIENT, "identifier": [{"system": NHS, "value": "1"}, {"system": "x"}]}, *closed)

    assert found == [("closed", "Patient.identifier[1]")]


def test_a_slice_is_told_by_a_pattern_deep_inside() -> None:
    asked = (
        {
            "id": "Observation.component",
            "slicing": {"discriminator": [{"type": "pattern", "path": "code"}], "rules": "open"},
        },
        {"id": "Observation.component:low", "sliceName": "low", "min": 1},
        {
            "id": "Observation.component:low.code",
            "patternCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]},
        },
        {"id": "Observation.component:low.value[x]", "min": 1},
    )
    low = {"code": {"coding": [{"system": "http://loinc.org", "code": "8462-4", "display": "low"}]}}
    start = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}

    assert told({**start, "component": [{**low, "valueInteger": 1}]}, *asked) == []
    assert told({**start, "component": [low]}, *asked) == [("too-few", "Observation.component[0].value")]
    assert told(start, *asked) == [("too-few", "Observation.component")]


@pytest.mark.parametrize(
    ("type", "path", "inside", "first", "second"),
    [
        ("type", "$this", None, {"valueString": "a"}, {"valueCode": "a"}),
        ("exists", "period", {"min": 1}, {"period": {"start": "2020"}}, {"use": "old"}),
        ("exists", "period", {"max": "0"}, {"use": "old"}, {"period": {"start": "2020"}}),
    ],
)
def test_a_slice_is_told_by_type_or_by_what_is_there(
    type: str, path: str, inside: Any, first: dict[str, Any], second: dict[str, Any]
) -> None:
    slicing = {"slicing": {"discriminator": [{"type": type, "path": path}], "rules": "open"}}
    if type == "type":
        start: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        asked = [
            {"id": "Observation.component.value[x]", **slicing},
            {"id": "Observation.component.value[x]:text", "min": 1, "type": [{"code": "string"}]},
        ]
        found = [told({**start, "component": [each]}, *asked) for each in (first, second)]
        assert found == [[], [("too-few", "Observation.component[0].value")]]
    else:
        asked = [
            {"id": "Patient.identifier", **slicing},
            {"id": "Patient.identifier:s", "min": 1},
            {"id": "Patient.identifier:s.period", **inside},
        ]
        found = [told({**PATIENT, "identifier": [each]}, *asked) for each in (first, second)]
        assert found == [[], [("too-few", "Patient.identifier")]]


EXTENSION = "https://example.org/StructureDefinition/e"


def test_an_extension_is_sliced_by_its_url_and_follows_its_own_profile() -> None:
    asked = {
        "id": "Patient.extension:e",
        "sliceName": "e",
        "max": "1",
        "type": [{"code": "Extension", "profile": [EXTENSION]}],
    }
    own = {
        **definition({"id": "Extension.value[x]", "min": 1, "type": [{"code": "boolean"}]}),
        "url": EXTENSION,
        "type": "Extension",
        "baseDefinition": HL7 + "Extension",
    }
    good, bad = {"url": EXTENSION, "valueBoolean": True}, {"url": EXTENSION, "valueString": "yes"}

    def found(*extensions: dict[str, Any]) -> list[tuple[str, str]]:
        return told({**PATIENT, "extension": list(extensions)}, asked, others={EXTENSION: own})

    assert found(good, {"url": "other", "valueString": "x"}) == []
    assert found(bad) == [("type", "Patient.extension[0].valueString")]
    assert found(good, good) == [("too-many", "Patient.extension[1]")]


def test_an_extension_may_be_there_as_often_as_its_own_profile_says() -> None:
    asked = {"id": "Patient.extension:e", "type": [{"code": "Extension", "profile": [EXTENSION]}]}
    own = {
        **definition({"id": "Extension", "max": "1"}),
        "url": EXTENSION,
        "type": "Extension",
        "baseDefinition": HL7 + "Extension",
    }
    one = {"url": EXTENSION, "valueBoolean": True}

    found = [
        told({**PATIENT, "extension": [one] * count}, asked, others={EXTENSION: own}) for count in (1, 2)
    ]

    assert found == [[], [("too-many", "Patient.extension[1]")]]


def test_extensions_are_held_against_their_own_definitions_wherever_they_are() -> None:
    own = profile(
        {**definition({"id": "Extension.value[x]", "type": [{"code": "boolean"}]}), "type": "Extension"},
        {}.get,
    )
    wrong = {"url": EXTENSION, "valueString": "yes"}
    elsewhere = {"url": "https://example.org/elsewhere", "extension": [wrong, {"url": "part"}]}
    resource = {
        **PATIENT,
        "_birthDate": {"extension": [{"url": EXTENSION, "valueBoolean": True}]},
        "name": [{"extension": [elsewhere]}],
    }

    found = extended(resource, lambda url: own if url == EXTENSION else None, lambda *_: None)

    assert [(each.kind.code, each.place.path) for each in found] == [
        ("profile.type", "Patient.name[0].extension[0].extension[0].valueString"),
        ("profile.extensions", ""),
    ]
    assert "https://example.org/elsewhere" in found[1].says and "part" not in found[1].says


def test_a_profile_inherits_what_its_base_asks() -> None:
    base = {**definition({"id": "Patient.birthDate", "min": 1}), "url": "https://example.org/base"}

    found = told(
        PATIENT,
        {"id": "Patient.gender", "min": 1},
        others={"https://example.org/base": base},
        baseDefinition="https://example.org/base",
    )

    assert found == [("too-few", "Patient.birthDate"), ("too-few", "Patient.gender")]


def test_a_snapshot_says_all_that_is_asked() -> None:
    whole = {
        "snapshot": {"element": [{"id": "Patient", "path": "Patient"}, {"id": "Patient.gender", "min": 1}]}
    }

    assert told(PATIENT, {"id": "Patient.birthDate", "min": 1}, **whole) == [("too-few", "Patient.gender")]


@pytest.mark.parametrize(
    ("element", "feature"),
    [
        ({"id": "Patient", "constraint": [{"key": "x-1", "severity": "error"}]}, "the rule x-1"),
        ({"id": "Patient.multipleBirth[x]", "minValueInteger": 1}, "least and greatest values"),
        (
            {"id": "Patient.name", "slicing": {"ordered": True, "rules": "open"}},
            "the order of slices",
        ),
    ],
)
def test_what_is_not_judged_is_named(element: dict[str, Any], feature: str) -> None:
    asked = profile(definition(element), {}.get)

    found = follows(PATIENT, asked, lambda _: None, lambda *_: None)

    assert [each.kind.code for each in found] == ["profile.not-judged"]
    assert feature in found[0].says and found[0].kind.severity == "information"


def test_a_slice_that_cannot_be_told_is_named_and_not_judged() -> None:
    asked = (
        {
            "id": "Patient.generalPractitioner",
            "slicing": {"discriminator": [{"type": "profile", "path": "resolve()"}], "rules": "closed"},
        },
        {"id": "Patient.generalPractitioner:gp", "min": 1},
    )

    assert told({**PATIENT, "generalPractitioner": [{"reference": "Organization/1"}]}, *asked) == [
        ("not-judged", "")
    ]


def test_a_base_that_is_not_here_is_named() -> None:
    asked = profile(definition(baseDefinition="https://example.org/nowhere"), {}.get)

    assert asked.unjudged == ("the profile it is based on, https://example.org/nowhere",)


def test_a_rule_of_r4_itself_in_a_snapshot_is_judged_elsewhere_and_not_named() -> None:
    constraint = {"key": "pat-1", "source": HL7 + "Patient"}
    snapshot = {"element": [{"id": "Patient", "constraint": [constraint]}]}

    assert told(PATIENT, snapshot=snapshot) == []
