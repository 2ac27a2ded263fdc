from typing import Any

import pytest

from gateway.mapping import load
from gateway.mapping.render import render, render_all
from gateway.problems import Refused


def test_a_problem_is_shown_with_its_line_a_caret_and_a_remedy(
    flat_text: str, flat_maps: dict[str, dict[str, Any]]
) -> None:
    text = flat_text.replace("= DOB.date()", "= DOB.dat('dd/mm/yyyy')", 1)
    with pytest.raises(Refused) as caught:
        load(text, file="mappings/spring/mapping.yaml", concept_maps=flat_maps)

    shown = render(caught.value.problems[0], text)

    assert shown.split("\n") == [
        "mappings/spring/mapping.yaml:37:22  mapping.unknown-function",
        "   37 |     birthDate: = DOB.dat('dd/mm/yyyy')",
        "      |                      ^^^",
        "There is no function called dat. Did you mean date? "
        "All functions: fhirgate functions, and docs/reference/mapping.md.",
    ]


def test_without_the_text_the_place_is_enough(flat_text: str) -> None:
    with pytest.raises(Refused) as caught:
        load(flat_text, file="m.yaml")

    shown = render_all(caught.value.problems)

    assert shown.startswith("m.yaml:14:14  mapping.concept-map-missing\nNo ")
    assert shown.count("\n\n") == len(caught.value.problems) - 1
