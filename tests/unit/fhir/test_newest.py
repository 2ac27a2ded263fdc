from typing import Any

import pytest

from gateway.fhir.newest import newest


def observation(codes: str, day: str = "") -> dict[str, Any]:
    coding = [{"system": "s", "code": each} for each in codes.split("+")] if codes else []
    return {
        "resourceType": "Observation",
        "code": {"coding": coding} if coding else {"text": "x"},
        **({"effectiveDateTime": day} if day else {}),
    }


@pytest.mark.parametrize(
    ("given", "most", "wanted"),
    [
        ("a 5, a 4, b 3, a 2", 1, "0 2"),
        ("a 5, a 4, b 3, a 2", 2, "0 1 2"),
        ("a 5, a 5, a 4", 1, "0 1"),
        ("a 5, a 4, a 4, a 3", 2, "0 1 2"),
        ("a, a", 1, "0"),
        ("a 5, b 4, a+b 3", 1, "0"),
        ("a 5, b 4, a+b 3", 2, "0 1"),
        ("a 5, b 4, c 3, a+b 2, b+c 1", 1, "0"),
        ("a 5, b 4, a+b 3, c 2", 3, "0 1 2 3"),
        ("a+b 5, b 4, a 3", 1, "0"),
        (" 5, 4", 1, "0"),
    ],
    ids=[
        *("each code", "two of each", "a tie", "a tie at the end", "undated are no tie"),
        *("joined by a third", "joined, two of both", "joined in a chain", "order of the newest"),
        *("translations", "by text"),
    ],
)
def test_the_newest_of_each_code(given: str, most: int, wanted: str) -> None:
    observations = []
    for place, each in enumerate(given.split(", ")):
        codes, _, year = (each if " " in each or each.isalpha() else f" {each}").partition(" ")
        observations.append((observation(codes, f"200{year}" if year else ""), str(place)))

    assert newest(observations, most) == wanted.split()


def test_of_nothing_there_is_no_newest() -> None:
    assert newest([], 1) == []
