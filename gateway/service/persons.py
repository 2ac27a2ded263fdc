"""What stored Patients say that can be compared, remembered: a common name has hundreds of candidates."""

from functools import lru_cache

from gateway.fhir import faces, json
from gateway.identity.person import Person, person
from gateway.store.base import Row


def person_of(row: Row, base_uri: str, *, verified: bool) -> Person:
    """What a row with a Patient says that can be compared.

    Args:
        base_uri: the start of this gateway's identifier systems.
        verified: whether the feed's NHS numbers count as traced.
    """
    return _person(row.body, row.told, base_uri, verified)


@lru_cache(4096)
def _person(body: bytes, words: bytes, base_uri: str, verified: bool) -> Person:
    return person(json.read_trusted(faces.told(body, words)), base_uri, verified=verified)
