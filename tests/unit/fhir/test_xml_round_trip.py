"""JSON to XML to JSON: the same value, digit for digit and character for character."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.fhir import facts, json
from gateway.fhir.xml import read, write
from gateway.fhir.xml_slots import Form, Slot, slots
from gateway.problems import Refused

#: What XML 1.0 can carry, the replacement character included.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", exclude_categories=["Cs"]).filter(
        lambda sign: sign >= " " or sign in "\t\n\r"
    ),
    min_size=1,
    max_size=8,
)
DECIMALS = st.from_regex(r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,20}|[eE][+-]?[0-9]{1,2})", fullmatch=True).map(
    json.Decimal
)
DIVS = TEXTS.map(
    lambda text: (
        "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='a'>"
        + text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&#62;")
        + "<br  /></p></div>"
    )
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "decimal": DECIMALS | st.integers(-(10**16), 10**16),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "positiveInt": st.integers(1, 2**31 - 1),
    "unsignedInt": st.integers(0, 2**31 - 1),
}
RARE = st.integers(0, 9).map(lambda drawn: drawn == 0)


@st.composite
def resources(
    draw: st.DrawFn, kinds: tuple[str, ...] = facts.resource_types(), depth: int = 3
) -> dict[str, Any]:
    """A resource of some type with some of its elements."""
    kind = draw(st.sampled_from(kinds))
    return {"resourceType": kind, **draw(objects(kind, depth))}


@st.composite
def objects(draw: st.DrawFn, path: str, depth: int) -> dict[str, Any]:
    known = [each for each in slots(path).values() if not each.beside]
    flat = [each for each in known if each.form in (Form.PRIMITIVE, Form.ATTRIBUTE, Form.NARRATIVE)]
    chosen = draw(
        st.lists(st.sampled_from(known if depth else flat or known), min_size=1, max_size=4, unique=True)
    )
    made: dict[str, Any] = {}
    for slot in chosen:
        if slot.form is Form.PRIMITIVE:
            made |= draw(primitives(slot, depth))
        elif slot.many:
            made[slot.name] = draw(st.lists(values(slot, depth), min_size=1, max_size=2))
        else:
            made[slot.name] = draw(values(slot, depth))
    return made


@st.composite
def primitives(draw: st.DrawFn, slot: Slot, depth: int) -> dict[str, Any]:
    value = VALUES.get(slot.type, TEXTS)
    if not slot.many:
        beside = {f"_{slot.name}": draw(objects("Element", min(depth, 1)))} if draw(RARE) else {}
        return {slot.name: draw(value), **beside} if not beside or draw(st.booleans()) else beside
    items = draw(st.lists(value, min_size=1, max_size=3))
    if not draw(RARE):
        return {slot.name: items}
    extras = [draw(objects("Element", min(depth, 1))), *[None] * (len(items) - 1)]
    return {slot.name: [None, *items], f"_{slot.name}": [*extras, {"id": "x"}]}


def values(slot: Slot, depth: int) -> st.SearchStrategy[Any]:
    if slot.form is Form.RESOURCE:
        return resources(("Basic", "Parameters", "Patient"), max(depth - 2, 0))
    if slot.form is Form.NARRATIVE:
        return DIVS
    return objects(slot.inside, depth - 1) if slot.form is Form.OBJECT else TEXTS


def exact(value: Any) -> Any:
    """A value in which 1 and 1.0 and true, and 1.0 and 1.00, differ."""
    if isinstance(value, dict):
        return {name: exact(each) for name, each in value.items()}
    if isinstance(value, list):
        return [exact(each) for each in value]
    return type(value).__name__, getattr(value, "text", value)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(resource=resources(), pretty=st.booleans())
def test_any_resource_comes_back_as_it_went(resource: dict[str, Any], pretty: bool) -> None:
    assert exact(read(write(resource, pretty=pretty))) == exact(resource)


@pytest.mark.parametrize("kind", facts.resource_types())
def test_every_element_of_every_type_has_a_place(kind: str) -> None:
    resource = {
        "resourceType": kind,
        **{slot.name: _sample(slot) for slot in slots(kind).values() if not slot.beside},
    }

    assert read(write(resource)) == resource


def _sample(slot: Slot) -> Any:
    match slot.form:
        case Form.PRIMITIVE | Form.ATTRIBUTE:
            one: Any = True if slot.type == "boolean" else 1 if slot.type in VALUES else "a"
        case Form.RESOURCE:
            one = {"resourceType": "Basic", "id": "b"}
        case _:
            one = {"id": "x"}
    return [one, one] if slot.many else one


@given(
    content=st.binary(max_size=200) | st.text(alphabet="<>/&;'\"=ab: \n![]-?xml", max_size=60).map(str.encode)
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read(content)
    except Refused as refused:
        assert refused.problems


PATIENT = """{"resourceType": "Patient", "id": "p1",
  "text": {"status": "generated",
           "div": "<div xmlns=\\"http://www.w3.org/1999/xhtml\\">Ffion &amp; Mai</div>"},
  "identifier": [{"use": "official", "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
  "active": true, "name": [{"family": "Example", "given": ["Ffion", "Mai"]}], "birthDate": "2015-02-03",
  "_birthDate": {"extension": [{"url": "https://example.org/told", "valueString": "by <mother>"}]},
  "multipleBirthInteger": 2, "contact": [{"telecom": [{"system": "phone", "value": "01632 960000"}]}]}"""
OBSERVATION = """{"resourceType": "Observation", "id": "w1", "status": "final", "code": {"text": "weight"},
  "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2025-03",
  "valueQuantity": {"value": 32.125, "unit": "kg"},
  "component": [{"code": {"text": "left"}, "valueInteger": 3},
                {"code": {"text": "right"}, "valueBoolean": false}],
  "referenceRange": [{"low": {"value": 1.5, "unit": "kg"}}]}"""


@pytest.mark.parametrize("text", [PATIENT, OBSERVATION])
def test_another_library_writes_the_same_xml(text: str) -> None:
    models = pytest.importorskip("fhir.resources.R4B")
    theirs = (
        models.get_fhir_model_class(json.read(text)["resourceType"])
        .model_validate_json(text)
        .model_dump_xml()
    )

    assert _canonical(write(json.read(text))) == _canonical(theirs)


def _canonical(content: bytes) -> bytes:
    return etree.tostring(etree.fromstring(content, etree.XMLParser(remove_blank_text=True)), method="c14n")
