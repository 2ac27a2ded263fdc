"""Expressions over resources: what R4 does not define, or this program does not read."""

from gateway.problems import kind

PATHS_ELEMENT = kind(
    "paths.unknown-element",
    "{structure} has no element {name}",
    "Correct the name in the expression; names are case-sensitive.",
    "structure",
)
PATHS_TYPE = kind(
    "paths.never-that-type",
    "The expression asks for the type {name}, which the element before it never has",
    "Name one of the types that the element may have.",
    "structure",
)
PATHS_NOT_SUPPORTED = kind(
    "paths.not-supported",
    "The expression uses {name}, which is not supported over resources",
    "Write it with paths, where(), as, is, exists(), first(), extension(), = and !=.",
    "not-supported",
)
