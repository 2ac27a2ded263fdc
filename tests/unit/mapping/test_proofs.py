"""Mistakes in a mapping are found before a record is read, each at its line and column."""

import copy
from typing import Any

import pytest

from gateway.mapping import load
from gateway.problems import Problem, Refused
from gateway.resources import shipped

Maps = dict[str, dict[str, Any]]


def problems_of(text: str, maps: Maps) -> tuple[Problem, ...]:
    with pytest.raises(Refused) as caught:
        load(text, file="flat.yaml", concept_maps=maps)
    return caught.value.problems


def place_in(text: str, mark: str, shift: int = 0) -> tuple[int, int]:
    """The line and column of the first place where `mark` stands, moved by `shift`."""
    at = text.index(mark) + shift
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


MISTAKES = [
    pytest.param(
        "birthDate: = DOB",
        "birthdate: = DOB",
        "mapping.unknown-element",
        "birthdate",
        0,
        "birthDate",
        id="element",
    ),
    pytest.param(
        "= DOB.date()", "= DBO.date()", "mapping.unknown-field", "DBO", 0, "DOB", id="source column"
    ),
    pytest.param(
        "status: final", "status: done", "mapping.outside-binding", "done", 0, "final", id="literal code"
    ),
    pytest.param(
        "telecom:\n      - {system: phone, value: = PHONE}",
        "telecom: {system: phone, value: = PHONE}",
        "mapping.list",
        "{system: phone",
        0,
        "dash",
        id="object where a list is needed",
    ),
    pytest.param(
        "    status: final\n    category: &vital",
        "    category: &vital",
        "mapping.required",
        "resourceType: Observation",
        0,
        "status",
        id="required element",
    ),
    pytest.param(
        "= DOB.date()", "= DOB.dte()", "mapping.unknown-function", "DOB.dte", 4, "date", id="unknown function"
    ),
    pytest.param(
        "code('sex')", "code('sexx')", "mapping.unknown-term", "'sexx'", 0, "sex", id="unknown code map"
    ),
    pytest.param(
        "= DOB.date()", "= DOB", "mapping.type", "= DOB", 0, ".date('dd/MM/yyyy')", id="date left as text"
    ),
    pytest.param(
        "= HEIGHT_CM.decimal()",
        "= HEIGHT_CM",
        "mapping.type",
        "= HEIGHT_CM,",
        0,
        ".decimal()",
        id="number as text",
    ),
    pytest.param(
        "resourceType: Observation",
        "resourceType: Observaton",
        "mapping.unknown-type",
        "Observaton",
        0,
        "Observation",
        id="resource type",
    ),
    pytest.param(
        "{system: phone, value: = PHONE}",
        "{system: phone, value: = PHONE",
        "mapping.syntax",
        "",
        0,
        "",
        id="syntax",
    ),
]


@pytest.mark.parametrize(("old", "new", "code", "mark", "shift", "hint"), MISTAKES)
def test_a_seeded_mistake_is_found_at_its_place(
    flat_text: str, flat_maps: Maps, old: str, new: str, code: str, mark: str, shift: int, hint: str
) -> None:
    text = changed(flat_text, old, new)

    found = problems_of(text, flat_maps)

    assert found[0].kind.code == code
    assert hint in found[0].fix
    assert found[0].place.file == "flat.yaml"
    if mark:
        assert (found[0].place.line, found[0].place.column) == place_in(text, mark, shift)
    else:
        assert found[0].place.line >= place_in(text, "value: = PHONE")[0]
    assert all(each.place.line for each in found)


def test_a_code_map_that_leaves_a_required_binding_is_found(flat_text: str, flat_maps: Maps) -> None:
    maps = copy.deepcopy(flat_maps)
    maps["https://fhirgate.example/ConceptMap/sex"]["group"][0]["element"][0]["target"][0]["code"] = "M"

    found = problems_of(flat_text, maps)

    assert [each.kind.code for each in found] == ["mapping.target-outside-binding"]
    assert (found[0].place.line, found[0].place.column) == place_in(flat_text, "= SEX.code")
    assert found[0].details["target"] == "M" and "male" in found[0].fix


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(flat_text: str, flat_maps: Maps) -> None:
    text = flat_text
    for old, new in (
        ("status: final", "status: done"),
        ("= DOB.date()", "= DOB"),
        ("birthDate:", "birthdate:"),
        ("code('sex')", "code('sexx')"),
        ("resourceType: Observation\n    $rule: sdq", "resourceType: Observaton\n    $rule: sdq"),
    ):
        text = changed(text, old, new)

    found = problems_of(text, flat_maps)

    assert [each.kind.code for each in found] == [
        "mapping.unknown-term",
        "mapping.unknown-element",
        "mapping.outside-binding",
        "mapping.unknown-type",
    ]


