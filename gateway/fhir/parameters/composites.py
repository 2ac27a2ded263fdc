"""Composite parameters: `code$value`, where both must be said by the same element.

Source: https://hl7.org/fhir/R4/search.html#composite
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from gateway.fhir.parameters.context import Asked, refused, split_parts
from gateway.fhir.query import Stretch, Together, Token, Value

Read = Callable[[str, Asked], tuple[Value, ...]]


def reader(readers: Callable[[], Mapping[str, Read]]) -> Read:
    """What reads one alternative of a composite parameter.

    Args:
        readers: gives what reads a part, by its search type.
    """

    def read(text: str, asked: Asked) -> tuple[Value, ...]:
        pieces = split_parts(text)
        if len(pieces) != len(asked.parts) or not all(pieces):
            shape = "$".join(kind for kind, _ in asked.parts)
            raise refused(text, f"{len(asked.parts)} parts joined by $", shape)
        read_parts = [
            readers()[kind](piece, replace(part, context=asked.context))
            for piece, (kind, part) in zip(pieces, asked.parts, strict=True)
        ]
        firsts, *others = read_parts
        second = others[0]
        if len(others) > 1:
            second = tuple(Value(Stretch(start, end)) for start in others[0] for end in others[1])
        return tuple(Value(Together(cast(Token, first.value), second), text=text) for first in firsts)

    return read
