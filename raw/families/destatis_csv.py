# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""CSV tables of Statistische Berichte and of the census: header in the first row, one value per row, tidy.

Belongs here: that layout, as sheets of a workbook (`csv-…`) or as a file. Does not belong here: what a column means.
"""

from __future__ import annotations

import datetime as dt
import re

from raw.contracts import TableContract
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault, matches
from raw.vocabulary.period import parse_date

READER_VERSION = "1"

_FIRST = ("Statistik", "Berichtszeitpunkt")
_JOINT = " | "
_ISSUED = re.compile(r"Erschienen am\s+(\d{1,2}\. \w+ \d{4})")
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")


def _names(grid: Grid) -> list[str]:
    return [grid.text(0, column) for column in range(grid.width)]


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """Name of the sheet, its columns and its first entry, of each sheet that begins with the header of such a table."""
    return [
        {"code": grid.sheet, "columns": _JOINT.join(_names(grid)), "title": grid.text(1, 0)}
        for grid in grids
        if len(grid.rows) > 1 and grid.text(0, 0) in _FIRST
    ]


def published_on(grids: list[Grid]) -> dt.date | None:
    """The date of issue on the cover sheet; a file of its own has none."""
    for grid in grids[:1]:
        for row in range(len(grid.rows)):
            if found := _ISSUED.search(grid.text(row, 0).replace("\u00a0", " ")):
                return parse_date(found[1])
    return None


def _text(name: str, text: str) -> str:
    """A day without separators (`20220515`) as a date."""
    found = _DAY.fullmatch(text) if name == _FIRST[1] else None
    return "-".join(found.groups()) if found else text


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """All sheets with the columns of the contract's `detect`; every column that it does not name as a rule leads."""
    found = [grid for grid in grids for entry in identify([grid]) if matches(table.detect, entry)]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", _JOINT.join(_FIRST))
    return [_block(grid, table, published_on(grids)) for grid in found]


def _stub_names(table: TableContract) -> set[str]:
    rules = (table.period, table.area, table.status)
    named = {rule.stub for rule in rules if rule is not None and rule.stub}
    return named | set(table.stubs)


def _block(grid: Grid, table: TableContract, published: dt.date | None) -> Block:
    names, wanted = _names(grid), _stub_names(table)
    # A row of blanks is what an export leaves behind below its data; a figure without a key would be a fault.
    rows = [row for row in range(1, len(grid.rows)) if any(grid.text(row, column) for column in range(grid.width))]
    columns: dict[str, int] = {}
    faults = []
    for column, name in enumerate(names):
        if name in wanted and columns.setdefault(name, column) != column:
            faults.append(LayoutFault("header_twice", grid.address(0, column), name, name))
    stubs = {name: [_text(name, text) for text in grid.texts(column, rows)] for name, column in columns.items()}
    if area_name := stubs.get("Name"):
        stubs["area_name"] = area_name
        columns["area_name"] = columns["Name"]
    return Block(
        grid=grid,
        headers={column: name for column, name in enumerate(names) if name not in wanted},
        header_row=0,
        rows=rows,
        stubs=stubs,
        stub_columns=columns,
        published_on=published,
        faults=faults,
    )
