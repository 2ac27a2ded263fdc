"""Invented families: who the children are, before any office writes them down.

Households with brothers and sisters, twins, blended families, eight naming traditions, refuges, children who
came alone and have the first of January for a birthday, children adopted into a new life.
"""

import random
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from gateway.testing.namebook import SPELLINGS, TRADITIONS, Tradition
from gateway.testing.numbers import nhs_number, upn

_FIRST_DAY = date(2008, 1, 1)
_DAYS = 6_600
_SIZES = (1,) * 46 + (2,) * 37 + (3,) * 12 + (4,) * 5
_STREETS = tuple(
    f"{name} {kind}"
    for kind in ("Street", "Road", "Lane", "Avenue", "Close")
    for name in ("High", "Station", "Church", "Park", "Victoria", "Green", "Manor", "Mill", "School", "Oak")
)
_UNIT = "ABDEFGHJLNPQRSTUWXYZ"
_POSTCODES = 98 * 9 * len(_UNIT) ** 2
_SPELLINGS = {name: frozenset(group) for group in SPELLINGS for name in group}
# Names that parents of twins like to give together: the closest there are.
_CLOSE = {
    "F": ("Emily Amelia", "Ella Ellie", "Maya Mia", "Lily Lila", "Ava Eva", "Zara Sara", "Hana Hannah"),
    "M": ("Hasan Husayn", "Jayden Kayden", "Aiden Hayden", "Taylor Tyler", "Ryan Rhys", "Mohammed Ahmed"),
}
_ALIKE = {"Ava": ("Mae", "Rae", "Rose"), "Lily": ("May", "Rose", "Mae"), "Ella": ("Rose", "Mae", "Grace")}


@dataclass(frozen=True, slots=True)
class Mix:
    """What kinds of families there are: parts of one.

    Attributes:
        twins: of children after the first, those born with the one before.
        alike: of twins, those whose names are made to go together (Ava-Mae and Ava-Rae; the same initial).
        blended: of children, those with another surname than the household's first.
        alone: of families, a child who came to the country alone.
        refuge: of families, those who live at an address of many.
        adopted: of children, those who have two lives.
        near: how many children share a postcode.
    """

    twins: float = 0.033
    alike: float = 0.12
    blended: float = 0.10
    alone: float = 0.003
    refuge: float = 0.004
    adopted: float = 0.0007
    near: int = 12


@dataclass(frozen=True, slots=True)
class Kid:
    """A child as they are, or one life of a child who was adopted.

    Attributes:
        number: this life's; two lives of one child have two.
        family: the household.
        twin_of: the number of the twin who came before, or -1.
        life_before: the number of the life that an adoption closed, or -1.
    """

    number: int
    family: int
    tradition: str
    first: str
    middle: str
    surname: str
    born: str
    sex: str
    nhs: str
    upn: str
    postcode: str
    line: str
    twin_of: int = -1
    life_before: int = -1
    refuge: bool = False
    alone: bool = False


