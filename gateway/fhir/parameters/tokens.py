"""Tokens: codes and identifiers, with the system they belong to.

Source: https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.parameters.context import Asked, refused, split_bars
from gateway.fhir.query import Token, Value

ANY = "*"


def codings(concept: Any) -> Iterator[Token]:
    """Each code of a CodeableConcept."""
    for coding in concept.get("coding") or ():
        yield from coded(coding)


def coded(coding: Any) -> Iterator[Token]:
    """The code of a Coding; nothing where it has only a display."""
    if (code := coding.get("code")) is not None:
        yield Token(coding.get("system", ""), code)


def identified(identifier: Any) -> Iterator[Token]:
    """The value of an Identifier, former and temporary ones too."""
    if (value := identifier.get("value")) is not None:
        yield Token(identifier.get("system", ""), value)


def contacted(point: Any) -> Iterator[Token]:
    """The value of a ContactPoint: its system and its use both count as the token's system.

    R4 names the use, most servers take the system; so `phone|…` and `home|…` both find it.
    """
    if (value := point.get("value")) is None:
        return
    value = folded_contact(value)
    for system in dict.fromkeys((point.get("system", ""), point.get("use"))):
        if system is not None:
            yield Token(system, value)


def truth(value: Any) -> Iterator[Token]:
    """A boolean, as its code."""
    yield Token("", "true" if value else "false")


def plain(value: Any) -> Iterator[Token]:
    """A code, id, string or uri; the system of a code is implied by its element and not written."""
    yield Token("", value)


def folded_contact(value: str) -> str:
    """A telephone number without its spacing, a mail address in lower case."""
    return "".join(value.lower().split())


ENTRIES: Mapping[str, Callable[[Any], Iterable[Token]]] = {
    "CodeableConcept": codings,
    "Coding": coded,
    "Identifier": identified,
    "ContactPoint": contacted,
    "boolean": truth,
    "code": plain,
    "id": plain,
    "string": plain,
    "uri": plain,
}


def read(text: str, asked: Asked) -> tuple[Value, ...]:
    """The token asked for: `code`, `system|code`, `|code` (without a system) or `system|` (any code of it).

    Raises:
        Refused: `search.value`, or what the form of the system says of the code.
    """
    return (Value(token(text, asked), text=text),)


def token(text: str, asked: Asked) -> Token:
    """`text` as a token, with ANY for the part that was not asked.

    Raises:
        Refused: as `read`.
    """
    parts = split_bars(text)
    if len(parts) > 2 or parts == ["", ""]:
        raise refused(text, "a token", "code, system|code, |code or system|")
    if len(parts) == 1:
        return Token(ANY, _folded(parts[0], asked))
    system, code = parts
    system = asked.context.system_aliases.get(system, system)
    if not code:
        return Token(system, ANY)
    form = asked.context.value_forms.get(system)
    if form is not None:
        return Token(system, form(code))
    if system in asked.implied_systems(code):
        system = ANY
    return Token(system, _folded(code, asked))


def _folded(code: str, asked: Asked) -> str:
    return folded_contact(code) if asked.types == {"ContactPoint"} else code
