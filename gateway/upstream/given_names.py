"""Whether two Patients have the same given name: by what each is called first, never by a middle name alone.

Twins often share a middle name, and with swapped NHS numbers they share everything else that is compared. So:

    fully    the first given names are one: the same letters, or one the beginning of the other at a hyphen
             (Ellie, Ellie-Mae); Ava-Mae and Ava-Rae are two
    weakly   an initial, or two names in the other order (Ola Maria, Maria Ola); the guard then asks that
             nothing else differs
    not      anything else; and whatever agrees so far, where both have middle names and share none of them
             (Muhammad Hasan and Muhammad Husayn are brothers)

Any official, usual or nickname of each side may be the one that agrees. A name in disuse is none to go by: it
may be what another record of the child said. The price is a declared gap where somebody is known by a middle
name that is not said to be the usual one, or where two records spell a first name differently.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

Agreement = Literal["fully", "weakly", ""]

_IN_USE = (None, "", "official", "usual", "nickname")


@dataclass(frozen=True, slots=True)
class Given:
    """The given names of one name: the parts of the first (`Ava-Mae` has two), and of all behind it."""

    first: tuple[str, ...]
    middle: tuple[str, ...] = ()

    @property
    def whole(self) -> tuple[str, ...]:
        """All parts in order."""
        return self.first + self.middle


def givens(names: Iterable[Mapping[str, Any]]) -> list[Given]:
    """The given names in use; one that another only makes longer is left out, since it says less."""
    found = [given for name in names if name.get("use") in _IN_USE and (given := _given(name.get("given")))]
    return [
        each
        for each in found
        if not any(
            len(other.whole) > len(each.whole) and other.whole[: len(each.whole)] == each.whole
            for other in found
        )
    ]


def agreement(one: Iterable[Given], other: Iterable[Given]) -> Agreement:
    """How well the best pair of names agrees."""
    found = {_agree(a, b) for a, b in product(one, other)}
    return "fully" if "fully" in found else "weakly" if "weakly" in found else ""


def parts(names: Iterable[str]) -> tuple[str, ...]:
    """Names as comparable parts in order, without accents, case and punctuation: `O'Neill` is one part."""
    found: list[str] = []
    for name in names:
        plain = "".join(
            c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c)
        )
        found += "".join(c if c.isalnum() else "" if c in "'’`." else " " for c in plain).split()
    return tuple(found)


def _given(listed: Any) -> Given | None:
    """The first word with anything in it is the first name, whether the list has each name or all in one."""
    texts = [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    words = [word for word in (parts([each]) for text in texts for each in text.split()) if word]
    return Given(words[0], tuple(part for word in words[1:] for part in word)) if words else None


def _agree(one: Given, other: Given) -> Agreement:
    if "".join(one.whole) == "".join(other.whole):
        return "fully"
    if _swapped(one, other):
        return "weakly"
    length = max(len(one.first), len(other.first))
    compared = list(zip(one.whole[:length], other.whole[:length], strict=False))
    joined = "".join(one.first) == "".join(other.first)
    if not joined and not all(a == b or _initial(a, b) for a, b in compared):
        return ""
    middles = (one.middle, other.middle) if joined else (one.whole[length:], other.whole[length:])
    if _contradict(*middles):
        return ""
    return "fully" if joined or all(a == b for a, b in compared) else "weakly"


def _swapped(one: Given, other: Given) -> bool:
    """Each one's first name, written out, is among the other's, and what is left does not contradict."""
    if one.first == other.first or any(len(each) == 1 for each in one.first + other.first):
        return False
    if not (set(one.first) <= set(other.middle) and set(other.first) <= set(one.middle)):
        return False
    firsts = set(one.first + other.first)
    left = [tuple(part for part in each.middle if part not in firsts) for each in (one, other)]
    return not _contradict(*left)


def _contradict(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Both have middle names, and none in common."""
    return bool(one and other) and not any(a == b or _initial(a, b) for a, b in product(one, other))


def _initial(one: str, other: str) -> bool:
    return one[0] == other[0] and 1 in (len(one), len(other))
