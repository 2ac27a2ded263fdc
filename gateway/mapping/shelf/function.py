"""What a function of the shelf is: a small converter with its types, its words and one example."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.mapping.memo import Convert

#: Types whose values are read and written as text.
TEXTUAL = ("text", "code", "date", "partialDate", "dateTime")
NUMERIC = ("integer", "positiveInt", "unsignedInt", "decimal")
CALENDAR = ("date", "partialDate", "dateTime")
TEXT = ("text",)


class Misused(ValueError):
    """Arguments a function cannot work with; the text says why."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the shelf.

    Attributes:
        name: as expressions write it.
        make: its arguments (texts) to a converter; raises `Misused` or `dates.FormatError`.
        takes: the types of value it can be called on.
        gives: the type of the result.
        usage: how it is written.
        says: what it gives, for the reference page.
        shows: a value and the result, for the reference page and its test.
        least: the fewest arguments.
        most: the most arguments; None for any number.
        plain: the result never needs escaping in JSON.
        doubts: the result can be `Doubtful`.
    """

    name: str
    make: Callable[..., Convert]
    takes: tuple[str, ...]
    gives: str
    usage: str
    says: str
    shows: tuple[str, str]
    least: int = 0
    most: int | None = 0
    plain: bool = False
    doubts: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Something written like a function that is part of the language itself."""

    name: str
    usage: str
    gives: str
    says: str


def always(convert: Convert) -> Callable[[], Convert]:
    """The maker of a converter that takes no arguments."""
    return lambda: convert


def filled(test: Callable[[str], bool]) -> Convert:
    """A test in FHIRPath's manner: of nothing, nothing is known."""
    return lambda text: test(text) if text else None
