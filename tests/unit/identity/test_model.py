import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.levels import LEVELS
from gateway.identity.model import CLASSES, VERSION, read, shipped, written
from gateway.problems import Refused

TEXT = written(shipped())


def refusal(text: str) -> str:
    with pytest.raises(Refused) as refused:
        read(text)
    return refused.value.problems[0].kind.code


def test_a_model_is_read_as_it_was_written() -> None:
    assert read(TEXT) == shipped()
    assert written(read(TEXT)) == TEXT


def test_the_shipped_model_has_a_probability_for_every_level_of_every_class() -> None:
    for field, names in LEVELS.items():
        for kind in CLASSES:
            table = shipped().tables[field][kind]
            assert set(table) == set(names)
            assert sum(table.values()) == pytest.approx(1, abs=0.02)


def test_the_shipped_model_says_how_often_its_probabilities_were_right() -> None:
    highest = shipped().calibration[-1]
    assert highest[0] == 0.9 and highest[3] / highest[2] > 0.995


def test_a_file_of_another_version_is_refused_with_its_remedy() -> None:
    content = json.loads(TEXT) | {"version": VERSION + 1}

    assert refusal(json.dumps(content)) == "identity.model-version"


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_a_version_before_is_read_and_what_it_lacks_weighs_nothing(version: int) -> None:
    content = json.loads(TEXT)
    del content["customs"]
    del content["sum"]
    if version == 1:
        for table in content["tables"]["middle"].values():
            del table["one side"]
    else:
        content["together"] = {"zara khan": 8.0}
    before = content | {"version": version}
    signed = sha256(json.dumps(before, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    found = read(json.dumps(before | {"sum": signed}))

    assert found.customs.times("zara", "khan") == 1 < shipped().customs.times("zara", "khan")
    assert ({found.bits("middle", "one side", kind) for kind in CLASSES} == {0.0}) is (version == 1)
    assert found.tables["given"] == shipped().tables["given"]


def test_a_weight_changed_by_hand_is_refused() -> None:
    content = json.loads(TEXT)
    content["tables"]["given"]["same"]["other"] = 0.5

    assert refusal(json.dumps(content)) == "identity.model-damaged"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "{",
            "[]",
            "null",
            "5",
            "{}",
            '{"version": 1}',
            '{"version": 1, "sum": ""}',
            "\0\0",
            TEXT[:999],
        ),
        *(
            "[" * 100_000,
            '{"version": 1, "sum": "", "x": "\\ud800"}',
            '{"version": 3, "sum": 5}',
            f"\ufeff{TEXT}",
        ),
    ],
)
def test_what_is_no_model_is_refused(text: str) -> None:
    assert refusal(text) == "identity.model-damaged"


@given(st.integers(0, len(TEXT) - 1), st.sampled_from('0123456789{}[],:"ax'))
def test_one_wrong_character_is_refused_or_changes_nothing(place: int, letter: str) -> None:
    text = TEXT[:place] + letter + TEXT[place + 1 :]

    try:
        assert read(text) == shipped()
    except Refused as refused:
        assert refused.problems[0].kind.code.startswith("identity.model-")


def test_a_level_without_weight_is_refused_even_if_the_sum_is_right() -> None:
    tables = {field: dict(kinds) for field, kinds in shipped().tables.items()}
    tables["sex"]["same"] = {"same": 0.98}

    assert refusal(written(replace(shipped(), tables=tables))) == "identity.model-damaged"


def test_a_weight_of_nothing_is_refused() -> None:
    tables = {field: dict(kinds) for field, kinds in shipped().tables.items()}
    tables["sex"]["same"] = {"same": 1.0, "other": 0.0}

    assert refusal(written(replace(shipped(), tables=tables))) == "identity.model-damaged"
