"""An index made anew: what older resources are not indexed for is refused until it is done, then found."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from postgres import postgres  # noqa: F401

from gateway import config as settings
from gateway.app import open_gateway
from gateway.fhir import facts
from gateway.fhir.ask import parse
from gateway.problems import Refused
from gateway.service import Gateway

NICKNAME = {
    "resourceType": "SearchParameter",
    "url": "https://x.example/SearchParameter/nickname",
    "status": "active",
    "code": "nickname",
    "base": ["Patient"],
    "type": "string",
    "expression": "Patient.name.where(use='nickname').given",
}
CODE = {"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Body height"}]}


class Place:
    """A folder with settings and profiles, over one database."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        (folder / "profiles").mkdir()
        feeds = '[feeds.clinic]\norganisation = "Clinic"\nsector = "health"\n'
        (folder / "gateway.toml").write_text(f'database = "{database}"\nprofiles = ["profiles"]\n{feeds}')

    def add(self) -> None:
        (self.folder / "profiles" / "nickname.json").write_text(json.dumps(NICKNAME))

    def open(self) -> Gateway:
        return open_gateway(settings.load(self.folder / "gateway.toml", {}))


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    database = "gateway.db"
    if request.param == "postgres":
        made: Callable[[], str] = request.getfixturevalue("postgres")
        database = made()
    yield Place(tmp_path, database)
    facts.use({})


def tell(gateway: Gateway, count: int, *, nickname: str = "Bo") -> None:
    feed = gateway.feed("clinic")
    for at in range(count):
        name = [{"use": "nickname", "given": [f"{nickname}{at}"]}, {"family": "Ek", "given": ["Bodil"]}]
        gateway.write(feed, "Patient", f"p{at}", {"resourceType": "Patient", "id": f"p{at}", "name": name})
        observation = {
            "resourceType": "Observation",
            "id": f"o{at}",
            "status": "final",
            "code": CODE,
            "subject": {"reference": f"Patient/p{at}"},
            "valueQuantity": {"value": 100 + at, "code": "cm", "system": "http://unitsofmeasure.org"},
        }
        gateway.write(feed, "Observation", f"o{at}", observation)


def found(gateway: Gateway, type: str, name: str, value: str) -> list[str]:
    query = parse(type, [(name, value)], page_most=1000, context=gateway.context())
    return sorted(row.local for row in gateway.store.search("clinic", query, limit=1000).rows)


def refused(gateway: Gateway, type: str, name: str, value: str) -> bool:
    with pytest.raises(Refused) as caught:
        found(gateway, type, name, value)
    return caught.value.problems[0].kind.code == "search.not-indexed"


def test_a_parameter_that_is_there_from_the_start_needs_nothing(place: Place) -> None:
    place.add()
    gateway = place.open()
    tell(gateway, 3)

    assert found(gateway, "Patient", "nickname", "bo1") == ["p1"]
    gateway.close()


def test_a_new_parameter_is_refused_until_everything_is_indexed_for_it(place: Place) -> None:
    gateway = place.open()
    tell(gateway, 3)
    gateway.close()
    place.add()
    gateway = place.open()
    tell(gateway, 1, nickname="Bobo")

    assert refused(gateway, "Patient", "nickname", "bo")
    assert refused(gateway, "Observation", "subject:Patient.nickname", "bo")

    said: list[tuple[int, int]] = []
    gateway.indexing.renew(tell=lambda done, every: said.append((done, every)))

    assert found(gateway, "Patient", "nickname", "bo") == ["p0", "p1", "p2"]
    assert found(gateway, "Patient", "nickname", "bobo") == ["p0"]
    assert said[-1][0] == said[-1][1]
    before = gateway.store.snapshot()
    gateway.indexing.renew()
    assert gateway.store.snapshot() == before
    gateway.close()


