"""A query string becomes a typed question, or every reason why not; and can be written back."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir import facts
from gateway.fhir.ask import MOST_ALTERNATIVES, parse, supported
from gateway.fhir.meets import holds
from gateway.fhir.parameters import Context
from gateway.fhir.query import Criterion, Entry, Query, Sort, Target, Text, Token, Value
from gateway.fhir.query_text import to_text
from gateway.problems import Kind, Problem, Refused, refuse

NHS = "https://fhir.nhs.uk/Id/nhs-number"
CCI = "https://fhirgate.example/Id/cci"
WRONG = Kind("nhs-number.test-only", "The number is wrong", "Correct it.", "value")


def as_number(text: str) -> str:
    digits = text.replace(" ", "")
    if len(digits) != 10:
        raise refuse(WRONG, value=text)
    return digits


CONTEXT = Context(
    bases=("https://here.example/fhir",),
    system_aliases={"NHS": NHS, "CCI": CCI},
    value_forms={NHS: as_number, CCI: lambda text: text.upper().replace("-", "").replace("O", "0")},
    now_ms=1_750_000_000_000,
)


def ask(resource_type: str, text: str, **options: Any) -> Query:
    pairs = parse_qsl(text, keep_blank_values=True)
    return parse(resource_type, pairs, **{"page_most": 200, "context": CONTEXT, **options})


def reasons(resource_type: str, text: str, **options: Any) -> list[Problem]:
    with pytest.raises(Refused) as caught:
        ask(resource_type, text, **options)
    return list(caught.value.problems)


def test_a_question_about_a_child_by_number() -> None:
    query = ask("Observation", "patient.identifier=NHS|999%20000%200018&date=ge2025&_sort=-date&_count=50")

    patient, date = query.criteria
    assert patient.param == "patient"
    assert patient.modifier == "Patient"
    assert patient.chained is not None
    assert patient.chained.values[0].value == Token(NHS, "9990000018")
    assert (date.param, date.kind, date.values[0].prefix) == ("date", "date", "ge")
    assert (query.sort, query.count) == ((Sort("date", descending=True),), 50)


def test_a_child_identifier_is_read_as_people_write_it() -> None:
    (criterion,) = ask("Patient", "identifier=CCI|b7k2m-9qxo3").criteria

    assert criterion.values[0].value == Token(CCI, "B7K2M9QX03")


def test_a_repeat_is_and_a_comma_is_or() -> None:
    query = ask("Patient", "given=ada,may&given=zoe")

    assert [[value.text for value in each.values] for each in query.criteria] == [["ada", "may"], ["zoe"]]


@pytest.mark.parametrize("text", ["", "name=", "name=&gender=", "name=,,", "unheard-of="])
def test_parameters_without_a_value_are_ignored(text: str) -> None:
    assert ask("Patient", text) == Query("Patient")


@pytest.mark.parametrize(
    ("resource_type", "text", "kind", "modifier", "value"),
    [
        ("Patient", "family:exact=Quill", "string", "exact", Text("quill", "Quill")),
        ("Patient", "family:contains=uil", "string", "contains", Text("uil", "uil")),
        ("Patient", "gender:not=male", "token", "not", Token("*", "male")),
        ("Patient", "gender:missing=true", "token", "missing", Token("", "true")),
        ("Patient", "birthdate:missing=false", "date", "missing", Token("", "false")),
        ("Patient", "general-practitioner:missing=true", "reference", "missing", Token("", "true")),
        ("Observation", "subject:Group=1", "reference", "Group", Target("Group/1", "", "")),
        (
            "Observation",
            "subject:identifier=NHS|9990000018",
            "reference",
            "identifier",
            Target("", NHS, "9990000018"),
        ),
        ("Observation", "patient=1", "reference", "", Target("Patient/1", "", "")),
        (
            "Observation",
            "patient=https://here.example/fhir/Patient/1",
            "reference",
            "",
            Target("Patient/1", "", ""),
        ),
        ("Patient", "_id=abc", "token", "", Token("*", "abc")),
        ("Patient", "_tag=t|x", "token", "", Token("t", "x")),
    ],
)
def test_a_criterion_has_its_kind_modifier_and_value(
    resource_type: str, text: str, kind: str, modifier: str, value: Any
) -> None:
    (criterion,) = ask(resource_type, text).criteria

    assert (criterion.kind, criterion.modifier, criterion.values[0].value) == (kind, modifier, value)


@pytest.mark.parametrize("name", ["_id", "_lastUpdated", "_profile", "_tag", "_security", "_source"])
def test_every_type_has_the_common_parameters(name: str) -> None:
    value = "2025" if name == "_lastUpdated" else "https://x.example/1"

    (criterion,) = ask("CarePlan", f"{name}={value}").criteria

    assert criterion.param == name


def test_a_chain_of_several_steps_ends_in_the_last_type() -> None:
    (criterion,) = ask("Observation", "patient.general-practitioner.name=hill").criteria

    inner = criterion.chained
    assert inner is not None
    assert (inner.param, inner.modifier) == ("general-practitioner", "")
    assert inner.chained is not None
    assert (inner.chained.param, inner.chained.kind) == ("name", "string")


def test_a_chain_that_only_one_type_can_answer_is_about_that_type() -> None:
    (named,) = ask("Observation", "subject:Patient.birthdate=2015").criteria
    (found,) = ask("Observation", "subject.birthdate=2015").criteria

    assert named.modifier == found.modifier == "Patient"


def test_a_chain_that_types_answer_differently_asks_for_the_type() -> None:
    (only,) = reasons("Observation", "part-of.series=1")  # a token of ImagingStudy, a string of Immunization

    assert only.kind.code == "search.type-needed"
    assert ":" in only.fix
    assert ask("Observation", "part-of:ImagingStudy.series=1").criteria[0].modifier == "ImagingStudy"


@pytest.mark.parametrize(
    ("resource_type", "text", "code"),
    [
        pytest.param("Patient", "nickname=x", "search.unknown-parameter", id="unknown"),
        pytest.param("Patient", "Name=x", "search.unknown-parameter", id="names are case-sensitive"),
        pytest.param("Patient", "name:phonetic=x", "search.unknown-modifier", id="modifier unknown"),
        pytest.param(
            "Patient", "gender:exact=male", "search.unknown-modifier", id="modifier of another kind"
        ),
        pytest.param("Patient", "gender:text=x", "search.unknown-modifier", id=":text of a bare code"),
        pytest.param("Patient", "gender:of-type=a|b|c", "search.unknown-modifier", id=":of-type of a code"),
        pytest.param("Patient", "identifier:in=http://x", "search.unknown-modifier", id=":in of a number"),
        pytest.param("Patient", "identifier:of-type=a|b", "search.value", id=":of-type short of a part"),
        pytest.param("Observation", "code:text=-", "search.value", id=":text without a word"),
        pytest.param(
            "Observation", "code:in=http://x.example/vs", "search.value-set", id="value set unknown"
        ),
        pytest.param("Observation", "code:below=http://x|1", "search.code-system", id="code system unknown"),
        pytest.param("Observation", "code:below=1", "search.value", id=":below without a code system"),
        pytest.param("Patient", "_profile:below=urn:x", "search.value", id=":below of what has no path"),
        pytest.param(
            "Observation", "subject:below=Patient/1", "search.unknown-modifier", id="reference :below"
        ),
        pytest.param("Patient", "phonetic=x", "search.not-supported", id="phonetic"),
        pytest.param("Patient", "_content=x", "search.not-supported", id="_content"),
        pytest.param(
            "Observation", "subject:Practitioner=1", "search.unknown-modifier", id="type it never leads to"
        ),
        pytest.param("Patient", "_id:missing=true", "search.unknown-modifier", id="an id is never missing"),
        pytest.param("Patient", "birthdate=yesterday", "search.value", id="date"),
        pytest.param("Patient", "birthdate=2015,31/02/2015", "search.value", id="one of two dates"),
        pytest.param("Patient", "birthdate:missing=maybe", "search.value", id="missing is true or false"),
        pytest.param("Observation", "value-quantity=x", "search.value", id="quantity"),
        pytest.param("Patient", "identifier=a|b|c", "search.value", id="token with three parts"),
        pytest.param("Observation", "patient=no such", "search.value", id="reference"),
        pytest.param("Observation", "patient.birthdate=x", "search.value", id="value inside a chain"),
        pytest.param(
            "Observation", "patient.nickname=x", "search.unknown-parameter", id="unknown inside a chain"
        ),
        pytest.param("Observation", "code.name=x", "search.no-chain", id="chain from what is no reference"),
        pytest.param("Observation", "code-value-quantity=a", "search.value", id="composite of one part"),
        pytest.param("Observation", "code-value-quantity=a$5$6", "search.value", id="composite of three"),
        pytest.param("Observation", "code-value-quantity=a$x", "search.value", id="number in a composite"),
        pytest.param("Observation", "patient.phonetic=x", "search.not-supported", id="phonetic in a chain"),
        pytest.param("Location", "near=1|2", "search.not-supported", id="special"),
        pytest.param(
            "Observation", "_include=Observation:code", "search.include", id="_include of no reference"
        ),
        pytest.param("Observation", "_include=Thing:subject", "search.include", id="_include of no type"),
        pytest.param(
            "Observation", "_include=Observation:subject:Flag", "search.include", id="_include of no target"
        ),
        pytest.param(
            "Observation", "_include=Patient:link", "search.include-elsewhere", id="_include of another type"
        ),
        pytest.param(
            "Patient",
            "_revinclude=Observation:device",
            "search.include-elsewhere",
            id="_revinclude elsewhere",
        ),
        pytest.param(
            "Patient", "_include:recurse=Patient:link", "search.unknown-modifier", id="_include:recurse"
        ),
        pytest.param(
            "Patient", "_include=Patient:link&_summary=text", "search.include-text", id="_include in a text"
        ),
        pytest.param(
            "Patient", "_has:Observation:device:code=1", "search.has-elsewhere", id="_has elsewhere"
        ),
        pytest.param("Patient", "_has:Observation:patient=1", "search.has", id="_has short of a part"),
        pytest.param("Patient", "_has:Thing:patient:code=1", "search.has", id="_has of no type"),
        pytest.param(
            "Patient", "_has:Observation:patient:nickname=1", "search.unknown-parameter", id="unknown in _has"
        ),
        pytest.param("Patient", "_has:Observation:patient:date=x", "search.value", id="value in _has"),
        pytest.param("Patient", "_type=Patient", "search.not-supported", id="_type of one type"),
        pytest.param("Patient", "_filter=name eq x", "search.not-supported", id="_filter"),
        pytest.param("Patient", "_text=x", "search.not-supported", id="_text"),
        pytest.param("Patient", "_list=$current-allergies", "search.value", id="a list that is worked out"),
        pytest.param("Patient", "_list:not=x", "search.unknown-parameter", id="_list with a modifier"),
        pytest.param("Patient", "identifier=NHS|123", "nhs-number.test-only", id="number that is none"),
        pytest.param("Patient", "_sort=nickname", "search.sort", id="sort key unknown"),
        pytest.param("Observation", "_sort=subject", "search.sort", id="sort by reference"),
        pytest.param("Patient", "_count=-1", "search.value", id="negative count"),
        pytest.param("Patient", "_count=ten", "search.value", id="count in words"),
        pytest.param("Patient", "_count=5&_count=6", "search.twice", id="count twice"),
        pytest.param("Patient", "_total=all", "search.value", id="total"),
        pytest.param("Patient", "_summary=short", "search.value", id="summary"),
        pytest.param("Patient", "_pretty=yes", "search.value", id="pretty"),
        pytest.param("Patient", "_elements=nickname", "search.unknown-element", id="element unknown"),
        pytest.param("Patient", "=x", "search.empty-name", id="no name"),
    ],
)
def test_what_is_not_understood_is_refused(resource_type: str, text: str, code: str) -> None:
    (only,) = reasons(resource_type, text)

    assert only.kind.code == code
    assert only.kind.status == 400


def test_all_problems_of_a_query_are_told_at_once() -> None:
    codes = [each.kind.code for each in reasons("Patient", "nickname=x&birthdate=x&_count=x&_sort=x")]

    assert codes == ["search.unknown-parameter", "search.value", "search.value", "search.sort"]


def test_a_refusal_lists_what_there_is_and_never_prints_the_value() -> None:
    problems = reasons("Patient", "nickname=Quill&birthdate=Quill&identifier=NHS|Quill")

    assert "birthdate" in problems[0].fix
    assert "nickname" in problems[0].says
    assert all("Quill" not in each.says + each.fix + str(each) + str(dict(each.details)) for each in problems)


def test_a_name_that_is_shaped_like_none_is_not_repeated() -> None:
    (only,) = reasons("Patient", "Ada%20Quill%201%20High%20Street=x")

    assert "Quill" not in only.says + only.fix + only.field


def test_lenient_leaves_out_what_is_unknown_and_names_it() -> None:
    query = ask("Patient", "nickname=x&_include=Patient:name&name=quill&_sort=nickname", lenient=True)

    assert [each.param for each in query.criteria] == ["name"]
    assert query.ignored == ("nickname", "_sort", "_include")
    assert to_text(query) == "name=quill"


@pytest.mark.parametrize(
    "text", ["birthdate=x", "gender:exact=male", "organization.nickname=x", "name.nickname=x"]
)
def test_lenient_still_refuses_values_modifiers_and_chains(text: str) -> None:
    assert reasons("Patient", text, lenient=True)


def test_a_page_is_cut_to_the_largest_there_is() -> None:
    assert ask("Patient", "_count=100000").count == 200
    assert ask("Patient", "_count=0").count == 0
    assert ask("Patient", "").count is None


def test_result_parameters_are_read() -> None:
    query = ask(
        "Patient",
        "_total=none&_summary=false&_elements=name,deceased,Patient.id&_pretty=true&_format=json&_format=xml",
    )

    assert query.total == "none"
    assert query.summary == ""
    assert query.elements == ("name", "deceasedBoolean", "deceasedDateTime", "id")
    assert query.pretty


def test_a_chain_cannot_be_made_to_explode() -> None:
    assert ask("Basic", "subject.subject.subject.patient.identifier=a|b").criteria
    assert reasons("Organization", "partof." * 5000 + "name=x")[0].kind.code == "search.too-long"
    assert reasons("Basic", "subject." * 8 + "nickname=x")[0].kind.code == "search.unknown-parameter"


def test_too_many_alternatives_are_refused() -> None:
    (only,) = reasons("Patient", "_id=" + ",".join(str(each) for each in range(MOST_ALTERNATIVES + 1)))

    assert only.kind.fhir == "too-costly"


def test_the_capability_statement_can_list_what_is_supported() -> None:
    codes = [each.code for each in supported("Observation")]

    assert codes == sorted(codes)
    assert {"code", "combo-value-quantity", "_id", "_lastUpdated"} <= set(codes)
    assert {"code-value-quantity", "combo-code-value-concept"} <= set(codes)
    assert not {"_text", "_content"} & set(codes)
    assert all(
        each.definition.startswith("http://hl7.org/fhir/SearchParameter/") for each in supported("Patient")
    )


def test_a_question_made_here_is_written_from_its_values() -> None:
    inner = Criterion("identifier", "token", values=(Value(Token(NHS, "9990000018")),))
    chained = Criterion("patient", "reference", "Patient", (), inner)
    query = Query("Observation", (chained, Criterion("code", "token", values=(Value(Token("*", "a,b|c")),))))

    assert to_text(query) == (
        "patient:Patient.identifier=https://fhir.nhs.uk/Id/nhs-number%7C9990000018&code=a%5C,b%5C%7Cc"
    )
    again = ask("Observation", to_text(query))
    assert [each.chained and each.chained.values[0].value for each in again.criteria] == [
        Token(NHS, "9990000018"),
        None,
    ]
    assert again.criteria[1].values[0].value == Token("*", "a,b|c")


def test_a_criterion_holds_for_the_entries_of_a_resource() -> None:
    entries = [Entry("gender", Token("", "female")), Entry("given", Text("ada", "Ada"))]

    def held(text: str) -> bool:
        return all(holds(each, entries) for each in ask("Patient", text).criteria)

    assert held("gender=female,male&given=ad")
    assert not held("gender=male")
    assert held("gender:not=male&birthdate:missing=true&language:not=en")
    assert not held("gender:missing=true")
    assert not held("gender:not=female")


_TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12)
_DATES = st.from_regex(r"\A(eq|ge|lt|ap|sa)?(19|20)[0-9]{2}(-0[1-9](-[0-2][1-8])?)?\Z")
_VALUES = {
    "string": _TEXTS,
    "uri": _TEXTS,
    "date": _DATES,
    "number": st.from_regex(r"\A(ge|ne|ap)?-?[0-9]{1,5}(\.[0-9]{1,3})?\Z"),
    "quantity": st.from_regex(r"\A(le|ne)?[0-9]{1,3}(\|(http://u\.example)?\|mg)?\Z"),
    "reference": st.from_regex(r"\A(Patient/)?[a-z0-9]{1,8}\Z"),
    "token": st.from_regex(r"\A([a-z]{1,5}\|)?[A-Za-z0-9 \-]{1,9}\Z"),
    "composite": st.just("http://loinc.org|1$5"),
}


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    resource_type = draw(
        st.sampled_from(["Patient", "Observation", "RiskAssessment", "Encounter", "ValueSet"])
    )
    pairs = []
    for parameter in draw(st.lists(st.sampled_from(supported(resource_type)), max_size=4)):
        pieces = draw(st.lists(_VALUES[parameter.type], min_size=1, max_size=3))
        pairs.append((parameter.code, ",".join(pieces)))
        if parameter.type == "string":
            pairs.append((f"{parameter.code}:exact", draw(_TEXTS)))
        if parameter.type == "reference" and "Patient" in parameter.targets:
            pairs.append((f"{parameter.code}:Patient.name", draw(_TEXTS)))
    pairs += draw(
        st.sampled_from([[], [("_count", "7")], [("_sort", "-_id,_lastUpdated"), ("_total", "none")]])
    )
    pairs += draw(
        st.sampled_from([[], [("_elements", "id,meta")], [("_summary", "text"), ("_pretty", "true")]])
    )
    return resource_type, pairs


@given(questions())
def test_a_question_written_back_is_the_same_question(question: tuple[str, list[tuple[str, str]]]) -> None:
    resource_type, pairs = question
    query = parse(resource_type, pairs, page_most=200, context=CONTEXT)

    again = ask(resource_type, to_text(query))

    assert again == query


@given(st.lists(st.tuples(_TEXTS, _TEXTS), max_size=3), st.sampled_from(facts.resource_types()))
def test_no_query_string_whatever_breaks_the_reader(pairs: list[tuple[str, str]], resource_type: str) -> None:
    names = [("name", "_id", "date", "_sort", "subject.name", "_count")[len(name) % 6] for name, _ in pairs]
    for tried in (pairs, [(name, value) for name, (_, value) in zip(names, pairs, strict=True)]):
        try:
            parse(resource_type, tried, page_most=10)
        except Refused as refused:
            assert all(problem.kind.code for problem in refused.problems)
