"""A next-page link is good for the answer it came with."""

import json
import time
from pathlib import Path
from typing import Any

from served import settle, token_for

from gateway import config as settings
from gateway.app import create_app
from gateway.service.changes import Change
from gateway.web.site import Site

HOSPITAL = '[upstreams.hospital]\nbase_url = "http://127.0.0.1:9/fhir"\n'
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "height"}}


def test_a_child_that_is_gone_by_the_second_page_ends_the_question(tmp_path: Path) -> None:
    settle(tmp_path)
    file = tmp_path / "gateway.toml"
    file.write_text(file.read_text("utf-8") + HOSPITAL, "utf-8")
    config = settings.load(file, {})
    site = create_app(config)
    assert isinstance(site, Site)
    gateway = site.door.gateway
    feed = gateway.feed("clinic")
    gateway.write(feed, "Patient", "p", {"resourceType": "Patient", "id": "p", "birthDate": "2015-01-02"})
    for id in ("one", "two"):
        about = {**OBSERVATION, "id": id, "subject": {"reference": "Patient/p"}}
        gateway.write(feed, "Observation", id, about)
    row = gateway.store.read("clinic", "Patient", "p")
    assert row is not None

    def get(path: str) -> Any:
        return site.test_client().get(
            path, headers={"Authorization": f"Bearer {token_for(config, 'clinic')}"}
        )

    page = json.loads(get(f"/fhir/Observation?patient={row.child}&_count=1").data)
    [following] = [each["url"] for each in page["link"] if each["relation"] == "next"]
    gateway.delete(feed, "Patient", "p")
    answer = get(following)

    assert answer.status_code == 404
    assert answer.json["issue"][0]["details"]["coding"][0]["code"] == "search.cursor"
    gateway.close()


def test_a_link_that_is_too_old_is_gone(tmp_path: Path) -> None:
    settle(tmp_path, "cursor_life = 1\n")
    config = settings.load(tmp_path / "gateway.toml", {})
    site = create_app(config)
    assert isinstance(site, Site)
    gateway = site.door.gateway
    for id in ("one", "two"):
        told = {"resourceType": "Patient", "id": id}
        gateway.change(gateway.feed("clinic"), Change("PUT", "Patient", id, resource=told))

    def get(path: str) -> Any:
        return site.test_client().get(
            path, headers={"Authorization": f"Bearer {token_for(config, 'clinic')}"}
        )

    page = json.loads(get("/fhir/Patient?_count=1").data)
    [following] = [each["url"] for each in page["link"] if each["relation"] == "next"]
    time.sleep(2.1)
    answer = get(following)

    assert answer.status_code == 410
    assert answer.json["issue"][0]["code"] == "expired"
    assert answer.json["issue"][0]["details"]["coding"][0]["code"] == "search.old-cursor"
    gateway.close()
