import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity.match import Decision, Known, decide, decide_ended, recheck
from gateway.identity.person import Person, united

AVA_MAE = {"families": ["thompson"], "givens": [("ava", "mae")], "birth_dates": ["2013-09-30"]}
AVA_RAE = AVA_MAE | {"givens": [("ava", "rae")]}


def of(**attributes: Any) -> Person:
    return Person(**{name: frozenset(values) for name, values in attributes.items()})


def known(child: int, **attributes: Any) -> Known:
    return Known(child, child * 10, of(**attributes))


def against(one: dict[str, Any], other: dict[str, Any]) -> Decision:
    """What is decided about a record beside one child with one record."""
    return decide(of(**one), [known(1, **other)])


NHS, OTHER_NHS = {"nhs": ["9990123012"]}, {"nhs": ["9990123020"]}
UPN, OTHER_UPN = {"upns": ["F201900116001"]}, {"upns": ["F201900115027"]}
LA = {"la_ids": [("201", "10234")]}
BORN, SWAPPED, OTHER = ({"birth_dates": [d]} for d in ("2012-03-04", "2012-04-03", "2012-03-05"))
AMELIA, DANIEL = {"givens": [("amelia", "grace")]}, {"givens": [("daniel",)]}
OKAFOR = {"families": ["okafor"]}
HOME = {"postcodes": ["ZZ101AA"]}
GIRL, BOY = {"genders": ["female"]}, {"genders": ["male"]}
CARE = {"la_ids": [("201", "999")]}


@pytest.mark.parametrize(
    ("one", "other", "code", "sentence"),
    [
        pytest.param(NHS, NHS, "same-nhs-number", "Same NHS number.", id="NHS number alone"),
        pytest.param(
            NHS | BORN,
            NHS | BORN,
            "same-nhs-number",
            "Same NHS number and same date of birth.",
            id="NHS number",
        ),
        pytest.param(UPN | BORN, UPN | BORN, "same-upn", "Same UPN and same date of birth.", id="UPN"),
        pytest.param(
            UPN | BORN,
            UPN | SWAPPED,
            "same-upn",
            "Same UPN and dates of birth with day and month swapped.",
            id="UPN, swapped birth date",
        ),
        pytest.param(
            LA | BORN,
            LA | BORN,
            "same-la-child-id",
            "Same child id at the local authority and same date of birth.",
            id="child id",
        ),
        pytest.param(
            LA | BORN,
            LA,
            "same-la-child-id",
            "Same child id at the local authority.",
            id="child id, no birth date",
        ),
        pytest.param(
            UPN | BORN | AMELIA,
            UPN | BORN | {"givens": [("millie",)]},
            "same-upn",
            "Same UPN and same date of birth.",
            id="UPN, nickname",
        ),
        pytest.param(
            UPN | BORN | AMELIA | GIRL,
            UPN | BORN | AMELIA | BOY,
            "same-upn",
            "Same UPN and same date of birth.",
            id="sex never speaks against a name",
        ),
        pytest.param(
            UPN | BORN | {"families": ["kowalski"]},
            UPN | BORN | {"families": ["smith"]},
            "same-upn",
            "Same UPN and same date of birth.",
            id="surnames change",
        ),
    ],
)
def test_a_rule_joins_with_a_reason_in_words(
    one: dict[str, Any], other: dict[str, Any], code: str, sentence: str
) -> None:
    for decision in (against(one, other), against(other, one)):
        assert (decision.child, decision.reason.code, decision.reason.sentence) == (1, code, sentence)
        assert decision.reviews == ()


