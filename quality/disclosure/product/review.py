# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What the statistics office sees of each withheld cell: why, what a reader can still say of it, and beside what.

Belongs here: the review data of a tier. They hold what no reader may know and never leave the restricted zone.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from quality.disclosure.audit import Proof
from quality.disclosure.product.pattern import TierPattern

NEIGHBOURS = 12
"""Neighbours that are named, the largest ones first."""
REVIEW = {
    "cell": pl.String(), "reason": pl.String(), "threshold": pl.Float64(), "lowest": pl.Float64(),
    "highest": pl.Float64(), "proof": pl.String(), "neighbours": pl.List(pl.String()),
}  # fmt: skip


def review_of(cells: pl.DataFrame, base: pl.DataFrame, pattern: TierPattern | None) -> pl.DataFrame:
    """One row per withheld cell (columns REVIEW).

    `reason`: rule, cover, agency, derived, statistic. `threshold`: the least count that its rule lets pass. `lowest`,
    `highest`: between these a reader finds values that fit everything published; no more is claimed of cells that need
    no cover. `neighbours`: withheld cells of the same sums.
    """
    rows = cells.filter("withheld").select("cell", "reason")
    about = pl.DataFrame(schema=REVIEW).drop("reason") if pattern is None else _about(base, pattern)
    return rows.join(about, on="cell", how="left", maintain_order="left").select(list(REVIEW)).cast(REVIEW)  # type: ignore[arg-type]


def _about(base: pl.DataFrame, pattern: TierPattern) -> pl.DataFrame:
    found, made = pattern.findings, pattern.assembled
    own = np.flatnonzero(pattern.withheld)
    scale = made.scale[own]
    return pl.DataFrame(
        {
            "cell": base["cell"].gather(own),
            "threshold": made.threshold[own] / scale,
            "lowest": found.lowest[own] / scale,
            "highest": found.highest[own] / scale,
            "proof": [Proof(one).name.lower() for one in found.proof[own].tolist()],
            "neighbours": _neighbours(base, pattern),
        }
    )


def _neighbours(base: pl.DataFrame, pattern: TierPattern) -> list[list[str]]:
    system, size = pattern.assembled.system, len(pattern.withheld)
    hidden = np.zeros(len(system), np.bool_)
    hidden[:size] = pattern.withheld
    owner = np.repeat(np.arange(system.relations), np.diff(system.start))
    kept = hidden[system.cells]
    pairs = pl.DataFrame({"row": owner[kept], "cell": system.cells[kept]})
    beside = pairs.join(pairs.rename({"cell": "other"}), on="row").filter(pl.col("cell") != pl.col("other"))
    names = dict(enumerate(base["cell"]))
    value = system.value
    found: dict[int, list[int]] = {}
    for cell, others in beside.group_by("cell").agg(pl.col("other").unique()).iter_rows():
        found[cell] = sorted(others, key=lambda one: (-int(value[one]), one))[:NEIGHBOURS]
    return [[names[one] for one in found.get(cell, [])] for cell in np.flatnonzero(pattern.withheld).tolist()]
