"""Commands that set up and run a gateway: init, serve, token, config, demo."""

import os
import secrets
import socket
import time
from pathlib import Path
from typing import Any

import click

from gateway import demo as showing
from gateway.app import clients_of, gate_of, own_issuer, signing_key
from gateway.cli import say
from gateway.cli.shared import FILE, configured, opened, with_config, with_json
from gateway.cli.start import STARTER
from gateway.config import Value, without_password
from gateway.problems import Place, refuse
from gateway.problems.service import CLIENT_UNKNOWN, FOLDER_NOT_EMPTY, PORT_TAKEN
from gateway.security.token import make
from gateway.service.clock import instant
from gateway.web.server import serve as served

_HOUR = 3600
_PORT = click.IntRange(1, 65_535)
_COUNT = click.IntRange(1)


@click.command(short_help="Write a small gateway to start with.")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@with_json
def init(folder: Path, as_json: bool) -> int:
    """Write a small gateway into FOLDER: settings with one feed and one client, a mapping and a file to try.

    \b
    Examples:
      fhirgate init gate
      fhirgate serve --config gate/gateway.toml --port 8080
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise refuse(FOLDER_NOT_EMPTY, place=Place(file=str(folder)), name=folder.name or ".")
    for name, text in STARTER.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    if as_json:
        say.as_json({"folder": str(folder), "config": str(folder / FILE), "files": sorted(STARTER)})
        return 0
    say.out(f"A gateway lies in {folder}. Next:")
    say.out(f"  fhirgate serve --config {folder / FILE} --port 8080")
    say.out(f"  fhirgate token local --config {folder / FILE}")
    return 0


@click.command(short_help="Serve the two FHIR bases.")
@with_config
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, type=_PORT, help="The port to listen on.")
@click.option("--workers", default=1, show_default=True, type=_COUNT, help="Processes; one for each core.")
@click.option(
    "--threads",
    default=16,
    show_default=True,
    type=_COUNT,
    help="Threads in each process, for what may have to wait.",
)
@with_json
def serve(config_path: Path | None, host: str, port: int, workers: int, threads: int, as_json: bool) -> int:
    """Serve the two FHIR bases until Ctrl-C.

    With --json the addresses are printed as JSON on stdout before serving.

    \b
    Examples:
      fhirgate serve --config gate/gateway.toml --port 8080
      fhirgate serve --host 0.0.0.0 --workers 2
    """
    _port_is_free(host, port)
    # Everything that is wrong is told here, once, and not by each worker.
    with opened(config_path) as gateway:
        gate_of(gateway.config, gateway.keys)
        feeds = sorted(gateway.feeds)
    path = config_path or (Path(FILE) if Path(FILE).is_file() else None)
    if path is not None:
        os.environ["GATEWAY_CONFIG"] = str(path.resolve())
    _tell_addresses(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}", feeds, as_json)
    served("gateway:create_app", host, port, workers=workers, threads=threads)
    return 0


@click.command(short_help="Print a token for a client of this gateway.")
@click.argument("client")
@click.option("--life", default=_HOUR, show_default=True, type=_COUNT, help="How long it lasts, in seconds.")
@click.option("--person", default="", help="Who is at the client: what it decides is this person's word.")
@with_json
@with_config
def token(client: str, life: int, person: str, as_json: bool, config_path: Path | None) -> int:
    """Print a token for CLIENT, a registered client of this gateway: for development and tests.

    \b
    Examples:
      fhirgate token local --config gate/gateway.toml
      curl -H "Authorization: Bearer $(fhirgate token local)" http://127.0.0.1:8080/fhir/Patient
    """
    config = configured(config_path)
    known = clients_of(config)
    if client not in known:
        raise refuse(CLIENT_UNKNOWN, name=client, known=", ".join(sorted(known)) or "none yet")
    with opened(config_path) as gateway:
        key = signing_key(gateway.keys)
    issuer = own_issuer(config, key)
    now = time.time()
    made = make(
        key,
        issuer=issuer.issuer,
        audience=issuer.audience,
        client=client,
        scopes=known[client].scopes,
        now=now,
        token_id=secrets.token_hex(16),
        life=life,
        person=person,
    )
    ends = int((now + life) * 1000)
    if as_json:
        say.as_json({"token": made, "client": client, "ends": instant(ends)})
    else:
        say.out(made)
        say.talk(f"For {client}, until {say.local(ends)}.")
    return 0


@click.command("config", short_help="Show every setting in force and where it came from.")
@with_json
@with_config
def config_(as_json: bool, config_path: Path | None) -> int:
    """Show every setting in force and where it came from.

    \b
    Examples:
      fhirgate config
      fhirgate config --json
    """
    values = configured(config_path).values
    if as_json:
        say.as_json(
            [
                {"name": name, "value": _shown(one), "unit": one.setting.unit, "origin": one.origin}
                for name, one in values.items()
            ]
        )
        return 0
    rows = [(name, _in_words(_shown(one)), one.setting.unit, one.origin) for name, one in values.items()]
    say.table(rows, ("setting", "value", "unit", "from"))
    return 0


@click.command(short_help="Show the whole journey with invented children.")
@click.option("--once", is_flag=True, help="End after the journey instead of serving.")
@click.option("--port", default=8080, show_default=True, type=_PORT, help="Where to serve.")
@with_json
def demo(once: bool, port: int, as_json: bool) -> int:
    """Show the whole journey with invented children: files in, one child out of many records, one question.

    \b
    Examples:
      fhirgate demo
      fhirgate demo --once
    """
    if not once:
        _port_is_free("127.0.0.1", port)
    showing.run(
        once=once, port=port, out=say.talk if as_json else say.out, facts=say.as_json if as_json else None
    )
    return 0


def _shown(value: Value) -> Any:
    """A setting's value as it may be shown: of a secret only whether there is one."""
    if value.setting.secret:
        return "set" if value.value else "not set"
    if value.setting.type in ("database", "url"):
        return without_password(value.value)
    return list(value.value) if isinstance(value.value, tuple) else value.value


def _in_words(shown: Any) -> str:
    if isinstance(shown, bool):
        return str(shown).lower()
    if isinstance(shown, list):
        return ", ".join(shown)
    if isinstance(shown, dict):
        return ", ".join(f"{name}={text}" for name, text in shown.items())
    return str(shown)


def _tell_addresses(root: str, feeds: list[str], as_json: bool) -> None:
    if as_json:
        say.as_json({"fhir": f"{root}/fhir", "feeds": {feed: f"{root}/feed/{feed}" for feed in feeds}})
        return
    say.talk(f"Ask   {root}/fhir")
    for feed in feeds:
        say.talk(f"Tell  {root}/feed/{feed}")
    say.talk("Ctrl-C to stop.")


def _port_is_free(host: str, port: int) -> None:
    """Refuse a port that cannot be listened on.

    Raises:
        Refused: `service.port-taken`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise refuse(PORT_TAKEN, port=port, host=host, reason=error.strerror or "it is taken") from None


COMMANDS = (init, serve, token, config_, demo)
