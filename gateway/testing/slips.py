"""How people mistype names, dates, postcodes and numbers."""

import random
from functools import lru_cache

from gateway.testing.namebook import SPELLINGS

_NEXT_KEY = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wqweerttyuiaosdfghjkazxcvb", strict=True))


@lru_cache(4)
def _others(step: int) -> dict[str, list[str]]:
    """The other forms of each name, by every `step`-th group of spellings."""
    found: dict[str, list[str]] = {}
    for group in SPELLINGS[::step]:
        for one in group:
            found.setdefault(one, []).extend(name for name in group if name != one)
    return found


def spelling(name: str, pick: random.Random, step: int = 1) -> str:
    """Return another spelling or short form of a first name, or of a double name its first part."""
    first, _, rest = name.partition("-")
    others = _others(step).get(first.lower())
    if others:
        return pick.choice(others).title() + (f"-{rest}" if rest and pick.random() < 0.5 else "")
    return first if rest else name


def typing(name: str, pick: random.Random) -> str:
    """Return a name with one slip of the keys after its first letter."""
    if len(name) < 3:
        return name
    place, kind = pick.randrange(1, len(name) - 1), pick.random()
    letter = name[place]
    if kind < 0.30:
        return name[:place] + name[place + 1 :]
    if kind < 0.55:
        return name[:place] + name[place + 1] + letter + name[place + 2 :]
    if kind < 0.75:
        return name[:place] + letter + name[place:]
    return name[:place] + _NEXT_KEY.get(letter.lower(), "e") + name[place + 1 :]


def parts(family: str, pick: random.Random) -> str:
    """Return a surname of two parts with one lost, turned round or written together; others as they are."""
    first, _, second = family.replace("-", " ").partition(" ")
    if not second:
        return family
    return pick.choice((first, second, f"{second}-{first}", f"{first} {second}", first + second))


def date(born: str, pick: random.Random) -> str:
    """Return a birth date as it is mistyped: swapped, the first of January, or one part wrong."""
    year, month, day = born.split("-")
    kind = pick.random()
    if kind < 0.30 and int(day) <= 12:
        return f"{year}-{day}-{month}"
    if kind < 0.45:
        return f"{year}-01-01"
    if kind < 0.60:
        return f"{int(year) + pick.choice((-1, 1))}-{month}-{day if (month, day) != ('02', '29') else '28'}"
    if kind < 0.72:
        return f"{year}-{pick.randint(1, 12):02d}-{min(int(day), 28):02d}"
    other = min(28, max(1, int(day) + pick.choice((-10, 10, -1, 1, 2, -2))))
    return f"{year}-{month}-{other:02d}"


def postcode(written: str, pick: random.Random) -> str:
    """Return a postcode with one letter or digit wrong."""
    place = pick.choice((-1, -2, -3))
    letter = written[place]
    other = pick.choice("123456789" if letter.isdigit() else "ABDEFGHJLN")
    return written[:place] + other + (written[place + 1 :] if place < -1 else "")


def line(written: str, pick: random.Random) -> str:
    """Return the first line of an address as another office writes it."""
    number, _, street = written.partition(" ")
    name, _, kind = street.rpartition(" ")
    return pick.choice(
        (f"{number} {name} {kind[:2]}", f"Flat {pick.randint(1, 9)}", f"{number}, {street}, Town", street)
    )


def digits(number: str, pick: random.Random) -> str:
    """Return a number with its sixth character another digit."""
    return number[:5] + str(pick.randrange(10)) + number[6:]
