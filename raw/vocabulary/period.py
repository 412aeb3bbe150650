# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Periods in the SDMX formats: `2023`, `2023-S1`, `2023-Q2`, `2023-06`, `2023-W05`, `2023-12-31`, `2019-01-01/P3Y`.

Belongs here: parsing what agencies write, frequency, first and last day, shifting, which periods make another one.
Does not belong here: which period a table has, and what a figure of a longer period is made of (`relations`).

The year stands first in every format. A span (`start/PnY`) is for pooled years (`2019-01-01/P3Y`: 2019 to 2021) and
for years that do not begin in January (`2022-08-01/P1Y`: the school year 2022/23). Weeks are ISO weeks; their year
is the ISO year, which a few days at its ends do not share with the calendar.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from raw.vocabulary.lists import lists

_Y = r"((?:1[89]|20|21)[0-9]{2})"
_YEAR = re.compile(rf"{_Y}\Z")
_SEMESTER = re.compile(rf"{_Y}-S([12])\Z")
_QUARTER = re.compile(rf"{_Y}-Q([1-4])\Z")
_MONTH = re.compile(rf"{_Y}-(0[1-9]|1[0-2])\Z")
_WEEK = re.compile(rf"{_Y}-W(0[1-9]|[1-4][0-9]|5[0-3])\Z")
_GERMAN_DATE = re.compile(rf"([0-9]{{1,2}})([._])([0-9]{{1,2}})\2{_Y}\Z")
MONTHS_DE = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)
"""German names of the months, in their order."""
_ISO_DATE = re.compile(rf"{_Y}-([0-9]{{2}})-([0-9]{{2}})\Z")
_LOW_DATE = re.compile(rf"{_Y}_([0-9]{{2}})_([0-9]{{2}})\Z")
_COMPACT = re.compile(rf"{_Y}(0[1-9]|1[0-2])\Z")
_MONTH_NAME = re.compile(rf"(?:([0-9]{{1,2}})\. ?)?([A-ZJ][a-zä]{{2,8}})\.? {_Y}\Z")
_SPAN = re.compile(rf"({_Y}-[0-9]{{2}}-[0-9]{{2}})/P([1-9][0-9]?)Y\Z")
_SCHOOL_YEAR = re.compile(rf"{_Y}/([0-9]{{2}}|[0-9]{{4}})\Z")
_NAMED = (
    (re.compile(rf"{_Y} ([1-4])\. ?(?:Quartal|Vierteljahr)\Z"), "{0}-Q{1}"),
    (re.compile(rf"([1-4])\. ?(?:Quartal|Vierteljahr) {_Y}\Z"), "{1}-Q{0}"),
    (re.compile(rf"{_Y} KW ?([0-9]{{1,2}})\Z"), "{0}-W{1:0>2}"),
    (re.compile(rf"KW ?([0-9]{{1,2}}) {_Y}\Z"), "{1}-W{0:0>2}"),
)

FREQUENCIES: dict[str, str] = {code: entry["en"] for code, entry in lists()["freq"].items()}
"""SDMX frequency codes (`lists.yml`) and what they are called."""

SCHOOL_YEAR_MONTH: int = lists()["years"]["school"]["month"]
"""The month in which a school year begins."""

PERIOD_PATTERN = r"^\d{4}(-S[12]|-Q[1-4]|-W\d\d|-(0[1-9]|1[0-2])(-\d\d(/P\d{1,2}Y)?)?)?$"
"""The formats as one regular expression, for columns; `frequency` is stricter (no week 53 where there is none)."""

_MONTHS = {"S": 6, "Q": 3, "M": 1}
_FINER = {"S": "S", "Q": "Q"}
_DAY = dt.timedelta(days=1)


