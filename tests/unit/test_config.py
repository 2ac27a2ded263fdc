"""Settings: defaults, the file, the environment, and what is said of a mistake."""

from pathlib import Path

import pytest

from gateway.config import load
from gateway.problems import Refused
from gateway.settings import SETTINGS


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def test_every_setting_has_a_default_or_says_what_it_takes_and_a_help_sentence() -> None:
    assert all(setting.help.endswith(".") for setting in SETTINGS)
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    path = written(tmp_path, "page_size = 7\npage_most = 70\n")

    config = load(path, {"GATEWAY_PAGE_SIZE": "9"})

    assert (config["page_size"], config.values["page_size"].origin) == (9, "GATEWAY_PAGE_SIZE")
    assert (config["page_most"], config.values["page_most"].origin) == (70, "gateway.toml")
    assert config.values["deadline"].origin == "default"


def test_a_relative_path_is_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    config = load(written(tmp_path, 'database = "store/gateway.db"\n'), {})

    assert config["database"] == str(tmp_path / "store" / "gateway.db")


def test_a_repeating_table_has_its_defaults_filled_in(tmp_path: Path) -> None:
    config = load(written(tmp_path, '[feeds.anytown]\nsector = "education"\nset = {la = "201"}\n'), {})

    feed = config.table("feeds")["anytown"]
    assert feed["sector"] == "education"
    assert feed["verified"] is False
    assert feed["set"] == {"la": "201"}


def test_one_value_of_a_repeating_table_can_come_from_the_environment(tmp_path: Path) -> None:
    text = '[upstreams.any-town]\nbase_url = "http://127.0.0.1:1/fhir"\n'

    config = load(written(tmp_path, text), {"GATEWAY_UPSTREAMS_ANY_TOWN_TOKEN": "s3cret"})

    assert config.table("upstreams")["any-town"]["token"] == "s3cret"


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, 'page_sise = 7\npage_most = "many"\n\n[feeds.x]\nsector = "schools"\n')

    with pytest.raises(Refused) as caught:
        load(path, {})

    told = {(problem.kind.code, problem.place.line) for problem in caught.value.problems}
    assert told == {("config.unknown-setting", 1), ("config.value", 2), ("config.value", 5)}
    assert "page_size" in caught.value.problems[0].fix


def test_a_missing_setting_names_each_place_that_was_looked_in(tmp_path: Path) -> None:
    path = written(tmp_path, '[upstreams.anytown]\nname = "Anytown"\n')

    with pytest.raises(Refused) as caught:
        load(path, {})

    fix = caught.value.problems[0].fix
    assert "GATEWAY_UPSTREAMS_ANYTOWN_BASE_URL (not set)" in fix
    assert "gateway.toml (not there)" in fix


@pytest.mark.parametrize(
    "text", [pytest.param("page_size = ", id="syntax"), pytest.param("[feeds", id="open table")]
)
def test_a_file_that_is_not_toml_is_refused_with_its_reason(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused) as caught:
        load(written(tmp_path, text), {})

    assert caught.value.problems[0].kind.code == "config.unreadable"


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        load(tmp_path / "none.toml", {})

    assert "none.toml" in str(caught.value)
    assert caught.value.problems[0].fix.endswith("Name a file that can be read and run the command again.")


def test_a_variable_of_a_table_that_is_not_in_the_file_has_no_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        load(written(tmp_path, ""), {"GATEWAY_UPSTREAMS_HOSPITAL_TOKEN": "t"})

    assert caught.value.problems[0].fix == "All settings: docs/reference/settings.md."


def test_a_secret_is_not_told_when_it_is_wrong(tmp_path: Path) -> None:
    path = written(tmp_path, '[upstreams.a]\nbase_url = "http://127.0.0.1:1"\ntoken = 12345\n')

    with pytest.raises(Refused) as caught:
        load(path, {})

    assert "12345" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "fix"),
    [
        ('[clients.a]\nfeeds = ["locl"]\n[feeds.local]\nsector = "health"\n', 2, "names of feeds: local"),
        ('[clients.a]\nfeeds = ["any"]\n', 2, "none yet"),
        ('mappings = ["nosuch"]\n', 1, "folders that are there"),
        ('profiles = ["nosuch"]\n', 1, "folders that are there"),
        ('cors_origins = ["https://app.example/"]\n', 1, "without a path"),
        ('cors_origins = ["app.example"]\n', 1, "without a path"),
        ('[feeds."a/b c"]\nsector = "health"\n', 0, "/feed/NAME"),
        ("page_size = 0\n", 1, "above 0"),
        ("load_batch = 0\n", 1, "above 0"),
        ("body_most = -1\n", 1, "above 0"),
    ],
)
def test_what_cannot_mean_anything_is_refused(tmp_path: Path, text: str, line: int, fix: str) -> None:
    with pytest.raises(Refused) as caught:
        load(written(tmp_path, text), {})

    (told,) = caught.value.problems
    assert told.kind.code == "config.value"
    assert told.place.line == line
    assert fix in told.fix


@pytest.mark.parametrize(
    ("variable", "near"),
    [("GATEWAY_PAGE_SIZ", "GATEWAY_PAGE_SIZE"), ("GATEWAY_OPEN", ""), ("GATEWAY_FEEDS_LOCL_SECTOR", "LOCAL")],
)
def test_a_misspelt_variable_is_refused_like_a_misspelt_setting(
    tmp_path: Path, variable: str, near: str
) -> None:
    path = written(tmp_path, '[feeds.local]\nsector = "health"\n')

    with pytest.raises(Refused) as caught:
        load(path, {variable: "5"})

    (told,) = caught.value.problems
    assert told.kind.code == "config.unknown-setting"
    assert variable in told.says and near in told.fix


def test_variables_of_others_are_left_alone() -> None:
    others = (
        "GATEWAY_CONFIG",
        "GATEWAY_SERVICE_HOST",
        "GATEWAY_PORT_8080_TCP_ADDR",
        "GATEWAY_PORT",
        "PAGE_SIZE",
    )

    assert load(None, dict.fromkeys(others, "x"))["page_size"] == 20


def test_a_mistake_in_toml_has_its_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        load(written(tmp_path, "page_size = 5\nofficial = oops\n"), {})

    (told,) = caught.value.problems
    assert (told.place.line, told.place.column) == (2, 12)
    assert "Not a valid value" in told.fix
