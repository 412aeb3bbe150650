# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything known about cells as one sparse system: low <= matrix * cells <= high, and bounds of single cells.

Belongs here: rounding, rates, sums over areas, identities of measures, the same territory in two vintages. Does not
belong here: solving (`intervals`, `programs`).

A row that rests on a guess (the parts of an area are complete, a territory is the same in two years) is *soft*: it is
given up where it contradicts the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quality.attack.facts import Facts
from quality.attack.knowledge import identities
from quality.attack.ranks import ranks
from quality.attack.rows import PLACE, Flags, Reals, Rows, divided
from quality.attack.sums import described, over_areas
from quality.attack.targets import targets

_CLOSE = 1e-9


@dataclass(frozen=True)
class Equations:
    """`entries`: row, cell, coef, sorted by row; `low`, `high`, `soft` per row; `least`, `most`, `whole` per cell.
    `cells` has the cells of the facts first, then areas that only sums speak of."""

    cells: pl.DataFrame
    row: NDArray[np.int64]
    cell: NDArray[np.int64]
    coef: Reals
    low: Reals
    high: Reals
    soft: Flags
    least: Reals
    most: Reals
    whole: Flags


def equations(facts: Facts, areas: pl.DataFrame, zeros_published: bool) -> Equations:
    """The system of all facts. Where zeros are published, what is withheld is at least 1."""
    cells = described(facts.cells)
    cells = _estimated(cells, facts)
    counts = _counts(facts, cells)
    sums = over_areas(cells, counts, areas)
    cells = pl.concat([cells, sums.fresh], how="diagonal").sort("cell")
    least, most = _bounds(cells, counts)
    if zeros_published:
        withheld = targets(facts)["cell"].to_numpy().astype(np.int64)
        least[withheld] = np.maximum(least[withheld], 1.0)
    terms = divided(facts, cells, least, most)
    parts = [
        *_rates(terms),
        ranks(facts, terms),
        sums.rows,
        *_identities(cells),
        _same_territory(cells),
    ]
    return _assembled(cells, parts, least, most)


