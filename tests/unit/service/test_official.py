"""Which identifier is the official one is a setting with a day."""

from pathlib import Path

import pytest

from gateway import config as settings
from gateway.problems import Refused
from gateway.service.composer import Official


def test_the_official_identifier_changes_on_its_day() -> None:
    assert Official("cci").now() == "cci"
    assert Official("cci", "nhs-number", "2020-01-01").now() == "nhs-number"
    assert Official("cci", "nhs-number", "2999-01-01").now() == "cci"


@pytest.mark.parametrize(
    "lines",
    [
        'official_next = "nhs-number"',
        'official_from = "2027-04-01"',
        'official_next = "nhs-number"\nofficial_from = "2027-02-30"',
        'official_next = "nhs-number"\nofficial_from = "1 April 2027"',
    ],
)
def test_a_day_and_an_identifier_belong_together(tmp_path: Path, lines: str) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(lines)

    with pytest.raises(Refused) as refused:
        settings.load(file, {})

    assert {each.kind.code for each in refused.value.problems} == {"config.value"}
    file.write_text('official_next = "nhs-number"\nofficial_from = "2027-04-01"')
    assert settings.load(file, {})["official_from"] == "2027-04-01"
