from typing import Any

from gateway.fhir.meta import added, taken_away

A = {"system": "s", "code": "a"}
B = {"system": "s", "code": "b"}
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "1", "active": True}


def test_meta_is_made_where_there_is_none_and_stands_before_the_rest() -> None:
    made = added(PATIENT, {"tag": [A]})

    assert list(made) == ["resourceType", "id", "meta", "active"]
    assert made["meta"] == {"tag": [A]}


def test_meta_goes_where_nothing_is_left_of_it() -> None:
    assert taken_away({**PATIENT, "meta": {"tag": [A]}}, {"tag": [A]}) == PATIENT


def test_what_is_there_stays_as_it_is_and_nothing_is_there_twice() -> None:
    before = {**PATIENT, "meta": {"source": "x", "tag": [{**A, "display": "A"}]}}

    made = added(before, {"tag": [A, B, B], "profile": ["p", "p"]})

    assert made["meta"] == {"source": "x", "profile": ["p"], "tag": [{**A, "display": "A"}, B]}
    assert before["meta"] == {"source": "x", "tag": [{**A, "display": "A"}]}


def test_a_label_of_another_system_stays() -> None:
    before = {**PATIENT, "meta": {"security": [A, {"code": "a"}]}}

    assert taken_away(before, {"security": [{"code": "a"}]})["meta"] == {"security": [A]}
