"""Edge 1: bytes in, records out, each with the place it came from."""
