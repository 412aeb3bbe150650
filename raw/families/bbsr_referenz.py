# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""BBSR crosswalk (Umsteigeschlüssel): one sheet per step between two year-ends, one row per pair of areas.

Belongs here: that layout. Does not belong here: what is done with the weights (`quality.areas.crosswalk`).
"""

from __future__ import annotations

import datetime as dt
import re

from raw.contracts import TableContract
from raw.harvest.faults import describe
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault, header_path

READER_VERSION = "2"

_CODE = "BBSR Umsteigeschlüssel"
_KEYS, _NAMES = "Gemeinden", "Gemeindename"
_WEIGHT = "Umsteigeschlüssel"
_TARGET = " (Ziel)"
_AGS_DIGITS = 8
_KEY = re.compile(r"\d{7,8}$")
_YEAR_END = re.compile(r"31\.12\.(\d{4})$")
_LAST_YEAR = re.compile(r"(\d{4})$")
_DATE = re.compile(r" (?:am )?\d{1,2}\.\d{1,2}\.\d{4}| \d{4}$")
_BROKEN_WORD = re.compile(r"(?<=[a-zäöüß])-\s*(?=[a-zäöüß])")


def _clean(text: str) -> str:
    """A header cell without its date and without the hyphens of its line breaks."""
    return _DATE.sub("", _BROKEN_WORD.sub("", re.sub(r"\s+", " ", text.strip())))


def _headers(grid: Grid) -> dict[int, str]:
    """Header cells of the first row; one that stands there a second time is the target's."""
    headers: dict[int, str] = {}
    for column in range(grid.width):
        text = header_path([_clean(grid.text(0, column))])
        headers[column] = f"{text}{_TARGET}" if text and text in headers.values() else text
    return headers


def _steps(grids: list[Grid]) -> list[tuple[Grid, dict[int, str]]]:
    """The sheets that are a crosswalk, with their headers."""
    found = []
    for grid in grids:
        headers = _headers(grid)
        if any(text.endswith(_WEIGHT) for text in headers.values()) and _KEYS in headers.values():
            found.append((grid, headers))
    return found


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """`BBSR Umsteigeschlüssel` where a sheet has keys and weights."""
    return [{"code": _CODE, "title": " ".join(grid.sheet for grid, _ in steps)}] if (steps := _steps(grids)) else []


def published_on(grids: list[Grid]) -> dt.date | None:
    """The files do not say when they were made."""
    return None


def _year(grid: Grid, column: int) -> str:
    """The year at whose end the keys of a column were valid."""
    found = _YEAR_END.search(grid.text(0, column))
    if not found:
        raise LayoutFault("period", grid.address(0, column), "–", "31.12.…")
    return found[1]


def _padded(text: str) -> str:
    """A key with its leading zero; what is no key stays as it is and is a fault of the mapping."""
    return text.zfill(_AGS_DIGITS) if _KEY.match(text) else text


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """One block per step."""
    steps = _steps(grids)
    if not steps:
        raise LayoutFault("sheet_missing", "", "–", f"{_KEYS}, {_WEIGHT}")
    return [_block(grid, headers) for grid, headers in steps]


def _names_of_another_year(grid: Grid, columns: dict[str, int], years: dict[str, str]) -> list[LayoutFault]:
    """Names whose header says another year than the keys beside them: then columns changed places."""
    found = []
    for name, year in years.items():
        said = _LAST_YEAR.search(grid.text(0, columns[name])) if name in columns else None
        if said and said[1] != year:
            found.append(LayoutFault("layout", grid.address(0, columns[name]), said[1], f"{_NAMES} {year}"))
    return found


def _block(grid: Grid, headers: dict[int, str]) -> Block:
    columns = {text: column for column, text in headers.items()}
    for wanted in (_KEYS, _NAMES, f"{_KEYS}{_TARGET}"):
        if wanted not in columns:
            raise LayoutFault("header_missing", grid.address(0, 0), "–", wanted)
    key, name, target = columns[_KEYS], columns[_NAMES], columns[f"{_KEYS}{_TARGET}"]
    rows = [row for row in range(1, len(grid.rows)) if grid.text(row, key)]
    faults = [
        LayoutFault("layout", grid.address(row, key), describe(grid.text(row, key)), _KEYS)
        for row in range(1, len(grid.rows))
        if not grid.text(row, key) and any(grid.text(row, column) for column in headers)
    ]
    origin_year, target_year = _year(grid, key), _year(grid, target)
    faults += _names_of_another_year(grid, columns, {_NAMES: origin_year, f"{_NAMES}{_TARGET}": target_year})
    return Block(
        grid=grid,
        headers={column: text for column, text in headers.items() if column not in (key, name)},
        header_row=0,
        rows=rows,
        stubs={
            "area": [_padded(grid.text(row, key)) for row in rows],
            "area_name": [grid.text(row, name) for row in rows],
            "to": [_padded(grid.text(row, target)) for row in rows],
            "vintage": [target_year] * len(rows),
            "period": [origin_year] * len(rows),
        },
        stub_columns={"area": key, "area_name": name, "to": target, "vintage": target, "period": key},
        faults=faults,
    )
