"""Everything derived from the gateway's one secret: ids, seals, the token key, the audit's head."""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from gateway.problems import Place, refuse
from gateway.problems.search import SEARCH_OLD_CURSOR
from gateway.problems.service import SECRET_UNREADABLE

_LENGTH = 32


class Keys:
    """The secret, and what is derived from it. Every use has a key of its own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._fernet = Fernet(base64.urlsafe_b64encode(self.key("cursor")))

    def key(self, use: str) -> bytes:
        """32 bytes for one use (`"audit"`, `"token"`, `"ids"`): the same for the same secret."""
        return hmac.digest(self._secret, use.encode(), "sha256")

    def public_id(self, feed: str) -> Callable[[str, str], str]:
        """The function from a feed's (type, local id) to the id that `/fhir` shows.

        A keyed hash: a case number used as an id cannot be read off it or guessed from it.
        """
        start = hashlib.blake2b(feed.encode() + b"\0", key=self.key("public"), digest_size=16)

        def public(kind: str, local: str) -> str:
            state = start.copy()
            state.update(f"{kind}/{local}".encode())
            return _text(state.digest())

        return public

    def seal(self, content: bytes) -> str:
        """`content` encrypted and authenticated, for a link that only this gateway can read.

        It is of letters, digits, "-" and "_" alone: an address holds it as it is.
        """
        return self._fernet.encrypt(content).decode().rstrip("=")

    def unseal(self, sealed: str, life: int) -> bytes | None:
        """What was sealed, or None if it was not sealed here.

        Raises:
            Refused: `search.old-cursor` if it is older than `life` seconds.
        """
        try:
            token = sealed.encode() + b"=" * (-len(sealed) % 4)
            content = self._fernet.decrypt(token)
            made = self._fernet.extract_timestamp(token)
        except (InvalidToken, ValueError):
            return None
        if time.time() > made + life:
            raise refuse(SEARCH_OLD_CURSOR, field="_cursor")
        return content


def read_secret(path: Path) -> bytes:
    """The gateway's secret; made on first use, readable by its owner only.

    Raises:
        Refused: `service.secret` if the file cannot be read or made, or is too short to be one.
    """
    try:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_bytes()
        else:
            secret = os.urandom(_LENGTH)
            with os.fdopen(handle, "wb") as file:
                file.write(secret)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise refuse(SECRET_UNREADABLE, place=Place(file=path.name), reason=reason) from None
    if len(secret) < _LENGTH:
        raise refuse(SECRET_UNREADABLE, place=Place(file=path.name), reason="it is shorter than 32 bytes")
    return secret


def _text(digest: bytes) -> str:
    return base64.b32encode(digest).decode().rstrip("=").lower()
