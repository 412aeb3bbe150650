# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a block as observations: all data columns at once, column after column.

Belongs here: joining what rows and columns say with the cells where they meet; value and status of each cell. Does not
belong here: what a row (`rows`) or a column (`columns`) is about, and number formats (`values`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl

from raw.contracts import ColumnRule, TableContract
from raw.harvest.address import column_letters
from raw.harvest.areas import Area
from raw.harvest.columns import ColumnMatch, Matched
from raw.harvest.faults import Report, describe
from raw.harvest.grid import Cell, Grid
from raw.harvest.layout import Block
from raw.harvest.raised import RAISED_SIGNS, raised
from raw.harvest.rows import Rows
from raw.harvest.unshown import ERRORS, OTHER_ERROR
from raw.harvest.values import number_from_text, text_of_numbers
from raw.vocabulary.dimensions import format_dims
from raw.vocabulary.measures import concepts
from raw.vocabulary.observation import empty_observations

_OF_COLUMN = {
    "column": pl.String,
    "measure": pl.String,
    "unit": pl.String,
    "meaning": pl.String,
    "basis_of_column": pl.String,
    "factor": pl.Float64,
    "period_of_column": pl.String,
    "area_of_column": pl.String,
    "level_of_column": pl.String,
    "vintage_of_column": pl.String,
    "before": pl.String,
    "after": pl.String,
}
_MARKED = rf"^(.*?) ?([{RAISED_SIGNS}]+)$"
_BLANKS = "".join(chr(sign) for sign in range(0x10000) if chr(sign).isspace())
"""What `str.strip` takes for a blank, which is a little more than what polars does."""
Format = tuple[bool, str, tuple[tuple[str, str], ...], str]
"""What decides how entries of a column are read: text or figure, decimal mark, own symbols, what its texts are like."""


class CellReader:
    """Reads the cells of the blocks of one table; a cell that is neither number nor agreed symbol is a fault."""

    def __init__(
        self,
        table: TableContract,
        settings: Mapping[str, str],
        config: Mapping[str, Any],
        symbols: Mapping[str, str],
        area: Callable[[str], Area | None],
        report: Report,
    ) -> None:
        self.table, self.settings, self.config, self.symbols = table, settings, config, symbols
        self.area, self.report = area, report

    def read(self, block: Block, columns: ColumnMatch, rows: Rows) -> pl.DataFrame:
        """Observations of all columns that are not ignored, without the delivery's own columns."""
        formats: dict[Format, dict[int, Matched]] = {}
        wanted = {column: matched for column, matched in columns.matched.items() if matched.rule.ignore is None}
        for column, matched in wanted.items():
            formats.setdefault(self._format(matched.rule), {})[column] = matched
        if not wanted:
            return empty_observations()
        places = {column: place for place, column in enumerate(wanted)}
        leading = rows.frame().with_columns(pl.Series("row", list(block.rows), pl.Int64), self._own_address(block))
        parts = [self._read(block, format_, some, rows.kinds, leading, places) for format_, some in formats.items()]
        cells = pl.concat(parts)
        if len(parts) > 1:
            cells = cells.sort("place", maintain_order=True)
        self._report_values(block, cells, wanted)
        cells = _without_incomplete_totals(cells, self.table)
        return _without_dead_areas(cells, self.config.get("dead_row_symbol")).drop("row", "place")

    def _format(self, rule: ColumnRule) -> Format:
        decimal = rule.decimal or self.table.decimal or self.config["decimal"]
        return self._unit(rule) == "text", decimal, tuple(sorted(rule.symbols.items())), rule.pattern or ""

    def _unit(self, rule: ColumnRule) -> str:
        entry = concepts().get(rule.measure or "")
        return rule.unit or (entry.unit if entry else "unknown")

    def _own_address(self, block: Block) -> pl.Series:
        """The part of a cell's address that its row gives."""
        transposed = block.grid.transposed
        return pl.Series("own", [column_letters(r) if transposed else f"{r + 1}" for r in block.rows], pl.String)

    def _read(
        self,
        block: Block,
        format_: Format,
        columns: Mapping[int, Matched],
        kinds: list[dict[str, str]],
        leading: pl.DataFrame,
        places: Mapping[int, int],
    ) -> pl.DataFrame:
        """The cells of columns whose entries are read in one way."""
        height, width = leading.height, len(columns)
        of_column = np.repeat(np.arange(width), height)
        about = pl.DataFrame(
            [self._of_column(block.grid, column, matched) for column, matched in columns.items()],
            schema=_OF_COLUMN,
            orient="row",
        ).with_columns(pl.Series("place", [places[column] for column in columns], pl.Int64))
        dims = pl.Series(
            [format_dims({**kind, **one.dims}) for one in columns.values() for kind in kinds], dtype=pl.String
        )
        chosen = [block.grid.rows[row] for row in block.rows]
        texts, numbers = _entries([cell for column in columns for cell in map(itemgetter(column), chosen)])
        cells = pl.concat(
            [about[of_column], leading[np.tile(np.arange(height), width)]], how="horizontal"
        ).with_columns(
            dims[of_column * len(kinds) + np.tile(leading["kind"].to_numpy(), width)].alias("dims"),
            texts.alias("written"),
            numbers.alias("number"),
            _filled(texts, numbers).alias("value_text"),
        )
        if block.skip_empty:
            cells = cells.filter(pl.col("value_text") != "")
        return self._observed(cells, format_)

    def _of_column(self, grid: Grid, column: int, matched: Matched) -> tuple[object, ...]:
        """What a column says about each of its cells (see _OF_COLUMN)."""
        rule = matched.rule
        area = (self.area(matched.area) if matched.area is not None else None) or (None, None, None)
        meaning = "stated" if rule.meaning == "evidence" and rule.confirmed else rule.meaning
        before, after = (
            (f"{grid.sheet}!", f"{column + 1}") if grid.transposed else (f"{grid.sheet}!{column_letters(column)}", "")
        )
        concept = rule.measure or f"{self.table.id}.{matched.key}"
        return (
            matched.key, concept, self._unit(rule), meaning, rule.basis, rule.factor, rule.period or matched.period,
            *area, before, after,
        )  # fmt: skip

    def _observed(self, cells: pl.DataFrame, format_: Format) -> pl.DataFrame:
        """The columns of an observation from what rows, columns and entries say."""
        is_text, decimal, own, pattern = format_
        symbols = {**self.symbols, **dict(own)}
        bare, of_text = self._markings()
        period = pl.coalesce("period_of_column", "period")
        empty = self.config.get("empty", "O")
        value, status = (
            _text_and_status(symbols, pattern) if is_text else _value_and_status(symbols, empty, decimal, bare)
        )
        of_row = pl.when(pl.col("obs_status") == "A").then(pl.coalesce(of_text, "status"))
        lazy = cells.lazy().with_columns(
            period.alias("period"),
            pl.coalesce("area_of_column", "area").alias("area"),
            pl.coalesce("level_of_column", "area_level").alias("area_level"),
            pl.coalesce("vintage_of_column", "own_vintage").alias("own_vintage"),
            pl.concat_str("before", "own", "after").alias("cell"),
            value,
        )
        return (
            lazy.with_columns(status)
            .select(
                "row",
                "place",
                "cell",
                "column",
                "measure",
                "area",
                "area_level",
                pl.when(pl.col("area").is_not_null())
                .then(pl.coalesce("own_vintage", pl.col("period").str.slice(0, 4)))
                .alias("area_vintage"),
                "period",
                self._basis(),
                "dims",
                _times(pl.col("value"), pl.col("factor")),
                "value_text",
                "unit",
                pl.coalesce(of_row, "obs_status").alias("obs_status"),
                "meaning",
            )
            .collect()
        )

    def _markings(self) -> tuple[pl.Expr | None, pl.Expr]:
        """A figure without the brackets or the mark that the contract knows, and the status that they give to it."""
        text, none = pl.col("value_text"), pl.lit(None, pl.String)
        bracketed = text.str.extract(r"^\((.*)\)$") if self.table.brackets else none
        marks = {raised(mark): status for mark, status in self.table.marks.items()}
        mark = text.str.extract(_MARKED, 2)
        marked = pl.when(mark.is_in(list(marks))).then(text.str.extract(_MARKED, 1)) if marks else none
        status = mark.replace_strict(marks, default=None, return_dtype=pl.String) if marks else none
        bare = pl.coalesce(bracketed, marked) if self.table.brackets or marks else None
        if bare is None:
            return None, none
        return bare, pl.when(bracketed.is_not_null()).then(pl.lit(self.table.brackets)).otherwise(status)

    def _basis(self) -> pl.Expr:
        """The column's basis, or the table's, which may change from a year on (a new census)."""
        expression = pl.lit(self.settings["basis"])
        for year, basis in sorted(self.table.basis_from.items()):
            expression = pl.when(pl.col("period") >= year).then(pl.lit(basis)).otherwise(expression)
        return pl.coalesce("basis_of_column", expression).alias("basis")

    def _report_values(self, block: Block, cells: pl.DataFrame, wanted: Mapping[int, Matched]) -> None:
        if not cells["obs_status"].null_count():
            return
        allowed, columns = " ".join(sorted(self.symbols)), list(wanted)
        wrong = cells.filter(pl.col("obs_status").is_null()).select("row", "place", "value_text")
        for row, place, text in wrong.iter_rows():
            rule = wanted[columns[place]].rule
            code, what = ("text", rule.pattern) if rule.pattern else ("value", allowed)
            self.report.note(code, block.grid.address(row, columns[place]), describe(text), what)


def _entries(cells: list[Cell]) -> tuple[pl.Series, pl.Series]:
    """Entries as stripped texts and as numbers, null where they are the other (an empty cell is neither)."""
    kinds = set(map(type, cells))
    if float not in kinds:
        return pl.Series(cells, dtype=pl.String).str.strip_chars(_BLANKS), pl.repeat(
            None, len(cells), dtype=pl.Float64, eager=True
        )
    texts = [cell if type(cell) is str else None for cell in cells] if str in kinds else [None] * len(cells)
    numbers = [cell if type(cell) is float else None for cell in cells]
    return pl.Series(texts, dtype=pl.String).str.strip_chars(_BLANKS), pl.Series(numbers, dtype=pl.Float64)


def _filled(texts: pl.Series, numbers: pl.Series) -> pl.Series:
    """Entries as texts, whatever they are."""
    if numbers.null_count() < numbers.len():
        texts = texts.zip_with(numbers.is_null(), text_of_numbers(numbers))
    return texts.fill_null("")


def _text_and_status(symbols: Mapping[str, str], pattern: str) -> tuple[pl.Expr, pl.Expr]:
    """The same of a column of texts, which has no value: an error is no text, nor is what is not like the others."""
    text = pl.col("value_text")
    error = text.is_in([*ERRORS, OTHER_ERROR])
    known = text.replace_strict(symbols, default=None, return_dtype=pl.String)
    like = text.str.contains(f"^(?:{pattern})$") if pattern else pl.lit(value=True)
    status = pl.when(text == "").then(pl.lit("O")).when(error).then(known).when(like).then(pl.lit("A"))
    return pl.lit(None, pl.Float64).alias("value"), status.alias("obs_status")


def _value_and_status(
    symbols: Mapping[str, str], empty: str, decimal: str, bracketed: pl.Expr | None
) -> tuple[pl.Expr, pl.Expr]:
    """Columns `value` and then `obs_status`, which looks at it: null for what is neither number nor agreed symbol."""
    text = pl.col("value_text") if bracketed is None else pl.coalesce(bracketed, "value_text")
    zeros = [symbol for symbol, meaning in symbols.items() if meaning == "zero"]
    missing = {symbol: meaning for symbol, meaning in symbols.items() if meaning != "zero"}
    written = pl.col("written") if bracketed is None else pl.coalesce(bracketed, "written")
    number = pl.coalesce(pl.col("number"), number_from_text(written, decimal))
    empty = missing.get("", empty)
    value = pl.when(text.is_in(zeros)).then(0.0).when(text.is_in(list(missing))).then(None).otherwise(number)
    status = (
        pl.when(text == "")
        .then(pl.lit(None if empty == "fault" else empty, pl.String))
        .when(text.is_in(list(missing)))
        .then(text.replace_strict(missing, default=None, return_dtype=pl.String))
        .when(pl.col("value").is_finite())
        .then(pl.lit("A"))
    )
    return value.alias("value"), status.alias("obs_status")


def _times(value: pl.Expr, factor: pl.Expr) -> pl.Expr:
    """A value in its concept's unit; without the noise of binary fractions, by which 128.2 thousand were no count."""
    return pl.when(factor == 1.0).then(value).otherwise((value * factor).round_sig_figs(14)).alias("value")


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
    doubted = cells.filter(pl.col("value_text") == symbol).select(about).unique()
    others = cells.filter(pl.col("value_text") != symbol).select(about)
    if doubted.join(others, on=about, how="anti", nulls_equal=True).is_empty():
        return cells
    dead = (pl.col("value_text") == symbol).all().over(about) & (pl.len().over(about) > 1)
    return cells.with_columns(
        pl.when(dead).then(None).otherwise(pl.col("value")).alias("value"),
        pl.when(dead).then(pl.lit("M")).otherwise(pl.col("obs_status")).alias("obs_status"),
    )
