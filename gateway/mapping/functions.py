"""The shelf of functions an expression can call on a value, each a small converter with its types.

    FUNCTIONS   name -> Function: takes one value, gives one value (or a list of texts, or a test)
    FORMS       name -> Form: those the compiler treats itself (iif, exists, code, ref, ...), for the reference page

A converter is given "" for an empty cell and gives the empty value of its type for it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.mapping import dates, identifiers
from gateway.mapping.memo import Convert, Unfit
from gateway.problems.record import RECORD_BOOLEAN, RECORD_NUMBER

#: Types whose values are read and written as text.
TEXTUAL = ("text", "code", "date", "partialDate", "dateTime")
NUMERIC = ("integer", "positiveInt", "unsignedInt", "decimal")
CALENDAR = ("date", "partialDate", "dateTime")


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


def _always(convert: Convert) -> Callable[[], Convert]:
    return lambda: convert


def _filled(test: Callable[[str], bool]) -> Convert:
    """A test in FHIRPath's manner: of nothing, nothing is known."""
    return lambda text: test(text) if text else None


def _number(kind: str, least: int, most: int) -> Callable[[], Convert]:
    def convert(text: str) -> str:
        if not text:
            return ""
        made = text.lstrip("+")
        if not _INTEGER.fullmatch(made) or not least <= int(made) <= most:
            raise Unfit(RECORD_NUMBER, wanted=kind)
        return str(int(made))

    return lambda: convert


_INTEGER = re.compile(r"-?[0-9]{1,12}")
_DECIMAL = re.compile(r"(-?)0*([0-9]{1,18})(\.[0-9]{1,18})?")


def _decimal(text: str) -> str:
    if not text:
        return ""
    found = _DECIMAL.fullmatch(text)
    if not found:
        raise Unfit(RECORD_NUMBER, wanted="a number with a decimal point")
    return f"{found[1]}{found[2]}{found[3] or ''}"


def _plus_years(count: str) -> Convert:
    if not count.isdecimal():
        raise Misused("takes a whole number")
    return dates.plus_years(int(count))


def _percent(text: str) -> str:
    part, _, whole = (each.strip() for each in text.partition("/"))
    if not part or not whole:
        return ""
    if not (part.isascii() and part.isdecimal() and whole.isascii() and whole.isdecimal()) or len(text) > 24:
        raise Unfit(RECORD_NUMBER, wanted="a fraction of two whole numbers")
    if not int(whole):
        return ""
    hundredths = (int(part) * 20_000 + int(whole)) // (2 * int(whole))
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _boolean(trues: str = "true,1", falses: str = "false,0") -> Convert:
    table = {text.strip(): "true" for text in trues.split(",")}
    table |= {text.strip(): "false" for text in falses.split(",")}
    if len(table) != len(trues.split(",")) + len(falses.split(",")):
        raise Misused("cannot take one text for both")
    shown = ", ".join(table)

    def convert(text: str) -> str:
        if text and text not in table:
            raise Unfit(RECORD_BOOLEAN, known=shown)
        return table.get(text, "")

    return convert


def _capitalise(text: str) -> str:
    if text != text.upper() and text != text.lower():
        return text
    return re.sub(r"[^\W\d_]+", lambda found: found[0][0].upper() + found[0][1:].lower(), text)


def _substring(start: str, length: str = "") -> Convert:
    if not start.isdecimal() or not (length or "0").isdecimal():
        raise Misused("takes whole numbers")
    first = int(start)
    last = first + int(length) if length else None
    return lambda text: text[first:last]


def _replace(old: str, new: str) -> Convert:
    if not old:
        raise Misused("needs a text to look for")
    return lambda text: text.replace(old, new)


def _pattern(written: str) -> re.Pattern[str]:
    try:
        return re.compile(written)
    except re.error as error:
        raise Misused(f"has a pattern that cannot be read: {error.msg}") from None


def _matches(written: str) -> Convert:
    found = _pattern(written).search
    return _filled(lambda text: found(text) is not None)


def _split(separator: str = " ") -> Convert:
    if not separator:
        raise Misused("needs a text to split at")
    return lambda text: tuple(part for part in (each.strip() for each in text.split(separator)) if part)


def _join(separator: str = "") -> Convert:
    return lambda texts: separator.join(texts)


def _test(name: str) -> Callable[[str], Convert]:
    def make(part: str) -> Convert:
        if not part:
            raise Misused("needs a text to look for")
        return _filled(
            {
                "startsWith": lambda text: text.startswith(part),
                "endsWith": lambda text: text.endswith(part),
                "contains": lambda text: part in text,
            }[name]
        )

    return make


def _length(text: str) -> str:
    return str(len(text)) if text else ""


def _int32(kind: str, least: int) -> Callable[[], Convert]:
    return _number(kind, least, 2_147_483_647)


_T = ("text",)
_F = "dd/MM/yyyy"

