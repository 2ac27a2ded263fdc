"""The wheel carries all that the gateway needs, and works without the clone."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "-q", "-w", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        if os.environ.get("FHIRGATE_REQUIRE_PEERS") == "1":
            pytest.fail(f"the wheel cannot be built: {said}")
        pytest.skip(f"the wheel cannot be built here (it needs the network for hatchling): {said}")
    (built,) = folder.glob("fhirgate-*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel's content lies, as an installer would put it."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(folder)
    return folder


def run(unpacked: Path, cwd: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of the unpacked gateway, far from the clone."""
    script = (
        "import sys, gateway; sys.argv[0] = 'fhirgate'\n"
        "assert gateway.__file__.startswith(sys.argv.pop(1)), gateway.__file__\n"
        "from gateway.cli import main; main()\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", script, str(unpacked), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=cwd, env=environ)


def test_every_mapping_and_profile_and_every_file_beside_the_code_is_in_the_wheel(unpacked: Path) -> None:
    shipped = unpacked / "gateway/_shipped"
    for folder in ("mappings", "profiles"):
        wanted = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert wanted
        assert {
            path.relative_to(shipped) for path in (shipped / folder).rglob("*") if path.is_file()
        } == wanted
    beside = {
        path.relative_to(ROOT)
        for path in (ROOT / "gateway").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert beside <= {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert not [path for path in unpacked.rglob("*") if "tests" in path.relative_to(unpacked).parts[:1]]


def test_the_mappings_of_the_wheel_pass_their_own_tests(unpacked: Path, tmp_path: Path) -> None:
    done = run(unpacked, tmp_path, "test")

    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("ctf", "ssda903", "csc-api", "school-census", "school-census-xml", "oneroster"):
        assert name in done.stdout


def test_the_demo_of_the_wheel_tells_the_whole_journey(unpacked: Path, tmp_path: Path) -> None:
    done = run(unpacked, tmp_path, "demo", "--once")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Anytown Hospital was asked just now and answered" in done.stdout
    assert list(tmp_path.iterdir()) == []
