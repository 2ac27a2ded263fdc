"""What comes along with a page: never too much, in the audit, and without what the caller must not see."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import NHS, UPN, settle, token_for

from gateway import config as settings
from gateway.app import create_app
from gateway.security.audit import Look, read
from gateway.store.audit import SqliteTrail
from gateway.store.base import Link
from gateway.web.site import Site

ANN = {"resourceType": "Patient", "id": "ann", "identifier": [{"system": NHS, "value": "9990000018"}]}
BEN = {"resourceType": "Patient", "id": "ben", "birthDate": "2015-01-02"}
UPNS = [{"system": UPN, "value": "H801200001001"}]


class House:
    """A gateway that lets two resources come along with a page, and what became of what was asked of it."""

    def __init__(self, folder: Path) -> None:
        settle(folder, "include_most = 2\n")
        self.config = settings.load(folder / "gateway.toml", {})
        site = create_app(self.config)
        assert isinstance(site, Site)
        self.site = site
        self.gateway = site.door.gateway

    def tell(self, feed: str, resource: dict[str, Any]) -> str:
        """Tell a resource, and give the id of the child it is about."""
        type, id = resource["resourceType"], resource["id"]
        self.gateway.write(self.gateway.feed(feed), type, id, resource)
        row = self.gateway.store.read(feed, type, id)
        assert row is not None
        return row.child

    def bundle(self, path: str, client: str = "clinic") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token_for(self.config, client)}"}
        answer = self.site.test_client().get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(json.loads(answer.text))

    def last_look(self) -> Look:
        trail = self.gateway.trail
        assert isinstance(trail, SqliteTrail)
        with trail._connected() as connection:
            asked = "SELECT body FROM event ORDER BY number DESC LIMIT 1"
            return read(connection.execute(asked).fetchone()[0])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.gateway.close()


def observation(id: str, about: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"text": "height"},
        "subject": {"reference": f"Patient/{about}"},
        **more,
    }


def along(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["resource"] for each in bundle["entry"] if each["search"]["mode"] == "include"]


@pytest.mark.parametrize("base", ["/fhir", "/feed/clinic"])
def test_more_than_may_come_along_is_cut_and_said(house: House, base: str) -> None:
    house.tell("clinic", ANN)
    for number in range(2):
        house.tell("clinic", observation(str(number), "ann"))
    exactly = house.bundle(f"{base}/Patient?_revinclude=Observation:subject")
    house.tell("clinic", observation("2", "ann"))
    cut = house.bundle(f"{base}/Patient?_revinclude=Observation:subject")

    assert len(along(exactly)) == len(along(cut)) == 2
    assert [each["search"]["mode"] for each in exactly["entry"]] == ["match", "include", "include"]
    (issue,) = cut["entry"][-1]["resource"]["issue"]
    assert (issue["severity"], issue["code"]) == ("warning", "incomplete")
    assert issue["details"]["coding"][0]["code"] == "search.includes-cut"
    assert cut["total"] == 1


def test_each_child_that_comes_along_is_in_the_audit(house: House) -> None:
    ann, ben = house.tell("clinic", ANN), house.tell("clinic", BEN)
    house.tell("clinic", observation("1", "ann", focus=[{"reference": "Patient/ben"}]))

    house.bundle("/feed/clinic/Observation?_id=1")
    alone = house.last_look().children
    bundle = house.bundle("/feed/clinic/Observation?_id=1&_include=Observation:focus")

    assert [each["id"] for each in along(bundle)] == ["ben"]
    assert (alone, house.last_look().children) == ((ann,), tuple(sorted((ann, ben))))


def test_what_comes_along_is_short_of_numbers_the_caller_must_not_see(house: House) -> None:
    child = house.tell("council", {**BEN, "identifier": UPNS})
    house.tell("council", observation("1", "ben", identifier=UPNS))
    path = f"/fhir/Patient?_id={child}&_revinclude=Observation:patient"
    back = f"/fhir/Observation?patient={child}&_include=Observation:patient"

    for asked in (path, back):
        seen, hidden = house.bundle(asked, "council"), house.bundle(asked, "clinic")
        assert len(along(seen)) == len(along(hidden)) == 1
        assert "H801200001001" in json.dumps(along(seen))
        assert "H801200001001" not in json.dumps(hidden)


def test_what_is_about_a_sealed_child_does_not_come_along(house: House) -> None:
    child = house.tell("clinic", ANN)
    house.tell("clinic", observation("1", "ann"))
    record = house.gateway.store.record("clinic", "ann")
    assert record is not None and record.child is not None
    with house.gateway.store.write() as work:
        work.link([Link(record.rec, record.child, "unlinked", "sealed", "Adopted.", "a person", 9)])
        work.seal({record.rec: record.child})
        work.compose({record.child: None})

    bundles = [
        house.bundle(f"/fhir{asked}" if asked[0] == "?" else f"/fhir/{asked}")
        for asked in (
            f"Patient?_id={child}&_revinclude=*",
            "Observation?_include=*",
            f"Patient/{child}/*",
            f"?_id={child}",
            f"Patient?_has:Observation:patient:status=final&_id={child}",
        )
    ]
    assert ["entry" in each for each in bundles] == [False] * 5


def test_a_child_of_whom_nothing_is_found_is_in_the_audit(house: House) -> None:
    child = house.tell("clinic", ANN)

    for path in ("*", "Observation", "*?_type=Flag,Observation&_summary=count"):
        assert house.bundle(f"/fhir/Patient/{child}/{path}")["total"] == 0
        assert house.last_look().children == (child,)
