"""A child's Patient, composed from the records that are about the child; never edited, never kept as truth.

For each element the record is taken that was verified, then the most recent; for the birth date, the value
most records agree on comes before the most recent one. What other records say of name and address stays, as
`use=old`. The result depends on the records alone, whatever their order.

Source:
    UK Core Patient 2.6.1, https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from gateway.fhir.json import write
from gateway.identity.composed_identifiers import identifiers
from gateway.identity.composed_names import addresses, names
from gateway.identity.person import birth_dates, objects, text

PROFILE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

_LEVELS = ("U", "L", "M", "N", "R", "V")
_RESTRICTED = ("R", "V")
_PLACES = ("address", "telecom", "contact", "generalPractitioner", "managingOrganization")
_UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
# What is said about a child to everybody who may see the child; other extensions stay with their feed.
_EXTENSIONS = (
    f"{_UK_CORE}EthnicCategory",
    f"{_UK_CORE}BirthSex",
    f"{_UK_CORE}DeathNotificationStatus",
    f"{_UK_CORE}ResidentialStatus",
    "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired",
)
_GENDERS = frozenset({"female", "male", "other", "unknown"})


@dataclass(frozen=True, slots=True)
class Told:
    """What one record says about the child.

    Attributes:
        patient: the record's Patient, as its feed told it.
        sector: the feed's sector.
        verified: whether the feed's NHS numbers count as traced.
        last_updated: the version's instant, UTC, in one form for all records.
        feed: the feed's name.
        rec: the record's number; the last thing to decide between two records.
    """

    patient: Mapping[str, Any]
    sector: str
    verified: bool
    last_updated: str
    feed: str
    rec: int


@dataclass(frozen=True, slots=True)
class Composed:
    """A child's Patient.

    Attributes:
        full: for callers from education and the local authority.
        without_upn: for everybody else: no UPN, ULN or child id of a local authority.
        version: the versionId of both, a keyed hash of the full content.
        last_updated: the latest of the records'.
    """

    full: dict[str, Any]
    without_upn: dict[str, Any]
    version: str
    last_updated: str


def compose(
    child_id: str,
    cci: str,
    records: Sequence[Told],
    base_uri: str,
    *,
    secret: bytes,
    official: str = "cci",
    replaces: Mapping[str, str] = MappingProxyType({}),
    withheld: bool = False,
    unsaid: Collection[tuple[str, str]] = frozenset(),
) -> Composed:
    """Return the Patient of a child.

    Args:
        child_id: the id on `/fhir`.
        cci: the child's CCI in its stored form.
        records: what the linked records say; at least one.
        base_uri: the start of this gateway's identifier systems.
        secret: up to 64 bytes; without it who sees all but the UPN could try out UPNs against the versionId.
        official: "cci" or "nhs-number": which identifier is `use=official`; an NHS number only where it
            is verified.
        replaces: the ids of the children that were merged into this one, and when (instants).
        withheld: the official identifier is left out, because including it was decided to do more harm than
            good (Children Act 2004, s.16LC(7)).
        unsaid: replaced numbers (system, value) that are left out, because they would lead to a sealed life.
    """
    ranked = sorted(records, key=_rank)
    numbered = [(told.patient, told.verified) for told in ranked]
    every = identifiers(cci, numbered, base_uri, official=official)
    shown, hidden = (_without(unsaid, some) for some in every)
    if withheld:
        shown = [identifier for identifier in shown if identifier["use"] != "official"]
    security = _security(ranked)
    body = _placeless(_body(ranked), security) | _links("replaces", sorted(replaces))
    content = {"identifier": [*shown, *hidden], **body, "security": security}
    version = blake2b(write(content), digest_size=8, key=secret[:64]).hexdigest()
    last_updated = max((*(told.last_updated for told in records), *replaces.values()))
    meta = {"versionId": version, "lastUpdated": last_updated, "profile": [PROFILE]}
    head = {
        "resourceType": "Patient",
        "id": child_id,
        "meta": meta | ({"security": security} if security else {}),
    }
    return Composed(
        {**head, "identifier": [*shown, *hidden], **body},
        {**head, "identifier": shown, **body},
        version,
        last_updated,
    )


def superseded(child_id: str, cci: str, into: str, base_uri: str, at: str, *, secret: bytes) -> Composed:
    """Return the Patient of a child that was merged into another one: its CCI, and where it leads.

    Args:
        into: the id of the other child.
        at: when it was merged, an instant.
    """
    body = {
        "identifier": [{"use": "old", "system": f"{base_uri}/Id/cci", "value": cci}],
        "active": False,
        **_links("replaced-by", [into]),
    }
    version = blake2b(write(body), digest_size=8, key=secret[:64]).hexdigest()
    head = {"resourceType": "Patient", "id": child_id}
    full = {**head, "meta": {"versionId": version, "lastUpdated": at, "profile": [PROFILE]}, **body}
    return Composed(full, full, version, at)


def _links(type: str, ids: Sequence[str]) -> dict[str, Any]:
    return {"link": [{"other": {"reference": f"Patient/{id}"}, "type": type} for id in ids]} if ids else {}


def _rank(told: Told) -> tuple[bool, tuple[int, ...], int]:
    """Verified first, then the most recent; `rec` settles what is left, so that order never matters."""
    return not told.verified, tuple(-ord(c) for c in told.last_updated), told.rec


def _body(ranked: Sequence[Told]) -> dict[str, Any]:
    """The elements but for identifiers and meta; empty ones are left out."""
    patients = [told.patient for told in ranked]
    found = {
        "extension": _extensions(patients),
        "active": any(patient.get("active") is not False for patient in patients),
        "name": names(patients),
        "telecom": _best(patients, "telecom", _in_force),
        "gender": _best(patients, "gender", lambda value: value if text(value) in _GENDERS else None),
        "birthDate": _birth_date(ranked),
        "address": addresses(patients),
        "contact": _best(patients, "contact", _contacts),
        "communication": _best(patients, "communication", _list),
        "generalPractitioner": _best(patients, "generalPractitioner", _logical_list),
        "managingOrganization": _best(patients, "managingOrganization", _logical),
    }
    found |= _choice(patients, "deceasedBoolean", "deceasedDateTime")
    found |= _choice(patients, "multipleBirthBoolean", "multipleBirthInteger")
    return {element: value for element, value in found.items() if value not in (None, "", [])}


def _without(unsaid: Collection[tuple[str, str]], told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Identifiers but the replaced ones among some numbers, however they were spelt."""
    left_out = {(system, _bare(value)) for system, value in unsaid}
    return [
        each
        for each in told
        if each.get("use") != "old" or (each["system"], _bare(each["value"])) not in left_out
    ]


