"""Strings: names, addresses and texts, found by how they begin, whatever their case and accents.

Folding drops what people write differently: O'Reilly = O’REILLY = oreilly, Jones-Smith = Jones Smith,
Kociński = kocinski, LS1 4AP = LS14AP.

Source: https://hl7.org/fhir/R4/search.html#string
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from gateway.fhir.parameters.context import Asked, unescaped
from gateway.fhir.query import Text, Value

_HUMAN_NAME = ("text", "family", "given", "prefix", "suffix")
_ADDRESS = ("text", "line", "city", "district", "state", "postalCode", "country")

_WORDS = re.compile(r"[^\w'’]+|_+")

#: Letters that Unicode does not take apart into a plain letter and a mark.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ŧ": "t"}
)


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """`text` in the form in which strings are compared: lower case letters and digits only.

    A text without any letter or digit keeps its signs, so that it does not become the empty string, which
    every text begins with.
    """
    lower = text.casefold()
    if lower.isascii() and lower.isalnum():
        return lower
    apart = unicodedata.normalize("NFKD", lower.translate(_PLAIN))
    kept = "".join(char for char in apart if char.isalnum())
    return kept or "".join(lower.split())


@lru_cache(maxsize=65536)
def words(text: str) -> str:
    """The folded words of `text`, each with a space before it, so that a word is found by its beginning."""
    return "".join(f" {word}" for part in _WORDS.split(text) if (word := folded(part)))


def whole(text: Any) -> Iterator[Text]:
    """A string or markdown, as one text."""
    if text and not text.isspace():
        yield Text(folded(text), text)


def _parts(names: tuple[str, ...]) -> Callable[[Any], Iterator[Text]]:
    def take(value: Any) -> Iterator[Text]:
        for name in names:
            part = value.get(name)
            if part is None:
                continue
            for text in part if isinstance(part, list) else (part,):
                if text is not None:
                    yield from whole(text)

    return take


ENTRIES: Mapping[str, Callable[[Any], Iterable[Text]]] = {
    "string": whole,
    "markdown": whole,
    "HumanName": _parts(_HUMAN_NAME),
    "Address": _parts(_ADDRESS),
}


def read(text: str, asked: Asked) -> tuple[Value, ...]:
    """The string asked for."""
    written = unescaped(text)
    return (Value(Text(folded(written), written), text=text),)
