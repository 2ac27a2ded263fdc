"""The wrong-child guard: is the Patient a server answers with the child that was asked about?

An NHS number alone is not enough: numbers are mistyped, swapped between twins and given out again by mistake.
GP Connect says that a consumer "SHALL always perform a patient demographic check"; here no one can forget it.

    birth date   equal, or day and month swapped while the names agree fully
    family       some part of some name of each, without accents, case and punctuation
    given        the first names agree (an initial with a name that begins with it), or one side has no name
                 that the other lacks: twins may share a middle name
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"

Resource = Mapping[str, Any]
Given = tuple[tuple[str, ...], ...]
"""The given names of one name, each as its parts."""


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
    checks = {
        "NHS number": _nhs_numbers(returned) == {nhs_number},
        "family name": bool(_families(returned) & _families(child)),
        "given name": _given_agree(_givens(returned), _givens(child)),
    }
    names = checks["family name"] and checks["given name"]
    checks["birth date"] = _dates_agree(str(returned["birthDate"]), str(child["birthDate"]), names)
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
    return {part for name in _objects(patient.get("name")) for part in _parts(str(name.get("family") or ""))}


def _givens(patient: Resource) -> set[Given]:
    """The given names of each name of the Patient, none of them empty."""
    found = set()
    for name in _objects(patient.get("name")):
        listed = name.get("given")
        texts = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
        found.add(tuple(parts for each in texts for word in each.split() if (parts := _parts(word))))
    return found - {()}


def _given_agree(one: set[Given], other: set[Given]) -> bool:
    return any(_along(a[0], b[0]) or _within(a, b) or _within(b, a) for a in one for b in other)


def _along(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two first names agree as far as both go: Ava and Ava-Mae do, Ava-Mae and Ava-Rae do not."""
    return all(_same_part(a, b) for a, b in zip(one, other, strict=False))


def _within(few: Given, many: Given) -> bool:
    """Whether each given name of one side is among those of the other."""
    return all(any(_same_part(a, b) for word in many for b in word) for word in few for a in word)


def _same_part(one: str, other: str) -> bool:
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])


def _dates_agree(one: str, other: str, names: bool) -> bool:
    if one == other:
        return True
    year, month, day = one[:4], one[5:7], one[8:]
    return names and other == f"{year}-{day}-{month}"


def _parts(name: str) -> tuple[str, ...]:
    """A name as comparable parts: `Smith-Jones` is two, `O'Neill` is one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return tuple("".join(c if c.isalnum() else "" if c in "'’`." else " " for c in plain).split())


def _objects(value: Any) -> list[Resource]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
