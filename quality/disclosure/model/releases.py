# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What is out already: earlier releases, revised values, and fuller tiers.

Belongs here: the cells of releases as variables of one system. Does not belong here: their sums (`registry`).

A cell with the same value in two releases is one variable: what was published once is known for good, what was withheld
stays withheld. A revised cell is another variable for each of its values, because both stay known.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import polars as pl

from quality.disclosure.model.faults import MAX_SAID, Fault, fault
from quality.disclosure.model.keys import MEASURE, Space
from quality.disclosure.model.pool import Pool
from quality.disclosure.model.system import Mask, Whole

RELEASE_COLUMNS = {"value": pl.Int64, "published": pl.Boolean, "rounding": pl.Int64, "shown": pl.Int64}


@dataclass(frozen=True)
class Release:
    """A release as it lies in the restricted zone: a column per dimension, `measure`, and RELEASE_COLUMNS.

    `value` in units of the measure's last decimal, empty where nobody here knows it; `published` whether it was out;
    `rounding` how it was rounded (see there), 0 for exact, and `shown` as what.
    """

    name: str
    cells: pl.DataFrame


@dataclass(frozen=True)
class Variables:
    """All variables in order: of each cell the present value first, then those of releases, newest first.

    `now` is the variable of each present cell. `was` are the variables of each release's cells, in the order of their
    sorted keys `was_keys`.
    """

    key: Whole
    value: Whole
    unknown: Mask
    present: Mask
    out: Mask
    held: Mask
    rounding: Whole
    shown: Whole
    is_shown: Mask
    """Rounded figures that are out already."""
    now: Whole
    was_keys: tuple[Whole, ...]
    was: tuple[Whole, ...]


def variables(
    pooled: Pool, releases: Sequence[Release], fuller: Sequence[Release], space: Space
) -> tuple[Variables, list[Fault]]:
    """The variables of the present cells and of everything that is out. Cells of a fuller tier only hold back."""
    present = pl.DataFrame(
        {"key": pooled.keys, "value": pooled.value, "unknown": pooled.agency, "rounding": pooled.rounding}
    ).with_columns(
        pl.lit(0).alias("release"),
        pl.lit(False).alias("out"),
        pl.lit(False).alias("held"),
        pl.lit(None, pl.Int64).alias("shown"),
    )
    parts, faults = [present], []
    for number, release in enumerate([*releases, *fuller], 1):
        part, unknown = _coded(release, space, number)
        faults += unknown
        if number > len(releases):
            part = part.filter(~pl.col("out")).join(present.select("key"), on="key", how="semi")
        faults += _mixed(part, present, release.name, space)
        parts.append(part)
    every = pl.concat([part.select(present.columns) for part in parts])
    spoken = every.filter(~pl.col("unknown")).sort("key", "release").group_by("key", maintain_order=True)
    every = every.join(spoken.agg(pl.col("value").first().alias("_first")), on="key", how="left", maintain_order="left")
    every = every.with_columns(
        pl.when("unknown").then(pl.col("_first")).otherwise("value").alias("value"),
        (pl.col("unknown") & pl.col("_first").is_null()).alias("unknown"),
    ).with_columns(pl.col("value").fill_null(0))
    own = (
        every.sort("key", "release", "value")
        .group_by("key", "value", maintain_order=True)
        .agg(
            pl.col("release").min(), pl.col("unknown").all(), pl.col("out").any(), pl.col("held").any(),
            pl.col("rounding").first(), pl.col("shown").drop_nulls().first(),
        )
        .sort("key", "release", "value")
        .with_row_index("variable")
    )  # fmt: skip
    placed = every.join(own.select("key", "value", "variable"), on=["key", "value"], how="left", maintain_order="left")
    by_release = [
        placed.filter(pl.col("release") == number).unique("key", keep="first", maintain_order=True).sort("key")
        for number in range(len(releases) + 1)
    ]
    return Variables(
        own["key"].to_numpy(), own["value"].to_numpy(), own["unknown"].to_numpy(),
        (own["release"] == 0).to_numpy(), own["out"].to_numpy(), own["held"].to_numpy(), own["rounding"].to_numpy(),
        own["shown"].fill_null(0).to_numpy(), own["shown"].is_not_null().to_numpy(),
        by_release[0]["variable"].cast(pl.Int64).to_numpy(),
        tuple(one["key"].to_numpy() for one in by_release[1:]),
        tuple(one["variable"].cast(pl.Int64).to_numpy() for one in by_release[1:]),
    ), faults  # fmt: skip


