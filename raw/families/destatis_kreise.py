# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Destatis list of Kreise: Länder as headings above their Kreise, one row "Insgesamt" per Land and for the Bund.

Belongs here: that layout. Does not belong here: what a header means (the table's contract).
"""

from __future__ import annotations

import re

from raw.contracts import TableContract
from raw.families.gv_isys import published_on  # the same cover sheet
from raw.harvest.faults import describe
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault, merged_headers

__all__ = ["READER_VERSION", "blocks", "identify", "published_on"]

READER_VERSION = "1"

_CODE = "Kreisfreie Städte und Landkreise"
_HEADER_WITHIN = 12
_KEY_COLUMN, _LABEL_COLUMN, _NAME_COLUMN = 0, 1, 2
_LAND, _KREIS = re.compile(r"\d{2}"), re.compile(r"\d{5}")
_TOTAL, _BUND = "Insgesamt", "Deutschland"
_NOTE = re.compile(r"(?<=\D)\s*\d\)$|(?<=km2)\d\)$")


def _header(grid: Grid) -> int | None:
    for row in range(min(_HEADER_WITHIN, len(grid.rows))):
        names = (grid.text(row, _KEY_COLUMN).replace("-", ""), grid.text(row, _LABEL_COLUMN))
        if names[0].startswith("Schlüsselnummer") and names[1] == "Regionale Bezeichnung":
            return row
    return None


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """`Kreisfreie Städte und Landkreise` with the title line, where a sheet has the header of the list."""
    return [{"code": _CODE, "title": grid.text(0, 0)} for grid in grids if _header(grid) is not None]


def _clean(segment: str) -> str:
    return _NOTE.sub("", " ".join(segment.split()))


def _is_count(grid: Grid, row: int) -> bool:
    """Whether a row only numbers the columns (1, 2, 3, …)."""
    return [grid.text(row, column) for column in range(grid.width)] == [str(n + 1) for n in range(grid.width)]


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The list's Kreise and totals. The key of a total is that of the Land whose Kreise stand above it."""
    found = [(grid, header) for grid in grids if (header := _header(grid)) is not None]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", "Schlüsselnummer, Regionale Bezeichnung")
    grid, top = found[0]
    keyed = (row for row in range(top + 1, len(grid.rows)) if _LAND.fullmatch(grid.text(row, _KEY_COLUMN)))
    first_data = next(keyed, len(grid.rows))
    header_rows = [row for row in range(top, first_data) if not _is_count(grid, row)]
    values = range(_NAME_COLUMN + 1, grid.width)
    rows, keys, faults, land = [], [], [], ""
    for row in range(first_data, len(grid.rows)):
        key, label, name = (grid.text(row, column) for column in (_KEY_COLUMN, _LABEL_COLUMN, _NAME_COLUMN))
        if _LAND.fullmatch(key):
            land = key
        if not any(grid.text(row, column) for column in values):
            continue
        area = key if _KREIS.fullmatch(key) else land if name == _TOTAL and not key else ""
        area = _BUND if label == _BUND and name == _TOTAL else area
        if not area or (len(area) == 5 and area[:2] != land):
            what = f"Schlüsselnummer, {_TOTAL}"
            faults.append(LayoutFault("layout", grid.address(row, _KEY_COLUMN), describe(key), what))
            continue
        rows.append(row)
        keys.append(area)
    return [
        Block(
            grid=grid,
            headers=merged_headers(grid, header_rows, values, _clean),
            header_row=header_rows[-1],
            rows=rows,
            stubs={"area": keys, "area_name": [grid.text(row, _NAME_COLUMN).replace(_TOTAL, "") for row in rows]},
            stub_columns={"area": _KEY_COLUMN, "area_name": _NAME_COLUMN},
            texts=[grid.text(row, 0) for row in range(top)],
            published_on=published_on(grids),
            skip_empty=True,
            faults=faults,
        )
    ]
