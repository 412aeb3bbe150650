# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Regionaldatenbank, classic CSV: title lines, several header rows with empty leading columns, data, a rule, notes.

Belongs here: that layout. Does not belong here: what a header means (the table's contract).
"""

from __future__ import annotations

import datetime as dt
import re

from raw.contracts import TableContract
from raw.harvest.grid import CSV_SHEET, Grid
from raw.harvest.layout import Block, LayoutFault, header_path
from raw.vocabulary.period import parse_date

READER_VERSION = "3"

_CODE = re.compile(r"^(?:GENESIS-)?Tabelle: *(\S.*)$")
_STATUS = re.compile(r"(?:Stand|created): *(\d{1,2}\.\d{1,2}\.\d{4})")
_END = "_____"
_TITLE_WITHIN = 20


def _only(grids: list[Grid]) -> Grid | None:
    grid = grids[0] if len(grids) == 1 and grids[0].sheet == CSV_SHEET else None
    return grid if grid and grid.rows and _CODE.match(grid.text(0, 0)) else None


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """Code from the first line and the title lines as one text."""
    grid = _only(grids)
    if grid is None:
        return []
    found = _CODE.match(grid.text(0, 0))
    return [{"code": found[1].strip() if found else "", "title": " ".join(_titles(grid))}]


def published_on(grids: list[Grid]) -> dt.date | None:
    """The date of retrieval at the foot of the table (`Stand: 21.03.2020 / …`)."""
    grid = _only(grids)
    for row in reversed(grid.rows[-40:] if grid else []):
        for cell in row:
            if isinstance(cell, str) and (found := _STATUS.search(cell)):
                return parse_date(found[1])
    return None


def _titles(grid: Grid) -> list[str]:
    lines = []
    for row in range(1, min(_TITLE_WITHIN, len(grid.rows))):
        if not grid.text(row, 0) or any(cell is not None for cell in grid.rows[row][1:]):
            break
        lines.append(grid.text(row, 0))
    return lines


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The one table of the file. The contract's `stubs` list names its leading columns in their order."""
    grid = _only(grids)
    if grid is None:
        raise LayoutFault("layout", f"{CSV_SHEET}!A1", "–", "GENESIS-Tabelle: …")
    titles = _titles(grid)
    first_header = 1 + len(titles)
    leading = next((c for c in range(1, grid.width) if grid.text(first_header, c)), grid.width)
    first_data = first_header
    while first_data < len(grid.rows) and not any(grid.text(first_data, c) for c in range(leading)):
        first_data += 1
    header_rows = range(first_header, first_data)
    columns = [c for c in range(grid.width) if any(grid.text(row, c) for row in header_rows)]
    if not columns:
        raise LayoutFault("layout", grid.address(first_header, 0), "–", "Kopfzeilen / header rows")
    end = next((row for row in range(first_data, len(grid.rows)) if grid.text(row, 0).startswith(_END)), None)
    faults = []
    if end is None:
        end = len(grid.rows) - 1  # the last row may be cut in the middle, so it is not read
        faults.append(LayoutFault("truncated", grid.address(end, 0), "–", f"{_END} … Stand: …"))
    names = list(table.stubs)
    if len(names) != columns[0]:
        found = f"{columns[0]}"
        raise LayoutFault("stub_missing", grid.address(first_data, 0), found, f"{len(names)}: {', '.join(names)}")
    rows = [row for row in range(first_data, end) if any(cell is not None for cell in grid.rows[row])]
    stubs = {name: grid.texts(column, rows) for column, name in enumerate(names)}
    return [
        Block(
            grid=grid,
            headers={c: header_path(grid.text(row, c) for row in header_rows) for c in range(columns[0], grid.width)},
            header_row=first_data - 1,
            rows=rows,
            stubs=stubs,
            stub_columns={name: column for column, name in enumerate(names)},
            texts=titles,
            published_on=published_on(grids),
            faults=faults,
        )
    ]
