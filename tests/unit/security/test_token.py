import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.problems import Refused
from gateway.security.keys import Key, own_key
from gateway.security.principal import Client
from gateway.security.remembered import Remembered
from gateway.security.scopes import Scope, granted
from gateway.security.token import Issuer, bearer, make, verify

NOW = 1_800_000_000
ISS, AUD = "https://as.example.org", "https://gateway.example/fhir"
RSA, OTHER_RSA = (rsa.generate_private_key(65537, 2048) for _ in range(2))
P256 = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = Key("rsa", frozenset({"RS256", "RS384", "RS512"}), RSA.public_key())
EC_KEY = Key("ec", frozenset({"ES256"}), P256.public_key())
OWN = own_key(b"s" * 32)

ISSUERS = {
    ISS: Issuer(ISS, AUD, (RSA_KEY, EC_KEY)),
    "https://other.example": Issuer("https://other.example", AUD, (RSA_KEY,)),
    "https://open.example": Issuer("https://open.example", "", (RSA_KEY,)),
    "https://self.example": Issuer("https://self.example", AUD, (OWN.key,)),
}
CLIENTS = {
    "hospital": Client(
        "hospital", "St Elsewhere", "health", granted("system/*.rs"), frozenset({"ward"}), "care"
    ),
    "bound": Client("bound", "Bound", "health", granted("system/*.rs"), issuer="https://other.example"),
}
CLAIMS: dict[str, Any] = {
    "iss": ISS,
    "aud": AUD,
    "sub": "hospital",
    "client_id": "hospital",
    "iat": NOW - 10,
    "exp": NOW + 290,
    "jti": "t1",
    "scope": "system/Patient.cruds system/Observation.rs",
}


def token(
    key: Any = RSA, algorithm: str = "RS384", *, kid: str | None = "rsa", without: str = "", **claims: Any
) -> str:
    body = {name: value for name, value in (CLAIMS | claims).items() if name != without}
    return jwt.encode(body, key, algorithm, headers={} if kid is None else {"kid": kid})


def packed(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header: Any, signature: bytes | Callable[[bytes], bytes], claims: Any = CLAIMS) -> str:
    signed = f"{packed(header)}.{packed(claims)}"
    return f"{signed}.{packed(signature(signed.encode()) if callable(signature) else signature)}"


def code(written: str, now: float = NOW) -> str:
    with pytest.raises(Refused) as caught:
        verify(written, ISSUERS, CLIENTS, now)
    assert caught.value.status == 401
    return caught.value.problems[0].kind.code


def test_a_sound_token_speaks_for_its_client() -> None:
    principal = verify(token(), ISSUERS, CLIENTS, NOW)

    assert (principal.client, principal.name, principal.sector) == ("hospital", "St Elsewhere", "health")
    assert principal.feeds == {"ward"} and principal.purpose == "care"
    assert (principal.issuer, principal.expires, principal.token) == (ISS, NOW + 290, "t1")


def test_a_token_gives_no_more_than_the_client_is_registered_for() -> None:
    principal = verify(token(), ISSUERS, CLIENTS, NOW)

    assert principal.scopes == (Scope("Observation", "rs"), Scope("Patient", "rs"))


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        pytest.param({"scope": "system/Patient.rs?name=x"}, (), id="granular"),
        pytest.param({"scope": ""}, (), id="empty"),
        pytest.param({"scope": None}, (), id="null"),
        pytest.param({"scope": {"a": 1}}, (), id="an object"),
        pytest.param({"scope": ["system/Patient.r"]}, (Scope("Patient", "r"),), id="a list"),
    ],
)
def test_scopes_that_are_not_understood_grant_nothing(
    claims: dict[str, Any], scopes: tuple[Scope, ...]
) -> None:
    assert verify(token(**claims), ISSUERS, CLIENTS, NOW).scopes == scopes


def test_scp_is_read_where_there_is_no_scope() -> None:
    assert verify(token(without="scope", scp=["system/Patient.r"]), ISSUERS, CLIENTS, NOW).scopes == (
        Scope("Patient", "r"),
    )


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (RSA, "RS512", "rsa"), (P256, "ES256", "ec")]
)
def test_each_accepted_algorithm_is_accepted(key: Any, algorithm: str, kid: str) -> None:
    assert verify(token(key, algorithm, kid=kid), ISSUERS, CLIENTS, NOW).client == "hospital"


def test_a_token_without_kid_is_taken_where_only_one_key_fits() -> None:
    assert verify(token(kid=None), ISSUERS, CLIENTS, NOW).client == "hospital"


@pytest.mark.parametrize("audience", [AUD, ["https://x.example", AUD]])
def test_the_audience_may_be_one_of_several(audience: Any) -> None:
    assert verify(token(aud=audience), ISSUERS, CLIENTS, NOW).client == "hospital"


PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def signed_with_the_public_key(text: bytes) -> bytes:
    return hmac.new(PEM, text, hashlib.sha256).digest()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(by_hand({"alg": "none", "kid": "rsa"}, b""), "token-algorithm", id="alg none"),
        pytest.param(by_hand({"alg": "NONE"}, b""), "token-algorithm", id="alg NONE"),
        pytest.param(
            by_hand({"alg": "HS256", "kid": "rsa"}, signed_with_the_public_key),
            "token-algorithm",
            id="HS256 with the public key",
        ),
        pytest.param(by_hand({"alg": "RS384", "kid": "rsa"}, b""), "token-signature", id="no signature"),
        pytest.param(by_hand({"alg": "PS256", "kid": "rsa"}, b"x"), "token-algorithm", id="PS256"),
        pytest.param(by_hand({"alg": ["RS384"], "kid": "rsa"}, b"x"), "token-algorithm", id="alg is a list"),
        pytest.param(by_hand({"kid": "rsa"}, b"x"), "token-algorithm", id="no alg"),
        pytest.param(by_hand({"alg": "ES256", "kid": "rsa"}, b"x"), "token-key", id="alg of another key"),
        pytest.param(by_hand({"alg": "RS384", "kid": "ec"}, b"x"), "token-key", id="key of another alg"),
        pytest.param(token(kid="gone"), "token-key", id="unknown kid"),
        pytest.param(by_hand({"alg": "RS384", "kid": 7}, b"x"), "token-form", id="kid is a number"),
        pytest.param(
            by_hand({"alg": "RS384", "kid": "rsa", "crit": ["exp"]}, b"x"), "token-form", id="critical header"
        ),
        pytest.param(by_hand({"alg": "RS384", "kid": "rsa", "b64": False}, b"x"), "token-form", id="b64"),
        pytest.param(token(OTHER_RSA), "token-signature", id="another key of that name"),
        pytest.param(token()[:-4] + "AAAA", "token-signature", id="signature changed"),
        pytest.param(
            ".".join([token().split(".")[0], packed(CLAIMS | {"sub": "x"}), token().split(".")[2]]),
            "token-signature",
            id="claims changed",
        ),
        pytest.param(token(iss="https://evil.example"), "token-issuer", id="unknown issuer"),
        pytest.param(token(without="iss"), "token-issuer", id="no issuer"),
        pytest.param(
            by_hand({"alg": "RS384"}, b"x", CLAIMS | {"iss": {}}), "token-issuer", id="issuer no text"
        ),
        pytest.param(token(aud="https://elsewhere.example"), "token-audience", id="wrong audience"),
        pytest.param(token(aud=AUD + "/"), "token-audience", id="nearly the audience"),
        pytest.param(token(aud=[]), "token-audience", id="no audience in the list"),
        pytest.param(token(without="aud"), "token-audience", id="no audience"),
        pytest.param(
            token(iss="https://open.example", aud=""), "token-audience", id="issuer without audience"
        ),
        pytest.param(token(exp=NOW), "token-expired", id="ends now"),
        pytest.param(token(exp=NOW - 3600), "token-expired", id="ended"),
        pytest.param(token(without="exp"), "token-claim", id="no end"),
        pytest.param(token(exp="soon"), "token-claim", id="end is a text"),
        pytest.param(token(exp=True), "token-claim", id="end is a flag"),
        pytest.param(token(exp=float("inf")), "token-claim", id="endless"),
        pytest.param(token(exp=float("nan")), "token-claim", id="not a number"),
        pytest.param(token(exp=10**400), "token-claim", id="an absurd number"),
        pytest.param(token(exp=NOW + 100_000), "token-long", id="too long a life"),
        pytest.param(token(without="iat", exp=NOW + 86_401), "token-long", id="too long a life from now"),
        pytest.param(token(nbf=NOW + 60), "token-early", id="not yet"),
        pytest.param(token(iat=NOW + 60), "token-early", id="made in the future"),
        pytest.param(token(client_id="stranger"), "client-unknown", id="unregistered client"),
        pytest.param(token(client_id="bound"), "client-unknown", id="another issuer's client"),
        pytest.param(token(client_id=["hospital"]), "token-claim", id="client is a list"),
        pytest.param(token(client_id=""), "token-claim", id="client is empty"),
        pytest.param("", "token-form", id="nothing"),
        pytest.param("a.b.c", "token-form", id="no base64"),
        pytest.param("a.b", "token-form", id="two parts"),
        pytest.param("é.é.é", "token-form", id="not ASCII"),
        pytest.param(by_hand([], b"x"), "token-form", id="header is a list"),
        pytest.param(by_hand({"alg": "RS384"}, b"x", [1]), "token-form", id="claims are a list"),
        pytest.param("x" * 20_000, "token-form", id="huge"),
        pytest.param(packed(b"[" * 9000) + ".e30.e30", "token-form", id="deep"),
    ],
)
def test_a_token_that_is_not_known_to_be_right_is_refused(written: str, expected: str) -> None:
    assert code(written) == f"security.{expected}"


