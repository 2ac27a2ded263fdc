"""A load makes millions of short-lived values and no rings of them: Python need not look for them often."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Measured on CTF pupils: a quarter of a load's CPU time went into looking; memory stays the same.
_SELDOM = (50_000, 20, 20)


@contextmanager
def calm() -> Iterator[None]:
    """Let Python's collector of rings run seldom for the length of a block."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
