from collections import Counter

from gateway.identity.numbers import UpnKind, nhs_number, upn_kind
from gateway.identity.person import person
from gateway.testing.families import Mix, families
from gateway.testing.namebook import TRADITIONS
from gateway.testing.tellings import Habits, patient, plainly, tellings, without_numbers

KIDS = list(families(4_000, 5))
TOLD = list(tellings(KIDS, 5))


def test_a_seed_gives_the_same_families_and_records_each_time() -> None:
    assert list(families(4_000, 5)) == KIDS
    assert list(tellings(KIDS, 5)) == TOLD
    assert list(families(4_000, 6)) != KIDS


def test_every_child_has_a_number_of_their_own_and_numbers_nobody_was_given() -> None:
    assert len({kid.number for kid in KIDS}) == len(KIDS)
    for kid in KIDS:
        assert not kid.nhs or (kid.nhs.startswith("999") and nhs_number(kid.nhs) == kid.nhs)
        assert not kid.upn or upn_kind(kid.upn) is UpnKind.PERMANENT


def test_there_are_families_of_all_eight_traditions() -> None:
    assert {kid.tradition for kid in KIDS} == {one.name for one in TRADITIONS}
    assert len(TRADITIONS) == 8


def test_twins_share_birthday_home_and_surname_and_no_first_name() -> None:
    by_number = {kid.number: kid for kid in KIDS}
    twins = [(kid, by_number[kid.twin_of]) for kid in KIDS if kid.twin_of >= 0 and kid.twin_of in by_number]

    assert len(twins) > 20
    for one, other in twins:
        assert (one.born, one.line, one.surname) == (other.born, other.line, other.surname)
        assert one.first != other.first and one.upn != other.upn


def test_an_adopted_child_keeps_first_name_and_birthday_and_nothing_else() -> None:
    lives = {kid.number: kid for kid in families(4_000, 5, Mix(adopted=0.05))}
    adopted = [kid for kid in lives.values() if kid.life_before >= 0]

    assert len(adopted) > 50
    for kid in adopted:
        before = lives[kid.life_before]
        assert (kid.first, kid.born) == (before.first, before.born)
        assert kid.line != before.line or kid.postcode != before.postcode
        assert {kid.nhs, kid.upn}.isdisjoint({before.nhs, before.upn} - {""})


def test_children_who_came_alone_were_born_on_the_first_of_january_and_are_known_to_a_council() -> None:
    alone = {kid.number for kid in families(4_000, 5, Mix(alone=0.05)) if kid.alone}
    told = [
        one for one in tellings(families(4_000, 5, Mix(alone=0.05)), 5, Habits(date=0)) if one.child in alone
    ]

    assert len(alone) > 50 and {one.child for one in told if one.office == "care"} == alone
    assert all(one.born.endswith("-01-01") for one in told)


def test_a_refuge_is_the_address_of_many_families() -> None:
    living = Counter(kid.line for kid in families(4_000, 5, Mix(refuge=0.05)) if kid.refuge)

    assert living["Harbour House"] > 50


def test_offices_know_what_they_would_know_and_slip_as_often_as_they_are_said_to() -> None:
    truth = {kid.number: kid for kid in KIDS}
    health = [one for one in TOLD if one.office == "health"]
    school = [one for one in TOLD if one.office == "school"]

    assert not any(one.nhs for one in school) and not any(one.upn for one in health)
    wrong = sum(one.born != truth[one.child].born for one in school) / len(school)
    assert 0.005 < wrong < 0.02, "level 2 at six in a thousand"
    assert any(upn_kind(one.upn) is UpnKind.TEMPORARY for one in school if one.upn)
    assert {one.case for one in TOLD if one.office != "care"} == {""}


def test_a_record_becomes_a_patient_that_can_be_compared() -> None:
    kid = next(kid for kid in KIDS if kid.nhs and kid.middle)
    told = plainly(kid)
    found = person(patient(told, "b"), "b")

    assert (found.nhs, found.birth_dates) == ({kid.nhs}, {kid.born})
    assert not person(patient(without_numbers(told), "b"), "b").nhs
