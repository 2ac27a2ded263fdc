from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity.person import NHS_NUMBER, NHS_STATUS, Home, Name, Person, person, united

BASE = "https://fhirgate.example"


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def identified(system: str, value: str, **more: Any) -> dict[str, Any]:
    return patient(identifier=[{"system": system, "value": value, **more}])


def status(code: str) -> dict[str, Any]:
    return {"extension": [{"url": NHS_STATUS, "valueCodeableConcept": {"coding": [{"code": code}]}}]}


def test_a_whole_patient_gives_all_that_is_compared() -> None:
    told = patient(
        identifier=[
            {"system": NHS_NUMBER, "value": "999 012 3012"},
            {"system": f"{BASE}/Id/upn", "value": "f201900116001"},
            {"system": f"{BASE}/Id/upn", "value": "M20190022104V", "use": "old"},
            {"system": f"{BASE}/Id/uln", "value": "9999001237"},
            {"system": f"{BASE}/Id/la-child-id/201", "value": "0010234"},
        ],
        name=[
            {"family": "Okafor-Bennett", "given": ["Amelia", "Grace"]},
            {"use": "usual", "family": "Okafor-Bennett", "given": ["Millie"]},
        ],
        birthDate="2012-03-04",
        gender="female",
        address=[{"postalCode": "ns10 1aa"}, {"postalCode": "ZZ99 3VZ"}],
        deceasedDateTime="2025-01-01",
        multipleBirthInteger=1,
    )

    assert person(told, BASE) == Person(
        nhs=frozenset({"9990123012"}),
        upns=frozenset({"F201900116001"}),
        upns_former=frozenset({"M20190022104V"}),
        ulns=frozenset({"9999001237"}),
        la_ids=frozenset({("201", "10234")}),
        families=frozenset({"okaforbennett", "okafor", "bennett"}),
        givens=frozenset({("amelia", "grace"), ("millie",)}),
        birth_dates=frozenset({"2012-03-04"}),
        genders=frozenset({"female"}),
        postcodes=frozenset({"NS101AA"}),
        names=frozenset({Name("amelia", "grace", "okafor bennett"), Name("millie", "", "okafor bennett")}),
        homes=frozenset({Home("NS101AA", "")}),
        deceased=True,
        multiple_birth=True,
    )


@pytest.mark.parametrize(
    ("feed_verified", "more", "verified"),
    [
        pytest.param(True, {}, True, id="traced feed"),
        pytest.param(True, status("01"), True, id="traced feed and number"),
        pytest.param(True, status("number-present-and-verified"), True, id="the retired code"),
        pytest.param(True, status("02"), False, id="traced feed, number not"),
        pytest.param(False, status("01"), False, id="a claim by a feed nobody vouches for"),
        pytest.param(True, {"use": "old"}, False, id="replaced number"),
    ],
)
def test_a_number_is_verified_only_where_the_feed_is_vouched_for(
    feed_verified: bool, more: dict[str, Any], verified: bool
) -> None:
    one = person(identified(NHS_NUMBER, "9990123012", **more), BASE, verified=feed_verified)

    assert one.nhs_verified == (frozenset({"9990123012"}) if verified else frozenset())


@pytest.mark.parametrize(
    ("system", "value", "attribute"),
    [
        ("http://fhir.nhs.net/Id/nhs-number", "9990123012", "nhs"),
        (f"{BASE}/Id/upn", "M20190022104V", "upns_temporary"),
        (f"{BASE}/Id/upn", "B201900119033", "upns_wrong"),
    ],
)
def test_an_identifier_is_known_for_what_it_is(system: str, value: str, attribute: str) -> None:
    one = person(identified(system, value), BASE)

    assert one == Person(**{attribute: frozenset({value})})


@pytest.mark.parametrize(
    ("system", "value"),
    [
        pytest.param(NHS_NUMBER, "9990123013", id="check digit"),
        pytest.param(f"{BASE}/Id/upn", "UN4", id="a code for no UPN"),
        pytest.param("https://elsewhere.example/Id/upn", "F201900116001", id="somebody else's system"),
        pytest.param(f"{BASE}/Id/la-child-id/201", "000", id="only zeros"),
    ],
)
def test_what_is_no_sound_identifier_is_left_out(system: str, value: str) -> None:
    assert person(identified(system, value), BASE) == Person()


def test_a_name_that_is_only_a_text_is_taken_apart() -> None:
    one = person(patient(name=[{"text": "Ava-Mae Thompson"}]), BASE)

    assert one.givens == {("ava", "mae")} and one.families == {"thompson"}


@pytest.mark.parametrize(
    "written", ["2012-02-30", "2012-3-4", "04/03/2012", "20120304", "2012-W10-7", 2012, None]
)
def test_what_is_no_date_is_no_birth_date(written: Any) -> None:
    assert person(patient(birthDate=written), BASE).birth_dates == frozenset()


def test_a_patient_with_thousands_of_identifiers_stays_small() -> None:
    many = [{"system": f"{BASE}/Id/la-child-id/201", "value": str(n + 1)} for n in range(5000)]

    assert len(person(patient(identifier=many), BASE).la_ids) == 50


@pytest.mark.parametrize(
    ("pairs", "several"),
    [
        ([(NHS_NUMBER, "9990123012"), (NHS_NUMBER, "9990123020")], True),
        ([(NHS_NUMBER, "9990123012"), (NHS_NUMBER, "999 012 3012")], False),
        ([(f"{BASE}/Id/upn", "F201900116001"), (f"{BASE}/Id/upn", "F201900115027")], True),
        ([(f"{BASE}/Id/la-child-id/201", "1"), (f"{BASE}/Id/la-child-id/201", "2")], True),
        ([(f"{BASE}/Id/la-child-id/201", "1"), (f"{BASE}/Id/la-child-id/202", "2")], False),
    ],
)
def test_two_numbers_where_a_child_has_one_are_noticed(pairs: list[tuple[str, str]], several: bool) -> None:
    told = patient(identifier=[{"system": system, "value": value} for system, value in pairs])

    assert person(told, BASE).several is several


def test_the_records_of_one_child_say_all_that_each_says() -> None:
    one = Person(upns=frozenset({"F201900116001"}), birth_dates=frozenset({"2012-03-04"}))
    other = Person(birth_dates=frozenset({"2012-04-03"}), deceased=True)

    assert united([one, other]) == Person(
        upns=frozenset({"F201900116001"}),
        birth_dates=frozenset({"2012-03-04", "2012-04-03"}),
        deceased=True,
    )
    assert united([one]) == one
    assert united([]) == Person()


ELEMENTS = ["identifier", "name", "birthDate", "gender", "address", "deceasedBoolean", "multipleBirthInteger"]
MEMBERS = [
    "system",
    "value",
    "use",
    "extension",
    "url",
    "family",
    "given",
    "text",
    "postalCode",
    "coding",
    "code",
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(NHS_NUMBER),
    lambda kids: st.lists(kids, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), kids, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(ELEMENTS), JUNK))
def test_whatever_a_client_writes_a_person_comes_out(written: dict[str, Any]) -> None:
    assert isinstance(person(written, BASE, verified=True), Person)
