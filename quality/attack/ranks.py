# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Ranks: an area with a better rank has at least the rate of the next one.

Belongs here: the optional column `rank` of the figures. Does not belong here: rates themselves (`equations`).
"""

from __future__ import annotations

import polars as pl

from quality.attack.facts import Facts
from quality.attack.rows import Rows, limits

_GROUP = ["kpi", "area_level", "area_vintage", "period", "basis"]


def ranks(facts: Facts, terms: pl.DataFrame) -> Rows:
    """One inequality between each two neighbours in rank; 1 is the highest value unless shown values say otherwise.

    `terms`: those of `rows.divided`; areas whose denominator is not known are left out.
    """
    known = terms.filter(pl.col("rank").is_not_null() & (pl.col("divisor") > 0))
    ranked = facts.rows.join(known.select("row", "divisor").unique(), on="row").sort(*_GROUP, "rank", "row")
    falling = ranked.group_by(_GROUP).agg(pl.corr("rank", "value").alias("falls"))
    ranked = ranked.join(falling, on=_GROUP, how="left").sort(*_GROUP, "rank", "row")
    after = [pl.col(name).shift(-1).over(_GROUP).alias(f"next_{name}") for name in ("row", "divisor")]
    pairs = ranked.with_columns(after).filter(pl.col("next_row").is_not_null())
    pairs = pairs.with_columns(pl.when(pl.col("falls") > 0).then(-1.0).otherwise(1.0).alias("sign"))
    pairs = pairs.select(
        "sign", "divisor", "next_divisor", pl.col("row").alias("upper"), pl.col("next_row").alias("lower")
    )
    pairs = pairs.with_row_index("row")
    above = known.filter(pl.col("part") == "numerator").select(pl.col("row").alias("figure"), "cell", "coef")
    sides = []
    for figure, other, way in (("upper", "next_divisor", 1.0), ("lower", "divisor", -1.0)):
        joined = pairs.join(above, left_on=figure, right_on="figure")
        sides.append(
            joined.select("row", "cell", (pl.col("coef") * pl.col("sign") * pl.col(other) * way).alias("coef"))
        )
    return Rows(pl.concat(sides), limits(pairs, 0.0, float("inf"), False))
