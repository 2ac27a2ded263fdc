"""Texts with their labels, packed into bytes that can be kept anywhere and taken apart again."""

import json
from collections.abc import Sequence
from typing import Any


def pack(parts: Sequence[tuple[str, ...]]) -> bytes:
    """Return `parts` as ASCII bytes; a byte that is no character (a lone surrogate) survives."""
    return json.dumps(parts, separators=(",", ":")).encode("ascii")


def unpack(content: bytes) -> list[Any]:
    """Return what `pack` was given."""
    return list(json.loads(content))
