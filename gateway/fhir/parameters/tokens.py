"""Tokens: codes and identifiers, with the system they belong to.

Source: https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.parameters.context import Asked, refused, split_bars, unescaped
from gateway.fhir.parameters.strings import words
from gateway.fhir.query import Phrase, Token, Value

ANY = "*"

LONGEST_PHRASE = 300
"""Characters of what something is called that `:text` looks at."""


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


def called(concept: Any) -> Iterator[Phrase]:
    """What a CodeableConcept is called: by its text, and by the display of each code."""
    yield from _phrase(concept.get("text"))
    for coding in concept.get("coding") or ():
        yield from displayed(coding)


def displayed(coding: Any) -> Iterator[Phrase]:
    """The display of a Coding."""
    yield from _phrase(coding.get("display"))


def kind_called(identifier: Any) -> Iterator[Phrase]:
    """What the kind of an Identifier is called."""
    yield from _phrase((identifier.get("type") or {}).get("text"))


def _phrase(text: Any) -> Iterator[Phrase]:
    if text and (found := words(text)):
        yield Phrase(found[:LONGEST_PHRASE])


def typed(identifier: Any) -> Iterator[Token]:
    """The value of an Identifier with each code of its type; the system stays the identifier's own."""
    if (value := identifier.get("value")) is None:
        return
    for coding in (identifier.get("type") or {}).get("coding") or ():
        if (code := coding.get("code")) is not None:
            yield Token(identifier.get("system", ""), _of_type(coding.get("system", ""), code, value))


def _of_type(system: str, code: str, value: str) -> str:
    return "\n".join((system, code, value))


PHRASES: Mapping[str, Callable[[Any], Iterable[Phrase]]] = {
    "CodeableConcept": called,
    "Coding": displayed,
    "Identifier": kind_called,
}
"""What is found by `:text`."""

TYPED: Mapping[str, Callable[[Any], Iterable[Token]]] = {"Identifier": typed}
"""What is found by `:of-type`."""

CODED = frozenset({"CodeableConcept", "Coding", "code"})
"""The types whose codes a value set or a code system may have."""

SETS = ("above", "below", "in", "not-in")
"""The modifiers that ask for all codes of a set."""


def modifiers(types: frozenset[str]) -> tuple[str, ...]:
    """The modifiers that make sense for elements of these types."""
    found = ["missing", "not"]
    if types & PHRASES.keys():
        found.append("text")
    if types & TYPED.keys():
        found.append("of-type")
    if types & CODED:
        found += SETS
    return tuple(sorted(found))


def read(text: str, asked: Asked) -> tuple[Value, ...]:
    """The token asked for: `code`, `system|code`, `|code` (without a system) or `system|` (any code of it).

    With `text` it is what the code is called, with `of-type` a value with the code of its type, and with
    `in`, `not-in`, `above` and `below` each code of the set.

    Raises:
        Refused: `search.value`, or what the form of the system says of the code; `search.value-set`,
            `search.code-system`.
    """
    if asked.modifier == "text":
        found = words(unescaped(text))
        if not found:
            raise refused(text, "words", "one or more words, such as head circumference")
        return (Value(Phrase(found[:LONGEST_PHRASE]), text=text),)
    if asked.modifier == "of-type":
        parts = split_bars(text)
        if len(parts) != 3 or not all(parts):
            raise refused(text, "an identifier of a type", "system of the type|code of the type|value")
        return (Value(Token(ANY, _of_type(*parts)), text=text),)
    if asked.modifier in SETS:
        return tuple(Value(_implied(each, asked), text=text) for each in _set(text, asked))
    return (Value(token(text, asked), text=text),)


def _set(text: str, asked: Asked) -> Iterable[Token]:
    if asked.modifier in ("in", "not-in"):
        return asked.context.terms.value_set(unescaped(text))
    parts = split_bars(text)
    if len(parts) != 2 or not all(parts):
        raise refused(text, "a code with its system", "system|code")
    system = asked.context.system_aliases.get(parts[0], parts[0])
    return asked.context.terms.related(Token(system, parts[1]), asked.modifier)


def _implied(each: Token, asked: Asked) -> Token:
    """A code whose system its element implies, in any system."""
    return Token(ANY, each.code) if each.system in asked.implied_systems(each.code) else each


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
