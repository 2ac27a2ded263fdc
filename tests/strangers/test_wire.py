"""What is hardly HTTP, on real sockets: the server says no or hangs up, and the next caller is served."""

import json
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from served import Served

CRLF = b"\r\n"

#: What is sent behind the authorization, and what it is.
REQUESTS = {
    "a percent sign alone": b"GET /fhir/Patient/%zz HTTP/1.1",
    "a null in the path": b"GET /fhir/Patient/%00 HTTP/1.1",
    "no UTF-8 in the path": b"GET /fhir/Patient/%ff%fe HTTP/1.1",
    "raw bytes in the path": b"GET /fhir/Patient/\xc3\xa9 HTTP/1.1",
    "a way up": b"GET /fhir/../../etc/passwd HTTP/1.1",
    "slashes": b"GET //fhir//Patient/// HTTP/1.1",
    "a backslash": b"GET /fhir\\Patient HTTP/1.1",
    "an absolute target": b"GET http://evil.example/fhir/Patient HTTP/1.1",
    "a star": b"OPTIONS * HTTP/1.1",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1",
    "a method in small letters": b"get /fhir/metadata HTTP/1.1",
    "a method of its own": b"NONSENSE /fhir/metadata HTTP/1.1",
    "an old version": b"GET /fhir/metadata HTTP/1.0",
    "a version of nobody": b"GET /fhir/metadata HTTP/9.9",
    "a long path": b"GET /fhir/Patient/" + b"a" * 40_000 + b" HTTP/1.1",
    "a long query": b"GET /fhir/Patient?name=" + b"a" * 40_000 + b" HTTP/1.1",
    "a long header": b"GET /fhir/metadata HTTP/1.1\r\nX-Long: " + b"a" * 100_000,
    "many headers": b"GET /fhir/metadata HTTP/1.1" + b"".join(b"\r\nX-%d: a" % n for n in range(2_000)),
    "a header of other signs": b"GET /fhir/metadata HTTP/1.1\r\nX-Request-Id: \xc3\xa9\xff",
    "a header with a null": b"GET /fhir/metadata HTTP/1.1\r\nX-Request-Id: a\x00b",
    "two lengths": b"POST /feed/clinic/Patient HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n{}",
    "a length below nought": b"POST /feed/clinic/Patient HTTP/1.1\r\nContent-Length: -1",
    "a length and chunks": b"POST /feed/clinic/Patient HTTP/1.1\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0",
    "broken chunks": b"POST /feed/clinic/Patient HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx",
    "no end of chunks": b"POST /feed/clinic/Patient HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    "less than announced": b"POST /feed/clinic/Patient HTTP/1.1\r\nContent-Type: application/fhir+json\r\n"
    b"Content-Length: 1000\r\n\r\n{",
    "broken gzip": b"POST /feed/clinic/Patient HTTP/1.1\r\nContent-Type: application/fhir+json\r\n"
    b"Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\n\x1f\x8b\x08\x00ab",
    "two authorizations": b"GET /fhir/Patient HTTP/1.1\r\nAuthorization: Bearer a.b.c",
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    "nothing": b"",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_hardly_http_harms_nobody(served: Served, name: str) -> None:
    head, found, body = REQUESTS[name].partition(CRLF * 2)
    token = served.caller("clinic").token.encode()
    more = b"Host: localhost\r\nConnection: close\r\nAuthorization: Bearer " + token
    where = urlsplit(served.url)

    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        with suppress(OSError):  # the server may have hung up by then
            connection.sendall(head + CRLF + more + CRLF * 2 + (body if found else b""))
            connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: _received(connection), b""))

    status = said.partition(b" ")[2][:3]
    assert said.startswith(b"HTTP/1.") and b"200" <= status < b"500", said[:1000]
    assert b"Traceback" not in said and b"root:" not in said
    if status >= b"400":
        _, _, told = said.partition(CRLF * 2)
        (issue,) = json.loads(told)["issue"]
        assert issue["severity"] == "error" and issue["diagnostics"]
    assert served.caller("").get("fhir/metadata").status_code == 200


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except ConnectionError:
        return b""
