"""An area of invented families, loaded as files: who is joined, and who is not."""

import json
from collections import Counter
from pathlib import Path

from gates import BASE, load, opened

from gateway.service import Gateway
from gateway.testing import Answer, write_area
from gateway.testing.families import Mix

CHILDREN = 220
SCHOOLS = """
[feeds.school-2]
organisation = "Mill Lane Test School"
sector = "education"

[feeds.social-care]
organisation = "Anytown Council, social care"
sector = "local-authority"
set = {la = "201"}
"""
#: file of the answer key: feed, mapping, and the identifier that names its records ("" for the Patient's id).
FILES = {
    "health.ndjson": ("clinic", "", ""),
    "school-1.xml": ("school", "ctf", f"{BASE}/Id/upn"),
    "school-2.xml": ("school-2", "ctf", f"{BASE}/Id/upn"),
    "social-care.json": ("social-care", "csc-api", f"{BASE}/Id/la-child-id/201"),
    # Last: it has no names, and whoever is told first by a number alone waits for a person to be joined.
    "council": ("council", "ssda903", f"{BASE}/Id/la-child-id/201"),
}


def test_an_area_is_joined_into_children_who_are_one(tmp_path: Path) -> None:
    answers = write_area(tmp_path / "area", CHILDREN, seed=4, mix=Mix(twins=0.1, adopted=0))
    gateway = opened(tmp_path, SCHOOLS)
    for name, (feed, mapping, _) in FILES.items():
        report = load(gateway, feed, tmp_path / "area" / name, mapping)
        assert report.set_aside <= 2, report

    found = children_of(gateway, answers)
    truth = {(one.file, one.record): one.child for one in answers}
    by_child: dict[int, set[str]] = {}
    for key, child in found.items():
        by_child.setdefault(child, set()).add(truth[key])
    gateway.close()

    assert len(found) >= 0.98 * len(truth)
    assert [mixed for mixed in by_child.values() if len(mixed) > 1] == []
    pairs = Counter(truth[key] for key in found).values()
    joined = Counter((truth[key], child) for key, child in found.items()).values()
    assert sum(n * (n - 1) for n in joined) >= 0.93 * sum(n * (n - 1) for n in pairs)


def children_of(gateway: Gateway, answers: tuple[Answer, ...]) -> dict[tuple[str, str], int]:
    """The child of each record of the answer key that is there."""
    feeds = {feed: (name, system) for name, (feed, _, system) in FILES.items()}
    records = gateway.store.records(range(1, gateway.store.counts()["records"] + 40))
    told: dict[tuple[str, str], int] = {}
    for rec, row in gateway.store.patients(list(records)).items():
        record = records[rec]
        name, system = feeds[record.feed]
        assert record.child is not None
        for key in keys_of(row.body, system) if system else [record.local]:
            told[name, key] = record.child
    return {key: told[key] for key in ((one.file, one.record) for one in answers) if key in told}


def keys_of(body: bytes, system: str) -> list[str]:
    identifiers = json.loads(body.translate(None, b"\x00\x01")).get("identifier", [])
    return [one["value"] for one in identifiers if one["system"] == system and one.get("use") != "old"]
