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


def test_who_was_told_apart_stays_apart_and_nobody_is_asked_again(gate: Gateway) -> None:
    load(gate, "clinic", ndjson(person("a", "Ola", "2012-03-04"), person("b", "Kari", "2013-05-06")))
    first, second = child_of(gate, "clinic", "a"), child_of(gate, "clinic", "b")
    assert first is not None and second is not None
    gate.lives.tell_apart(first, second, reason="twins", author="ann")

    load(gate, "clinic", ndjson(replaced("b", "Kari", "2013-05-06", reference="Patient/a")))

    assert child_of(gate, "clinic", "b") == second and gate.store.reviews() == []


def test_two_verified_nhs_numbers_are_for_a_person_whatever_a_feed_says(gate: Gateway) -> None:
    numbers = [[{"system": NHS, "value": nhs(at)}] for at in (1, 2)]
    clinic = gate.feed("clinic")
    gate.write(clinic, "Patient", "a", person("a", "Ola", "2012-03-04", identifier=numbers[0]))
    gate.write(clinic, "Patient", "b", person("b", "Kari", "2013-05-06", identifier=numbers[1]))
    first, second = child_of(gate, "clinic", "a"), child_of(gate, "clinic", "b")
    said = replaced("b", "Kari", "2013-05-06", reference="Patient/a") | {"identifier": numbers[1]}

    gate.write(clinic, "Patient", "b", said)

    assert child_of(gate, "clinic", "b") == second
    (entry,) = gate.store.reviews()
    assert entry.reason == "feed-says-duplicate"
    gate.decide(entry.number, same=True, reason="the number was replaced", author="ann")
    assert child_of(gate, "clinic", "b") == first


def test_what_a_person_took_back_is_not_done_again_by_the_same_words(gate: Gateway) -> None:
    clinic = gate.feed("clinic")
    gate.write(clinic, "Patient", "a", person("a", "Ola", "2012-03-04"))
    gate.write(clinic, "Patient", "b", person("b", "Kari", "2013-05-06"))
    own = child_of(gate, "clinic", "b")
    said = replaced("b", "Kari", "2013-05-06", reference="Patient/a")
    gate.write(clinic, "Patient", "b", said)
    assert own is not None and child_of(gate, "clinic", "b") == child_of(gate, "clinic", "a")

    gate.lives.unmerge(own, reason="two after all", author="ann")
    assert child_of(gate, "clinic", "b") == own
    gate.write(clinic, "Patient", "b", said | {"gender": "female"})
    assert child_of(gate, "clinic", "b") == own
    assert [entry.reason for entry in gate.store.reviews()] == ["feed-says-duplicate"]

    moved = gate.feed("clinic")
    gate.write(moved, "Patient", "c", replaced("c", "Jan", "2014-07-08", reference="Patient/a"))
    assert child_of(gate, "clinic", "c") == child_of(gate, "clinic", "a")
    out = gate.take_apart(moved, "c", reason="another child", author="ann")
    gate.write(moved, "Patient", "c", said | {"id": "c", "birthDate": "2014-07-08"})
    assert child_of(gate, "clinic", "c") == out
