import io
from typing import Any

import pytest

from gateway.problems import Refused
from gateway.web.messages import Request
from gateway.web.proxies import networks
from gateway.web.wsgi import origin, request_of


def environ(path: str = "/fhir/Patient", **more: Any) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        **more,
    }


def made(*given: Any, **more: Any) -> Request:
    request = request_of(environ(*given, **more), "")
    assert request is not None
    return request


@pytest.mark.parametrize(
    ("path", "feed", "rest", "base"),
    [
        ("/fhir", "", "", "http://localhost:8080/fhir"),
        ("/fhir/", "", "", "http://localhost:8080/fhir"),
        ("/fhir/Patient/1", "", "Patient/1", "http://localhost:8080/fhir"),
        ("/feed/oak", "oak", "", "http://localhost:8080/feed/oak"),
        ("/feed/oak/Patient", "oak", "Patient", "http://localhost:8080/feed/oak"),
    ],
)
def test_the_path_says_the_base_and_what_stands_behind_it(path: str, feed: str, rest: str, base: str) -> None:
    request = made(path)

    assert (request.feed, request.path, request.base) == (feed, rest, base)


@pytest.mark.parametrize("path", ["/", "", "/health", "/fhirs/Patient", "/feed", "/feed/"])
def test_other_paths_are_no_requests_to_a_base(path: str) -> None:
    assert request_of(environ(path), "") is None


@pytest.mark.parametrize("host", ["evil.example/x", "a b", 'a"b', "a@b", "x" * 300, "[::1"])
def test_a_host_that_is_none_gives_way_to_the_servers_own(host: str) -> None:
    assert origin(environ(HTTP_HOST=host)) == "http://localhost:8080"


@pytest.mark.parametrize("host", ["gateway.example", "127.0.0.1:80", "[::1]:8080", "[2001:db8::1]"])
def test_the_host_of_the_request_is_the_host_of_its_links(host: str) -> None:
    assert origin(environ(HTTP_HOST=host)) == f"http://{host}"


def test_the_public_address_of_the_settings_beats_the_host() -> None:
    request = request_of(environ(HTTP_HOST="a"), "https://gateway.example/base")

    assert request is not None and request.base == "https://gateway.example/base/fhir"


TRUSTED = networks(["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({}, "10.0.0.1"),
        ({"HTTP_X_FORWARDED_FOR": "192.0.2.7"}, "192.0.2.7"),
        ({"HTTP_X_FORWARDED_FOR": "198.51.100.1, 192.0.2.7, 10.0.0.2"}, "192.0.2.7"),
        ({"HTTP_X_FORWARDED_FOR": "10.9.9.9, 10.0.0.2"}, "10.9.9.9"),
        ({"HTTP_X_FORWARDED_FOR": "192.0.2.7:4711"}, "192.0.2.7"),
        ({"HTTP_X_FORWARDED_FOR": "nonsense"}, "10.0.0.1"),
        ({"HTTP_FORWARDED": 'for="[2001:db8::1]:99"'}, "2001:db8::1"),
        ({"HTTP_FORWARDED": "for=_hidden"}, "10.0.0.1"),
        ({"HTTP_FORWARDED": "for=198.51.100.1, for=192.0.2.7, for=10.0.0.3"}, "192.0.2.7"),
    ],
)
def test_behind_a_trusted_proxy_the_address_is_the_clients(headers: dict[str, str], address: str) -> None:
    asked = environ(REMOTE_ADDR="10.0.0.1", **headers)

    request = request_of(asked, "", TRUSTED)
    assert request is not None and request.address == address
    alone = request_of(asked | {"REMOTE_ADDR": "192.0.2.99"}, "", TRUSTED)
    assert alone is not None and alone.address == "192.0.2.99"


def test_the_public_address_beats_what_a_proxy_says() -> None:
    asked = environ(REMOTE_ADDR="::1", HTTP_X_FORWARDED_HOST="a.example", HTTP_X_FORWARDED_PROTO="https")

    for public, base in (("", "https://a.example/fhir"), ("https://b.example", "https://b.example/fhir")):
        request = request_of(asked, public, TRUSTED)
        assert request is not None and request.base == base


def test_a_proxy_that_is_no_address_is_a_wrong_setting() -> None:
    with pytest.raises(Refused) as caught:
        networks(["10.0.0.0/8", "proxy.example"])

    assert caught.value.problems[0].kind.code == "config.value"
    assert "proxy.example" in caught.value.problems[0].says


def test_a_mount_point_is_part_of_the_base() -> None:
    assert made(SCRIPT_NAME="/mounted").base == "http://localhost:8080/mounted/fhir"


def test_headers_are_known_by_their_small_names() -> None:
    headers = made(HTTP_IF_NONE_MATCH="a", CONTENT_TYPE="b", HTTP_ACCEPT="c").headers

    assert headers == {"if-none-match": "a", "content-type": "b", "accept": "c"}


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_read() -> None:
    stream = io.BytesIO(b"x" * 100)
    request = made(CONTENT_LENGTH="100", **{"wsgi.input": stream})

    with pytest.raises(Refused) as caught:
        request.sent(99)

    assert caught.value.status == 413
    assert stream.tell() == 0


def test_a_body_of_unknown_length_is_read_up_to_the_limit() -> None:
    def sent(most: int) -> bytes:
        return made(HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": io.BytesIO(b"x" * 100)}).sent(most)

    assert sent(100) == b"x" * 100
    with pytest.raises(Refused) as caught:
        sent(99)
    assert caught.value.status == 413


def test_a_length_beside_chunks_does_not_count() -> None:
    both = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "1", "wsgi.input": io.BytesIO(b"whole")}

    assert made(**both).sent(99) == b"whole"


def test_no_body_is_read_where_none_is_announced() -> None:
    assert made(**{"wsgi.input": io.BytesIO(b"rest of the connection")}).sent(99) == b""
