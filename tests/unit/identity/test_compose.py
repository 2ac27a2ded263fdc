import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.fhir.json import read, write
from gateway.identity.compose import CONFIDENTIALITY, PROFILE, Composed, Told, compose
from gateway.identity.person import NHS_NUMBER, NHS_STATUS

BASE = "https://fhirgate.example"
CCI = "B7K2M9QX93"


def told(
    rec: int, when: str = "2026-01-01", *, verified: bool = False, sector: str = "education", **elements: Any
) -> Told:
    patient = {"resourceType": "Patient", "id": f"p{rec}", **elements}
    return Told(patient, sector, verified, f"{when}T00:00:00.000Z", f"feed{rec}", rec)


def of(*records: Told, official: str = "cci") -> Composed:
    return compose("child1", CCI, records, BASE, secret=b"a secret", official=official)


def nhs(value: str, **more: Any) -> dict[str, Any]:
    return {"system": NHS_NUMBER, "value": value, **more}


def upn(value: str, **more: Any) -> dict[str, Any]:
    return {"system": f"{BASE}/Id/upn", "value": value, **more}


def values(patient: dict[str, Any], system: str) -> list[tuple[str, str]]:
    return [(i["use"], i["value"]) for i in patient["identifier"] if i["system"] == system]


def status(patient: dict[str, Any]) -> str:
    (number,) = (i for i in patient["identifier"] if i["system"] == NHS_NUMBER)
    (extension,) = number["extension"]
    assert extension["url"] == NHS_STATUS
    return str(extension["valueCodeableConcept"]["coding"][0]["code"])


def test_a_child_with_one_bare_record_has_its_cci_and_profile() -> None:
    composed = of(told(1))

    assert composed.full == {
        "resourceType": "Patient",
        "id": "child1",
        "meta": {
            "versionId": composed.version,
            "lastUpdated": "2026-01-01T00:00:00.000Z",
            "profile": [PROFILE],
        },
        "identifier": [
            {
                "use": "official",
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                            "code": "NI",
                            "display": "National unique individual identifier",
                        }
                    ]
                },
                "system": f"{BASE}/Id/cci",
                "value": CCI,
            }
        ],
        "active": True,
    }


def test_upn_uln_and_case_number_are_in_the_full_form_only() -> None:
    record = told(
        1,
        identifier=[
            upn("F201900116001"),
            {"system": f"{BASE}/Id/uln", "value": "9999001237"},
            {"system": f"{BASE}/Id/la-child-id/201", "value": "0010234"},
            nhs("9990123012"),
            {"system": "https://hospital.example/mrn", "value": "123"},
        ],
    )

    composed = of(record)

    assert values(composed.full, f"{BASE}/Id/upn") == [("usual", "F201900116001")]
    assert values(composed.full, f"{BASE}/Id/uln") == [("secondary", "9999001237")]
    assert values(composed.full, f"{BASE}/Id/la-child-id/201") == [("secondary", "10234")]
    assert [i["system"] for i in composed.without_upn["identifier"]] == [f"{BASE}/Id/cci", NHS_NUMBER]
    for secret in (b"F201900116001", b"9999001237", b"10234"):
        assert secret not in write(composed.without_upn)
    # A hospital's own number would tell a school that the child is seen there.
    assert b"hospital" not in write(composed.full)


@pytest.mark.parametrize(
    ("records", "number", "code"),
    [
        pytest.param([told(1, identifier=[nhs("9990123012")])], "9990123012", "02", id="not traced"),
        pytest.param(
            [told(1, identifier=[nhs("9990123012")]), told(2, verified=True, identifier=[nhs("9990123012")])],
            "9990123012",
            "01",
            id="traced by one",
        ),
        pytest.param(
            [
                told(1, "2026-02-01", identifier=[nhs("9990123020")]),
                told(2, verified=True, identifier=[nhs("9990123012")]),
            ],
            "9990123012",
            "01",
            id="the traced one wins",
        ),
        pytest.param(
            [told(1, "2026-02-01", identifier=[nhs("9990123020")]), told(2, identifier=[nhs("9990123012")])],
            "9990123020",
            "05",
            id="a conflict is said",
        ),
        pytest.param(
            [told(1, identifier=[nhs("9990123012", use="old"), nhs("9990123020")])],
            "9990123020",
            "02",
            id="a replaced number is not shown",
        ),
    ],
)
def test_the_one_nhs_number_says_how_far_it_can_be_trusted(
    records: list[Told], number: str, code: str
) -> None:
    composed = of(*records)

    assert values(composed.full, NHS_NUMBER) == [("secondary", number)]
    assert status(composed.full) == code