@pytest.mark.parametrize(
    ("one", "other", "code", "sentence"),
    [
        pytest.param(
            UPN | BORN,
            UPN | OTHER,
            "same-upn",
            "Same UPN, but different dates of birth.",
            id="UPN, other birth date",
        ),
        pytest.param(
            UPN | BORN, UPN, "same-upn", "Same UPN, but no date of birth to compare.", id="UPN, no birth date"
        ),
        pytest.param(
            UPN | BORN | AMELIA,
            UPN | BORN | DANIEL,
            "same-upn",
            "Same UPN and same date of birth, but different first names.",
            id="UPN, other first name",
        ),
        pytest.param(
            NHS | BORN,
            NHS | OTHER,
            "same-nhs-number",
            "Same NHS number, but different dates of birth.",
            id="NHS",
        ),
        pytest.param(
            NHS | BORN | AVA_MAE,
            NHS | BORN | AVA_RAE,
            "same-nhs-number",
            "Same NHS number, same surname and same date of birth, but different first names.",
            id="twins under one NHS number",
        ),
        pytest.param(
            UPN | BORN | NHS,
            UPN | BORN | OTHER_NHS,
            "same-upn",
            "Same UPN and same date of birth, but different NHS numbers.",
            id="UPN, other NHS number",
        ),
        pytest.param(
            LA | BORN | UPN,
            LA | BORN | OTHER_UPN,
            "same-la-child-id",
            "Same child id at the local authority and same date of birth, but different UPNs.",
            id="child id, other UPN",
        ),
        pytest.param(
            LA | BORN,
            LA | OTHER,
            "same-la-child-id",
            "Same child id at the local authority, but different dates of birth.",
            id="child id, other birth date",
        ),
        pytest.param(
            UPN | BORN | LA,
            UPN | BORN | CARE,
            "same-upn",
            "Same UPN and same date of birth, but different child ids at the local authority.",
            id="UPN, other child id",
        ),
        pytest.param(
            UPN | BORN | GIRL,
            UPN | BORN | BOY,
            "same-upn",
            "Same UPN and same date of birth, but different sex.",
            id="UPN, other sex and no name",
        ),
        pytest.param(
            {"upns_temporary": ["M20190022104V"]} | BORN,
            {"upns_temporary": ["M20190022104V"]} | BORN,
            "same-temporary-upn",
            "Same temporary UPN and same date of birth.",
            id="temporary UPN",
        ),
        pytest.param(
            UPN | BORN | {"upns_former": ["M20190022104V"]},
            {"upns_temporary": ["M20190022104V"]} | BORN,
            "former-upn",
            "A former UPN of one is the other's and same date of birth.",
            id="former UPN",
        ),
        pytest.param(
            {"upns_wrong": ["B201900116001"]} | BORN,
            UPN | BORN,
            "upn-check-letter",
            "UPNs that differ only in the check letter and same date of birth.",
            id="check letter",
        ),
        pytest.param(
            {"nhs_former": ["9990123012"]} | BORN,
            NHS | BORN,
            "former-nhs-number",
            "A former NHS number of one is the other's and same date of birth.",
            id="replaced NHS number",
        ),
        pytest.param(
            OKAFOR | AMELIA | BORN,
            OKAFOR | AMELIA | BORN | UPN,
            "same-name-and-birth-date",
            "Matching first name, same surname and same date of birth.",
            id="names and birth date",
        ),
        pytest.param(
            OKAFOR | HOME | BORN,
            OKAFOR | HOME | BORN | AMELIA,
            "same-name-and-birth-date",
            "Same surname, same date of birth and same postcode.",
            id="surname, birth date and postcode",
        ),
        pytest.param(
            OKAFOR | AMELIA | BORN | UPN,
            OKAFOR | AMELIA | BORN | OTHER_UPN,
            "same-name-and-birth-date",
            "Matching first name, same surname and same date of birth, but different UPNs.",
            id="names and birth date, other UPN",
        ),
        pytest.param(
            AVA_MAE | HOME,
            AVA_RAE | HOME,
            "perhaps-twins",
            "Same surname, same date of birth and same postcode, but different first names."
            " They may be twins.",
            id="twins",
        ),
        pytest.param(
            HOME | BORN,
            HOME | BORN | OKAFOR | AMELIA,
            "same-postcode-and-birth-date",
            "Same date of birth and same postcode.",
            id="a record without names",
        ),
    ],
)
def test_what_agrees_without_a_rule_is_for_a_person_to_look_at(
    one: dict[str, Any], other: dict[str, Any], code: str, sentence: str
) -> None:
    for decision in (against(one, other), against(other, one)):
        assert decision.child is None
        assert [(r.child, r.record, r.code, r.sentence) for r in decision.reviews] == [
            (1, 10, code, sentence)
        ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(OKAFOR | BORN, OKAFOR | BORN, id="surname and birth date alone"),
        pytest.param(OKAFOR | AMELIA | BORN, OKAFOR | AMELIA | OTHER, id="other birth date"),
        pytest.param(OKAFOR | AMELIA | BORN, OKAFOR | DANIEL | BORN, id="other first name, no postcode"),
        pytest.param(HOME | BORN | GIRL, HOME | BORN | BOY, id="a boy and a girl without names"),
        pytest.param({"la_ids": [("201", "1")]} | BORN, {"la_ids": [("202", "1")]} | BORN, id="two councils"),
        pytest.param(
            {"upns_temporary": ["M20190022104V"]} | BORN | AMELIA,
            {"upns_temporary": ["M20190022104V"]} | OTHER | DANIEL,
            id="a temporary UPN given twice",
        ),
        pytest.param(
            {"nhs_verified": NHS["nhs"]} | NHS | OKAFOR | AMELIA | BORN,
            {"nhs_verified": OTHER_NHS["nhs"]} | OTHER_NHS | OKAFOR | AMELIA | BORN,
            id="two verified NHS numbers",
        ),
    ],
)
def test_what_is_too_little_is_not_worth_a_look(one: dict[str, Any], other: dict[str, Any]) -> None:
    for decision in (against(one, other), against(other, one)):
        assert decision.child is None and decision.reviews == ()
        assert decision.reason.sentence == "Nothing agrees with another child."


