from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.grade import HOLDS, Grade, Known, Match, Matcher
from gateway.identity.match import decide, recheck
from gateway.identity.model import shipped
from gateway.identity.person import Person, person

BASE = "https://fhirgate.example"
MATCHER = Matcher.of(shipped())
NHS, UPN, CASE = "https://fhir.nhs.uk/Id/nhs-number", f"{BASE}/Id/upn", f"{BASE}/Id/la-child-id/201"
HOME = "1 High Street, ZZ10 1AA"


def told(
    name: str = "", born: str = "2012-03-04", home: str = HOME, *, verified: bool = False, **more: Any
) -> Person:
    given, _, family = name.partition("/")
    line, _, postcode = home.rpartition(", ")
    patient = {
        "name": [{"given": [one for one in given.split(",") if one], "family": family}] if name else [],
        "birthDate": born,
        "address": [{"line": [line], "postalCode": postcode}],
        "identifier": [{"system": system, "value": value} for system, value in more.get("numbers", ())],
        "gender": more.get("sex", ""),
    }
    return person(patient, BASE, verified=verified)


def match(one: Person, *others: Person) -> Match:
    (first, *_) = MATCHER.matches(one, [Known(child, child, other) for child, other in enumerate(others)])
    return first


AMELIA = "Amelia/Okafor"


def test_the_same_name_day_and_home_is_certain() -> None:
    found = match(told(AMELIA), told(AMELIA))

    assert (found.grade, found.held) == (Grade.CERTAIN, ())
    assert found.probability > 0.9999


@pytest.mark.parametrize(
    ("one", "other", "held", "most"),
    [
        pytest.param(
            told(AMELIA, numbers=[(NHS, "9990123012")]),
            told(AMELIA, numbers=[(NHS, "9990123020")]),
            "nhs-number",
            Grade.POSSIBLE,
            id="two valid NHS numbers",
        ),
        pytest.param(
            told(AMELIA, numbers=[(NHS, "9990123012")], verified=True),
            told(AMELIA, numbers=[(NHS, "9990123020")], verified=True),
            "nhs-number-verified",
            Grade.NONE,
            id="two verified NHS numbers",
        ),
        pytest.param(
            told(AMELIA, numbers=[(UPN, "F201900116001")]),
            told(AMELIA, numbers=[(UPN, "F201900115027")]),
            "upn",
            Grade.POSSIBLE,
            id="two UPNs",
        ),
        pytest.param(
            told(AMELIA, numbers=[(CASE, "1")]),
            told(AMELIA, numbers=[(CASE, "2")]),
            "la-child-id",
            Grade.POSSIBLE,
            id="two ids at one council",
        ),
        pytest.param(
            told(AMELIA, numbers=[(NHS, "9990123012"), (NHS, "9990123020")]),
            told(AMELIA),
            "several-numbers",
            Grade.POSSIBLE,
            id="two numbers in one record",
        ),
        pytest.param(
            told("Ava-Mae/Stone"),
            told("Ava-Rae/Stone"),
            "given",
            Grade.POSSIBLE,
            id="twins with double names",
        ),
        pytest.param(
            told("Ava,Mae/Stone"),
            told("Ava,Rae/Stone"),
            "names-of-twins",
            Grade.POSSIBLE,
            id="twins by the middle name",
        ),
        pytest.param(
            told("Lily/Stone"), told("Lila/Stone"), "perhaps-a-twin", Grade.PROBABLE, id="twins alike"
        ),
        pytest.param(
            told("Ava-Mae/Stone", numbers=[(UPN, "F201900116001")]),
            told("Ava-Rae/Stone", numbers=[(UPN, "F201900115027")]),
            "another-child",
            Grade.NONE,
            id="twins at one school",
        ),
        pytest.param(told(AMELIA, ""), told(AMELIA, ""), "no-birth-date", Grade.POSSIBLE, id="unborn"),
        pytest.param(told(""), told(AMELIA), "no-names", Grade.POSSIBLE, id="a return without names"),
        pytest.param(
            told(AMELIA), told(AMELIA, "2009-11-23"), "birth-date", Grade.POSSIBLE, id="another day"
        ),
        pytest.param(
            told("Amelia,Grace/Okafor"),
            told("Amelia,Grace/Bennett", home="2 Mill Lane, ZZ77 2BB"),
            "another-life",
            Grade.PROBABLE,
            id="adopted, it may be",
        ),
        pytest.param(
            told(AMELIA),
            told(AMELIA, "2012-04-03", home="2 Mill Lane, ZZ77 2BB"),
            "birth-date-elsewhere",
            Grade.PROBABLE,
            id="another day elsewhere",
        ),
    ],
)
def test_what_is_not_certain_whatever_else_agrees(one: Person, other: Person, held: str, most: Grade) -> None:
    for found in (match(one, other), match(other, one)):
        assert held in found.held
        assert found.grade <= most == HOLDS[held]


