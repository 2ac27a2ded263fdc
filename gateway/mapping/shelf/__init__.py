"""The shelf of functions an expression can call on a value.

    FUNCTIONS   name -> Function: takes one value, gives one value (or a list of texts, or a test)
    FORMS       name -> Form: those the compiler treats itself (iif, exists, code, ref, ...)

A converter is given "" for an empty cell and gives the empty value of its type for it. A new function is a
few lines in one of the files here and an entry in that file's tuple.
"""

from typing import Any

from gateway.mapping.memo import Convert
from gateway.mapping.shelf.children import CHILDREN
from gateway.mapping.shelf.days import DAYS
from gateway.mapping.shelf.forms import FORM_LIST
from gateway.mapping.shelf.function import CALENDAR, NUMERIC, TEXTUAL, Form, Function, Misused
from gateway.mapping.shelf.numbers import NUMBERS
from gateway.mapping.shelf.texts import TEXTS

FUNCTIONS: dict[str, Function] = {each.name: each for each in (*DAYS, *NUMBERS, *TEXTS, *CHILDREN)}
FORMS: dict[str, Form] = {each.name: each for each in FORM_LIST}


def names() -> list[str]:
    """Every name an expression can call, for hints."""
    return sorted({*FUNCTIONS, *FORMS})


def converter(function: Function, arguments: list[Any]) -> Convert:
    """The converter of `function` for literal `arguments`.

    Raises:
        Misused: arguments it cannot work with.
        FormatError: a date format that is not one.
    """
    return function.make(*[str(argument) for argument in arguments])


__all__ = [
    "CALENDAR",
    "FORMS",
    "FUNCTIONS",
    "NUMERIC",
    "TEXTUAL",
    "Form",
    "Function",
    "Misused",
    "converter",
    "names",
]