def frequency(period: str) -> str:
    """SDMX frequency code of a period; ValueError if it is none of the formats.

    A span of one year is annual (A), one of several years has their number (A3).
    """
    if _YEAR.match(period):
        return "A"
    if _QUARTER.match(period):
        return "Q"
    if _MONTH.match(period):
        return "M"
    if _ISO_DATE.match(period) and parse_date(period):
        return "D"
    if _SEMESTER.match(period):
        return "S"
    if (week := _WEEK.match(period)) and _monday(int(week[1]), int(week[2])):
        return "W"
    if (span := _SPAN.match(period)) and parse_date(span[1]) and int(span[2]) + int(span[3]) <= 2200:
        code = "A" if span[3] == "1" else f"A{span[3]}"
        if code in FREQUENCIES:
            return code
    raise ValueError(f"not a period: {period!r}")


def _monday(year: int, week: int) -> dt.date | None:
    try:
        return dt.date.fromisocalendar(year, week, 1)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def year_of(period: str) -> str:
    """The calendar year in which a period lies (a week: its ISO year), or in which it begins (a span)."""
    frequency(period)
    return period[:4]


def bounds(period: str) -> tuple[dt.date, dt.date]:
    """First and last day of a period, both included."""
    code = frequency(period)
    year = int(period[:4])
    if code == "D":
        day = dt.date.fromisoformat(period)
        return day, day
    if code == "W":
        monday = dt.date.fromisocalendar(year, int(period[6:]), 1)
        return monday, monday + 6 * _DAY
    if code in _MONTHS:
        length = _MONTHS[code]
        number = int(period[5:].lstrip("SQ"))
        return _month(year, (number - 1) * length), _month(year, number * length) - _DAY
    if "/" not in period:
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    first, years = dt.date.fromisoformat(period[:10]), int(period[12:-1])
    return first, _in_year(first, year + years) - _DAY


