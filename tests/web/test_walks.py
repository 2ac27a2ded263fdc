"""What a walk has shown is kept apart: as long as it is there, sealed, and never in the way."""

import json
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from served import NHS, settle, token_for

from gateway.app import create_app
from gateway.fhir.query import Query
from gateway.testing.numbers import nhs_number
from gateway.web.site import Site

FORGOTTEN = "search.forgotten"
MANY = 12
ORDER = "_sort=-_lastUpdated"


class Here:
    """A gateway in this process with some children, and what a client of a health service does with it."""

    def __init__(self, folder: Path) -> None:
        config = settle(folder)
        site = create_app(config)
        assert isinstance(site, Site)
        self.site, self.gateway, self.folder = site, site.door.gateway, folder
        self.headers = {"Authorization": f"Bearer {token_for(config, 'clinic')}"}
        for at in range(MANY):
            self.tell(at, 0)

    def tell(self, at: int, round: int) -> None:
        """Write a Patient so that it is the newest."""
        told = {
            "resourceType": "Patient",
            "id": f"p{at}",
            "name": [{"family": f"Quillfeather{at}", "given": ["Wilhelmina"], "text": f"{round}"}],
            "birthDate": f"2015-01-{at % 28 + 1:02}",
        }
        self.gateway.write(self.gateway.feed("clinic"), "Patient", f"p{at}", told)

    def get(self, path: str) -> Any:
        """A page as JSON."""
        answer = self.site.test_client().get(path, headers=self.headers)
        assert answer.status_code == 200, answer.data
        return json.loads(answer.data)

    def kept(self) -> list[Path]:
        """The files with what walks have shown."""
        return sorted(self.folder.glob("gateway.db-walks*"))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    """A gateway of its own."""
    one = Here(tmp_path)
    yield one
    one.gateway.close()


def ids(page: Any) -> list[str]:
    return [
        each["resource"]["id"]
        for each in page.get("entry", [])
        if each["resource"]["resourceType"] == "Patient"
    ]


def said(page: Any) -> list[str]:
    return [
        issue["details"]["coding"][0]["code"]
        for each in page.get("entry", [])
        if each["resource"]["resourceType"] == "OperationOutcome"
        for issue in each["resource"]["issue"]
    ]


def following(page: Any) -> str:
    return next((each["url"] for each in page["link"] if each["relation"] == "next"), "")


def test_one_page_and_two_keep_nothing(here: Here) -> None:
    page = here.get(f"/fhir/Patient?{ORDER}&_count=6")
    here.tell(0, 1)
    last = here.get(following(page))

    assert len({*ids(page), *ids(last)}) == MANY
    assert not following(last)
    assert here.kept() == []


@pytest.mark.parametrize("base", ["/fhir", "/feed/clinic"])
def test_what_is_kept_says_nothing_of_the_question_or_of_a_child(here: Here, base: str) -> None:
    page = here.get(f"{base}/Patient?given=Wilhelmina&{ORDER}&_count=2")
    seen = ids(page)
    while following(page):
        here.tell(len(seen) % 5, len(seen))
        page = here.get(following(page))
        seen += ids(page)

    assert sorted(seen) == sorted(set(seen))
    assert len(seen) == MANY
    kept = b"".join(file.read_bytes() for file in here.kept())
    assert kept
    rows = here.gateway.store.search("", _everybody(), limit=100).rows
    told = {text.encode() for row in rows for text in (row.public[:6], row.child[:6])}
    assert [each for each in (b"Wilhelmina", b"given", b"Patient", b"clinic", *told) if each in kept] == []
    assert all(file.stat().st_mode & 0o077 == 0 for file in here.kept())


def _everybody() -> Query:
    return Query("Patient")


def test_where_it_was_taken_away_nothing_is_left_out_and_the_page_says_so(here: Here) -> None:
    there = set(ids(here.get("/fhir/Patient?_count=50")))
    page = here.get(f"/fhir/Patient?{ORDER}&_count=3")
    seen, told = ids(page), said(page)
    page = here.get(following(page))
    seen += ids(page)
    page = here.get(following(page))
    seen, told = seen + ids(page), told + said(page)
    for file in here.kept():
        file.unlink()
    for at in range(0, MANY, 2):
        here.tell(at, 1)
    assert told == []

    while following(page):
        page = here.get(following(page))
        seen, told = seen + ids(page), told + said(page)

    assert set(seen) == there
    assert FORGOTTEN in told


