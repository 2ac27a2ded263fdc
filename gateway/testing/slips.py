"""How people mistype names, dates, postcodes and numbers."""

import random

from gateway.testing.namebook import SPELLINGS

_NEXT_KEY = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wqweerttyuiaosdfghjkazxcvb", strict=True))
_OTHERS: dict[str, list[str]] = {}
for _group in SPELLINGS:
    for _one in _group:
        _OTHERS.setdefault(_one, []).extend(name for name in _group if name != _one)


def spelling(name: str, pick: random.Random) -> str:
    """Return another spelling or short form of a first name; of a name with none, a slip of the keys."""
    first, _, rest = name.partition("-")
    others = _OTHERS.get(first.lower())
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


def digits(number: str, pick: random.Random) -> str:
    """Return a number with its sixth character another digit."""
    return number[:5] + str(pick.randrange(10)) + number[6:]
