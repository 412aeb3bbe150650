# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From a block to observations: columns, periods, areas, labels and values, with every fault on the way.

Belongs here: joining a block with its contract. Does not belong here: layout (families) and judgement (quality).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import polars as pl

from raw.contracts import AS_WRITTEN, ColumnRule, Source, TableContract, table_settings
from raw.harvest.areas import AREA_COLUMNS, Area, area_resolver, territory_of, vintage
from raw.harvest.columns import SEPARATOR, ColumnMatch, Matched, period_of
from raw.harvest.faults import Fault, describe
from raw.harvest.grid import as_text, column_letters
from raw.harvest.layout import Block, family_config, find_date, without_rows
from raw.harvest.raised import RAISED_SIGNS, raised
from raw.harvest.values import number_from_text
from raw.harvest.versions import chosen, fingerprint, outside, span
from raw.layouts import LayoutVersion
from raw.vocabulary.dimensions import code_as_written, code_from_label, format_dims
from raw.vocabulary.measures import concepts
from raw.vocabulary.observation import empty_observations
from raw.vocabulary.period import parse_period

_MARKED = rf"^(.*?) ?([{RAISED_SIGNS}]+)$"


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


@dataclass(frozen=True)
class _Row:
    """What the leading columns say about one data row; None where a fault was found."""

    period: str | None
    area: Area | None
    dims: dict[str, str]
    status: str | None = None


