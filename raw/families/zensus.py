# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Regionaltabelle of the census: sheets whose header begins with the ARS, merged headers, notes below the rows.

Belongs here: that layout. Does not belong here: the tidy sheet of the same workbook (`destatis_csv`).
"""

from __future__ import annotations

import datetime as dt
import re

from raw.contracts import TableContract
from raw.harvest.faults import describe
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault, matches, merged_headers

READER_VERSION = "1"

_HEADER_WITHIN = 12
_ARS = re.compile(r"Amtlicher\s+Regionalschlüssel")
_KEY = re.compile(r"\d{2,12}")
_STUBS = {"area": "Amtlicher Regionalschlüssel (ARS)", "area_name": "Name", "level": "Regionalebene"}
_NOTE_MARK = re.compile(r"\*+$")


def _header(grid: Grid) -> int | None:
    return next(
        (row for row in range(min(_HEADER_WITHIN, len(grid.rows))) if _ARS.match(grid.text(row, 0))),
        None,
    )


def _clean(segment: str) -> str:
    """A header cell without line breaks and without the asterisks of its notes."""
    return _NOTE_MARK.sub("", " ".join(segment.split()))


def _headers(grid: Grid, top: int, first_data: int) -> dict[int, str]:
    return merged_headers(grid, range(top, first_data), range(grid.width), _clean)


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """Title lines and header paths of each sheet of the census that begins with the ARS."""
    found = []
    for grid in grids:
        if (top := _header(grid)) is not None:
            paths = _headers(grid, top, _first_data(grid, top)).values()
            found.append({"code": grid.sheet, "title": " ".join(_texts(grid, top)), "columns": "; ".join(paths)})
    return found


def published_on(grids: list[Grid]) -> dt.date | None:
    """Always None: the workbook names the year of its copyright only."""
    return None


def _texts(grid: Grid, top: int) -> list[str]:
    return [" ".join(grid.text(row, 0).split()) for row in range(top)]


def _first_data(grid: Grid, top: int) -> int:
    return next((row for row in range(top + 1, len(grid.rows)) if grid.text(row, 0)), len(grid.rows))


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The sheets of the table. Rows have an ARS; below them stand notes, which fill the first column only."""
    found = [grid for grid in grids if any(matches(table.detect, entry) for entry in identify([grid]))]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", _STUBS["area"])
    return [_block(grid) for grid in found]


def _block(grid: Grid) -> Block:
    top = _header(grid) or 0
    first_data = _first_data(grid, top)
    paths = _headers(grid, top, first_data)
    columns = {name: next((c for c, path in paths.items() if path == header), -1) for name, header in _STUBS.items()}
    for name, column in columns.items():
        if column < 0:
            raise LayoutFault("stub_missing", grid.address(top, 0), "–", _STUBS[name])
    values = {column: path for column, path in paths.items() if column not in columns.values()}
    rows, faults = [], []
    for row in range(first_data, len(grid.rows)):
        if _KEY.fullmatch(grid.text(row, columns["area"])):
            rows.append(row)
        elif any(grid.text(row, column) for column in values):
            address = grid.address(row, columns["area"])
            faults.append(LayoutFault("layout", address, describe(grid.text(row, columns["area"])), _STUBS["area"]))
    return Block(
        grid=grid,
        headers=values,
        header_row=first_data - 1,
        rows=rows,
        stubs={name: [grid.text(row, column) for row in rows] for name, column in columns.items()},
        stub_columns=columns,
        texts=_texts(grid, top),
        faults=faults,
    )
