"""One stored text, two faces."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.fhir.faces import asked, marked, told
from gateway.fhir.json import read, write


def public_id(kind: str, local: str) -> str:
    return f"{kind}-{local}".lower()


def stored(resource: dict[str, object], patient: str | None = "p1") -> tuple[bytes, bytes]:
    made = marked(write(resource), patient, public_id)
    return made.body, made.told


def test_the_asking_base_shows_the_child_and_public_ids() -> None:
    body, _ = stored(
        {
            "resourceType": "Observation",
            "id": "o1",
            "subject": {"reference": "Patient/p1"},
            "performer": [{"reference": "Organization/LA-201"}],
        }
    )

    answer = read(asked(body, b"child9"))

    assert answer["id"] == "observation-o1"
    assert answer["subject"]["reference"] == "Patient/child9"
    assert answer["performer"][0]["reference"] == "Organization/organization-la-201"


def test_another_patient_of_the_feed_is_not_taken_for_the_child() -> None:
    body, _ = stored({"resourceType": "Observation", "id": "o1", "performer": [{"reference": "Patient/p2"}]})

    assert read(asked(body, b"child9"))["performer"][0]["reference"] == "Patient/patient-p2"


def test_absolute_contained_and_logical_references_stay_as_they_are() -> None:
    resource = {
        "resourceType": "Observation",
        "id": "o1",
        "performer": [{"reference": "#x"}, {"reference": "https://other.example/Patient/p1"}],
        "note": [{"text": 'he wrote "reference":"Patient/p1" here'}],
    }
    body, _ = stored(resource)

    assert read(asked(body, b"c")) == {**resource, "id": "observation-o1"}


IDS = st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True)


@given(own=IDS, patient=IDS, others=st.lists(IDS, max_size=4), text=st.text(max_size=30))
def test_the_feed_reads_back_what_it_wrote(own: str, patient: str, others: list[str], text: str) -> None:
    resource = {
        "resourceType": "Observation",
        "id": own,
        "valueString": text,
        "subject": {"reference": f"Patient/{patient}"},
        "performer": [{"reference": f"Patient/{other}"} for other in others],
        "derivedFrom": [{"reference": f"Observation/{other}/_history/3"} for other in others],
    }
    body, words = stored(resource, patient)

    assert told(body, words) == write(resource)
