"""The processes that serve: granian around an application factory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from gateway.web.counts import SHARED

_PATIENCE = 3


def serve(factory: str, host: str, port: int, *, workers: int = 1, threads: int = 16) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        factory: what makes the WSGI application in each worker, as `module:function`.
        threads: in each worker, for waiting on upstreams.
    """
    with _counted_together(workers):
        Server(
            factory,
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=threads,
            factory=True,
            websockets=False,
            log_level=LogLevels.error,
            respawn_failed_workers=True,
            # Ctrl-C reaches the workers too, and one that hears it twice may not end by itself.
            workers_kill_timeout=_PATIENCE,
        ).serve()


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
