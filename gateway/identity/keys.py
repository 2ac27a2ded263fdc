"""Keys: short hashes under which records are kept and looked for, so that few have to be compared."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from gateway.identity.dates import swapped
from gateway.identity.person import Person

SIZE = 8


def kept_keys(person: Person, secret: bytes = b"") -> frozenset[bytes]:
    """Return the keys a record is kept under.

    Args:
        person: what the record says.
        secret: up to 64 bytes; without it nobody can try out NHS numbers against the stored keys.

    Returns:
        Keys of `SIZE` bytes. The kind is part of what is hashed.
    """
    return _hashed(_facts(person), secret)


def asked_keys(person: Person, secret: bytes = b"") -> frozenset[bytes]:
    """Return the keys to look under for records that may be the same child's.

    They are the kept keys and those of the birth date with day and month swapped; only the question
    expands, so that the index stays small.
    """
    turned = [other for born in person.birth_dates if (other := swapped(born))]
    return _hashed((*_facts(person), *_born(turned, person)), secret)


def _hashed(facts: Iterable[str], secret: bytes) -> frozenset[bytes]:
    return frozenset(blake2b(fact.encode(), digest_size=SIZE, key=secret[:64]).digest() for fact in facts)


def _facts(person: Person) -> Iterator[str]:
    for number in person.nhs | person.nhs_former:
        yield f"nhs|{number}"
    # The check letter follows from the rest, so one key finds a UPN and the same with its letter mistyped.
    for upn in person.upns | person.upns_temporary | person.upns_former | person.upns_wrong:
        yield f"upn|{upn[1:]}"
    for uln in person.ulns:
        yield f"uln|{uln}"
    for authority, own in person.la_ids:
        yield f"la|{authority}|{own}"
    yield from _born(person.birth_dates, person)


def _born(birth_dates: Iterable[str], person: Person) -> Iterator[str]:
    for born in birth_dates:
        for family in person.families:
            yield f"family|{born}|{family}"
        for postcode in person.postcodes:
            yield f"postcode|{born}|{postcode}"
