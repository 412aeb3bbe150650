# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Destatis list of changes of names, boundaries and keys: a cover sheet, then one sheet with one row per part.

Belongs here: that layout. Does not belong here: what a change means for areas (`quality.areas.vintages`).
"""

from __future__ import annotations

import re

from raw.contracts import TableContract
from raw.families.gv_isys import published_on  # the same cover sheet
from raw.harvest.faults import describe
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault, header_path

__all__ = ["READER_VERSION", "blocks", "identify", "published_on"]

READER_VERSION = "1"

_CODE = "Gebietsänderungen"
_HEADER_WITHIN = 12
_CHANGE = re.compile(r"\d{2}/\d{4}/\d{4}(-\w+)?$")
_CHANGE_COLUMN, _UNIT_COLUMN = 0, 1
_GEMEINDE = "Gemeinde"
_FROM, _TO, _WHEN = "Abgebende / Aufgelöste Gemeinde", "Aufnehmende / Neugebildete Gemeinde", "Wirksamkeitsdatum"
_ARS, _AGS, _NAME = "Amtlicher Regionalschlüssel (ARS)", "Amtlicher Gemeindeschlüssel (AGS)", "Name"
_EFFECTIVE = f"{_WHEN} | statistisch"
_FOOTNOTE = re.compile(r"(?<=\D)\s*\d\)$")
_BROKEN_WORD = re.compile(r"(?<=[a-zäöüß])-\s*(?=[a-zäöüß])")


def _header(grid: Grid) -> int | None:
    for row in range(min(_HEADER_WITHIN, len(grid.rows))):
        if grid.text(row, _CHANGE_COLUMN) == "Kennziffer" and grid.text(row, _UNIT_COLUMN) == "Regionaleinheit":
            return row
    return None


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """`Gebietsänderungen` where a sheet has the header of the list."""
    return [{"code": _CODE, "title": grid.text(0, 0)} for grid in grids if _header(grid) is not None]


def _clean(segment: str) -> str:
    """A header cell without its footnote mark and without the hyphens of its line breaks."""
    return _BROKEN_WORD.sub("", _FOOTNOTE.sub("", re.sub(r"\s+", " ", segment.strip())))


def _headers(grid: Grid, top: int) -> dict[int, str]:
    """Header paths of the columns that have a header of their own; the top row stands over its right neighbours."""
    headers = {}
    group = ""
    for column in range(_UNIT_COLUMN + 1, grid.width):
        group = grid.text(top, column) or group
        if own := grid.text(top + 1, column):
            headers[column] = header_path([_clean(group), _clean(own)])
    return headers


def _key(grid: Grid, row: int, columns: dict[str, int], side: str) -> str:
    """The AGS of a Gemeinde; of any other unit its ARS, which is as long as its level."""
    name = _AGS if grid.text(row, _UNIT_COLUMN) == _GEMEINDE else _ARS
    return grid.text(row, columns[f"{side} | {name}"])


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The list's rows. A row with a unit but without the number of a change is a fault."""
    found = [(grid, header) for grid in grids if (header := _header(grid)) is not None]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", "Kennziffer, Regionaleinheit")
    grid, top = found[0]
    headers = _headers(grid, top)
    columns = {path: column for column, path in headers.items()}
    for path in (*(f"{side} | {name}" for side in (_FROM, _TO) for name in (_ARS, _AGS, _NAME)), _EFFECTIVE):
        if path not in columns:
            raise LayoutFault("header_missing", grid.address(top, 0), "–", path)
    rows, faults = [], []
    for row in range(top + 2, len(grid.rows)):
        if _CHANGE.match(grid.text(row, _CHANGE_COLUMN)):
            rows.append(row)
        elif any(grid.text(row, column) for column in (_UNIT_COLUMN, *headers)):
            address = grid.address(row, _CHANGE_COLUMN)
            faults.append(LayoutFault("layout", address, describe(grid.text(row, _CHANGE_COLUMN)), "Kennziffer"))
    origin = columns[f"{_FROM} | {_ARS}"]
    return [
        Block(
            grid=grid,
            headers=headers,
            header_row=top,
            rows=rows,
            stubs={
                "area": [_key(grid, row, columns, _TO) for row in rows],
                "from": [_key(grid, row, columns, _FROM) for row in rows],
                "change": [grid.text(row, _CHANGE_COLUMN).replace("/", "-") for row in rows],
                "effective": [grid.text(row, columns[_EFFECTIVE]) for row in rows],
            },
            stub_columns={
                "area": columns[f"{_TO} | {_ARS}"],
                "from": origin,
                "change": _CHANGE_COLUMN,
                "effective": columns[_EFFECTIVE],
            },
            texts=[grid.text(row, 0) for row in range(top)],
            published_on=published_on(grids),
            skip_empty=True,
            faults=faults,
        )
    ]
