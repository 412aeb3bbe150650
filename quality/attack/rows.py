# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Rows of the system while they are put together, and what several kinds of rows need.

Belongs here: their form, and formulas with their denominators as far as these are known. Does not belong here: where
rows come from (`equations`, `sums`, `ranks`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quality.attack.facts import Facts

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
PLACE = ("area", "area_vintage", "period", "basis", "version")


@dataclass(frozen=True)
class Rows:
    """`entries`: row, cell, coef, rows numbered in any way; `limits`: row, low, high, soft."""

    entries: pl.DataFrame
    limits: pl.DataFrame


def limits(rows: pl.DataFrame, low: float, high: float, soft: bool) -> pl.DataFrame:
    """The same limits for all these rows."""
    return rows.select("row", pl.lit(low).alias("low"), pl.lit(high).alias("high"), pl.lit(soft).alias("soft"))


def divided(facts: Facts, cells: pl.DataFrame, least: Reals, most: Reals) -> pl.DataFrame:
    """The terms of all figures with a factor, and per figure: value, decimals, factor, obs_status, minimum, low, rank,
    `divisor` (null where it is not known; 1 of a count), `counts` (whether the numerator is whole), `guess` (whether it
    looks back to a territory that is only taken for the same)."""
    about = [
        "row",
        pl.col("area_vintage").alias("vintage"),
        "value",
        "decimals",
        "factor",
        "minimum",
        "low",
        "obs_status",
        "rank",
    ]
    terms = facts.terms.join(facts.rows.filter(pl.col("factor").is_not_null()).select(about), on="row")
    fixed = np.where(least == most, least, np.nan)
    places = terms["cell"].to_numpy()
    terms = terms.with_columns(pl.Series("fixed", fixed[places]).fill_nan(None))
    terms = terms.join(cells.select("cell", "whole", "area_vintage"), on="cell")
    below = pl.col("part") == "denominator"
    per_row = terms.group_by("row").agg(
        pl.when(pl.col("fixed").filter(below).is_not_null().all())
        .then((pl.col("fixed") * pl.col("coef")).filter(below).sum() + (~below.any()).cast(pl.Float64))
        .alias("divisor"),
        (pl.col("whole") & (pl.col("coef") % 1 == 0)).filter(~below).all().alias("counts"),
        below.any().alias("quotient"),
        (pl.col("area_vintage") != pl.col("vintage")).any().alias("guess"),
    )
    return terms.drop("fixed", "whole", "vintage", "area_vintage").join(per_row, on="row")
