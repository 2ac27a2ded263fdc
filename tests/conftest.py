"""What every test may ask for: foreign FHIR servers, one that misbehaves on demand, and a gateway."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent / "peers"))
sys.path.insert(0, str(Path(__file__).parent / "web"))

# The same examples on every machine; `make fuzz` looks for new ones.
settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "fuzz", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# A shell that runs the tests in the background lets Ctrl-C be ignored, by what they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

from foreign import clients, examples, public_sets  # noqa: E402, F401
from liar import liar  # noqa: E402, F401
from peers import hapi, medplum  # noqa: E402, F401
from postgres import postgres  # noqa: E402, F401
from served import BACKENDS, served, servers, site  # noqa: E402, F401
from validator import validator  # noqa: E402, F401

PEERS = ("hapi", "medplum", "postgres", "validator", "clients", "examples", "public_sets")
EACH_BACKEND = frozenset(("conformance", "journeys"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks the served gateway over each backend, where that is more than how it is served."""
    if "served" in metafunc.fixturenames and EACH_BACKEND.intersection(metafunc.definition.path.parts):
        metafunc.parametrize("served", BACKENDS, indirect=True, scope="module")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start a server: foreign ones have its fixture, or a parameter that names it."""
    for item in items:
        parameters = getattr(item, "callspec", None)
        words = {*getattr(item, "fixturenames", ())}
        for value in parameters.params.values() if parameters else ():
            words.update(value.split() if isinstance(value, str) else ())
        for name in PEERS:
            if name in words:
                item.add_marker(pytest.mark.peer(name))
        if "served" in words:
            # one process of the run starts a backend's server, and asks it everything
            backend = parameters.params.get("served", BACKENDS[0]) if parameters else BACKENDS[0]
            item.add_marker(pytest.mark.xdist_group(f"served-{backend}"))
