"""Access tokens: a bearer JWT in, a principal out, or the one reason why not.

Everything is refused that is not known to be right: the algorithm is pinned by the key and not by the
token, exactly one key must fit, and no claim is believed before the signature is.

Source:
    RFC 6750 (bearer tokens), RFC 8725 (JWT best practice), RFC 9068 (JWT access tokens),
    SMART App Launch 2.2 (backend services).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from gateway.problems import Kind, Refused, problem
from gateway.problems.security import (
    CLIENT_UNKNOWN,
    TOKEN_ALGORITHM,
    TOKEN_AUDIENCE,
    TOKEN_CLAIM,
    TOKEN_EARLY,
    TOKEN_EXPIRED,
    TOKEN_FORM,
    TOKEN_ISSUER,
    TOKEN_KEY,
    TOKEN_LONG,
    TOKEN_MISSING,
    TOKEN_SIGNATURE,
)
from gateway.security.challenge import challenged
from gateway.security.keys import ALGORITHMS, Key, OwnKey
from gateway.security.principal import Client, Principal
from gateway.security.scopes import Scope, both, granted

LONGEST_TOKEN = 16_384
LONGEST_LIFE = 86_400
CLOCKS_APART = 30

# Headers that would have a token say how it is to be read.
_STEERING = ("crit", "b64")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody whose tokens are believed.

    Attributes:
        issuer: the `iss` of its tokens.
        audience: the `aud` its tokens must carry; where it is "" no token is taken.
        keys: its public keys.
        longest: the longest life of a token, in seconds.
        persons: whether its tokens name the person at the client.
    """

    issuer: str
    audience: str
    keys: tuple[Key, ...]
    longest: int = LONGEST_LIFE
    persons: bool = False


def bearer(header: str | None) -> str:
    """Return the token in an `Authorization` header.

    Raises:
        Refused: `security.token-missing`, also for another scheme; `security.token-form`.
    """
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refuse(TOKEN_MISSING)
    return token.strip()


def verify(token: str, issuers: Mapping[str, Issuer], clients: Mapping[str, Client], now: float) -> Principal:
    """Return the principal that a token speaks for.

    Args:
        token: the JWT as it was sent.
        issuers: by `iss`.
        clients: the registered clients by id.
        now: seconds since 1970.

    Raises:
        Refused: one of the `security.token-…` problems, or `security.client-unknown`; all are 401.
    """
    header, claims = _opened(token)
    issuer = _issuer(claims, issuers)
    key, algorithm = _key(header, issuer)
    _check_signature(token, key, algorithm)
    if not issuer.audience or issuer.audience not in _listed(claims.get("aud")):
        raise _refuse(TOKEN_AUDIENCE)
    expires = _in_force(claims, issuer, now)
    client = _client(claims, clients)
    token_id = claims.get("jti")
    return Principal(
        client=client.id,
        name=client.name,
        sector=client.sector,
        scopes=both(_scopes(claims), client.scopes),
        feeds=client.feeds,
        purpose=client.purpose,
        issuer=issuer.issuer,
        expires=expires,
        token=token_id if isinstance(token_id, str) else "",
        decides=client.decides,
        person=_person(claims, issuer, client),
    )


def make(
    own: OwnKey,
    *,
    issuer: str,
    audience: str,
    client: str,
    scopes: Iterable[Scope],
    now: float,
    token_id: str,
    life: int = 3600,
    person: str = "",
) -> str:
    """Return a token of the gateway's own for a registered client.

    Args:
        own: the gateway's key.
        issuer: the gateway as an issuer, as in its own entry of the issuers.
        audience: the gateway as an audience.
        client: the client's id.
        scopes: what it may do.
        now: seconds since 1970.
        token_id: a random text, for the audit.
        life: seconds it is in force.
        person: who is at the client, "" to name nobody.
    """
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": person or client,
        "client_id": client,
        "iat": int(now),
        "exp": int(now) + life,
        "jti": token_id,
        "scope": " ".join(str(scope) for scope in scopes),
    }
    return jwt.encode(claims, own.private, algorithm="EdDSA", headers={"kid": own.key.kid, "typ": "at+jwt"})


def _refuse(kind: Kind, **details: Any) -> Refused:
    return Refused(challenged(problem(kind, **details)))


def _opened(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims, of which nothing is believed yet but which key to look for."""
    if len(token) > LONGEST_TOKEN:
        raise _refuse(TOKEN_FORM)
    try:
        opened = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _refuse(TOKEN_FORM) from None
    header = opened["header"]
    if any(name in header for name in _STEERING):
        raise _refuse(TOKEN_FORM)
    return header, opened["payload"]


def _issuer(claims: Mapping[str, Any], issuers: Mapping[str, Issuer]) -> Issuer:
    named = claims.get("iss")
    issuer = issuers.get(named) if isinstance(named, str) else None
    if issuer is None:
        raise _refuse(TOKEN_ISSUER)
    return issuer


def _key(header: Mapping[str, Any], issuer: Issuer) -> tuple[Key, str]:
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise _refuse(TOKEN_ALGORITHM, takes=", ".join(sorted(ALGORITHMS)))
    fitting = [key for key in issuer.keys if algorithm in key.algorithms and kid in (None, key.kid)]
    if len(fitting) != 1:
        raise _refuse(TOKEN_KEY)
    return fitting[0], algorithm


def _check_signature(token: str, key: Key, algorithm: str) -> None:
    try:
        jwt.PyJWS().decode_complete(token, key.public, algorithms=[algorithm])
    except jwt.PyJWTError:
        raise _refuse(TOKEN_SIGNATURE) from None


def _in_force(claims: Mapping[str, Any], issuer: Issuer, now: float) -> float:
    """The second the token ends, if it is in force."""
    expires = _instant(claims, "exp")
    begins = [_instant(claims, claim) for claim in ("iat", "nbf") if claim in claims]
    if expires <= now:
        raise _refuse(TOKEN_EXPIRED)
    if any(instant > now + CLOCKS_APART for instant in begins):
        raise _refuse(TOKEN_EARLY)
    issued = _instant(claims, "iat") if "iat" in claims else now
    if expires - issued > issuer.longest:
        raise _refuse(TOKEN_LONG, most=issuer.longest)
    return expires


def _instant(claims: Mapping[str, Any], claim: str) -> float:
    value = claims.get(claim)
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except OverflowError:
        pass
    raise _refuse(TOKEN_CLAIM, claim=claim)


def _client(claims: Mapping[str, Any], clients: Mapping[str, Client]) -> Client:
    named = next((claims[claim] for claim in ("client_id", "azp", "sub") if claim in claims), None)
    if not isinstance(named, str) or not named:
        raise _refuse(TOKEN_CLAIM, claim="client_id")
    client = clients.get(named)
    if client is None or client.issuer not in ("", claims["iss"]):
        raise _refuse(CLIENT_UNKNOWN)
    return client


def _person(claims: Mapping[str, Any], issuer: Issuer, client: Client) -> str:
    """The person that a token names: RFC 9068 has in `sub` the client where no person takes part."""
    named = claims.get("sub")
    known = issuer.persons and isinstance(named, str) and named.strip() not in ("", client.id)
    return str(named).strip() if known else ""


def _scopes(claims: Mapping[str, Any]) -> tuple[Scope, ...]:
    """The scopes of `scope` (one text) or, as some issuers write it, `scp` (a text or a list)."""
    words = claims.get("scope", claims.get("scp"))
    return granted(" ".join(_listed(words)))


def _listed(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]
