# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Exports of the city's information system: one sheet, `D3_T34_var1 …`, a column that names the table.

Belongs here: that layout with its untidiness. Does not belong here: the numbers (`world`) and the list of
files.
"""

from __future__ import annotations

import io

import xlsxwriter

from raw.contracts import ColumnRule
from raw.demo import incidents, territory
from raw.demo.delivery import PUBLISHER, Delivery
from raw.demo.territory import Area
from raw.demo.world import World
from raw.vocabulary.dimensions import format_dims

Cell = str | float
UNASSIGNED_CODE = "99998"


def write(world: World, delivery: Delivery) -> bytes:
    """The workbook of one delivery."""
    style, table = delivery.style, delivery.table
    code, names = str(table.detect), list(table.columns)
    header: list[Cell] = [f"{code}_{name}" for name in ("var1", "var2", *names)]
    rows: list[list[Cell]] = []
    for year in delivery.years:
        hidden = incidents.withheld(world, table, year) if style.get("withhold") else set()
        for area in _areas(world, delivery):
            cells = [_cell(world, delivery, area, year, name, hidden) for name in names]
            rows.append([float(year), _code(area, style), *cells])
    first = bool(style.get("code_first"))
    lines = [_with_code(header, "tabelle", first), *(_with_code(row, code, first) for row in rows)]
    return _workbook(lines, delivery)


def _areas(world: World, delivery: Delivery) -> list[Area]:
    """The Stadtteile, then what is not assignable (crime only), then the city."""
    listed = territory.of_level(world.areas, "stadtteil")
    if delivery.table.id == "d11_t3":
        listed = [*listed, world.areas[world.place[territory.UNASSIGNED]]]
    return [*listed, world.areas[world.place[territory.CITY]]]


def _code(area: Area, style: dict[str, str]) -> Cell:
    if area.key == territory.CITY:
        return style["city"]
    if area.key == territory.UNASSIGNED:
        return UNASSIGNED_CODE
    code = area.key.split("-")[1]
    return float(code) if style.get("codes") == "number" else code


def _cell(world: World, delivery: Delivery, area: Area, year: int, name: str, hidden: set[tuple[str, str]]) -> Cell:
    if (area.key, name) in hidden:
        return "."
    value = _value(world, area, year, delivery.table.columns[name])
    if name in delivery.style.get("text", []):
        return f"{value:.0f}" if float(value).is_integer() else repr(value)
    return float(value)


def _value(world: World, area: Area, year: int, rule: ColumnRule) -> float:
    """The number as it stands in the file; rates that the office publishes are computed here."""
    if rule.published == "household_size":
        return round(world.value(area.key, year, "pop") / max(world.value(area.key, year, "hh"), 1), 14)
    if rule.concept is None:
        return round(world.value(area.key, year, "pop") / world.value(area.key, year, "landuse"), 14)
    return round(world.value(area.key, year, rule.concept, format_dims(rule.dims)) / rule.factor, 6)


def _with_code(row: list[Cell], code: str, first: bool) -> list[Cell]:
    return [code, *row] if first else [*row, code]


def _workbook(lines: list[list[Cell]], delivery: Delivery) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties(
        {
            "title": delivery.table.title["de"],
            "author": PUBLISHER,
            "comments": "synthetisch, keine echten Zahlen",
            "created": delivery.published.replace(tzinfo=None),
        }
    )
    sheet = book.add_worksheet("Sheet 1")
    for number, line in enumerate(lines):
        for column, cell in enumerate(line):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            else:
                sheet.write_number(number, column, cell)
    book.close()
    return buffer.getvalue()