def test_a_number_in_common_does_not_make_one_child_of_two_first_names() -> None:
    number = [(UPN, "F201900116001")]

    found = match(told("Ava/Stone", numbers=number), told("Daniel/Stone", numbers=number))

    assert found.grade is Grade.POSSIBLE and "given" in found.held


def test_a_record_of_the_same_feed_is_probable_at_most() -> None:
    known = Known(1, 1, told(AMELIA), own_feed=True)

    (found,) = MATCHER.matches(told(AMELIA), [known])

    assert (found.grade, found.held) == (Grade.PROBABLE, ("own-feed",))


def test_two_children_who_may_be_one_are_no_rivals_unless_somebody_told_them_apart() -> None:
    twice = [Known(1, 1, told(AMELIA)), Known(2, 2, told(AMELIA))]

    first, second = MATCHER.matches(told(AMELIA), twice)
    apart, _ = MATCHER.matches(told(AMELIA), twice, apart={1: [2], 2: [1]}.__getitem__)

    assert (first.grade, second.grade < Grade.CERTAIN) == (Grade.CERTAIN, True)
    assert apart.grade < Grade.CERTAIN and "another-fits" in apart.held


@pytest.mark.parametrize("name", ["Luca/Lewis", "Ali/Ahmed", "Ayesha/Saleem"])
def test_of_two_who_are_hardly_one_neither_is_certain_from_a_third_home(name: str) -> None:
    two = [told(name, home=home, sex="male") for home in (HOME, "9 Mill Lane, ZZ45 5RG")]
    moved = told(name, home="41 Victoria Lane, ZZ26 3EJ", sex="male")

    first, second = MATCHER.matches(moved, [Known(at, at, one) for at, one in enumerate(two)])

    assert first.probability + second.probability > 0.95
    assert first.grade < Grade.CERTAIN and "another-fits" in first.held and "another-fits" in second.held


def test_nobody_is_matched_where_nobody_is_found() -> None:
    assert MATCHER.matches(told(AMELIA), []) == ()


def test_the_registered_twin_is_no_candidate_for_the_other() -> None:
    found = match(told("Ava/Stone"), told("Ava/Stone"), told("Daniel/Stone"))

    assert (found.child, found.grade) == (0, Grade.CERTAIN)


def test_certain_links_with_its_reason_in_words() -> None:
    decision = decide(told(AMELIA), [Known(7, 70, told(AMELIA))], MATCHER)

    assert (decision.child, decision.reason.code) == (7, "certain-match")
    assert decision.reason.sentence == "Same first name, same surname, same date of birth and same address."
    assert decision.reviews == ()


def test_probable_waits_for_a_person_with_the_bits_of_each_field() -> None:
    decision = decide(told("Lily/Stone"), [Known(7, 70, told("Elizabeth/Stone"))], MATCHER)

    (review,) = decision.reviews
    assert decision.child is None
    assert (review.child, review.record, review.code) == (7, 70, "same-name-and-birth-date")
    assert review.probability is not None and 0.95 <= review.probability <= 1
    assert {name for name, bits in review.bits if bits > 5} == {"family", "born", "home"}


