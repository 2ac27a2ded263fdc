"""Next links that may be followed, and those that may not."""

import pytest

from gateway.upstream.links import under

BASES = ("https://hospital.example/fhir", "http://inside:8080/fhir", "")


@pytest.mark.parametrize(
    ("url", "rest"),
    [
        pytest.param("https://hospital.example/fhir?_getpages=1&_o=2", "?_getpages=1&_o=2", id="HAPI"),
        pytest.param(
            "https://hospital.example/fhir/Observation?page=2", "Observation?page=2", id="the search again"
        ),
        pytest.param(
            "http://inside:8080/fhir/Observation?page=2", "Observation?page=2", id="by its inner base"
        ),
        pytest.param("?page=2", "Observation?page=2", id="only a query"),
        pytest.param("Observation?page=2", "Observation?page=2", id="relative"),
        pytest.param("/fhir/Observation?page=2", "Observation?page=2", id="relative to the host"),
        pytest.param("https://evil.example/fhir/Observation?page=2", None, id="another host"),
        pytest.param("https://hospital.example:8443/fhir/Observation?page=2", None, id="another port"),
        pytest.param("http://hospital.example/fhir/Observation?page=2", None, id="without TLS"),
        pytest.param("https://hospital.example/fhir-admin/x", None, id="a path that only begins alike"),
        pytest.param("https://hospital.example/fhir/../admin", None, id="up and out"),
        pytest.param("https://hospital.example/fhir/%2e%2e/admin", None, id="up and out, escaped"),
        pytest.param("https://hospital.example/fhir/Observation?a=1\r\nX: y", None, id="a line break"),
        pytest.param("https://hospital.example/fhir", None, id="the base itself"),
        pytest.param("", "Observation", id="nothing: the same search"),
        pytest.param("file:///etc/passwd", None, id="a file"),
        pytest.param("https://hospital.example/fhir/Observation?page=é", None, id="more than ASCII"),
        pytest.param(
            f"https://hospital.example/fhir/Observation?page={'2' * 2000}", None, id="longer than we send"
        ),
        pytest.param("https://[hospital/fhir/Observation?page=2", None, id="no address at all"),
    ],
)
def test_only_what_is_under_the_server_is_followed(url: str, rest: str | None) -> None:
    assert under(url, "Observation", BASES) == rest
