"""Tokens that were verified, remembered by hash until they end, so that a signature is checked once."""

from hashlib import sha256
from threading import Lock

from gateway.security.principal import Principal

MOST = 10_000


class Remembered:
    """Principals by the hash of their token: the token itself is not kept.

    Refusals are not remembered. When there are `most`, the one remembered first goes. Make a new one when
    clients or issuers change.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._principals: dict[bytes, Principal] = {}
        self._writing = Lock()

    def recall(self, token: str, now: float) -> Principal | None:
        """Return the principal of a token that was verified before and has not ended."""
        key = _hash(token)
        principal = self._principals.get(key)
        if principal is None or principal.expires > now:
            return principal
        with self._writing:
            self._principals.pop(key, None)
        return None

    def remember(self, token: str, principal: Principal) -> None:
        """Keep the principal of a token that was just verified."""
        with self._writing:
            while len(self._principals) >= self._most:
                del self._principals[next(iter(self._principals))]
            self._principals[_hash(token)] = principal

    def __len__(self) -> int:
        return len(self._principals)


def _hash(token: str) -> bytes:
    return sha256(token.encode(errors="backslashreplace")).digest()
