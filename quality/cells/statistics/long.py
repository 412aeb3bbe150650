# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The bridge between long frames and arrays: rows spread to a matrix, results with their status.

Belongs here: gaps, statuses and terms. Does not belong here: any method, and which statistic is wanted (`frames`).

A frame in has the key columns (default `area`, `period`), the column that is summed over, `value` (float, null = not
known), and may have `obs_status` (default A, without a value O), and `cell` (its id) or `terms` (the ids it was made
from). A row that is missing is not known; so is a value whose status says that there is none. Rows of items that were
not asked for (other age groups) are left aside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from quality.cells.statistics.arrays import Array, Bools
from raw.vocabulary.lists import lists

KEYS = ("area", "period")

STATUSES = ("A", "P", "E", "B", "U", "M", "L", "O", "Q")
"""From the best to the one that wins over all others (decision 0006)."""

_RANK = {status: rank for rank, status in enumerate(STATUSES)}
_WITHOUT_VALUE = [status for status in STATUSES if not lists()["obs_status"][status]["has_value"]]


@dataclass(frozen=True)
class Spread:
    """Rows of a frame as a matrix: keys (one row each), values (NaN = not known), worst status and terms per key."""

    keys: pl.DataFrame
    values: Array
    ranks: Array
    terms: pl.Series


def prepared(role: str, frame: pl.DataFrame, by: Sequence[str], signed: bool = False) -> pl.DataFrame:
    """`by`, value, rank, terms; one row per combination of `by`, its value null where it is not known.

    Raises ValueError for a row that occurs twice, an unknown status, an infinite value and (unless `signed`) a negative
    one, naming the row by its keys and never a value.
    """
    status = pl.col("obs_status") if "obs_status" in frame.columns else pl.lit(None, pl.String)
    value = pl.col("value").cast(pl.Float64).fill_nan(None)
    if "terms" in frame.columns:
        terms = pl.col("terms").cast(pl.List(pl.String))
    elif "cell" in frame.columns:
        terms = pl.concat_list(pl.col("cell").cast(pl.String))
    else:
        terms = pl.concat_list(
            pl.concat_str([pl.lit(role), *(pl.col(name).cast(pl.String) for name in by)], separator="|")
        )
    rows = frame.select(
        *by,
        pl.when(status.is_in(_WITHOUT_VALUE)).then(None).otherwise(value).alias("value"),
        pl.when(value.is_null() & ~status.fill_null("A").is_in(_WITHOUT_VALUE))
        .then(pl.lit("O"))
        .otherwise(status.fill_null("A"))
        .alias("status"),
        terms.alias("terms"),
    )
    _refuse(role, "occurs twice", rows.filter(rows.select(by).is_duplicated()), by)
    _refuse(role, "has an unknown status", rows.filter(~pl.col("status").is_in(list(STATUSES))), by)
    _refuse(role, "has an infinite value", rows.filter(pl.col("value").is_infinite()), by)
    if not signed:
        _refuse(role, "has a negative count", rows.filter(pl.col("value") < 0), by)
    return rows.with_columns(pl.col("status").replace_strict(_RANK, return_dtype=pl.Float64).alias("rank")).drop(
        "status"
    )


def _refuse(role: str, what: str, rows: pl.DataFrame, by: Sequence[str]) -> None:
    if rows.height:
        place = ", ".join(f"{name} {rows[name][0]}" for name in by)
        raise ValueError(f"{role}: {place} {what}")


def spread(
    role: str, frame: pl.DataFrame, grid: pl.DataFrame, keys: Sequence[str], item: str, width: int, signed: bool = False
) -> Spread:
    """The frame's values on a grid (keys, item, `column` below `width`); off the grid 0, on it without a row NaN and O.

    Raises ValueError as `prepared`.
    """
    by = [*dict.fromkeys([*(key for key in keys if key in frame.columns), item])]
    missing = _RANK["O"]
    full = (
        grid.join(prepared(role, frame, by, signed), on=by, how="left")
        .with_columns(pl.col("rank").fill_null(missing), pl.col("value").fill_null(float("nan")))
        .sort(*keys, "column")
    )
    grouped = full.group_by(keys, maintain_order=True).agg(
        pl.len(), pl.col("rank").max(), pl.col("terms").explode().drop_nulls()
    )
    values = np.zeros((grouped.height, width))
    rows = np.repeat(np.arange(grouped.height), grouped["len"].to_numpy())
    values[rows, full["column"].to_numpy()] = full["value"].to_numpy()
    return Spread(grouped.select(keys), values, grouped["rank"].to_numpy(), grouped["terms"])


def items_grid(
    frames: Mapping[str, pl.DataFrame], keys: Sequence[str], item: str, items: Sequence[str]
) -> pl.DataFrame:
    """Every key that occurs in one of the frames, with every item: a grid for `spread`."""
    found = pl.concat([frame.select(keys) for frame in frames.values()]).unique()
    columns = pl.DataFrame(
        {item: list(items), "column": range(len(items))}, schema={item: pl.String, "column": pl.Int64}
    )
    return found.join(columns, how="cross")


def result(
    spreads: Sequence[Spread],
    value: Array,
    lower: Array | None = None,
    upper: Array | None = None,
    low: Bools | None = None,
    at_least: str = "A",
    always: str | None = None,
) -> pl.DataFrame:
    """Keys, value, lower, upper, obs_status, terms.

    The status is the worst of the parts; M where all parts are there and the statistic is still not defined; U where
    `low`; never better than `at_least`; `always` this one where there is a value. Without a value there are no limits
    either.
    """
    ranks = np.maximum.reduce([one.ranks for one in spreads])
    ranks = np.where(ranks >= _RANK["M"], ranks, np.where(np.isnan(value), _RANK["M"], ranks))
    if low is not None:
        ranks = np.maximum(ranks, np.where(low, _RANK["U"], 0))
    ranks = np.maximum(ranks, _RANK[at_least]).astype(np.int64)
    shown = ranks < _RANK["M"]
    if always is not None:
        ranks = np.where(shown, _RANK[always], ranks)
    terms = spreads[0].terms
    for one in spreads[1:]:
        terms = pl.DataFrame({"a": terms, "b": one.terms}).select(pl.concat_list("a", "b")).to_series()

    def column(name: str, numbers: Array | None) -> pl.Series:
        filled = np.full(shown.shape, np.nan) if numbers is None else np.where(shown, numbers, np.nan)
        return pl.Series(name, filled, dtype=pl.Float64).fill_nan(None)

    return spreads[0].keys.with_columns(
        column("value", value),
        column("lower", lower),
        column("upper", upper),
        pl.Series("obs_status", [STATUSES[rank] for rank in ranks], dtype=pl.String),
        terms.list.unique().list.sort().alias("terms"),
    )
