"""The wrong-child guard: is the Patient a server answers with the child that was asked about?

An NHS number alone is not enough: numbers are mistyped, swapped between twins and given out again by mistake.
GP Connect says that a consumer "SHALL always perform a patient demographic check"; here no one can forget it.

    birth date   equal, or day and month swapped while the names agree fully
    family       some part of some name of each, without accents, case and punctuation
    given        likewise; an initial agrees with a name that begins with it
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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
    return {
        part for name in _objects(patient.get("name")) for part in _parts([str(name.get("family") or "")])
    }


def _givens(patient: Resource) -> set[str]:
    given: list[str] = []
    for name in _objects(patient.get("name")):
        listed = name.get("given")
        given += [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    return _parts(given)


def _given_agree(one: set[str], other: set[str]) -> bool:
    """Some given name is in both, or an initial in one begins a name in the other."""
    initials = {each[0] for each in one if len(each) == 1} & {each[0] for each in other}
    return bool(one & other or initials or {each[0] for each in one} & {e for e in other if len(e) == 1})


def _dates_agree(one: str, other: str, names: bool) -> bool:
    if one == other:
        return True
    year, month, day = one[:4], one[5:7], one[8:]
    return names and other == f"{year}-{day}-{month}"


def _parts(names: Iterable[str]) -> set[str]:
    """Names as comparable parts: `Smith-Jones` is two, `O'Neill` is one."""
    found: set[str] = set()
    for name in names:
        plain = "".join(
            c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c)
        )
        kept = "".join(c if c.isalnum() else "" if c in "'’`." else " " for c in plain)
        found.update(kept.split())
    return found


def _objects(value: Any) -> list[Resource]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
