"""Bodies that are packed with gzip, both ways.

Source: RFC 9110, 8.4 (content codings) and 12.5.3 (Accept-Encoding).
"""

import zlib
from functools import lru_cache

from gateway.problems import refuse
from gateway.problems.http import HTTP_CODED, HTTP_PACKED, HTTP_TOO_LARGE

#: Bytes of an answer from which on packing it is worth the time.
WORTH_PACKING = 1400
_GZIP = 16 + zlib.MAX_WBITS
_NAMES = ("gzip", "x-gzip")
_FASTEST = 1


def packed(body: bytes) -> bytes:
    """A body as gzip; quickly rather than well."""
    packing = zlib.compressobj(_FASTEST, zlib.DEFLATED, _GZIP)
    return packing.compress(body) + packing.flush()


def unpacked(body: bytes, coding: str, most: int) -> bytes:
    """A body as it was before it was packed; never more than `most` bytes of it are made.

    Args:
        coding: the header Content-Encoding.

    Raises:
        Refused: `http.content-encoding` (415), `http.packed` (400), `http.too-large` (413).
    """
    name = coding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in _NAMES:
        raise refuse(HTTP_CODED, field="Content-Encoding", accept_encoding="gzip")
    made, rest = b"", body
    try:
        while rest:
            unpacking = zlib.decompressobj(_GZIP)
            made += unpacking.decompress(rest, most + 1 - len(made))
            if len(made) > most:
                raise refuse(HTTP_TOO_LARGE, most=most)
            if not unpacking.eof:
                raise refuse(HTTP_PACKED, field="Content-Encoding")
            rest = unpacking.unused_data
    except zlib.error:
        raise refuse(HTTP_PACKED, field="Content-Encoding") from None
    return made


@lru_cache(256)
def takes_gzip(accepted: str) -> bool:
    """Whether a header Accept-Encoding names gzip, or anything, and not with the quality zero."""
    liked = {}
    for part in accepted.lower().split(","):
        name, _, rest = part.partition(";")
        liked[name.strip()] = rest.replace(" ", "").rstrip("0").rstrip(".") not in ("q=", "q=0")
    return liked.get("gzip", liked.get("x-gzip", liked.get("*", False)))
