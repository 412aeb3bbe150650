# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures that stand in no file, but in the counts of withheld ones.

Belongs here: which areas these must be. Does not belong here: what their values are.
"""

from __future__ import annotations

import polars as pl

from quality.attack.published import Published

_GROUP = ["release", "tier", "kpi", "area_level", "period", "basis"]


def counted_gaps(published: Published) -> pl.DataFrame:
    """The figures, with a withheld one for each area that has none, where as many more are counted as withheld."""
    figures = published.figures
    if published.coverage.is_empty():
        return figures
    closed = (pl.col("obs_status") == "Q").sum().cast(pl.Int64)
    groups = figures.group_by(_GROUP).agg(closed.alias("shown"), pl.col("area_vintage", "decimals").last())
    counted = published.coverage.with_columns(pl.col("release", "tier").cast(pl.Int32)).join(groups, on=_GROUP)
    short = counted.filter(pl.col("withheld") > pl.col("shown"))
    if short.is_empty():
        return figures
    areas = published.areas.select("area", "area_level", "area_vintage")
    missing = short.join(areas, on=["area_level", "area_vintage"]).join(figures, on=[*_GROUP, "area"], how="anti")
    fitting = pl.len().over(_GROUP) == pl.col("withheld") - pl.col("shown")
    names = figures.select("area", "area_vintage", "area_name").unique(["area", "area_vintage"])
    found = missing.filter(fitting).join(names, on=["area", "area_vintage"], how="left")
    found = found.with_columns(obs_status=pl.lit("Q"), value=pl.lit(None, pl.Float64), rank=pl.lit(None, pl.Int64))
    return pl.concat([figures, found.select(figures.columns)])
