"""Clients that decide about children over HTTP, and the application that they decide in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from served import JSON, settle, token_for

from gateway import config as settings
from gateway.app import create_app
from gateway.web.site import Site

MORE = """
[clients.trust]
sector = "health"
scopes = ["system/*.rs"]
decides = true
"""


@contextmanager
def deciding(folder: Path, top: str = "") -> Iterator[Site]:
    """The application over the usual settings and one more client that decides; `top` comes before them."""
    settle(folder, top)
    config = folder / "gateway.toml"
    config.write_text(config.read_text("utf-8") + MORE, "utf-8")
    app = create_app(settings.load(config, {}))
    yield app
    app.door.gateway.close()


class Client:
    """A client with a token of its own, which may name the person at it."""

    def __init__(self, site: Site, client: str, person: str = "") -> None:
        self.site = site
        self.token = token_for(site.door.gateway.config, client, person=person)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a request; a body is sent as FHIR JSON."""
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        data = None if body is None else json.dumps(body)
        return self.site.test_client().open(
            path, method=method, data=data, headers=sent, content_type=JSON if data else None
        )

    def get(self, path: str) -> Any:
        """The answer to a GET."""
        return self.ask("GET", path)

    def does(self, path: str, author: str = "ann", **values: Any) -> Any:
        """The answer to an operation that decides."""
        parts = [{"name": "author", "valueString": author}] if author else []
        parts.append({"name": "reason", "valueString": "looked it up"})
        for name, value in values.items():
            kind = "valueReference" if isinstance(value, dict) else "valueString"
            parts.append({"name": name.replace("_", "-"), kind: value})
        return self.ask("POST", path, {"resourceType": "Parameters", "parameter": parts})