EXPRESSIONS = [
    pytest.param("DOB.date('dd/MM/yy')", "mapping.date-format", id="a year of two digits"),
    pytest.param("DOB.date('dd/yyyy')", "mapping.date-format", id="a month missing"),
    pytest.param("DOB.date('dd/MM/yyyy/dd')", "mapping.date-format", id="a part twice"),
    pytest.param("DOB.date(", "mapping.expression", id="an open bracket"),
    pytest.param("DOB.date() DOB", "mapping.expression", id="two expressions"),
    pytest.param("%borned", "mapping.unknown-variable", id="a variable"),
    pytest.param("given.x.date()", "mapping.unknown-given", id="a setting"),
    pytest.param("file.x.date()", "mapping.unknown-context", id="a value of the file"),
    pytest.param("run.now.date()", "mapping.unknown-run", id="a value of the run"),
    pytest.param("person.DOB.date()", "mapping.unknown-field", id="a record"),
    pytest.param("parent.DOB.date()", "mapping.records", id="a parent of the top record"),
    pytest.param("date(DOB)", "mapping.arguments", id="a function without a value"),
    pytest.param("DOB.date(SEX)", "mapping.arguments", id="an argument that is no literal"),
    pytest.param("DOB.date().upn()", "mapping.arguments", id="a function on another type"),
    pytest.param("iif(SEX, DOB.date())", "mapping.condition", id="a text as a condition"),
    pytest.param("iif(SEX = 1, DOB.date())", "mapping.operator", id="a text compared with a number"),
    pytest.param("iif(SEX < 'a', DOB.date())", "mapping.operator", id="texts in order"),
    pytest.param("iif(SEX.matches('['), DOB.date())", "mapping.pattern-or-arguments", id="a pattern"),
    pytest.param("DOB[0].date()", "mapping.operator", id="an index"),
    pytest.param("ref(Patient, UPN)", "mapping.type", id="a reference for a date"),
    pytest.param("coalesce(DOB.date(), SEX)", "mapping.type", id="one branch of the wrong type"),
    pytest.param("iif(SEX.exists(), '2015-02-30')", "mapping.literal", id="an impossible constant"),
    pytest.param("ref(Encounter, UPN)", "mapping.unknown-rule", id="a rule that is not there"),
    pytest.param("ref(Patient, UPN, DOB)", "mapping.reference-keys", id="another number of keys"),
]


def test_a_date_format_that_is_none_is_told_once_and_where_it_stands(flat_text: str, flat_maps: Maps) -> None:
    text = changed(flat_text, "dates: dd/MM/yyyy", "dates: dd/mm/yyyy")

    (found,) = problems_of(text, flat_maps)

    assert found.kind.code == "mapping.date-format"
    assert (found.place.line, found.place.column) == place_in(text, "dd/mm/yyyy")


def test_a_date_format_that_is_none_stops_a_mapping_that_sorts_by_dates() -> None:
    folder = shipped("mappings") / "ssda903"
    text = changed((folder / "mapping.yaml").read_text("utf-8"), "dates: dd/MM/yyyy", "dates: dd/mm/yyyy")

    with pytest.raises(Refused) as caught:
        load(text, file="mapping.yaml", concept_maps={})

    codes = [each.kind.code for each in caught.value.problems]
    assert codes.count("mapping.date-format") == 1


@pytest.mark.parametrize(("expression", "code"), EXPRESSIONS)
def test_a_mistake_in_an_expression_is_found_within_it(
    flat_text: str, flat_maps: Maps, expression: str, code: str
) -> None:
    text = changed(flat_text, "birthDate: = DOB.date()", f'birthDate: "= {expression}"')
    start = place_in(text, f'birthDate: "= {expression}', len('birthDate: "'))

    found = problems_of(text, flat_maps)[0]

    assert found.kind.code in (code, code.replace("pattern-or-", ""))
    assert found.place.line == start[0]
    assert start[1] - 1 <= found.place.column <= start[1] + len(expression) + 2


def test_a_caret_points_into_the_expression(flat_text: str, flat_maps: Maps) -> None:
    text = changed(flat_text, "birthDate: = DOB.date()", "birthDate: = iif(SEX = '1', DBO.date())")

    found = problems_of(text, flat_maps)[0]

    assert (found.place.line, found.place.column) == place_in(text, "DBO")


