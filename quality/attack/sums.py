# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Sums over areas, from the published table of areas.

Belongs here: which areas make up which. Does not belong here: sums of groups of people (`equations`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from quality.attack.facts import CELL
from quality.attack.knowledge import known
from quality.attack.rows import PLACE, Rows

_NOT_ASSIGNABLE = "-99"
"""Cases without an address: added where there are some, and no gap where there are none."""
_ABOUT: dict[str, type[pl.DataType]] = {
    "name": pl.String, "concept": pl.String, "counted": pl.Boolean, "whole": pl.Boolean, "adds_up": pl.Boolean,
    "signed": pl.Boolean, "rate": pl.Boolean, "sensitive": pl.Int32,
}  # fmt: skip


@dataclass(frozen=True)
class Sums:
    """Rows, and cells of areas that only sums speak of."""

    rows: Rows
    fresh: pl.DataFrame


def described(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells with what the vocabulary says of their measure."""
    names = cells["plain"].unique().to_list()
    about = pl.DataFrame([vars(known(name)) for name in names], _ABOUT).rename({"name": "plain"})
    return cells.join(about, on="plain", how="left").sort("cell")


def over_areas(cells: pl.DataFrame, counts: pl.DataFrame, areas: pl.DataFrame) -> Sums:
    """Parts of an area add up to it; areas between (a Kreis without figures of its own) become cells too.

    The parts are at most the whole. That they are all of it is a guess, made where some exact count shows it for the
    same area, vintage and division and none shows the contrary.
    """
    parents = areas.filter(pl.col("parent").is_not_null()).select("area", "area_vintage", "parent", "area_level")
    exact = counts.filter(pl.col("half") == 0).select("cell", "value")
    every = cells.filter(pl.col("adds_up") & ~pl.col("signed") & ~pl.col("estimated")).select("cell", *CELL)
    fresh: list[pl.DataFrame] = []
    entries: list[pl.DataFrame] = []
    limits: list[pl.DataFrame] = []
    number, rows = cells.height, 0
    level = every
    while level.height:
        parts = level.join(parents, on=["area", "area_vintage"])
        above = _parents(parts, every, areas)
        missing = above.filter(pl.col("whole_cell").is_null()).select("plain", "whole", "whole_vintage", *PLACE[2:])
        missing = (
            missing.unique().sort(pl.all()).with_row_index("cell", number).with_columns(pl.col("cell").cast(pl.UInt32))
        )
        missing = missing.rename({"whole": "area", "whole_vintage": "area_vintage"})
        number += missing.height
        every = pl.concat([every, missing.select(every.columns)])
        fresh.append(missing)
        above = _parents(parts, every, areas).filter(pl.col("whole_cell").is_not_null())
        found = _sum_rows(above, parents, exact, rows)
        entries.append(found.entries)
        limits.append(found.limits)
        rows += found.limits.height
        level = missing.select(every.columns)
    about = described(pl.concat(fresh)) if fresh else cells.clear()
    empty = Rows(
        pl.DataFrame(schema={"row": pl.UInt32, "cell": pl.UInt32, "coef": pl.Float64}),
        pl.DataFrame(schema={"row": pl.UInt32, "low": pl.Float64, "high": pl.Float64, "soft": pl.Boolean}),
    )
    both = Rows(pl.concat([empty.entries, *entries]), pl.concat([empty.limits, *limits]))
    return Sums(both, about.with_columns(estimated=pl.lit(False)))


def _parents(parts: pl.DataFrame, every: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """The parts with `whole` (area), `whole_vintage` and `whole_cell`: of the same vintage, or else of the year.

    Municipal lists have one vintage for all years; the Gemeinde around them has the vintage of each year.
    """
    there = areas.select(pl.col("area").alias("whole"), pl.col("area_vintage").alias("whole_vintage")).unique()
    year = pl.col("period").str.slice(0, 4)
    parts = parts.rename({"parent": "whole"})
    options = pl.concat([
        parts.with_columns(year.alias("whole_vintage"), choice=pl.lit(1)),
        parts.with_columns(pl.col("area_vintage").alias("whole_vintage"), choice=pl.lit(2)),
    ])  # fmt: skip
    options = options.join(there, on=["whole", "whole_vintage"])
    cell = every.rename({"cell": "whole_cell", "area": "whole", "area_vintage": "whole_vintage"})
    options = options.join(cell, on=["plain", "whole", "whole_vintage", *PLACE[2:]], how="left")
    options = options.sort(pl.col("whole_cell").is_null(), "choice")
    return options.unique("cell", keep="first", maintain_order=True)


def _sum_rows(parts: pl.DataFrame, parents: pl.DataFrame, exact: pl.DataFrame, first: int) -> Rows:
    group = ["whole_cell", "area_level", "area_vintage"]
    placed = ~pl.col("area").str.ends_with(_NOT_ASSIGNABLE)
    siblings = (
        parents.filter(placed)
        .group_by(pl.col("parent").alias("whole"), "area_vintage", "area_level")
        .agg(pl.len().alias("siblings"))
    )
    parts = parts.join(siblings, on=["whole", "area_vintage", "area_level"], how="left")
    parts = parts.join(exact, on="cell", how="left")
    groups = parts.group_by(*group, "whole", maintain_order=True).agg(
        placed.sum().alias("parts"),
        pl.col("siblings").first(),
        pl.when(pl.col("value").is_not_null().all()).then(pl.col("value").sum()).first().alias("sum"),
    )
    groups = groups.join(exact.rename({"cell": "whole_cell"}), on="whole_cell", how="left")
    full = pl.col("parts") == pl.col("siblings")
    groups = groups.with_columns(
        pl.when(full & pl.col("sum").is_not_null()).then(pl.col("sum") == pl.col("value")).alias("fits")
    )
    division = ["whole", "area_level", "area_vintage"]
    groups = groups.with_columns(
        pl.col("fits").all().over(division).alias("shown"), pl.col("fits").count().over(division).alias("seen")
    )
    complete = full & pl.col("shown") & (pl.col("seen") > 0)
    over = pl.col("fits").not_().fill_null(False) & (pl.col("sum") > pl.col("value"))
    groups = groups.filter(~over.fill_null(False)).with_row_index("row", first)
    entries = pl.concat([
        parts.join(groups.select("row", *group), on=group).select("row", "cell", pl.lit(1.0).alias("coef")),
        groups.select("row", pl.col("whole_cell").alias("cell"), pl.lit(-1.0).alias("coef")),
    ])  # fmt: skip
    limits = groups.select(
        "row",
        pl.when(complete).then(0.0).otherwise(-np.inf).alias("low"),
        pl.lit(0.0).alias("high"),
        pl.lit(True).alias("soft"),
    )
    return Rows(entries, limits)
