"""Dates as files write them, each in a format the mapping states: real calendar days only, no guessing.

A format is written with `yyyy MM M MMM dd d HH mm ss SSS XXX`; what stands between is taken literally,
letters but `T` in single quotes. `zz` stands for the two letters that SSDA903 writes for a day or month
nobody knows.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from gateway.mapping.memo import Convert, Doubtful, Unfit
from gateway.problems.record import RECORD_DATE, RECORD_DOUBTFUL_DATE, RECORD_TIME

_TOKEN = re.compile(r"yyyy|MMM|MM|M|dd|d|HH|mm|ss|SSS|XXX|zz|T|'[^']*'|[^A-Za-z']")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PATTERNS = {
    "yyyy": "(?P<year>[0-9]{4})",
    "MMM": "(?P<name>[A-Za-z]{3})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "dd": "(?P<day>[0-9]{2})",
    "d": "(?P<day>[0-9]{1,2})",
    "HH": "(?P<hour>[0-9]{2})",
    "mm": "(?P<minute>[0-9]{2})",
    "ss": "(?P<second>[0-9]{2})",
    "SSS": "(?P<fraction>[0-9]{1,6})",
    "XXX": "(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})",
    "zz": "[zZ]{2}",
}
_TWO_DIGITS = (
    "a year needs four digits (yyyy). Where the file has two, say the century: "
    "(x.substring(0, 6) & '20' & x.substring(6)).date('dd/MM/yyyy')"
)
_UNKNOWN_ALLOWED = {"MM": "(?P<month>[0-9]{2}|[zZ]{2})", "dd": "(?P<day>[0-9]{2}|[zZ]{2})"}


class FormatError(ValueError):
    """A format that is not one; `reason` says why."""

    def __init__(self, written: str, reason: str) -> None:
        super().__init__(reason)
        self.written = written
        self.reason = reason


def pattern(written: str, *needs: str, partial: bool = False) -> re.Pattern[str]:
    """Return what recognises a text in the format `written`.

    Args:
        written: such as `dd/MM/yyyy`.
        needs: the parts it must have (`year`, `month`, `day`, `hour`, `minute`).
        partial: accept `zz` for the day and the month.

    Raises:
        FormatError: a letter that means nothing, a part twice or missing, a year of two digits.
    """
    parts, at = [], 0
    while at < len(written):
        found = _TOKEN.match(written, at)
        if not found:
            two = written[at:].startswith("yy")
            reason = _TWO_DIGITS if two else f"{written[at]} means nothing here"
            raise FormatError(written, reason)
        token = found.group()
        known = (_UNKNOWN_ALLOWED.get(token) if partial else None) or _PATTERNS.get(token)
        parts.append(known or re.escape(token.strip("'") if len(token) > 1 else token))
        at = found.end()
    try:
        made = re.compile("".join(parts))
    except re.error:
        raise FormatError(written, "a part stands twice") from None
    present = {"month" if name == "name" else name for name in made.groupindex}
    if missing := [name for name in needs if name not in present]:
        raise FormatError(written, f"the {missing[0]} is missing")
    return made


def to_date(*formats: str) -> Convert:
    """A converter to a FHIR date: the first of `formats` that gives a real day wins."""
    patterns = [pattern(written, "year", "month", "day") for written in formats]
    shown = " or ".join(formats)

    def convert(text: str) -> str:
        if not text:
            return ""
        for each in patterns:
            if (found := each.fullmatch(text)) and (day := _day(found)):
                return day.isoformat()
        raise Unfit(RECORD_DATE, format=shown)

    return convert


def to_partial_date(*formats: str) -> Convert:
    """A converter to a FHIR date of which the day, or the day and the month, may be unknown (`zz`)."""
    patterns = [pattern(written, "year", partial=True) for written in formats]
    shown = " or ".join(formats)

    def convert(text: str) -> str:
        if not text:
            return ""
        for each in patterns:
            if (found := each.fullmatch(text)) and (made := _partial(found)):
                return made
        raise Unfit(RECORD_DATE, format=shown)

    return convert


def to_date_time(written: str, zone: str = "Europe/London") -> Convert:
    """A converter to a FHIR dateTime with its offset.

    Args:
        written: the format; with `XXX` the text says its own offset.
        zone: where the clock hung that the text was read from: a name of the tz database, or `Z`.
    """
    recognise = pattern(written, "year", "month", "day", "hour", "minute")
    clock = _zone(written, zone)

    def convert(text: str) -> str:
        if not text:
            return ""
        found = recognise.fullmatch(text)
        made = _moment(found, clock) if found else None
        if made is None:
            raise Unfit(RECORD_TIME, format=written)
        return made.isoformat().replace("+00:00", "Z") if made.tzinfo is UTC else made.isoformat()

    return convert


def born_within(years: int) -> Convert:
    """A converter of `day/other day` to the first: `Doubtful` where it is after the other, or more than so
    many years before it.
    """
    earlier = plus_years(-years)

    def convert(text: str) -> str:
        born, _, seen = text.partition("/")
        if not born:
            return ""
        if not all(len(day) == 10 and is_real("date", day) for day in (born, seen or born)):
            raise Unfit(RECORD_DATE, format="yyyy-MM-dd")
        if seen and not (int(seen[:4]) > years and earlier(seen) <= born <= seen):
            return Doubtful(born, RECORD_DOUBTFUL_DATE)
        return born

    return convert


def is_real(kind: str, text: str) -> bool:
    """Whether a literal `text` is a FHIR `kind` (date, dateTime, instant, time) that the calendar has."""
    found = _LITERALS[kind].fullmatch(text)
    if not found:
        return False
    parts = {name.lstrip("_"): text for name, text in found.groupdict().items() if text}
    try:
        date(int(parts.get("year", 1)), int(parts.get("month", 1)), int(parts.get("day", 1)))
    except ValueError:
        return False
    return True


_DATE = r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?"
_FULL = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
_LITERALS = {
    "date": re.compile(_DATE),
    "dateTime": re.compile(f"{_FULL}T{_CLOCK}{_OFFSET}|{_DATE.replace('P<', 'P<__')}"),
    "instant": re.compile(f"{_FULL}T{_CLOCK}{_OFFSET}"),
    "time": re.compile(_CLOCK),
}


def _day(found: re.Match[str]) -> date | None:
    parts = found.groupdict()
    try:
        return date(int(parts["year"]), _month(parts), int(parts["day"]))
    except ValueError:
        return None


def _month(parts: dict[str, str | None]) -> int:
    name = parts.get("name")
    return _MONTHS.index(name.lower()) + 1 if name else int(parts["month"] or 0)


def _partial(found: re.Match[str]) -> str:
    """Year, year and month, or day; "" where the calendar or common sense says no."""
    parts = found.groupdict()
    year, day = parts["year"] or "", parts.get("day") or "zz"
    unknown = not parts.get("name") and (parts.get("month") or "zz").lower() == "zz"
    try:
        if unknown:
            return year if day.lower() == "zz" and int(year) else ""
        if day.lower() == "zz":
            return date(int(year), _month(parts), 1).isoformat()[:7]
        return date(int(year), _month(parts), int(day)).isoformat()
    except ValueError:
        return ""


def _zone(written: str, zone: str) -> tzinfo:
    if zone == "Z":
        return UTC
    try:
        return ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        raise FormatError(written, f"{zone} is not a time zone") from None


def _moment(found: re.Match[str], clock: tzinfo) -> datetime | None:
    parts = found.groupdict()
    offset = parts.get("zone")
    if offset:
        clock = UTC if offset == "Z" else _offset(offset)
    try:
        return datetime(
            int(parts["year"] or 0),
            _month(parts),
            int(parts["day"] or 0),
            int(parts["hour"] or 0),
            int(parts["minute"] or 0),
            int(parts.get("second") or 0),
            tzinfo=clock,
        )
    except ValueError:
        return None


def _offset(text: str) -> tzinfo:
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def plus_years(years: int) -> Convert:
    """So many years after a day; the last of February stands for a 29th that is not there."""

    def convert(text: str) -> str:
        if not text:
            return ""
        moved = int(text[:4]) + years
        if moved > 9999:
            raise Unfit(RECORD_DATE, format="a year of four digits")
        if text[4:] == "-02-29" and not is_real("date", f"{moved:04d}-02-29"):
            return f"{moved:04d}-02-28"
        return f"{moved:04d}{text[4:]}"

    return convert
