"""The processes that serve: uvicorn around an application factory."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any

from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from gateway.problems import Refused
from gateway.web.asgi import Application
from gateway.web.counts import SHARED
from gateway.web.wire import Wire

_PATIENCE = 3
#: Seconds that a connection may be idle: longer than proxies keep theirs, or they meet one that just closed.
_IDLE = 75
_BACKLOG = 2048


def serve(
    factory: str, host: str, port: int, *, workers: int = 1, threads: int = 16, log_config: str | None = None
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        factory: what makes the WSGI application in each worker, as `module:function`.
        threads: in each worker, for what may have to wait.
        log_config: a file for `logging.config`, in JSON.

    Raises:
        OSError: if the port cannot be listened on.
    """
    config = configured(partial(application, factory, threads), workers, log_config)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        _counted_together(workers),
        _ended_by_signal(),
        socket.create_server((host, port), family=family, backlog=_BACKLOG) as listening,
    ):
        listening.set_inheritable(True)
        if workers == 1:
            Server(config).run([listening])
        else:
            _Workers(config, [listening]).run()


def configured(factory: Callable[[], Any], workers: int = 1, log_config: str | None = None) -> Config:
    """How uvicorn is to serve the ASGI application that a factory makes."""
    return Config(
        factory,
        factory=True,
        interface="asgi3",
        http=Wire,
        ws="none",
        lifespan="off",
        loop="uvloop",
        workers=workers,
        log_config=log_config,
        # what it logs of faults may hold what a request said
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_PATIENCE,
    )


def application(factory: str, threads: int) -> Application:
    """The application in one worker."""
    module, _, name = factory.partition(":")
    try:
        return Application(getattr(import_module(module), name)(), threads)
    except Refused as refused:
        # whoever serves starts another one at once: not as fast as it can, while what is wrong lasts
        print(refused, file=sys.stderr)
        time.sleep(_PATIENCE)
        raise SystemExit(1) from None


class _Workers(Multiprocess):
    """The workers of one server."""

    def join_all(self) -> None:
        """Wait for the workers to end, but not for ever: one may hang in what it waits for."""
        for each in self.processes:
            each.process.join(2 * _PATIENCE)
            if each.process.is_alive():
                each.process.kill()
                each.process.join()


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Inside the block SIGTERM does what Ctrl-C does, also before uvicorn listens to it and after."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _counted_together(workers: int) -> Iterator[None]:
    """Inside the block several workers keep their counters in one folder, so that each can tell them all."""
    if workers == 1 or SHARED in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="fhirgate-counts-") as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]
