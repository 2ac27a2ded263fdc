"""The wire on real sockets: what is no request, what is too long, too slow, cut off, or sent on the way."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from served import settle, token_for
from uvicorn import Server

from gateway.app import create_app
from gateway.web import asgi, wire
from gateway.web.asgi import Application
from gateway.web.server import configured
from gateway.web.site import Site

CRLF = b"\r\n"
PATIENCE = 0.4


class Running:
    """A server in a thread of this process."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.token = token_for(site.door.gateway.config, "clinic")
        self.server = Server(configured(lambda: Application(site, 2)))
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self.server.run, args=([self.listening],))

    def said(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """What the server says to bytes sent in some parts, until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            return b"".join(iter(lambda: self._received(connection), b""))

    @staticmethod
    def _received(connection: socket.socket) -> bytes:
        try:
            return connection.recv(65_536)
        except ConnectionError:
            return b""

    def headers(self, *more: bytes) -> bytes:
        lines = (b"Host: localhost", b"Authorization: Bearer " + self.token.encode(), *more)
        return CRLF.join(lines) + CRLF * 2


@pytest.fixture
def running(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(wire, "_PATIENCE", PATIENCE)
    site = create_app(settle(tmp_path))  # type: ignore[arg-type]
    assert isinstance(site, Site)
    made = Running(site)
    made.thread.start()
    yield made
    made.server.should_exit = True
    made.thread.join(10)
    made.listening.close()
    site.door.gateway.close()


def code(said: bytes) -> tuple[int, str]:
    """The status and the problem of an answer."""
    status = int(said.split(b" ", 2)[1])
    told = json.loads(said.partition(CRLF * 2)[2])
    return status, told["issue"][0]["details"]["coding"][0]["code"]


def test_headers_without_an_end_are_refused_while_they_come(running: Running) -> None:
    said = running.said(
        b"GET /fhir/metadata HTTP/1.1\r\nX-Long: 1\r\n", *[b"X-A: " + b"a" * 16_000] * 6, pause=0.02
    )

    assert code(said) == (431, "http.headers-long")


def test_an_address_without_an_end_is_refused_while_it_comes(running: Running) -> None:
    said = running.said(b"GET /fhir/Patient?name=", *[b"a" * 16_000] * 6, pause=0.02)

    assert code(said) == (414, "http.address-long")


def test_who_opens_a_connection_and_says_nothing_is_not_waited_for(running: Running) -> None:
    assert code(running.said()) == (408, "http.slow")


def test_a_request_that_comes_too_slowly_is_not_waited_for(running: Running) -> None:
    assert code(running.said(b"GET /fhir/metadata HTTP/1.1\r\nHost: local")) == (408, "http.slow")


def test_a_second_request_that_comes_too_slowly_is_not_waited_for(running: Running) -> None:
    whole = b"GET /fhir/Patient/x HTTP/1.1\r\n" + running.headers()

    said = running.said(whole + b"GET /fhir/Patient/y HTTP/1.1\r\n", pause=0.1)

    first, second = (b"HTTP/1.1 " + part for part in said.split(b"HTTP/1.1 ")[1:])
    assert first.startswith(b"HTTP/1.1 404")
    assert code(second) == (408, "http.slow")


def test_a_refusal_is_in_the_format_that_was_asked_for_as_far_as_that_was_read(running: Running) -> None:
    said = running.said(
        b"GET /fhir/x HTTP/1.1\r\nAccept: application/fhir+xml\r\nX-A: b\r\nBad Header: \x01\r\n\r\n"
    )

    head, _, body = said.partition(CRLF * 2)
    assert b" 400 " in head and b"application/fhir+xml" in head
    assert ElementTree.fromstring(body).tag == "{http://hl7.org/fhir}OperationOutcome"


def test_what_is_written_is_not_refused_for_the_nonsense_that_follows_it(running: Running) -> None:
    """Who hears 400 believes that nothing was written, and sends it again."""
    patient = b'{"resourceType":"Patient"}'
    length = b"Content-Length: %d" % len(patient)
    post = b"POST /feed/clinic/Patient HTTP/1.1\r\n" + running.headers(
        b"Content-Type: application/fhir+json", length
    )

    said = running.said(post + patient + b"nonsense\r\n\r\n")

    assert not said or said.startswith(b"HTTP/1.1 201")


def test_who_sends_no_more_still_hears_the_answer(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(b"GET /fhir/Patient HTTP/1.1\r\n" + running.headers())
        connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert said.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"Content-Length: 60", (400, "http.body-cut")),
        (b"Content-Length: 2000000", (413, "http.too-large")),
        (b"Transfer-Encoding: chunked", (400, "http.body-cut")),
    ],
)
def test_of_a_body_that_is_cut_off_nothing_is_kept(
    running: Running, sent: bytes, told: tuple[int, str]
) -> None:
    begun = b'{"resourceType":"Patient"}'
    if sent.startswith(b"Transfer"):
        begun = b"%x\r\n%s\r\n" % (len(begun), begun)
    headers = running.headers(b"Content-Type: application/fhir+json", sent)
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(b"POST /feed/clinic/Patient HTTP/1.1\r\n" + headers + begun)
        time.sleep(0.1)
        connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert code(said) == told
    kept = running.said(b"GET /feed/clinic/Patient HTTP/1.1\r\n" + running.headers(b"Connection: close"))
    assert json.loads(kept.partition(CRLF * 2)[2])["total"] == 0


def test_a_body_that_stands_still_is_not_waited_for(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "_PATIENCE", PATIENCE)
    monkeypatch.setattr(running.server.config, "timeout_keep_alive", 1)
    headers = running.headers(
        b"Content-Type: application/fhir+json", b"Content-Length: 60", b"Connection: close"
    )

    said = running.said(b"POST /feed/clinic/Patient HTTP/1.1\r\n" + headers + b"{")

    assert code(said) == (400, "http.body-cut")


def test_a_body_in_pieces_is_whole_again(running: Running) -> None:
    family = b"a" * 200_000
    patient = b'{"resourceType":"Patient","name":[{"family":"' + family[:190_000] + b'"}]}'
    chunks = [patient[at : at + 7_000] for at in range(0, len(patient), 7_000)]
    headers = running.headers(
        b"Content-Type: application/fhir+json", b"Transfer-Encoding: chunked", b"Connection: close"
    )

    said = running.said(
        b"POST /feed/clinic/Patient HTTP/1.1\r\n" + headers,
        *[b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks],
        b"0\r\n\r\n",
    )

    assert said.startswith(b"HTTP/1.1 201")
    location = next(line for line in said.split(CRLF) if line.lower().startswith(b"location:"))
    path = location.split(b" ")[1].partition(b"/_history")[0].partition(b"/feed")[2]
    told = running.said(b"GET /feed" + path + b" HTTP/1.1\r\n" + running.headers(b"Connection: close"))
    assert len(json.loads(told.partition(CRLF * 2)[2])["name"][0]["family"]) == 190_000


def test_what_is_no_request_is_told_so(running: Running) -> None:
    assert code(running.said(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")) == (400, "http.malformed")


def test_a_header_with_an_underscore_is_not_taken_for_the_one_of_a_proxy(running: Running) -> None:
    said = running.said(
        b"GET /fhir/Patient HTTP/1.1\r\n" + running.headers(b"Connection: close", b"X_Request_Id: forged")
    )

    assert said.startswith(b"HTTP/1.1 200")
    assert b"forged" not in said


def test_answers_on_one_connection_come_in_the_order_of_the_questions(running: Running) -> None:
    asked = [f"GET /fhir/Patient/x{number} HTTP/1.1\r\nX-Request-ID: n{number}\r\n" for number in range(8)]
    headers = [running.headers()] * 7 + [running.headers(b"Connection: close")]

    said = running.said(b"".join(each.encode() + more for each, more in zip(asked, headers, strict=True)))

    ids = [line.split(b" ")[1] for line in said.split(CRLF) if line.lower().startswith(b"x-request-id:")]
    assert ids == [b"n%d" % number for number in range(8)]