def test_two_keys_of_one_name_fit_no_token() -> None:
    twice = {ISS: Issuer(ISS, AUD, (RSA_KEY, Key("rsa", RSA_KEY.algorithms, OTHER_RSA.public_key())))}

    with pytest.raises(Refused) as caught:
        verify(token(), twice, CLIENTS, NOW)

    assert caught.value.problems[0].kind.code == "security.token-key"


@pytest.mark.parametrize(
    "claims", [{"without": "client_id"}, {"without": "client_id", "azp": "hospital", "sub": "u"}]
)
def test_the_client_may_be_named_in_azp_or_sub(claims: dict[str, Any]) -> None:
    assert verify(token(**claims), ISSUERS, CLIENTS, NOW).client == "hospital"


def test_clocks_may_be_a_little_apart() -> None:
    assert verify(token(iat=NOW + 20, nbf=NOW + 20), ISSUERS, CLIENTS, NOW).client == "hospital"


def test_a_refusal_never_prints_the_token_or_its_claims() -> None:
    written = token(client_id="canary-client")

    with pytest.raises(Refused) as caught:
        verify(written, ISSUERS, CLIENTS, NOW)

    assert written not in str(caught.value) and "canary" not in str(caught.value)


def test_the_gateway_s_own_token_is_verified_like_any_other() -> None:
    made = make(
        OWN,
        issuer="https://self.example",
        audience=AUD,
        client="hospital",
        scopes=granted("system/*.cruds"),
        now=NOW,
        token_id="n1",
        life=300,
    )

    principal = verify(made, ISSUERS, CLIENTS, NOW)

    assert principal.scopes == (Scope("*", "rs"),) and principal.expires == NOW + 300
    assert code(made, NOW + 300) == "security.token-expired"


@pytest.mark.parametrize(
    ("header", "found"), [("Bearer abc", "abc"), ("bearer  abc ", "abc"), (" BEARER abc", "abc")]
)
def test_a_bearer_token_is_taken_from_its_header(header: str, found: str) -> None:
    assert bearer(header) == found


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "abc"])
def test_a_header_without_a_bearer_token_is_refused(header: str | None) -> None:
    with pytest.raises(Refused) as caught:
        bearer(header)

    assert caught.value.problems[0].kind.code == "security.token-missing"


def test_a_refusal_carries_the_challenge_for_its_header() -> None:
    with pytest.raises(Refused) as caught:
        verify(token(exp=NOW), ISSUERS, CLIENTS, NOW)

    assert (
        caught.value.problems[0]
        .details["challenge"]
        .startswith('Bearer realm="fhirgate", error="invalid_token"')
    )


def test_a_remembered_token_is_recalled_until_it_ends() -> None:
    remembered = Remembered()
    principal = verify(token(), ISSUERS, CLIENTS, NOW)
    remembered.remember(token(), principal)

    assert remembered.recall(token(), NOW) == principal
    assert remembered.recall(token(jti="t2"), NOW) is None
    assert remembered.recall("\ud800", NOW) is None
    assert remembered.recall(token(), NOW + 290) is None
    assert len(remembered) == 0


def test_only_so_many_tokens_are_remembered() -> None:
    remembered = Remembered(most=3)
    principal = verify(token(), ISSUERS, CLIENTS, NOW)
    for name in "abcd":
        remembered.remember(name, principal)

    assert len(remembered) == 3
    assert remembered.recall("a", NOW) is None and remembered.recall("d", NOW) == principal


@pytest.mark.parametrize(
    ("persons", "sub", "person"),
    [
        (True, "ann@council", "ann@council"),
        (True, " ann ", "ann"),
        (True, "hospital", ""),
        (True, "", ""),
        (True, ["ann"], ""),
        (True, None, ""),
        (False, "ann@council", ""),
    ],
)
def test_a_person_is_named_by_an_issuer_that_names_persons(persons: bool, sub: Any, person: str) -> None:
    issuers = {ISS: Issuer(ISS, AUD, (RSA_KEY,), persons=persons)}

    principal = verify(token(sub=sub), issuers, CLIENTS, NOW)

    assert principal.person == person
    assert principal.voice == (f"{person} of {ISS}" if person else "hospital")


def test_a_token_that_names_its_client_in_sub_alone_names_no_person() -> None:
    issuers = {ISS: Issuer(ISS, AUD, (RSA_KEY,), persons=True)}

    assert verify(token(without="client_id"), issuers, CLIENTS, NOW).person == ""
