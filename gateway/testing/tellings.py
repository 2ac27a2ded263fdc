"""What offices write down about invented families: with their slips, gaps and other people's numbers."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from gateway.identity.person import NHS_NUMBER
from gateway.testing import slips
from gateway.testing.families import Kid, address_elsewhere, surname
from gateway.testing.namebook import TRADITIONS
from gateway.testing.numbers import temporary_upn

COUNCIL = "201"
_NOW = 2026


@dataclass(frozen=True, slots=True)
class Habits:
    """How often an office of level 1 slips: parts of one. An office of level 4 slips four times as often.

    Attributes:
        variant, typo, middle_first: of first names, written as another spelling, mistyped, replaced.
        family_typo, family_part, renamed, doubled: of surnames.
        turned: first name and surname in each other's place.
        date: of birth dates; three in ten of them have day and month swapped.
        sex, no_sex: the other one, none.
        moved, no_address, postcode, line: of addresses, elsewhere, none, mistyped, the first line written
            another way.
        twin_number: of twins' records, those under the other twin's numbers.
        number: of numbers, those with a wrong digit.
        temporary: of UPNs at schools, those that are temporary ones.
        again: of records, those that the same kind of office holds once more.
        near: how many postcodes those who move may move to.
        spellings: 2 where offices know only every second name's other spellings, so that a matcher taught by
            them meets new ones.
    """

    variant: float = 0.020
    typo: float = 0.008
    middle_first: float = 0.008
    family_typo: float = 0.008
    family_part: float = 0.010
    renamed: float = 0.008
    doubled: float = 0.003
    turned: float = 0.003
    date: float = 0.006
    sex: float = 0.004
    no_sex: float = 0.006
    moved: float = 0.045
    no_address: float = 0.010
    postcode: float = 0.010
    line: float = 0.040
    twin_number: float = 0.004
    number: float = 0.001
    temporary: float = 0.010
    again: float = 0.012
    near: int = 3_000
    spellings: int = 1


@dataclass(frozen=True, slots=True)
class Office:
    """A kind of office: how careless it is, and which numbers it knows, in parts of one."""

    level: int
    nhs: float
    upn: float


OFFICES = {"health": Office(1, 0.99, 0.0), "school": Office(2, 0.0, 0.97), "care": Office(4, 0.4, 0.55)}


@dataclass(frozen=True, slots=True)
class Telling:
    """One office's record of one child.

    Attributes:
        number: counts from 0.
        office: "health", "school" or "care".
        child: the number of the life it is truly about (`Kid.number`).
        family: that child's household.
        nhs, upn: "" where the office does not know them; they may be mistyped or the twin's.
        former_upn: a UPN that the record knows was replaced.
        former_surname: a surname that the record knows was replaced.
        case: the council's child id, in a care record.
    """

    number: int
    office: str
    child: int
    family: int
    tradition: str
    first: str
    middle: str
    surname: str
    born: str
    sex: str
    postcode: str
    line: str
    nhs: str = ""
    upn: str = ""
    former_upn: str = ""
    former_surname: str = ""
    case: str = ""


def tellings(kids: Iterable[Kid], seed: int = 1, habits: Habits | None = None) -> Iterator[Telling]:
    """Yield what offices hold of `kids`, one child after the other; the same for each `seed`.

    Nearly all children are known to health, most of school age to a school, one in eight to social care.
    """
    habits, pick, number = habits or Habits(), random.Random(seed + 7_919), 0
    before: Kid | None = None
    for kid in kids:
        twin = before if before is not None and kid.twin_of == before.number else None
        for office in _offices(kid, pick):
            for again in range(2 if pick.random() < habits.again else 1):
                yield told(kid, office, number, pick, habits, twin=twin, worse=again)
                number += 1
        before = kid


def _offices(kid: Kid, pick: random.Random) -> list[str]:
    at_school = 0.93 if _NOW - int(kid.born[:4]) >= 4 else 0.15
    known = {"health": 0.97 if kid.nhs or not kid.alone else 0.2, "school": at_school, "care": 0.12}
    if kid.life_before >= 0:
        known["care"] = 0.0
    if kid.alone:
        known["care"] = 1.0
    return [office for office, part in known.items() if pick.random() < part]


def told(
    kid: Kid,
    office: str,
    number: int,
    pick: random.Random,
    habits: Habits,
    *,
    twin: Kid | None = None,
    worse: int = 0,
) -> Telling:
    """Return what one office writes about a child.

    Args:
        twin: whose numbers the record may have by mistake.
        worse: how many levels more careless than usual.
    """
    kind = OFFICES[office]
    level = kind.level + worse
    case = str(10_000 + kid.number) if office == "care" else ""
    right = replace(plainly(kid), number=number, office=office, case=case, nhs="", upn="")
    written = _addressed(_named(right, level, pick, habits), level, pick, habits)
    written = replace(
        written, born=slips.date(kid.born, pick) if _at(habits.date * level, pick) else kid.born
    )
    chance = pick.random()
    if chance < habits.sex * level:
        written = replace(written, sex="F" if kid.sex == "M" else "M")
    elif chance < (habits.sex + habits.no_sex) * level:
        written = replace(written, sex="")
    return _numbered(written, kid, twin, kind, level, pick, habits)


def plainly(kid: Kid) -> Telling:
    """Return a record of a child with everything right."""
    return Telling(
        number=kid.number,
        office="health",
        child=kid.number,
        family=kid.family,
        tradition=kid.tradition,
        first=kid.first,
        middle=kid.middle,
        surname=kid.surname,
        born=kid.born,
        sex=kid.sex,
        postcode=kid.postcode,
        line=kid.line,
        nhs=kid.nhs,
        upn=kid.upn,
    )


def _at(part: float, pick: random.Random) -> bool:
    return pick.random() < part


def _named(told: Telling, level: int, pick: random.Random, habits: Habits) -> Telling:
    first, middle, family = told.first, told.middle, told.surname
    former, chance = "", pick.random() / level
    if chance < habits.variant:
        first = slips.spelling(first, pick, habits.spellings)
    elif (chance := chance - habits.variant) < habits.typo:
        first = slips.typing(first, pick)
    elif chance - habits.typo < habits.middle_first and middle:
        first, middle = (middle, "") if pick.random() < 0.6 else (f"{first}-{middle}", "")
    chance = pick.random() / level
    if chance < habits.family_typo:
        family = slips.typing(family, pick)
    elif (chance := chance - habits.family_typo) < habits.family_part:
        family = slips.parts(family, pick)
    elif (chance := chance - habits.family_part) < habits.renamed:
        family = _another_surname(told.tradition, pick)
        former = told.surname if pick.random() < 0.4 else ""
    elif chance - habits.renamed < habits.doubled:
        family = f"{family}-{_another_surname(told.tradition, pick)}"
    if _at(habits.turned * level, pick):
        first, family = family, first
    if middle and _at(0.25 * min(level, 3), pick):
        middle = middle[0] if pick.random() < 0.4 else ""
    if _at(0.3, pick):
        first, family = first.upper(), family.upper()
    return replace(told, first=first, middle=middle, surname=family, former_surname=former)


def _another_surname(tradition: str, pick: random.Random) -> str:
    own = next(one for one in TRADITIONS if one.name == tradition)
    return surname(own if pick.random() < 0.7 else TRADITIONS[0], pick)


def _addressed(told: Telling, level: int, pick: random.Random, habits: Habits) -> Telling:
    chance = pick.random() / level
    if chance < habits.moved:
        postcode, line = address_elsewhere(pick, habits.near)
        return replace(told, postcode=postcode, line=line)
    if (chance := chance - habits.moved) < habits.no_address:
        return replace(told, postcode="", line="")
    if (chance := chance - habits.no_address) < habits.postcode:
        return replace(told, postcode=slips.postcode(told.postcode, pick))
    if chance - habits.postcode < habits.line:
        return replace(told, line=slips.line(told.line, pick))
    return told


def _numbered(
    told: Telling, kid: Kid, twin: Kid | None, kind: Office, level: int, pick: random.Random, habits: Habits
) -> Telling:
    holder = twin if twin is not None and _at(habits.twin_number * level, pick) else kid
    nhs = holder.nhs if _at(kind.nhs, pick) else ""
    upn, former = (holder.upn, "") if _at(kind.upn, pick) else ("", "")
    if upn and _at(habits.temporary * level, pick):
        passing = temporary_upn(kid.number)
        upn, former = (passing, "") if pick.random() < 0.5 else (upn, passing)
    if nhs and _at(habits.number * level, pick):
        nhs = slips.digits(nhs, pick)
    if upn and _at(habits.number * level, pick):
        upn = slips.digits(upn, pick)
    return replace(told, nhs=nhs, upn=upn, former_upn=former)


def without_numbers(told: Telling) -> Telling:
    """The record as an office would hold it that knows nobody's numbers."""
    return replace(told, nhs="", upn="", former_upn="", case="")


