# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Periods in the SDMX formats: `2023`, `2023-Q2`, `2023-06`, `2023-12-31`.

Belongs here: parsing what agencies write, frequency, shifting. Does not belong here: which period a table has.
"""

from __future__ import annotations

import datetime as dt
import re

_Y = r"((?:1[89]|20|21)[0-9]{2})"
_YEAR = re.compile(rf"{_Y}\Z")
_QUARTER = re.compile(rf"{_Y}-Q([1-4])\Z")
_MONTH = re.compile(rf"{_Y}-(0[1-9]|1[0-2])\Z")
_GERMAN_DATE = re.compile(rf"([0-9]{{1,2}})\.([0-9]{{1,2}})\.{_Y}\Z")
_ISO_DATE = re.compile(rf"{_Y}-([0-9]{{2}})-([0-9]{{2}})\Z")
_SCHOOL_YEAR = re.compile(rf"{_Y}/([0-9]{{2}}|[0-9]{{4}})\Z")

FREQUENCIES = {"A": "annual", "Q": "quarterly", "M": "monthly", "D": "daily"}


def frequency(period: str) -> str:
    """SDMX frequency code of a period; ValueError if it is none of the formats."""
    if _YEAR.match(period):
        return "A"
    if _QUARTER.match(period):
        return "Q"
    if _MONTH.match(period):
        return "M"
    if _ISO_DATE.match(period) and parse_date(period):
        return "D"
    raise ValueError(f"not a period: {period!r}")


def year_of(period: str) -> str:
    """The calendar year in which a period lies."""
    frequency(period)
    return period[:4]


def shift(period: str, years: int) -> str:
    """The same period some years later (negative: earlier); the 29th of February falls on the 28th in other years."""
    moved = f"{int(year_of(period)) + years:04d}{period[4:]}"
    if period.endswith("-02-29") and parse_date(moved) is None:
        moved = f"{moved[:4]}-02-28"
    frequency(moved)
    return moved


def parse_date(text: str) -> dt.date | None:
    """A date as agencies write it (`31.12.2020`, `2013-12-31`), or None."""
    for pattern, order in ((_GERMAN_DATE, (3, 2, 1)), (_ISO_DATE, (1, 2, 3))):
        if found := pattern.match(text.strip()):
            try:
                return dt.date(*(int(found.group(i)) for i in order))
            except ValueError:
                return None
    return None


def parse_period(text: str, granularity: str = "year") -> str | None:
    """The period that a text in a delivery means, or None.

    `granularity` says what a full date stands for: `year` (annual figure with a reference date), `quarter`, `month`.
    A school year (`2022/23`) is named after the year in which it begins. What the table cannot know, such as the
    quarter of a bare year, is not made up: the coarser period stays.
    """
    text = text.strip().removesuffix(".0")
    if _YEAR.match(text) or _QUARTER.match(text) or _MONTH.match(text):
        return text
    if found := _SCHOOL_YEAR.match(text):
        begin, end = found.groups()
        return begin if int(end) in (int(begin) + 1, (int(begin) + 1) % 100) else None
    if (date := parse_date(text)) is None:
        return None
    if granularity == "year":
        return f"{date.year:04d}"
    if granularity == "quarter":
        return f"{date.year:04d}-Q{(date.month + 2) // 3}"
    if granularity == "month":
        return f"{date.year:04d}-{date.month:02d}"
    raise ValueError(f"unknown granularity: {granularity!r}")