BODIES = [
    pytest.param("gender: = SEX.code('sex')", "gender: = SEX", "mapping.type", id="a text for a fixed list"),
    pytest.param(
        "gender: = SEX.code('sex')",
        "gender: [= SEX.code('sex')]",
        "mapping.single",
        id="a list for one value",
    ),
    pytest.param("gender: = SEX.code('sex')", "gender: {a: b}", "mapping.leaf", id="an object for a value"),
    pytest.param(
        "telecom:\n", "maritalStatus: M\n    telecom:\n", "mapping.object", id="a value for an object"
    ),
    pytest.param("telecom:\n", "active: yes\n    telecom:\n", "mapping.literal", id="a flag in other words"),
    pytest.param(
        "telecom:\n", "multipleBirthInteger: 1.5\n    telecom:\n", "mapping.literal", id="half a twin"
    ),
    pytest.param(
        "telecom:\n", "link: [{type: seealso}]\n    telecom:\n", "mapping.required", id="nested required"
    ),
    pytest.param("telecom:\n", "contact: []\n    telecom:\n", "mapping.empty", id="an empty list"),
    pytest.param("telecom:\n", "contact: [{}]\n    telecom:\n", "mapping.empty", id="an empty object"),
    pytest.param("telecom:\n", "id: x\n    telecom:\n", "mapping.unknown-control", id="an id of its own"),
    pytest.param("telecom:\n", "$iff: = UPN\n    telecom:\n", "mapping.unknown-control", id="a control word"),
    pytest.param(
        "telecom:\n",
        "deceasedBoolean: = PHONE.boolean('Y', 'N')\n    deceasedDateTime: = DOB.date()\n    telecom:\n",
        "mapping.choice",
        id="two values of one choice",
    ),
    pytest.param(
        "managingOrganization: {identifier",
        "managingOrganization: = ref(Patient, UPN)\n    x: {identifier",
        "mapping.reference-target",
        id="a reference to another type",
    ),
    pytest.param(
        "meta: {profile", "meta: {profil", "mapping.unknown-element", id="an element of a data type"
    ),
    pytest.param(
        "      - {system: phone",
        "      - {$for: phone, system: phone",
        "mapping.unknown-record",
        id="a record",
    ),
    pytest.param(
        "      - {system: phone", "      - {$for: child, system: phone", "mapping.for", id="not within"
    ),
    pytest.param(
        "{system: phone,", "{system: telephone,", "mapping.outside-binding", id="a nested literal code"
    ),
    pytest.param("$for: child", "$for: pupil", "mapping.unknown-record", id="the record of a rule"),
    pytest.param("$rule: sdq", "$rule: weight", "mapping.rule-twice", id="a name twice"),
    pytest.param("resourceType: Patient", "resourceType: Person", "mapping.patient", id="no patient"),
    pytest.param(
        "{file: child, key: [UPN]}", "{file: chld, key: [UPN]}", "mapping.unknown-file", id="a file"
    ),
    pytest.param(
        "{file: child, key: [UPN]}", "{file: child, key: [UNP]}", "mapping.unknown-field", id="a key"
    ),
    pytest.param("ConceptMap/sex", "ConceptMap/sexes", "mapping.concept-map-missing", id="a ConceptMap"),
    pytest.param("format: csv", "format: xls", "mapping.shape", id="a format"),
    pytest.param("source:\n", "sauce:\n", "mapping.shape", id="a part of the file"),
    pytest.param("dates: dd", "date: dd", "mapping.unknown-key", id="a key of the source"),
    pytest.param("unmapped: drop-element", "unmapped: drop", "mapping.shape", id="a policy"),
    pytest.param("measured: = MEA", "measured: MEA", "mapping.shape", id="a variable that is no expression"),
    pytest.param("id: child-flat", "id: child-flat\nid: other", "mapping.duplicate-key", id="a key twice"),
    pytest.param("title: A", "title: !!python/name:os.system A", "mapping.tag", id="a tag"),
]


@pytest.mark.parametrize(("old", "new", "code"), BODIES)
def test_a_mistake_in_a_body_or_in_the_outline_is_found(
    flat_text: str, flat_maps: Maps, old: str, new: str, code: str
) -> None:
    text = changed(flat_text, old, new)

    found = problems_of(text, flat_maps)

    assert code in [each.kind.code for each in found]
    assert all(each.place.file == "flat.yaml" and each.place.line for each in found)


def test_a_field_that_only_an_enclosing_record_has_is_named_with_it(nested_text: str) -> None:
    text = changed(nested_text, "effectiveDateTime: = start.date()", "effectiveDateTime: = dob.date()")

    found = [each for each in problems_of(text, {}) if each.kind.code == "mapping.unknown-field"]

    assert "Did you mean pupil.dob?" in found[0].fix


def test_many_records_cannot_be_read_as_one_value(nested_text: str) -> None:
    text = changed(nested_text, "display: = care.authority", "display: = need.type")

    assert "mapping.records" in [each.kind.code for each in problems_of(text, {})]