class Mapper:
    """Maps the blocks of one file of one table; collects faults as it goes."""

    def __init__(self, source: Source, table: TableContract, file: str) -> None:
        self.source, self.table, self.file = source, table, file
        self.config = family_config(source.contract.family)
        self.symbols = {**self.config["symbols"], **source.contract.symbols, **table.symbols}
        self.settings = table_settings(source, table)
        only = table.area.level if table.area else None
        levels = [level for level in self.config.get("area_levels", []) if only in (None, level["level"])]
        resolve = area_resolver(source.areas, levels)
        prefix = table.area.prefix if table.area else ""
        self._area: Callable[[str], Area | None] = lambda text: resolve(prefix + text)
        self.faults: list[Fault] = []
        self.layouts: list[tuple[LayoutVersion | None, str]] = []
        self.dropped = set(source.dropped_rows(table.id))
        self._statuses: dict[tuple[object, ...], list[pl.Expr]] = {}
        self._led: tuple[list[_Row], str | None, dict[str, pl.Series]] | None = None

    def fault(self, code: str, cell: str, found: str, what: str = "") -> None:
        """Note a fault and go on."""
        self.faults.append(Fault(code, self.source.id, self.table.id, self.file, cell, found, what))

    def map(self, block: Block) -> Mapped:
        """Observations of a block; check `faults` before using them."""
        for fault in block.faults:
            self.fault(fault.code, fault.cell, fault.found, fault.what)
        block, dropped = without_rows(block, self.dropped)
        columns = self._columns(block)
        if not block.rows:
            self.fault("no_rows", block.grid.address(block.header_row, 0), "–")
            return Mapped(pl.DataFrame(), pl.DataFrame(schema=AREA_COLUMNS), self.faults)
        rows = self._rows(block, columns)
        self._report_names(block)
        observations = self._values(block, columns, rows)
        version, _ = self.layouts[-1]
        if version and (years := outside(version, observations["period"].drop_nulls().unique())):
            place = block.grid.address(block.header_row, 0)
            self.fault("layout_expired", place, ", ".join(years), span(version))
        return Mapped(observations, _named_areas(block, rows, columns, self._area), self.faults, dropped)

    def _columns(self, block: Block) -> ColumnMatch:
        headers = {
            column: path
            for column, path in block.headers.items()
            if path or any(block.grid.text(row, column) for row in block.rows)
        }
        match, version = chosen(headers, self.table)
        self.layouts.append((version, fingerprint(headers.values())))
        for column in match.unknown:
            self.fault("header_unknown", block.grid.address(block.header_row, column), quote(headers[column]))
        for column in match.twice:
            path = headers[column]
            self.fault("header_twice", block.grid.address(block.header_row, column), f"„{path}“", path)
        for key in match.missing:
            self.fault("header_missing", block.grid.address(block.header_row, 0), "–", key)
        return match

    def _rows(self, block: Block, columns: ColumnMatch) -> list[_Row]:
        count = len(block.rows)
        periods = self._periods(block, columns, count)
        areas = self._areas(block, columns, count)
        dims = self._stub_dims(block, count)
        of_table = self.table.area.vintage if self.table.area else None
        if of_table or "area_vintage" in block.stubs:
            years = [territory_of(of_table, p) for p in periods] if of_table else block.stubs["area_vintage"]
            areas = [area and (area[0], area[1], area[2] or year) for area, year in zip(areas, years, strict=True)]
        status = self._status(block, count)
        rows = [_Row(*row) for row in zip(periods, areas, dims, status, strict=True)]
        if self.table.repeated:
            _number(rows)
        return rows

    def _status(self, block: Block, count: int) -> Sequence[str | None]:
        """The status that a leading column gives to the figures of its row."""
        rule = self.table.status
        if rule is None:
            return [None] * count
        if rule.stub not in block.stubs:
            self.fault("stub_missing", block.grid.address(block.header_row, 0), "–", rule.stub)
            return [None] * count
        return self._resolve(block, rule.stub, rule.codes.get, "label", rule.stub)

    def _resolve(self, block: Block, stub: str, resolve: Callable[[str], Any], code: str, what: str = "") -> list[Any]:
        """Resolve each distinct text of a stub once; one that means nothing is a fault at every cell it stands in."""
        texts = block.stubs[stub]
        meaning = {text: resolve(text) for text in dict.fromkeys(texts)}
        if stub in block.fixed:
            for text in meaning:
                if meaning[text] is None:
                    self.fault(code, block.grid.address(*block.fixed[stub]), describe(text), what)
            return [meaning[text] for text in texts]
        for row, text in zip(block.rows, texts, strict=True):
            if meaning[text] is None:
                self.fault(code, block.grid.address(row, block.stub_columns[stub]), describe(text), what)
        return [meaning[text] for text in texts]

    def _stub(self, block: Block, rule_stub: str | None, default: str) -> str | None:
        name = rule_stub or default
        if name in block.stubs:
            return name
        code, what = ("stub_missing", rule_stub) if rule_stub else (default, "")
        self.fault(code, block.grid.address(block.header_row, 0), "–", what)
        return None

    def _periods(self, block: Block, columns: ColumnMatch, count: int) -> list[str | None]:
        rule = self.table.period
        granularity = rule.format if rule else "year"
        if rule and rule.fixed:
            return [rule.fixed] * count
        if rule and rule.text:
            date = find_date(rule.text, block.texts)
            if date is None:
                self.fault("period", block.grid.address(0, 0), "–")
            return [parse_period(date.isoformat(), granularity) if date else None] * count
        wanted = {c: matched for c, matched in columns.matched.items() if matched.rule.ignore is None}
        undated = [c for c, matched in wanted.items() if not (matched.period or matched.rule.period)]
        in_header = any(matched.period for matched in wanted.values())
        if wanted and (in_header or not undated) and not (undated and rule and rule.stub):
            for column in undated:
                self.fault("period", block.grid.address(block.header_row, column), "–")
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
        resolve = self._area
        what = self.source.areas.level if self.source.areas else "AGS, ARS"
        in_header = {c: m.area for c, m in columns.matched.items() if m.rule.ignore is None and m.area is not None}
        for column, text in in_header.items():
            if resolve(text) is None:
                self.fault("area", block.grid.address(block.header_row, column), f"„{text}“", what)
        if in_header:
            if rule and rule.count and len(in_header) != rule.count:
                place = block.grid.address(block.header_row, min(in_header))
                self.fault("layout", place, str(len(in_header)), f"{rule.count} Gebiete / areas")
            return [None] * count
        if rule and rule.fixed:
            if (fixed := resolve(rule.fixed)) is None:
                self.fault("area", "", "–", rule.fixed)
            return [fixed] * count
        stub = self._stub(block, rule.stub if rule else None, "area")
        if stub is None:
            return [None] * count
        return self._resolve(block, stub, resolve, "area", what)

    def _stub_dims(self, block: Block, count: int) -> list[dict[str, str]]:
        stubs = self.table.stubs
        pairs = stubs.items() if isinstance(stubs, dict) else ((name, name) for name in stubs)
        joint = self.table.area.joint if self.table.area else {}
        areas = (
            block.stubs.get(self.table.area.stub or "area", [""] * count) if joint and self.table.area else [""] * count
        )
        rows: list[dict[str, str]] = [{"coverage": "joint"} if area in joint else {} for area in areas]
        for stub, pattern in pairs:
            written = pattern == AS_WRITTEN
            if not written and not pattern.startswith("{"):
                continue
            dimension = stub if written else pattern.strip("{}")
            labels = self.table.labels.get(dimension)
            if stub not in block.stubs:
                self.fault("stub_missing", block.grid.address(block.header_row, 0), "–", stub)
                continue
            resolve = code_as_written if written else partial(code_from_label, dimension, extra=labels)
            codes = self._resolve(block, stub, resolve, "label", dimension)
            for row, code in zip(rows, codes, strict=True):
                row[dimension] = code or "total"
        same: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        return [same.setdefault(tuple(row.items()), row) for row in rows]

    def _report_names(self, block: Block) -> None:
        """A name without a letter is a figure that slipped into the column of the names."""
        for row, name in zip(block.rows, block.stubs.get("area_name", []), strict=False):
            if name and not any(letter.isalpha() for letter in name):
                address = block.grid.address(row, block.stub_columns["area_name"])
                self.fault("layout", address, describe(name), "Gebietsname / name of an area")

    def _values(self, block: Block, columns: ColumnMatch, rows: list[_Row]) -> pl.DataFrame:
        """All cells of the matched columns as observations."""
        frames = [
            self._column(block, column, matched, rows)
            for column, matched in columns.matched.items()
            if matched.rule.ignore is None
        ]
        if not frames:
            return empty_observations()
        cells = _without_incomplete_totals(pl.concat(frames), self.table)
        return _without_dead_areas(cells, self.config.get("dead_row_symbol")).drop("row")

    def _column(self, block: Block, column: int, matched: Matched, rows: list[_Row]) -> pl.DataFrame:
        rule, grid = matched.rule, block.grid
        raw = [grid.rows[row][column] for row in block.rows]
        if matched.area is not None:
            rows = [replace(row, area=self._area(matched.area)) for row in rows]
        concept = rule.measure or f"{self.table.id}.{matched.key}"
        entry = concepts().get(concept)
        letters, of_column = column_letters(column), rule.period or matched.period
        cells = (
            [grid.address(row, column) for row in block.rows]
            if grid.transposed
            else [f"{grid.sheet}!{letters}{row + 1}" for row in block.rows]
        )
        known = {id(row.dims): row.dims for row in rows}
        dims_text = {name: format_dims({**dims, **matched.dims}) for name, dims in known.items()}
        frame = pl.DataFrame(
            {
                **self._leading(block, rows, of_column),
                "cell": cells,
                "dims": [dims_text[id(row.dims)] for row in rows],
                "value_text": [cell.strip() if type(cell) is str else as_text(cell) for cell in raw],
                "number": [cell if isinstance(cell, float) else None for cell in raw],
            },
            schema_overrides={"number": pl.Float64},
        )
        unit = rule.unit or (entry.unit if entry else "unknown")
        is_text = unit == "text"
        lazy = frame.lazy()  # one pass: there are thousands of small columns
        if block.skip_empty:
            lazy = lazy.filter(pl.col("value_text") != "")
        bare, of_text = self._markings()
        for expression in self._value_and_status(rule, is_text, bare):
            lazy = lazy.with_columns(expression)
        of_row: pl.Expr = pl.when(pl.col("obs_status") == "A").then(pl.coalesce(of_text, "status"))
        found = (
            lazy.with_columns(pl.coalesce(of_row, "obs_status").alias("obs_status"))
            .select(
                "row",
                "cell",
                pl.lit(matched.key).alias("column"),
                pl.lit(concept).alias("measure"),
                "area",
                "area_level",
                "area_vintage",
                "period",
                self._basis(rule),
                "dims",
                _times(pl.col("value"), rule.factor),
                "value_text",
                pl.lit(unit).alias("unit"),
                "obs_status",
                pl.lit("stated" if rule.meaning == "evidence" and rule.confirmed else rule.meaning).alias("meaning"),
            )
            .collect()
        )
        self._report_values(block, column, found)
        return found

    def _markings(self) -> tuple[pl.Expr | None, pl.Expr]:
        """A figure without the brackets or the mark that the contract knows, and the status that they give to it."""
        text, none = pl.col("value_text"), pl.lit(None, pl.String)
        bracketed = text.str.extract(r"^\((.*)\)$") if self.table.brackets else none
        marks = {raised(mark): status for mark, status in self.table.marks.items()}
        mark = text.str.extract(_MARKED, 2)
        marked = pl.when(mark.is_in(list(marks))).then(text.str.extract(_MARKED, 1)) if marks else none
        status = mark.replace_strict(marks, default=None, return_dtype=pl.String) if marks else none
        bare = pl.coalesce(bracketed, marked) if self.table.brackets or marks else None
        return bare, pl.when(bracketed.is_not_null()).then(pl.lit(self.table.brackets)).otherwise(status)

    def _value_and_status(self, rule: ColumnRule, is_text: bool, bracketed: pl.Expr | None) -> list[pl.Expr]:
        """The expressions of `_value_and_status`, made once for all columns with the same symbols and decimal mark."""
        decimal = rule.decimal or self.table.decimal or self.config["decimal"]
        key = (is_text, decimal, *sorted(rule.symbols.items()))
        if key not in self._statuses:
            symbols, format_ = {**self.symbols, **rule.symbols}, {**self.config, "decimal": decimal}
            self._statuses[key] = _value_and_status(symbols, format_, is_text, bracketed)
        return self._statuses[key]

    def _leading(self, block: Block, rows: list[_Row], header_period: str | None) -> dict[str, pl.Series]:
        """What the leading columns say, as columns; made once for all data columns of a block and period."""
        if self._led is None or self._led[0] is not rows or self._led[1] != header_period:
            columns = {
                "area": [row.area[0] if row.area else None for row in rows],
                "area_level": [row.area[1] if row.area else None for row in rows],
                "area_vintage": [vintage(row.area, header_period or row.period) for row in rows],
                "period": [header_period or row.period for row in rows],
                "status": [row.status for row in rows],
            }
            texts = {name: pl.Series(name, values, pl.String) for name, values in columns.items()}
            self._led = rows, header_period, {"row": pl.Series("row", list(block.rows), pl.Int64), **texts}
        return self._led[2]

    def _basis(self, rule: ColumnRule) -> pl.Expr:
        """The column's basis, or the table's, which may change from a year on (a new census)."""
        expression = pl.lit(self.settings["basis"])
        for year, basis in sorted(self.table.basis_from.items()):
            expression = pl.when(pl.col("period") >= year).then(pl.lit(basis)).otherwise(expression)
        return (pl.lit(rule.basis) if rule.basis else expression).alias("basis")

    def _report_values(self, block: Block, column: int, frame: pl.DataFrame) -> None:
        if not frame["obs_status"].null_count():
            return
        allowed = " ".join(sorted(self.symbols))
        for row, text in frame.filter(pl.col("obs_status").is_null()).select("row", "value_text").iter_rows():
            self.fault("value", block.grid.address(row, column), describe(text), allowed)


