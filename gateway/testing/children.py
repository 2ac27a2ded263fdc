"""Invented children: names of several traditions, households with brothers and sisters, twins."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from gateway.testing.numbers import nhs_number, upn


class _Tradition(NamedTuple):
    """Names that go together; `ethnicity` and `language` are codes of the DfE."""

    ethnicity: str
    language: str
    surnames: Sequence[str]
    girls: Sequence[str]
    boys: Sequence[str]


def _names(ethnicity: str, language: str, surnames: str, girls: str, boys: str) -> _Tradition:
    return _Tradition(ethnicity, language, *(names.split(", ") for names in (surnames, girls, boys)))


_TRADITIONS = (
    _names(
        "WBRI",
        "ENG",
        "Smith, Thompson, Harrop, Fenwick-Lowe, Ashby, O'Neill",
        "Amelia, Ava-Mae, Freya, Isla, Poppy",
        "Noah, Oliver, Finn, Jack, Leo",
    ),
    _names(
        "WIRI",
        "ENG",
        "Ó Briain, Byrne, Ní Dhomhnaill, Kavanagh",
        "Aoife, Niamh, Saoirse",
        "Oisín, Cillian, Darragh",
    ),
    _names(
        "WEEU", "POL", "Kowalska, Nowak, Wiśniewski, Zając", "Zofia, Maja, Łucja", "Jakub, Szymon, Łukasz"
    ),
    _names("APKN", "URD", "Khan, Hussain, Begum, Mahmood", "Aisha, Zainab, Maryam", "Muhammad, Bilal, Yusuf"),
    _names("AIND", "PNJ", "Kaur, Singh, Patel, Sandhu", "Simran, Harleen, Diya", "Arjan, Gurpreet, Rohan"),
    _names("ABAN", "BNGS", "Rahman, Islam, Begum, Miah", "Nusrat, Tahmina, Ayesha", "Mohammed, Rafi, Tanvir"),
    _names("BAFR", "YOR", "Okafor, Adeyemi, Mensah, Balogun", "Ngozi, Temi, Abena", "Tolu, Chidi, Kwame"),
    _names(
        "BCRB", "ENG", "Campbell, Grant-Reid, Bailey", "Shanice, Tia-Louise, Kezia", "Jerome, Marlon, Andre"
    ),
    _names("CHNE", "CHI", "Chan, Wong, Lau, Zhang", "Mei Lan, Xiu Ying, Jia", "Wei, Jun Ho, Tin"),
    _names("OOTH", "VIE", "Nguyen, Tran, Le", "Linh, Mai, Thu", "Minh, An, Quang"),
)
_STREETS = ("Larch Walk", "High Street", "Mill Lane", "Harbour View", "Station Road", "Church Close")
_TOWNS = ("Testbridge", "Anytown", "Harbourside", "Testham")
_FIRST_DAY = date(2008, 9, 1)
_DAYS = 365 * 14
_MOST_SIBLINGS = (1, 1, 1, 2, 2, 2, 3, 4)
_TWINS = 0.03


@dataclass(frozen=True, slots=True)
class Household:
    """Where some children live, and who looks after them."""

    number: int
    surname: str
    carer: str
    house: str
    street: str
    town: str
    postcode: str
    phone: str
    ethnicity: str
    language: str


@dataclass(frozen=True, slots=True)
class Child:
    """An invented child.

    Attributes:
        number: counts from the first one.
        nhs_number: "" for one in eleven.
        born: ISO 8601.
        sex: "F" or "M".
        twin: whether the child before is a twin of this one.
        household: shared with brothers and sisters.
    """

    number: int
    upn: str
    nhs_number: str
    surname: str
    forename: str
    middle: str
    born: str
    sex: str
    twin: bool
    household: Household


def children(count: int, seed: int = 1, first: int = 0) -> Iterator[Child]:
    """Yield `count` invented children, brothers and sisters one after the other; the same for each `seed`.

    Args:
        count: how many.
        seed: another seed gives other people with the same numbers.
        first: the number of the first child; numbers decide UPNs and NHS numbers.
    """
    pick = random.Random(seed)
    number, last, home = first, first + count, 0
    while number < last:
        tradition = pick.choice(_TRADITIONS)
        household = _household(home, tradition, pick)
        home += 1
        before: Child | None = None
        for _ in range(min(pick.choice(_MOST_SIBLINGS), last - number)):
            before = _child(number, household, tradition, before, pick)
            yield before
            number += 1


def _household(number: int, tradition: _Tradition, pick: random.Random) -> Household:
    letters = chr(65 + number // 9 % 20) + chr(65 + number // 180 % 20)
    return Household(
        number=number,
        surname=pick.choice(tradition.surnames),
        carer=pick.choice(tradition.girls),
        house=str(pick.randint(1, 240)),
        street=pick.choice(_STREETS),
        town=pick.choice(_TOWNS),
        postcode=f"ZZ{number % 99 + 1} {number % 9 + 1}{letters}",
        phone=f"07700 900{number % 1000:03d}",
        ethnicity=tradition.ethnicity,
        language=tradition.language,
    )


def _child(
    number: int,
    household: Household,
    tradition: _Tradition,
    before: Child | None,
    pick: random.Random,
) -> Child:
    twin = before is not None and pick.random() < _TWINS
    born = before.born if before and twin else (_FIRST_DAY + timedelta(pick.randrange(_DAYS))).isoformat()
    sex = pick.choice("FM")
    forenames = tradition.girls if sex == "F" else tradition.boys
    forename = pick.choice(forenames)
    if before is not None and forename == before.forename:
        forename = forenames[(forenames.index(forename) + 1) % len(forenames)]
    return Child(
        number=number,
        upn=upn(number),
        nhs_number=nhs_number(number),
        surname=household.surname,
        forename=forename,
        middle=pick.choice(forenames) if pick.random() < 0.5 else "",
        born=born,
        sex=sex,
        twin=twin,
        household=household,
    )
