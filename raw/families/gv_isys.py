# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""GV-ISys yearly extract: a cover sheet, then one sheet with a three-row header and the key over five columns.

Belongs here: that layout. Does not belong here: which columns are wanted (the table's contract).
"""

from __future__ import annotations

import datetime as dt
import re

from raw.contracts import TableContract
from raw.harvest.faults import describe
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault, header_path
from raw.vocabulary.period import MONTHS_DE

READER_VERSION = "2"

_CODE = "GV-ISys Jahresauszug"
_HEADER_WITHIN = 12
_KEY_COLUMNS = range(2, 7)
_NAME_COLUMN = 7
_RECORD_TYPES = {"10": 1, "20": 2, "40": 3, "50": 4, "60": 5}
_REGION = "30"  # Regionen of Baden-Württemberg: no level of administration, no figures
_KEY_WIDTHS = (2, 1, 2, 4, 3)
_LAND = re.compile(r"[0-9]{1,2}$")
_DATED = re.compile(r"(?:^|\s)(?:am )?\d{2}\.\d{2}\.\d{4}.*$|^Zuordnungsstand.*$|^Gebietsstand.*$")
_FOOTNOTE = re.compile(r"(?<=\D)\s*\d\)$")
_ISSUED = re.compile(rf"Erscheinungsmonat:\s*({'|'.join(MONTHS_DE)}) (\d{{4}})")


def _header(grid: Grid) -> int | None:
    for row in range(min(_HEADER_WITHIN, len(grid.rows))):
        if grid.text(row, 0).replace("-", "").startswith("Satzart"):
            return row
    return None


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """`GV-ISys Jahresauszug` where a sheet has the header of the register."""
    return [{"code": _CODE, "title": grid.text(0, 0)} for grid in grids if _header(grid) is not None]


def published_on(grids: list[Grid]) -> dt.date | None:
    """First day of the month of issue named on the cover sheet."""
    for grid in grids[:1]:
        for row in range(len(grid.rows)):
            if found := _ISSUED.search(grid.text(row, 0)):
                return dt.date(int(found[2]), MONTHS_DE.index(found[1]) + 1, 1)
    return None


def _clean(segment: str) -> str:
    """A header cell without its date, its footnote mark and its line breaks."""
    text = _DATED.sub("", re.sub(r"\s+", " ", _FOOTNOTE.sub("", segment.strip())))
    return _FOOTNOTE.sub("", text.strip()).strip()


def _headers(grid: Grid, top: int, first_data: int) -> dict[int, str]:
    """Header paths; a cell of the top row also stands over the empty cells to its right (merged cells)."""
    headers = {}
    group = ""
    for column in range(_NAME_COLUMN + 1, grid.width):
        own = grid.text(top, column)
        group = own or group
        headers[column] = header_path(
            [_clean(group), *(_clean(grid.text(row, column)) for row in range(top + 1, first_data))]
        )
    return headers


def _key(grid: Grid, row: int) -> str:
    """Land 2, Regierungsbezirk 3, Kreis 5, Gemeindeverband 9 (ARS), Gemeinde 8 digits (AGS, without the Verband)."""
    parts = [grid.text(row, column) for column in _KEY_COLUMNS]
    depth = _RECORD_TYPES[grid.text(row, 0)]
    if any(len(part) != width for part, width in zip(parts[:depth], _KEY_WIDTHS, strict=False)):
        return "?"
    return "".join([*parts[:3], parts[4]]) if depth == 5 else "".join(parts[:depth])


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The register's rows of Satzart 10, 20, 40, 50 and 60; only Gemeinden (60) carry figures."""
    found = [(grid, header) for grid in grids if (header := _header(grid)) is not None]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", "Satzart … Gemeindename")
    grid, top = found[0]
    keyed = [row for row in range(top + 1, len(grid.rows)) if _LAND.match(grid.text(row, _KEY_COLUMNS[0]))]
    typed = [row for row in range(top + 1, len(grid.rows)) if grid.text(row, 0) in {*_RECORD_TYPES, _REGION}]
    if not typed:
        raise LayoutFault("no_rows", grid.address(top, 0), "–")
    first_data = min([*keyed, *typed])
    rows = [row for row in typed if grid.text(row, 0) != _REGION]
    faults = [
        LayoutFault("layout", grid.address(row, 0), describe(grid.text(row, 0)), f"Satzart {', '.join(_RECORD_TYPES)}")
        for row in sorted(set(keyed) - set(typed))
    ]
    return [
        Block(
            grid=grid,
            headers=_headers(grid, top, first_data),
            header_row=top,
            rows=rows,
            stubs={
                "area": [_key(grid, row) for row in rows],
                "area_name": grid.texts(_NAME_COLUMN, rows),
            },
            stub_columns={"area": _KEY_COLUMNS[0], "area_name": _NAME_COLUMN},
            texts=[grid.text(row, 0) for row in range(top)],
            published_on=published_on(grids),
            skip_empty=True,
            faults=faults,
        )
    ]