def _number(rows: list[_Row]) -> None:
    """Give the second and every further row about the same thing the dimension `repeat`."""
    seen: Counter[tuple[str | None, str | None, str]] = Counter()
    for place, row in enumerate(rows):
        about = (row.period, row.area[0] if row.area else None, format_dims(row.dims))
        seen[about] += 1
        if seen[about] > 1:  # equal rows share their dimensions
            rows[place] = replace(row, dims={**row.dims, "repeat": str(seen[about])})


def quote(path: str) -> str:
    """A header path in quotation marks; what reads like a figure may be a data row out of place and is left out."""
    return f"„{SEPARATOR.join(_wording(part) for part in path.split(SEPARATOR))}“"


def _wording(text: str) -> str:
    if parse_period(text):
        return text
    return re.sub(r"\d{3,}", "…", text) if any(letter.isalpha() for letter in text) else describe(text)


def _value_and_status(
    symbols: dict[str, str], config: dict[str, Any], is_text: bool, bracketed: pl.Expr | None = None
) -> list[pl.Expr]:
    """Columns `value` and then `obs_status`, which looks at it: null for what is neither number nor agreed symbol."""
    text = pl.col("value_text") if bracketed is None else pl.coalesce(bracketed, "value_text")
    if is_text:
        return [
            pl.lit(None, pl.Float64).alias("value"),
            pl.when(text == "").then(pl.lit("O")).otherwise(pl.lit("A")).alias("obs_status"),
        ]
    zeros = [symbol for symbol, meaning in symbols.items() if meaning == "zero"]
    missing = {symbol: meaning for symbol, meaning in symbols.items() if meaning != "zero"}
    number = pl.coalesce(pl.col("number"), number_from_text(text, config["decimal"]))
    empty = missing.get("", config.get("empty", "O"))
    value = pl.when(text.is_in(zeros)).then(0.0).when(text.is_in(list(missing))).then(None).otherwise(number)
    status = (
        pl.when(text == "")
        .then(pl.lit(None if empty == "fault" else empty, pl.String))
        .when(text.is_in(list(missing)))
        .then(text.replace_strict(missing, default=None, return_dtype=pl.String))
        .when(pl.col("value").is_finite())
        .then(pl.lit("A"))
    )
    return [value.alias("value"), status.alias("obs_status")]


