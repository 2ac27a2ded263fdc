"""The CCI: ten characters that name one child, say nothing about them, and catch how people mistype.

Eight characters are random; two are Reed-Solomon checks over GF(32), so that any one or two wrong
characters and any swap are noticed, and one wrong character can be put right. The alphabet is Crockford's:
no I, L, O or U. The first character is a letter, so that no CCI can be read as an NHS number.
"""

import re
from collections.abc import Callable

from gateway.problems import refuse
from gateway.problems.identity import CCI_CHARACTER, CCI_LENGTH, CCI_NONE_FREE, CCI_TYPED

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
BODY = 8
FIRST = ALPHABET[10:]

_TRIES = 1000
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_AS_WRITTEN = str.maketrans("OIL", "011", " -\t\r\n\u00a0\u2010\u2011\u2012\u2013\u2212")
# What digits look like, so that a word cannot hide behind them.
_LOOKS_LIKE = str.maketrans("0134578", "OIEASTB")
_UNWANTED = re.compile(
    r"ARSE|ASS|BAD|BASTARD|BITCH|CACA|CRAP|CUNT|DAFT|DAMN|DEAD|DEAF|DIE|DICK|DYKE|FAG|FAT|FECK|"
    r"GAY|GIT|HAG|HATE|HELL|HOE|JEW|KILL|KKK|MAD|NAZI|NEGR|NIG|PAKI|PEDO|PERV|PISS|PRAT|PRICK|"
    r"RAPE|SAD|SEX|SHAG|SHAT|SHIT|SICK|SLAG|SPAZ|TARD|TART|TIT|TWAT|WANK|WEAK|WHORE|XXX"
)


def _powers() -> tuple[int, ...]:
    """The powers of the generator 2 in GF(32) by x^5 + x^2 + 1, twice round so that sums need no modulus."""
    found = [1]
    while len(found) < 62:
        doubled = found[-1] << 1
        found.append(doubled ^ 0b100101 if doubled & 32 else doubled)
    return tuple(found)


_POWER = _powers()
_LOG = {value: exponent for exponent, value in enumerate(_POWER[:31])}


def mint(below: Callable[[int], int], taken: Callable[[str], bool]) -> str:
    """Return a new CCI.

    Args:
        below: a source of random numbers, `below(n)` in 0..n-1 (`secrets.randbelow`).
        taken: whether a CCI was ever issued; one that was is never issued again.

    Raises:
        Refused: `identity.cci-none-free`, which in practice means that `below` is not random.
    """
    for _ in range(_TRIES):
        body = FIRST[below(len(FIRST))] + "".join(ALPHABET[below(32)] for _ in range(BODY - 1))
        made = body + checks(body)
        if not _unwanted(made) and not taken(made):
            return made
    raise refuse(CCI_NONE_FREE, tries=_TRIES)


def checks(body: str) -> str:
    """Return the two check characters for a body of eight."""
    first, second = _syndromes(body + "00")
    # The checks x, y solve x + y = first and 2x + y = second, so 3x = first + second.
    x = _times(_inverse(3), first ^ second)
    return ALPHABET[x] + ALPHABET[first ^ x]


def read(text: str) -> str:
    """Return the CCI that somebody wrote.

    Spaces, hyphens, lower case, O for 0 and I or L for 1 are understood.

    Raises:
        Refused: `identity.cci-length`, `identity.cci-character` or `identity.cci-typed`.
    """
    form = _form(text)
    if len(form) != LENGTH:
        raise refuse(CCI_LENGTH, value=text, length=len(form))
    if form[0] not in FIRST or any(character not in _VALUE for character in form):
        raise refuse(CCI_CHARACTER, value=text)
    if _syndromes(form) != (0, 0):
        raise refuse(CCI_TYPED, value=text)
    return form


def is_cci(text: str) -> bool:
    """Whether `text` is a CCI exactly as it is stored."""
    return (
        len(text) == LENGTH
        and text[0] in FIRST
        and all(character in _VALUE for character in text)
        and _syndromes(text) == (0, 0)
    )


def show(cci: str) -> str:
    """Return a CCI as it is shown to people: two groups of five."""
    return f"{cci[:5]}-{cci[5:]}"


def suggest(text: str) -> str | None:
    """Return the CCI meant by one with one wrong character or two neighbours swapped, or None.

    Show it only to somebody who is entitled to that child already: a suggestion is a valid CCI.
    """
    form = _form(text)
    if len(form) != LENGTH:
        return None
    unreadable = [place for place, character in enumerate(form) if character not in _VALUE]
    if len(unreadable) > 1:
        return None
    if unreadable:
        return _accepted(_with(form, unreadable[0], 0), unreadable[0])
    first, second = _syndromes(form)
    if first and second:
        return _accepted(form, LENGTH - 1 - (_LOG[second] - _LOG[first]) % 31)
    return _unswapped(form) if second else None


def _form(text: str) -> str:
    return text.upper().translate(_AS_WRITTEN)


def _syndromes(form: str) -> tuple[int, int]:
    """The two sums that are both 0 for a CCI without a slip."""
    first = second = 0
    for character in form:
        value = _VALUE[character]
        first ^= value
        second = _times(2, second) ^ value
    return first, second


def _times(one: int, other: int) -> int:
    return _POWER[_LOG[one] + _LOG[other]] if one and other else 0


def _inverse(value: int) -> int:
    return _POWER[31 - _LOG[value]]


def _with(form: str, place: int, value: int) -> str:
    return form[:place] + ALPHABET[value] + form[place + 1 :]


def _accepted(form: str, place: int) -> str | None:
    """`form` with the character at `place` put right, if that makes it a CCI."""
    if not 0 <= place < LENGTH:
        return None
    mended = _with(form, place, _VALUE[form[place]] ^ _syndromes(form)[0])
    return mended if is_cci(mended) else None


def _unswapped(form: str) -> str | None:
    """The one CCI that two swapped neighbours of `form` give, if there is exactly one."""
    found = {
        swapped
        for place in range(LENGTH - 1)
        if is_cci(swapped := form[:place] + form[place + 1] + form[place] + form[place + 2 :])
    }
    return found.pop() if len(found) == 1 else None


def _unwanted(made: str) -> bool:
    return _UNWANTED.search(made.translate(_LOOKS_LIKE)) is not None
