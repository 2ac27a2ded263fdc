"""Resources of a restricted child short of what leads to where the child is, wherever it stands.

The child's own Patient is composed without it. A RelatedPerson mostly lives where the child does, a contained
Patient, Organization or Location may say it too, and a school or a ward is where the child can be met. The
council that answers for a child stays: it is no place, and somebody must be asked.
"""

from functools import cache
from typing import Any

from gateway.fhir import facts

_PLACES = frozenset({"address", "telecom", "position", "valueAddress", "valueContactPoint"})
_OF_PATIENT = _PLACES | {"contact", "generalPractitioner", "managingOrganization"}
#: What a reference may lead to that is a place, or tells of one.
WHERE = frozenset({"Organization", "Location", "HealthcareService"})
#: References to organisations that say nothing of where a child is.
_NOWHERE = frozenset({"manufacturer", "insurer", "authority", "issuer"})
_NUMBERS = ("/Id/urn-school-number", "/Id/laestab", "/Id/ods-organization-code", "/Id/ods-site-code")
_COUNCIL = "/Id/dfe-la-code"
_MASKED = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
    ]
}
# As few as will do, for each is looked for in every text: parts that many names have, and the type Patient.
_WRITTEN = (
    *(b'ddress":', b'ontactPoint":', b'"telecom":', b'"position":', b'"resourceType":"Patient"'),
    *(b"rganization", b"Location", b"HealthcareService", b'"location', b'"serviceProvider":', b'"facility":'),
    *(b'"hospitalization":', b'"custodian":', b'"assigner":', b"/urn-school-number", b"/laestab", b"/ods-"),
)


def tells_place(body: bytes) -> bool:
    """Whether a JSON text may say where somebody is, so that it must be looked through."""
    # A plain loop: this runs for every resource of every page.
    for name in _WRITTEN:  # noqa: SIM110
        if name in body:
            return True
    return False


def is_council(system: str) -> bool:
    """Whether a system is that of the numbers of councils."""
    return system.endswith(_COUNCIL)


def placeless(resource: Any) -> Any:
    """Return a resource without addresses, telecoms, positions, and without schools, wards and the like.

    The narrative that repeats them goes too. A reference that R4 wants there says that it is masked.
    """
    contained = resource.get("contained", []) if isinstance(resource, dict) else []
    gone = frozenset(f"#{each['id']}" for each in contained if _is_place(each) and "id" in each)
    found = _placeless(resource, "", gone)
    return found if found == resource else {name: each for name, each in found.items() if name != "text"}


def _is_place(value: Any) -> bool:
    return isinstance(value, dict) and value.get("resourceType") in WHERE


def _placeless(value: Any, path: str, gone: frozenset[str]) -> Any:
    if isinstance(value, list):
        items = [_placeless(item, path, gone) for item in value if not _is_place(item)]
        return [item for item in items if item not in ({}, [])]
    if not isinstance(value, dict):
        return value
    path = value.get("resourceType", path)
    names = _OF_PATIENT if path == "Patient" else _PLACES
    kept = {}
    for name, item in value.items():
        if name not in names and (left := _element(item, path, name, gone)) not in ({}, []):
            kept[name] = left
    if set(kept) == {"url"}:
        # an extension that said nothing else
        return {}
    if "resourceType" in value and kept != value:
        kept.pop("text", None)
    return kept


def _element(item: Any, path: str, name: str, gone: frozenset[str]) -> Any:
    """What is left of an element."""
    inside, reference, targets, needed = _known(path, name)
    if not reference or name in _NOWHERE:
        return _placeless(item, inside, gone)
    items = item if isinstance(item, list) else [item]
    left = [each for each in items if not _leads(each, targets, gone)]
    if len(left) < len(items) and needed:
        left = left or [_MASKED]
    left = [_placeless(each, "Reference", gone) for each in left]
    return left if isinstance(item, list) else left[0] if left else {}


@cache
def _known(path: str, name: str) -> tuple[str, bool, frozenset[str], bool]:
    """Of an element: what it is inside, whether a reference, to which types, and whether it must be there."""
    element = facts.members(path).get(name) if path else None
    if element is None:
        return "", False, frozenset(), False
    return element.inside, element.types == ("Reference",), frozenset(element.targets), element.min > 0


def _leads(reference: Any, targets: frozenset[str], gone: frozenset[str]) -> bool:
    """Whether a reference leads to a place, or to who is at one."""
    if not isinstance(reference, dict):
        return False
    identifier = reference.get("identifier")
    system = str(identifier.get("system", "")) if isinstance(identifier, dict) else ""
    if is_council(system):
        return False
    written = str(reference.get("reference", ""))
    if written in gone or system.endswith(_NUMBERS):
        return True
    named = {str(reference.get("type", "")), *written.split("/")[:-1]}
    return bool(named & WHERE) or (bool(targets) and targets <= WHERE)
