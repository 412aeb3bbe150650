# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""GENESIS flat file CSV: `Statistik_Code; …; Zeit; 1_Merkmal_Code; …; <value columns>`.

Belongs here: that layout. Does not belong here: what a characteristic or a value column means (the contract).
"""

from __future__ import annotations

import datetime as dt
import re

from raw.contracts import TableContract
from raw.harvest.grid import CSV_SHEET, Grid
from raw.harvest.layout import Block, LayoutFault

READER_VERSION = "2"

_FIXED = ("Statistik_Code", "Statistik_Label", "Zeit_Code", "Zeit_Label", "Zeit")
_TRAIT = re.compile(r"^(\d+)_(Merkmal|Auspraegung)_(Code|Label)$")
_TRAIT_COLUMNS = ("Merkmal_Code", "Merkmal_Label", "Auspraegung_Code", "Auspraegung_Label")
_TIME = _FIXED[-1]  # the contract names it as a stub, so the engine misses it


def _columns(grid: Grid) -> dict[str, int]:
    """Column of each header; of a header that stands twice, the first."""
    return {grid.text(0, column): column for column in reversed(range(grid.width)) if grid.text(0, column)}


def _only(grids: list[Grid]) -> Grid | None:
    grid = grids[0] if len(grids) == 1 and grids[0].sheet == CSV_SHEET else None
    return grid if grid and len(grid.rows) > 1 and grid.text(0, 0) == _FIXED[0] else None


def _traits(grid: Grid) -> dict[str, int]:
    """Code of each characteristic (`GES`) → its number, from the first data row."""
    return {
        grid.text(1, column): int(found[1])
        for name, column in sorted(_columns(grid).items(), key=lambda item: item[1])
        if (found := _TRAIT.match(name)) and found.group(2, 3) == ("Merkmal", "Code")
    }


def _values(grid: Grid) -> dict[str, int]:
    columns = sorted(_columns(grid).items(), key=lambda item: item[1])
    return {name: column for name, column in columns if name not in _FIXED and not _TRAIT.match(name)}


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """Code of the statistics, its characteristics and value columns."""
    grid = _only(grids)
    if grid is None:
        return []
    return [{"code": grid.text(1, 0), "traits": " ".join(_traits(grid)), "value": " ".join(_values(grid))}]


def published_on(grids: list[Grid]) -> dt.date | None:
    """Always None: the file does not say when it was made."""
    return None


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The file as one block; stubs are `Zeit` and the codes of the characteristics (`GES`, `DLAND`, …)."""
    grid = _only(grids)
    if grid is None:
        raise LayoutFault("layout", f"{CSV_SHEET}!A1", "–", _FIXED[0])
    columns, traits = _columns(grid), _traits(grid)
    wanted = [*_FIXED[:-1], *(f"{number}_{name}" for number in traits.values() for name in _TRAIT_COLUMNS)]
    faults = [LayoutFault("header_missing", grid.address(0, 0), "–", name) for name in wanted if name not in columns]
    rows = [row for row in range(1, len(grid.rows)) if any(cell is not None for cell in grid.rows[row])]
    stubs, stub_columns = {}, {}
    if _TIME in columns:
        stubs[_TIME] = grid.texts(columns[_TIME], rows)
        stub_columns[_TIME] = columns[_TIME]
    for trait, number in traits.items():
        code, label = (columns.get(f"{number}_Auspraegung_{kind}", grid.width) for kind in ("Code", "Label"))
        column = columns[f"{number}_Merkmal_Code"]
        for row, text in zip(rows, grid.texts(column, rows), strict=True):
            if text != trait:
                found = "ein anderes Merkmal / another trait"
                faults.append(LayoutFault("layout", grid.address(row, column), found, trait))
        stubs[trait] = [
            one or other for one, other in zip(grid.texts(code, rows), grid.texts(label, rows), strict=True)
        ]
        stub_columns[trait] = code
    known = set(columns.values()) - set(_values(grid).values())
    return [
        Block(
            grid=grid,
            headers={column: grid.text(0, column) for column in range(grid.width) if column not in known},
            header_row=0,
            rows=rows,
            stubs=stubs,
            stub_columns=stub_columns,
            faults=faults,
        )
    ]
