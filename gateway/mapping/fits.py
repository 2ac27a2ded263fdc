"""Whether a literal or an expression can stand where R4 wants a primitive, a code or a reference.

Source: HL7 FHIR R4 data types, https://hl7.org/fhir/R4/datatypes.html
"""

import re
from collections.abc import Iterator, Mapping

from gateway.fhir import facts
from gateway.mapping.conceptmaps import Term
from gateway.mapping.dates import is_real
from gateway.mapping.hints import listed, near
from gateway.mapping.shelf import CALENDAR, TEXTUAL
from gateway.mapping.typed import Apply, Choose, Const, FirstOf, Link, Typed
from gateway.problems import Place, Problem, problem
from gateway.problems.mapping import (
    MAPPING_BINDING,
    MAPPING_FITS,
    MAPPING_LITERAL,
    MAPPING_TARGET,
    MAPPING_TERM_BINDING,
    MAPPING_TERM_KEEPS,
)

_INTEGERS = ("integer", "decimal")
#: What each type of expression may feed.
_FEEDS: Mapping[str, tuple[str, ...]] = {
    "text": ("string", "markdown", "uri", "url", "canonical", "code", "id"),
    "code": ("code", "string", "markdown", "uri", "url", "canonical", "id"),
    "date": ("date", "dateTime", "string"),
    "partialDate": ("date", "dateTime", "string"),
    "dateTime": ("dateTime", "instant", "string"),
    "decimal": ("decimal",),
    "integer": _INTEGERS,
    "positiveInt": ("positiveInt", "unsignedInt", *_INTEGERS),
    "unsignedInt": ("unsignedInt", *_INTEGERS),
    "boolean": ("boolean",),
    "test": ("boolean",),
}
_CONVERT = {
    "date": "Convert it with .date('dd/MM/yyyy'), or the format the file uses.",
    "dateTime": "Convert it with .date('dd/MM/yyyy') or .dateTime('dd/MM/yyyy HH:mm').",
    "instant": "Convert it with .dateTime('dd/MM/yyyy HH:mm:ss').",
    "decimal": "Convert it with .decimal().",
    "integer": "Convert it with .integer().",
    "positiveInt": "Convert it with .positiveInt().",
    "unsignedInt": "Convert it with .unsignedInt().",
    "boolean": "Convert it with .boolean('Y', 'N').",
    "code": "Translate it with .code('…') and a code map.",
    "string": "Convert it with .string().",
    "CodeableConcept": "Translate it with .concept('…'), or write coding: or text: below it.",
    "Coding": "Translate it with .coding('…'), or write system: and code: below it.",
    "Reference": "Write ref(Patient, …), or identifier: below it.",
}
_LITERALS = {
    "boolean": re.compile("true|false"),
    "integer": re.compile("0|-?[1-9][0-9]{0,9}"),
    "positiveInt": re.compile("[1-9][0-9]{0,9}"),
    "unsignedInt": re.compile("0|[1-9][0-9]{0,9}"),
    "decimal": re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?"),
    "code": re.compile(r"\S+(\s\S+)*"),
    "id": re.compile(r"[A-Za-z0-9\-.]{1,64}"),
    "uri": re.compile(r"\S+"),
    "url": re.compile(r"\S+"),
    "canonical": re.compile(r"\S+"),
    "oid": re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"),
    "uuid": re.compile(r"urn:uuid:[0-9a-f-]{36}"),
}
_LIKE = {
    "boolean": "Write true or false.",
    "date": "Write a day of the calendar as 2015-02-28, or a month, or a year.",
    "code": "A code has no blanks at its ends and is not empty.",
}


def required_codes(element: facts.Element) -> Mapping[str, tuple[str, ...]] | None:
    """The codes R4 limits an element to, or None where it does not or where they are not listed."""
    return facts.codes(element.value_set) if element.strength == "required" else None