def _bare(value: str) -> str:
    return value.replace(" ", "").upper()


def is_restricted(patient: Mapping[str, Any]) -> bool:
    """Whether where the child of a composed Patient is must not be told."""
    security = patient["meta"].get("security", ())
    return any(each.get("system") == CONFIDENTIALITY and each["code"] in _RESTRICTED for each in security)


def _placeless(body: dict[str, Any], security: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The elements without what leads to where a child is, if any record says that this is restricted.

    Source: NHS Personal Demographics Service, restricted patients: no address, telecom, contact or
    general practitioner is given out, and a search by them finds nobody.
    """
    if not is_restricted({"meta": {"security": security}}):
        return body
    return {element: value for element, value in body.items() if element not in _PLACES}


def _best(patients: Iterable[Mapping[str, Any]], element: str, kept: Callable[[Any], Any]) -> Any:
    """The element of the best record that has one."""
    return next((value for patient in patients if (value := kept(patient.get(element)))), None)


def _choice(patients: Iterable[Mapping[str, Any]], *elements: str) -> dict[str, Any]:
    """The first of the elements that the best record has, of a choice such as deceased[x]."""
    types = {"Boolean": bool, "Integer": int, "DateTime": str}
    for patient in patients:
        for element in reversed(elements):
            expected = next(kind for ending, kind in types.items() if element.endswith(ending))
            if type(patient.get(element)) is expected:
                return {element: patient[element]}
    return {}


def _birth_date(ranked: Sequence[Told]) -> str | None:
    """Verified first, then the date most records agree on, then a full one, then the most recent."""
    votes: dict[str, list[int]] = {}
    verified: set[str] = set()
    for place, told in enumerate(ranked):
        for born in birth_dates(told.patient):
            votes.setdefault(born, []).append(place)
            if told.verified:
                verified.add(born)
    if not votes:
        return None
    return min(votes, key=lambda born: (born not in verified, -len(votes[born]), -len(born), votes[born][0]))


def _extensions(patients: Sequence[Mapping[str, Any]]) -> list[Any]:
    found: dict[str, Any] = {}
    for patient in patients:
        for extension in objects(patient.get("extension")):
            url = text(extension.get("url"))
            if url in _EXTENSIONS:
                found.setdefault(url, extension)
    return [found[url] for url in _EXTENSIONS if url in found]


def _in_force(value: Any) -> list[Any]:
    return [point for point in objects(value) if point.get("use") != "old"]


def _list(value: Any) -> list[Any]:
    return list(objects(value))


def _contacts(value: Any) -> list[Any]:
    found = []
    for contact in objects(value):
        organization = _logical(contact.get("organization"))
        rest = {element: kept for element, kept in contact.items() if element != "organization"}
        found.append(rest | ({"organization": organization} if organization else {}))
    return found


def _logical(value: Any) -> dict[str, Any] | None:
    """A reference without its address: a feed's local ids mean nothing on `/fhir`."""
    if not isinstance(value, dict):
        return None
    kept = {element: value[element] for element in ("type", "identifier", "display") if value.get(element)}
    return kept if "identifier" in kept or "display" in kept else None


def _logical_list(value: Any) -> list[Any]:
    return [kept for reference in objects(value) if (kept := _logical(reference))]


def _security(ranked: Sequence[Told]) -> list[dict[str, Any]]:
    """The most restrictive confidentiality of the records, and every other label they carry."""
    highest = -1
    others: dict[tuple[str, str], dict[str, Any]] = {}
    for system, code in _labels(ranked):
        if system == CONFIDENTIALITY and code in _LEVELS:
            highest = max(highest, _LEVELS.index(code))
        else:
            others[system, code] = {"system": system, "code": code} if system else {"code": code}
    levels = [{"system": CONFIDENTIALITY, "code": _LEVELS[highest]}] if highest >= 0 else []
    return levels + [others[label] for label in sorted(others)]


def _labels(ranked: Sequence[Told]) -> Iterator[tuple[str, str]]:
    for told in ranked:
        meta = told.patient.get("meta")
        for label in objects(meta.get("security") if isinstance(meta, dict) else None):
            if code := text(label.get("code")):
                yield text(label.get("system")), code
