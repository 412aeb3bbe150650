# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From a block to observations, with every fault on the way.

Belongs here: the way of one block through columns, rows and cells, and the areas that it names. Does not belong here:
layout (families), what rows (`rows`), columns (`columns`) and entries (`cells`) say, and judgement (quality).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import polars as pl

from raw.contracts import Source, TableContract, table_settings
from raw.harvest.areas import AREA_COLUMNS, Area, vintage
from raw.harvest.cells import CellReader
from raw.harvest.columns import SEPARATOR, ColumnMatch
from raw.harvest.faults import Fault, Report, describe
from raw.harvest.layout import Block, family_config, without_rows
from raw.harvest.rows import RowReader, Rows
from raw.harvest.unshown import is_error
from raw.harvest.versions import chosen, fingerprint, outside, span
from raw.layouts import LayoutVersion
from raw.vocabulary.period import parse_period

_NUMBER = re.compile(r"\(?[+-]?\d[\d., \u00a0]*\)?")
_LONG = re.compile(r"\d{3,}")


@dataclass
class Mapped:
    """Observations without the delivery's own columns (source, snapshot, dates), the areas named, the faults, and the
    fingerprints of rows that a correction left out. `layout` is the id of another layout than that of today, and
    `header` the fingerprint of each header."""

    observations: pl.DataFrame
    areas: pl.DataFrame
    faults: list[Fault] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    layout: str = ""
    header: list[str] = field(default_factory=list)


class Mapper:
    """Maps the blocks of one file of one table; collects faults as it goes."""

    def __init__(self, source: Source, table: TableContract, file: str) -> None:
        self.table = table
        self.layouts: list[tuple[LayoutVersion | None, str]] = []
        self.dropped = set(source.dropped_rows(table.id))
        self._report = Report(source.id, table.id, file)
        config = family_config(source.contract.family)
        symbols = {**config["symbols"], **source.contract.symbols, **table.symbols}
        self._rows = RowReader(source, table, self._report)
        self._cells = CellReader(table, table_settings(source, table), config, symbols, self._rows.area, self._report)

    @property
    def faults(self) -> list[Fault]:
        """What was found so far."""
        return self._report.faults

    def fault(self, code: str, cell: str, found: str, what: str = "") -> None:
        """Note a fault and go on."""
        self._report.note(code, cell, found, what)

    def map(self, block: Block) -> Mapped:
        """Observations of a block; check `faults` before using them."""
        for fault in block.faults:
            self.fault(fault.code, fault.cell, fault.found, fault.what)
        block, dropped = without_rows(block, self.dropped)
        columns = self._columns(block)
        if not block.rows:
            self.fault("no_rows", block.grid.address(block.header_row, 0), "–")
            return Mapped(pl.DataFrame(), pl.DataFrame(schema=AREA_COLUMNS), self.faults)
        rows = self._rows.read(block, columns)
        self._report_names(block)
        observations = self._cells.read(block, columns, rows)
        version, _ = self.layouts[-1]
        if version and (years := outside(version, observations["period"].drop_nulls().unique())):
            place = block.grid.address(block.header_row, 0)
            self.fault("layout_expired", place, ", ".join(years), span(version))
        return Mapped(observations, _named_areas(block, rows, columns, self._rows.area), self.faults, dropped)

    def _columns(self, block: Block) -> ColumnMatch:
        headers = {
            column: path
            for column, path in block.headers.items()
            if path or any(block.grid.text(row, column) for row in block.rows)
        }
        match, version = chosen(headers, self.table)
        self.layouts.append((version, fingerprint(headers.values())))
        for column in match.unknown:
            found = quote(headers[column], _entries_above(block, column))
            self.fault("header_unknown", block.grid.address(block.header_row, column), found)
        for column in match.twice:
            path = quote(headers[column], _entries_above(block, column))
            self.fault("header_twice", block.grid.address(block.header_row, column), path, path.strip("„“"))
        for key in match.missing:
            self.fault("header_missing", block.grid.address(block.header_row, 0), "–", key)
        return match

    def _report_names(self, block: Block) -> None:
        """A name without a letter is a figure that slipped into the column of the names; an error is no name."""
        names = block.stubs.get("area_name", [])
        odd = {name for name in set(names) if name and (is_error(name) or not any(map(str.isalpha, name)))}
        for row, name in zip(block.rows, names, strict=False) if odd else ():
            if name in odd:
                address = block.grid.address(row, block.stub_columns["area_name"])
                self.fault("layout", address, describe(name), "Gebietsname / name of an area")


def quote(path: str, entries: Collection[str] = ()) -> str:
    """A header path in quotation marks, without what reads like a figure or is one of these entries of a data row."""
    parts = (describe(part) if part in entries else _wording(part) for part in path.split(SEPARATOR))
    return f"„{SEPARATOR.join(parts)}“"


def _wording(text: str) -> str:
    if parse_period(text):
        return text
    return re.sub(r"\d{3,}", "…", text) if any(letter.isalpha() for letter in text) else describe(text)


def _entries_above(block: Block, column: int) -> set[str]:
    """What stands above the data in rows with figures: a data row that lost its key is taken for one of the header."""
    rows = (row for row in range(min(block.rows, default=len(block.grid.rows))) if _has_figures(block, row))
    return {" ".join(block.grid.text(row, column).split()) for row in rows}


def _has_figures(block: Block, row: int) -> bool:
    """Whether a row has a number that is no period and does not number the columns, or a long number in a text."""
    texts = [block.grid.text(row, column) for column in range(block.grid.width)]
    numbers = [text for text in texts if _NUMBER.fullmatch(text) and not parse_period(text)]
    if numbers and [text.strip("()") for text in numbers] != [str(1 + place) for place in range(len(numbers))]:
        return True
    return any(not parse_period(run) for text in texts if not parse_period(text) for run in _LONG.findall(text))


def _named_areas(block: Block, rows: Rows, columns: ColumnMatch, resolve: Callable[[str], Area | None]) -> pl.DataFrame:
    """Area keys with the names that stand beside them, as of the row's period or the latest one in the header."""
    latest = max((matched.period for matched in columns.matched.values() if matched.period), default=None)
    named = set(zip(rows.areas, rows.periods, block.stubs.get("area_name", []), strict=False))
    for matched in columns.matched.values():
        if matched.area and matched.area_name:
            area = resolve(matched.area)
            named |= {(area, period, matched.area_name) for period in set(rows.periods)}
    found = {
        (area[0], area[1], vintage(area, latest or period), name.strip())
        for area, period, name in named
        if area and name.strip()
    }
    return pl.DataFrame(list(found), schema=AREA_COLUMNS, orient="row")
