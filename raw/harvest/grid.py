# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Grids: a workbook, CSV file or PDF as cells with addresses.

Belongs here: opening files, encoding, addresses. Does not belong here: which files are opened (`gate`) and what a cell
means.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from raw.harvest.address import column_letters
from raw.harvest.gate import MAX_CELLS, MAX_COLUMNS, Kind, Unreadable, admit
from raw.harvest.pages import pages_of
from raw.harvest.unshown import Unshown

CSV_SHEET = "csv"
PDF_PAGE = "Seite"
_GERMAN = re.compile(r"(?<=[A-Za-z])[äöüß]|[ÄÖÜ](?=[a-z])")
"""Umlauts where German words have them: what an old encoding would turn into signs."""
_ODD = re.compile(rb"[\x80-\xff]")
_SAMPLE = 1_000_000
_FIGURE = re.compile(r"\s*[+-]?\d[\d.,\s]*")
"""A figure that somebody wrote as a text."""
Cell = str | float | None


@dataclass(frozen=True)
class Grid:
    """One sheet: `rows[r][c]` is a text, a number or None; all rows are equally long and start at A1.

    A `transposed` grid is a sheet turned over its diagonal; its addresses are still those of the sheet. The page of a
    PDF knows the rows of its `tables`; other sheets do not (None).
    """

    sheet: str
    rows: list[list[Cell]]
    transposed: bool = False
    tables: tuple[range, ...] | None = None

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0]) if self.rows else 0

    def text(self, row: int, column: int) -> str:
        """A cell as stripped text, empty where there is none; a whole number has no decimals."""
        if row >= len(self.rows) or column >= self.width:
            return ""
        return as_text(self.rows[row][column])

    def texts(self, column: int, rows: Iterable[int]) -> list[str]:
        """The cells of a column in these rows, as `text` gives them."""
        if column >= self.width:
            return ["" for _ in rows]
        cells = (self.rows[row][column] for row in rows)
        return [cell.strip() if type(cell) is str else as_text(cell) for cell in cells]

    def address(self, row: int, column: int) -> str:
        """`Sheet!A1` of a cell (row and column from 0)."""
        if self.transposed:
            row, column = column, row
        return f"{self.sheet}!{column_letters(column)}{row + 1}"

    def transpose(self) -> Grid:
        """The same cells with rows and columns exchanged."""
        return Grid(self.sheet, [list(row) for row in zip(*self.rows, strict=True)], not self.transposed)


def as_text(cell: Cell) -> str:
    """A cell as text without surrounding white space; 88502.0 becomes `88502`."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return cell.strip()


def _from_calamine(value: Any) -> Cell:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        return value or None
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    return None if value is None else str(value)


def _row_from_calamine(row: list[Any]) -> list[Cell]:
    """A row's cells; the two kinds that nearly all cells are do not take a call each."""
    return [
        value if (kind := type(value)) is float else (value or None) if kind is str else _from_calamine(value)
        for value in row
    ]


def open_grids(path: Path) -> list[Grid]:
    """All sheets of a workbook, or the one grid of a text file. Raises Unreadable, also for what the gate refuses."""
    seen: dict[str, Unshown] = {}
    opened: dict[Kind, Callable[[Path], list[Grid]]] = {
        "workbook": lambda path: _open_workbook(path, seen),
        "text": lambda path: [_open_text(path)],
        "pdf": _open_pages,
    }
    return opened[admit(path, seen)](path)


def _open_pages(path: Path) -> list[Grid]:
    """A PDF's pages: line by line from above, a line outside of tables in the first column."""
    grids: list[Grid] = []
    for number, page in enumerate(pages_of(path), 1):
        width = max((len(row) for row in page.rows), default=0)
        rows: list[list[Cell]] = [[*row, *[None] * (width - len(row))] for row in page.rows]
        tables = tuple(range(first, end) for first, end in page.tables)
        grids.append(Grid(f"{PDF_PAGE} {number}", rows, tables=tables))
    return grids


def _open_workbook(path: Path, seen: Mapping[str, Unshown]) -> list[Grid]:
    grids, hidden = [], set()
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        hidden = {sheet.name for sheet in workbook.sheets_metadata if sheet.visible != SheetVisibleEnum.Visible}
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            grids.append(Grid(name, [_row_from_calamine(row) for row in rows]))
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("encrypted" if "assword" in str(error) else "damaged") from error
    for one in grids:
        _add_unshown(one, seen.get(one.sheet, Unshown()), one.sheet in hidden)
    return grids


def _add_unshown(grid: Grid, found: Unshown, hidden: bool) -> None:
    """Write errors where the reader left a cell empty. Raises Unreadable where figures are hidden, with the first."""
    for (row, column), text in found.errors.items():
        if row < len(grid.rows) and column < grid.width:
            grid.rows[row][column] = text
    if hidden or found.rows or found.columns:
        for number, cells in enumerate(grid.rows):
            in_row = hidden or number in found.rows
            for column in range(len(cells)) if in_row else sorted(found.columns):
                if column < len(cells) and _is_figure(cells[column]):
                    reason = "hidden_sheet" if hidden else "hidden_rows" if in_row else "hidden_columns"
                    raise Unreadable(reason, grid.address(number, column))


def _is_figure(cell: Cell) -> bool:
    return isinstance(cell, float) or (isinstance(cell, str) and _FIGURE.fullmatch(cell) is not None)


def _decode(content: bytes) -> str:
    if b"\x00" in content[:4096]:
        raise Unreadable("not_a_table")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        places = (found.start() for found in _ODD.finditer(content, 1, _SAMPLE))
        odd = Counter(content[place - 1 : place + 2] for place in places)
        words = {
            name: sum(number for part, number in odd.items() if _GERMAN.match(part.decode(name), 1))
            for name in ("latin-1", "mac_roman", "cp850")
        }
    best = max(words, key=lambda name: words[name])
    if words[best] > words["latin-1"]:
        return content.decode(best)
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _open_text(path: Path) -> Grid:
    text = _decode(path.read_bytes())
    head = text[:20_000].splitlines()
    delimiter = max(";\t,", key=lambda mark: sum(mark in line for line in head))
    read: Iterator[list[Any]] = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows: list[list[Cell]] = [[value or None for value in row] if "" in row else row for row in read]
    except csv.Error as error:
        raise Unreadable("damaged") from error
    width = max((len(row) for row in rows), default=0)
    if width > MAX_COLUMNS:
        raise Unreadable("too_wide")
    if width * len(rows) > MAX_CELLS:
        raise Unreadable("too_large")
    for row in rows:
        row.extend([None] * (width - len(row)))
    return Grid(CSV_SHEET, rows)
