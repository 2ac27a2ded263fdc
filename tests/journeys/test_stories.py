"""Hard cases, told as they happen: who becomes one child, who does not, and what a person is asked."""

from typing import Any

from gates import BASE, child_of, found, load, ndjson
from invented import NHS, nhs, upn

from gateway.service import Gateway
from gateway.store.base import Child

UPN = f"{BASE}/Id/upn"
RESTRICTED = {
    "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]
}


def person(id: str, family: str = "", given: str = "", born: str = "", **more: Any) -> dict[str, Any]:
    """A Patient; `nhs`, `upn`, `old_nhs` and `postcode` are short for what they stand for."""
    made: dict[str, Any] = {"resourceType": "Patient", "id": id}
    if family or given:
        made["name"] = [{"family": family, "given": [given]} if given else {"family": family}]
    if born:
        made["birthDate"] = born
    numbers = [(NHS, more.pop("nhs", "")), (UPN, more.pop("upn", ""))]
    identifier = [{"system": system, "value": value} for system, value in numbers if value]
    if old := more.pop("old_nhs", ""):
        identifier.append({"system": NHS, "value": old, "use": "old"})
    if identifier:
        made["identifier"] = identifier
    if postcode := more.pop("postcode", ""):
        made["address"] = [{"postalCode": postcode, "line": [more.pop("line", "7 High Street")]}]
    return made | more


def told(gate: Gateway, feed: str, *patients: dict[str, Any]) -> None:
    load(gate, feed, ndjson(*patients))


def child(gate: Gateway, feed: str, local: str) -> Child:
    known = child_of(gate, feed, local)
    assert known is not None
    return known


def test_a_date_whose_day_and_month_were_swapped_keeps_nobody_apart(gate: Gateway) -> None:
    told(gate, "school", person("s", "Nordmann", "Ola", "2012-03-04", upn=upn(1)))
    told(gate, "council", person("c", "Nordmann", "Ola", "2012-04-03", upn=upn(1)))

    assert child(gate, "council", "c") == child(gate, "school", "s")
    assert gate.store.reviews() == []


def test_one_upn_for_two_children_joins_nobody_and_asks(gate: Gateway) -> None:
    """A twin's number was typed in at the council."""
    home = {"postcode": "ZZ13 4DD"}
    told(gate, "school", person("mae", "Thompson", "Ava-Mae", "2013-09-10", upn=upn(2), **home))
    told(gate, "school", person("rae", "Thompson", "Ava-Rae", "2013-09-10", upn=upn(3), **home))
    told(gate, "council", person("rae", "Thompson", "Ava-Rae", "2013-09-10", upn=upn(2), **home))

    assert child(gate, "council", "rae") != child(gate, "school", "mae")
    asked = {entry.rec for entry in gate.store.reviews()} | {entry.other for entry in gate.store.reviews()}
    record = gate.store.record("council", "rae")
    assert record is not None and record.rec in asked


def test_a_changed_surname_is_an_old_name_of_the_same_child(gate: Gateway) -> None:
    told(gate, "school", person("s", "Kowalski", "Jan", "2014-07-08", upn=upn(4), postcode="ZZ16 7GG"))
    told(gate, "clinic", person("c", "Smith", "Jan", "2014-07-08", nhs=nhs(4), upn=upn(4)))

    one = child(gate, "clinic", "c")
    assert one == child(gate, "school", "s")
    for family in ("Kowalski", "Smith"):
        assert [each["id"] for each in found(gate, f"Patient?family={family}")] == [one.id]
    (patient,) = found(gate, f"Patient?_id={one.id}")
    assert {name["family"]: name.get("use") for name in patient["name"]}["Kowalski"] == "old"


def test_a_replaced_nhs_number_leads_to_the_child_that_has_the_new_one(gate: Gateway) -> None:
    told(gate, "school", person("s", "Ali", "Noor", "2011-02-03", nhs=nhs(5), postcode="ZZ14 5EE"))
    told(
        gate,
        "clinic",
        person("c", "Ali", "Noor", "2011-02-03", nhs=nhs(6), old_nhs=nhs(5), postcode="ZZ14 5EE"),
    )

    assert child(gate, "clinic", "c") == child(gate, "school", "s") and gate.store.reviews() == []
    (patient,) = found(gate, f"Patient?identifier={NHS}|{nhs(6)}")
    assert patient["id"] == child(gate, "clinic", "c").id


def test_an_unborn_child_is_nobody_else_until_a_person_says_so(gate: Gateway) -> None:
    """Councils know an unborn child by the family's name and an expected date, and twins by the same."""
    expected = {"birthDate": "2026-12-24", "address": [{"postalCode": "ZZ17 8HH"}]}
    told(gate, "council", person("u1", "Stone") | expected, person("u2", "Stone") | expected)
    assert child(gate, "council", "u1") != child(gate, "council", "u2")

    told(gate, "clinic", person("n1", "Stone", "Eve", "2026-12-22", nhs=nhs(7), postcode="ZZ17 8HH"))

    born = child(gate, "clinic", "n1")
    assert born not in (child(gate, "council", "u1"), child(gate, "council", "u2"))
    assert gate.lives.merge(child(gate, "council", "u1"), born, reason="born", author="ann")
    assert child(gate, "council", "u1") == born


def test_a_child_in_a_refuge_is_linked_and_nobody_learns_where(gate: Gateway) -> None:
    told(gate, "school", person("s", "Hansen", "Kari", "2013-05-06", nhs=nhs(8), postcode="ZZ11 2BB"))
    told(
        gate,
        "clinic",
        person("c", "Hansen", "Kari", "2013-05-06", nhs=nhs(8), postcode="ZZ99 3VZ", meta=RESTRICTED),
    )

    one = child(gate, "clinic", "c")
    assert one == child(gate, "school", "s")
    (patient,) = found(gate, f"Patient?_id={one.id}")
    assert "address" not in patient and patient["meta"]["security"][0]["code"] == "R"
    for postcode in ("ZZ11 2BB", "ZZ99 3VZ"):
        assert found(gate, f"Patient?address-postalcode={postcode}") == []


def test_children_who_are_all_born_on_the_first_of_january_stay_apart(gate: Gateway) -> None:
    """Unaccompanied children whose birthday nobody knows: the same date says next to nothing."""
    told(
        gate,
        "council",
        person("1", "Ahmadi", "Reza", "2009-01-01"),
        person("2", "Ahmadi", "Omid", "2009-01-01"),
    )
    told(gate, "clinic", person("3", "Ahmadi", "Reza", "2009-01-01", nhs=nhs(9)))

    children = [child(gate, "council", "1"), child(gate, "council", "2"), child(gate, "clinic", "3")]
    assert children[1] not in (children[0], children[2])
    assert children[0] != children[2], "a common name and no birthday are not certain"
    assert gate.store.reviews()


def test_a_number_with_a_wrong_check_digit_is_kept_and_joins_nobody(gate: Gateway) -> None:
    wrong = nhs(10)[:-1] + str((int(nhs(10)[-1]) + 1) % 10)
    told(gate, "school", person("s", "Stone", "Eve", "2010-10-12", nhs=wrong))
    told(gate, "clinic", person("c", "Berg", "Liv", "2010-11-12", nhs=wrong))

    assert child(gate, "clinic", "c") != child(gate, "school", "s")
    (kept,) = found(gate, "Patient?_id=s", "school")
    assert kept["identifier"][0]["value"] == wrong