def families(count: int, seed: int = 1, mix: Mix | None = None) -> Iterator[Kid]:
    """Yield about `count` invented children, each household's together; the same for each `seed` and `mix`.

    Those who were adopted come twice, one after the other, with `life_before` in the second.
    """
    mix, pick = mix or Mix(), random.Random(seed)
    where = _Places(max(170, count // mix.near), seed)
    number = family = 0
    shares = list(accumulate(one.share for one in TRADITIONS))
    while number < count:
        tradition = TRADITIONS[bisect(shares, pick.randrange(shares[-1]))]
        if pick.random() < mix.alone:
            kids = [_alone(number, family, where, pick)]
        else:
            kids = _household(number, family, tradition, where, mix, pick)
        number += len(kids)
        for kid in kids:
            yield kid
            if pick.random() < mix.adopted:
                yield _adopted(kid, number, where, pick)
                number += 1
        family += 1


class _Places:
    """Postcodes of an area, and addresses in them."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = min(count, _POSTCODES)
        self._step = 271_829 + 2 * (seed % 1000)

    def postcode(self, pick: random.Random) -> str:
        return _postcode(pick.randrange(self._count) * self._step % _POSTCODES)

    def address(self, pick: random.Random) -> tuple[str, str]:
        return self.postcode(pick), f"{pick.randint(1, 90)} {pick.choice(_STREETS)}"

    def refuge(self, pick: random.Random) -> tuple[str, str]:
        number = pick.randrange(max(1, self._count // 2_000))
        return _postcode(number * self._step % _POSTCODES), "Harbour House"


def _postcode(place: int) -> str:
    sector, unit = divmod(place, len(_UNIT) ** 2)
    return f"ZZ{sector // 9 + 1} {sector % 9 + 1}{_UNIT[unit // len(_UNIT)]}{_UNIT[unit % len(_UNIT)]}"


def address_elsewhere(pick: random.Random, near: int) -> tuple[str, str]:
    """A postcode and first line of somewhere in an area of `near` postcodes."""
    return _Places(near, 1).address(pick)


@lru_cache(64)
def _weights(length: int, flat: float) -> tuple[float, ...]:
    return tuple(accumulate((rank + flat) ** -0.85 for rank in range(length)))


def _common(names: Sequence[str], pick: random.Random, flat: float = 9.0) -> str:
    """One of `names`, the first ones more often."""
    weights = _weights(len(names), flat)
    return names[bisect(weights, pick.random() * weights[-1], 0, len(names) - 1)]


def first_name(tradition: Tradition, sex: str, pick: random.Random) -> str:
    """A first name; one in five is a rare spelling or a double name of its own."""
    names = tradition.girls if sex == "F" else tradition.boys
    name = _common(names, pick)
    chance = pick.random()
    if chance < 0.14:
        return _respelt(name, pick)
    if chance < 0.20 and tradition.name in ("british-irish", "iberian", "african"):
        return f"{name}-{_common(names, pick)}"
    return name


_TAIL = (("i", "y"), ("c", "k"), ("ee", "i"), ("l", "ll"), ("n", "nn"), ("y", "ie"), ("a", "ah"), ("o", "oh"))


def _respelt(name: str, pick: random.Random) -> str:
    here = [(old, new) for old, new in _TAIL if old in name[1:]]
    if not here:
        return name + pick.choice(("a", "e", "is", "o"))
    old, new = pick.choice(here)
    return name[0] + name[1:].replace(old, new, 1)


def surname(tradition: Tradition, pick: random.Random) -> str:
    """A surname, of two parts as often as the tradition has it."""
    name = _common(tradition.surnames, pick, 5.0)
    if pick.random() * 1000 < tradition.double:
        return f"{name}{tradition.gap}{_common(tradition.surnames, pick, 5.0)}"
    if pick.random() < 0.10:
        return _respelt(name, pick)
    return name


def _household(
    number: int, family: int, tradition: Tradition, where: _Places, mix: Mix, pick: random.Random
) -> list[Kid]:
    refuge = pick.random() < mix.refuge
    postcode, line = where.refuge(pick) if refuge else where.address(pick)
    shared, born = surname(tradition, pick), _FIRST_DAY + timedelta(pick.randrange(_DAYS))
    kids: list[Kid] = []
    for place in range(pick.choice(_SIZES)):
        before = kids[-1] if kids else None
        twin = before is not None and pick.random() < mix.twins
        if before is not None and not twin:
            born = _later(born, pick)
        sex = before.sex if before and twin and pick.random() < 0.5 else pick.choice("FM")
        own = surname(tradition, pick) if not twin and pick.random() < mix.blended else shared
        kids.append(
            Kid(
                number=number + place,
                family=family,
                tradition=tradition.name,
                first=_named(tradition, sex, before if twin else None, kids, mix, pick),
                middle="" if pick.random() < 0.28 else _middle(tradition, sex, kids, pick),
                surname=before.surname if before and twin else own,
                born=born.isoformat(),
                sex=sex,
                nhs=nhs_number(number + place),
                upn=upn(number + place),
                postcode=postcode,
                line=line,
                twin_of=before.number if before and twin else -1,
                refuge=refuge,
            )
        )
    return _paired(kids, mix, pick)


def _later(born: date, pick: random.Random) -> date:
    """When the next child of a family is born; the family starts anew where that would be to come."""
    after = born + timedelta(int(min(2600, max(300, pick.gauss(1000, 420)))))
    return after if (after - _FIRST_DAY).days < _DAYS else _FIRST_DAY + timedelta(pick.randrange(_DAYS))


def _names(tradition: Tradition, sex: str) -> Sequence[str]:
    return tradition.girls if sex == "F" else tradition.boys


def _named(
    tradition: Tradition, sex: str, twin: Kid | None, kids: list[Kid], mix: Mix, pick: random.Random
) -> str:
    """A first name that no brother or sister has in any place; a twin's may begin like the other's."""
    taken = {name for kid in kids for name in (kid.first, kid.middle)}
    alike = twin is not None and pick.random() < mix.alike
    for _ in range(60):
        name = first_name(tradition, sex, pick)
        if name not in taken and (twin is None or _goes_with(name, twin.first, alike)):
            return name
    return first_name(tradition, sex, pick) + "-" + pick.choice(_names(tradition, sex))


def _middle(tradition: Tradition, sex: str, kids: list[Kid], pick: random.Random) -> str:
    """A middle name; parents seldom give one that a brother or sister goes by."""
    name = _common(_names(tradition, sex), pick)
    again = any(name == kid.first for kid in kids) and pick.random() < 0.95
    return _common(_names(tradition, sex), pick) if again else name


def _goes_with(name: str, other: str, alike: bool) -> bool:
    """Whether twins may have these names: no two spellings of one, and one initial if they are `alike`."""
    first, second = name.partition("-")[0], other.partition("-")[0]
    one_name = _consonants(first) == _consonants(second) or second.lower() in _SPELLINGS.get(
        first.lower(), ()
    )
    return not one_name and (not alike or name[0] == other[0])


def _consonants(name: str) -> str:
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[aeiouyh\W]", "", name.lower().replace("k", "c")))


def _paired(kids: list[Kid], mix: Mix, pick: random.Random) -> list[Kid]:
    """The kids; some twins of one sex get double names that share their first part."""
    for place in range(1, len(kids)):
        one, other = kids[place - 1], kids[place]
        chance = pick.random()
        if other.twin_of != one.number or one.sex != other.sex or chance > mix.alike:
            continue
        if chance < mix.alike * 0.2:
            first, second = pick.choice(_CLOSE[one.sex]).split()
            kids[place - 1], kids[place] = replace(one, first=first), replace(other, first=second)
        elif chance < mix.alike * 0.6 and one.tradition == "british-irish" and one.sex == "F":
            shared = pick.choice(sorted(_ALIKE))
            first, second = pick.sample(_ALIKE[shared], 2)
            kids[place - 1] = replace(one, first=f"{shared}-{first}")
            kids[place] = replace(other, first=f"{shared}-{second}")
    return kids


def _alone(number: int, family: int, where: _Places, pick: random.Random) -> Kid:
    tradition = pick.choice([one for one in TRADITIONS if one.name in ("muslim", "turkish", "african")])
    postcode, line = where.address(pick)
    sex = "M" if pick.random() < 0.9 else "F"
    return Kid(
        number=number,
        family=family,
        tradition=tradition.name,
        first=first_name(tradition, sex, pick),
        middle="",
        surname=surname(tradition, pick),
        born=f"{pick.randint(2008, 2011)}-01-01",
        sex=sex,
        nhs=nhs_number(number) if pick.random() < 0.6 else "",
        upn=upn(number) if pick.random() < 0.6 else "",
        postcode=postcode,
        line=line,
        alone=True,
    )


def _adopted(kid: Kid, number: int, where: _Places, pick: random.Random) -> Kid:
    """The new life: another surname, home and numbers; first name and birth date stay."""
    postcode, line = where.address(pick)
    tradition = next(one for one in TRADITIONS if one.name == kid.tradition)
    return replace(
        kid,
        number=number,
        family=-number,
        surname=surname(tradition, pick),
        nhs=nhs_number(number),
        upn=upn(number),
        postcode=postcode,
        line=line,
        twin_of=-1,
        life_before=kid.number,
        refuge=False,
    )