def test_a_verified_nhs_number_is_official_where_the_setting_says_so() -> None:
    verified = told(1, verified=True, identifier=[nhs("9990123012")])
    unverified = told(1, identifier=[nhs("9990123012")])

    official = of(verified, official="nhs-number").full
    kept = of(unverified, official="nhs-number").full

    assert [i["use"] for i in official["identifier"]] == ["secondary", "official"]
    assert [i["use"] for i in kept["identifier"]] == ["official", "secondary"]


def test_a_permanent_upn_comes_before_a_temporary_one_and_a_wrong_one_is_left_out() -> None:
    records = [
        told(1, "2026-03-01", identifier=[upn("M20190022104V"), upn("B201900119033")]),
        told(2, identifier=[upn("F201900115027")]),
    ]

    assert values(of(*records).full, f"{BASE}/Id/upn") == [
        ("usual", "F201900115027"),
        ("old", "M20190022104V"),
    ]
    assert values(of(records[0]).full, f"{BASE}/Id/upn") == [("temp", "M20190022104V")]


def test_the_verified_record_speaks_first_and_then_the_most_recent() -> None:
    old, recent = told(1, "2025-01-01", gender="male"), told(2, "2026-01-01", gender="female")
    traced = told(3, "2024-01-01", verified=True, gender="other")

    assert of(old, recent).full["gender"] == "female"
    assert of(old, recent, traced).full["gender"] == "other"


def test_the_birth_date_most_records_agree_on_wins_over_the_latest() -> None:
    swapped = told(1, "2026-05-01", birthDate="2012-04-03")
    right = [told(n, "2025-01-01", birthDate="2012-03-04") for n in (2, 3)]

    assert of(swapped, *right).full["birthDate"] == "2012-03-04"
    assert (
        of(swapped, told(4, verified=True, birthDate="2012-04-03"), *right).full["birthDate"] == "2012-04-03"
    )
    assert of(told(1, "2026-05-01", birthDate="2012"), right[0]).full["birthDate"] == "2012-03-04"


def test_names_and_addresses_of_before_are_kept_as_old() -> None:
    before = told(
        1,
        "2024-01-01",
        name=[{"use": "official", "family": "KOWALSKI", "given": ["DANIEL"]}],
        address=[{"line": ["1 Old Street"], "postalCode": "ZZ12 3CC"}],
    )
    now = told(
        2,
        "2026-01-01",
        name=[
            {"use": "official", "family": "Smith", "given": ["Daniel"]},
            {"use": "usual", "given": ["Danny"], "family": "Smith"},
            {"use": "old", "family": "Kowalski"},
        ],
        address=[{"use": "home", "line": ["2 New Street"], "postalCode": "ZZ13 4DD"}],
    )

    full = of(before, now).full

    assert full["name"] == [
        {"use": "official", "family": "Smith", "given": ["Daniel"]},
        {"use": "usual", "given": ["Danny"], "family": "Smith"},
        {"use": "old", "family": "Kowalski"},
        {"use": "old", "family": "KOWALSKI", "given": ["DANIEL"]},
    ]
    assert full["address"] == [
        {"use": "home", "line": ["2 New Street"], "postalCode": "ZZ13 4DD"},
        {"use": "old", "line": ["1 Old Street"], "postalCode": "ZZ12 3CC"},
    ]


def test_one_name_written_in_two_ways_is_said_once_and_in_full() -> None:
    records = [
        told(1, "2026-02-01", name=[{"family": "Okafor Bennett", "given": ["Amelia"]}]),
        told(2, name=[{"family": "Okafor-Bennett", "given": ["Amelia", "Grace"]}]),
    ]

    assert of(*records).full["name"] == [
        {"family": "Okafor-Bennett", "given": ["Amelia", "Grace"], "use": "official"}
    ]


def test_a_postcode_alone_gives_way_to_the_address_it_belongs_to() -> None:
    council = told(1, "2026-02-01", address=[{"postalCode": "ZZ10 1AA"}])
    school = told(2, address=[{"line": ["14 Larch Walk"], "postalCode": "zz101aa"}])

    assert of(council, school).full["address"] == [{"line": ["14 Larch Walk"], "postalCode": "zz101aa"}]


def test_references_to_a_feed_s_own_resources_become_logical() -> None:
    practice = {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "Z99999"}
    record = told(
        1,
        managingOrganization={"reference": "Organization/7", "identifier": practice},
        generalPractitioner=[
            {"reference": "Organization/8"},
            {"reference": "Organization/9", "display": "Dr Test"},
        ],
        contact=[{"name": {"family": "Okafor"}, "organization": {"reference": "#x"}}],
    )

    full = of(record).full

    assert full["managingOrganization"] == {"identifier": practice}
    assert full["generalPractitioner"] == [{"display": "Dr Test"}]
    assert full["contact"] == [{"name": {"family": "Okafor"}}]


