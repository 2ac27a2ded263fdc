"""Matching a whole nation's records at once: nothing is here yet; the extra `batch` is kept for it."""
