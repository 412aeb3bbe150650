# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""GENESIS databases, workbook: titles, merged headers, reference dates as bands above their rows, a rule, notes.

Belongs here: that layout. Does not belong here: what a header means (the table's contract).
"""

from __future__ import annotations

import datetime as dt
import re

from raw.contracts import TableContract
from raw.harvest.grid import CSV_SHEET, Grid
from raw.harvest.layout import Block, LayoutFault, matches, merged_headers
from raw.vocabulary.period import parse_date

READER_VERSION = "1"

_END = "_____"
_STATUS = re.compile(r"Stand: *(\d{1,2}\.\d{1,2}\.\d{4})")
_TITLE_WITHIN = 12
_BAND = "period"


def _stated(grid: Grid) -> dt.date | None:
    """The date of retrieval, with which the notes of every export end."""
    for row in reversed(range(len(grid.rows))):
        if found := _STATUS.search(grid.text(row, 0)):
            return parse_date(found[1])
    return None


def _titles(grid: Grid) -> list[str]:
    """The lines above the table, which fill the first column only."""
    lines = []
    for row in range(min(_TITLE_WITHIN, len(grid.rows))):
        if not grid.text(row, 0) or any(grid.text(row, column) for column in range(1, grid.width)):
            break
        lines.append(" ".join(grid.text(row, 0).split()))
    return lines


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """Code (name of the sheet) and title of each sheet with titles and a date of retrieval."""
    sheets = [(grid, _titles(grid)) for grid in grids if grid.sheet != CSV_SHEET]
    return [{"code": grid.sheet, "title": " ".join(titles)} for grid, titles in sheets if titles and _stated(grid)]


def published_on(grids: list[Grid]) -> dt.date | None:
    """The date of retrieval at the foot of the table."""
    return next((date for grid in grids if (date := _stated(grid))), None)


def _leads(grid: Grid, row: int) -> bool:
    return bool(grid.text(row, 0)) and not any(grid.text(row, column) for column in range(1, grid.width))


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The sheet of the table. `stubs` of the contract name its leading columns; a band above rows is their `period`."""
    found = [grid for grid in grids if any(matches(table.detect, entry) for entry in identify([grid]))]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", "Titel … Stand: …")
    return [_block(grid, table) for grid in found]


def _block(grid: Grid, table: TableContract) -> Block:
    titles = _titles(grid)
    top = len(titles)
    first_data = next((row for row in range(top + 1, len(grid.rows)) if grid.text(row, 0)), len(grid.rows))
    header_rows = range(top, first_data)
    columns = [c for c in range(1, grid.width) if any(grid.text(row, c) for row in header_rows)]
    if not columns:
        raise LayoutFault("layout", grid.address(top, 0), "–", "Kopfzeilen / header rows")
    names = [name for name in table.stubs if name != _BAND]
    if len(names) != columns[0]:
        raise LayoutFault("stub_missing", grid.address(first_data, 0), f"{columns[0]}", f"{', '.join(names)}")
    end = next((row for row in range(first_data, len(grid.rows)) if grid.text(row, 0).startswith(_END)), None)
    faults = []
    if end is None:
        end = len(grid.rows)
        faults.append(LayoutFault("truncated", grid.address(end - 1, 0), "–", f"{_END} … Stand: …"))
    rows, bands, band = [], [], ""
    for row in range(first_data, end):
        if _leads(grid, row):
            band = grid.text(row, 0)
        elif any(grid.text(row, column) for column in range(grid.width)):
            rows.append(row)
            bands.append(band)
    stubs = {name: [grid.text(row, column) for row in rows] for column, name in enumerate(names)}
    if _BAND in table.stubs:
        stubs[_BAND] = bands
    return Block(
        grid=grid,
        headers=merged_headers(grid, header_rows, range(columns[0], grid.width)),
        header_row=first_data - 1,
        rows=rows,
        stubs=stubs,
        stub_columns={_BAND: 0, **{name: column for column, name in enumerate(names)}},
        texts=titles,
        published_on=published_on([grid]),
        faults=faults,
    )
