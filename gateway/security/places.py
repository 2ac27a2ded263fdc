"""Resources of a restricted child short of what leads to where the child is, wherever it stands.

The child's own Patient is composed without it. A RelatedPerson mostly lives where the child does, and a
contained Patient, Organization or Location may say it too.
"""

from typing import Any

_PLACES = frozenset({"address", "telecom", "position", "valueAddress", "valueContactPoint"})
_OF_PATIENT = _PLACES | {"contact", "generalPractitioner", "managingOrganization"}
# what only a Patient has is found by its being one
_WRITTEN = (*(f'"{name}":'.encode() for name in sorted(_PLACES)), b'"resourceType":"Patient"')


def tells_place(body: bytes) -> bool:
    """Whether a JSON text may say where somebody is, so that it must be looked through."""
    # A plain loop: this runs for every resource of every page.
    for name in _WRITTEN:  # noqa: SIM110
        if name in body:
            return True
    return False


def placeless(resource: Any) -> Any:
    """Return a resource without addresses, telecoms and positions, nor the narrative that repeats them."""
    found = _placeless(resource)
    return found if found == resource else {name: each for name, each in found.items() if name != "text"}


def _placeless(value: Any) -> Any:
    if isinstance(value, list):
        return [kept for item in value if (kept := _placeless(item)) not in ({}, [])]
    if not isinstance(value, dict):
        return value
    names = _OF_PATIENT if value.get("resourceType") == "Patient" else _PLACES
    inner = {name: _placeless(item) for name, item in value.items() if name not in names}
    kept = {name: item for name, item in inner.items() if item not in ({}, [])}
    if set(kept) == {"url"}:
        # an extension that said nothing else
        return {}
    if "resourceType" in value and kept != value:
        kept.pop("text", None)
    return kept