_SHELF: tuple[Function, ...] = (
    Function(
        "date",
        dates.to_date,
        TEXTUAL,
        "date",
        "date('dd/MM/yyyy', …)",
        "A real calendar day. Formats are tried in order; without one, source.dates is used.",
        ("04/03/2012", "2012-03-04"),
        0,
        None,
        plain=True,
    ),
    Function(
        "partialDate",
        dates.to_partial_date,
        _T,
        "partialDate",
        "partialDate('dd/MM/yyyy', …)",
        "A day, a month or a year: zz stands for what is not known.",
        ("zz/05/2019", "2019-05"),
        0,
        None,
        plain=True,
    ),
    Function(
        "dateTime",
        dates.to_date_time,
        _T,
        "dateTime",
        "dateTime('yyyy-MM-dd HH:mm:ss', 'Europe/London')",
        "A moment with its offset; the zone is where the clock hung.",
        ("2012-03-04 10:00:00", "2012-03-04T10:00:00+00:00"),
        1,
        2,
        plain=True,
    ),
    Function(
        "yearMonth",
        _always(lambda text: text[:7]),
        CALENDAR,
        "partialDate",
        "yearMonth()",
        "Only the year and month of a date, to say less.",
        ("2012-03-04", "2012-03"),
        plain=True,
    ),
    Function(
        "year",
        _always(lambda text: text[:4]),
        CALENDAR,
        "partialDate",
        "year()",
        "Only the year of a date, to say less.",
        ("2012-03-04", "2012"),
        plain=True,
    ),
    Function(
        "plusYears",
        _plus_years,
        ("date",),
        "date",
        "plusYears(1)",
        "So many years later; of 29 February the 28th, where there is no 29th.",
        ("2025-08-31", "2026-08-31"),
        1,
        1,
        plain=True,
    ),
    Function(
        "percent",
        _always(_percent),
        _T,
        "decimal",
        "(part & '/' & whole).percent()",
        "A fraction of two counts in per cent, two places; nothing where one is missing or the whole is 0.",
        ("177/206", "85.92"),
        plain=True,
    ),
    Function(
        "decimal",
        _always(_decimal),
        _T,
        "decimal",
        "decimal()",
        "A number; its digits are kept as written.",
        ("92.10", "92.10"),
        plain=True,
    ),
    Function(
        "integer",
        _int32("a whole number", -2_147_483_648),
        _T,
        "integer",
        "integer()",
        "A whole number of 32 bits.",
        ("07", "7"),
        plain=True,
    ),
    Function(
        "positiveInt",
        _int32("a whole number from 1", 1),
        _T,
        "positiveInt",
        "positiveInt()",
        "A whole number from 1.",
        ("3", "3"),
        plain=True,
    ),
    Function(
        "unsignedInt",
        _int32("a whole number from 0", 0),
        _T,
        "unsignedInt",
        "unsignedInt()",
        "A whole number from 0.",
        ("0", "0"),
        plain=True,
    ),
    Function(
        "boolean",
        _boolean,
        _T,
        "boolean",
        "boolean('Y,true', 'N,false')",
        "true for the first list of texts, false for the second.",
        ("1", "true"),
        0,
        2,
        plain=True,
    ),
    Function(
        "string",
        _always(str),
        (*TEXTUAL, *NUMERIC, "boolean"),
        "text",
        "string()",
        "Any value as text.",
        ("7", "7"),
    ),
    Function(
        "trim", _always(str.strip), TEXTUAL, "text", "trim()", "Without blanks at both ends.", (" a ", "a")
    ),
    Function("upper", _always(str.upper), TEXTUAL, "text", "upper()", "In capitals.", ("ab", "AB")),
    Function("lower", _always(str.lower), TEXTUAL, "text", "lower()", "In small letters.", ("AB", "ab")),
    Function(
        "capitalise",
        _always(_capitalise),
        TEXTUAL,
        "text",
        "capitalise()",
        "A name written all in capitals (or all small) with one capital for each word; other texts stay.",
        ("O'NEIL-SMITH", "O'Neil-Smith"),
    ),
    Function(
        "substring",
        _substring,
        TEXTUAL,
        "text",
        "substring(0, 3)",
        "From a position (the first is 0), and so many characters.",
        ("2019001", "201"),
        1,
        2,
    ),
    Function(
        "replace",
        _replace,
        TEXTUAL,
        "text",
        "replace('a', 'b')",
        "With every 'a' replaced.",
        ("banana", "bbnbnb"),
        2,
        2,
    ),
    Function(
        "split",
        _split,
        TEXTUAL,
        "texts",
        "split(' ')",
        "The parts between separators, as a list; empty parts are dropped.",
        ("Ann  Lea", "Ann|Lea"),
        0,
        1,
    ),
    Function(
        "join", _join, ("texts",), "text", "join(' ')", "A list as one text.", ("Ann|Lea", "Ann Lea"), 0, 1
    ),
    Function(
        "length",
        _always(_length),
        TEXTUAL,
        "integer",
        "length()",
        "The number of characters.",
        ("abc", "3"),
        plain=True,
    ),
    Function(
        "matches",
        _matches,
        TEXTUAL,
        "test",
        "matches('^[0-9]+$')",
        "Whether a regular expression is found in it.",
        ("12", "true"),
        1,
        1,
    ),
    Function(
        "startsWith",
        _test("startsWith"),
        TEXTUAL,
        "test",
        "startsWith('UN')",
        "Whether it begins so.",
        ("UN4", "true"),
        1,
        1,
    ),
    Function(
        "endsWith",
        _test("endsWith"),
        TEXTUAL,
        "test",
        "endsWith('A')",
        "Whether it ends so.",
        ("3A", "true"),
        1,
        1,
    ),
    Function(
        "contains",
        _test("contains"),
        TEXTUAL,
        "test",
        "contains('/')",
        "Whether it has this within.",
        ("a/b", "true"),
        1,
        1,
    ),
    Function(
        "upn",
        _always(identifiers.upn),
        _T,
        "text",
        "upn()",
        "A UPN in capitals; UN1 to UN7 give nothing. One that does not fit is kept, with a warning.",
        ("f201900116001", "F201900116001"),
        doubts=True,
    ),
    Function(
        "isUpn",
        _always(_filled(identifiers.is_upn)),
        _T,
        "test",
        "isUpn()",
        "Whether it is a UPN whose check letter fits.",
        ("F201900116001", "true"),
    ),
    Function(
        "isPermanentUpn",
        _always(_filled(identifiers.is_permanent_upn)),
        _T,
        "test",
        "isPermanentUpn()",
        "Whether it is a UPN that fits and is not temporary.",
        ("F201900116001", "true"),
    ),
    Function(
        "isTemporaryUpn",
        _always(_filled(identifiers.is_temporary_upn)),
        _T,
        "test",
        "isTemporaryUpn()",
        "Whether it is a UPN that fits and ends in a letter.",
        ("M20190022104V", "true"),
    ),
    Function(
        "nhsNumber",
        _always(identifiers.nhs_number),
        _T,
        "text",
        "nhsNumber()",
        "Ten digits without layout. One that does not fit is kept, with a warning.",
        ("999 012 3012", "9990123012"),
        doubts=True,
    ),
    Function(
        "isNhsNumber",
        _always(_filled(identifiers.is_nhs_number)),
        _T,
        "test",
        "isNhsNumber()",
        "Whether it is an NHS number whose check digit fits.",
        ("9990123012", "true"),
    ),
    Function(
        "isUln",
        _always(_filled(identifiers.is_uln)),
        _T,
        "test",
        "isUln()",
        "Whether it is a unique learner number whose last digit fits.",
        ("9999001237", "true"),
    ),
    Function(
        "postcode",
        _always(identifiers.postcode),
        _T,
        "text",
        "postcode()",
        "A postcode in capitals with its space. One without the form is kept, with a warning.",
        ("zz101aa", "ZZ10 1AA"),
        doubts=True,
    ),
    Function(
        "outcode",
        _always(identifiers.outcode),
        _T,
        "text",
        "outcode()",
        "The first half of a postcode, to say less.",
        ("ZZ10 1AA", "ZZ10"),
        doubts=True,
    ),
    Function(
        "stripZeros",
        _always(identifiers.strip_zeros),
        _T,
        "text",
        "stripZeros()",
        "Without zeros at the front: 0010234 and 10234 are one child of a council.",
        ("0010234", "10234"),
    ),
)