def literal_problem(
    text: str, kind: str, element: facts.Element, bound: facts.Element | None, place: Place
) -> Problem | None:
    """What is wrong with a constant for a primitive, or None."""
    if not _is_literal(text, kind):
        do = _LIKE.get(kind, f"Write a {kind}.") if text else "Write a value, or leave the element out."
        return problem(MAPPING_LITERAL, place=place, text=f"“{text}”", type=kind, do=do)
    codes = required_codes(bound or element) if kind == "code" else None
    if codes is not None and text not in codes:
        where = (bound or element).path
        return problem(
            MAPPING_BINDING,
            place=place,
            element=where,
            text=text,
            near=near(text, codes),
            known=listed(codes),
        )
    return None


def expression_problems(
    value: Typed,
    kind: str,
    element: facts.Element,
    bound: facts.Element | None,
    terms: Mapping[str, Term],
    place: Place,
) -> Iterator[Problem]:
    """What is wrong with an expression for an element of type `kind`; each of its outcomes is looked at."""
    for branch in outcomes(value):
        if isinstance(branch, Const) and branch.type in TEXTUAL and kind in facts.primitive_types():
            if branch.text and (found := literal_problem(branch.text, kind, element, bound, place)):
                yield found
        elif not _feeds(branch, kind, bound or element):
            do = _CONVERT.get(kind, "Write its elements below it.")
            given = f"a {branch.type}" if branch.type != "texts" else "a list of texts"
            yield problem(MAPPING_FITS, place=place, element=element.path, type=kind, given=given, do=do)
        elif isinstance(branch, Apply) and branch.term and "absent" not in branch.label:
            yield from _outside(terms[branch.term], bound or element, place)
        elif isinstance(branch, Link):
            yield from _wrong_target(branch, element, place)


def outcomes(value: Typed) -> Iterator[Typed]:
    """The values an expression can come to: both sides of iif(), every part of coalesce()."""
    match value:
        case Choose(yes=yes, no=no):
            yield from outcomes(yes)
            yield from outcomes(no)
        case FirstOf(parts=parts):
            for part in parts:
                yield from outcomes(part)
        case _:
            yield value


def form_of(value: Typed) -> str:
    """How a value is written in JSON: "text", "bare", "json" or "texts"."""
    if value.type in (*TEXTUAL, *CALENDAR):
        return "text"
    if value.type == "texts":
        return "texts"
    return "json" if value.type[0].isupper() else "bare"


def _is_literal(text: str, kind: str) -> bool:
    if not text.strip():
        return False
    if kind in ("date", "dateTime", "instant", "time"):
        return is_real(kind, text)
    known = _LITERALS.get(kind)
    return known is None or known.fullmatch(text) is not None


def _feeds(branch: Typed, kind: str, element: facts.Element) -> bool:
    if isinstance(branch, Const) and branch.text == "":
        return True
    if branch.type == "text" and kind == "code" and required_codes(element) is not None:
        return False
    return branch.type == kind or kind in _FEEDS.get(branch.type, ())


def _outside(term: Term, element: facts.Element, place: Place) -> Iterator[Problem]:
    """Targets of a code map that a required binding does not have."""
    codes = required_codes(element)
    if codes is None:
        return
    if term.keeps:
        yield problem(MAPPING_TERM_KEEPS, place=place, map=term.name, element=element.path)
    for source, coding in term.targets():
        if coding.code not in codes:
            yield problem(
                MAPPING_TERM_BINDING,
                place=place,
                map=term.name,
                code=source,
                target=coding.code,
                element=element.path,
                near=near(coding.code, codes),
                known=listed(codes),
            )


def _wrong_target(link: Link, element: facts.Element, place: Place) -> Iterator[Problem]:
    allowed = element.targets
    if allowed and not any(facts.is_a(link.target, target) for target in allowed):
        yield problem(
            MAPPING_TARGET, place=place, element=element.path, target=link.target, known=listed(allowed)
        )
