"""Weights learnt from a store, from numbers and from what persons decided; and a gateway that uses them."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from gates import BASE, child_of, load, ndjson, opened

from gateway.identity.model import read, shipped, written
from gateway.problems import Refused
from gateway.service import Gateway
from gateway.service.training import Trained, train
from gateway.service.weights import keep, weights
from gateway.testing.families import Kid, families
from gateway.testing.tellings import Habits, patient, told

ANN = {"reason": "spoke to the mother", "author": "ann"}


def code(act: Any) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.problems[0].kind.code


def records(kids: list[Kid], office: str, seed: int) -> list[dict[str, Any]]:
    """What an office that knows every NHS number writes about children."""
    pick, habits = Random(seed), Habits()
    every = [told(kid, office, kid.number, pick, habits) for kid in kids]
    return [
        patient(one, BASE)
        | {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": kid.nhs}]}
        for one, kid in zip(every, kids, strict=True)
        if kid.nhs
    ]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Two offices that know 540 children by their NHS numbers."""
    kids = list(families(600, 5))
    gateway = opened(tmp_path_factory.mktemp("area"))
    load(gateway, "clinic", ndjson(*records(kids, "health", 1)))
    load(gateway, "council", ndjson(*records(kids, "care", 2)))
    yield gateway
    gateway.close()


def learnt(gate: Gateway) -> Trained:
    return train(gate.store, gate.linker, shipped(), lambda done, of: None)


def test_weights_are_learnt_from_numbers_alone(gate: Gateway) -> None:
    done = learnt(gate)

    assert done.records > 1000
    assert done.same > 500, "nearly every child is known to both"
    assert done.relatives > 200
    before, after = (model.tables["home"]["same"]["same line"] for model in (shipped(), done.model))
    assert after < before, "the council is careless with addresses"
    before, after = (model.tables["born"]["same"]["other"] for model in (shipped(), done.model))
    assert after == before, (
        "a number joins nobody of quite another birthday: that says nothing of how many are"
    )
    assert read(written(done.model)) == done.model


def test_what_persons_decide_is_learnt_from_and_can_be_taken_back(gate: Gateway) -> None:
    before = learnt(gate)
    ola = {"resourceType": "Patient", "id": "ola", "birthDate": "2012-03-04"}
    one = ola | {"name": [{"family": "Nordmann", "given": ["Olabisi"]}]}
    load(gate, "clinic", ndjson(one))
    load(gate, "council", ndjson(one | {"birthDate": "2013-05-09", "id": "bisi"}))
    first, second = child_of(gate, "clinic", "ola"), child_of(gate, "council", "bisi")
    assert first is not None and second is not None and first != second

    gate.lives.merge(second, first, **ANN)
    merged = learnt(gate)

    assert (merged.one_child, merged.same) == (1, before.same + 1)
    assert merged.model.tables["born"]["same"]["other"] > before.model.tables["born"]["same"]["other"]
    assert sum(seen for _, _, seen, _ in merged.model.calibration) == 1

    gate.lives.unmerge(second, **ANN)

    assert (learnt(gate).one_child, learnt(gate).same) == (0, before.same)


def test_children_told_apart_who_would_be_certain_are_counted(gate: Gateway) -> None:
    twin = {"resourceType": "Patient", "birthDate": "2014-07-08", "gender": "female"}
    twin |= {"address": [{"line": ["9 Mill Lane"], "postalCode": "ZZ98 9ZZ"}]}
    name = [{"family": "Quillfeather", "given": ["Thomasina", "Rosalind"]}]
    load(gate, "clinic", ndjson(twin | {"id": "q1", "name": name}))
    load(gate, "clinic", ndjson(twin | {"id": "q2", "name": name}))
    one, other = child_of(gate, "clinic", "q1"), child_of(gate, "clinic", "q2")
    assert one is not None and other is not None and one != other
    gate.lives.tell_apart(one, other, **ANN)

    done = learnt(gate)

    assert (done.told_apart, done.doubtful) == (1, 1)


def test_too_little_to_learn_from_is_refused(tmp_path: Path) -> None:
    gateway = opened(tmp_path)
    load(gateway, "clinic", ndjson(*records(list(families(20, 5)), "health", 1)))

    assert code(lambda: learnt(gateway)) == "service.too-little-to-learn"
    gateway.close()


def test_a_gateway_matches_with_the_file_that_its_settings_name(tmp_path: Path) -> None:
    model = json.loads(written(shipped()))
    keep(shipped(), tmp_path / "weights.json")
    opened(tmp_path, top='model = "weights.json"\n').close()

    (tmp_path / "weights.json").write_text(json.dumps(model | {"name": "another"}))

    assert code(lambda: opened(tmp_path, top='model = "weights.json"\n')) == "identity.model-damaged"


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    assert code(lambda: opened(tmp_path, top='model = "gone.json"\n')) == "service.weights-unreadable"
    assert weights("") == shipped()


def test_weights_that_are_there_are_not_written_over_by_mistake(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    keep(shipped(), file)

    assert code(lambda: keep(shipped(), file)) == "service.weights-kept"
    keep(shipped(), file, replace=True)
    assert code(lambda: keep(shipped(), tmp_path / "no-such-folder" / "w.json")) == "service.weights-kept"
    assert [each.name for each in tmp_path.iterdir()] == ["weights.json"]