def _coded(release: Release, space: Space, number: int) -> tuple[pl.DataFrame, list[Fault]]:
    """The cells of a release by key; a code that nobody knows today is a fault, for what is out cannot be left out."""
    frame = release.cells
    for name in space.dimensions[1:]:
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(space.total(name), pl.String).alias(name))
    frame = frame.with_columns(pl.Series("key", space.encode(frame), pl.Int64))
    faults = []
    for name in space.dimensions:
        lost = frame.filter(pl.Series(space.column(frame[name], name) < 0)).group_by(name).len().sort(name)
        faults += [
            fault("unknown_code", table=release.name, dimension=name, code=code, rows=rows)
            for code, rows in lost.iter_rows()
        ]
    coded = frame.filter(pl.col("key") >= 0).select(
        "key",
        pl.col("value").cast(pl.Int64),
        pl.col("value").is_null().alias("unknown"),
        pl.col("rounding").cast(pl.Int64),
        pl.lit(number).alias("release"),
        pl.col("published").alias("out"),
        (~pl.col("published")).alias("held"),
        pl.when(pl.col("published") & (pl.col("rounding") != 0)).then(pl.col("shown").cast(pl.Int64)).alias("shown"),
    )
    return coded, faults


def _dimensions(release: Release) -> list[str]:
    return [name for name in release.cells.columns if name not in RELEASE_COLUMNS and name != MEASURE]


def codes_of(releases: Sequence[Release]) -> dict[str, set[str]]:
    """The codes of releases, per dimension."""
    found: dict[str, set[str]] = {}
    for one in releases:
        for name in _dimensions(one):
            found.setdefault(name, set()).update(one.cells[name].drop_nulls().unique().to_list())
    return found


def measures_of(releases: Sequence[Release]) -> set[str]:
    """The measures of releases: their cells are known, also where no present table has the measure."""
    return {measure for one in releases for measure in one.cells[MEASURE].unique().to_list()}


def strange_to(releases: Sequence[Release], declared: Set[str]) -> list[Fault]:
    """Dimensions of releases that are not declared any more."""
    return [
        fault("strange_column", table=one.name, column=name)
        for one in releases
        for name in _dimensions(one)
        if name not in declared
    ]


def _mixed(part: pl.DataFrame, present: pl.DataFrame, name: str, space: Space) -> list[Fault]:
    """Cells that are exact in one release and rounded in the other."""
    both = part.filter("out").join(present.select("key", "rounding"), on="key", suffix="_now")
    odd = both.filter(pl.col("rounding") != pl.col("rounding_now")).sort("key").head(MAX_SAID * 2)
    faults = []
    for key, rounded_now in odd.select("key", pl.col("rounding_now") != 0).iter_rows():
        exact, rounded = (name, "the present tables") if rounded_now else ("the present tables", name)
        faults.append(fault("mixed", cell=space.name(key), one=exact, other=rounded))
    return faults


def release_frame(space: Space, pooled: Pool, published: Mask, shown: Whole) -> pl.DataFrame:
    """The present cells of a pool as `Release` holds them."""
    known = pl.Series(~pooled.agency)
    return space.frame(pooled.keys).with_columns(
        pl.when(known).then(pl.Series(pooled.value)).alias("value"),
        pl.Series("published", published),
        pl.Series("rounding", pooled.rounding),
        pl.when(known).then(pl.Series(shown)).alias("shown"),
    )
