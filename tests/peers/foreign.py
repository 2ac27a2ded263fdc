"""FHIR clients for Node, `fhir-kit-client` and `@medplum/core`, each going through its work."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from peers import build_clients, had, node_command

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
