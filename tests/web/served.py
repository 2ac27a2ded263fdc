"""A gateway to test: its settings, tokens for its clients, the application itself, and a real server."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from fhir.resources.R4B import get_fhir_model_class

from gateway import config as settings
from gateway.config import Config
from gateway.security.token import make

if TYPE_CHECKING:
    from gateway.web.site import Site

BACKENDS = ("sqlite", "postgres")
JSON = "application/fhir+json"
OWN_LINE = "\u2028"  # R4 holds it to be text, and fhir.resources does not
NHS = "https://fhir.nhs.uk/Id/nhs-number"
UPN = "https://fhirgate.example/Id/upn"

PROFILES = Path(__file__).parents[1] / "samples" / "profiles"

SETTINGS = """
body_most = 200000
cors_origins = ["https://app.example"]
trusted_proxies = ["127.0.0.2"]
bundle_most = 300

[feeds.council]
organisation = "Anytown Council"
sector = "local-authority"
set = {la = "201"}

[feeds.school]
organisation = "Oak School"
sector = "education"

[feeds.clinic]
organisation = "Anytown Clinic"
sector = "health"
verified = true

[clients.council]
name = "Anytown Council"
sector = "local-authority"
scopes = ["system/*.cruds"]
feeds = ["council"]

[clients.school]
sector = "education"
scopes = ["system/*.cruds"]
feeds = ["school"]

[clients.clinic]
sector = "health"
scopes = ["system/*.cruds"]
feeds = ["clinic"]

[clients.writer]
sector = "health"
scopes = ["system/*.cud"]
feeds = ["clinic"]

[clients.observer]
sector = "health"
scopes = ["system/Observation.rs"]

[clients.registrar]
sector = "local-authority"
scopes = ["system/*.rs"]
decides = true

[clients.nobody]
sector = "health"
scopes = []
"""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(name)s %(levelname)s %(message)s"}},
    "handlers": {
        name: {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}
        for name in ("console", "access")
    },
    "root": {"level": "DEBUG", "handlers": ["console"]},
}


def settle(folder: Path, more: str = "") -> Config:
    """The settings of a new gateway in a folder."""
    file = folder / "gateway.toml"
    file.write_text(f'{more}profiles = ["{PROFILES}"]\n{SETTINGS}', "utf-8")
    return settings.load(file, {})


def token_for(config: Config, client: str, now: float | None = None, person: str = "") -> str:
    """A token of the gateway's own for one of its clients, and for who is at it."""
    from gateway.app import clients_of, signing_key
    from gateway.service.keys import Keys, read_secret

    return make(
        signing_key(Keys(read_secret(Path(config["secret_file"])))),
        issuer=config["base_uri"],
        audience=config["base_uri"],
        client=client,
        scopes=clients_of(config)[client].scopes,
        now=time.time() if now is None else now,
        token_id="test",
        person=person,
    )


def read_by_another(answer: requests.Response) -> requests.Response:
    """The answer, which `fhir.resources` reads as well if it is FHIR in JSON."""
    if JSON in answer.headers.get("Content-Type", "") and answer.content and OWN_LINE not in answer.text:
        told = answer.json()
        get_fhir_model_class(told["resourceType"]).model_validate(told)
    return answer


@dataclass
class Caller:
    """A client of a running gateway."""

    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Send a request; a body that is no text or bytes is sent as FHIR JSON; `If_Match` means If-Match."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, str | bytes):
            body = json.dumps(body)
            sent.setdefault("Content-Type", JSON)
        url = path if path.startswith("http") else f"{self.url}/{path}"
        if isinstance(body, str):
            body = body.encode()
        return read_by_another(self.session.request(method, url, data=body, headers=sent, timeout=30))

    def get(self, path: str, **headers: str) -> requests.Response:
        """GET a path below the gateway's address, or an address."""
        return self.ask("GET", path, **headers)

    def tell(self, feed: str, resource: dict[str, Any]) -> dict[str, Any]:
        """PUT or POST a resource to a feed, and return what it answers with."""
        type, id = resource["resourceType"], resource.get("id")
        where = f"feed/{feed}/{type}" + (f"/{id}" if id else "")
        answer = self.ask("PUT" if id else "POST", where, resource)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())


@dataclass
class Served:
    """A gateway that serves: its address, its settings, and its log."""

    url: str
    config: Config
    log: Path

    def caller(self, client: str) -> Caller:
        """One of its clients, with a token; "" for somebody without one."""
        return Caller(self.url, token_for(self.config, client) if client else "")


@pytest.fixture(scope="session")
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Served]]:
    """The gateway over a backend of this name, started at the first call for it."""
    with ExitStack() as running:
        known: dict[str, Served] = {}

        def of(backend: str) -> Served:
            if backend not in known:
                url = request.getfixturevalue("postgres")() if backend == "postgres" else ""
                known[backend] = running.enter_context(_serving(tmp_path_factory.mktemp(backend), url))
            return known[backend]

        yield of


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, servers: Callable[[str], Served]) -> Served:
    """A gateway on a free loopback port, served by two workers.

    In the folders that `tests/conftest.py` names, a test runs over each of BACKENDS; else over SQLite.
    """
    return servers(getattr(request, "param", BACKENDS[0]))


@contextmanager
def _serving(folder: Path, database: str) -> Iterator[Served]:
    from gateway.service.keys import read_secret

    config = settle(folder, f'database = "{database}"\n' if database else "")
    read_secret(Path(config["secret_file"]))
    port = _free_port()
    log_config = folder / "logging.json"
    log_config.write_text(json.dumps(LOGGING))
    log = folder / "log.txt"
    options = f"workers=2, threads=4, log_config={str(log_config)!r}"
    serve = f"serve('gateway:create_app', '127.0.0.1', {port}, {options})"
    command = [sys.executable, "-c", f"from gateway.web.server import serve; {serve}"]
    with log.open("wb") as out:
        environ = {**os.environ, "GATEWAY_CONFIG": str(folder / "gateway.toml")}
        server = subprocess.Popen(command, stdout=out, stderr=out, env=environ, cwd=folder)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until(lambda: requests.get(f"{url}/health", timeout=5).ok, server, log)
            yield Served(url, config, log)
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture
def site(tmp_path: Path) -> Iterator["Site"]:
    """The application in this process, over an empty gateway of its own."""
    # Imported when it is needed: most tests need less of the house, and start sooner.
    from gateway.app import create_app
    from gateway.web.site import Site

    app = create_app(settle(tmp_path))
    assert isinstance(app, Site)
    yield app
    app.door.gateway.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            if ready():
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")
