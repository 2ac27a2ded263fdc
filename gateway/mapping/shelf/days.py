"""Days and moments: texts to dates, and dates to less of them."""

from gateway.mapping import dates
from gateway.mapping.memo import Convert
from gateway.mapping.shelf.function import CALENDAR, TEXT, TEXTUAL, Function, Misused, always


def _plus_years(count: str) -> Convert:
    if not count.isdecimal():
        raise Misused("takes a whole number")
    return dates.plus_years(int(count))


def _born_within(years: str) -> Convert:
    if not years.isdecimal() or not 0 < int(years) < 200:
        raise Misused("takes a whole number of years")
    return dates.born_within(int(years))


DAYS: tuple[Function, ...] = (
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
        TEXT,
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
        TEXT,
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
        always(lambda text: text[:7]),
        CALENDAR,
        "partialDate",
        "yearMonth()",
        "Only the year and month of a date, to say less.",
        ("2012-03-04", "2012-03"),
        plain=True,
    ),
    Function(
        "year",
        always(lambda text: text[:4]),
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
        "bornWithin",
        _born_within,
        TEXT,
        "date",
        "(dob.date() & '/' & run.received).bornWithin(26)",
        "The first of two days. It is kept, with a warning, where it is after the other, or more than so "
        "many years before it.",
        ("2012-03-04/2026-01-01", "2012-03-04"),
        1,
        1,
        plain=True,
        doubts=True,
    ),
)
