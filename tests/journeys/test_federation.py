"""One question over HTTP, answered from the gateway's own records and from servers of other makes."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from gates import BASE, load, ndjson
from liar import Liar
from peers import Peer, child, new_nhs_number, observation, seed
from served import SETTINGS, token_for

from gateway import config as settings
from gateway.app import create_app
from gateway.web.site import Site

CCI = f"{BASE}/Id/cci"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
UPSTREAM = """
[upstreams.{name}]
name = "The {name}"
base_url = "{url}"
timeout = {timeout}
types = ["Observation"]
"""
Resource = dict[str, Any]


class House:
    """A gateway in this process with connected servers, and what one of its clients asks it."""

    def __init__(self, folder: Path, upstreams: dict[str, str], deadline: float, timeout: float) -> None:
        tables = "".join(
            UPSTREAM.format(name=name, url=url, timeout=timeout) for name, url in upstreams.items()
        )
        file = folder / "gateway.toml"
        file.write_text(f"deadline = {deadline}\n" + SETTINGS + tables, "utf-8")
        config = settings.load(file, {})
        site = create_app(config)
        assert isinstance(site, Site)
        self.site = site
        self.gateway = site.door.gateway
        self.token = token_for(config, "council")

    def knows(self, person: Resource, own: Sequence[Resource] = (), *, verified: bool = True) -> str:
        """Tell the gateway of a child, and of what happened; its CCI."""
        feed = "clinic" if verified else "school"
        about = [
            {**each, "id": f"own-{number}", "subject": {"reference": "Patient/p1"}}
            for number, each in enumerate(own)
        ]
        load(self.gateway, feed, ndjson({**person, "id": "p1"}, *about))
        record = self.gateway.store.record(feed, "p1")
        assert record is not None and record.child is not None
        return self.gateway.store.children([record.child])[record.child].cci

    def ask(self, path: str, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        return self.site.test_client().get(path, headers=sent)

    def bundle(self, path: str, **headers: str) -> Resource:
        answer = self.ask(path, **headers)
        assert answer.status_code == 200, answer.text
        found: Resource = json.loads(answer.text)
        return found


Houses = Callable[..., House]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Houses]:
    made: list[House] = []

    def make(deadline: float = 20, timeout: float = 10, **upstreams: str) -> House:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(House(folder, upstreams, deadline, timeout))
        return made[-1]

    yield make
    for each in made:
        each.gateway.close()


@pytest.fixture
def ola() -> Resource:
    return child(new_nhs_number())


def matches(bundle: Resource) -> list[Resource]:
    return [each["resource"] for each in bundle["entry"] if each["search"]["mode"] == "match"]


def account(bundle: Resource) -> dict[str, str]:
    """What the last entry says: problem code to text; it is the only entry that is not a match."""
    outcomes = [each for each in bundle["entry"] if each["search"]["mode"] == "outcome"]
    assert outcomes == bundle["entry"][-1:]
    issues = outcomes[0]["resource"]["issue"]
    return {f"{issue['details']['coding'][0]['code']}": issue["details"]["text"] for issue in issues}


def told_by(bundle: Resource) -> list[str]:
    return [issue["details"]["text"] for issue in bundle["entry"][-1]["resource"]["issue"]]


def following(bundle: Resource) -> str:
    return next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")


def question(cci: str, more: str = "") -> str:
    return f"/fhir/Observation?patient.identifier={CCI}|{cci}{more}"


def test_pages_across_two_makes_and_our_own_rows_show_everything_once_and_in_order(
    house: Houses, hapi: Peer, medplum: Peer, ola: Resource
) -> None:
    at_hapi = [observation(f"2025-{month:02d}-{day:02d}") for month in range(1, 6) for day in range(1, 8)]
    at_medplum = [observation(f"2025-{month:02d}-05T12:00:00Z") for month in range(1, 13)] + [observation("")]
    own = [observation(f"2025-{month:02d}-03") for month in range(1, 10)] + [observation("")]
    there = {seed(hapi, ola, at_hapi), seed(medplum, ola, at_medplum)}
    home = house(hapi=hapi.base_url, medplum=medplum.base_url)
    cci = home.knows(ola, own)

    walked: list[Resource] = []
    url = question(cci, "&_count=7")
    pages = 0
    while url:
        page = home.bundle(url)
        said = told_by(page)
        for source in ("own records", "The hapi", "The medplum"):
            assert any(source in line for line in said), said
        walked += matches(page)
        url = following(page)
        pages += 1
        assert pages < 20

    assert len(walked) == len({each["id"] for each in walked}) == 35 + 13 + 10
    days = [each.get("effectiveDateTime", "") for each in walked]
    assert sorted(filter(None, days), key=_moment, reverse=True) == days[: len(days) - 2]
    assert days[-2:] == ["", ""]
    (patient,) = matches(home.bundle(f"/fhir/Patient?identifier={CCI}|{cci}"))
    assert {each["subject"]["reference"] for each in walked} == {f"Patient/{patient['id']}"}
    assert not [each for each in walked if any(id_ in json.dumps(each) for id_ in there)]
    sources = {
        each["meta"]["source"].rpartition("/")[2] for each in walked if "/upstream/" in each["meta"]["source"]
    }
    assert sources == {"hapi", "medplum"}


def _moment(day: str) -> str:
    return day if "T" in day else f"{day}T00:00:00Z"


def test_the_first_page_says_how_many_there_are_and_what_each_source_did(
    house: Houses, hapi: Peer, medplum: Peer, ola: Resource
) -> None:
    seed(hapi, ola, [observation("2025-01-01"), observation("2025-02-01")])
    seed(medplum, ola, [observation("2025-01-15")])
    home = house(hapi=hapi.base_url, medplum=medplum.base_url)
    cci = home.knows(ola, [observation("2025-01-20")])

    bundle = home.bundle(question(cci))

    assert bundle["total"] == 4
    here, from_hapi, from_medplum = told_by(bundle)
    assert "own records: 1" in here
    assert "The hapi" in from_hapi and "2" in from_hapi
    assert "The medplum" in from_medplum and "1" in from_medplum


def test_references_within_another_servers_resource_are_under_our_names(
    house: Houses, hapi: Peer, ola: Resource
) -> None:
    there = hapi.create(ola)
    about = {"subject": {"reference": f"Patient/{there}"}}
    panel = hapi.create({**observation("2025-01-02"), **about})
    hapi.create(
        {**observation("2025-01-01"), **about, "derivedFrom": [{"reference": f"Observation/{panel}"}]}
    )
    home = house(hapi=hapi.base_url)

    newest, older = matches(home.bundle(question(home.knows(ola))))

    assert newest["id"] != panel
    assert older["derivedFrom"] == [{"reference": f"Observation/{newest['id']}"}]


def test_a_filter_holds_for_every_source(house: Houses, hapi: Peer, ola: Resource) -> None:
    seed(hapi, ola, [observation("2025-01-01"), observation("2025-03-01")])
    home = house(hapi=hapi.base_url)
    cci = home.knows(ola, [observation("2025-01-02"), observation("2025-03-02")])

    found = matches(home.bundle(question(cci, "&date=ge2025-02-01")))

    assert [each["effectiveDateTime"] for each in found] == ["2025-03-02", "2025-03-01"]


def test_what_comes_along_is_our_own_and_the_account_says_so(
    house: Houses, hapi: Peer, ola: Resource
) -> None:
    seed(hapi, ola, [observation("2025-02-01")])
    home = house(hapi=hapi.base_url)
    cci = home.knows(ola, [observation("2025-01-01")])

    newest = home.bundle(question(cci, "&_include=Observation:subject&_count=1"))
    both = home.bundle(question(cci, "&_include=Observation:subject"))
    below = home.bundle(f"/fhir/Patient/{matches(both)[0]['subject']['reference'][8:]}/Observation?_count=1")
    several = home.bundle(f"/fhir?_type=Observation,Flag&patient.identifier={CCI}|{cci}")

    for bundle, many in ((newest, 1), (both, 2)):
        assert len(matches(bundle)) == many
        patients = [each["resource"] for each in bundle["entry"] if each["search"]["mode"] == "include"]
        assert [each["resourceType"] for each in patients] == ["Patient"]
        assert matches(bundle)[0]["subject"]["reference"] == f"Patient/{patients[0]['id']}"
        assert "service.included-here" in account(bundle)
    assert [each["id"] for each in matches(below)] == [matches(newest)[0]["id"]]
    assert [each["id"] for each in matches(home.bundle(following(below)))] == [matches(both)[1]["id"]]
    assert len(matches(several)) == 1
    assert list(account(several)) == ["service.asked-here"]


def test_a_question_with_has_is_answered_from_our_own_records(
    house: Houses, hapi: Peer, ola: Resource
) -> None:
    seed(hapi, ola, [observation("2025-02-01")])
    home = house(hapi=hapi.base_url)
    cci = home.knows(ola, [observation("2025-01-01")])

    bundle = home.bundle(question(cci, "&_has:DiagnosticReport:result:status=final"))

    assert (matches(bundle), bundle["total"]) == ([], 0)
    assert list(account(bundle)) == ["service.asked-here"]


def test_a_child_without_a_verified_number_is_not_asked_about(
    house: Houses, liar: Liar, ola: Resource
) -> None:
    liar.holds(ola, [observation("2025-01-01")])
    home = house(liar=liar.base("honest"))
    cci = home.knows(ola, [observation("2025-01-02")], verified=False)

    bundle = home.bundle(question(cci))

    assert [each for each in liar.asked if each.path != "metadata"] == []
    assert "upstream.not-asked" in account(bundle) and "verified" in account(bundle)["upstream.not-asked"]
    assert len(matches(bundle)) == bundle["total"] == 1


def test_another_child_under_the_number_shows_nothing_and_is_a_declared_gap(
    house: Houses, hapi: Peer, ola: Resource
) -> None:
    seed(hapi, {**ola, "birthDate": "2009-09-09"}, [observation("2025-01-01")])
    home = house(hapi=hapi.base_url)
    cci = home.knows(ola, [observation("2025-01-02")])

    bundle = home.bundle(question(cci))

    assert [each["effectiveDateTime"] for each in matches(bundle)] == ["2025-01-02"]
    assert "upstream.other-child" in account(bundle)
    assert "total" not in bundle
    assert "2009-09-09" not in json.dumps(bundle)


@pytest.mark.parametrize(
    ("habit", "code", "status"),
    [
        ("hang", "upstream.timeout", 504),
        ("hang-later", "upstream.timeout", 504),
        ("drip", "upstream.timeout", 504),
        ("reset", "upstream.reset", 502),
        ("cut", "upstream.reset", 502),
        ("error", "upstream.status", 502),
        ("error-later", "upstream.status", 502),
        ("throttled", "upstream.throttled", 503),
        ("denied", "upstream.denied", 502),
        ("html", "upstream.nonsense", 502),
        ("truncated", "upstream.nonsense", 502),
        ("deep", "upstream.nonsense", 502),
        ("latin", "upstream.nonsense", 502),
        ("not-a-bundle", "upstream.nonsense", 502),
        ("bomb", "upstream.too-large", 502),
    ],
)
def test_a_server_that_misbehaves_is_a_declared_gap_and_an_error_for_who_wants_it_strict(
    house: Houses, liar: Liar, ola: Resource, habit: str, code: str, status: int
) -> None:
    liar.holds(ola, [observation("2025-01-01")])
    home = house(deadline=1, timeout=1, liar=liar.base(habit))
    cci = home.knows(ola, [observation("2025-01-02")])

    bundle = home.bundle(question(cci))

    assert [each["effectiveDateTime"] for each in matches(bundle)] == ["2025-01-02"]
    assert code in account(bundle)
    assert "total" not in bundle
    strict = home.ask(question(cci), Prefer="handling=strict")
    assert strict.status_code == status
    outcome = json.loads(strict.text)
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["severity"] == "error"
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == code
    assert ola["identifier"][0]["value"] not in strict.text + json.dumps(bundle["entry"][-1])


def test_a_strict_question_that_is_refused_is_in_the_audit_with_child_and_sources(
    house: Houses, ola: Resource
) -> None:
    home = house(gone="http://127.0.0.1:9/fhir")
    cci = home.knows(ola)

    assert home.ask(question(cci), Prefer="handling=strict").status_code == 502

    (look,) = map(json.loads, home.gateway.trail.looks(home.gateway.child(cci).id))
    assert (look["problem"], look["sources"]) == ("upstream.refused", ["The gone"])


def test_a_strict_question_with_no_gap_is_answered(house: Houses, liar: Liar, ola: Resource) -> None:
    liar.holds(ola, [observation("2025-01-01")])
    home = house(liar=liar.base("honest"))

    bundle = home.bundle(question(home.knows(ola)), Prefer="handling=strict")

    assert (len(matches(bundle)), bundle["total"]) == (1, 1)


def test_all_sources_share_one_deadline(house: Houses, liar: Liar, ola: Resource) -> None:
    liar.holds(ola, [])
    home = house(
        deadline=1, timeout=30, one=liar.base("hang"), two=liar.base("hang-later"), three=liar.base("drip")
    )
    cci = home.knows(ola, [observation("2025-01-02")])
    began = time.monotonic()

    bundle = home.bundle(question(cci))

    assert time.monotonic() - began < 2.5
    assert len(matches(bundle)) == 1
    assert sum("did not answer" in line or "time" in line for line in told_by(bundle)) == 3


def test_a_server_that_is_down_is_said_to_be(house: Houses, ola: Resource) -> None:
    home = house(gone="http://127.0.0.1:9/fhir")
    cci = home.knows(ola, [observation("2025-01-02")])

    bundle = home.bundle(question(cci))

    assert "upstream.refused" in account(bundle)
    assert len(matches(bundle)) == 1 and "total" not in bundle
    assert home.ask(question(cci), Prefer="handling=strict").status_code == 502


def test_one_server_down_does_not_take_the_other_along(
    house: Houses, hapi: Peer, liar: Liar, ola: Resource
) -> None:
    seed(hapi, ola, [observation(f"2025-01-{day:02d}") for day in range(1, 11)])
    home = house(hapi=hapi.base_url, broken=liar.base("error"))
    cci = home.knows(ola, [observation("2025-01-20")])

    walked: list[Resource] = []
    url = question(cci, "&_count=4")
    while url:
        page = home.bundle(url)
        assert "upstream.status" in account(page) and "total" not in page
        walked += matches(page)
        url = following(page)

    assert len({each["id"] for each in walked}) == len(walked) == 11


def test_a_next_link_is_good_for_its_own_client_and_question_only(
    house: Houses, liar: Liar, ola: Resource
) -> None:
    liar.holds(ola, [observation(f"2025-01-{day:02d}") for day in range(1, 11)])
    home = house(liar=liar.base("honest"))
    link = following(home.bundle(question(home.knows(ola), "&_count=4")))
    config = home.gateway.config

    assert liar.root not in link and len(link.partition("_cursor=")[2]) > 50
    home.token = token_for(config, "clinic")
    stolen = home.ask(link)
    home.token = token_for(config, "council")
    changed = home.ask(f"{link}&date=ge2020")
    other = home.ask(link.replace("/Observation?", "/Condition?"))

    for answer in (stolen, changed, other):
        assert answer.status_code == 404
        assert json.loads(answer.text)["issue"][0]["details"]["coding"][0]["code"] == "search.cursor"


def test_what_was_asked_of_whom_is_in_the_audit(house: Houses, liar: Liar, ola: Resource) -> None:
    liar.holds(ola, [observation("2025-01-01")])
    home = house(liar=liar.base("honest"))
    cci = home.knows(ola)

    home.bundle(question(cci))

    child_ = home.gateway.child(cci)
    events = [json.loads(each) for each in home.gateway.trail.looks(child_.id)]
    assert events and "liar" in json.dumps(events[-1])
    number = ola["identifier"][0]["value"]
    assert number not in json.dumps(events)
    asked = [each for each in liar.asked if each.path != "metadata"]
    assert asked and all(number not in each.path + each.query for each in asked)


def test_what_another_server_tells_is_shown_short_of_what_the_caller_must_not_see(
    house: Houses, liar: Liar, ola: Resource
) -> None:
    told = observation(
        "2025-01-01",
        identifier=[{"system": f"{BASE}/Id/upn", "value": "A123456789012"}],
        contained=[{"resourceType": "Patient", "id": "x", "address": [{"city": "Canaryville"}]}],
    )
    liar.holds(ola, [told])
    home = house(liar=liar.base("honest"))
    closed = {"meta": {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}}
    asked = question(home.knows(ola | closed))

    council = home.bundle(asked)
    home.token = token_for(home.gateway.config, "clinic")
    health = home.bundle(asked)

    assert len(matches(council)) == len(matches(health)) == 1
    assert "A123456789012" in json.dumps(council) and "A123456789012" not in json.dumps(health)
    assert "Canaryville" not in json.dumps(council) + json.dumps(health)
