"""A file says that a child was adopted: the life it tells of is sealed as it is loaded."""

from gates import BASE, child_of, found, load, ndjson
from invented import NHS, nhs, upn

from gateway.service import Gateway

UPN = f"{BASE}/Id/upn"
BORN = "2015-03-04"
HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
EPISODES = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"


def child(id: str, family: str, **numbers: str) -> dict:
    systems = {"nhs": NHS, "upn": UPN}
    return {
        "resourceType": "Patient",
        "id": id,
        "birthDate": BORN,
        "name": [{"family": family, "given": ["Nia"]}],
        "identifier": [{"system": systems[name], "value": value} for name, value in numbers.items()],
    }


def ssda903(ending: str) -> dict[str, bytes]:
    """The return of a council: one child whose only episode ended, and another one in care."""
    header = f"7,F,04/03/2015,WBRI,{upn(7)},,\n8,M,05/06/2016,WBRI,{upn(8)},,\n"
    episodes = f"7,01/05/2025,S,E1,N1,A3,PR1,10/06/2025,{ending},,,,\n8,01/05/2025,S,C2,N1,U4,PR1,,,,,,\n"
    return {"header.csv": (HEADER + header).encode(), "episodes.csv": (EPISODES + episodes).encode()}


def council(gate: Gateway, ending: str) -> int:
    return load(gate, "council", ssda903(ending), "ssda903").number


def test_an_adoption_ends_the_old_life_for_everybody_and_undoing_the_load_brings_it_back(
    gate: Gateway,
) -> None:
    load(gate, "school", ndjson(child("s7", "Before", upn=upn(7), nhs=nhs(7))))
    council(gate, "E4A")
    old = child_of(gate, "school", "s7")
    assert old is not None and {
        record.feed for record in gate.store.records_of([old.number])[old.number]
    } == {
        "school",
        "council",
    }
    before = list(gate.store.dump())

    number = council(gate, "E11")

    assert child_of(gate, "school", "s7") is None
    assert found(gate, f"Patient?identifier={NHS}|{nhs(7)}") == []
    assert found(gate, f"Patient?birthdate={BORN}") == []
    assert len(found(gate, "Patient?birthdate=2016-06-05")) == 1, "the other child is as before"
    assert gate.store.child(cci=old.cci) is None
    ((seal, persons),) = gate.lives.seals()
    assert (seal.load, persons) == (number, 0), "a file announced it, and nobody has confirmed it"
    assert [one["name"][0]["family"] for one in found(gate, "Patient?_id=s7", "school")] == ["Before"]

    gate.loader.undo(number)
    assert list(gate.store.dump()) == before


def test_the_new_life_is_a_child_of_its_own_whatever_agrees_with_the_old_one(gate: Gateway) -> None:
    load(gate, "school", ndjson(child("s7", "Before", upn=upn(7), nhs=nhs(7))))
    council(gate, "E4A")
    council(gate, "E12")

    load(gate, "clinic", ndjson(child("new", "Before", nhs=nhs(7))))
    load(gate, "school", ndjson(child("s70", "After", upn=upn(7))))

    fresh = child_of(gate, "clinic", "new")
    again = child_of(gate, "school", "s70")
    assert fresh is not None and again is not None
    linked = {
        record.local for one in (fresh, again) for record in gate.store.records_of([one.number])[one.number]
    }
    assert linked == {"new", "s70"}
    assert not [
        entry
        for entry in gate.store.reviews(state="")
        if any(gate.store.records([rec])[rec].sealed for rec in (entry.rec, entry.other or entry.rec))
    ]


def test_the_same_return_again_and_next_years_change_nothing(gate: Gateway) -> None:
    council(gate, "E11")
    before = list(gate.store.dump())
    seals = gate.lives.seals()

    council(gate, "E11")

    assert list(gate.store.dump()) == before and gate.lives.seals() == seals
    again = ssda903("E11")
    again["header.csv"] = again["header.csv"].replace(b"WBRI", b"WIRI")
    load(gate, "council", again, "ssda903")
    assert found(gate, f"Patient?birthdate={BORN}") == [] and gate.lives.seals() == seals


def test_a_clinical_system_announces_it_with_a_tag(gate: Gateway) -> None:
    load(gate, "school", ndjson(child("s7", "Before", nhs=nhs(7))))
    tag = {"tag": [{"system": f"{BASE}/CodeSystem/life", "code": "ended"}]}

    gate.write(gate.feed("clinic"), "Patient", "x", child("x", "Before", nhs=nhs(7)) | {"meta": tag})

    assert child_of(gate, "school", "s7") is None and len(gate.lives.seals()) == 1


def test_an_ended_life_that_is_told_for_the_first_time_takes_nobody_along_who_may_live_the_new_one(
    gate: Gateway,
) -> None:
    # a school keeps the UPN over an adoption: this may be the new life by now
    load(gate, "school", ndjson(child("s7", "After", upn=upn(7))))
    home = {"birthDate": "2016-05-04", "address": [{"line": ["7 Oak Lane"], "postalCode": "ZZ10 1AA"}]}
    load(gate, "clinic", ndjson(child("c8", "After", nhs=nhs(8)) | home))
    before = found(gate, "Patient?")
    tag = {"tag": [{"system": f"{BASE}/CodeSystem/life", "code": "ended"}]}

    number = council(gate, "E12")
    alike = child("s9", "After", upn=upn(9)) | home
    gate.write(gate.feed("school"), "Patient", "s9", alike | {"meta": tag})

    shown = [one for one in found(gate, "Patient?") if one["birthDate"] != "2016-06-05"]
    assert shown == before
    assert [seal.load for seal, _ in gate.lives.seals()] == [number, None]
    assert child_of(gate, "school", "s9") is None and not gate.store.reviews(state="")
    gate.write(gate.feed("school"), "Patient", "s10", alike | {"id": "s10"})
    assert child_of(gate, "school", "s10") == child_of(gate, "clinic", "c8"), (
        "certain, were it not for the tag"
    )


def test_a_former_number_does_not_lead_from_the_old_life_to_the_new_one(gate: Gateway) -> None:
    load(gate, "school", ndjson(child("old", "Before", upn=upn(7))))
    new = child("new", "After", upn=upn(8))
    new["identifier"].append({"system": UPN, "value": upn(7), "use": "old"})
    load(gate, "school", ndjson(new))
    before = list(gate.store.dump())
    old, fresh = child_of(gate, "school", "old"), child_of(gate, "school", "new")
    assert old is not None and fresh is not None and old.cci != fresh.cci
    assert len(found(gate, f"Patient?identifier=UPN|{upn(7)}")) == 2

    number = gate.lives.seal(old, reason="adopted", author="ann")

    assert found(gate, f"Patient?identifier=UPN|{upn(7)}") == []
    (patient,) = found(gate, f"Patient?identifier=UPN|{upn(8)}")
    assert upn(7) not in str(patient)
    # told again, and another one that is told only now
    load(gate, "school", ndjson(new | {"gender": "female"}))
    assert found(gate, f"Patient?identifier=UPN|{upn(7)}") == []
    gate.loader.undo(gate.store.loads()[-1].number)
    gate.lives.unseal(number, reason="mistake", author="ann")
    gate.lives.unseal(number, reason="mistake", author="bob")
    assert list(gate.store.dump()) == before
