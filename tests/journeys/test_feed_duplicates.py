"""A clinical system resolves a duplicate in its feed, as IHE's ITI-104 has it, and takes it back."""

from typing import Any

from gates import child_of, found, load, ndjson
from invented import NHS, nhs

from gateway.service import Gateway

LOCAL = "https://clinic.example/number"


def person(id: str, given: str, born: str, **more: Any) -> dict[str, Any]:
    identifier = [{"system": LOCAL, "value": id.upper()}]
    name = [{"family": "Nordmann", "given": [given]}]
    made = {"resourceType": "Patient", "id": id, "identifier": identifier, "name": name, "birthDate": born}
    return made | more


def replaced(id: str, given: str, born: str, **other: Any) -> dict[str, Any]:
    return person(id, given, born, active=False, link=[{"other": other, "type": "replaced-by"}])


def test_a_record_that_was_replaced_goes_where_the_other_one_is(gate: Gateway) -> None:
    clinic = gate.feed("clinic")
    gate.write(clinic, "Patient", "a", person("a", "Ola", "2012-03-04"))
    gate.write(clinic, "Patient", "b", person("b", "Olav", "2012-03-05"))
    first, second = child_of(gate, "clinic", "a"), child_of(gate, "clinic", "b")
    assert first is not None and second is not None and first.cci != second.cci

    gate.write(
        clinic,
        "Patient",
        "b",
        replaced("b", "Olav", "2012-03-05", identifier={"system": LOCAL, "value": "A"}),
    )

    assert child_of(gate, "clinic", "b") == first
    (old,) = found(gate, f"Patient?identifier=CCI|{second.cci}")
    assert old["active"] is False and old["link"][0]["other"]["reference"] == f"Patient/{first.id}"
    (new,) = found(gate, f"Patient?identifier=CCI|{first.cci}")
    assert new["active"] is True


def test_the_reference_of_the_other_one_says_it_too_and_the_load_takes_it_back(gate: Gateway) -> None:
    load(gate, "clinic", ndjson(person("a", "Ola", "2012-03-04"), person("b", "Kari", "2013-05-06")))
    before = list(gate.store.dump())

    told = load(gate, "clinic", ndjson(replaced("b", "Kari", "2013-05-06", reference="Patient/a")))

    assert child_of(gate, "clinic", "b") == child_of(gate, "clinic", "a")
    gate.loader.undo(told.number)
    assert list(gate.store.dump()) == before


def test_what_does_not_name_one_record_of_the_same_feed_moves_nothing(gate: Gateway) -> None:
    number = {"system": NHS, "value": nhs(1)}
    load(gate, "clinic", ndjson(person("a", "Ola", "2012-03-04"), person("b", "Kari", "2013-05-06")))
    load(gate, "school", ndjson(person("c", "Jan", "2014-07-08", identifier=[number])))
    own = child_of(gate, "clinic", "b")

    for other in (
        {"identifier": number},
        {"reference": "Patient/nobody"},
        {"display": "somebody"},
        {"identifier": {}},
    ):
        load(gate, "clinic", ndjson(replaced("b", "Kari", "2013-05-06", **other)))

    assert child_of(gate, "clinic", "b") == own