def test_two_verified_numbers_never_join_whatever_else_is_the_same() -> None:
    one = UPN | LA | BORN | AMELIA | OKAFOR | NHS | {"nhs_verified": NHS["nhs"]}
    other = UPN | LA | BORN | AMELIA | OKAFOR | OTHER_NHS | {"nhs_verified": OTHER_NHS["nhs"]}

    decision = against(one, other)

    assert decision.child is None
    assert "different verified NHS numbers" in decision.reviews[0].sentence


@pytest.mark.parametrize(
    ("number", "joins"),
    [
        (NHS | BORN, True),
        (LA | BORN, True),
        (UPN | BORN | AMELIA | OKAFOR | HOME, False),
        (BORN | AMELIA | OKAFOR | HOME, False),
    ],
)
def test_a_life_that_ended_is_joined_by_what_nobody_takes_along_into_a_new_one(
    number: dict[str, Any], joins: bool
) -> None:
    found = decide_ended(of(**number), [known(1, **number)])

    assert (found.child, found.reviews) == (1 if joins else None, ())


def test_a_record_with_two_nhs_numbers_does_not_make_two_children_one() -> None:
    both = Person(nhs=frozenset({"9990123012", "9990123020"}), several=True)

    assert decide(both, [known(1, **NHS)]).child is None
    assert decide(of(**NHS), [Known(1, 10, both)]).child is None
    assert decide(both, [known(1, **NHS)]).reviews[0].sentence == (
        "Same NHS number, but a record with two numbers of one kind and no date of birth to compare."
    )


def test_a_record_without_names_does_not_bridge_twins() -> None:
    # The council's nameless record holds the UPN of Ava-Mae; a later record of the same case names Ava-Rae.
    child = [Known(1, 10, of(**UPN, **AVA_MAE)), Known(1, 11, of(**UPN, **LA, birth_dates=["2013-09-30"]))]

    decision = decide(of(**LA, **AVA_RAE), child)

    assert decision.child is None
    assert decision.reviews[0].code == "same-la-child-id"
    assert "different first names" in decision.reviews[0].sentence


def test_a_record_that_fits_two_children_goes_to_neither_while_nothing_names_it() -> None:
    decision = decide(of(**UPN, **NHS, **BORN), [known(1, **UPN, **BORN), known(2, **NHS, **BORN)])

    assert decision.child is None
    assert [(review.child, review.code) for review in decision.reviews] == [
        (1, "fits-two-children"),
        (2, "fits-two-children"),
    ]


