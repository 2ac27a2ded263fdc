"""Settings become an application, or every reason why not."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from served import settle, token_for

from gateway import config as settings
from gateway.app import clients_of, create_app, open_gateway
from gateway.problems import Refused
from gateway.web.site import Site


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [each.kind.code for each in caught.value.problems]


def test_the_environment_names_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path)
    monkeypatch.setenv("GATEWAY_CONFIG", str(tmp_path / "gateway.toml"))

    app = create_app()

    assert isinstance(app, Site)
    assert set(app.door.gateway.feeds) == {"council", "school", "clinic"}
    app.door.gateway.close()


def test_each_scope_that_cannot_be_given_is_told(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        '[clients.a]\nscopes = ["user/Patient.rs", "system/*.rs", "system/*.all", "system/Patiant.r"]\n'
    )

    with pytest.raises(Refused) as caught:
        clients_of(settings.load(file, {}))

    assert codes(caught) == ["security.scope-form"] * 3


def test_a_client_may_be_tied_to_one_issuer_and_says_why_it_asks(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('[clients.a]\nissuer = "https://nhs.example"\npurpose = "direct care"\n')

    client = clients_of(settings.load(file, {}))["a"]

    assert (client.issuer, client.purpose) == ("https://nhs.example", "direct care")


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    config = settle(tmp_path)
    (tmp_path / "gateway.db").write_bytes(b"this is no database" * 100)

    with pytest.raises(Refused) as caught:
        open_gateway(config)

    assert codes(caught) == ["store.not-a-database"]


def _with_a_record(folder: Path) -> settings.Config:
    config = settle(folder)
    gateway = open_gateway(config)
    gateway.write(gateway.feed("council"), "Patient", "p1", {"resourceType": "Patient", "id": "p1"})
    gateway.close()
    return config


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_or_other_secret_is_not_made_up_for_with_a_new_one(tmp_path: Path, lost: bool) -> None:
    config = _with_a_record(tmp_path)
    secret = tmp_path / "gateway.secret"
    before = secret.read_bytes()
    secret.unlink() if lost else secret.write_bytes(bytes(32))

    for start in (open_gateway, create_app):
        with pytest.raises(Refused) as caught:
            start(config)
        assert codes(caught) == ["service.secret-differs"]
        assert secret.exists() is not lost

    secret.write_bytes(before)
    open_gateway(config).close()


def test_another_base_uri_is_refused_once_there_are_records(tmp_path: Path) -> None:
    _with_a_record(tmp_path)

    with pytest.raises(Refused) as caught:
        create_app(settle(tmp_path, 'base_uri = "https://other.example"\n'))

    assert codes(caught) == ["service.base-differs"]
    assert "https://fhirgate.example" in caught.value.problems[0].fix


@pytest.mark.parametrize("content", [None, "{}", "nonsense"])
def test_an_issuer_without_keys_is_told(tmp_path: Path, content: str | None) -> None:
    settle(tmp_path)
    file = tmp_path / "gateway.toml"
    file.write_text(
        file.read_text()
        + '[issuers.nhs]\nissuer = "https://nhs.example"\naudience = "us"\njwks = "keys.json"\n'
    )
    if content is not None:
        (tmp_path / "keys.json").write_text(content)

    with pytest.raises(Refused):
        create_app(settings.load(file, {}))


def test_a_token_of_an_issuer_of_the_settings_is_believed(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = {**ECAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "one", "use": "sig"}
    settle(tmp_path)
    file = tmp_path / "gateway.toml"
    file.write_text(
        file.read_text()
        + '[issuers.nhs]\nissuer = "https://nhs.example"\naudience = "us"\njwks = "keys.json"\n'
    )
    named = {"clinic": "https://nhs.example", "council": "https://council.example"}
    for name, issuer in named.items():
        table = f"[clients.{name}]"
        file.write_text(file.read_text().replace(table, f'{table}\nissuer = "{issuer}"'))
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [public]}))
    app = create_app(settings.load(file, {}))
    assert isinstance(app, Site)
    client = app.test_client()

    def status(**changed: Any) -> int:
        claims = {
            "iss": "https://nhs.example",
            "aud": "us",
            "client_id": "clinic",
            "exp": int(time.time()) + 300,
            "scope": "system/*.rs",
            **changed,
        }
        token = jwt.encode(claims, private, algorithm="ES256", headers={"kid": "one"})
        return client.get("/fhir/Patient", headers={"Authorization": f"Bearer {token}"}).status_code

    assert status() == 200
    assert status(aud="somebody else") == 401
    assert status(client_id="stranger") == 401
    assert status(client_id="council") == 401, "the council's tokens come from somebody else"
    assert status(client_id="school") == 401, "a client without an issuer is the gateway's own"
    headers = {"Authorization": f"Bearer {token_for(app.door.gateway.config, 'school')}"}
    assert client.get("/fhir/Patient", headers=headers).status_code == 200
    assert status(exp=int(time.time()) - 1) == 401
    assert status(scope="system/Observation.rs") == 403
    app.door.gateway.close()


def test_no_issuer_speaks_in_the_gateways_own_name(tmp_path: Path) -> None:
    settle(tmp_path)
    file = tmp_path / "gateway.toml"
    named = '[issuers.other]\nissuer = "https://fhirgate.example/"\naudience = "us"\njwks = "keys.json"\n'
    file.write_text(file.read_text() + named)

    with pytest.raises(Refused) as caught:
        create_app(settings.load(file, {}))

    assert codes(caught) == ["config.value"]
    assert "issuers.other.issuer" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200),
        ("127.8.8.8", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("192.0.2.7", 401),
        ("::ffff:192.0.2.7", 401),
        ("10.0.0.1", 401),
        ("localhost.example", 401),
        ("", 401),
    ],
)
def test_the_demo_is_open_to_its_own_computer_alone(tmp_path: Path, address: str, status: int) -> None:
    app = create_app(settle(tmp_path), demo=True)
    assert isinstance(app, Site)

    answer = app.test_client().get("/fhir/Patient", environ_base={"REMOTE_ADDR": address})

    assert answer.status_code == status
    app.door.gateway.close()


def test_only_the_demo_answers_without_a_token(tmp_path: Path) -> None:
    for demo, status in ((True, 200), (False, 401)):
        folder = tmp_path / f"folder{status}"
        folder.mkdir()
        app = create_app(settle(folder), demo=demo)
        assert isinstance(app, Site)
        client = app.test_client()

        assert client.get("/fhir/Patient").status_code == status
        assert client.get("/feed/council/Patient").status_code == status
        assert client.get("/fhir/Patient", headers={"Authorization": "Bearer x"}).status_code == 401
        app.door.gateway.close()


def test_the_public_address_stands_in_links_and_places(tmp_path: Path) -> None:
    app = create_app(settle(tmp_path, 'public_url = "https://children.example/gate"\n'))
    assert isinstance(app, Site)
    headers = {"Authorization": f"Bearer {token_for(app.door.gateway.config, 'clinic')}"}
    client = app.test_client()

    made = client.post(
        "/feed/clinic/Patient",
        data=json.dumps({"resourceType": "Patient"}),
        headers=headers,
        content_type="application/fhir+json",
    )
    found = client.get("/fhir/Patient", headers=headers)

    assert made.headers["Location"].startswith("https://children.example/gate/feed/clinic/Patient/")
    assert found.json["link"][0]["url"] == "https://children.example/gate/fhir/Patient"
    app.door.gateway.close()


def test_health_says_when_the_store_does_not_answer(site: Site) -> None:
    client = site.test_client()
    assert client.get("/health").json == {"status": "ok"}

    site.door.gateway.store.close()
    answer = client.get("/health")

    assert (answer.status_code, answer.json) == (503, {"status": "down", "problem": "store.closed"})


def test_metrics_count_by_interaction_and_keep_unknown_types_together(site: Site) -> None:
    client = site.test_client()
    headers = {"Authorization": f"Bearer {token_for(site.door.gateway.config, 'clinic')}"}
    for path in ("Patient/x", "Patient/y", "Nonsense1", "Nonsense2"):
        client.get(f"/fhir/{path}", headers=headers)

    text = client.get("/metrics").text

    assert 'fhirgate_requests_total{base="fhir",interaction="read",status="404",type="Patient"} 2.0' in text
    assert 'fhirgate_requests_total{base="fhir",interaction="other",status="404",type="other"} 2.0' in text
    assert "Nonsense" not in text