FUNCTIONS: dict[str, Function] = {each.name: each for each in _SHELF}

_FORMS: tuple[Form, ...] = (
    Form("exists", "x.exists()", "test", "Whether there is a value, or a record of that kind."),
    Form("empty", "x.empty()", "test", "Whether there is none."),
    Form("count", "need.count()", "integer", "How many records of a kind there are within this one."),
    Form("not", "x.not()", "test", "The opposite; of nothing, nothing."),
    Form(
        "iif",
        "iif(test, value, otherwise)",
        "the type of the values",
        "The value if the test is true, else the other (or nothing).",
    ),
    Form("coalesce", "coalesce(a, b, …)", "the type of the values", "The first that is there."),
    Form("first", "x.first()", "text", "The first text of a list."),
    Form("code", "x.code('map')", "code", "The target code of a code map."),
    Form("coding", "x.coding('map')", "Coding", "The target as system, code and display."),
    Form("concept", "x.concept('map')", "CodeableConcept", "The target as a CodeableConcept."),
    Form(
        "absent",
        "x.absent('map')",
        "CodeableConcept",
        "The reason why there is none, for the codes (or the empty cell) under `absent` of the code map.",
    ),
    Form("display", "x.display('map')", "text", "The words for the target code of a code map."),
    Form(
        "ref",
        "ref(Patient, key, …)",
        "Reference",
        "A reference to what a rule makes, by its resource type or $rule and its keys.",
    ),
)

FORMS: dict[str, Form] = {each.name: each for each in _FORMS}


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