def test_a_record_without_names_that_fits_two_children_goes_to_its_councils_case() -> None:
    # a council knows whose its cases are; a UPN is copied from a school, and may be a twin's
    decision = decide(of(**UPN, **LA, **BORN), [known(1, **UPN, **BORN, **AMELIA), known(2, **LA, **BORN)])

    assert (decision.child, decision.reason.code) == (2, "same-la-child-id")
    assert [(review.child, review.code) for review in decision.reviews] == [(1, "fits-two-children")]


def test_its_councils_case_is_not_enough_where_a_birth_date_is_missing() -> None:
    decision = decide(of(**NHS, **LA), [known(1, **NHS, **BORN), known(2, **LA, **BORN)])

    assert decision.child is None
    assert [(review.child, review.code) for review in decision.reviews] == [
        (1, "fits-two-children"),
        (2, "fits-two-children"),
    ]


def test_a_record_that_shares_one_number_with_two_children_goes_to_the_one_of_its_name() -> None:
    # the second was founded by a return without names, which a case number led to
    candidates = [known(1, **UPN, **BORN, **AMELIA), known(2, **UPN, **LA, **BORN)]

    decision = decide(of(**UPN, **LA, **BORN, **AMELIA), candidates)

    assert (decision.child, decision.reason.code) == (1, "same-upn")
    assert [(review.child, review.code) for review in decision.reviews] == [(2, "fits-two-children")]


@pytest.mark.parametrize("name", [{}, AMELIA], ids=["no name", "a name"])
def test_a_record_that_fits_two_children_who_were_told_apart_goes_to_neither(name: dict[str, Any]) -> None:
    candidates = [known(1, **UPN, **BORN, **AMELIA), known(2, **LA, **BORN)]
    asked = []

    def apart(child: int) -> set[int]:
        asked.append(child)
        return {3 - child}

    decision = decide(of(**UPN, **LA, **BORN, **name), candidates, apart=apart)

    assert decision.child is None and len(decision.reviews) == 2 and asked


def test_a_record_that_fits_two_children_goes_to_the_one_it_shares_number_and_name_with() -> None:
    decision = decide(
        of(**UPN, **LA, **BORN, **AMELIA), [known(2, **LA, **BORN), known(1, **UPN, **BORN, **AMELIA)]
    )

    assert (decision.child, decision.reason.code) == (1, "same-upn")
    assert [(review.child, review.code) for review in decision.reviews] == [(2, "fits-two-children")]


def test_a_record_that_fits_two_children_who_contradict_each_other_goes_to_neither() -> None:
    born_twice = {"birth_dates": ["2012-03-04", "2012-03-05"]}
    decision = decide(
        of(**UPN, **LA, **BORN, **AMELIA),
        [known(1, **UPN, **BORN, **AMELIA, **NHS), known(2, **LA, **born_twice, **OTHER_NHS)],
    )

    assert decision.child is None and len(decision.reviews) == 2
    assert decision.reason.sentence.startswith("Its numbers are those of two children")


def test_a_number_of_another_child_in_a_record_without_names_is_in_the_way() -> None:
    ava_mae = known(1, **UPN, **AVA_MAE)
    ava_rae_s_case = known(2, **LA, **OTHER_UPN, birth_dates=["2013-09-30"])

    decision = decide(of(**LA, **UPN, birth_dates=["2013-09-30"]), [ava_mae, ava_rae_s_case])

    assert decision.child is None
    assert [review.child for review in decision.reviews] == [1, 2]


def test_a_joined_record_still_tells_of_another_child_that_looks_like_it() -> None:
    others = [known(1, **UPN, **BORN), known(2, **OKAFOR, **AMELIA, **BORN)]

    decision = decide(of(**UPN, **BORN, **OKAFOR, **AMELIA), others)

    assert decision.child == 1
    assert [(review.child, review.code) for review in decision.reviews] == [(2, "same-name-and-birth-date")]