def patient(told: Telling, base: str) -> dict[str, Any]:
    """Return the record as a FHIR Patient, with `base` before the names of this gateway's systems."""
    numbers = [
        {"system": NHS_NUMBER, "value": told.nhs},
        {"system": f"{base}/Id/upn", "value": told.upn},
        {"system": f"{base}/Id/upn", "value": told.former_upn, "use": "old"},
        {"system": f"{base}/Id/la-child-id/{COUNCIL}", "value": told.case},
    ]
    given = [name for name in (told.first, told.middle) if name]
    names: list[dict[str, Any]] = [{"family": told.surname, "given": given}]
    if told.former_surname:
        names.append({"use": "old", "family": told.former_surname, "given": given})
    found: dict[str, Any] = {
        "resourceType": "Patient",
        "id": f"r{told.number}",
        "name": [name for name in names if name["family"] or name["given"]],
        "birthDate": told.born,
    }
    if known := [one for one in numbers if one["value"]]:
        found["identifier"] = known
    if told.sex:
        found["gender"] = _gender(told.sex)
    if told.postcode:
        found["address"] = [{"line": [told.line], "postalCode": told.postcode}]
    return found


@lru_cache(2)
def _gender(sex: str) -> str:
    return {"F": "female", "M": "male"}[sex]
