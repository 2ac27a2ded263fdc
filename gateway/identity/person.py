"""A person: what is compared between records, taken from whatever a FHIR Patient holds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, NamedTuple

from gateway.identity.names import Given, family_forms, folded
from gateway.identity.numbers import UpnKind, la_child_id, nhs_number, uln, upn, upn_kind

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
NHS_STATUS = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"

# Older spellings of systems and codes that are still met; they are understood and never written.
_NHS_SYSTEMS = frozenset(
    {
        NHS_NUMBER,
        "http://fhir.nhs.uk/Id/nhs-number",
        "http://fhir.nhs.net/Id/nhs-number",
        "https://fhir.nhs.net/Id/nhs-number",
    }
)
_VERIFIED = frozenset({"", "01", "number-present-and-verified"})

# No child has more; a Patient that lists thousands must not become thousands of keys.
_MOST = 50

_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}")
_PARTIAL_DATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_NOT_ALPHANUMERIC = re.compile(r"[^A-Z0-9]")
_NOBODYS_POSTCODE = "ZZ99"


class Name(NamedTuple):
    """One name of a person, folded: parts are parted by a space; "" where it has none."""

    first: str
    middle: str
    family: str


class Home(NamedTuple):
    """One address of a person: the postcode without space, and the first line, folded, with its digits."""

    postcode: str
    line: str


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared: each attribute holds every value the records say.

    Attributes:
        nhs: valid NHS numbers in force.
        nhs_verified: those of them that were traced.
        nhs_former: NHS numbers that were replaced.
        upns: valid permanent UPNs in force.
        upns_temporary: valid temporary UPNs.
        upns_former: valid UPNs, of either kind, that were replaced.
        upns_wrong: texts shaped like a UPN whose check letter does not fit.
        ulns: valid ULNs.
        la_ids: (local authority, child id without padding).
        families: every form a surname may be found under.
        givens: first and middle names, folded, one tuple for each name.
        names: the names as they were told, present and old.
        birth_dates: real dates, full or partial, in ISO form.
        genders: "female" or "male".
        postcodes: without space; those that stand for "no home" are left out.
        homes: the addresses with such a postcode, present and old.
        deceased: whether a death is recorded.
        multiple_birth: whether the child is recorded as one of several born together.
        several: whether one record holds two numbers in force where a child has one.
    """

    nhs: frozenset[str] = frozenset()
    nhs_verified: frozenset[str] = frozenset()
    nhs_former: frozenset[str] = frozenset()
    upns: frozenset[str] = frozenset()
    upns_temporary: frozenset[str] = frozenset()
    upns_former: frozenset[str] = frozenset()
    upns_wrong: frozenset[str] = frozenset()
    ulns: frozenset[str] = frozenset()
    la_ids: frozenset[tuple[str, str]] = frozenset()
    families: frozenset[str] = frozenset()
    givens: frozenset[Given] = frozenset()
    names: frozenset[Name] = frozenset()
    birth_dates: frozenset[str] = frozenset()
    genders: frozenset[str] = frozenset()
    postcodes: frozenset[str] = frozenset()
    homes: frozenset[Home] = frozenset()
    deceased: bool = False
    multiple_birth: bool = False
    several: bool = False


def person(patient: Mapping[str, Any], base_uri: str, *, verified: bool = False) -> Person:
    """Return what can be compared of a Patient; what cannot be read is left out.

    Args:
        patient: any JSON object; nothing about its shape is taken for granted.
        base_uri: the start of this gateway's identifier systems.
        verified: whether the feed's NHS numbers count as traced. A record's own claim counts only in
            such a feed, where a status other than 01 takes it back for that number.
    """
    names = frozenset(_names(patient))
    families = frozenset().union(*(family_forms(name.family) for name in names))
    homes = frozenset(_homes(patient))
    numbers = _identifiers(patient, base_uri, verified)
    return Person(
        **numbers,
        families=families,
        givens=frozenset(tuple(f"{name.first} {name.middle}".split()) for name in names) - {()},
        names=names,
        birth_dates=birth_dates(patient),
        genders=frozenset({text(patient.get("gender"))} & {"female", "male"}),
        postcodes=frozenset(home.postcode for home in homes),
        homes=homes,
        deceased=patient.get("deceasedBoolean") is True or bool(text(patient.get("deceasedDateTime"))),
        multiple_birth=patient.get("multipleBirthBoolean") is True
        or type(patient.get("multipleBirthInteger")) is int,
        several=_several(numbers),
    )


