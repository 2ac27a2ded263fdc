"""A way to run the command line, and a gateway that `init` wrote."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway import config as settings
from gateway.app import open_gateway
from gateway.cli import main
from gateway.demo import DATA

COUNCIL = """\
[feeds.council]
organisation = "Anytown Council"
sector = "local-authority"
set = {la = "201", year = "2025-26"}

[feeds.school]
organisation = "Harbour Test Academy"
sector = "education"

[feeds.traced]
organisation = "Anytown Council, traced numbers"
sector = "local-authority"
verified = true
"""


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def fhirgate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process: `fhirgate("load", "children.csv")`."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)

    def run(*words: object) -> Done:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        told = capsys.readouterr()
        return Done(int(ended.value.code or 0), told.out, told.err)

    return run


def program(*words: object, folder: Path, **environ: str) -> Done:
    """Run the program itself, as a person would in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *map(str, words)],
        cwd=folder,
        env={**_clean(), **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def serving(folder: Path, *words: object) -> Iterator[str]:
    """The address of `fhirgate serve`, run in a folder until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port), *map(str, words)]
    with subprocess.Popen(command, cwd=folder, env=_clean(), stderr=subprocess.PIPE) as process:
        try:
            until_answered(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def gate(tmp_path: Path, fhirgate: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a new gateway, which is also where commands run."""
    folder = tmp_path / "gate"
    assert fhirgate("init", folder).code == 0
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the settings of a council and a school, which is also where commands run."""
    (tmp_path / "gateway.toml").write_text(COUNCIL, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def snapshot(folder: Path) -> str:
    """A hash over everything that stands in the folder's database."""
    gateway = open_gateway(settings.load(folder / "gateway.toml", {}))
    try:
        return gateway.store.snapshot()
    finally:
        gateway.close()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def demo_file(name: str) -> Path:
    """A file of the demo: invented children of a council and a school."""
    return DATA / name


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}


def until_answered(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a server that was started answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            requests.get(url, timeout=1)
            return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.05)
    raise AssertionError(process.stderr.read().decode() if process.stderr else "no answer")