def test_possible_by_weight_alone_is_said_in_words() -> None:
    one = told("Olivber/Quillfeather", home="2 Mill Lane, ZZ77 3BB")

    (review,) = decide(one, [Known(7, 70, told("Oliver/Quillfeathre"))], MATCHER).reviews

    assert review.code in ("probable-match", "possible-match")
    assert review.sentence.startswith("First names one slip apart, surnames that look alike")


def test_a_number_that_speaks_for_another_child_is_in_the_way() -> None:
    number = [(UPN, "F201900116001")]
    known = [Known(1, 1, told(AMELIA)), Known(2, 2, told("Daniel/Kowalski", "2009-11-23", numbers=number))]

    decision = decide(told(AMELIA, numbers=number), known, MATCHER)

    assert decision.child is None
    assert {review.child for review in decision.reviews} == {1, 2}


def test_a_record_without_names_is_linked_by_number_or_kept_apart() -> None:
    nameless = told("", numbers=[(CASE, "1")])

    assert decide(nameless, [Known(1, 1, told(AMELIA, numbers=[(CASE, "1")]))], MATCHER).child == 1
    assert decide(told(""), [Known(1, 1, told(AMELIA))], MATCHER).child is None


def test_a_detail_that_contradicts_needs_no_look_where_the_whole_is_certain() -> None:
    own = [Known(1, 1, told("Oliver/Quillfeather"))]

    assert recheck(told("Olivber/Quillfeather"), 1, own, MATCHER) == ()
    assert [review.code for review in recheck(told("Daniel/Kowalski"), 1, own, MATCHER)] == [
        "no-longer-agrees"
    ]


def test_what_only_weights_call_for_is_still_called_for_when_the_record_is_looked_at_again() -> None:
    again = told("Amelia/Okafor", "2012-03-05")
    known = [Known(2, 2, told("Amelie/Okafor-Reid"))]

    (first,) = decide(again, known, MATCHER).reviews

    assert first.code in ("probable-match", "possible-match")
    assert recheck(again, 1, known, MATCHER) == (first,)


def test_a_child_with_its_name_is_looked_at_beside_one_who_has_a_number_and_no_name() -> None:
    number = [(CASE, "1")]
    known = [
        Known(1, 1, told("", "2012-01-01", numbers=number)),
        Known(2, 2, told("Ayesha/Quillfeather", "2012-03-04")),
    ]

    decision = decide(told("Aisha/Quillfeather", "2012-01-01", numbers=number), known, MATCHER)

    assert (decision.child, [review.child for review in decision.reviews]) == (1, [2])


PEOPLE = st.builds(
    told,
    st.sampled_from(
        ["Ava-Mae/Stone", "Ava-Rae/Stone", "Ava/Stone", "Daniel/Stone", "Danny/Stone", "/Stone", ""]
    ),
    st.sampled_from(["2012-03-04", "2012-04-03", "2012-03-05", ""]),
    st.sampled_from([HOME, "2 Mill Lane, ZZ77 2BB", ""]),
    numbers=st.lists(
        st.sampled_from(
            [(NHS, "9990123012"), (NHS, "9990123020"), (UPN, "F201900116001"), (CASE, "1"), (CASE, "2")]
        ),
        max_size=2,
    ),
)


@given(st.lists(PEOPLE, min_size=1, max_size=5), PEOPLE)
def test_no_child_with_another_number_is_ever_certain_and_the_order_changes_nothing(
    others: list[Person], one: Person
) -> None:
    known = [Known(child, child, other) for child, other in enumerate(others)]
    found = MATCHER.matches(one, known)

    assert MATCHER.matches(one, known[::-1]) == found
    assert sum(each.probability for each in found if each is not found[0]) <= 1.0001
    for each in found:
        if each.grade is Grade.CERTAIN:
            for numbers in ("nhs", "upns", "la_ids"):
                mine, theirs = getattr(one, numbers), getattr(each.whole, numbers)
                assert not mine or not theirs or mine & theirs
            assert {"".join(name.first) for name in one.names} != {"ava mae"} or "ava rae" not in {
                name.first for name in each.whole.names
            }
