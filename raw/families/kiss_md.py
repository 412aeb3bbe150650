# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""KISS-MD: one sheet whose header is `<table>_var1 … <table>_varN` and a column that repeats the table's code.

Belongs here: that layout. Does not belong here: what a variable means (the table's contract).
"""

from __future__ import annotations

import datetime as dt
import re

from raw.contracts import TableContract
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault

READER_VERSION = "3"

_VARIABLE = re.compile(r"^(?P<table>[\w-]+?)_(?P<variable>var\d+)$")
_HEADER_WITHIN = 20
_CODE_COLUMN = "tabelle"


def _header(grid: Grid) -> tuple[int, str] | None:
    """Row of the header and the table's code, or None."""
    for row in range(min(_HEADER_WITHIN, len(grid.rows))):
        found = [_VARIABLE.match(grid.text(row, column)) for column in range(grid.width)]
        tables = {match["table"] for match in found if match}
        if len(tables) == 1 and sum(map(bool, found)) >= 2:
            return row, tables.pop()
    return None


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """The code of the table on each sheet (`K3_T35`)."""
    return [{"code": header[1]} for grid in grids if (header := _header(grid))]


def published_on(grids: list[Grid]) -> dt.date | None:
    """Always None: the export does not say when it was made."""
    return None


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The sheet of the table's code as one block; headers and stubs are `var1`, `var2`, …"""
    found = [(grid, header[0]) for grid in grids if (header := _header(grid)) and header[1] == table.detect]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", f"{table.detect}_var1")
    return [_block(grid, row, table) for grid, row in found]


def _block(grid: Grid, header_row: int, table: TableContract) -> Block:
    """The table below its header; the engine judges data columns that stand twice or are none of the table's."""
    names = _stub_names(table)
    headers: dict[int, str] = {}
    stubs: dict[str, int] = {}
    code_column = None
    faults = []
    for column in range(grid.width):
        text = grid.text(header_row, column)
        match = _VARIABLE.match(text)
        name = match["variable"] if match else text
        if name.lower() == _CODE_COLUMN and code_column is None:
            code_column = column
        elif name not in names:
            headers[column] = name
        elif stubs.setdefault(name, column) != column:
            faults.append(LayoutFault("header_twice", grid.address(header_row, column), name, name))
    rows = [row for row in range(header_row + 1, len(grid.rows)) if any(grid.text(row, c) for c in range(grid.width))]
    if code_column is None:
        faults.append(LayoutFault("header_missing", grid.address(header_row, 0), "–", _CODE_COLUMN))
    else:
        for row in rows:
            if grid.text(row, code_column) != table.detect:
                found, wanted = "ein anderer Eintrag / another entry", f"{_CODE_COLUMN} = {table.detect}"
                faults.append(LayoutFault("layout", grid.address(row, code_column), found, wanted))
    return Block(
        grid=grid,
        headers=headers,
        header_row=header_row,
        rows=rows,
        stubs={name: grid.texts(column, rows) for name, column in stubs.items()},
        stub_columns=stubs,
        faults=faults,
    )


def _stub_names(table: TableContract) -> list[str]:
    stubs = [rule.stub for rule in (table.period, table.area) if rule and rule.stub]
    months = [table.period.month] if table.period and table.period.month else []
    return [*stubs, *months, *table.stubs]
