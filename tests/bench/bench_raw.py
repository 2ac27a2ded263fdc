"""What the gateway costs beside a bare function that returns the same bytes from the same server.

Several servers are asked the same in turn: the gateway as it is; the gateway with an audit that keeps
nothing; and a function that knows each answer by heart, once through ASGI, on the server's own thread, and
once through WSGI, in another thread, which costs more. What is measured is the CPU time of each server's
processes for a request. A look that is on disk before its answer leaves is nothing that a bare function does,
so both figures are printed; the bar is held against the gateway without it, and against the cheaper function.
Like the bare functions the gateway remembers what it answered, as long as nothing changes; what a question
costs that is new is printed too.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench_http import _fill
from uvicorn import Server
from uvicorn.middleware.wsgi import WSGIMiddleware

from gateway import config as settings
from gateway.app import clients_of, create_app, open_gateway, own_issuer, signing_key
from gateway.security.token import make
from gateway.store.audit import SqliteTrail
from gateway.web import lane, server

ROUNDS = 5
REQUESTS = 600
CALLERS = (1, 8)
WANTED = 2.0
NHS = "https://fhir.nhs.uk/Id/nhs-number%7C9990000018"
FOLDER = "BENCH_FOLDER"
SETTINGS = """
[feeds.clinic]
sector = "health"
verified = true