def test_where_it_was_taken_away_and_nothing_changed_nothing_is_said(here: Here) -> None:
    page = here.get(f"/fhir/Patient?{ORDER}&_count=2")
    seen, told = ids(page), said(page)
    while following(page):
        page = here.get(following(page))
        seen, told = seen + ids(page), told + said(page)
        for file in here.kept():
            file.unlink()

    assert (len(seen), len(set(seen)), told) == (MANY, MANY, [])


def test_where_nothing_can_be_kept_a_walk_goes_on(here: Here) -> None:
    (here.folder / "gateway.db-walks").mkdir()
    page = here.get(f"/fhir/Patient?{ORDER}&_count=2")
    seen, told = ids(page), said(page)
    while following(page):
        here.tell(len(seen), len(seen))
        page = here.get(following(page))
        seen, told = seen + ids(page), told + said(page)

    assert len(set(seen)) == MANY
    assert FORGOTTEN in told


def test_a_large_page_is_not_told_in_its_link(here: Here) -> None:
    for at in range(MANY, 130):
        here.tell(at, 0)
    page = here.get("/feed/clinic/Patient?_sort=family&_count=110")
    assert len(following(page)) < 1500
    seen = ids(page)
    here.gateway.write(
        here.gateway.feed("clinic"), "Patient", seen[0], {"resourceType": "Patient", "id": seen[0]}
    )

    last = here.get(following(page))

    assert len(ids(last)) == 20
    assert len({*seen, *ids(last)}) == 130


def test_a_link_that_is_taken_back_moves_a_patient_and_it_comes_once(here: Here) -> None:
    """Then a Patient is composed of older records: nothing of it is newer, and it lies elsewhere."""
    gateway = here.gateway
    council = gateway.feed("council")
    numbers = list(islice(filter(None, map(nhs_number, count(700))), MANY))
    for feed, letter in ((gateway.feed("clinic"), "m"), (council, "a")):
        for at, number in enumerate(numbers):
            told = {
                "resourceType": "Patient",
                "id": f"n{at}",
                "identifier": [{"system": NHS, "value": number}],
                "name": [{"family": f"{letter}{at:02} Quillfeather", "given": ["Wilhelmina"]}],
                "birthDate": f"2014-02-{at + 1:02}",
            }
            gateway.write(feed, "Patient", f"n{at}", told)
    question = "/fhir/Patient?birthdate=2014-02&_sort=family"
    before = ids(here.get(f"{question}&_count=50"))
    assert len(before) == MANY

    page = here.get(f"{question}&_count=3")
    seen = ids(page)
    apart = [gateway.take_apart(council, f"n{at}", reason="no", author="a person") for at in (0, 9)]
    moved = ids(here.get(f"{question}&_count=50"))
    page = here.get(following(page))
    seen += ids(page)
    gateway.put_back(council, "n9", author="a person")
    while following(page):
        page = here.get(following(page))
        seen += ids(page)

    assert moved[:MANY] != before
    assert len(seen) == len(set(seen))
    assert set(seen) - {each.id for each in apart} == set(before)


def test_a_child_that_is_sealed_meanwhile_comes_no_more(here: Here) -> None:
    everybody = ids(here.get("/fhir/Patient?_sort=family&_count=50"))
    page = here.get("/fhir/Patient?_sort=family&_count=4")
    shown, hidden = ids(page)[0], everybody[6]
    here.tell(11, 5)
    for id in (shown, hidden):
        child = here.gateway.store.child(id=id)
        assert child is not None
        here.gateway.lives.seal(child, reason="adoption order", author="a social worker")
    seen = ids(page)
    while following(page):
        page = here.get(following(page))
        seen += ids(page)

    assert sorted(seen) == sorted(set(everybody) - {hidden})


def test_what_cannot_move_is_walked_over_without_all_this(here: Here) -> None:
    page = here.get("/fhir/Patient?_count=2")
    short = len(following(page))
    sorted_ = len(following(here.get(f"/fhir/Patient?{ORDER}&_count=2")))
    while following(page):
        page = here.get(following(page))

    assert short < sorted_
    assert here.kept() == []
