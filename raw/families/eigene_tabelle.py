# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables made by hand, in a workbook or CSV: title, header rows with merged cells, leading columns, rows, notes.

Belongs here: finding such tables by their shape. Does not belong here: which columns lead and what the others mean
(the contract; the first of its `stubs` is the area's name, which stands for a missing key), proposing a contract.

The first row of data is the first with a text or number in front and figures behind it that are not all years (those
are a header). Directly above it stand the header rows; a row with nothing but one cell is a title. An empty row, or a
row that begins like a note, ends the table.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from raw.contracts import TableContract
from raw.harvest.grid import Cell, Grid
from raw.harvest.layout import Block, LayoutFault, folded, matches, merged_headers
from raw.harvest.raised import without_marks
from raw.vocabulary.period import parse_date, parse_period

READER_VERSION = "1"

_FIGURE = re.compile(r"[+-]?\d[\d. ]*(,\d+)?")
_SYMBOLS = {"-", "–", ".", "…", "...", "x", "X", "/", "*", "•"}
_NOTE = re.compile(
    r"^(\*+\)?|\d\)|[¹²³]|©|\(C\)|[-–.x/…]+ ?=|Quelle|Anmerkung|Hinweis|Stand|Erläuterung|Zeichen|Fußnote)"
)
_STATED = re.compile(r"^(?:Stand|Erstellt|Datenstand)\b.*?(\d{1,2}\.\d{1,2}\.\d{4})")


@dataclass(frozen=True)
class HandTable:
    """A table in a grid: titles above it, header rows `top` to `first` (excluded), data rows `first` to `end`."""

    grid: Grid
    titles: list[str]
    top: int
    first: int
    end: int
    left: int
    headers: dict[int, str]

    @property
    def about(self) -> dict[str, str]:
        """What `detect` of a contract is compared with."""
        header = "; ".join(filter(None, self.headers.values()))
        return {"sheet": self.grid.sheet, "title": " ".join(self.titles), "header": header}


def is_figure(cell: Cell) -> bool:
    """Whether a cell holds a number, or a sign in the place of one."""
    if isinstance(cell, str):
        return cell.strip() in _SYMBOLS or _FIGURE.fullmatch(without_marks(cell.strip())) is not None
    return cell is not None


def _filled(grid: Grid, row: int) -> list[int]:
    return [column for column in range(grid.width) if grid.text(row, column)]


def is_data(grid: Grid, row: int) -> bool:
    """Whether a row has a text or number in front and figures behind it that are not all years."""
    columns = _filled(grid, row)
    behind = [column for column in columns[1:] if is_figure(grid.rows[row][column])]
    if not behind or _NOTE.match(grid.text(row, columns[0])):
        return False
    years = all(parse_period(grid.text(row, column)) for column in columns[1:])
    return not years and (len(behind) * 2 >= len(columns) - 1)


def tables(grid: Grid) -> Iterator[HandTable]:
    """Every table of a sheet, from above."""
    row = 0
    while (first := next((r for r in range(row, len(grid.rows)) if is_data(grid, r)), None)) is not None:
        top = first
        while top > row and len(_filled(grid, top - 1)) > 1:
            top -= 1
        if top > row and (alone := _filled(grid, top - 1)) and alone[0] > min(_filled(grid, first)):
            top -= 1  # one merged cell over all figures
        end = next((r for r in range(first, len(grid.rows)) if _ends(grid, r)), len(grid.rows))
        if top < first:
            titles = [grid.text(r, c) for r in range(row, top) for c in _filled(grid, r)]
            left = min(column for r in range(top, end) for column in _filled(grid, r))
            yield HandTable(
                grid, titles, top, first, end, left, header_paths(grid, range(top, first), range(first, end))
            )
        row = max(end, first + 1)


def _ends(grid: Grid, row: int) -> bool:
    columns = _filled(grid, row)
    return not columns or (len(columns) < 3 and bool(_NOTE.match(grid.text(row, columns[0]))))


def header_paths(grid: Grid, rows: range, below: range) -> dict[int, str]:
    """Header paths without footnote marks; a column of entries without a header has an empty one."""
    headed = [column for column in range(grid.width) if any(grid.text(row, column) for row in rows)]
    paths = merged_headers(grid, rows, headed, lambda text: without_marks(re.sub(r"(?<=\D)\s*\d\)$", "", folded(text))))
    filled = [column for column in range(grid.width) if any(grid.text(row, column) for row in below)]
    return {column: paths.get(column, "") for column in sorted({*headed, *filled})}


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """Every table: `sheet`, `title` (all lines above it), `header` (all header paths)."""
    return [table.about for grid in grids for table in tables(grid)]


def published_on(grids: list[Grid]) -> dt.date | None:
    """The date of a line that begins with `Stand`, `Erstellt` or `Datenstand`."""
    for grid in grids:
        for row in range(len(grid.rows)):
            for column in _filled(grid, row):
                if found := _STATED.match(grid.text(row, column)):
                    return parse_date(found[1])
    return None


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The contract's tables. A row with a label and no figure is a fault: it may have lost them."""
    found = [one for grid in grids for one in tables(grid) if matches(table.detect, one.about)]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", str(table.detect))
    return [block_of(one, table, published_on(grids)) for one in found]


def block_of(found: HandTable, table: TableContract, published: dt.date | None) -> Block:
    """A table that was found, as the engine reads it."""
    grid = found.grid
    names = [rule.stub for rule in (table.period, table.area) if rule and rule.stub] + list(table.stubs)
    columns = {path: column for column, path in reversed(found.headers.items()) if path in names}
    headers = {column: path for column, path in found.headers.items() if path not in columns}
    rows = range(found.first, found.end)
    what = ("nur eine Beschriftung / a label only", "Zahlen in der Zeile / figures in the row")
    faults = [
        LayoutFault("layout", grid.address(row, found.left), *what)
        for row in rows
        if not any(grid.text(row, column) for column in headers)
    ]
    if isinstance(table.stubs, list) and (name := next((n for n in table.stubs if n in columns), None)):
        columns["area_name"] = columns[name]
    stubs = {name: [grid.text(row, column) for row in rows] for name, column in columns.items()}
    if table.area and table.area.stub in stubs and "area_name" in stubs:  # a total has a name and no key
        pairs = zip(stubs[table.area.stub], stubs["area_name"], strict=True)
        stubs[table.area.stub] = [key or name for key, name in pairs]
    return Block(grid, headers, found.first - 1, rows, stubs, columns, found.titles, published, faults=faults)
