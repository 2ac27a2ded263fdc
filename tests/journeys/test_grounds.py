"""What joined a record to its child is taken back or told otherwise: a person is asked, nothing unlinked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gates import BASE, load, ndjson, of, opened, told
from invented import NHS, nhs, upn
from postgres import emptied, postgres  # noqa: F401

from gateway.problems import Refused
from gateway.service import Gateway
from gateway.service.relink import relink
from gateway.store.base import Review

ANN, BOB = {"reason": "asked the school", "author": "ann"}, {"reason": "looked it up", "author": "bob"}
UPN, CASE = f"{BASE}/Id/upn", f"{BASE}/Id/la-child-id/201"
ENDED = {"tag": [{"system": f"{BASE}/CodeSystem/life", "code": "ended"}]}


@pytest.fixture(params=["sqlite", "postgres"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    top = ""
    if request.param == "postgres":
        top = f'database = "{request.getfixturevalue("postgres")()}"\n'
    gateway = opened(tmp_path, top=top)
    yield gateway
    gateway.close()


def person(id: str, born: str = "2012-03-04", **more: Any) -> dict[str, Any]:
    """A Patient; `nhs`, `upn`, `old_nhs`, `case`, `given` and `home` are short for what they stand for."""
    numbers = [(NHS, more.pop("nhs", "")), (UPN, more.pop("upn", "")), (CASE, more.pop("case", ""))]
    identifier = [{"system": system, "value": value} for system, value in numbers if value]
    if old := more.pop("old_nhs", ""):
        identifier.append({"system": NHS, "value": old, "use": "old"})
    made: dict[str, Any] = {"resourceType": "Patient", "id": id, "birthDate": born, "identifier": identifier}
    if given := more.pop("given", ""):
        made["name"] = [{"family": more.pop("family", "Nordmann"), "given": [given]}]
    if home := more.pop("home", ""):
        made["address"] = [{"postalCode": home, "line": ["7 High Street"]}]
    return made | more


def asked(gate: Gateway) -> list[str]:
    """The records that a person is asked about, as `feed/id: reason`."""
    records = gate.store.records([entry.rec for entry in gate.store.reviews()])
    return [
        f"{records[entry.rec].feed}/{records[entry.rec].local}: {entry.reason}"
        for entry in gate.store.reviews()
    ]


def only(gate: Gateway) -> Review:
    (entry,) = gate.store.reviews()
    return entry


def bridged(gate: Gateway, **more: Any) -> int:
    """School, then clinic with the school's UPN, then council with the clinic's number; the clinic's load."""
    told(gate, "school", person("a", upn=upn(1), **more))
    bridge = told(gate, "clinic", person("b", upn=upn(1), nhs=nhs(1)))
    told(gate, "council", person("c", nhs=nhs(1)))
    assert of(gate, "school/a") == of(gate, "clinic/b") == of(gate, "council/c")
    assert asked(gate) == []
    return bridge


def test_what_joined_by_a_number_that_was_taken_back_is_asked_about_and_stays_until_then(
    gate: Gateway,
) -> None:
    gate.loader.undo(bridged(gate))

    assert asked(gate) == ["council/c: reason-gone"]
    assert only(gate).sentence == (
        "Same date of birth. They are linked by something that is not told any more."
    )
    assert of(gate, "council/c") == of(gate, "school/a")


def test_who_is_another_child_after_all_founds_one_and_comes_back(gate: Gateway) -> None:
    gate.loader.undo(bridged(gate))
    before, number = list(gate.store.dump()), only(gate).number

    assert gate.decide(number, same=False, **ANN)

    assert of(gate, "council/c") != of(gate, "school/a") and asked(gate) == []
    gate.take_back(number, author="ann")
    assert list(gate.store.dump()) == before


def test_who_is_the_same_child_stays_and_is_never_asked_about_again(gate: Gateway) -> None:
    gate.loader.undo(bridged(gate))
    before, number = list(gate.store.dump()), only(gate).number
    assert gate.decide(number, same=True, **ANN)
    assert of(gate, "council/c") == of(gate, "school/a") and asked(gate) == []

    again = told(gate, "clinic", person("b", upn=upn(1), nhs=nhs(1)))
    gate.loader.undo(again)

    assert asked(gate) == []
    gate.take_back(number, author="ann")
    assert list(gate.store.dump()) == before


