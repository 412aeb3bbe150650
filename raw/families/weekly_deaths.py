# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Deaths per calendar week of the statistical offices of the Länder: weeks in rows, Kreise in columns.

Belongs here: that layout in the offices' variants (years in a column or as bands, keys above, below or without names).
Does not belong here: which Land a table is about and whether its years are those of ISO 8601 (the contract).
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache

from raw.contracts import TableContract
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault, merged_headers

READER_VERSION = "2"

_CODE = "Sterbefälle je Kalenderwoche"
_HEADER_WITHIN = 12
_WEEK_HEADER = re.compile(r"Kalender-?\s*woche")
_YEAR_HEADER = re.compile(r"(?:Berichts-?)?jahr", re.IGNORECASE)
_WEEK = re.compile(r"(?:KW ?)?(\d{1,2})")
_BAND = re.compile(r"Jahr (\d{4})")
_WHOLE_YEAR = "insgesamt"


def _week_header(grid: Grid) -> tuple[int, int] | None:
    """Row and column of the header of the weeks."""
    for row in range(min(_HEADER_WITHIN, len(grid.rows))):
        for column in range(min(2, grid.width)):
            if _WEEK_HEADER.fullmatch(grid.text(row, column)):
                return row, column
    return None


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """`Sterbefälle je Kalenderwoche` with the lines above the table, where a sheet has weeks in rows."""
    return [
        {"code": _CODE, "title": " ".join(_texts(grid, header[0]))} for grid in grids if (header := _week_header(grid))
    ]


def published_on(grids: list[Grid]) -> dt.date | None:
    """Always None: the tables do not say when they were made."""
    return None


def _texts(grid: Grid, top: int) -> list[str]:
    return [text for row in range(top) if (text := " ".join(grid.text(row, 0).split()))]


@cache
def _calendar_week(year: int, week: int) -> tuple[str, bool]:
    """The ISO week that the days of a calendar year with this number lie in, and whether they are all of its days."""
    days = (dt.date(year, 1, 1) + dt.timedelta(days=day) for day in range(366))
    years = [day.isocalendar().year for day in days if day.year == year and day.isocalendar().week == week]
    own = year if year in years else next(iter(years), year)
    return f"{own}-W{week:02d}", years == [year] * 7


def _period(year: str, iso_year: str | None, week: str, of_calendar: bool) -> tuple[str, str]:
    """Period and reporting year: the latter where the figure is only the part of a week that lies in that year."""
    found = _WEEK.fullmatch(week)
    if week.lower() == _WHOLE_YEAR or not (found and year.isdigit()):
        return (year if week.lower() == _WHOLE_YEAR else f"{year} {week}"), "total"
    number = int(found[1])
    if iso_year is None and not of_calendar:
        return f"{year}-W{number:02d}", "total"
    period, whole = _calendar_week(int(year), number)
    if iso_year is not None:
        period = f"{iso_year}-W{number:02d}"
    return period, "total" if whole else year


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The sheet with weeks in rows; the areas stand in the header paths."""
    found = [(grid, header) for grid in grids if (header := _week_header(grid))]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", "Kalenderwoche")
    grid, (top, week) = found[0]
    weeks = [r for r in range(top + 1, len(grid.rows)) if _is_week(grid.text(r, week))]
    if not weeks:
        raise LayoutFault("no_rows", grid.address(top, week), "–")
    header_rows = range(top, min(weeks))
    iso = next((r for r in header_rows if r > top and _YEAR_HEADER.fullmatch(grid.text(r, week + 1))), None)
    first = week + 1 if iso is None else week + 2
    above = next((r for r in range(top) if any(grid.text(r, c) for c in range(first, grid.width))), top)
    # Where a second year says which ISO week it is, its stub has another name, which the contract then expects.
    name_of_period = "period" if iso is None else "iso_week"
    rows: list[int] = []
    stubs: dict[str, list[str]] = {name_of_period: [], "reporting_year": []}
    faults: list[LayoutFault] = []
    band = ""
    for row in range(top + 1, len(grid.rows)):
        if found_band := _BAND.fullmatch(grid.text(row, 0)):
            band = found_band[1]
        elif row in set(weeks):
            rows.append(row)
            year = band if week == 0 else grid.text(row, 0)
            iso_year = None if iso is None else grid.text(row, week + 1)
            of_calendar = table.period is not None and table.period.format == "calendar_week"
            for name, text in zip(stubs, _period(year, iso_year, grid.text(row, week), of_calendar), strict=True):
                stubs[name].append(text)
        elif row > min(weeks) and any(grid.text(row, column) for column in range(first, grid.width)):
            faults.append(LayoutFault("layout", grid.address(row, week), "–", "Kalenderwoche"))
    return [
        Block(
            grid=grid,
            headers=merged_headers(grid, range(above, min(weeks)), range(first, grid.width), _line),
            header_row=top,
            rows=rows,
            stubs=stubs,
            stub_columns=dict.fromkeys(stubs, week),
            texts=_texts(grid, top),
            faults=faults,
        )
    ]


def _is_week(text: str) -> bool:
    return bool(_WEEK.fullmatch(text)) or text.lower() == _WHOLE_YEAR


def _line(segment: str) -> str:
    return " ".join(segment.split())
