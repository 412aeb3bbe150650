# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What figures of areas tell about those around them.

Belongs here: sums over areas among the cells that are there. Does not belong here: which areas there are
(`quality.areas`), and equations within one area (`lines`).
"""

from __future__ import annotations

import polars as pl

from quality.disclosure.product.cells import FIGURE

HOLDS = 0.5
"""How far parts and whole may differ for an equation to be one; beyond that they are not the same people."""

_GAP = pl.col("total") - pl.col("value")
_HOLDS = pl.col("total").is_null() | (pl.col("open") & (_GAP > -HOLDS)) | (_GAP.abs() <= HOLDS)
"""A sum holds, or may hold where a part or the whole has no value."""


def area_sums(base: pl.DataFrame) -> pl.DataFrame:
    """The areas of one level in every area around them that has the figure: the parent, or one by its key.

    `base` are cells with `number`. Columns: whole, parts (numbers), rest (whether a count is left that no cell holds).
    That some areas are all of another one shows in most figures of the period: there they add up. Where no figure can
    tell, several children are all of their parent. One zero that is the sum of zeros shows nothing.
    """
    sums = _around(base)
    grouped = (
        pl.concat([sums.drop("near"), _across_levels(sums)])
        .group_by("whole", "around", "area_level", *FIGURE, maintain_order=True)
        .agg(
            pl.col("number").sort().alias("parts"),
            pl.col("area").sort().str.join(" ").alias("members"),
            pl.col("value").sum(),
            pl.col("value").has_nulls().alias("open"),
            pl.col("total").first(),
            pl.col("child").all(),
        )
    )
    closed = ~pl.col("open") & pl.col("total").is_not_null()
    telling = closed & (pl.col("total") > 0)
    same = ["around", "area_level", "members", "period"]
    judged = grouped.with_columns(
        (telling & _HOLDS).sum().over(same).alias("hold"), (telling & ~_HOLDS).sum().over(same).alias("fail")
    )
    several = pl.col("child") & (pl.col("parts").list.len() > 1) & (pl.col("hold") + pl.col("fail") == 0)
    complete = (pl.col("hold") > pl.col("fail")) | several
    return (
        judged.with_columns((closed & ~(complete & _HOLDS) & (_GAP > -HOLDS)).fill_null(False).alias("rest"))
        .filter((complete & _HOLDS).fill_null(False) | pl.col("rest"))
        .select("whole", "parts", "rest")
        .sort("whole", pl.col("parts").list.first())
    )


_NEAR = pl.when("child").then(0).otherwise(9 - pl.col("around").str.replace("DG", "").str.len_chars())
"""Of the areas around one, the smaller is nearer."""


def _around(base: pl.DataFrame) -> pl.DataFrame:
    """Each figure of an area with those of the areas around it (whole, total): the parent, and by the key."""
    areas = base.select("area", "area_level", "parent").unique()
    key = pl.col("area")
    by_key = [key.str.extract(pattern) for pattern in (r"^(\d{8})-", r"^(\d{5})\d", r"^(\d{3})\d", r"^(\d{2})\d")]
    around = areas.with_columns(pl.concat_list("parent", *by_key, pl.lit("DG")).alias("around")).explode("around")
    around = (
        around.filter(pl.col("around") != key)
        .select("area", "area_level", "around", (pl.col("around") == pl.col("parent")).fill_null(False).alias("child"))
        .unique()
        .with_columns(_NEAR.alias("near"))
    )
    wholes = base.select(*FIGURE, around="area", whole="number", total="value")
    figures = base.select("number", "area", "area_level", "value", *FIGURE)
    return figures.join(around, on=["area", "area_level"]).join(wholes, on=[*FIGURE, "around"])


def _across_levels(sums: pl.DataFrame) -> pl.DataFrame:
    """Areas of several levels that are parts of the same figure, because what lies between has none.

    Of a city that has no figure itself, one level of its districts stands for it.
    """
    nearest = sums.filter(pl.col("near") == pl.col("near").min().over("number"))
    nearest = nearest.unique(["number", "whole"], maintain_order=True)
    city = pl.col("area").str.extract(r"^(\d{8})-").fill_null("")
    inside = ["whole", city.alias("city"), "area_level"]
    level = nearest.group_by(inside, maintain_order=True).agg(
        pl.col("value").null_count().alias("open"), pl.len().alias("size")
    )
    chosen = level.sort("open", "size", "area_level", descending=[False, True, False]).unique(
        ["whole", "city"], keep="first", maintain_order=True
    )
    districts = pl.col("city") != ""
    kept = pl.concat([level.filter(~districts), chosen.filter(districts)]).select("whole", "city", "area_level")
    mixed = nearest.with_columns(city.alias("city")).join(kept, on=["whole", "city", "area_level"], how="semi")
    mixed = mixed.filter(pl.col("area_level").n_unique().over("whole") > 1)
    return (
        mixed.with_columns(pl.lit("several").alias("area_level")).drop("near", "city").select(sums.drop("near").columns)
    )