def test_whom_another_record_supports_nobody_is_asked_about(gate: Gateway) -> None:
    gate.loader.undo(bridged(gate, nhs=nhs(1)))

    assert asked(gate) == []
    assert of(gate, "council/c") == of(gate, "school/a")


def test_whom_name_birthday_and_home_make_certain_nobody_is_asked_about(gate: Gateway) -> None:
    who = {"given": "Zebedee", "family": "Quillfeather", "home": "ZZ10 1AA"}
    told(gate, "school", person("a", upn=upn(1), **who))
    bridge = told(gate, "clinic", person("b", upn=upn(1), nhs=nhs(1), **who))
    told(gate, "council", person("c", nhs=nhs(1), **who))

    gate.loader.undo(bridge)

    assert asked(gate) == [] and of(gate, "council/c") == of(gate, "school/a")


def test_records_that_have_only_each_other_are_one_question_and_go_together(gate: Gateway) -> None:
    bridge = bridged(gate)
    told(gate, "council", person("d", nhs=nhs(1), case="77"))
    told(gate, "school", person("e", upn=upn(1)))
    gate.loader.undo(bridge)
    before = list(gate.store.dump())
    assert asked(gate) == ["council/c: reason-gone"]
    number = only(gate).number

    gate.decide(number, same=False, **ANN)

    assert of(gate, "council/c") == of(gate, "council/d") != of(gate, "school/a")
    assert of(gate, "school/e") == of(gate, "school/a") and asked(gate) == []
    gate.take_back(number, author="ann")
    assert list(gate.store.dump()) == before


def test_the_file_loaded_again_withdraws_the_question_and_its_undoing_asks_it_as_before(
    gate: Gateway,
) -> None:
    gate.loader.undo(bridged(gate))
    before = list(gate.store.dump())

    again = told(gate, "clinic", person("b", upn=upn(1), nhs=nhs(1)))

    assert asked(gate) == []
    gate.loader.undo(again)
    assert asked(gate) == ["council/c: reason-gone"]
    assert list(gate.store.dump()) == before


def test_of_loads_taken_back_one_after_the_other_no_question_is_left(gate: Gateway) -> None:
    told(gate, "school", person("a", upn=upn(1)))
    before = list(gate.store.dump())
    bridge = told(gate, "clinic", person("b", upn=upn(1), nhs=nhs(1)))
    later = told(gate, "council", person("c", nhs=nhs(1)))
    gate.loader.undo(bridge)

    gate.loader.undo(later)

    assert list(gate.store.dump()) == before


def test_a_decision_falls_with_the_load_of_the_record_that_it_is_about(gate: Gateway) -> None:
    told(gate, "school", person("a", upn=upn(1)))
    before = list(gate.store.dump())
    bridge = told(gate, "clinic", person("b", upn=upn(1), nhs=nhs(1)))
    later = told(gate, "council", person("c", nhs=nhs(1)))
    gate.loader.undo(bridge)
    gate.decide(only(gate).number, same=False, **ANN)

    gate.loader.undo(later)

    assert list(gate.store.dump()) == before


def test_without_the_record_that_founded_it_a_child_stands_on_the_next_one(gate: Gateway) -> None:
    first = told(gate, "school", person("a", upn=upn(1), nhs=nhs(1)))
    told(gate, "council", person("b", upn=upn(1)))
    told(gate, "clinic", person("c", nhs=nhs(1)))

    gate.loader.undo(first)

    assert asked(gate) == ["clinic/c: reason-gone"]
    assert of(gate, "clinic/c") == of(gate, "council/b")


