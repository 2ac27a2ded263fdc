"""The names and addresses of a composed Patient: what is in force, and what was said before or elsewhere."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.identity.names import folded
from gateway.identity.person import objects, text

Patient = Mapping[str, Any]

_MOST_OLD = 10
_CALLED = ("usual", "nickname")
_NAME_PARTS = ("use", "text", "family", "given", "prefix", "suffix", "period")
_GAP = re.compile(r"[\W_]+")


def names(ranked: Sequence[Patient]) -> list[dict[str, Any]]:
    """Return the official name of the best record, what the child is called, and other names as old.

    A name that another one contains (Amelia in Amelia Grace, of one family) is not said again.
    """
    told = [name for patient in ranked for name in objects(patient.get("name")) if any(_form(name))]
    formal = [name for name in told if _use(name) == "official"]
    called = [name for name in told if _use(name) in _CALLED]
    chosen = [_fullest(formal)] if formal else []
    for use in _CALLED:
        chosen += [name for name in called if _use(name) == use and not _covered(name, chosen)][:1]
    if not chosen:
        chosen = told[:1]
    kept = [_written(name, _use(name)) for name in chosen]
    for name in told:
        if len(kept) - len(chosen) < _MOST_OLD and not _covered(name, kept):
            kept.append(_written(name, "old"))
    return kept


def addresses(ranked: Sequence[Patient]) -> list[dict[str, Any]]:
    """Return the addresses in force of the best record that has one, and others as old.

    A postcode alone is not said beside an address that has it, and gives way to the fuller address.
    """
    told = [a for patient in ranked for a in objects(patient.get("address")) if any(_where(a))]
    in_force = [a for a in told if a.get("use") != "old"]
    best = ([a for a in objects(patient.get("address")) if a in in_force] for patient in ranked)
    current = [_fullest_address(address, in_force) for address in next((some for some in best if some), [])]
    kept = [dict(address) for address in current]
    for address in told:
        if len(kept) - len(current) < _MOST_OLD and not _same_place(address, kept):
            kept.append({**address, "use": "old"})
    return kept


def _use(name: Mapping[str, Any]) -> str:
    use = text(name.get("use"))
    if use in _CALLED:
        return use
    return "official" if use in ("", "official") else "old"


def _form(name: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The family name without gaps and the parts of the given names, folded."""
    given = name.get("given")
    parts = [
        part for item in (given if isinstance(given, list) else []) for part in folded(text(item)).split()
    ]
    family = folded(text(name.get("family"))).replace(" ", "")
    if not family and not parts:
        *parts, family = folded(text(name.get("text"))).split() or [""]
    return family, tuple(parts)


def _fullest(formal: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first name, or one that says the same and more."""
    best = formal[0]
    for name in formal:
        if _covered(best, [name]) and len(_form(name)[1]) > len(_form(best)[1]):
            best = name
    return best


def _covered(name: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> bool:
    family, given = _form(name)
    return any(
        family == other_family and other_given[: len(given)] == given
        for other_family, other_given in map(_form, others)
    )


def _written(name: Mapping[str, Any], use: str) -> dict[str, Any]:
    return {part: name[part] for part in _NAME_PARTS if name.get(part)} | {"use": use}


def _fullest_address(address: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The address, or where it is a postcode alone, the first of others that has the postcode and a line."""
    postcode, line = _where(address)
    fuller = (other for other in others if _where(other)[0] == postcode and _where(other)[1])
    return address if line else next(fuller, address)


def _same_place(address: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> bool:
    postcode, line = _where(address)
    return any((postcode, line or other[1]) == other for other in map(_where, others))


def _where(address: Mapping[str, Any]) -> tuple[str, str]:
    """Postcode and first line as they are compared."""
    lines = address.get("line")
    first = text(lines[0]) if isinstance(lines, list) and lines else text(address.get("text"))
    return _squeezed(text(address.get("postalCode"))), _squeezed(first)


def _squeezed(written: str) -> str:
    return _GAP.sub("", written).lower()