def test_the_index_made_anew_is_that_of_a_store_filled_now(place: Place) -> None:
    gateway = place.open()
    tell(gateway, 4)
    tell(gateway, 2, nickname="Bobo")
    whole = gateway.store.snapshot()
    made_old(gateway)
    assert gateway.store.snapshot() != whole
    gateway.close()

    gateway = place.open()
    for name, value in (("code:text", "body"), ("code-value-quantity", "8302-2$101"), ("_source", "x")):
        assert refused(gateway, "Observation", name, value)
    assert found(gateway, "Observation", "code", "8302-2") == ["o0", "o1", "o2", "o3"]
    gateway.indexing.renew()

    assert gateway.store.snapshot() == whole
    assert found(gateway, "Observation", "code-value-quantity", "8302-2$101") == ["o1"]
    assert found(gateway, "Observation", "code:text", "height") == ["o0", "o1", "o2", "o3"]
    assert gateway.store.indexed() == {}
    gateway.close()


def test_a_run_that_was_stopped_goes_on_where_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = place.open()
    tell(gateway, 5)
    whole = gateway.store.snapshot()
    made_old(gateway)
    monkeypatch.setattr("gateway.service.indexing._BATCH", 4)

    class Stop(Exception):
        pass

    def stop(done: int, every: int) -> None:
        if done >= 8:
            raise Stop

    with pytest.raises(Stop):
        gateway.indexing.renew(tell=stop)
    assert refused(gateway, "Observation", "code:text", "body")
    done = gateway.indexing.renew()

    assert done < 10 + 5
    assert gateway.store.snapshot() == whole
    gateway.close()


def test_a_server_that_was_started_before_is_named(place: Place) -> None:
    gateway = place.open()
    gateway.indexing.note_served()
    tell(gateway, 1)
    gateway.close()
    place.add()
    gateway = place.open()

    with pytest.raises(Refused) as caught:
        gateway.indexing.renew()
    assert caught.value.problems[0].kind.code == "search.restart"

    gateway.indexing.note_served()
    assert gateway.indexing.renew() > 0
    gateway.close()


def test_a_server_finds_what_another_process_indexed_while_it_wrote(place: Place) -> None:
    gateway = place.open()
    tell(gateway, 20)
    gateway.close()
    place.add()
    server = place.open()
    command = place.open()
    assert refused(server, "Patient", "nickname", "bo")
    writer = Thread(target=tell, args=(server, 20), kwargs={"nickname": "Bobo"})

    writer.start()
    command.indexing.renew()
    writer.join()

    time.sleep(1.1)
    assert len(found(server, "Patient", "nickname", "bo")) == 20
    assert len(found(server, "Patient", "nickname", "bobo")) == 20
    whole = server.store.snapshot()
    command.indexing.renew()
    assert server.store.snapshot() == whole
    server.close()
    command.close()


def test_what_an_undone_load_falls_back_to_is_indexed_as_well(place: Place) -> None:
    gateway = place.open()
    tell(gateway, 1)
    before = gateway.store.snapshot()
    patient = {"resourceType": "Patient", "id": "p0", "name": [{"use": "nickname", "given": ["Bobo"]}]}
    file = place.folder / "again.ndjson"
    file.write_text(json.dumps(patient))
    report = gateway.loader.load([file], gateway.feed("clinic"), None)
    gateway.close()
    place.add()
    gateway = place.open()
    gateway.indexing.renew()
    gateway.loader.undo(report.number)

    assert found(gateway, "Patient", "nickname", "bo0") == ["p0"]
    assert found(gateway, "Patient", "nickname", "bobo") == []
    gateway.close()
    (place.folder / "profiles" / "nickname.json").unlink()
    gateway = place.open()
    gateway.indexing.renew()
    assert gateway.store.snapshot() == before
    gateway.close()


def test_one_that_was_taken_out_and_comes_back_is_indexed_anew(place: Place) -> None:
    place.add()
    gateway = place.open()
    tell(gateway, 1)
    gateway.close()
    (place.folder / "profiles" / "nickname.json").unlink()
    gateway = place.open()
    tell(gateway, 2)
    gateway.close()
    place.add()
    gateway = place.open()

    assert refused(gateway, "Patient", "nickname", "bo")
    gateway.close()


def made_old(gateway: Gateway) -> None:
    """Take out of the index what its first edition did not have."""
    with gateway.store.write() as work, work.lend() as session:  # type: ignore[attr-defined]
        session.execute("DELETE FROM worded")
        for table in ("quantity", "string", "date"):
            session.execute(
                f"DELETE FROM {table} WHERE param IN (SELECT param FROM param WHERE code LIKE '%$%')"
            )
        work.note_indexed({"": "1"})
    gateway.indexing._until = 0.0
