"""Two persons field by field: on which level of agreement each field is, from the best to none.

Levels are what weights are given to (`gateway.identity.model`). A field that one side does not say is on no
level and has no weight.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from gateway.identity.dates import swapped
from gateway.identity.likeness import likeness, one_slip
from gateway.identity.names import PARTICLES, abbreviates, is_nickname, is_spelling, same_sound
from gateway.identity.nicknames import OWN_NAMES
from gateway.identity.person import Home, Name, Person

#: The levels of each field, the best first.
LEVELS: dict[str, tuple[str, ...]] = {
    "given": (
        "same",
        "turned",
        "other's middle",
        "spelling",
        "short form",
        "nickname",
        "same sound",
        "part",
        "second part",
        "slip",
        "like",
        "less like",
        "initial",
        "other part",
        "other",
    ),
    "middle": ("same", "initial", "one side", "like", "other"),
    "family": ("same", "part", "slip", "same sound", "like", "other"),
    "born": ("same", "same first of January", "swapped", "slip", "first of January", "year", "part", "other"),
    "home": ("same line", "postcode", "postcode slip", "sector", "district", "other"),
    "sex": ("same", "other"),
}
FIELDS = tuple(LEVELS)
NUMBERS = ("nhs", "upn", "case")
_LIKE, _LESS_LIKE = 0.92, 0.85


class Levels(NamedTuple):
    """How two persons compare.

    Attributes:
        fields: the level of each field of `LEVELS`; "" where a side does not say.
        numbers: "same", "slip", "other" or "" for each of `NUMBERS`.
        given, family: the names on the best level, for their rarity; the other's is the second.
        home: the address they share, if they do.
    """

    fields: tuple[str, ...]
    numbers: tuple[str, str, str]
    given: tuple[str, str] = ("", "")
    family: tuple[str, str] = ("", "")
    home: Home | None = None

    def of(self, field: str) -> str:
        """The level of one field."""
        return self.fields[FIELDS.index(field)]


def levels(one: Person, other: Person) -> Levels:
    """Return how two persons compare, each by the best that any of its names, dates and addresses gives."""
    given, middle, family, named = _names(one.names, other.names)
    home, shared = _homes(one.homes, other.homes)
    sex = "" if not one.genders or not other.genders else "same" if one.genders & other.genders else "other"
    return Levels(
        (given, middle, family, _born(one.birth_dates, other.birth_dates), home, sex),
        (
            _number(one.nhs, other.nhs, one.nhs_former | other.nhs_former),
            _upn(one, other),
            _case(one.la_ids, other.la_ids),
        ),
        _firsts(given, *named),
        (named[0].family, named[1].family),
        shared,
    )


# Letters that a name may begin with for one another; Zara and Sara are two names.
_SOUNDS_LIKE = {"c": "k", "k": "c", "y": "i", "i": "y", "f": "p", "p": "f", "e": "i", "o": "u", "u": "o"}
_ONE_NAME = frozenset({"spelling", "short form", "nickname", "same sound", "slip"})
_ONE_SPELT = frozenset({"same", "spelling", "same sound"})
_NOBODY = Name("", "", "")
_RANK = {field: {level: rank for rank, level in enumerate(names)} for field, names in LEVELS.items()}


def _best(field: str, found: Iterable[str]) -> str:
    """The best level of several, "" where there is none."""
    rank = _RANK[field]
    return min((level for level in found if level), key=rank.__getitem__, default="")


@lru_cache(50_000)
def _names(ones: frozenset[Name], others: frozenset[Name]) -> tuple[str, str, str, tuple[Name, Name]]:
    best, place, named = ("", "", ""), (99, 99), (_NOBODY, _NOBODY)
    for one, other in product(ones, others):
        found = _pair(one, other)
        rank = (
            _RANK["given"].get(found[0], 25) + 2 * _RANK["family"].get(found[2], 0 if found[0] else 25),
            _RANK["middle"].get(found[1], 1),
        )
        if rank < place or (rank == place and (one, other) < named):
            best, place, named = found, rank, (one, other)
    return *best, named


def _firsts(given: str, one: Name, other: Name) -> tuple[str, str]:
    """The first names compared; where one goes by the other's middle name, that name."""
    if given == "other's middle":
        shared = one.first if one.first in other.middle.split() else other.first
        return shared, shared
    return one.first, other.first


