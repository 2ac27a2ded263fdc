"""The wire: HTTP/1.1 as uvicorn reads it, with bounds, and an OperationOutcome for what is no request."""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.problems import Kind
from gateway.problems.http import (
    HTTP_ADDRESS_LONG,
    HTTP_BODY_CUT,
    HTTP_HEADERS_LONG,
    HTTP_MALFORMED,
    HTTP_SLOW,
)
from gateway.web.door import LONGEST_ADDRESS

#: Bytes of request line and headers, where they do not come in one piece; and seconds until they are there.
_MOST, _PATIENCE = 65_536, 30


class Wire(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._inside = False
        self._size = 0
        self._timer: TimerHandle | None = self.loop.call_later(_PATIENCE, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        inside = self._inside
        super().data_received(data)
        if not self._inside:
            if self._timer is not None:
                self._in_time()
            return
        self._size = self._size + len(data) if inside else len(data)
        if self._size > _MOST:
            if self.headers:
                self._refuse(HTTP_HEADERS_LONG, most=_MOST)
            else:
                self._refuse(HTTP_ADDRESS_LONG, most=LONGEST_ADDRESS)
        elif self._timer is None:
            self._timer = self.loop.call_later(_PATIENCE, self._late)

    def eof_received(self) -> bool:  # type: ignore[override]
        """See `asyncio.Protocol`: who sends no more may still wait for an answer."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False
                return True
            self._refuse(HTTP_BODY_CUT)
        elif self._inside:
            self._refuse(HTTP_MALFORMED)
        return False

    def on_message_begin(self) -> None:
        """See `httptools`."""
        self._inside = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """See `httptools`."""
        self._inside = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read; uvicorn's words for it are English text."""
        self._refuse(HTTP_MALFORMED)

    def _late(self) -> None:
        self._timer = None
        self._refuse(HTTP_SLOW, seconds=_PATIENCE)

    def _in_time(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, kind: Kind, **details: Any) -> None:
        """Answer and close; only close where an answer is on its way that this one could be taken for."""
        self._in_time()
        cycle = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if not self.transport.is_closing() and not (
            answering and (cycle.response_started or not cycle.more_body)
        ):
            response = self.app.refusal(kind, self.headers or (), **details)
            lines = [f"{name}: {value}\r\n".encode("latin-1") for name, value in response.headers]
            end = (b"connection: close\r\n\r\n", response.body)
            defaults = [name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers]
            self.transport.write(b"".join((STATUS_LINE[response.status], *defaults, *lines, *end)))
        self.transport.close()
