"""What a value could be, told by its form alone: a UPN, a date in some format, a postcode, a number."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from gateway.identity import numbers
from gateway.identity.numbers import UpnKind
from gateway.mapping.dates import pattern, to_date, to_date_time
from gateway.mapping.memo import Convert, Unfit
from gateway.resources import shipped

#: Texts that stand where there is nothing.
NOTHING = frozenset({"NULL", "N/A", "#N/A", "-", "--", "(NULL)"})

#: Formats of dates, the likelier first: where a file cannot tell, the day comes before the month.
DATES = (
    "dd/MM/yyyy",
    "yyyy-MM-dd",
    "dd-MM-yyyy",
    "dd.MM.yyyy",
    "yyyy/MM/dd",
    "d/M/yyyy",
    "yyyyMMdd",
    "dd-MMM-yyyy",
    "dd MMM yyyy",
    "d MMM yyyy",
    "MM/dd/yyyy",
    "M/d/yyyy",
)
TIMES = (
    "yyyy-MM-dd'T'HH:mm:ss",
    "yyyy-MM-dd'T'HH:mm:ssXXX",
    "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "yyyy-MM-dd HH:mm:ss",
    "dd/MM/yyyy HH:mm",
    "dd/MM/yyyy HH:mm:ss",
)
SHORT_YEAR = "dd/MM/yy"

BOOLEANS: tuple[frozenset[str], ...] = (
    frozenset({"true", "false"}),
    frozenset({"yes", "no"}),
    frozenset({"y", "n"}),
    frozenset({"0", "1"}),
)
SEXES = frozenset({*"MFUIX0129", "MALE", "FEMALE", "UNKNOWN", "OTHER", "INDETERMINATE"})

_TEN = re.compile(r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{0,15}\.[0-9]{1,12}")
_POSTCODE = re.compile(r"(?:GIR|[A-Z]{1,2}[0-9][A-Z0-9]?) ?[0-9][A-Z]{2}", re.IGNORECASE)
_DATEISH = re.compile(r"[0-9]{1,4}([-/. ])[0-9A-Za-z]{1,3}\1[0-9]{2,4}(?:[T ].{5,20})?|[0-9]{8}")
_SHORT_YEAR = re.compile(r"(0[1-9]|[12][0-9]|3[01])/(0[1-9]|1[0-2])/[0-9]{2}")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9._/-]{0,4}|[0-9A-Z]*[0-9][0-9A-Z._/-]{0,7}")


@lru_cache(maxsize=65_536)
def looks(text: str) -> tuple[str, ...]:
    """What a trimmed text could be; `date dd/MM/yyyy` for its form, `real dd/MM/yyyy` if the day exists.

    `upn`, `upn fits`, `ten digits`, `nhs fits`, `uln fits`, `integer`, `decimal`, `postcode`, `code`.
    """
    found = [*_numbered(text), *_dated(text)]
    if _CODE.fullmatch(text):
        found.append("code")
    if len(text) <= 8 and _POSTCODE.fullmatch(text):
        found.append("postcode")
    return tuple(found)


def _numbered(text: str) -> Iterable[str]:
    if len(text) == 13 and (kind := numbers.upn_kind(text.upper())) is not UpnKind.NOT_ONE:
        yield "upn"
        if kind is not UpnKind.WRONG_LETTER:
            yield "upn fits"
    elif _INTEGER.fullmatch(text):
        yield "integer"
    elif _DECIMAL.fullmatch(text):
        yield "decimal"
    if _TEN.fullmatch(text):
        yield "ten digits"
        if numbers.nhs_number(text):
            yield "nhs fits"
        if numbers.uln(text):
            yield "uln fits"


def _dated(text: str) -> Iterable[str]:
    if not _DATEISH.fullmatch(text):
        return
    for written, form, convert in _formats():
        if form.fullmatch(text):
            yield f"date {written}"
            if _real(convert, text):
                yield f"real {written}"
    if _SHORT_YEAR.fullmatch(text):
        yield f"date {SHORT_YEAR}"
        yield f"real {SHORT_YEAR}"


def _real(convert: Convert, text: str) -> bool:
    try:
        made = str(convert(text))
    except Unfit:
        return False
    return "1900" <= made[:4] <= "2100"


@cache
def _formats() -> tuple[tuple[str, re.Pattern[str], Convert], ...]:
    """Each format, what has its form, and what finds whether it is a real day."""
    days = [(written, pattern(written), to_date(written)) for written in DATES]
    return *days, *((written, pattern(written), to_date_time(written)) for written in TIMES)


@cache
def ethnicities() -> frozenset[str]:
    """The codes of the DfE's list of ethnicities."""
    return frozenset(each["code"] for each in _profile("CodeSystem-dfe-ethnicity")["concept"])


@cache
def sexes_mapped() -> frozenset[str]:
    """The sex codes that the ConceptMap that ships with the gateway knows."""
    (group,) = _profile("ConceptMap-dfe-sex-gender")["group"]
    return frozenset(each["code"] for each in group["element"])


def _profile(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((shipped("profiles") / f"{name}.json").read_text("utf-8"))
    return found


def words(name: str) -> frozenset[str]:
    """The words of a column's name or of the last step of a path: `DateOfBirth`, `date_of_birth` alike."""
    last = name.rpartition("/")[2]
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", last)
    return frozenset(re.findall(r"[a-z0-9]+", split.lower()))


def plain(name: str) -> str:
    """The last step of a name in small letters, without what stands between: `dateofbirth`."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition("/")[2].lower())


def shape(text: str) -> str:
    """A value with its letters and digits hidden: `Aaaaaa`, `A999999999999`, `99/99/9999`."""
    return re.sub(r"[^\W\d_]", _letter, re.sub(r"\d", "9", text))[:40]


def _letter(found: re.Match[str]) -> str:
    return "A" if found[0].isupper() else "a"
