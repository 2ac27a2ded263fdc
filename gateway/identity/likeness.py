"""How alike two texts are: letters in common, and single slips of the keys."""

from functools import lru_cache

_PREFIX = 4
_BOOST = 0.1


@lru_cache(100_000)
def likeness(one: str, other: str) -> float:
    """Return the Jaro-Winkler similarity of two texts, 0 to 1.

    Source:
        Winkler (1990), String comparator metrics and enhanced decision rules.
    """
    plain = _jaro(one, other)
    shared = 0
    for a, b in zip(one[:_PREFIX], other[:_PREFIX], strict=False):
        if a != b:
            break
        shared += 1
    return plain + shared * _BOOST * (1 - plain) if plain > 0.7 else plain


def _jaro(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    mine, theirs = _common(one, other)
    if not mine:
        return 0.0
    turned = sum(a != b for a, b in zip(mine, theirs, strict=True)) // 2
    many = len(mine)
    return (many / len(one) + many / len(other) + (many - turned) / many) / 3


def _common(one: str, other: str) -> tuple[list[str], list[str]]:
    """The letters that both have at nearly one place, in the order of each."""
    reach = max(max(len(one), len(other)) // 2 - 1, 0)
    used = [False] * len(other)
    mine = []
    for place, letter in enumerate(one):
        for there in range(max(0, place - reach), min(len(other), place + reach + 1)):
            if not used[there] and other[there] == letter:
                used[there] = True
                mine.append(letter)
                break
    return mine, [letter for letter, taken in zip(other, used, strict=True) if taken]


def one_slip(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two neighbours swapped, makes one text of the other."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    start = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        start += 1
    behind = start + 1
    if len(one) < len(other):
        return one[start:] == other[behind:]
    if one[behind:] == other[behind:]:
        return True
    turned = one[behind : start + 2] + one[start:behind]
    return turned == other[start : start + 2] and one[start + 2 :] == other[start + 2 :]