def _times(value: pl.Expr, factor: float) -> pl.Expr:
    """A value in its concept's unit; without the noise of binary fractions, by which 128.2 thousand were no count."""
    return value if factor == 1.0 else (value * factor).round_sig_figs(14).alias("value")


def _without_incomplete_totals(cells: pl.DataFrame, table: TableContract) -> pl.DataFrame:
    """A total that leaves out a part which is withheld in its row is no total: it is withheld too (see `lacks`)."""
    for key, rule in table.columns.items():
        if rule.lacks is None:
            continue
        part = cells.filter((pl.col("column") == rule.lacks) & pl.col("value").is_null())
        status = dict(part.select("row", "obs_status").iter_rows())
        instead = pl.when(pl.col("column") == key).then(pl.col("row").replace_strict(status, default=None))
        cells = cells.with_columns(
            pl.when(instead.is_null()).then(pl.col("value")).alias("value"),
            pl.coalesce(instead, "obs_status").alias("obs_status"),
        )
    return cells


def _without_dead_areas(cells: pl.DataFrame, symbol: str | None) -> pl.DataFrame:
    """An area with nothing but `-` in a period does not exist at that date: its cells are M, not zero."""
    if symbol is None:
        return cells
    about = ["area", "area_level", "period"]
    dead = (pl.col("value_text") == symbol).all().over(about) & (pl.len().over(about) > 1)
    return cells.with_columns(
        pl.when(dead).then(None).otherwise(pl.col("value")).alias("value"),
        pl.when(dead).then(pl.lit("M")).otherwise(pl.col("obs_status")).alias("obs_status"),
    )


def _named_areas(
    block: Block, rows: list[_Row], columns: ColumnMatch, resolve: Callable[[str], Area | None]
) -> pl.DataFrame:
    """Area keys with the names that stand beside them, as of the row's period or the latest one in the header."""
    latest = max((matched.period for matched in columns.matched.values() if matched.period), default=None)
    named = list(zip(rows, block.stubs.get("area_name", []), strict=False))
    once = {row.period: row for row in rows}
    for matched in columns.matched.values():
        if matched.area and matched.area_name:
            named += [(replace(row, area=resolve(matched.area)), matched.area_name) for row in once.values()]
    found = {
        (row.area[0], row.area[1], vintage(row.area, latest or row.period), name.strip())
        for row, name in named
        if row.area and name.strip()
    }
    return pl.DataFrame(sorted(found, key=str), schema=AREA_COLUMNS, orient="row")
