"""Names as they are compared: folded, taken apart, and told to be one name in two dresses or two names."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from gateway.identity.nicknames import NICKNAMES, SHORT_FORMS, SPELLINGS

Given = tuple[str, ...]

PARTICLES = frozenset({"al", "bin", "bint", "da", "das", "de", "del", "den", "der", "di", "dos", "el", "ibn"})
PARTICLES |= {"la", "le", "mac", "mc", "ter", "van", "von", "ur", "ul"}
_SPECIAL = str.maketrans(
    {"ł": "l", "ø": "o", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
    | dict.fromkeys("'’‘`´ʼʻ", "")
)
_NOT_IN_NAMES = re.compile(r"[\W\d_]+")
_SOUNDS = {"ph": "f", "ck": "c", "sch": "s", "sh": "s", "kh": "c", "gh": "g", "dh": "d", "th": "t", "zh": "s"}
_SOUNDS |= {
    "ou": "u",
    "ee": "i",
    "ie": "i",
    "ei": "i",
    "x": "cs",
    "q": "c",
    "k": "c",
    "z": "s",
    "w": "v",
    "j": "g",
}
_VOWEL_CLASS = {"a": "a", "e": "a", "i": "i", "y": "i", "o": "u", "u": "u"}
_SILENT = re.compile(r"[aeiouyh]")
_NONE: frozenset[str] = frozenset()
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(20_000)
def folded(text: str) -> str:
    """Return a name in lower case without accents and apostrophes, its parts parted by one space.

    Letters of every script are kept.
    """
    text = text.lower().translate(_SPECIAL)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _NOT_IN_NAMES.sub(" ", text).strip()


def family_forms(text: str) -> frozenset[str]:
    """Return what a surname may be found under: the whole without gaps, and each part of its own."""
    parts = folded(text).split()
    return frozenset(["".join(parts), *(p for p in parts if len(p) > 2 and p not in PARTICLES)]) - {""}


def same_given(one: Given, other: Given, *, exact: bool = False) -> bool:
    """Whether two sets of first names, part by part, can be one child's.

    They can when every part that both have agrees: equal, an initial, a short form, a nickname or another
    spelling of one name (Mohammed, Mohammad). Ava-Mae and Ava-Rae are two names; Ava and Ava-Mae may be one.

    Args:
        one: folded parts in order, first names before middle names.
        other: the same of the other record.
        exact: only equal parts count (for a girl and a boy, Daniel is no spelling of Danielle).
    """
    if "".join(one) == "".join(other):
        return True
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if exact:
        return long[: len(short)] == short
    even = len(short) == len(long)
    return all(_same_part(a, b, either_way=even) for a, b in zip(short, long, strict=False))


def _same_part(short: str, long: str, *, either_way: bool) -> bool:
    """Whether two parts agree; `short` comes from the name with fewer parts and may abbreviate `long`."""
    return (
        short == long
        or abbreviates(short, long)
        or (either_way and abbreviates(long, short))
        or is_nickname(short, long)
        or same_sound(short, long)
    )


def is_nickname(one: str, other: str) -> bool:
    """Whether one part is an everyday short form of the other."""
    return one in NICKNAMES.get(other, _NONE) or other in NICKNAMES.get(one, _NONE)


def pair_of(one: str, other: str) -> str:
    """Return two names as one text, whichever comes first."""
    return " ".join(sorted((one.replace(" ", ""), other.replace(" ", ""))))


@lru_cache(20_000)
def other_forms(name: str) -> frozenset[str]:
    """Return the everyday short forms of a first name, the names it is short for, and other spellings."""
    return NICKNAMES.get(name, _NONE) | SHORT_FORMS.get(name, _NONE) | SPELLINGS.get(name, _NONE)


def is_spelling(one: str, other: str) -> bool:
    """Whether two first names are one, as it is written in two ways."""
    return one in SPELLINGS.get(other, _NONE)


@lru_cache(100_000)
def sound(name: str) -> str:
    """Return a name's consonants as they sound, after its first letter: alike for most of its spellings."""
    heard = _sound(name.replace(" ", "")).consonants
    return _VOWEL_CLASS.get(heard[:1], heard[:1]) + heard[1:]


def abbreviates(short: str, long: str) -> bool:
    """Whether `short` is an initial of `long`, or its beginning."""
    return long.startswith(short) and (len(short) == 1 or len(long) >= len(short) + 2)


@lru_cache(100_000)
def same_sound(one: str, other: str) -> bool:
    """Whether two parts are spellings of one name: the same consonants, first vowel and nearly all the rest.

    The first vowel keeps Hasan and Husayn apart, whom parents of twins like to name together.
    """
    first, second = _sound(one), _sound(other)
    if first[:2] != second[:2]:
        return False
    if len(first.consonants) > 2:
        return _distance(first.whole, second.whole) <= 2
    # Short names differ by so little (Lily, Lila) that only a silent letter may come or go.
    return first.whole.replace("h", "").rstrip("e") == second.whole.replace("h", "").rstrip("e")


class _Sound(NamedTuple):
    consonants: str
    first_vowel: str
    whole: str


@lru_cache(20_000)
def _sound(part: str) -> _Sound:
    """How a name sounds: first letter with the consonants after it, class of the first vowel, all of it."""
    for written, sound in _SOUNDS.items():
        part = part.replace(written, sound)
    part = _DOUBLED.sub(r"\1", part)
    vowel = next((_VOWEL_CLASS[c] for c in part if c in _VOWEL_CLASS), "")
    return _Sound(part[:1] + _DOUBLED.sub(r"\1", _SILENT.sub("", part[1:])), vowel, part)


def _distance(one: str, other: str) -> int:
    """The number of letters to put in, leave out or change to make one text of the other."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]