def _month(year: int, months: int) -> dt.date:
    """The first day of the month that begins `months` months after the year."""
    return dt.date(year + months // 12, months % 12 + 1, 1)


def _in_year(day: dt.date, year: int) -> dt.date:
    return dt.date(year, 2, 28) if (day.month, day.day) == (2, 29) and not _leap(year) else day.replace(year=year)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def start_date(period: str) -> dt.date:
    """The first day of a period."""
    return bounds(period)[0]


def end_date(period: str) -> dt.date:
    """The last day of a period."""
    return bounds(period)[1]


def sort_key(period: str) -> tuple[dt.date, int, str]:
    """Orders periods by their first day, longer ones first: a year stands before its quarters and months."""
    first, last = bounds(period)
    return first, -(last - first).days, period


def contains(outer: str, inner: str) -> bool:
    """Whether every day of one period lies in the other; a period contains itself."""
    (first, last), (inner_first, inner_last) = bounds(outer), bounds(inner)
    return first <= inner_first and inner_last <= last


def parts(period: str, code: str) -> tuple[str, ...]:
    """The periods of a finer frequency that together are exactly this one, in order; ValueError if none are.

    The quarters of a year, the months of a school year, the years of a pooled span. Weeks make no month or year.
    """
    first, last = bounds(period)
    found: list[str] = []
    day = first
    while day <= last:
        part = period_at(day, code)
        begins, ends = bounds(part)
        if begins != day or ends > last:
            raise ValueError(f"{period!r} is not made of periods of frequency {code!r}")
        found.append(part)
        day = ends + _DAY
    return tuple(found)


def period_at(day: dt.date, code: str) -> str:
    """The period of a frequency (A, S, Q, M, W, D) in which a day lies."""
    if code == "A":
        return f"{day.year:04d}"
    if code in _FINER:
        return f"{day.year:04d}-{code}{(day.month - 1) // _MONTHS[code] + 1}"
    if code == "M":
        return f"{day.year:04d}-{day.month:02d}"
    if code == "W":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if code == "D":
        return day.isoformat()
    raise ValueError(f"unknown frequency: {code!r}")


def span(first: dt.date, years: int) -> str:
    """The span of some years from a day on: `2019-01-01/P3Y`; ValueError if that is no period."""
    period = f"{first.isoformat()}/P{years}Y"
    frequency(period)
    return period


def pooled(last_year: str, years: int) -> str:
    """The span of calendar years that ends with a year: (2021, 3) is `2019-01-01/P3Y`; one year is that year."""
    frequency(last_year)
    return span(dt.date(int(last_year) - years + 1, 1, 1), years) if years != 1 else last_year


def school_year(year: str | int) -> str:
    """The school year that begins in a year: 2022 is `2022-08-01/P1Y`."""
    return span(dt.date(int(year), SCHOOL_YEAR_MONTH, 1), 1)


def shift(period: str, years: int) -> str:
    """The same period some years later (negative: earlier).

    The 29th of February falls on the 28th in other years, and week 53 on week 52.
    """
    moved = f"{int(year_of(period)) + years:04d}{period[4:]}"
    if period[4:10] == "-02-29" and parse_date(moved[:10]) is None:
        moved = f"{moved[:4]}-02-28{moved[10:]}"
    if period[4:] == "-W53" and _monday(int(moved[:4]), 53) is None:
        moved = f"{moved[:4]}-W52"
    frequency(moved)
    return moved


def parse_date(text: str) -> dt.date | None:
    """A date as agencies write it (`31.12.2020`, `31_12_2020`, `2013-12-31`, `3. Januar 2025`), or None."""
    if (named := _MONTH_NAME.match(text.strip())) and named[1] and (month := _month_number(named[2])):
        text = f"{named[1]}.{month}.{named[3]}"
    for pattern, order in ((_GERMAN_DATE, (4, 3, 1)), (_ISO_DATE, (1, 2, 3)), (_LOW_DATE, (1, 2, 3))):
        if found := pattern.match(text.strip()):
            try:
                return dt.date(*(int(found.group(i)) for i in order))
            except ValueError:
                return None
    return None


def _month_number(name: str) -> int | None:
    """The number of a month whose name is written out or abbreviated (`Dez`, `Sept`, `März`)."""
    return next((n for n, month in enumerate(MONTHS_DE, 1) if name in (month, month[:3], month[:4])), None)


def parse_period(text: str, granularity: str = "year") -> str | None:
    """The period that a text in a delivery means, or None.

    `granularity` says what a full date stands for: `year` (annual figure with a reference date), `quarter`, `month`,
    `week` or `school_year`. A school year (`2022/23`) is named after the year in which it begins; with the granularity
    `school_year` it becomes the span `2022-08-01/P1Y`. What the table cannot know, such as the quarter of a bare
    year, is not made up: the coarser period stays.
    """
    text = text.strip().removesuffix(".0")
    if _YEAR.match(text) or _QUARTER.match(text) or _MONTH.match(text):
        return text
    if found := _SCHOOL_YEAR.match(text):
        begin, end = found.groups()
        if int(end) not in (int(begin) + 1, (int(begin) + 1) % 100):
            return None
        return school_year(begin) if granularity == "school_year" and int(begin) < 2199 else begin
    if (named := _MONTH_NAME.match(text)) and named[1] is None and (month := _month_number(named[2])):
        return f"{named[3]}-{month:02d}"
    if compact := _COMPACT.match(text):
        return parse_period(f"{compact[1]}-{compact[2]}-01", granularity)
    if (date := parse_date(text)) is None:
        return _as_written(text)
    if granularity == "year":
        return f"{date.year:04d}"
    if granularity == "quarter":
        return f"{date.year:04d}-Q{(date.month + 2) // 3}"
    if granularity == "month":
        return f"{date.year:04d}-{date.month:02d}"
    if granularity in ("week", "calendar_week"):
        return period_at(date, "W")
    if granularity == "school_year":
        begins = date.year if date.month >= SCHOOL_YEAR_MONTH else date.year - 1
        return school_year(begins) if 1800 <= begins < 2199 else None
    raise ValueError(f"unknown granularity: {granularity!r}")


def _as_written(text: str) -> str | None:
    """A text that is one of the formats already, or a quarter or week by name (`2013 1.Quartal`, `KW 5 2014`)."""
    for pattern, wording in _NAMED:
        if found := pattern.match(text):
            text = wording.format(*found.groups())
    try:
        return text if frequency(text) else None
    except ValueError:
        return None
