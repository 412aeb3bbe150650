# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Signs in place of figures that a table uses once only: a point, an x or an empty cell among nothing but figures.

Belongs here: which signs stand alone, for the report. Does not belong here: what a sign means (contracts) and whether
it is allowed (`raw.harvest.cells`).

It is no violation: an office withholds a figure for the first time, or a station has not measured. Nor is it nothing:
a figure got lost. So the report tells it, with its cell, and the run goes on.
"""

from __future__ import annotations

import polars as pl

MANY = 40
"""Cells of a table from which on one sign alone says anything."""


def lone_signs(observations: pl.DataFrame) -> pl.DataFrame:
    """The only cell of its status in a table of many cells (columns of OBSERVATION); texts do not count."""
    cells = observations.filter(pl.col("unit") != "text")
    many = cells.filter(pl.len().over("table") >= MANY)
    without = many.filter(pl.col("value").is_null())
    return without.filter(pl.len().over("table", "obs_status") == 1).sort("table", "cell")


def by_cell(alone: pl.DataFrame) -> dict[str, str]:
    """The status by `table cell`, for the report."""
    return {f"{table} {cell}": sign for table, cell, sign in alone.select("table", "cell", "obs_status").iter_rows()}
