# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Grids: a workbook or CSV file as cells with addresses.

Belongs here: opening files, type by content, encoding, addresses. Does not belong here: what a cell means.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

CSV_SHEET = "csv"
_ROW = re.compile(rb'<row [^>]*?\br="(\d+)"')
_ENTRY = re.compile(rb'<c [^>]*?\br="([A-Z]{1,3})(\d+)"[^>/]*>')
_GERMAN = re.compile(r"(?<=[A-Za-z])[äöüß]|[ÄÖÜ](?=[a-z])")
"""Umlauts where German words have them: what an old encoding would turn into signs."""
_SAMPLE = 100_000
_MAX_COLUMNS = 16_384
MAX_BYTES = 256 * 1024 * 1024
MAX_UNPACKED_BYTES = 2 * 1024 * 1024 * 1024
MAX_CELLS = 30_000_000
"""Cells of one sheet, empty ones included: a stray entry in the last row and column must not fill the memory."""

Cell = str | float | None


class Unreadable(ValueError):
    """The file cannot be opened as what its content says it is; `reason` is a code of the fault list."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True)
class Grid:
    """One sheet: `rows[r][c]` is a text, a number or None; all rows are equally long and start at A1.

    A `transposed` grid is a sheet turned over its diagonal; its addresses are still those of the sheet.
    """

    sheet: str
    rows: list[list[Cell]]
    transposed: bool = False

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0]) if self.rows else 0

    def text(self, row: int, column: int) -> str:
        """A cell as stripped text, empty where there is none; a whole number has no decimals."""
        if row >= len(self.rows) or column >= self.width:
            return ""
        return as_text(self.rows[row][column])

    def address(self, row: int, column: int) -> str:
        """`Sheet!A1` of a cell (row and column from 0)."""
        if self.transposed:
            row, column = column, row
        return f"{self.sheet}!{column_letters(column)}{row + 1}"

    def transpose(self) -> Grid:
        """The same cells with rows and columns exchanged."""
        return Grid(self.sheet, [list(row) for row in zip(*self.rows, strict=True)], not self.transposed)


def column_letters(column: int) -> str:
    """`A`, `B`, …, `AA` for a column from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


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


def open_grids(path: Path) -> list[Grid]:
    """All sheets of a workbook, or the one grid of a text file. Raises Unreadable."""
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise Unreadable("missing") from error
    if size > MAX_BYTES:
        raise Unreadable("too_large")
    with path.open("rb") as file:
        head = file.read(8)
    if head[:4] == b"PK\x03\x04":
        return _open_zip(path)
    if head == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _open_workbook(path)
    return [_open_text(path)]


def _open_zip(path: Path) -> list[Grid]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise Unreadable("too_large")
            if not any(entry.filename.startswith(("xl/", "content.xml")) for entry in archive.infolist()):
                raise Unreadable("not_a_table")
            for entry in archive.infolist():
                if entry.filename.startswith("xl/worksheets/") and _spread(archive.read(entry)) > MAX_CELLS:
                    raise Unreadable("too_large")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error) as error:
        raise Unreadable("damaged") from error
    return _open_workbook(path)


def _spread(sheet: bytes) -> int:
    """Cells from A1 to the last entry of a sheet's XML; where the last row alone shows it is small, an upper bound."""
    last_row = max((int(row) for row in _ROW.findall(sheet)), default=0)
    if last_row * _MAX_COLUMNS <= MAX_CELLS:
        return last_row * _MAX_COLUMNS
    entries = [(int(row), letters) for letters, row in _ENTRY.findall(sheet)]
    widest = max((letters for _, letters in entries), key=lambda letters: (len(letters), letters), default=b"")
    width = 0
    for letter in widest:
        width = width * 26 + letter - ord("A") + 1
    return max((row for row, _ in entries), default=0) * width


def _open_workbook(path: Path) -> list[Grid]:
    grids = []
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            grids.append(Grid(name, [[_from_calamine(value) for value in row] for row in rows]))
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("damaged") from error
    return grids


def _decode(content: bytes) -> str:
    if b"\x00" in content[:4096]:
        raise Unreadable("not_a_table")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = {name: len(_GERMAN.findall(content[:_SAMPLE].decode(name))) for name in ("latin-1", "mac_roman")}
    if words["mac_roman"] > words["latin-1"]:
        return content.decode("mac_roman")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _open_text(path: Path) -> Grid:
    text = _decode(path.read_bytes())
    head = text[:20_000].splitlines()
    delimiter = max(";\t,", key=lambda mark: sum(mark in line for line in head))
    try:
        rows: list[list[Cell]] = [
            [value or None for value in row]
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        ]
    except csv.Error as error:
        raise Unreadable("damaged") from error
    width = max((len(row) for row in rows), default=0)
    if width * len(rows) > MAX_CELLS:
        raise Unreadable("too_large")
    for row in rows:
        row.extend([None] * (width - len(row)))
    return Grid(CSV_SHEET, rows)
