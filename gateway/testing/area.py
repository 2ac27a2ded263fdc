"""An area of invented families as real files: a hospital's FHIR, two schools', and a council's returns.

    write_area("area", 500)

writes `health.ndjson`, `school-1.xml` and `school-2.xml` (Common Transfer Files), `council/` (SSDA903,
without names), `social-care.json` (the children's social care API) and `answers.csv`: which records are
about one child.
"""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.testing.children import Child, Household
from gateway.testing.ctf import write_ctf
from gateway.testing.families import Kid, Mix, families
from gateway.testing.numbers import temporary_upn
from gateway.testing.tellings import Habits, Telling, patient, tellings

_EPISODES = (
    *("CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC"),
    *("REASON_PLACE_CHANGE", "HOME_POST", "PL_POST", "URN"),
)
_HEADER = ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")


@dataclass(frozen=True, slots=True)
class Answer:
    """Which child one record of one file is truly about.

    Attributes:
        file: the file's name, or its folder's.
        record: the record's own key in that file: Patient id, UPN or LA child id.
        child: the same for all records of one child; the two lives of one who was adopted are two.
        family: brothers and sisters share it.
        life_before: of an adopted child, the `child` of the life that ended; else "".
    """

    file: str
    record: str
    child: str
    family: str
    life_before: str


def write_area(
    folder: str | Path,
    children: int,
    seed: int = 1,
    base: str = "https://fhirgate.example",
    mix: Mix | None = None,
    habits: Habits | None = None,
) -> tuple[Answer, ...]:
    """Write the files of an area and their answer key; the answers.

    Args:
        folder: is made if it is not there.
        children: about how many.
        base: the gateway's `base_uri`, for the numbers in the hospital's FHIR.
    """
    to = Path(folder)
    (to / "council").mkdir(parents=True, exist_ok=True)
    kids = {kid.number: kid for kid in families(children, seed, mix)}
    told = list(tellings(kids.values(), seed, habits))
    schools = _schools([one for one in told if one.office == "school"])
    care = _once([one for one in told if one.office == "care"], lambda one: one.case)
    health = [one for one in told if one.office == "health"]
    with (to / "health.ndjson").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(patient(one, base), ensure_ascii=False) + "\n" for one in health)
    for place, school in enumerate(schools, 1):
        write_ctf(to / f"school-{place}.xml", map(_pupil, school))
    _write_council(to / "council", care)
    (to / "social-care.json").write_text(
        json.dumps([_case(one) for one in care], ensure_ascii=False, indent=1), encoding="utf-8"
    )
    answers = [_answer("health.ndjson", f"r{one.number}", kids[one.child]) for one in health]
    for place, school in enumerate(schools, 1):
        answers += [_answer(f"school-{place}.xml", _upn(one), kids[one.child]) for one in school]
    for file_name in ("council", "social-care.json"):
        answers += [_answer(file_name, one.case, kids[one.child]) for one in care]
    _write_csv(to / "answers.csv", list(Answer.__slots__), (list(asdict(one).values()) for one in answers))
    return tuple(answers)


def _answer(file: str, record: str, kid: Kid) -> Answer:
    before = str(kid.life_before) if kid.life_before >= 0 else ""
    return Answer(file, record, str(kid.number), str(kid.family), before)


def _schools(told: Sequence[Telling]) -> tuple[list[Telling], list[Telling]]:
    """The pupils of two schools: no UPN is twice at one of them."""
    first = _once(told, _upn)
    here = {one.number for one in first}
    return first, _once([one for one in told if one.number not in here], _upn)


def _once(told: Iterable[Telling], key: Callable[[Telling], str]) -> list[Telling]:
    """The first record of each key."""
    found: dict[str, Telling] = {}
    for one in told:
        found.setdefault(key(one), one)
    return list(found.values())


def _upn(told: Telling) -> str:
    """The UPN in a transfer file: a pupil has one, if only for the time being."""
    return told.upn or temporary_upn(told.child)


def _pupil(told: Telling) -> Child:
    house, _, street = told.line.partition(" ")
    return Child(
        number=told.number,
        upn=_upn(told),
        nhs_number="",
        surname=told.surname,
        forename=told.first,
        middle=told.middle,
        born=told.born,
        sex=told.sex or "FM"[told.number % 2],
        twin=False,
        household=Household(
            number=told.family,
            surname=told.surname,
            carer="Alex",
            house=house or "1",
            street=street or "High Street",
            town="Testham",
            postcode=told.postcode or "ZZ99 3WZ",
            phone=f"07700 900{told.family % 1000:03d}",
            ethnicity="NOBT",
            language="ENG",
        ),
    )


def _write_council(folder: Path, care: Sequence[Telling]) -> None:
    """SSDA903: header and episodes, without names; the last postcode of home stands in the episode."""
    _write_csv(
        folder / "header.csv",
        _HEADER,
        ([one.case, one.sex or "M", _day(one.born), "NOBT", one.upn or "UN4", "", ""] for one in care),
    )
    _write_csv(
        folder / "episodes.csv",
        _EPISODES,
        (
            [one.case, "01/09/2025", "S", "C2", "N1", "U4", "PR1", "", "", "", one.postcode, one.postcode, ""]
            for one in care
        ),
    )


def _day(born: str) -> str:
    year, month, day = born.split("-")
    return f"{day}/{month}/{year}"


def _case(told: Telling) -> dict[str, object]:
    details = {
        "unique_pupil_number": told.upn,
        "former_unique_pupil_number": told.former_upn,
        "first_name": told.first,
        "surname": told.surname,
        "date_of_birth": told.born,
        "sex": told.sex,
        "postcode": told.postcode,
        "purge": False,
    }
    return {
        "la_child_id": told.case,
        "mis_child_id": f"CMS-{told.case}",
        "purge": False,
        "child_details": {name: value for name, value in details.items() if value != ""},
    }


def _write_csv(path: Path, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
