import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from gateway.problems import Refused
from gateway.security.keys import as_jwks, own_key, public_keys

RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    kinds = {
        rsa.RSAPublicKey: RSAAlgorithm,
        rsa.RSAPrivateKey: RSAAlgorithm,
        ed25519.Ed25519PublicKey: OKPAlgorithm,
    }
    reader = next((r for kind, r in kinds.items() if isinstance(key, kind)), ECAlgorithm)
    return {**json.loads(reader.to_jwk(key)), "kid": "k1", **more}


def code(jwks: Any) -> str:
    with pytest.raises(Refused) as caught:
        public_keys(jwks)
    return caught.value.problems[0].kind.code


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [
        pytest.param(RSA.public_key(), {"RS256", "RS384", "RS512"}, id="RSA"),
        pytest.param(P256.public_key(), {"ES256"}, id="P-256"),
        pytest.param(ec.generate_private_key(ec.SECP384R1()).public_key(), {"ES384"}, id="P-384"),
        pytest.param(ed25519.Ed25519PrivateKey.generate().public_key(), {"EdDSA"}, id="Ed25519"),
    ],
)
def test_a_key_decides_the_algorithms_it_is_used_with(key: Any, algorithms: set[str]) -> None:
    (found,) = public_keys({"keys": [jwk(key)]})

    assert found.algorithms == algorithms and found.kid == "k1"


def test_a_key_set_may_narrow_the_algorithms() -> None:
    (found,) = public_keys({"keys": [jwk(RSA.public_key(), alg="RS384")]})

    assert found.algorithms == {"RS384"}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(jwk(RSA), id="private RSA"),
        pytest.param(jwk(P256), id="private EC"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="shared"),
    ],
)
def test_a_private_or_shared_key_is_refused_even_beside_a_public_one(entry: dict[str, Any]) -> None:
    assert code({"keys": [jwk(P256.public_key()), entry]}) == "security.key-not-public"


@pytest.mark.parametrize(
    "jwks",
    [
        pytest.param({}, id="empty"),
        pytest.param({"keys": "x"}, id="no list"),
        pytest.param({"keys": [7, {"kty": 3}, {"kty": "PQ"}]}, id="unknown kinds"),
        pytest.param({"keys": [jwk(P256.public_key(), use="enc")]}, id="for encryption"),
        pytest.param({"keys": [jwk(P256.public_key(), key_ops=["encrypt"])]}, id="not to verify"),
        pytest.param({"keys": [jwk(P256.public_key(), alg="HS256")]}, id="another algorithm"),
        pytest.param({"keys": [jwk(P256.public_key(), x="AA")]}, id="not on the curve"),
        pytest.param({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}, id="tiny RSA"),
        pytest.param(
            {"keys": [jwk(ec.generate_private_key(ec.SECP256K1()).public_key())]},
            id="a curve for other things",
        ),
    ],
)
def test_a_key_set_without_a_usable_key_is_refused(jwks: dict[str, Any]) -> None:
    assert code(jwks) == "security.keys-none"


def test_the_gateway_s_own_key_follows_from_its_secret() -> None:
    one, same, other = own_key(b"a" * 32), own_key(b"a" * 32), own_key(b"b" * 32)

    assert one.key.public.public_bytes_raw() == same.key.public.public_bytes_raw()
    assert one.key.kid == same.key.kid != other.key.kid


def test_the_published_key_is_public_and_can_be_read_back() -> None:
    own = own_key(b"a" * 32)
    published = as_jwks(own.key)

    (found,) = public_keys(published)

    assert "d" not in published["keys"][0]
    assert (found.kid, found.algorithms) == (own.key.kid, {"EdDSA"})
    assert found.public.public_bytes_raw() == own.key.public.public_bytes_raw()


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        own_key(b"short")

    assert caught.value.problems[0].kind.code == "security.secret-short"
