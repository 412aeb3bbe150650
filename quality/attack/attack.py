# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The attack: from release folders to what an outsider knows of every withheld count.

Belongs here: the order of the steps and the verdict. Does not belong here: telling people (`pipelines`), and judging
which withheld cells had to be withheld: from outside nobody can know that.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from quality.attack.equations import equations
from quality.attack.facts import facts
from quality.attack.indices import through_indices
from quality.attack.intervals import propagate
from quality.attack.programs import Limits, prove
from quality.attack.published import read
from quality.attack.targets import targets

TIERS = ("public", "internal")
"""The least entitled first: who reads one reads those before it."""
_GROUP = ["kpi", "plain", "area_level", "year"]


@dataclass(frozen=True)
class Findings:
    """What is known of the withheld counts.

    `cells`: a row per withheld count: kpi, plain (its measure), area, area_level, area_vintage, period, basis, version,
    least, most (persons or things; proved by the published figures), state:
    recovered (no more than one whole number is possible), zero (known to be none, where zeros need not be
    shown), small (known to be below the threshold), wide, and unfinished (time was up, or its figures contradict each
    other). `crossed`: figures that a less entitled tier shows and a more entitled one withholds. `opened`: figures
    withheld in one release or tier and shown in another one, where that is no contradiction.
    """

    cells: pl.DataFrame
    crossed: pl.DataFrame
    opened: int
    figures: int
    equations: int
    contradictions: int
    releases: tuple[str, ...]
    tiers: tuple[str, ...]
    seconds: float

    def count(self, state: str) -> int:
        """How many withheld counts are in a state."""
        return self.cells.filter(pl.col("state") == state).height

    @property
    def ok(self) -> bool:
        """Whether nothing was recovered, and no tier shows what a more entitled one withholds."""
        return not self.count("recovered") and not self.crossed.height

    def counts(self) -> pl.DataFrame:
        """kpi, measure, area_level, year, and how many withheld counts are in each state: nothing else of them."""
        states = ("recovered", "small", "zero", "wide", "unfinished")
        sums = [(pl.col("state") == state).sum().cast(pl.Int64).alias(state) for state in states]
        found = self.cells.with_columns(pl.col("period").str.slice(0, 4).alias("year"))
        return (
            found.group_by(_GROUP)
            .agg(pl.len().cast(pl.Int64).alias("withheld"), *sums)
            .sort(_GROUP)
            .rename({"plain": "measure"})
        )


def attack(
    folders: Sequence[Path],
    tiers: Sequence[str] = TIERS,
    *,
    threshold: float = 3,
    zeros_published: bool = False,
    limits: Limits | None = None,
) -> Findings:
    """Attack all releases in these folders as a reader of these tiers, the least entitled first.

    `zeros_published`: every true zero is shown, so what is withheld is at least 1. Raises NothingPublished.
    """
    began = time.monotonic()
    published = read(folders, tiers)
    known = facts(published)
    system = equations(known, published.areas, zeros_published)
    bounds = propagate(system)
    withheld = targets(known)
    wanted = withheld["cell"].to_numpy().astype(np.int64)
    proved = prove(system, bounds, wanted, threshold, limits or Limits())
    proved = through_indices(published, known, bounds, withheld, proved)
    columns = ["cell", "plain", "area", "area_level", "area_vintage", "period", "basis", "version", "whole"]
    cells = withheld.with_columns(
        pl.Series("least", proved.least, pl.Float64),
        pl.Series("most", proved.most, pl.Float64),
        pl.Series("settled", proved.settled, pl.Boolean),
        pl.Series("finished", proved.finished, pl.Boolean),
    ).join(system.cells.select(columns), on="cell")
    rows = known.rows
    return Findings(
        cells.with_columns(_state(threshold, zeros_published).alias("state")).drop("cell", "settled", "finished"),
        rows.filter("closed").select("kpi", "area", "area_level", "area_vintage", "period", "basis"),
        rows.filter(pl.col("withheld") & pl.col("value").is_not_null() & ~pl.col("closed")).height,
        rows.filter(pl.col("value").is_not_null()).height,
        len(system.low),
        bounds.contradictions + proved.contradictions,
        published.releases,
        published.tiers,
        time.monotonic() - began,
    )


def _state(threshold: float, zeros_published: bool) -> pl.Expr:
    one = (pl.col("most") + 1e-6).floor() - (pl.col("least") - 1e-6).ceil() < 1
    none = (pl.col("least") <= 0) & (pl.col("most") < 1)
    return (
        pl.when(one & none & ~pl.lit(zeros_published))
        .then(pl.lit("zero"))
        .when(one)
        .then(pl.lit("recovered"))
        .when(pl.col("most") < threshold)
        .then(pl.lit("small"))
        .when(pl.col("finished"))
        .then(pl.lit("wide"))
        .otherwise(pl.lit("unfinished"))
    )
