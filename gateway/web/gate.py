"""Who may come in: tokens become principals, and wishes are granted or refused."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from ipaddress import IPv6Address, ip_address

from gateway.problems import Refused
from gateway.security.policy import Decision, Wish, decide
from gateway.security.principal import Client, Principal
from gateway.security.remembered import Remembered
from gateway.security.token import Issuer, bearer, verify


@dataclass(frozen=True, slots=True)
class Gate:
    """What is known of issuers and clients.

    Attributes:
        issuers: by `iss`.
        clients: by id.
        base_uri: the start of the gateway's identifier systems.
        anybody: who a request of this computer without a token is taken for; None where a token is needed,
            as it always is but for the demo.
        remembered: tokens that were verified before.
    """

    issuers: Mapping[str, Issuer]
    clients: Mapping[str, Client]
    base_uri: str
    anybody: Principal | None = None
    remembered: Remembered = attribute(default_factory=Remembered)

    def principal(self, authorization: str | None, address: str) -> Principal:
        """Return who a request's `Authorization` header speaks for.

        Args:
            address: the network address the request came from.

        Raises:
            Refused: one of the `security.token-…` problems, or `security.client-unknown` (401).
        """
        if authorization is None and self.anybody is not None and is_loopback(address):
            return self.anybody
        token, now = bearer(authorization), time.time()
        known = self.remembered.recall(token, now)
        if known is None:
            known = verify(token, self.issuers, self.clients, now)
            self.remembered.remember(token, known)
        return known

    def granted(self, principal: Principal, wish: Wish) -> Decision:
        """Return what the principal sees of what it wishes.

        Raises:
            Refused: why it may not (403).
        """
        decision = decide(principal, wish, self.base_uri)
        if decision.problem is not None:
            raise Refused(decision.problem)
        return decision


def is_loopback(address: str) -> bool:
    """Whether a network address, or the name of a host, is this computer's own."""
    try:
        found = ip_address(address)
    except ValueError:
        return address == "localhost"
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback
