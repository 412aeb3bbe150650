# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Totals that nobody declared: a column, or an entry, that is the sum of those beside it wherever else one looks.

Belongs here: sums that a table keeps to of its own accord, whatever it is about, and entries that call themselves a
total. Does not belong here: sums that a contract declares (`identities`) or the vocabulary knows (`derived`).

A total is believed if it is the sum of neighbours in a row, or of all others, to the last digit, so often and with so
many digits that it is no chance; then a row in which it is far off is wrong. A little off is left alone: offices round
and revise single figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from quality.checks.violations import Judge
from raw.vocabulary.measures import concepts

HELD = 0.95
"""Share of the other rows in which a total has to be the sum, one period aside."""
ROWS, DIGITS = 3, 6.0
"""And in at least so many of them, from two parts or more, with so many digits together."""
ODD = 0.05
"""Share of the periods in which a total may be far off; where it is so more often, and more than once, it is none."""
OFF = 0.2
"""A total this far off, as a share of the larger of total and sum, is no matter of rounding."""
MAX_ROWS, MAX_LINES = 20_000, 400
"""Larger tables are registers and matrices."""
LAST = 1e-6
WORDS = r"(?i)(^|[=_;])(insgesamt|gesamt|zusammen|summe|total)($|[_;])"
"""What an entry is called that is the total of the others (umlauts and blanks as in dimensions taken as written)."""
Figures = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]
_KEYS = ["basis", "area_level", "area", "period"]


@dataclass(frozen=True)
class _Table:
    """Figures of a table in rows (`keys`: what each is about) and lines (in the order of the sheet)."""

    name: str
    keys: pl.DataFrame
    lines: list[str]
    values: Figures


def judge_totals(judge: Judge, rows: pl.DataFrame, declared: Sequence[tuple[str, str]] = ()) -> None:
    """Bring totals that are far off before the judge; `rows` is what `continuity.figures` gives.

    `declared` are (table, column) of totals that a contract declares: they are judged there.
    """
    known = pl.col("measure").is_in(list(concepts()))
    placed = rows.with_columns(
        known.alias("known"),
        pl.col("cell").str.extract(r"!([A-Z]+)\d+$").alias("letters"),
        pl.col("cell").str.extract(r"(\d+)$").cast(pl.Int64).alias("number"),
    )
    for _, own in placed.group_by("table", maintain_order=True):
        for line in ("column", "dims"):
            # What entries of known dimensions add up to follows from the vocabulary (`identities`).
            if (table := _arranged(own.filter(~pl.col("known")) if line == "dims" else own, line)) is not None:
                for whole, off in _broken(table):
                    if line == "dims" or (table.name, table.lines[whole]) not in declared:
                        _report(judge, "total", own, table, line, whole, off)
    _judge_named(judge, rows)


def _arranged(own: pl.DataFrame, line: str) -> _Table | None:
    """A table with its columns, or the entries of its leading columns, as lines; None for what is no such table."""
    order = [pl.col("letters").str.len_chars(), "letters", "number"]
    ordered = own.sort(order if line == "column" else ["number", *order[:2]])
    lines = ordered[line].unique(maintain_order=True).to_list()
    about = ["dims" if line == "column" else "column", *_KEYS]
    keys = ordered.select(about).unique(maintain_order=True).with_row_index("row")
    if own.is_empty() or not 2 < len(lines) <= MAX_LINES or keys.height > MAX_ROWS:
        return None
    place = {name: number for number, name in enumerate(lines)}
    joined = ordered.join(keys, on=about)
    values = np.full((keys.height, len(lines)), np.nan)
    values[joined["row"].to_numpy(), [place[name] for name in joined[line]]] = joined["value"].to_numpy()
    return _Table(own["table"][0], keys, lines, values)


def _broken(table: _Table) -> Iterator[tuple[int, Marks]]:
    """Lines that are totals, with the rows in which no sum that makes them one comes near."""
    _, periods = np.unique(table.keys["period"].to_numpy(), return_inverse=True)
    for whole in range(len(table.lines)):
        sums, told = _candidates(table.values, whole)
        total = table.values[:, [whole]]
        decided = ~np.isnan(total) & ~np.isnan(sums)
        right = decided & (np.abs(sums - total) <= LAST * (1 + np.abs(total)))
        held = _believed(total, decided, right, right & told, periods)
        if not held.any():
            continue
        size = np.maximum(np.abs(total), np.abs(sums)) + 1
        near = ~decided | (np.abs(sums - total) <= OFF * size)
        off: Marks = (decided & held).any(axis=1) & np.logical_not((near & held).any(axis=1))
        odd = np.unique(periods[off]).size
        if 0 < odd <= max(1.0, ODD * (periods.max() + 1)):
            yield whole, off


def _candidates(values: Figures, whole: int) -> tuple[Figures, Marks]:
    """Sums of neighbours in a row after or before a line and of all others; whether two parts or more are not zero."""
    number = values.shape[1]
    spans = [(whole + 1, end) for end in range(whole + 3, number + 1)] + [(at, whole) for at in range(whole - 1)]
    first, end = (np.array([span[side] for span in spans], dtype=np.int64) for side in (0, 1))
    start = np.zeros((values.shape[0], 1))
    added = np.hstack([start, np.cumsum(np.nan_to_num(values), axis=1)])
    empty = np.hstack([start, np.cumsum(np.isnan(values), axis=1)])
    filled = np.hstack([start, np.cumsum(np.nan_to_num(values) != 0, axis=1)])
    own, own_empty = np.nan_to_num(values[:, [whole]]), np.isnan(values[:, [whole]])

    def of(sums: Figures, itself: Figures | Marks) -> Figures:
        together: Figures = np.hstack([sums[:, end] - sums[:, first], sums[:, [-1]] - itself])
        return together

    sums = np.where(of(empty, own_empty) > 0, np.nan, of(added, own))
    return sums, of(filled, own != 0) > 1


def _believed(total: Figures, decided: Marks, right: Marks, told: Marks, periods: npt.NDArray[np.intp]) -> Marks:
    """Candidates that are right nearly everywhere, the worst period aside, in many rows and with many digits."""
    digits = np.log10(np.clip(np.abs(np.nan_to_num(total)), 1.0, None))
    often = (told.sum(axis=0) >= ROWS) & ((digits * told).sum(axis=0) >= DIGITS)
    held = np.zeros(often.shape, bool)
    for candidate in np.flatnonzero(often):
        wrong = np.bincount(periods, (decided & ~right)[:, candidate])
        worst = int(wrong.argmax())
        others = decided[:, candidate] & (periods != worst)
        held[candidate] = others.sum() >= ROWS and right[others, candidate].mean() >= HELD
    return held


def _report(judge: Judge, rule: str, own: pl.DataFrame, table: _Table, line: str, whole: int, off: Marks) -> None:
    """Take down rows of a total; the entries of one area and period together."""
    about = ["area", "period"]
    keys = table.keys.filter(pl.Series(off)).drop("row")
    totals = own.filter(pl.col(line) == table.lines[whole]).join(keys, on=keys.columns, how="semi")
    for row in totals.sort(*about, "column", "dims").group_by(about, maintain_order=True).agg(
        "value", pl.col("snapshot", "cell", "column").first()
    ).iter_rows(named=True):  # fmt: skip
        name = f"{rule}.{table.lines[whole]}"
        judge.found_at(table.name, name, row["area"], row["period"], row["value"], row["snapshot"], row["cell"])


def _judge_named(judge: Judge, rows: pl.DataFrame) -> None:
    """An entry called a total that a part exceeds, where none does in the table's other periods."""
    named = rows.filter(pl.col("dims").str.contains(WORDS) & (pl.col("value") >= 0))
    group = ["table", "column", *_KEYS]
    once = named.filter(pl.len().over(group) == 1)
    parts = rows.filter(~pl.col("dims").str.contains(WORDS)).group_by(group).agg(pl.col("value").max().alias("largest"))
    both = once.join(parts, on=group).with_columns((pl.col("largest") > pl.col("value")).alias("over"))
    judge.count(both.height)
    over = pl.col("over").any().over("table", "area", "period")
    elsewhere = both.with_columns(over.alias("here")).with_columns(
        pl.col("period").filter(pl.col("here")).n_unique().over("table").alias("odd"),
        pl.col("period").n_unique().over("table").alias("all"),
    )
    found = elsewhere.filter(pl.col("over") & (pl.col("odd") == 1) & (pl.col("all") > 1)).sort(group)
    for row in found.group_by("table", "area", "period", maintain_order=True).agg(
        "value", "largest", pl.col("snapshot", "cell").first()
    ).iter_rows(named=True):  # fmt: skip
        values = [*row["value"], *row["largest"]]
        judge.found_at(row["table"], "total.named", row["area"], row["period"], values, row["snapshot"], row["cell"])