def test_a_joined_record_does_not_ask_about_its_twin_again() -> None:
    others = [known(1, **UPN, **AVA_MAE, **HOME), known(2, **OTHER_UPN, **AVA_RAE, **HOME)]

    decision = decide(of(**UPN, **AVA_MAE, **HOME), others)

    assert decision.child == 1 and decision.reviews == ()


def test_the_order_of_candidates_changes_nothing() -> None:
    candidates = [known(n, **UPN, **BORN) for n in (1, 2)] + [known(n, **LA, **OTHER) for n in (3, 4)]
    decision = decide(of(**UPN, **LA, **BORN), candidates)

    for seed in range(5):
        shuffled = random.Random(seed).sample(candidates, k=4)
        assert decide(of(**UPN, **LA, **BORN), shuffled) == decision


def test_the_review_points_at_the_record_that_is_most_like_it() -> None:
    records = [Known(1, 10, of(**LA)), Known(1, 11, of(**UPN, **OTHER)), Known(1, 12, of(**AMELIA))]

    decision = decide(of(**UPN, **BORN), records)

    assert decision.reviews[0].record == 11


def test_an_update_that_still_agrees_needs_no_look() -> None:
    assert recheck(of(**UPN, **BORN), 1, [known(1, **UPN, **SWAPPED)]) == ()


def test_an_update_that_contradicts_its_child_stays_linked_and_is_looked_at() -> None:
    (review,) = recheck(of(**UPN, **OTHER), 1, [known(1, **UPN, **BORN)])

    assert (review.child, review.code) == (1, "no-longer-agrees")
    assert review.sentence == "Same UPN, but different dates of birth. They are linked as one child."


def test_an_update_that_fits_another_child_too_is_looked_at() -> None:
    (review,) = recheck(of(**UPN, **LA, **BORN), 1, [known(1, **LA, **BORN), known(2, **UPN, **BORN)])

    assert (review.child, review.code) == (2, "fits-two-children")


def test_the_first_record_of_all_is_a_new_child() -> None:
    assert decide(of(**UPN, **BORN), []).reason.code == "new-child"


PEOPLE = st.builds(
    lambda **attributes: Person(**attributes),
    nhs=st.frozensets(st.sampled_from(["9990123012", "9990123020"]), max_size=1),
    upns=st.frozensets(st.sampled_from(["F201900116001", "F201900115027"]), max_size=1),
    la_ids=st.frozensets(st.sampled_from([("201", "1"), ("201", "2"), ("202", "1")]), max_size=1),
    families=st.frozensets(st.sampled_from(["okafor", "smith"]), max_size=1),
    givens=st.frozensets(st.sampled_from([("ava", "mae"), ("ava", "rae"), ("daniel",)]), max_size=1),
    birth_dates=st.frozensets(st.sampled_from(["2012-03-04", "2012-04-03", "2012-03-05"]), max_size=1),
    genders=st.frozensets(st.sampled_from(["female", "male"]), max_size=1),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PEOPLE, min_size=2, max_size=7))
def test_whatever_comes_in_a_child_never_holds_records_that_speak_against_each_other(
    people: list[Person],
) -> None:
    known_so_far: list[Known] = []
    for record, one in enumerate(people):
        decision = decide(one, known_so_far)
        child = decision.child if decision.child is not None else record
        family = [other.person for other in known_so_far if other.child == child]
        known_so_far.append(Known(child, record, one))
        if decision.child is None:
            continue
        whole = united(family)
        # Said again in plain set words, apart from the code under test.
        assert one.nhs & whole.nhs or one.upns & whole.upns or one.la_ids & whole.la_ids
        assert not (one.nhs and whole.nhs) or one.nhs & whole.nhs
        assert not (one.upns and whole.upns) or one.upns & whole.upns
        days = (
            {frozenset(d.split("-")) for d in one.birth_dates},
            {frozenset(d.split("-")) for d in whole.birth_dates},
        )
        assert not all(days) or days[0] & days[1]
        assert not (one.givens and whole.givens) or one.givens & whole.givens
