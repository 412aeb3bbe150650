# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What the leading columns of a block say about its rows: period, area, dimensions and status.

Belongs here: joining stubs with the contract, each distinct text once, with every fault on the way. Does not belong
here: what the columns say (`columns`) and the figures (`cells`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from raw.contracts import AS_WRITTEN, Source, TableContract
from raw.harvest.areas import Area, area_resolver, territory_of
from raw.harvest.columns import ColumnMatch, period_of
from raw.harvest.faults import Report, describe
from raw.harvest.layout import Block, family_config, find_date
from raw.vocabulary.dimensions import code_as_written, code_from_label, format_dims
from raw.vocabulary.period import parse_period


@dataclass(frozen=True)
class Rows:
    """What is said about each data row; None where a fault was found. `dims` numbers one of `kinds`."""

    periods: list[str | None]
    areas: list[Area | None]
    dims: list[int]
    kinds: list[dict[str, str]]
    status: Sequence[str | None]

    def frame(self) -> pl.DataFrame:
        """One line per data row: area, area_level, own_vintage (of a municipal area's list), period, status, kind."""
        texts = dict.fromkeys(["area", "area_level", "own_vintage", "period", "status"], pl.String)
        return pl.DataFrame(
            {
                "area": [area[0] if area else None for area in self.areas],
                "area_level": [area[1] if area else None for area in self.areas],
                "own_vintage": [area[2] if area else None for area in self.areas],
                "period": self.periods,
                "status": self.status,
                "kind": self.dims,
            },
            schema={**texts, "kind": pl.Int64},
        )

    def numbered(self) -> Rows:
        """The same with the dimension `repeat` for the second and every further row about the same thing."""
        seen: Counter[tuple[str | None, str | None, str]] = Counter()
        kinds, places, dims = list(self.kinds), dict[tuple[int, int], int](), list(self.dims)
        texts = [format_dims(kind) for kind in kinds]
        for row, (period, area) in enumerate(zip(self.periods, self.areas, strict=True)):
            about = (period, area[0] if area else None, texts[self.dims[row]])
            seen[about] += 1
            if seen[about] > 1:
                place = (self.dims[row], seen[about])
                if place not in places:
                    places[place] = len(kinds)
                    kinds.append({**self.kinds[place[0]], "repeat": str(place[1])})
                dims[row] = places[place]
        return Rows(self.periods, self.areas, dims, kinds, self.status)


class RowReader:
    """Reads the leading columns of the blocks of one table."""

    def __init__(self, source: Source, table: TableContract, report: Report) -> None:
        self.source, self.table, self.report = source, table, report
        only = table.area.level if table.area else None
        levels = family_config(source.contract.family).get("area_levels", [])
        resolve = area_resolver(source.areas, [level for level in levels if only in (None, level["level"])])
        prefix = table.area.prefix if table.area else ""
        self.area: Callable[[str], Area | None] = lambda text: resolve(prefix + text)

    def read(self, block: Block, columns: ColumnMatch) -> Rows:
        """What the rows of a block are about, beside what its columns say."""
        count = len(block.rows)
        periods = self._periods(block, columns, count)
        areas = self._areas(block, columns, count)
        dims, kinds = self._dims(block, count)
        of_table = self.table.area.vintage if self.table.area else None
        if of_table or "area_vintage" in block.stubs:
            years = [territory_of(of_table, period) for period in periods] if of_table else block.stubs["area_vintage"]
            areas = [area and (area[0], area[1], area[2] or year) for area, year in zip(areas, years, strict=True)]
        rows = Rows(periods, areas, dims, kinds, self._status(block, count))
        return rows.numbered() if self.table.repeated else rows

    def _status(self, block: Block, count: int) -> Sequence[str | None]:
        """The status that a leading column gives to the figures of its row."""
        rule = self.table.status
        if rule is None:
            return [None] * count
        if rule.stub not in block.stubs:
            self.report.note("stub_missing", block.grid.address(block.header_row, 0), "–", rule.stub)
            return [None] * count
        return self._resolve(block, rule.stub, rule.codes.get, "label", rule.stub)

    def _resolve(self, block: Block, stub: str, resolve: Callable[[str], Any], code: str, what: str = "") -> list[Any]:
        """Resolve each distinct text of a stub once; one that means nothing is a fault at every cell it stands in."""
        texts = block.stubs[stub]
        meaning = {text: resolve(text) for text in dict.fromkeys(texts)}
        without = {text for text, one in meaning.items() if one is None}
        if without and stub in block.fixed:
            for text in meaning:
                if text in without:
                    self.report.note(code, block.grid.address(*block.fixed[stub]), describe(text), what)
        elif without:
            for row, text in zip(block.rows, texts, strict=True):
                if text in without:
                    self.report.note(code, block.grid.address(row, block.stub_columns[stub]), describe(text), what)
        return [meaning[text] for text in texts]

    def _stub(self, block: Block, rule_stub: str | None, default: str) -> str | None:
        name = rule_stub or default
        if name in block.stubs:
            return name
        code, what = ("stub_missing", rule_stub) if rule_stub else (default, "")
        self.report.note(code, block.grid.address(block.header_row, 0), "–", what)
        return None

    def _periods(self, block: Block, columns: ColumnMatch, count: int) -> list[str | None]:
        rule = self.table.period
        granularity = rule.format if rule else "year"
        if rule and rule.fixed:
            return [rule.fixed] * count
        if rule and rule.text:
            date = find_date(rule.text, block.texts)
            if date is None:
                self.report.note("period", block.grid.address(0, 0), "–")
            return [parse_period(date.isoformat(), granularity) if date else None] * count
        wanted = {c: matched for c, matched in columns.matched.items() if matched.rule.ignore is None}
        undated = [c for c, matched in wanted.items() if not (matched.period or matched.rule.period)]
        in_header = any(matched.period for matched in wanted.values())
        if wanted and (in_header or not undated) and not (undated and rule and rule.stub):
            for column in undated:
                self.report.note("period", block.grid.address(block.header_row, column), "–")
            return [None] * count
        stub = self._stub(block, rule.stub if rule else None, "period")
        if stub is None:
            return [None] * count
        if rule and rule.month:
            if self._stub(block, rule.month, "period") is None:
                return [None] * count
            months = zip(block.stubs[rule.month], block.stubs[stub], strict=True)
            block.stubs[stub] = [rule.within(month, year) for month, year in months]
        return self._resolve(block, stub, lambda text: period_of(text, self.table), "period")

    def _areas(self, block: Block, columns: ColumnMatch, count: int) -> list[Area | None]:
        rule = self.table.area
        what = self.source.areas.level if self.source.areas else "AGS, ARS"
        in_header = {c: m.area for c, m in columns.matched.items() if m.rule.ignore is None and m.area is not None}
        for column, text in in_header.items():
            if self.area(text) is None:
                self.report.note("area", block.grid.address(block.header_row, column), f"„{text}“", what)
        if in_header:
            if rule and rule.count and len(in_header) != rule.count:
                place = block.grid.address(block.header_row, min(in_header))
                self.report.note("layout", place, str(len(in_header)), f"{rule.count} Gebiete / areas")
            return [None] * count
        if rule and rule.fixed:
            if (fixed := self.area(rule.fixed)) is None:
                self.report.note("area", "", "–", rule.fixed)
            return [fixed] * count
        stub = self._stub(block, rule.stub if rule else None, "area")
        if stub is None:
            return [None] * count
        return self._resolve(block, stub, self.area, "area", what)

    def _dims(self, block: Block, count: int) -> tuple[list[int], list[dict[str, str]]]:
        """The dimensions that stubs give to the rows: which kind each row is of, and the kinds."""
        coded: dict[str, Sequence[str | None]] = {}
        if self.table.area and (joint := self.table.area.joint):
            areas = block.stubs.get(self.table.area.stub or "area", [""] * count)
            coded["coverage"] = ["joint" if area in joint else None for area in areas]
        stubs = self.table.stubs
        for stub, pattern in stubs.items() if isinstance(stubs, dict) else ((name, name) for name in stubs):
            written = pattern == AS_WRITTEN
            if not written and not pattern.startswith("{"):
                continue
            dimension = stub if written else pattern.strip("{}")
            labels = self.table.labels.get(dimension)
            if stub not in block.stubs:
                self.report.note("stub_missing", block.grid.address(block.header_row, 0), "–", stub)
                continue
            resolve = code_as_written if written else partial(code_from_label, dimension, extra=labels)
            coded[dimension] = [code or "total" for code in self._resolve(block, stub, resolve, "label", dimension)]
        if not coded:
            return [0] * count, [{}]
        rows = list(zip(*coded.values(), strict=True))
        places = {row: place for place, row in enumerate(dict.fromkeys(rows))}
        kinds = [{name: code for name, code in zip(coded, row, strict=True) if code} for row in places]
        return [places[row] for row in rows], kinds
