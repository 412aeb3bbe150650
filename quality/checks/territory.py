# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Sums over administrative areas inside a table: the Kreise of a Land, the Länder of the Bund.

Belongs here: areas that are parts of one another by their keys. Does not belong here: sums over areas that a contract
declares (`identities`), areas in time (`quality.areas`).

Agencies do not say whether their Kreise make up the Land: recipients whom a Land looks after itself stand in no Kreis.
So the table is asked: a sum that holds in KEPT of its places has to hold in the others. Figures may be rounded, by at
most ROUNDED units of the last digit that the column gives.
"""

from __future__ import annotations

import polars as pl

from quality.checks.violations import Judge
from raw.vocabulary.measures import concepts

KEPT = 0.95
ENOUGH = 20
"""So many sums have to be there before one that is off says anything."""
TOO_SMALL = 10
"""A whole that its parts exceed so many times is none, however few sums there are."""
ROUNDED = 2.5
"""Half of 5, the coarsest rounding that an agency protects its figures with."""
STEPS = (
    ("gemeinde", "kreis", pl.col("area").str.slice(0, 5)),
    ("kreis", "regierungsbezirk", pl.col("area").str.slice(0, 3)),
    ("kreis", "land", pl.col("area").str.slice(0, 2)),
    ("land", "bund", pl.lit("DG")),
)
_LINE = ["table", "column", "measure", "dims", "basis", "period"]


def judge_territory(judge: Judge, observations: pl.DataFrame) -> None:
    """Bring the sums over administrative areas before the judge (columns of OBSERVATION)."""
    additive = [name for name, concept in concepts().items() if concept.additive_geo]
    levels = observations.group_by("table").agg(pl.col("area_level").unique())
    rows = observations.filter(pl.col("measure").is_in(additive))
    for origin, target, parent in STEPS:
        both = pl.col("area_level").list.contains(origin) & pl.col("area_level").list.contains(target)
        tables = levels.filter(both)["table"].to_list()
        own = rows.filter(pl.col("table").is_in(tables))
        if not own.is_empty():
            _judge_step(judge, own, origin, target, parent)


def _judge_step(judge: Judge, rows: pl.DataFrame, origin: str, target: str, parent: pl.Expr) -> None:
    status, keys = pl.col("obs_status"), [*_LINE, "parent"]
    parts = rows.filter(pl.col("area_level") == origin).with_columns(parent.alias("parent"))
    summed = parts.group_by(keys).agg(
        pl.col("value").sum().alias("total"),
        (status == "Q").any().alias("withheld"),
        status.is_in(["O", "L"]).any().alias("missing"),
        pl.col("value").is_not_null().sum().alias("areas"),
    )
    wholes = rows.filter((pl.col("area_level") == target) & pl.col("value").is_not_null()).select(
        *_LINE, pl.col("area").alias("parent"), pl.col("value").alias("whole"),
        pl.col("snapshot").alias("whole_snapshot"), pl.col("cell").alias("whole_cell"),
    )  # fmt: skip
    lines = rows.group_by("table", "column", "dims").agg(_unit().alias("last_digit"))
    slack = ROUNDED * pl.col("last_digit") * (pl.col("areas") + 1)
    excess = pl.col("total") - pl.col("whole")
    sums = summed.join(wholes, on=keys).filter(~pl.col("missing") & (pl.col("areas") > 0))
    sums = sums.join(lines, on=["table", "column", "dims"]).with_columns(
        (excess > slack).alias("over"),
        ((pl.col("total") > TOO_SMALL * pl.col("whole")) & (pl.col("whole") >= 0) & (excess > slack)).alias("small"),
        pl.when(~pl.col("withheld")).then(excess < -slack).alias("short"),
    )
    kept = sums.with_columns(*(_kept(name).alias(f"{name}_counts") for name in ("over", "short")))
    judge.count(kept.filter(pl.col("over_counts")).height)
    broken = kept.filter(
        (pl.col("over") & pl.col("over_counts")) | (pl.col("short") & pl.col("short_counts")) | pl.col("small")
    )
    if broken.is_empty():
        return
    listed = parts.join(broken.select(keys), on=keys, how="semi").group_by(keys).agg(pl.col("value").sort())
    for row in broken.join(listed, on=keys).sort(keys).iter_rows(named=True):
        name = f"{origin}.{row['measure']}[{row['dims']}]"
        judge.found_at(row["table"], name, row["parent"], row["period"], [*row["value"], row["whole"]],
                       row["whole_snapshot"], row["whole_cell"])  # fmt: skip


def _kept(name: str) -> pl.Expr:
    """Whether nearly all sums of the table's column and level keep to it, of those that can be told."""
    share, number = (~pl.col(name)).mean(), pl.col(name).count()
    return (share.over("table") >= KEPT) & (number.over("table") >= ENOUGH)


def _unit() -> pl.Expr:
    """The power of ten that all figures of a column are multiples of."""
    value, unit = pl.col("value"), pl.lit(0.001)
    for power in (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0):
        scaled = value / power
        unit = pl.when(((scaled - scaled.round()).abs() < 1e-6 * (1 + scaled.abs())).all()).then(power).otherwise(unit)
    return unit
