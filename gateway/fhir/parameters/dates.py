"""Dates and times, each as the span its precision allows: 2015-03 is all of March.

A date has no zone of its own; a day begins and ends in ZONE, for the index and for questions alike. Times
with an offset are exact.

Source: https://hl7.org/fhir/R4/search.html#date
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from gateway.fhir.parameters.context import Asked, prefixed, refused
from gateway.fhir.query import FOREVER, Span, Value

ZONE = ZoneInfo("Europe/London")

_WRITTEN = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,12}))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_EPOCH = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000
_UNITS_MS = {"minute": 60_000, "second": 1000}
_APPROXIMATE = 0.1


@lru_cache(maxsize=65536)
def span(text: str) -> Span:
    """The span of a date, dateTime or instant of any precision, as [low, high) in milliseconds.

    Raises:
        ValueError: it is not one, or names a day or hour that does not exist.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError("not a date")
    year, month, day = (int(found[part] or 1) for part in ("year", "month", "day"))
    first = date(year, month, day).toordinal()
    if found["hour"] is not None:
        return _moment(found, first)
    if found["day"]:
        return Span(_midnight(first), _midnight(first + 1))
    if found["month"]:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    else:
        year, month = year + 1, 1
    after = date(9999, 12, 31).toordinal() + 1 if year > 9999 else date(year, month, 1).toordinal()
    return Span(_midnight(first), _midnight(after))


def written(value: Any) -> Iterator[Span]:
    """A date, dateTime or instant; nothing for a text that is none (R4 lets some elements be either)."""
    try:
        yield span(value)
    except ValueError:
        return


def period(value: Any) -> Iterator[Span]:
    """A Period, for ever where an end is missing."""
    starts = list(written(value.get("start", "")))
    ends = list(written(value.get("end", "")))
    if starts or ends:
        low = starts[0].low if starts else FOREVER.low
        high = ends[0].high if ends else FOREVER.high
        yield Span(low, max(low, high))


def timing(value: Any) -> Iterator[Span]:
    """A Timing: from its first event to its last, and the period that bounds its repetition."""
    events = [each for text in value.get("event") or () if text for each in written(text)]
    bounds = (value.get("repeat") or {}).get("boundsPeriod")
    if bounds is not None:
        events += period(bounds)
    if events:
        yield Span(min(each.low for each in events), max(each.high for each in events))


def _none(value: Any) -> Iterable[Span]:
    """An age or a text says no date."""
    return ()


ENTRIES: Mapping[str, Callable[[Any], Iterable[Span]]] = {
    "date": written,
    "dateTime": written,
    "instant": written,
    "string": written,
    "Period": period,
    "Timing": timing,
    "Age": _none,
    "Range": _none,
}


def read(text: str, asked: Asked) -> tuple[Value, ...]:
    """The date asked for; with `ap` a tenth of its distance from now is added at both ends.

    Raises:
        Refused: `search.value`.
    """
    prefix, rest = prefixed(text)
    try:
        found = span(rest.strip().replace(" ", "+"))
    except ValueError:
        example = "2015, 2015-03, 2015-03-31 or 2015-03-31T10:00:00Z, with a prefix such as ge or without"
        raise refused(text, "a date", example) from None
    if prefix == "ap":
        margin = int(abs(asked.context.now_ms - (found.low + found.high) // 2) * _APPROXIMATE)
        found = Span(found.low - margin, found.high + margin)
    return (Value(found, prefix, text),)


@lru_cache(maxsize=65536)
def _midnight(ordinal: int) -> int:
    """The moment a day begins in ZONE."""
    plain = (ordinal - _EPOCH) * _DAY_MS
    if not 1 < ordinal <= date.max.toordinal():
        return plain
    return plain - _offset_ms(datetime.combine(date.fromordinal(ordinal), time(), ZONE))


def _moment(found: re.Match[str], ordinal: int) -> Span:
    """The span of a text with a time: a minute, a second, or a millisecond."""
    second = min(int(found["second"] or 0), 59 if found["second"] == "60" else 60)
    at = time(int(found["hour"]), int(found["minute"]), second)
    low = (ordinal - _EPOCH) * _DAY_MS + (at.hour * 3600 + at.minute * 60 + at.second) * 1000
    low -= _zone_ms(found["zone"], datetime.combine(date.fromordinal(ordinal), at))
    if found["fraction"] is not None:
        low += int(found["fraction"].ljust(3, "0")[:3])
        return Span(low, low + 1)
    return Span(low, low + _UNITS_MS["minute" if found["second"] is None else "second"])


def _zone_ms(zone: str | None, local: datetime) -> int:
    if zone is None:
        return _offset_ms(local.replace(tzinfo=ZONE))
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError("no such zone")
    return (hours * 60 + minutes) * (-60_000 if zone[0] == "-" else 60_000)


def _offset_ms(at: datetime) -> int:
    offset = at.utcoffset() or timedelta()
    return int(offset.total_seconds() * 1000)