@lru_cache(50_000)
def _pair(one: Name, other: Name) -> tuple[str, str, str]:
    """Given, middle and family of two names."""
    turned = bool(one.first and other.first) and one.first == other.family and one.family == other.first
    if turned:
        # Weighed once: that the surname fits as well follows.
        return "turned", _middles(one.middle, other.middle), ""
    family = _family(one.family, other.family)
    if not one.first or not other.first:
        return "", "", family
    if _joined(one) == _joined(other):
        return "same", "same" if one.middle and other.middle else "", family
    given = _given(one.first, other.first)
    if _RANK["given"][given] > 2 and _takes_middle(one, other):
        # One of several middle names may be half of one: Mei Lan and Mei are two, as Yan and Wing Yan.
        whole = one.first == other.middle or other.first == one.middle
        return "other's middle" if whole else "second part", _left_over(one, other), family
    return given, _middles(one.middle, other.middle), family


def _joined(name: Name) -> str:
    return f"{name.first}{name.middle}".replace(" ", "")


def _takes_middle(one: Name, other: Name) -> bool:
    """Whether one goes by the middle name of the other."""
    return one.first in other.middle.split() or other.first in one.middle.split()


def _left_over(one: Name, other: Name) -> str:
    """How the names compare that are left where one goes by the middle name of the other.

    Rose may be Ava Rose; Rose May and Ava Rose are two, of whom one has the other's name for a second.
    """
    if one.first not in other.middle.split():
        one, other = other, one
    rest = [other.first, *(name for name in other.middle.split() if name != one.first)]
    if len(one.middle) == 1:
        return "initial" if any(name[0] == one.middle for name in rest) else "other"
    return _middle(one.middle, " ".join(rest))


@lru_cache(100_000)
def _given(one: str, other: str) -> str:
    if one.replace(" ", "") == other.replace(" ", ""):
        return "same"
    mine, theirs = one.split(), other.split()
    if len(mine) > 1 or len(theirs) > 1:
        return _double(mine, theirs)
    return _single(one, other)


def _double(mine: list[str], theirs: list[str]) -> str:
    """The level of two first names of which one at least has several parts."""
    if len(mine) > 1 and len(theirs) > 1:
        pairs = [_single(a, b) if a != b else "same" for a, b in zip(mine, theirs, strict=False)]
        worst = max(pairs, key=_RANK["given"].__getitem__)
        if sum(level not in _ONE_SPELT for level in pairs) > 1:
            # An office slips in one part; Xin Yi and Xiu Ying are two.
            return "other part"
        # Ava-Mae and Ava-Rae: parents of twins like to share a part.
        return (
            worst
            if worst in ("short form", "same sound", "slip")
            else "other part"
            if "same" in pairs
            else worst
        )
    short, long = (mine[0], theirs) if len(mine) == 1 else (theirs[0], mine)
    if short in long:
        return "part" if short == long[0] else "second part"
    first = _single(short, long[0])
    return "part" if first in _ONE_NAME else first


@lru_cache(100_000)
def _single(one: str, other: str) -> str:
    if is_spelling(one, other):
        return "spelling"
    if min(len(one), len(other)) > 1 and (abbreviates(one, other) or abbreviates(other, one)):
        return "short form"
    if is_nickname(one, other):
        return "nickname" if {one, other} & OWN_NAMES else "short form"
    if one[0] in (other[0], _SOUNDS_LIKE.get(other[0])) and same_sound(one, other):
        return "same sound"
    if len(one) > 2 and len(other) > 2 and one[0] == other[0] and one_slip(one, other):
        return "slip"
    alike = likeness(one, other)
    if alike >= _LIKE:
        return "like"
    if alike >= _LESS_LIKE:
        return "less like"
    return "initial" if one[0] == other[0] else "other"


def _middles(one: str, other: str) -> str:
    """The level of two middle names, of which one record may have none: most who have one tell it."""
    return "one side" if bool(one) != bool(other) else _middle(one, other)