def test_what_a_person_linked_is_not_questioned(gate: Gateway) -> None:
    told(gate, "school", person("a", upn=upn(1)))
    bridge = told(gate, "clinic", person("b", upn=upn(1)))
    told(gate, "council", person("c", nhs=nhs(2)))
    assert gate.lives.merge(of(gate, "council/c"), of(gate, "school/a"), **ANN)

    gate.loader.undo(bridge)

    assert asked(gate) == [] and of(gate, "council/c") == of(gate, "school/a")


def test_what_came_by_a_record_to_a_child_that_a_person_merged_is_asked_about_still(gate: Gateway) -> None:
    told(gate, "school", person("z", upn=upn(9)))
    bridge = bridged(gate)
    whole = of(gate, "school/a")
    if not gate.lives.merge(whole, of(gate, "school/z"), **ANN):
        assert gate.lives.merge(whole, of(gate, "school/z"), **BOB)

    gate.loader.undo(bridge)

    assert asked(gate) == ["council/c: reason-gone"]
    gate.lives.unmerge(whole, **ANN)
    assert asked(gate) == ["council/c: reason-gone"] and of(gate, "council/c") == of(gate, "school/a")


def test_a_sealed_child_is_in_no_question(gate: Gateway) -> None:
    bridge = bridged(gate)
    seal = gate.lives.seal(of(gate, "school/a"), **ANN)

    gate.loader.undo(bridge)

    assert gate.store.reviews() == [] and gate.store.reviews(state="") == []
    gate.lives.unseal(seal, **ANN)
    gate.lives.unseal(seal, **BOB)
    assert of(gate, "council/c") == of(gate, "school/a")


def test_a_question_is_gone_with_the_life_that_is_sealed_and_comes_back_with_it(gate: Gateway) -> None:
    gate.loader.undo(bridged(gate))
    before = list(gate.store.dump())
    seal = gate.lives.seal(of(gate, "school/a"), **ANN)
    assert gate.store.reviews() == [] and gate.store.reviews(state="") == []

    gate.lives.unseal(seal, **ANN)
    gate.lives.unseal(seal, **BOB)

    assert list(gate.store.dump()) == before


def test_a_number_that_a_file_corrects_is_a_question_that_falls_with_the_file(gate: Gateway) -> None:
    bridged(gate)
    before = list(gate.store.dump())

    corrected = load(gate, "clinic", ndjson(person("b", upn=upn(1), nhs=nhs(2))))

    # it contradicts the others: that is asked first
    assert asked(gate) == ["clinic/b: no-longer-agrees"] and corrected.review == 1
    between, number = list(gate.store.dump()), only(gate).number
    gate.decide(number, same=False, **ANN)
    assert asked(gate) == ["council/c: reason-gone"]
    gate.take_back(number, author="ann")
    assert list(gate.store.dump()) == between
    gate.decide(number, same=True, **ANN)
    assert asked(gate) == ["council/c: reason-gone"]
    gate.decide(only(gate).number, same=False, **ANN)
    gate.loader.undo(corrected.number)
    assert list(gate.store.dump()) == before


def test_a_number_that_a_file_leaves_out_is_a_question_that_falls_with_the_file(gate: Gateway) -> None:
    bridged(gate)
    before = list(gate.store.dump())

    shorter = load(gate, "clinic", ndjson(person("b", upn=upn(1))))

    assert asked(gate) == ["council/c: reason-gone"] and shorter.review == 1
    gate.decide(only(gate).number, same=False, **ANN)
    gate.loader.undo(shorter.number)
    assert list(gate.store.dump()) == before


def test_a_question_that_falls_with_its_file_is_asked_again_where_it_is_still_one(gate: Gateway) -> None:
    told(gate, "school", person("a", upn=upn(1)))
    told(gate, "clinic", person("b", upn=upn(1), nhs=nhs(1)))
    told(gate, "council", person("c", nhs=nhs(1)))
    before = list(gate.store.dump())
    first = told(gate, "clinic", person("b", upn=upn(1)))
    second = told(gate, "clinic", person("b", upn=upn(1), home="ZZ10 1AA"))

    gate.loader.undo(first)
    assert asked(gate) == ["council/c: reason-gone"]

    gate.loader.undo(second)
    assert list(gate.store.dump()) == before