[clients.clinic]
sector = "health"
scopes = ["system/*.rs"]
feeds = ["clinic"]
"""
Application = Callable[..., Any]


class Running(NamedTuple):
    """A server that was started: its process and port."""

    process: int
    port: int


def audited() -> Application:
    """The gateway as it is."""
    return create_app(Path(os.environ[FOLDER]) / "gateway.toml")


def unaudited() -> Application:
    """The gateway with an audit that keeps nothing."""
    SqliteTrail.append_all = lambda self, events: None  # type: ignore[method-assign]
    SqliteTrail.try_append_all = lambda self, events: True  # type: ignore[method-assign]
    return audited()


def forgetful() -> Application:
    """The gateway with an audit that keeps nothing, to which every question is new."""
    lane.LIFE = 0
    return unaudited()


def raw() -> Any:
    """A function that knows each answer by heart."""
    known = {
        address.encode(): ([(name.encode(), value.encode()) for name, value in headers], body.encode())
        for address, (headers, body) in _by_heart().items()
    }

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        headers, body = known[scope["raw_path"] + b"?" + scope["query_string"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


def raw_wsgi() -> Any:
    """The same as a WSGI function."""
    known = {
        address: ([(name, value) for name, value in headers], body.encode())
        for address, (headers, body) in _by_heart().items()
    }

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        headers, body = known[f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"]
        start("200 OK", headers)
        return [body]

    return WSGIMiddleware(answer, workers=16)


RAW = {"raw": raw, "raw_wsgi": raw_wsgi}


def _by_heart() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((Path(os.environ[FOLDER]) / "answers.json").read_text("utf-8"))
    return told


def bench(requests: int = REQUESTS) -> Iterator[str]:
    """Run the benchmark; one line for each figure."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        child, headers = _prepared(Path(folder))
        asked = {
            "GET Patient by id": f"/fhir/Patient/{child}?",
            "Patient?identifier=": f"/fhir/Patient?identifier={NHS}",
            "Observation?patient=&_count=20": f"/fhir/Observation?patient={child}&_count=20",
        }
        gateways = [
            stack.enter_context(_served(name, folder)) for name in ("audited", "unaudited", "forgetful")
        ]
        _learnt(Path(folder), gateways[0], asked.values(), headers)
        servers = [*gateways, *(stack.enter_context(_served(name, folder)) for name in RAW)]
        for name, address in asked.items():
            for callers in CALLERS:
                rounds = [
                    [_cost(each, address, headers, callers, requests) for each in servers]
                    for _ in range(ROUNDS)
                ]
                yield _compared(
                    name, callers, *(sorted(each)[ROUNDS // 2] for each in zip(*rounds, strict=True))
                )


def _compared(
    name: str, callers: int, ours: float, silent: float, new: float, bare: float, wsgi: float
) -> str:
    verdict = "met" if silent / bare <= WANTED else "NOT MET"
    return (
        f"{name}, {callers} at a time: bare function {bare:.0f} CPU µs,"
        f" without audit {silent:.0f} CPU µs, {silent / bare:.2f} x (wanted {WANTED:.0f} x: {verdict}),"
        f" new each time {new:.0f} CPU µs, {new / bare:.2f} x,"
        f" with audit {ours:.0f} CPU µs, {ours / bare:.2f} x; beside a bare WSGI function, {wsgi:.0f} CPU µs:"
        f" {silent / wsgi:.2f} x, new each time {new / wsgi:.2f} x, with audit {ours / wsgi:.2f} x"
    )


def _prepared(folder: Path) -> tuple[str, dict[str, str]]:
    """Settings and one child in a folder: the child's id, and headers to ask with."""
    (folder / "gateway.toml").write_text(SETTINGS)
    config = settings.load(folder / "gateway.toml", {})
    gateway = open_gateway(config)
    child, key = _fill(gateway), signing_key(gateway.keys)
    gateway.close()
    issuer = own_issuer(config, key)
    token = make(
        key,
        issuer=issuer.issuer,
        audience=issuer.audience,
        client="clinic",
        scopes=clients_of(config)["clinic"].scopes,
        now=time.time(),
        token_id="bench",
    )
    return child, {
        "Accept": "application/fhir+json",
        "Authorization": f"Bearer {token}",
        "X-Request-ID": "bench",
        "Host": "fhir.example",
    }


def _learnt(folder: Path, gateway: Running, addresses: Any, headers: dict[str, str]) -> None:
    """Write down what the gateway answers."""
    told = {}
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
    for address in addresses:
        connection.request("GET", address, None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        assert answer.status == 200, body
        own = [
            pair for pair in answer.getheaders() if pair[0].lower() not in ("date", "server", "connection")
        ]
        told[address] = (own, body)
    connection.close()
    (folder / "answers.json").write_text(json.dumps(told), "utf-8")


def _cost(running: Running, address: str, headers: dict[str, str], callers: int, requests: int) -> float:
    """CPU microseconds of the server for each request."""

    def call(times: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", running.port)
        for _ in range(times):
            connection.request("GET", address, None, headers)
            connection.getresponse().read()
        connection.close()

    call(20)
    threads = [threading.Thread(target=call, args=(requests // callers,)) for _ in range(callers)]
    before = _cpu(running.process)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (_cpu(running.process) - before) / (requests // callers * callers) / 1000


def _cpu(process: int) -> int:
    """Nanoseconds of CPU that the threads of a process and of its children have taken."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    own = sum(int(each.read_text().split()[0]) for each in Path(f"/proc/{process}/task").glob("*/schedstat"))
    return own + sum(_cpu(int(child)) for child in children)


@contextmanager
def _served(factory: str, folder: str) -> Iterator[Running]:
    """One worker of the server that the gateway runs on, around an application."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = str(Path(__file__).parent)
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))
    command = [sys.executable, __file__, "serve", factory, str(port)]
    with subprocess.Popen(command, env={**os.environ, FOLDER: folder, "PYTHONPATH": path}) as process:
        try:
            _awaited(port)
            yield Running(process.pid, port)
        finally:
            process.terminate()


def _awaited(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        if sys.argv[2] in RAW:
            listening = socket.create_server(("127.0.0.1", int(sys.argv[3])))
            # uvicorn would rather have its WSGI bridge replaced by a package of its own
            warnings.simplefilter("ignore", DeprecationWarning)
            Server(server.configured(RAW[sys.argv[2]])).run([listening])
        else:
            server.serve(f"bench_raw:{sys.argv[2]}", "127.0.0.1", int(sys.argv[3]))
    else:
        for line in bench(*map(int, sys.argv[1:2])):
            print(line, flush=True)
