"""Keys: short hashes under which records are kept and looked for, so that few have to be compared."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b

from gateway.identity.dates import swapped
from gateway.identity.names import other_forms, sound
from gateway.identity.person import Name, Person

SIZE = 8


# A record is looked for, and then kept: half of the keys are the same.
@lru_cache(16)
def kept_keys(person: Person, secret: bytes = b"") -> frozenset[bytes]:
    """Return the keys a record is kept under.

    Args:
        person: what the record says.
        secret: up to 64 bytes; without it nobody can try out NHS numbers against the stored keys.

    Returns:
        Keys of `SIZE` bytes. The kind is part of what is hashed.
    """
    return _hashed(kept_facts(person), secret)


def asked_keys(person: Person, secret: bytes = b"") -> frozenset[bytes]:
    """Return the keys to look under for records that may be the same child's.

    They are the kept keys and those of the birth date with day and month swapped, of first name and surname
    in each other's place, of short forms, and of a middle name used as the first; only the question expands,
    so that the index stays small.
    """
    return kept_keys(person, secret) | _hashed(asked_facts(person), secret)


def _hashed(facts: Iterable[str], secret: bytes) -> frozenset[bytes]:
    begun, found = blake2b(digest_size=SIZE, key=secret[:64]), set()
    for fact in facts:
        one = begun.copy()
        one.update(fact.encode())
        found.add(one.digest())
    return frozenset(found)


def kept_facts(person: Person) -> Iterator[str]:
    """Yield what is hashed for the keys a record is kept under."""
    for number in person.nhs | person.nhs_former:
        yield f"nhs|{number}"
    # The check letter follows from the rest, so one key finds a UPN and the same with its letter mistyped.
    for upn in person.upns | person.upns_temporary | person.upns_former | person.upns_wrong:
        yield f"upn|{upn[1:]}"
    for uln in person.ulns:
        yield f"uln|{uln}"
    for authority, own in person.la_ids:
        yield f"la|{authority}|{own}"
    families = {sound(family) for family in person.families}
    givens = {sound(_first(name)) for name in person.names if name.first}
    yield from _born(person.birth_dates, families, givens)
    yield from _named(person.birth_dates, families, givens)
    for postcode in person.postcodes:
        yield from (f"postcode|{born}|{postcode}" for born in person.birth_dates)
        yield from (f"home|{postcode}|{given}" for given in givens)


def asked_facts(person: Person) -> Iterator[str]:
    """Yield what is hashed for the keys that are looked under besides; some are kept keys as well."""
    families = {sound(family) for family in person.families}
    givens = {sound(_first(name)) for name in person.names if name.first}
    turned = {other for born in person.birth_dates if (other := swapped(born))}
    yield from _born(turned, families, givens)
    for postcode in person.postcodes:
        yield from (f"postcode|{born}|{postcode}" for born in turned)
    # A name in the other's place, and names that go with the first one.
    yield from _born(person.birth_dates, givens, families)
    dresses = {sound(other) for name in person.names for other in _dresses(name)}
    yield from _born(person.birth_dates, (), dresses)
    yield from _named(person.birth_dates, families, dresses)


def _first(name: Name) -> str:
    return name.first.split()[0]


def _dresses(name: Name) -> Iterator[str]:
    yield from name.middle.split()
    if name.first:
        yield from name.first.split()[1:]
        yield from other_forms(_first(name))


def _born(dates: Iterable[str], families: Iterable[str], givens: Iterable[str]) -> Iterator[str]:
    for born in dates:
        yield from (f"family|{born}|{family}" for family in families)
        yield from (f"given|{born}|{given}" for given in givens)


def _named(dates: Iterable[str], families: Iterable[str], givens: Iterable[str]) -> Iterator[str]:
    """Names with one half of a birth date, for when the other half is wrong."""
    for born in dates:
        for family in families:
            for given in givens:
                yield f"names|{born[:4]}|{family}|{given}"
                if len(born) == 10:
                    yield f"names|{born[5:]}|{family}|{given}"