def test_what_nothing_uses_is_a_warning_unless_it_is_ignored_with_a_reason(
    flat_text: str, flat_maps: Maps
) -> None:
    text = changed(flat_text, "postalCode: = POSTCODE", "country: GB")
    ignoring = changed(
        text, "terms:", "  ignore: [{path: child.POSTCODE, reason: outside the purpose}]\nterms:"
    )

    found = load(text, file="flat.yaml", concept_maps=flat_maps).warnings
    quiet = load(ignoring, file="flat.yaml", concept_maps=flat_maps).warnings

    assert [(each.kind.code, each.field) for each in found] == [("mapping.unused-field", "POSTCODE")]
    assert quiet == ()


def test_unused_variables_and_code_maps_are_warnings(flat_text: str, flat_maps: Maps) -> None:
    text = changed(flat_text, "gender: = SEX.code('sex')", "gender: unknown")
    text = changed(text, "let:\n", "let:\n  spare: = SEX\n")

    found = load(text, file="flat.yaml", concept_maps=flat_maps).warnings

    assert {each.kind.code for each in found} >= {"mapping.unused-variable", "mapping.unused-term"}


def test_a_mapping_in_json_is_the_same_mapping(flat_text: str, flat_maps: Maps) -> None:
    import json

    from gateway.mapping.located import plain, read

    as_json = json.dumps(plain(read(flat_text, "flat.yaml")), indent="\t")

    found = load(as_json, file="flat.json", concept_maps=flat_maps)

    assert [rule.name for rule in found.rules] == ["Patient", "height", "weight", "sdq"]


def test_the_hash_tells_mappings_maps_and_bases_apart(flat_text: str, flat_maps: Maps) -> None:
    other_maps = copy.deepcopy(flat_maps)
    other_maps["https://fhirgate.example/ConceptMap/sex"]["group"][0]["element"].pop()
    same = load(flat_text, concept_maps=flat_maps).sha256

    hashes = {
        same,
        load(flat_text, concept_maps=other_maps).sha256,
        load(flat_text + "\n", concept_maps=flat_maps).sha256,
    }

    assert len(hashes) == 3
    assert load(flat_text, concept_maps=flat_maps).sha256 == same


@pytest.mark.parametrize(
    ("old", "new", "code", "mark"),
    [
        pytest.param(
            "$rule: height\n",
            "$rule: height\n    $key: [UPN, ownId()]\n",
            "mapping.type",
            "ownId",
            id="in a key",
        ),
        pytest.param(
            "$rule: height\n",
            "$rule: height\n    $if: = ownId() != 'x'\n",
            "mapping.type",
            "= ownId",
            id="in the condition of a rule",
        ),
        pytest.param(
            "= HEIGHT_CM.decimal()", "= ownId(2)", "mapping.arguments", "ownId", id="with arguments"
        ),
        pytest.param("= DOB.date()", "= DOB.ownId()", "mapping.arguments", "DOB.ownId", id="of a field"),
    ],
)
def test_the_own_id_is_refused_where_it_cannot_be(
    flat_text: str, flat_maps: Maps, old: str, new: str, code: str, mark: str
) -> None:
    text = changed(flat_text, old, new)

    found = problems_of(text, flat_maps)

    assert [each.kind.code for each in found] == [code]
    assert found[0].place.line == place_in(text, mark)[0]


@pytest.mark.parametrize(
    ("context", "codes"), [("la", ["mapping.unknown-context"]), ("urn", [])], ids=["unknown", "known"]
)
def test_what_a_file_may_say_of_a_given_value_is_declared(
    nested_text: str, context: str, codes: list[str]
) -> None:
    text = changed(nested_text, 'matches: "[0-9]{3}"}', f'matches: "[0-9]{{3}}", context: {context}}}')

    with pytest.raises(Refused) as caught:
        load(text, file="nested.yaml", concept_maps={})

    found = [each.kind.code for each in caught.value.problems]
    assert [code for code in found if "context" in code] == codes


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("{$for: phone, $value: = number}", ""),
        ("{$for: phone, text: = number}", "mapping.leaf"),
        ("{$for: phone, $value: = number, text: x}", "mapping.unknown-control"),
        ("{$for: phone, $value: \"= number.split(' ')\"}", "mapping.type"),
        ("{$value: = name}", "mapping.leaf"),
    ],
)
def test_a_list_of_plain_values_takes_one_from_each_row(item: str, code: str) -> None:
    text = """
mapping: 1
id: phones
version: 1.0.0
target: {fhir: 4.0.1}
source:
  format: json
  records:
    child: {each: children, key: [name], fields: {name: name}}
    phone: {each: phones, within: child, key: [number], fields: {number: number}}
emit:
  - resourceType: Patient
    name: [{given: [ITEM]}]
""".replace("ITEM", item)

    found = [each.kind.code for each in problems_of(text, {})] if code else load(text).warnings

    assert list(found) == ([code] if code else [])
