"""FHIR clients for Node, each going through its work, examples of the R4 specification, and public sets."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from peers import Missing, build_clients, build_examples, build_sets, had, node_command

#: What a client was told in each step of `clients/clients.mjs`: (make, base, token, family) to steps.
Work = Callable[[str, str, str, str], dict[str, Any]]


@pytest.fixture(scope="session")
def clients() -> Work:
    """Lets a client do its work."""
    command = had("clients", lambda: [*node_command(), str(build_clients() / "clients.mjs")])

    def work(make: str, base: str, token: str, family: str) -> dict[str, Any]:
        sent = [*command, make, base, token, family]
        done = subprocess.run(sent, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return dict(json.loads(done.stdout))

    return work


@pytest.fixture(scope="session")
def examples() -> list[Path]:
    """Examples of the R4 specification: all of Patient and Observation, the fullest of each other type."""
    return sorted(had("examples", build_examples).glob("[A-Z]*-*.json"))


@pytest.fixture(scope="session")
def public_sets() -> Path:
    """The folder with public sets that have an answer key; they are no component, so they may be lacking."""
    try:
        return build_sets()
    except Missing as reason:
        pytest.skip(f"public sets cannot be had here: {reason}")
