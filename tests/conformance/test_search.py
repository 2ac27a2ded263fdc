"""Searching a type; the ids are those of the project's REST checklist."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from fhir.resources.R4B.bundle import Bundle
from served import NHS, Caller, Served

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def clinic(served: Served) -> Caller:
    return served.caller("clinic")


@pytest.fixture(scope="module")
def family(clinic: Caller) -> str:
    """The family name of seven Patients, and of nobody else."""
    name = f"F{uuid4().hex}"
    for number in range(7):
        patient = {
            "resourceType": "Patient",
            "id": f"{name[:20]}-{number}",
            "name": [{"family": name, "given": [f"Given{number}"]}],
            "birthDate": f"2015-03-{number + 1:02}",
        }
        clinic.tell("clinic", patient)
    return name


def code(answer: Any) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


def ids(bundle: dict[str, Any]) -> list[str]:
    return [each["resource"]["id"] for each in bundle.get("entry", ()) if each["search"]["mode"] == "match"]


def link(bundle: dict[str, Any], relation: str) -> str:
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), "")


def walked(clinic: Caller, path: str) -> list[list[str]]:
    """The ids on each page, following the next links."""
    pages, url = [], path
    while url and len(pages) < 50:
        bundle = clinic.get(url).json()
        pages.append(ids(bundle))
        url = link(bundle, "next")
    return pages


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_S1_get_and_post_ask_alike_and_are_put_together(clinic: Caller, family: str, base: str) -> None:
    got = clinic.get(f"{base}/Patient?family={family}&birthdate=2015-03-02").json()
    posted = clinic.ask(
        "POST", f"{base}/Patient/_search", f"family={family}&birthdate=2015-03-02", Content_Type=FORM
    ).json()
    both = clinic.ask(
        "POST", f"{base}/Patient/_search?family={family}", "birthdate=2015-03-02", Content_Type=FORM
    ).json()

    assert ids(got) == ids(posted) == ids(both)
    assert len(ids(got)) == 1


def test_S1_a_post_without_a_body_asks_what_its_address_says(clinic: Caller, family: str) -> None:
    assert clinic.ask("POST", f"fhir/Patient/_search?family={family}").json()["total"] == 7


def test_S4_nothing_found_is_an_empty_bundle(clinic: Caller) -> None:
    answer = clinic.get("fhir/Patient?family=nobodyiscalledlikethis")

    assert answer.status_code == 200
    assert answer.json()["type"] == "searchset"
    assert answer.json()["total"] == 0
    assert "entry" not in answer.json()


def test_S5_the_self_link_shows_what_was_used_and_can_be_used_again(clinic: Caller, family: str) -> None:
    answer = clinic.get(
        f"fhir/Patient?family={family}&_count=3&nonsense=1&gender=&_format=json", Prefer="handling=lenient"
    ).json()
    url = link(answer, "self")

    assert dict(parse_qsl(urlsplit(url).query)) == {"family": family, "_count": "3"}
    assert ids(clinic.get(url).json()) == ids(answer)


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_S5_what_was_sent_in_a_body_is_in_no_address(clinic: Caller, family: str, base: str) -> None:
    asked = f"family={family}&_count=3&_elements=name"
    answer = clinic.ask("POST", f"{base}/Patient/_search", asked, Content_Type=FORM)
    following = link(answer.json(), "next")
    second = clinic.get(following).json()

    assert link(answer.json(), "self") == f"{clinic.url}/{base}/Patient/_search"
    assert [name for name, _ in parse_qsl(urlsplit(following).query)] == ["_cursor"]
    assert link(second, "self") == following
    assert all(family not in each["url"] for each in (*answer.json()["link"], *second["link"]))
    assert len({*ids(answer.json()), *ids(second)}) == 6
    assert not [each for each in second["entry"] if "birthDate" in each["resource"]], "_elements goes on"


@pytest.mark.parametrize(
    "query", ["nonsense=1", "family:nonsense=a", "_has:Observation:device:code=1", "_include=Patient:name"]
)
def test_S6_what_is_not_understood_is_refused(clinic: Caller, query: str) -> None:
    answer = clinic.get(f"fhir/Patient?{query}")

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("Patient?famly=x", "family"),
        ("Patient?birth-date=2012", "birthdate"),
        ("Observation?Code=x", "code"),
        ("Observation?patient.famly=x", "family"),
    ],
)
def test_S6_what_is_not_understood_is_told_what_was_meant_and_what_there_is(
    clinic: Caller, query: str, meant: str
) -> None:
    (issue,) = clinic.get(f"fhir/{query}").json()["issue"]

    assert issue["diagnostics"].startswith(f"Did you mean {meant}? Use one of: _id, ")


def test_S6_lenient_leaves_it_out_and_says_so(clinic: Caller, family: str) -> None:
    answer = clinic.get(f"fhir/Patient?family={family}&nonsense=1", Prefer="handling=lenient").json()

    assert answer["total"] == 7
    last = answer["entry"][-1]
    assert last["search"]["mode"] == "outcome"
    issue = last["resource"]["issue"][0]
    assert (issue["severity"], issue["details"]["coding"][0]["code"]) == ("warning", "http.ignored-parameter")
    assert issue["details"]["text"] == "The search parameter nonsense was not understood and left out"


@pytest.mark.parametrize(
    "query",
    [
        "birthdate=yesterday",
        "birthdate=2015-13-01",
        "identifier=a|b|c",
        "_lastUpdated=x",
        "_count=-1",
        "_count=many",
    ],
)
def test_S7_a_value_that_cannot_be_read_is_400(clinic: Caller, query: str) -> None:
    assert clinic.get(f"fhir/Patient?{query}").status_code == 400


@pytest.mark.parametrize("query", ["patient.birthdate=yesterday", "subject:Patient.birthdate=2015-13"])
def test_S7_inside_a_chain_as_well(clinic: Caller, query: str) -> None:
    assert clinic.get(f"fhir/Observation?{query}").status_code == 400


def test_S8_an_empty_value_is_ignored_and_an_empty_name_is_400(clinic: Caller, family: str) -> None:
    assert clinic.get(f"fhir/Patient?family={family}&gender=").json()["total"] == 7
    assert clinic.get("fhir/Patient?=x").status_code == 400


@pytest.mark.parametrize("query", ["_id=unknown", "organization=Organization/unknown", "gender=urn:x|y"])
def test_S9_a_logical_miss_is_an_empty_answer(clinic: Caller, query: str) -> None:
    answer = clinic.get(f"fhir/Patient?{query}")

    assert (answer.status_code, answer.json()["total"]) == (200, 0)


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
def test_S10_full_urls_lead_to_the_resources(clinic: Caller, family: str, base: str) -> None:
    bundle = clinic.get(f"{base}/Patient?family={family}").json()

    for entry in bundle["entry"]:
        assert entry["fullUrl"] == f"{clinic.url}/{base}/Patient/{entry['resource']['id']}"
        assert clinic.get(entry["fullUrl"]).json() == entry["resource"]


def test_S13_only_what_stands_now_is_found(clinic: Caller) -> None:
    old, new = f"F{uuid4().hex}", f"F{uuid4().hex}"
    told = clinic.tell("clinic", {"resourceType": "Patient", "name": [{"family": old}]})
    told["name"] = [{"family": new}]
    clinic.tell("clinic", told)

    found = [
        clinic.get(f"{base}/Patient?family={word}").json()["total"]
        for base in ("fhir", "feed/clinic")
        for word in (old, new)
    ]

    assert found == [0, 1, 0, 1]


def test_S14_names_of_parameters_are_case_sensitive(clinic: Caller) -> None:
    assert clinic.get("fhir/Patient?Family=a").status_code == 400


def test_Q2_count_caps_a_page_and_zero_is_a_count(clinic: Caller, family: str) -> None:
    three = clinic.get(f"fhir/Patient?family={family}&_count=3").json()
    none = clinic.get(f"fhir/Patient?family={family}&_count=0").json()
    most = clinic.get(f"fhir/Patient?family={family}&_count=999999")

    assert (len(ids(three)), three["total"]) == (3, 7)
    assert (ids(none), none["total"], link(none, "next")) == ([], 7, "")
    assert len(ids(most.json())) == 7


@pytest.mark.parametrize("base", ["fhir", "feed/clinic"])
@pytest.mark.parametrize("order", ["", "&_sort=birthdate", "&_sort=-birthdate", "&_sort=-_id"])
def test_Q3_a_walk_meets_each_match_once(clinic: Caller, family: str, base: str, order: str) -> None:
    pages = walked(clinic, f"{base}/Patient?family={family}&_count=3{order}")

    assert [len(page) for page in pages] == [3, 3, 1]
    whole = ids(clinic.get(f"{base}/Patient?family={family}{order}").json())
    assert [id for page in pages for id in page] == whole


@pytest.mark.parametrize("parameter", ["patient", "subject"])
def test_Q3_a_walk_over_what_is_about_one_child_is_in_order(clinic: Caller, parameter: str) -> None:
    id = str(uuid4())
    clinic.tell("clinic", {"resourceType": "Patient", "id": id, "name": [{"family": f"F{id[:8]}"}]})
    child = ids(clinic.get(f"fhir/Patient?family=F{id[:8]}").json())[0]
    # two on each day, some without a date: ties, and what has no place in time
    for number in range(8):
        observation = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Height"},
            "subject": {"reference": f"Patient/{id}"},
        }
        if number < 6:
            observation["effectiveDateTime"] = f"2025-01-0{number // 2 + 1}"
        clinic.tell("clinic", observation)

    pages = walked(clinic, f"fhir/Observation?{parameter}={child}&_count=3")
    filtered = walked(clinic, f"fhir/Observation?{parameter}={child}&status=final&_count=3")

    assert [len(page) for page in pages] == [3, 3, 2]
    assert len({id for page in pages for id in page}) == 8
    assert filtered == pages
    dates = [
        entry["resource"].get("effectiveDateTime", "")
        for entry in clinic.get(f"fhir/Observation?{parameter}={child}").json()["entry"]
    ]
    assert dates == sorted(dates, reverse=True)


def test_Q3_while_others_write(clinic: Caller) -> None:
    name = f"F{uuid4().hex}"
    for _ in range(6):
        clinic.tell("clinic", {"resourceType": "Patient", "name": [{"family": name}]})
    first = clinic.get(f"feed/clinic/Patient?family={name}&_count=3").json()
    clinic.tell("clinic", {"resourceType": "Patient", "id": "0" * 12 + name[:8], "name": [{"family": name}]})

    second = clinic.get(link(first, "next")).json()

    assert len({*ids(first), *ids(second)}) == len(ids(first)) + len(ids(second)) >= 6


def test_Q3_a_link_that_was_changed_or_is_anothers_leads_nowhere(served: Served, family: str) -> None:
    clinic, council = served.caller("clinic"), served.caller("council")
    url = link(clinic.get(f"fhir/Patient?family={family}&_count=3").json(), "next")

    changed = clinic.get(url[:-3] + "abc")
    anothers = council.get(url)
    other_question = clinic.get(f"{url}&family={family}")
    other_type = clinic.get(url.replace("/Patient?", "/Observation?"))
    other_base = clinic.get(url.replace("/fhir/", "/feed/clinic/"))
    two = clinic.get(f"{url}&_cursor=x")
    none = clinic.get("fhir/Patient?_cursor=")

    for answer in (changed, anothers, other_question, other_type, other_base, two, none):
        assert (answer.status_code, code(answer)) == (404, "search.cursor")


def test_Q3_a_link_may_be_followed_in_another_format_and_by_post(clinic: Caller, family: str) -> None:
    url = link(clinic.get(f"fhir/Patient?family={family}&_count=3").json(), "next")
    sealed = urlsplit(url).query

    plain = clinic.get(url)
    pretty = clinic.get(f"{url}&_format=json&_pretty=true")
    posted = clinic.ask("POST", "fhir/Patient/_search", sealed, Content_Type=FORM)

    assert ids(plain.json()) == ids(pretty.json()) == ids(posted.json())
    assert len(pretty.content.splitlines()) > 10
    assert link(posted.json(), "self") == f"{clinic.url}/fhir/Patient/_search"


def test_Q3_the_link_says_nothing_about_the_child_that_was_not_asked(clinic: Caller, family: str) -> None:
    bundle = clinic.get("fhir/Patient?_count=1").json()

    assert family not in link(bundle, "next")


def test_Q4_the_total_is_left_out_when_it_is_not_wanted(clinic: Caller, family: str) -> None:
    answers = [
        clinic.get(f"fhir/Patient?family={family}&_count=2&_total={how}").json()
        for how in ("none", "estimate", "accurate")
    ]

    assert [answer.get("total") for answer in answers] == [None, 7, 7]


def test_Q5_a_summary_marks_what_it_leaves_out_and_count_has_no_entries(clinic: Caller, family: str) -> None:
    counted = clinic.get(f"fhir/Patient?family={family}&_summary=count").json()
    data = clinic.get(f"fhir/Patient?family={family}&_summary=data").json()
    true = clinic.get(f"fhir/Patient?family={family}&_summary=true").json()
    false = clinic.get(f"fhir/Patient?family={family}&_summary=false").json()

    assert (counted["total"], "entry" in counted) == (7, False)
    for answer in (data, true):
        tags = [entry["resource"]["meta"]["tag"][-1]["code"] for entry in answer["entry"]]
        assert tags == ["SUBSETTED"] * 7
    assert not any("tag" in entry["resource"]["meta"] for entry in false["entry"])


def test_Q6_elements_keeps_what_must_be_there(clinic: Caller, family: str) -> None:
    answer = clinic.get(f"feed/clinic/Patient?family={family}&_elements=birthDate,gender").json()

    assert all(
        entry["resource"].keys() == {"resourceType", "id", "meta", "birthDate"} for entry in answer["entry"]
    )
    assert clinic.get(f"fhir/Patient?family={family}&_elements=nonsense").status_code == 400


def test_Q13_ids_are_exact_and_may_be_joined(clinic: Caller, family: str) -> None:
    one, two = f"{family[:20]}-1", f"{family[:20]}-2"

    either = clinic.get(f"feed/clinic/Patient?_id={one},{two}").json()
    both = clinic.get(f"feed/clinic/Patient?_id={one}&_id={two}").json()
    part = clinic.get(f"feed/clinic/Patient?_id={one[:-1]}").json()

    assert sorted(ids(either)) == [one, two]
    assert (both["total"], part["total"]) == (0, 0)


def test_S18_patient_and_subject_ask_alike(clinic: Caller) -> None:
    patient = clinic.tell(
        "clinic",
        {
            "resourceType": "Patient",
            "id": str(uuid4()),
            "identifier": [{"system": NHS, "value": "9990000034"}],
        },
    )
    clinic.tell(
        "clinic",
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "Height"},
            "subject": {"reference": f"Patient/{patient['id']}"},
        },
    )
    child = ids(clinic.get(f"fhir/Patient?identifier={NHS}|9990000034").json())[0]

    questions = [
        f"patient={child}",
        f"patient=Patient/{child}",
        f"subject=Patient/{child}",
        f"patient={clinic.url}/fhir/Patient/{child}",
        f"patient.identifier={NHS}|9990000034",
        "patient.identifier=NHS|999 000 0034",
    ]
    found = [clinic.get(f"fhir/Observation?{question}").json() for question in questions]

    assert len(ids(found[0])) == 1
    assert all(ids(each) == ids(found[0]) for each in found)
    assert found[0]["entry"][0]["resource"]["subject"] == {"reference": f"Patient/{child}"}


@pytest.mark.parametrize("query", ["", "&_count=2", "&_summary=count", "&_elements=name"])
def test_every_page_is_a_bundle_of_r4(clinic: Caller, family: str, query: str) -> None:
    answer = clinic.get(f"fhir/Patient?family={family}{query}")

    bundle = Bundle.model_validate_json(answer.content)
    assert bundle.type == "searchset"
    assert json.loads(answer.content)["resourceType"] == "Bundle"


def test_a_chain_needs_the_right_to_search_what_it_passes_through(served: Served, family: str) -> None:
    observer = served.caller("observer")

    plain = observer.get("fhir/Observation?status=final&_count=1")
    chained = observer.get(f"fhir/Observation?patient.family={family}")

    assert (plain.status_code, chained.status_code) == (200, 403)
    assert code(chained) == "security.scope-missing"
