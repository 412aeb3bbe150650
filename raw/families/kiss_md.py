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

READER_VERSION = "1"

_VARIABLE = re.compile(r"^(?P<table>\w+?)_(?P<variable>var\d+)$")
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
    variables: dict[str, int] = {}
    code_column = None
    for column in range(grid.width):
        text = grid.text(header_row, column)
        if match := _VARIABLE.match(text):
            if match["variable"] in variables:
                raise LayoutFault("header_twice", grid.address(header_row, column), text, match["variable"])
            variables[match["variable"]] = column
        elif text.lower() == _CODE_COLUMN:
            code_column = column
        elif text:
            raise LayoutFault("header_unknown", grid.address(header_row, column), text)
    rows = [row for row in range(header_row + 1, len(grid.rows)) if any(cell is not None for cell in grid.rows[row])]
    if code_column is None:
        raise LayoutFault("header_missing", grid.address(header_row, 0), "–", _CODE_COLUMN)
    for row in rows:
        if grid.text(row, code_column) != table.detect:
            address = grid.address(row, code_column)
            raise LayoutFault("layout", address, "ein anderer Eintrag / another entry", f"{_CODE_COLUMN} = {table.detect}")
    names = _stub_names(table)
    for name in names:
        if name not in variables:
            raise LayoutFault("stub_missing", grid.address(header_row, 0), "–", name)
    return Block(
        grid=grid,
        headers={column: name for name, column in variables.items() if name not in names},
        header_row=header_row,
        rows=rows,
        stubs={name: [grid.text(row, variables[name]) for row in rows] for name in names},
        stub_columns={name: variables[name] for name in names},
    )


def _stub_names(table: TableContract) -> list[str]:
    stubs = [rule.stub for rule in (table.period, table.area) if rule and rule.stub]
    return [*stubs, *table.stubs]
