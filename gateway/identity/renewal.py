"""Whether a record tells of a new identity: its NHS number was replaced by another one, and its surname too.

The Personal Demographics Service supersedes one of two numbers that one person had by mistake, and the old
one stays known as a former one. When a child is adopted, or gets a new identity for protection, the old
number is invalidated and another one issued, and nothing may lead from the one to the other.

Source: NHS England, Personal Demographics Service FHIR API, Patient: superseded and invalidated records
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from gateway.identity.names import folded
from gateway.identity.numbers import nhs_number
from gateway.identity.person import is_nhs_system, objects, text

_FORMER = frozenset({"old", "maiden"})


class Renewal(Enum):
    """What became of number and surname: no renewal, the old number kept as a former one, or dropped."""

    NONE = 0
    KEPT = 1
    DROPPED = 2


def renewal(before: Mapping[str, Any], told: Mapping[str, Any]) -> Renewal:
    """Return what became of the NHS number and surname of a Patient that is told anew."""
    was, _ = _numbers(before)
    now, former = _numbers(told)
    surnames = _surnames(before), _surnames(told)
    replaced = was and now and was.isdisjoint(now)
    renamed = all(surnames) and surnames[0].isdisjoint(surnames[1])
    if not (replaced and renamed):
        return Renewal.NONE
    return Renewal.KEPT if was <= former else Renewal.DROPPED


def _numbers(patient: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The valid NHS numbers of a Patient: those in force, and former ones."""
    found: tuple[set[str], set[str]] = (set(), set())
    for each in objects(patient.get("identifier")):
        if is_nhs_system(text(each.get("system"))) and (number := nhs_number(text(each.get("value")))):
            found[each.get("use") == "old"].add(number)
    return found


def _surnames(patient: Mapping[str, Any]) -> set[str]:
    names = (each for each in objects(patient.get("name")) if each.get("use") not in _FORMER)
    return {surname for each in names if (surname := folded(text(each.get("family"))))}