def _middle(one: str, other: str) -> str:
    if not one or not other:
        return ""
    if one == other:
        return "same"
    mine, theirs = one.split(), other.split()
    if len(one) == 1 or len(other) == 1:
        return "initial" if one[0] == other[0] else "other"
    if set(mine) & set(theirs):
        return "like"
    return "like" if _single(mine[0], theirs[0]) in _ONE_NAME else "other"


@lru_cache(100_000)
def _family(one: str, other: str) -> str:
    if not one or not other:
        return ""
    whole, theirs = one.replace(" ", ""), other.replace(" ", "")
    if whole == theirs:
        return "same"
    mine, parts = set(one.split()) - PARTICLES, set(other.split()) - PARTICLES
    if mine & parts:
        if mine - parts and parts - mine:
            # Oliveira Ruiz and Oliveira Ribeiro are two families; Okafor Bennet is one with a slip.
            rest = _family(" ".join(sorted(mine - parts)), " ".join(sorted(parts - mine)))
            return "slip" if rest in ("slip", "same sound") else "like"
        return "same" if mine == parts and len(mine) == 1 else "part"
    if len(whole) > 3 and one_slip(whole, theirs):
        return "slip"
    if same_sound(whole, theirs):
        return "same sound"
    alike = likeness(whole, theirs)
    return "slip" if alike >= _LIKE else "like" if alike >= _LESS_LIKE else "other"


# most candidates for one child were born on few days
@lru_cache(20_000)
def _born(ones: frozenset[str], others: frozenset[str]) -> str:
    return _best("born", (_dates(one, other) for one, other in product(ones, others)))


def _dates(one: str, other: str) -> str:
    if len(one) < 10 or len(other) < 10:
        return "part" if one.startswith(other) or other.startswith(one) else "other"
    if one == other:
        return "same first of January" if one.endswith("-01-01") else "same"
    if swapped(one) == other:
        return "swapped"
    if one_slip(one, other):
        return "slip"
    if one[:4] == other[:4]:
        if "01-01" in (one[5:], other[5:]):
            return "first of January"
        return "part" if one[5:7] == other[5:7] or one[8:] == other[8:] else "other"
    return "year" if one[5:] == other[5:] else "other"


def _homes(ones: frozenset[Home], others: frozenset[Home]) -> tuple[str, Home | None]:
    if not ones or not others:
        return "", None
    if shared := ones & others:
        home = min(shared)
        return ("same line" if home.line else "postcode"), home
    found = _best("home", (_postcodes(one.postcode, other.postcode) for one, other in product(ones, others)))
    return found, None


def _postcodes(one: str, other: str) -> str:
    if one == other:
        return "postcode"
    if len(one) == len(other) and one_slip(one, other):
        return "postcode slip"
    if one[:-2] == other[:-2]:
        return "sector"
    return "district" if one[:-3] == other[:-3] else "other"


def _number(ones: frozenset[str], others: frozenset[str], former: frozenset[str]) -> str:
    if not ones or not others:
        return ""
    if not ones.isdisjoint(others):
        return "same"
    if former and former & (ones | others):
        return ""
    slips = [one_slip(one, other) for one in ones for other in others]
    return "slip" if True in slips else "other"


def _upn(one: Person, other: Person) -> str:
    mine, theirs = one.upns | one.upns_temporary, other.upns | other.upns_temporary
    if mine & theirs:
        return "same"
    mistyped = one.upns_wrong | other.upns_wrong
    if mistyped:
        pairs = product(one.upns_wrong | mine, other.upns_wrong | theirs)
        return "slip" if any(a[1:] == b[1:] or one_slip(a, b) for a, b in pairs) else ""
    # A temporary UPN gives way to a permanent one, and says nothing against it.
    return _number(one.upns, other.upns, one.upns_former | other.upns_former)


def _case(ones: frozenset[tuple[str, str]], others: frozenset[tuple[str, str]]) -> str:
    if not ones or not others:
        return ""
    if ones & others:
        return "same"
    return "other" if {council for council, _ in ones} & {council for council, _ in others} else ""
