"""Where the mappings and profiles that ship with fhirgate are, in a clone and in an installed wheel."""

from pathlib import Path

_HERE = Path(__file__).parent


def shipped(kind: str) -> Path:
    """The folder of shipped `kind` ("mappings" or "profiles").

    In a wheel they lie inside the package; in a clone beside it.
    """
    inside = _HERE / "_shipped" / kind
    return inside if inside.is_dir() else _HERE.parent / kind