def united(persons: Iterable[Person]) -> Person:
    """Return all that several records of one child say, as one person."""
    everyone = list(persons)
    if len(everyone) == 1:
        return everyone[0]
    together: dict[str, Any] = {}
    for attribute in fields(Person):
        values = [getattr(one, attribute.name) for one in everyone]
        together[attribute.name] = (
            any(values) if isinstance(attribute.default, bool) else frozenset().union(*values)
        )
    return Person(**together)


def text(value: Any) -> str:
    """Return `value` if it is a text, without white space around it; else ""."""
    return value.strip() if isinstance(value, str) else ""


def objects(value: Any, most: int = _MOST) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list, at most `most`; nothing where there is no list."""
    if isinstance(value, list):
        yield from (item for item in value[:most] if isinstance(item, dict))


def is_nhs_system(system: str) -> bool:
    """Whether `system` is that of NHS numbers, in today's spelling or an older one."""
    return system in _NHS_SYSTEMS


def nhs_is_verified(identifier: Mapping[str, Any], *, verified: bool) -> bool:
    """Whether an NHS number counts as traced, in a feed whose numbers are `verified` or not."""
    return verified and _nhs_status(identifier) in _VERIFIED


def birth_dates(patient: Mapping[str, Any]) -> frozenset[str]:
    """Return the birth date of a Patient, full or partial, if it is a real one."""
    written = text(patient.get("birthDate"))
    if _PARTIAL_DATE.fullmatch(written):
        return frozenset({written})
    return frozenset({written} if _is_date(written) else ())


def _nhs_status(identifier: Mapping[str, Any]) -> str:
    for extension in objects(identifier.get("extension")):
        concept = extension.get("valueCodeableConcept")
        if text(extension.get("url")) == NHS_STATUS and isinstance(concept, dict):
            return next((text(coding.get("code")) for coding in objects(concept.get("coding"))), "")
    return ""


def _identifiers(patient: Mapping[str, Any], base_uri: str, verified: bool) -> dict[str, frozenset[Any]]:
    found: dict[str, set[Any]] = {}
    councils = f"{base_uri}/Id/la-child-id/"
    for identifier in objects(patient.get("identifier")):
        system, value = text(identifier.get("system")), text(identifier.get("value"))
        former = identifier.get("use") == "old"
        if not value:
            continue
        if is_nhs_system(system) and (number := nhs_number(value)):
            found.setdefault("nhs_former" if former else "nhs", set()).add(number)
            if not former and nhs_is_verified(identifier, verified=verified):
                found.setdefault("nhs_verified", set()).add(number)
        elif system == f"{base_uri}/Id/upn" and (place := _upn_place(upn(value), former)):
            found.setdefault(place, set()).add(upn(value))
        elif system == f"{base_uri}/Id/uln" and (learner := uln(value)):
            found.setdefault("ulns", set()).add(learner)
        elif system.startswith(councils) and not former and (own := la_child_id(value)):
            found.setdefault("la_ids", set()).add((system[len(councils) :], own))
    return {name: frozenset(values) for name, values in found.items()}


def _several(numbers: Mapping[str, frozenset[Any]]) -> bool:
    councils = [council for council, _ in numbers.get("la_ids", ())]
    return max(len(numbers.get("nhs", ())), len(numbers.get("upns", ()))) > 1 or len(councils) > len(
        set(councils)
    )


def _upn_place(form: str, former: bool) -> str:
    """The attribute of `Person` that a UPN belongs to, or ""."""
    kind = upn_kind(form)
    if kind is UpnKind.NOT_ONE or (former and kind is UpnKind.WRONG_LETTER):
        return ""
    if former:
        return "upns_former"
    places = {
        UpnKind.PERMANENT: "upns",
        UpnKind.TEMPORARY: "upns_temporary",
        UpnKind.WRONG_LETTER: "upns_wrong",
    }
    return places[kind]


def _names(patient: Mapping[str, Any]) -> Iterator[Name]:
    for name in objects(patient.get("name")):
        family, listed = folded(text(name.get("family"))), name.get("given")
        given = [folded(text(item)) for item in (listed if isinstance(listed, list) else [])[:_MOST]]
        given = [word for word in given if word]
        if not family and not given:
            *given, family = folded(text(name.get("text"))).split() or [""]
        if family or given:
            yield Name(given[0] if given else "", " ".join(given[1:]), family)


def _is_date(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False


def _homes(patient: Mapping[str, Any]) -> Iterator[Home]:
    for address in objects(patient.get("address")):
        postcode = _NOT_ALPHANUMERIC.sub("", text(address.get("postalCode")).upper())
        if _POSTCODE.fullmatch(postcode) and not postcode.startswith(_NOBODYS_POSTCODE):
            lines = address.get("line")
            first = text(lines[0]) if isinstance(lines, list) and lines else ""
            yield Home(postcode, _NOT_ALPHANUMERIC.sub("", first.upper()))
