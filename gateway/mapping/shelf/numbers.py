"""Numbers and flags, with the checks that R4 asks for."""

import re
from collections.abc import Callable

from gateway.mapping.memo import Convert, Unfit
from gateway.mapping.shelf.function import TEXT, TEXTUAL, Function, Misused, always
from gateway.problems.record import RECORD_BOOLEAN, RECORD_NUMBER

_MOST = 2_147_483_647
_YES, _NO = "true,t,yes,y,1", "false,f,no,n,0"
_INTEGER = re.compile(r"-?[0-9]{1,12}")
_DECIMAL = re.compile(r"(-?)0*([0-9]{1,18})(\.[0-9]{1,18})?")


def _number(kind: str, least: int, most: int) -> Callable[[], Convert]:
    def convert(text: str) -> str:
        if not text:
            return ""
        made = text.lstrip("+")
        if not _INTEGER.fullmatch(made) or not least <= int(made) <= most:
            raise Unfit(RECORD_NUMBER, wanted=kind)
        return str(int(made))

    return lambda: convert


def _int32(kind: str, least: int) -> Callable[[], Convert]:
    return _number(kind, least, _MOST)


def _integer(least: str = "", most: str = "") -> Convert:
    if not least and not most:
        return _int32("a whole number", -_MOST - 1)()
    if not all(_INTEGER.fullmatch(each) for each in (least, most)) or not int(least) <= int(most) <= _MOST:
        raise Misused("takes the least and the most, both whole numbers")
    return _number(f"a whole number from {int(least)} to {int(most)}", int(least), int(most))()


def _decimal(text: str) -> str:
    if not text:
        return ""
    found = _DECIMAL.fullmatch(text)
    if not found:
        raise Unfit(RECORD_NUMBER, wanted="a number with a decimal point")
    return f"{found[1]}{found[2]}{found[3] or ''}"


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


def _rest(text: str) -> str:
    whole, _, part = (each.strip() for each in text.partition("-"))
    if not part or not whole:
        return ""
    if not (part.isascii() and part.isdecimal() and whole.isascii() and whole.isdecimal()) or len(text) > 20:
        raise Unfit(RECORD_NUMBER, wanted="two whole numbers")
    if int(part) > int(whole):
        raise Unfit(RECORD_NUMBER, wanted="a part that is no more than the whole")
    return str(int(whole) - int(part))


def _boolean(trues: str = "", falses: str = "") -> Convert:
    usual = not trues and not falses
    yes, no = ([each.strip() for each in texts.split(",")] for texts in (trues or _YES, falses or _NO))
    table = dict.fromkeys(yes, "true") | dict.fromkeys(no, "false")
    if len(table) != len(yes) + len(no):
        raise Misused("cannot take one text for both")
    shown = ", ".join(table)

    def convert(text: str) -> str:
        made = table.get(text.lower() if usual else text, "")
        if text and not made:
            raise Unfit(RECORD_BOOLEAN, known=shown)
        return made

    return convert


def _length(text: str) -> str:
    return str(len(text)) if text else ""


NUMBERS: tuple[Function, ...] = (
    Function(
        "percent",
        always(_percent),
        TEXT,
        "decimal",
        "(part & '/' & whole).percent()",
        "A fraction of two counts in per cent, two places; nothing where one is missing or the whole is 0.",
        ("177/206", "85.92"),
        plain=True,
    ),
    Function(
        "rest",
        always(_rest),
        TEXT,
        "unsignedInt",
        "(whole & '-' & part).rest()",
        "What a count leaves of another one; nothing where one is missing.",
        ("206-29", "177"),
        plain=True,
    ),
    Function(
        "decimal",
        always(_decimal),
        TEXT,
        "decimal",
        "decimal()",
        "A number; its digits are kept as written.",
        ("92.10", "92.10"),
        plain=True,
    ),
    Function(
        "integer",
        _integer,
        TEXT,
        "integer",
        "integer(0, 40)",
        "A whole number of 32 bits; where the least and the most are given, one of those between.",
        ("07", "7"),
        0,
        2,
        plain=True,
    ),
    Function(
        "positiveInt",
        _int32("a whole number from 1", 1),
        TEXT,
        "positiveInt",
        "positiveInt()",
        "A whole number from 1.",
        ("3", "3"),
        plain=True,
    ),
    Function(
        "unsignedInt",
        _int32("a whole number from 0", 0),
        TEXT,
        "unsignedInt",
        "unsignedInt()",
        "A whole number from 0.",
        ("0", "0"),
        plain=True,
    ),
    Function(
        "boolean",
        _boolean,
        TEXT,
        "boolean",
        "boolean('Y,true', 'N,false')",
        "true for the first list of texts, false for the second. Without lists true, t, yes, y and 1 are the "
        "first, false, f, no, n and 0 the second, in capitals or not.",
        ("1", "true"),
        0,
        2,
        plain=True,
    ),
    Function(
        "length",
        always(_length),
        TEXTUAL,
        "integer",
        "length()",
        "The number of characters.",
        ("abc", "3"),
        plain=True,
    ),
)
