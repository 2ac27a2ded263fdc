"""The wrong-child guard: is the Patient a server answers with the child that was asked about?

An NHS number alone is not enough: numbers are mistyped, swapped between twins and given out again by mistake.
GP Connect says that a consumer "SHALL always perform a patient demographic check"; here no one can forget it.

    birth date   equal, or day and month swapped while the names agree fully
    family       some part of some name of each, without accents, case and punctuation
    given        what each is called first (`given_names`); where that agrees only weakly (an initial, names
                 in the other order), the birth date has to be equal and a boy is no girl
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.upstream.given_names import Given, agreement, givens, parts

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison came to: `differs` and `missing` name elements, never what they hold."""

    differs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """The Patient is the child."""
        return not self.differs and not self.missing


def compare(returned: Resource, child: Resource, nhs_number: str) -> Verdict:
    """Compare the Patient a server answered with to the child's own.

    Args:
        returned: the server's Patient.
        child: the child's composed Patient.
        nhs_number: the ten digits that were asked for.
    """
    missing = [f"a {name}" for name, has in _needed(returned, child) if not has]
    if missing:
        return Verdict(missing=tuple(missing))
    family = bool(_families(returned) & _families(child))
    given = agreement(_givens(returned), _givens(child))
    if given == "weakly" and _contradict(returned, child):
        given = ""
    dates = _dates_agree(str(returned["birthDate"]), str(child["birthDate"]), family and given == "fully")
    checks = {
        "NHS number": _nhs_numbers(returned) == {nhs_number},
        "family name": family,
        "given name": bool(given),
        "birth date": dates,
    }
    return Verdict(tuple(name for name, agrees in checks.items() if not agrees))


def _needed(returned: Resource, child: Resource) -> list[tuple[str, bool]]:
    both = (returned, child)
    return [
        ("birth date", all(len(str(each.get("birthDate") or "")) == 10 for each in both)),
        ("family name", all(_families(each) for each in both)),
        ("given name", all(_givens(each) for each in both)),
    ]


def _nhs_numbers(patient: Resource) -> set[str]:
    """The NHS numbers in use; a Patient with two is nobody's for sure."""
    return {
        str(each.get("value", "")).replace(" ", "").replace("-", "")
        for each in _objects(patient.get("identifier"))
        if each.get("system") == NHS_NUMBER and each.get("use") != "old"
    }


def _families(patient: Resource) -> set[str]:
    return set(parts(str(name.get("family") or "") for name in _objects(patient.get("name"))))


def _givens(patient: Resource) -> list[Given]:
    return givens(_objects(patient.get("name")))


def _contradict(one: Resource, other: Resource) -> bool:
    """Birth dates that differ in any way, or a boy and a girl."""
    sexes = {str(one.get("gender")), str(other.get("gender"))}
    return one["birthDate"] != other["birthDate"] or sexes == {"female", "male"}


def _dates_agree(one: str, other: str, names: bool) -> bool:
    if one == other:
        return True
    year, month, day = one[:4], one[5:7], one[8:]
    return names and other == f"{year}-{day}-{month}"


def _objects(value: Any) -> list[Resource]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
