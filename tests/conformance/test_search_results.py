"""The order, pages and shape of what is found; the ids are those of the project's REST checklist."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from served import Caller, Served

BASES = pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
SYSTEM = "https://fhirgate.example/test"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Ward:
    """Observations of one child, found by their code; each is called by its note."""

    caller: Caller
    name: str

    @property
    def code(self) -> str:
        return f"code={SYSTEM}|{self.name}"

    def notes(self, base: str, query: str) -> list[str]:
        """The notes of what is found, in its order."""
        answer = self.caller.get(f"{base}/Observation?{self.code}&{query}")
        assert answer.status_code == 200, answer.text
        return noted(answer.json())


def noted(bundle: dict[str, Any]) -> list[str]:
    entries = [each for each in bundle.get("entry", ()) if each["search"]["mode"] == "match"]
    return [each["resource"]["note"][0]["text"] for each in entries]


def link(bundle: dict[str, Any], relation: str) -> str:
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), "")


def code(answer: Any) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


def observation(name: str, note: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": SYSTEM, "code": name}]},
        "subject": {"reference": f"Patient/{name}"},
        "note": [{"text": note}],
        **more,
    }


@pytest.fixture(scope="module")
def ward(clinic: Caller) -> Ward:
    """Two observations on one day, one on another, two without a date; some with a value."""
    name = uuid4().hex[:20]
    clinic.tell("clinic", {"resourceType": "Patient", "id": name, "name": [{"family": f"F{name}"}]})
    for note, date, value in (
        ("a", "2025-01-01", 3),
        ("b", "2025-01-02", 1),
        ("c", "2025-01-01", None),
        ("d", "", 2),
        ("e", "", None),
    ):
        more: dict[str, Any] = {"effectiveDateTime": date} if date else {}
        if value is not None:
            more["valueQuantity"] = {"value": value, "unit": "kg"}
        clinic.tell("clinic", observation(name, note, **more))
    return Ward(clinic, name)


@BASES
@pytest.mark.parametrize(
    ("order", "notes"),
    [
        ("date,value-quantity", "a c b d e"),
        ("-date,value-quantity", "b a c d e"),
        ("date,-value-quantity", "a c b d e"),
        ("value-quantity", "b d a"),
        ("-value-quantity", "a d b"),
        ("-value-quantity,date", "a d b c e"),
        ("value-quantity,-date", "b d a c e"),
        ("status,-value-quantity,-date", "a d b c e"),
    ],
)
def test_Q1_what_has_no_value_comes_last_in_either_direction(
    ward: Ward, base: str, order: str, notes: str
) -> None:
    expected = notes.split()
    found = ward.notes(base, f"_sort={order}")

    assert len(found) == 5
    assert found[: len(expected)] == expected


@BASES
@pytest.mark.parametrize(
    "order", ["date,value-quantity", "-date,-value-quantity", "-_lastUpdated", "_id", "status"]
)
def test_Q1_Q3_each_order_is_walked_without_a_gap(ward: Ward, base: str, order: str) -> None:
    pages, url = [], f"{base}/Observation?{ward.code}&_sort={order}&_count=2"
    while url:
        bundle = ward.caller.get(url).json()
        assert bundle["total"] == 5
        pages += noted(bundle)
        url = link(bundle, "next")

    assert pages == ward.notes(base, f"_sort={order}")
    assert sorted(pages) == ["a", "b", "c", "d", "e"]


@BASES
@pytest.mark.parametrize(
    ("order", "ids"), [("onset-date", "early late none"), ("-onset-date", "late early none")]
)
def test_Q1_another_date_does_not_stand_in_for_the_one_that_is_sorted_by(
    clinic: Caller, base: str, order: str, ids: str
) -> None:
    name = uuid4().hex[:20]
    clinic.tell("clinic", {"resourceType": "Patient", "id": name})
    for note, when in (
        ("early", {"onsetDateTime": "2019-05"}),
        ("none", {"recordedDate": "2024-01-10"}),
        ("late", {"onsetPeriod": {"start": "2021-01-01"}, "recordedDate": "2022-01-01"}),
    ):
        told = {"resourceType": "Condition", "subject": {"reference": f"Patient/{name}"}, **when}
        clinic.tell(
            "clinic", {**told, "id": f"{name}-{note}", "note": [{"text": note}], "code": {"text": name}}
        )

    bundle = clinic.get(f"{base}/Condition?code:text={name}&_sort={order}").json()

    assert [each["resource"]["note"][0]["text"] for each in bundle["entry"]] == ids.split()


@pytest.mark.parametrize("order", ["nonsense", "date,nonsense", "subject", "-", "_text", "_score"])
def test_Q1_an_unknown_key_is_refused_or_left_out_and_named(ward: Ward, order: str) -> None:
    asked = f"fhir/Observation?{ward.code}&_sort={order}"

    refused = ward.caller.get(asked)
    lenient = ward.caller.get(asked, Prefer="handling=lenient").json()

    assert (refused.status_code, code(refused)) == (400, "search.sort")
    assert "_sort" not in link(lenient, "self")
    assert lenient["entry"][-1]["search"]["mode"] == "outcome"
    assert noted(lenient) == ward.notes("fhir", "")


@BASES
def test_S17_the_order_without_sort_is_the_newest_first_and_always_the_same(ward: Ward, base: str) -> None:
    orders = [ward.notes(base, "") for _ in range(3)]

    assert orders[0] == orders[1] == orders[2]
    assert orders[0][0] == "b"
    assert sorted(orders[0][1:3]) == ["a", "c"]
    assert sorted(orders[0][3:]) == ["d", "e"]


@BASES
def test_Q2_a_page_is_never_larger_than_the_server_allows(ward: Ward, base: str) -> None:
    bundle = ward.caller.get(f"{base}/Observation?_count=100000").json()

    assert len(bundle["entry"]) <= 500
    assert dict(parse_qsl(urlsplit(link(bundle, "self")).query))["_count"] == "500"


@pytest.mark.parametrize("value", ["-1", "1.5", "many", "1,2", "99999999999999999999"])
def test_Q2_a_count_that_is_none_is_refused(clinic: Caller, value: str) -> None:
    answer = clinic.get(f"fhir/Observation?_count={value}")

    assert (answer.status_code, code(answer)) == (400, "search.value")


@BASES
def test_Q3_links_lead_on_and_back_to_the_first_page(ward: Ward, base: str) -> None:
    first = ward.caller.get(f"{base}/Observation?{ward.code}&_count=2&_sort=date").json()
    second = ward.caller.get(link(first, "next")).json()
    third = ward.caller.get(link(second, "next")).json()
    again = ward.caller.get(link(third, "first")).json()

    relations = [[each["relation"] for each in page["link"]] for page in (first, second, third, again)]
    assert relations == [["self", "next"], ["self", "first", "next"], ["self", "first"], ["self", "next"]]
    assert noted(again) == noted(first)
    assert again["total"] == 5
    assert ward.caller.get(link(again, "next")).json()["entry"] == second["entry"]
    assert all(ward.name not in link(page, "first") for page in (second, third))


def test_Q3_the_first_page_of_a_search_by_post(ward: Ward) -> None:
    asked = f"{ward.code}&_count=2&_sort=date"
    first = ward.caller.ask("POST", "fhir/Observation/_search", asked, Content_Type=FORM).json()
    second = ward.caller.get(link(first, "next")).json()

    assert noted(ward.caller.get(link(second, "first")).json()) == noted(first)


@BASES
@pytest.mark.parametrize("order", ["", "&_sort=date", "&_sort=_lastUpdated"])
def test_Q3_while_many_write_what_was_there_is_met_once(clinic: Caller, base: str, order: str) -> None:
    name = uuid4().hex[:20]
    clinic.tell("clinic", {"resourceType": "Patient", "id": name, "name": [{"family": f"F{name}"}]})
    old = [f"old {number}" for number in range(12)]
    # ties: all are of one day
    for note in old:
        clinic.tell("clinic", observation(name, note, effectiveDateTime="2025-01-01"))

    def write(number: int) -> None:
        day = f"2025-01-0{number % 3 + 1}"
        Caller(clinic.url, clinic.token).tell(
            "clinic", observation(name, f"new {number}", effectiveDateTime=day)
        )

    met: list[str] = []
    url = f"{base}/Observation?code={SYSTEM}|{name}&_count=3{order}"
    with ThreadPoolExecutor(3) as writers:
        writing = [writers.submit(write, number) for number in range(24)]
        while url:
            bundle = clinic.get(url).json()
            met += noted(bundle)
            url = link(bundle, "next")
        for each in writing:
            each.result()

    assert sorted(note for note in met if note.startswith("old")) == sorted(old)
    assert len(met) == len(set(met))


@BASES
def test_Q4_the_total_counts_what_the_caller_may_see(ward: Ward, base: str) -> None:
    totals = [
        ward.caller.get(f"{base}/Observation?{ward.code}&_count=2&_total={how}").json().get("total")
        for how in ("none", "estimate", "accurate")
    ]

    assert totals == [None, 5, 5]
    assert code(ward.caller.get(f"{base}/Observation?_total=some")) == "search.value"


@BASES
@pytest.mark.parametrize(
    ("how", "there", "gone"),
    [
        ("true", {"status", "code"}, {"note"}),
        ("text", {"status", "code"}, {"note", "subject"}),
        ("data", {"status", "code", "note", "subject"}, {"text"}),
    ],
)
def test_Q5_a_summary_has_what_it_is_of(
    ward: Ward, base: str, how: str, there: set[str], gone: set[str]
) -> None:
    bundle = ward.caller.get(f"{base}/Observation?{ward.code}&_summary={how}").json()

    assert len(bundle["entry"]) == 5
    for each in bundle["entry"]:
        resource = each["resource"]
        assert there <= resource.keys() and not gone & resource.keys()
        assert resource["meta"]["tag"][-1]["code"] == "SUBSETTED"


@BASES
def test_Q6_an_unknown_element_is_refused_or_left_out_and_named(ward: Ward, base: str) -> None:
    asked = f"{base}/Observation?{ward.code}&_elements=note,nonsense"

    refused = ward.caller.get(asked)
    lenient = ward.caller.get(asked, Prefer="handling=lenient").json()
    kept = ward.caller.get(f"{base}/Observation?{ward.code}&_elements=note").json()

    assert (refused.status_code, code(refused)) == (400, "search.unknown-element")
    assert "_elements" not in link(lenient, "self")
    for each in kept["entry"]:
        resource = each["resource"]
        assert resource.keys() == {"resourceType", "id", "meta", "status", "code", "note"}
        assert resource["meta"]["versionId"]
        assert resource["meta"]["tag"][-1]["code"] == "SUBSETTED"


@BASES
@pytest.mark.parametrize(
    "query",
    [
        "_contained=true",
        "_contained=both",
        "_containedType=container",
        "_query=current-high-risk",
        "_score=1",
        "_filter=code eq 1",
        "_type=Observation",
    ],
)
def test_Q12_what_is_not_done_is_refused_or_left_out_and_named(ward: Ward, base: str, query: str) -> None:
    asked = f"{base}/Observation?{ward.code}&{query}"

    refused = ward.caller.get(asked)
    lenient = ward.caller.get(asked, Prefer="handling=lenient").json()

    assert (refused.status_code, refused.json()["issue"][0]["code"]) == (400, "not-supported")
    assert code(refused) == "search.not-supported"
    name = query.partition("=")[0]
    assert name not in link(lenient, "self")
    issue = lenient["entry"][-1]["resource"]["issue"][0]
    assert (issue["severity"], name in issue["details"]["text"]) == ("warning", True)
