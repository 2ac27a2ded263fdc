"""Requests that go out together, against a server that misbehaves and sockets that do worse."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from liar import HABITS, Liar, Reply

from gateway.problems import Refused
from gateway.upstream import trust
from gateway.upstream.client import Flight, Plan, ask
from gateway.upstream.values import Answer, Request, State, Upstream


def one(base_url: str, path: str = "Patient?identifier=x", form: str = "", patience: float = 5.0) -> Answer:
    request = Request(Upstream("x", base_url), path, form)
    (answer,) = ask([request], time.monotonic() + patience)
    return answer


@pytest.mark.parametrize(
    ("habit", "state", "status"),
    [
        ("honest", "answered", 200),
        ("hang", "timeout", 0),
        ("drip", "timeout", 0),
        ("reset", "reset", 0),
        ("cut", "reset", 0),
        ("error", "status", 500),
        ("throttled", "status", 429),
        ("redirect", "status", 302),
        ("html", "nonsense", 200),
        ("bomb", "too-large", 0),
    ],
)
def test_what_came_of_a_request_has_a_name(liar: Liar, habit: str, state: State, status: int) -> None:
    answer = one(liar.base(habit), patience=0.3 if state == "timeout" else 5)

    assert (answer.state, answer.status) == (state, status)


def test_a_closed_port_a_missing_host_and_a_dead_protocol_have_names_too(liar: Liar) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert one(closed).state == "refused"
    assert one("https://no-such-host.invalid/fhir").state == "unreachable"
    assert one(liar.root.replace("http:", "https:")).state == "untrusted"


def test_everybody_is_asked_at_once_and_the_slow_one_costs_no_more_than_the_deadline(liar: Liar) -> None:
    requests = [
        Request(Upstream(habit, liar.base(habit)), "Patient") for habit in ("hang", "honest", "drip", "error")
    ]
    began = time.monotonic()

    answers = ask(requests, began + 0.5)

    assert time.monotonic() - began < 0.8
    assert [answer.state for answer in answers] == ["timeout", "answered", "timeout", "status"]


def test_requests_are_under_way_before_anybody_waits(liar: Liar) -> None:
    one(liar.base("honest"))

    flight = Flight([(_twice(Request(Upstream("x", liar.base("honest")), "Patient")), time.monotonic() + 5)])
    time.sleep(0.2)
    asked = len(liar.asked)
    (answers,) = flight.land()

    assert asked == 2
    assert [answer.state for answer in answers] == ["answered", "answered"]


def test_a_plan_whose_time_is_over_is_told_so_without_asking_again(liar: Liar) -> None:
    (answers,) = Flight(
        [(_twice(Request(Upstream("x", liar.base("hang")), "Patient")), time.monotonic() + 0.2)]
    ).land()

    assert [answer.state for answer in answers] == ["timeout", "timeout"]
    assert len(liar.asked) == 1


def test_a_flight_that_was_never_landed_does_not_disturb_the_next(liar: Liar) -> None:
    Flight([(_twice(Request(Upstream("x", liar.base("hang")), "Patient")), time.monotonic() + 5)])

    assert one(liar.base("honest")).state == "answered"


def test_connections_are_kept_and_used_again(liar: Liar) -> None:
    ports = set()
    accept = liar._server.get_request

    def counted() -> tuple[socket.socket, tuple[str, int]]:
        accepted = accept()
        ports.add(accepted[1])
        return accepted

    liar._server.get_request = counted  # type: ignore[method-assign]
    for _ in range(5):
        one(liar.base("honest"))

    assert len(ports) == 1


def test_many_threads_ask_without_getting_in_each_others_way(liar: Liar) -> None:
    bad: list[Answer] = []

    def work() -> None:
        for _ in range(10):
            answer = one(liar.base("honest"))
            if answer.state != "answered":
                bad.append(answer)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert not bad
    assert len(liar.asked) == 80


def test_what_is_sent(liar: Liar) -> None:
    upstream = Upstream("x", liar.base("honest") + "/", token="t0ken")
    request = Request(upstream, "Patient/_search", "identifier=a%7Cb")

    Flight([(_twice(request), time.monotonic() + 5)], request_id="7d1c").land()

    sent = liar.asked[0]
    assert (sent.method, sent.path, sent.query, sent.body) == (
        "POST",
        "Patient/_search",
        "",
        "identifier=a%7Cb",
    )
    assert sent.headers["Accept"] == "application/fhir+json"
    assert sent.headers["Cache-Control"] == "no-cache"
    assert sent.headers["Authorization"] == "Bearer t0ken"
    assert sent.headers["X-Request-ID"] == "7d1c"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Expect" not in sent.headers


def test_nothing_of_one_request_is_left_in_the_next(liar: Liar) -> None:
    ask([Request(Upstream("x", liar.base("honest"), token="t0ken"), "a", "b=c")], time.monotonic() + 5)
    one(liar.base("honest"))

    assert liar.asked[1].method == "GET"
    assert "Authorization" not in liar.asked[1].headers


def test_a_proxy_in_the_environment_changes_nothing(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert one(liar.base("honest")).state == "answered"


def test_a_line_break_in_a_request_id_is_not_sent(liar: Liar) -> None:
    request = Request(Upstream("x", liar.base("honest")), "Patient")

    Flight([(_twice(request), time.monotonic() + 5)], request_id="a\r\nX-Evil: 1").land()

    assert "X-Evil" not in liar.asked[0].headers


def test_a_media_type_that_is_not_ascii_is_read_all_the_same(
    liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Reply({"resourceType": "Bundle"}, type="application/fhir+json; name=\xe9")
    monkeypatch.setitem(HABITS, "honest", lambda *_: said)

    assert one(liar.base("honest")).state == "answered"


def test_a_plan_that_breaks_ends_alone_and_is_logged_by_its_kind(
    liar: Liar, caplog: pytest.LogCaptureFixture
) -> None:
    request, later = Request(Upstream("x", liar.base("honest")), "Patient"), time.monotonic() + 5
    plans = [(_breaks(request, at), later) for at in (0, 1)] + [(_twice(request), later)]

    *broken, (first, _) = Flight(plans, broken=lambda number, ms: [Answer("nonsense", number)]).land()

    assert [answer.status for (answer,) in broken] == [0, 1]
    assert first.state == "answered"
    assert caplog.messages == ["an answer could not be read: ZeroDivisionError"] * 2
    assert not any(record.exc_info for record in caplog.records)


def test_an_address_that_cannot_be_sent_ends_its_plan_alone(liar: Liar) -> None:
    server = Upstream("x", liar.base("honest"))
    plans = [(_twice(Request(server, path)), time.monotonic() + 5) for path in ("Patient?x=\xe9", "Patient")]

    broken, (first, _) = Flight(plans, broken=lambda number, ms: []).land()

    assert (broken, first.state) == ([], "answered")


def test_without_a_word_for_it_what_breaks_is_raised(liar: Liar) -> None:
    request = Request(Upstream("x", liar.base("honest")), "Patient")

    with pytest.raises(ZeroDivisionError):
        Flight([(_breaks(request, 1), time.monotonic() + 5)]).land()


def test_a_certificate_is_believed_only_when_its_authority_is(
    tls: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, authority = tls
    stranger = one(url)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    trust.authorities.cache_clear()

    known = one(url)

    monkeypatch.undo()
    trust.authorities.cache_clear()
    assert (stranger.state, known.state) == ("untrusted", "answered")


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://h/fhir",
        "hospital.example/fhir",
        "https://",
        "https://u:p@h/fhir",
        "https://h/fhir?x=1",
        "file:///etc",
        "https://[x/fhir",
        "https://h:99999/fhir",
        "https://h/fhir#x",
        "https://höspital.example/fhir",
        "https://h/fh\tir",
    ],
)
def test_only_a_plain_web_address_can_be_an_upstream(base_url: str) -> None:
    with pytest.raises(Refused) as caught:
        Upstream("x", base_url)

    (problem,) = caught.value.problems
    assert problem.kind.code == "upstream.setting"
    assert "https address" in problem.fix


@pytest.mark.parametrize(
    "host",
    ["hospital.example", "10.0.0.7", "127.0.0.1.hospital.example", "localhost.example", "[::2]", "0.0.0.0"],
)
def test_without_tls_nobody_beyond_this_machine_is_asked(host: str) -> None:
    with pytest.raises(Refused) as caught:
        Upstream("hospital", f"http://{host}/fhir")

    (problem,) = caught.value.problems
    assert problem.kind.code == "upstream.setting"
    assert "http" in problem.says
    assert "upstreams.hospital" in problem.fix and "https" in problem.fix
    assert Upstream("hospital", f"https://{host}/fhir").base_url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "[::1]", "localhost", "LOCALHOST"])
def test_a_server_on_this_machine_may_do_without_tls(host: str) -> None:
    assert Upstream("x", f"http://{host}:8080/fhir/").base_url == f"http://{host}:8080/fhir"


def test_a_token_with_a_line_break_is_refused_and_no_token_is_ever_printed() -> None:
    with pytest.raises(Refused) as caught:
        Upstream("x", "https://h/fhir", token="s3cret\r\nX: y")

    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Upstream("x", "https://h/fhir", token="s3cret"))


def test_a_request_and_an_answer_print_nothing_of_the_child() -> None:
    request = Request(
        Upstream("x", "https://h/fhir"), "Patient?identifier=9990000018", "identifier=9990000018"
    )

    assert "9990000018" not in repr(request) + repr(Answer("answered", 200, b"9990000018"))


def _twice(request: Request) -> Plan[list[Answer]]:
    first = yield request
    second = yield request
    return [first, second]


def _breaks(request: Request, at: int) -> Plan[list[Answer]]:
    for _ in range(at):
        yield request
    raise ZeroDivisionError("Canary 9990000018")


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate of an authority of its own: its URL and the authority's file."""
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve_tls, args=(listener, context), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}/fhir", certificate
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def _serve_tls(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with plain:
            try:
                with context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
                        b"Connection: close\r\n\r\n{}"
                    )
            except OSError:
                continue


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Invented Authority")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, secret
