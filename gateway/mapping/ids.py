"""Ids that follow from what a feed said: the same row gives the same id, and nobody without the key can
guess it.
"""

from hashlib import blake2b

_BETWEEN = "\x1f"


class Ids:
    """Makes ids for one feed: 32 letters and digits, a keyed hash of a rule's name and a record's keys."""

    __slots__ = ("_state",)

    def __init__(self, secret: bytes, feed: str) -> None:
        """Take the secret of this gateway (any length) and the name of the feed."""
        key = blake2b(secret, digest_size=32, person=b"fhirgate ids").digest()
        self._state = blake2b(key=key, digest_size=16)
        self._state.update(f"{len(feed)}:{feed}".encode())

    def __call__(self, rule: str, *keys: str) -> str:
        """The id of what `rule` makes for `keys`."""
        text = _BETWEEN.join((rule, *keys))
        if text.count(_BETWEEN) != len(keys):
            text = _BETWEEN * 2 + _BETWEEN.join(f"{len(key)}:{key}" for key in (rule, *keys))
        state = self._state.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        return state.hexdigest()
