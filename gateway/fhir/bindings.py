"""Whether a code is one of those that R4 requires at its place.

Source: HL7 FHIR R4 terminologies, https://hl7.org/fhir/R4/terminologies.html#required
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from gateway.fhir import facts

_SHOWN = 12

Codes = Mapping[str, tuple[str, ...]]


def is_listed(value_set: str, type_: str, value: Any) -> bool:
    """Whether a value of the type code, Coding or CodeableConcept has a code of the value set.

    True also where another standard lists the codes, and for a concept that only carries extensions.
    """
    listed = facts.codes(value_set)
    if listed is None:
        return True
    match type_:
        case "code":
            return value in listed
        case "Coding":
            return _has(listed, value)
        case "CodeableConcept":
            codings = value.get("coding")
            if not isinstance(codings, list):
                return "extension" in value
            return any(_has(listed, coding) for coding in codings)
        case _:
            return True


def offered(value_set: str) -> str:
    """The codes of a value set as a sentence lists them, the first ones if there are many."""
    listed = list(facts.codes(value_set) or ())
    shown = ", ".join(listed[:_SHOWN])
    return f"{shown} (and {len(listed) - _SHOWN} more of {value_set})" if len(listed) > _SHOWN else shown


def meant(name: Any, known: Any) -> str:
    """ " Did you mean …?" for the known name most like `name`, or ""."""
    if not isinstance(name, str):
        return ""
    by_small = {each.lower(): each for each in known}
    close = get_close_matches(name.lower()[:64], by_small, 1, 0.7)
    return f" Did you mean {by_small[close[0]]}?" if close else ""


def _has(listed: Codes, coding: Any) -> bool:
    if not isinstance(coding, dict) or not isinstance(coding.get("code"), str):
        return False
    return coding.get("system") in listed.get(coding["code"], ())