def _estimated(cells: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Cells that an estimated figure rests on need not be whole, and need not add up exactly."""
    estimated = facts.rows.filter(pl.col("obs_status") == "E").select("row")
    found = facts.terms.join(estimated, on="row").select("cell").unique().with_columns(estimated=pl.lit(True))
    cells = cells.join(found, on="cell", how="left").with_columns(pl.col("estimated").fill_null(False))
    return cells.with_columns(pl.col("whole") & ~pl.col("estimated")).sort("cell")


def _counts(facts: Facts, cells: pl.DataFrame) -> pl.DataFrame:
    """cell, value, half (half of the last digit): figures that are one cell."""
    single = facts.terms.filter(pl.len().over("row") == 1).filter(pl.col("part") == "numerator")
    shown = facts.rows.filter(pl.col("value").is_not_null()).select("row", "value", "decimals", "factor")
    found = single.join(shown, on="row").with_columns(scale=pl.col("coef") * pl.col("factor"))
    found = found.join(cells.select("cell", "whole"), on="cell")
    half = 0.5 * 10.0 ** -pl.col("decimals").cast(pl.Float64) / pl.col("scale").abs()
    exact = pl.col("whole") & (pl.col("scale") == 1)
    return found.select(
        "cell",
        (pl.col("value") / pl.col("scale")).alias("value"),
        pl.when(exact).then(0.0).otherwise(half).alias("half"),
    ).unique("cell", keep="last")


def _bounds(cells: pl.DataFrame, counts: pl.DataFrame) -> tuple[Reals, Reals]:
    joined = cells.join(counts, on="cell", how="left").sort("cell")
    nothing = pl.when(pl.col("signed")).then(-np.inf).otherwise(0.0)
    least = joined.select(pl.coalesce(pl.col("value") - pl.col("half"), nothing)).to_series()
    most = joined.select(pl.coalesce(pl.col("value") + pl.col("half"), pl.lit(np.inf))).to_series()
    return least.to_numpy().copy(), most.to_numpy().copy()


def _rates(terms: pl.DataFrame) -> list[Rows]:
    """Quotients: value - half <= factor * numerator / denominator < value + half (halves away from zero)."""
    rates = terms.filter(pl.col("value").is_not_null() & pl.col("quotient"))
    return [_over_known(rates.filter(pl.col("divisor") > 0)), *_over_unknown(rates.filter(pl.col("divisor").is_null()))]


def _over_known(rates: pl.DataFrame) -> Rows:
    scale = 10.0 ** pl.col("decimals").cast(pl.Float64)
    middle = (pl.col("value") * scale).round()
    per_unit = pl.col("divisor") / (scale * pl.col("factor"))
    limits = rates.group_by("row").agg(
        ((middle - 0.5) * per_unit).first().alias("low"),
        ((middle + 0.5) * per_unit).first().alias("high"),
        pl.col("value", "counts", "guess").first(),
    )
    low, high, value = (limits[name].to_numpy() for name in ("low", "high", "value"))
    counts = limits["counts"].to_numpy()
    # A half is rounded away from zero, so the end that points away from zero does not belong to the interval.
    up = np.where(value < 0, np.floor(high + _CLOSE), np.ceil(high - _CLOSE) - 1)
    down = np.where(value > 0, np.ceil(low - _CLOSE), np.floor(low + _CLOSE) + 1)
    limits = limits.select(
        "row",
        pl.Series("low", np.where(counts, down, low)),
        pl.Series("high", np.where(counts, up, high)),
        pl.col("guess").alias("soft"),
    )
    entries = rates.filter(pl.col("part") == "numerator").select("row", "cell", "coef")
    return Rows(entries, limits)


def _over_unknown(rates: pl.DataFrame) -> list[Rows]:
    """Two inequalities between both parts, and what the status says of the denominator."""
    scale = 10.0 ** pl.col("decimals").cast(pl.Float64)
    middle = (pl.col("value") * scale).round()
    above = pl.col("part") == "numerator"
    found = []
    for side, low, high in ((-1, 0.0, np.inf), (1, -np.inf, 0.0)):
        coef = pl.when(above).then(2 * scale * pl.col("factor")).otherwise(-(2 * middle + side)) * pl.col("coef")
        entries = rates.select("row", "cell", coef.alias("coef")).group_by("row", "cell").agg(pl.col("coef").sum())
        limits = rates.select("row", soft="guess").unique("row")
        limits = limits.select("row", pl.lit(low).alias("low"), pl.lit(high).alias("high"), "soft")
        found.append(Rows(entries.filter(pl.col("coef") != 0), limits))
    sure = pl.when(pl.col("obs_status").is_in(["A", "B", "E", "P"])).then(pl.max_horizontal("minimum", "low"))
    enough = rates.filter(~above).with_columns(sure.otherwise(pl.col("minimum")).alias("low"))
    enough = enough.filter(pl.col("low").is_not_null())
    limits = enough.select("row", "low", pl.lit(np.inf).alias("high"), pl.col("guess").alias("soft")).unique("row")
    found.append(Rows(enough.select("row", "cell", "coef"), limits))
    return found


def _identities(cells: pl.DataFrame) -> list[Rows]:
    """Partitions, parts of a whole and balances, in every place that has all their cells."""
    found = []
    places = cells.filter("counted").select("plain", "cell", *PLACE)
    by_name = places.partition_by("plain", as_dict=True)
    for identity in identities(cells["plain"].unique()):
        frames = [by_name.get((name,)) for name, _ in identity.terms]
        if any(frame is None for frame in frames):
            continue
        joined: pl.DataFrame | None = None
        for number, frame in enumerate(frames):
            assert frame is not None
            side = frame.select(*PLACE, pl.col("cell").alias(f"c{number}"))
            joined = side if joined is None else joined.join(side, on=list(PLACE))
        if joined is None or not joined.height:
            continue
        joined = joined.with_row_index("row")
        entries = pl.concat([
            joined.select("row", pl.col(f"c{number}").alias("cell"), pl.lit(coef).alias("coef"))
            for number, (_, coef) in enumerate(identity.terms)
        ])  # fmt: skip
        low = 0.0 if identity.equal else -np.inf
        limits = joined.select("row", pl.lit(low).alias("low"), pl.lit(0.0).alias("high"), pl.lit(True).alias("soft"))
        found.append(Rows(entries, limits))
    return found


def _same_territory(cells: pl.DataFrame) -> Rows:
    """One area key of one name in several vintages, for the same period: taken for the same territory."""
    key = ["plain", "area", "area_name", "period", "basis", "version"]
    some = cells.filter(~pl.col("estimated") & pl.col("area_name").is_not_null()).sort(*key, "area_vintage")
    pairs = some.with_columns(pl.col("cell").shift(1).over(key).alias("other")).filter(pl.col("other").is_not_null())
    pairs = pairs.with_row_index("row")
    entries = pl.concat([
        pairs.select("row", "cell", pl.lit(1.0).alias("coef")),
        pairs.select("row", pl.col("other").alias("cell"), pl.lit(-1.0).alias("coef")),
    ])  # fmt: skip
    return Rows(entries, pairs.select("row", low=pl.lit(0.0), high=pl.lit(0.0), soft=pl.lit(True)))


def _assembled(cells: pl.DataFrame, parts: list[Rows], least: Reals, most: Reals) -> Equations:
    entries: list[pl.DataFrame] = []
    limits: list[pl.DataFrame] = []
    first = 0
    for part in parts:
        rows = part.limits.sort("row").with_row_index("number", first)
        used = part.entries.join(rows.select("row", "number"), on="row")
        entries.append(used.select(pl.col("number").cast(pl.Int64), pl.col("cell").cast(pl.Int64), "coef"))
        limits.append(rows.select("low", "high", "soft"))
        first += rows.height
    every = pl.concat(entries).group_by("number", "cell").agg(pl.col("coef").sum()).sort("number", "cell")
    sides = pl.concat(limits)
    return Equations(
        cells,
        every["number"].to_numpy(),
        every["cell"].to_numpy(),
        every["coef"].to_numpy(),
        sides["low"].to_numpy(),
        sides["high"].to_numpy(),
        sides["soft"].to_numpy(),
        least,
        most,
        cells["whole"].to_numpy(),
    )