def test_only_extensions_for_everybody_are_composed() -> None:
    ethnic = {
        "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory",
        "valueCode": "A",
    }
    record = told(1, extension=[{"url": "https://council.example/plan", "valueString": "secret"}, ethnic])

    assert of(record).full["extension"] == [ethnic]


def test_a_death_and_a_birth_of_several_are_said_in_the_fuller_form() -> None:
    records = [
        told(1, "2026-02-01", multipleBirthBoolean=True),
        told(2, deceasedBoolean=True, deceasedDateTime="2026-01-01", multipleBirthInteger=2),
    ]

    full = of(*records).full

    assert full["deceasedDateTime"] == "2026-01-01" and "deceasedBoolean" not in full
    assert full["multipleBirthBoolean"] is True and "multipleBirthInteger" not in full


def test_the_most_restrictive_label_holds_and_others_are_kept() -> None:
    def labelled(rec: int, *codes: tuple[str, str]) -> Told:
        return told(rec, meta={"security": [{"system": system, "code": code} for system, code in codes]})

    records = [
        labelled(1, (CONFIDENTIALITY, "N")),
        labelled(2, (CONFIDENTIALITY, "R"), ("https://x.example", "A")),
    ]

    assert of(*records).full["meta"]["security"] == [
        {"system": CONFIDENTIALITY, "code": "R"},
        {"system": "https://x.example", "code": "A"},
    ]


RECORDS = [
    told(1, birthDate="2012-03-04", name=[{"family": "A", "given": ["X"]}], identifier=[nhs("9990123012")]),
    told(2, birthDate="2012-04-03", name=[{"family": "B", "given": ["X"]}], identifier=[nhs("9990123020")]),
    told(3, verified=True, name=[{"family": "C"}], telecom=[{"system": "phone", "value": "07700 900101"}]),
    told(4, "2026-07-01", gender="female", address=[{"postalCode": "ZZ10 1AA"}]),
]


def test_the_order_of_the_records_changes_no_byte() -> None:
    written = {write(of(*order).full) for order in itertools.permutations(RECORDS)}

    assert len(written) == 1


def test_who_sees_no_upn_cannot_try_it_out_against_the_version() -> None:
    record = told(1, identifier=[upn("H801200001001")])

    one, other = (compose("child1", CCI, [record], BASE, secret=secret) for secret in (b"one", b"other"))

    assert one.version != other.version, "the content alone does not give it"
    assert one.full["identifier"] == other.full["identifier"]


def test_the_version_follows_the_content_and_nothing_else() -> None:
    before = of(RECORDS[0])
    later = of(told(1, "2026-09-09", **{k: v for k, v in RECORDS[0].patient.items() if k != "id"}))
    other = of(told(1, birthDate="2012-03-05"))

    assert before.version == later.version and before.last_updated < later.last_updated
    assert before.version != other.version
    assert before.full["meta"]["versionId"] == before.without_upn["meta"]["versionId"] == before.version


def test_the_latest_of_the_records_dates_the_child() -> None:
    assert of(*RECORDS).last_updated == "2026-07-01T00:00:00.000Z"


def test_a_decimal_keeps_its_digits() -> None:
    patient = read('{"address":[{"postalCode":"ZZ10 1AA","extension":[{"url":"x","valueDecimal":51.50}]}]}')

    assert b"51.50" in write(of(told(1, **patient)).full)


ELEMENTS = ["identifier", "name", "birthDate", "gender", "address", "telecom", "contact", "extension", "meta"]
ELEMENTS += [
    "generalPractitioner",
    "managingOrganization",
    "deceasedBoolean",
    "multipleBirthInteger",
    "active",
]
MEMBERS = [
    "system",
    "value",
    "use",
    "extension",
    "url",
    "family",
    "given",
    "line",
    "security",
    "code",
    "organization",
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | st.just(NHS_NUMBER),
    lambda kids: st.lists(kids, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), kids, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(ELEMENTS), JUNK))
def test_whatever_a_client_writes_a_patient_comes_out(written: dict[str, Any]) -> None:
    full = of(told(1, **written), RECORDS[0]).full

    assert read(write(full)) == full


@pytest.mark.parametrize("code", ["R", "V"])
def test_where_a_restricted_child_is_can_be_read_off_no_element(code: str) -> None:
    place = {
        "address": [{"postalCode": "ZZ10 1AA"}],
        "telecom": [{"system": "phone", "value": "0117 4960000"}],
        "contact": [{"name": {"family": "Okafor"}}],
        "generalPractitioner": [{"display": "The Surgery"}],
        "managingOrganization": {"display": "The Clinic"},
    }
    flag = {"security": [{"system": CONFIDENTIALITY, "code": code}]}

    open_ = of(told(1, **place), told(2)).full
    restricted = of(told(1, **place), told(2, meta=flag)).full

    assert set(place) <= set(open_)
    assert not set(place) & set(restricted)
    assert restricted["meta"]["security"][0]["code"] == code
