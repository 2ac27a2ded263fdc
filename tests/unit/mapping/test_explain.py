import copy
import json
from typing import Any

from gateway.mapping import Translator


def test_every_element_that_is_not_a_constant_names_its_cells_and_its_line(
    flat_translator: Translator, flat_row: list[Any], flat_text: str
) -> None:
    found = flat_translator.explain(flat_row).lineage

    birth = next(each for each in found if each.path == "Patient.birthDate")
    assert birth.value == "2012-03-04"
    assert [(each.column, each.value, str(each.place)) for each in birth.sources] == [
        ("DOB", "04/03/2012", "child.csv:2")
    ]
    line = flat_text.split("\n")[birth.rule.line - 1]
    assert line[birth.rule.column - 1 :] == "= DOB.date()"


def test_lineage_covers_all_that_the_resources_say(flat_translator: Translator, flat_row: list[Any]) -> None:
    found = flat_translator.explain(flat_row)

    said = {each.value for each in found.lineage if each.path.startswith("Patient.")}
    patient = json.loads(found.resources[0][3])
    assert {"Okafor", "Amelia", "Grace, Ngozi", "female", "14 Larch Walk"} <= said
    assert patient["id"] in {each.resource.partition("/")[2] for each in found.lineage}


def test_a_cell_of_a_nested_row_has_the_line_of_that_row(
    nested_translator: Translator, pupil: list[Any]
) -> None:
    found = nested_translator.explain(pupil).lineage

    phone = [each for each in found if each.path.endswith("telecom[0].value")]
    assert [str(each.sources[0].place) for each in phone] == ["ctf.xml:41", "ctf.xml:42"]
    reference = next(each for each in found if each.path == "Observation.subject")
    assert reference.sources[0].field == "pupil.upn"
    care = next(each for each in found if each.path == "Patient.generalPractitioner[0].display")
    assert str(care.sources[0].place) == "ctf.xml:80"


def test_a_resource_that_was_dropped_has_no_lineage(nested_translator: Translator, pupil: list[Any]) -> None:
    row = copy.deepcopy(pupil)
    row[10] = [["ENG", "112", "yesterday", 60]]

    found = nested_translator.explain(row)

    assert not any(each.path == "Observation.valueInteger" and each.value == "112" for each in found.lineage)
    assert len(found.dropped) == 1


def test_values_of_a_child_are_not_in_the_text_of_lineage(
    flat_translator: Translator, flat_row: list[Any]
) -> None:
    assert "Okafor" not in repr(flat_translator.explain(flat_row).lineage)
