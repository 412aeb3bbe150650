# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""One area far from all others: where the figures of a column are alike everywhere, one ten times off is wrong.

Belongs here: areas beside one another in one period. Does not belong here: areas against themselves (`continuity`).

That is so for rates, amounts per head and indices, not for counts, which are as large as the area: it is seen from the
figures, whatever the column is about.
"""

from __future__ import annotations

import polars as pl

from quality.checks.continuity import LINE, TERRITORY
from quality.checks.violations import Judge

AREAS = 12
ALIKE, OFF = 0.7, 1.0
"""All others are within a factor of five (log10), and this one is ten times off the nearest of them, or zero."""


def judge_apart(judge: Judge, rows: pl.DataFrame) -> None:
    """Bring single areas far from all others before the judge; `rows` is what `continuity.figures` gives."""
    group = [*LINE, "area_level", "period"]
    value = pl.col("value")
    told = rows.filter(~pl.col("unit").is_in(TERRITORY)).with_columns(
        pl.when(value > 0).then(value.log10()).alias("size")
    )
    sizes = pl.col("size").drop_nulls()
    about = told.group_by(group).agg(
        pl.len().alias("areas"), (value <= 0).sum().alias("none"), (value < 0).any().alias("signed"),
        sizes.min().alias("least"), sizes.bottom_k(2).max().alias("low"),
        sizes.top_k(2).min().alias("high"), sizes.max().alias("most"),
    ).filter((pl.col("areas") >= AREAS) & ~pl.col("signed") & (pl.col("none") <= 1))  # fmt: skip
    judge.count(about.height)
    least, low, high, most = (pl.col(name) for name in ("least", "low", "high", "most"))
    all_there, size = pl.col("none") == 0, pl.col("size")
    low_one = all_there & (low - least >= OFF) & (most - low <= ALIKE)
    high_one = all_there & (most - high >= OFF) & (high - least <= ALIKE)
    zero = ~all_there & (most - least <= ALIKE)
    about = about.filter(low_one | high_one | zero)
    odd = told.join(about, on=group).filter(
        (low_one & (size == least)) | (high_one & (size == most)) | (zero & (value == 0))
    )
    for row in odd.sort(*group).iter_rows(named=True):
        name = f"apart.{row['column']}[{row['dims']}]"
        judge.found_at(row["table"], name, row["area"], row["period"], [row["value"]], row["snapshot"], row["cell"])
