"""Keys that verify tokens: an issuer's from its JWK Set, and the gateway's own from its secret."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from gateway.problems import refuse
from gateway.problems.security import KEY_NOT_PUBLIC, KEYS_NONE, SECRET_SHORT

ALGORITHMS = frozenset({"ES256", "ES384", "RS256", "RS384", "RS512", "EdDSA"})
LEAST_SECRET = 32

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

_READERS: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "RSA": RSAAlgorithm.from_jwk,
    "EC": ECAlgorithm.from_jwk,
    "OKP": OKPAlgorithm.from_jwk,
}
_SMALLEST_RSA = 2048


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, what tokens call it, and the algorithms it may be used with."""

    kid: str
    algorithms: frozenset[str]
    public: PublicKey


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The key the gateway signs its own tokens with."""

    private: Ed25519PrivateKey
    key: Key


def public_keys(jwks: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return the keys of a JWK Set that can verify tokens; keys of other kinds are passed over.

    Raises:
        Refused: `security.key-not-public` for a private or shared key, `security.keys-none`.
    """
    listed = jwks.get("keys")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if any("d" in entry or "k" in entry or entry.get("kty") == "oct" for entry in entries):
        raise refuse(KEY_NOT_PUBLIC)
    found = tuple(key for entry in entries if (key := _key(entry)))
    if not found:
        raise refuse(KEYS_NONE)
    return found


def own_key(secret: bytes) -> OwnKey:
    """Return the gateway's signing key, derived from its secret so that no second file has to be kept.

    Raises:
        Refused: `security.secret-short`.
    """
    if len(secret) < LEAST_SECRET:
        raise refuse(SECRET_SHORT, least=LEAST_SECRET)
    seed = HKDF(SHA256(), 32, salt=None, info=b"fhirgate access tokens 1").derive(secret)
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key()
    kid = sha256(public.public_bytes_raw()).hexdigest()[:16]
    return OwnKey(private, Key(kid, frozenset({"EdDSA"}), public))


def as_jwks(*keys: Key) -> dict[str, Any]:
    """Return the JWK Set to publish for Ed25519 keys of the gateway."""
    return {
        "keys": [
            OKPAlgorithm.to_jwk(key.public, as_dict=True)
            | {"kid": key.kid, "use": "sig", "alg": "EdDSA", "key_ops": ["verify"]}
            for key in keys
            if isinstance(key.public, Ed25519PublicKey)
        ]
    }


def _key(entry: dict[str, Any]) -> Key | None:
    kind, kid = entry.get("kty"), entry.get("kid", "")
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(kind, str) or kind not in _READERS or not isinstance(kid, str):
        return None
    if entry.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        public = _READERS[kind](entry)
    except (InvalidKeyError, ValueError, TypeError, KeyError):
        return None
    algorithms = _algorithms(public)
    if "alg" in entry:
        algorithms &= {str(entry["alg"])}
    return Key(kid, algorithms, public) if algorithms else None


def _algorithms(public: object) -> frozenset[str]:
    """The algorithms a key can be used with, from what it is, not from what a token says."""
    if isinstance(public, RSAPublicKey):
        return frozenset({"RS256", "RS384", "RS512"} if public.key_size >= _SMALLEST_RSA else ())
    if isinstance(public, EllipticCurvePublicKey):
        curves = {"secp256r1": "ES256", "secp384r1": "ES384"}
        return frozenset({curves[public.curve.name]} if public.curve.name in curves else ())
    return frozenset({"EdDSA"} if isinstance(public, Ed25519PublicKey) else ())
