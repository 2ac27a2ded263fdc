"""`_has`: what is found by what refers to it, on both bases, whichever criterion leads."""

from dataclasses import replace

import pytest
from told import child_of, composed, ids, patient, to, token, version

from gateway.fhir.query import Criterion, Entry, Target, Text, Token
from gateway.store import having, search
from gateway.store.base import ASK, Store


def has(source: str, param: str, inner: Criterion) -> Criterion:
    """`_has:source:param:inner`."""
    return Criterion("_has", "has", source, chained=inner, within=(param,))


@pytest.fixture(
    params=[(1000, 1000), (0, 1000), (1000, 0)], ids=["it leads", "the order leads", "too many refer"]
)
def told(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two feeds that use the same ids: in each, Ada has an observation in an encounter, Ben an encounter."""
    monkeypatch.setattr(search, "RARE", request.param[0])
    monkeypatch.setattr(having, "MANY", request.param[1])
    with store.write() as work:
        for feed in ("school", "clinic"):
            code = (Entry("code", Token("loinc", feed)), Entry("encounter", Target("Encounter/e1", "", "")))
            work.put(
                [
                    patient("p1", feed=feed),
                    patient("p2", feed=feed),
                    version("e1", "Encounter", feed=feed),
                    version("e2", "Encounter", feed=feed, about="p2"),
                    version("o1", feed=feed, entries=code),
                ]
            )
            for local, name in (("p1", "ada"), ("p2", "ben")):
                child_of(work, feed, local, f"{feed}-{name}", Entry("name", Text(name, name)))
    return store


@pytest.mark.parametrize("base", [ASK, "school"])
def test_a_patient_is_found_by_what_refers_to_it(told: Store, base: str) -> None:
    found = ids(told, "Patient", has("Observation", "patient", token("code", "school")), base=base)

    assert found == (["id-school-ada"] if base == ASK else ["p1"])
    assert ids(told, "Patient", has("Observation", "patient", token("code", "other")), base=base) == []


@pytest.mark.parametrize("base", [ASK, "school"])
def test_what_is_no_patient_is_found_within_its_feed(told: Store, base: str) -> None:
    found = ids(told, "Encounter", has("Observation", "encounter", token("code", "school")), base=base)

    assert found == ["e1"]
    assert ids(told, "Encounter", has("Observation", "encounter", token("code", "clinic")), base=base) == (
        ["e1"] if base == ASK else []
    )


@pytest.mark.parametrize("base", [ASK, "school"])
def test_a_has_may_hold_another_and_a_chain(told: Store, base: str) -> None:
    seen = has("Observation", "encounter", token("code", "school"))
    of_ada = Criterion("patient", "reference", "Patient", chained=has("Encounter", "patient", seen))

    patients = ids(told, "Patient", has("Encounter", "patient", seen), base=base)
    observed = ids(told, "Observation", of_ada, base=base)

    assert patients == (["id-school-ada"] if base == ASK else ["p1"])
    assert observed == ["o1"]


def test_what_is_about_a_child_without_a_patient_finds_nothing(told: Store) -> None:
    with told.write() as work:
        record = work.record("school", "p1")
        assert record is not None and record.child is not None
        work.compose({record.child: None})

    assert ids(told, "Patient", has("Observation", "patient", token("code", "school"))) == []


def test_what_a_composed_patient_refers_to_is_found_by_its_public_id(told: Store) -> None:
    with told.write() as work:
        record = work.record("school", "p1")
        assert record is not None and record.child is not None
        linked = (
            Entry("link", Target("RelatedPerson/school-RelatedPerson-r1", "", "")),
            Entry("name", Text("ada", "Ada")),
        )
        work.compose({record.child: composed("ada", *linked)})
        work.put([version("r1", "RelatedPerson"), version("r2", "RelatedPerson")])

    by_name = Criterion("name", "string", "", token("x", "y").values)
    by_name = replace(by_name, values=(replace(by_name.values[0], value=Text("ada", "Ada")),))
    assert ids(told, "RelatedPerson", has("Patient", "link", by_name)) == ["r1"]


def test_hidden_systems_find_nothing_through_a_has(told: Store) -> None:
    asked = has("Observation", "patient", token("code", "school"))

    assert ids(told, "Patient", asked, hidden="loinc") == []


def test_an_id_may_follow_a_reference_to_several_types(told: Store) -> None:
    through = Criterion("encounter", "reference", chained=token("_id", "e1"))

    assert ids(told, "Observation", through, base="school") == ["o1"]
    assert ids(told, "Observation", replace(through, chained=token("_id", "e2")), base="school") == []
    assert ids(told, "Observation", to("encounter", "Encounter/e1"), base="school") == ["o1"]