def test_a_number_written_over_by_a_clinical_system_is_a_question_until_it_is_written_again(
    gate: Gateway,
) -> None:
    bridged(gate)
    clinic = gate.feed("clinic")

    gate.write(clinic, "Patient", "b", person("b", upn=upn(1)))
    assert asked(gate) == ["council/c: reason-gone"]

    gate.write(clinic, "Patient", "b", person("b", upn=upn(1), nhs=nhs(1)))
    assert asked(gate) == []
    gate.write(clinic, "Patient", "b", person("b", upn=upn(1)))
    assert asked(gate) == ["council/c: reason-gone"]


def test_a_record_that_is_deleted_leaves_a_question_until_it_is_there_again(gate: Gateway) -> None:
    bridged(gate)
    clinic = gate.feed("clinic")

    gate.delete(clinic, "Patient", "b")
    assert asked(gate) == ["council/c: reason-gone"]

    gate.write(clinic, "Patient", "b", person("b", upn=upn(1), nhs=nhs(1)))
    assert asked(gate) == []


def test_a_record_that_is_asked_about_and_deleted_is_asked_about_no_more(gate: Gateway) -> None:
    gate.loader.undo(bridged(gate))

    gate.delete(gate.feed("council"), "Patient", "c")

    assert asked(gate) == []


def test_a_record_taken_out_leaves_a_question_until_it_is_put_back(gate: Gateway) -> None:
    bridged(gate)
    before, clinic = list(gate.store.dump()), gate.feed("clinic")

    gate.take_apart(clinic, "b", **ANN)
    assert asked(gate) == ["council/c: reason-gone"]

    gate.put_back(clinic, "b", author="ann")
    assert list(gate.store.dump()) == before


def test_a_record_split_off_leaves_a_question_until_that_is_taken_back(gate: Gateway) -> None:
    bridged(gate)
    before = list(gate.store.dump())

    part = gate.lives.split(of(gate, "school/a"), [("clinic", "b")], **ANN)
    assert asked(gate) == ["council/c: reason-gone"]

    gate.lives.unsplit(part, **ANN)
    assert list(gate.store.dump()) == before


def test_what_is_asked_about_and_taken_out_by_hand_is_asked_about_no_more(gate: Gateway) -> None:
    gate.loader.undo(bridged(gate))
    before, council = list(gate.store.dump()), gate.feed("council")

    gate.take_apart(council, "c", **ANN)
    assert asked(gate) == []

    gate.put_back(council, "c", author="ann")
    assert list(gate.store.dump()) == before


def test_a_move_and_a_number_that_was_superseded_are_no_question(gate: Gateway) -> None:
    home = {"given": "Zebedee", "family": "Quillfeather", "home": "ZZ10 1AA"}
    told(gate, "school", person("a", upn=upn(1), **home))
    told(gate, "clinic", person("b", nhs=nhs(1), **home))
    told(gate, "council", person("c", nhs=nhs(1), case="7"))
    assert of(gate, "school/a") == of(gate, "clinic/b") == of(gate, "council/c")

    told(gate, "school", person("a", upn=upn(1), **home | {"home": "ZZ20 2BB", "family": "Brown"}))
    told(gate, "clinic", person("b", nhs=nhs(2), old_nhs=nhs(1), **home))

    assert asked(gate) == []


def test_who_is_asked_about_over_and_over_is_in_one_question(gate: Gateway) -> None:
    first = bridged(gate)
    gate.loader.undo(first)
    for _ in range(2):
        gate.loader.undo(told(gate, "clinic", person("b", upn=upn(1), nhs=nhs(1))))
        relink(gate.store, gate.linker, lambda done, every: None)

    assert asked(gate) == ["council/c: reason-gone"]


def test_the_question_is_open_to_two_people_and_decided_once(gate: Gateway) -> None:
    gate.loader.undo(bridged(gate))
    number = only(gate).number
    gate.decide(number, same=False, **ANN)

    with pytest.raises(Refused) as refused:
        gate.decide(number, same=True, **BOB)

    assert refused.value.problems[0].kind.code == "service.review-decided"
