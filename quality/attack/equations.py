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

from quality.attack.facts import CELL, Facts
from quality.attack.knowledge import identities, known
from quality.attack.targets import targets

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
_CLOSE = 1e-9
_PLACE = ["area", "area_vintage", "period", "basis", "version"]


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
    cells = _described(facts.cells)
    cells = _estimated(cells, facts)
    counts = _counts(facts, cells)
    sums = _over_areas(cells, counts, areas)
    cells = pl.concat([cells, sums.fresh], how="diagonal").sort("cell")
    least, most = _bounds(cells, counts)
    if zeros_published:
        withheld = targets(facts)["cell"].to_numpy().astype(np.int64)
        least[withheld] = np.maximum(least[withheld], 1.0)
    parts = [
        *_rates(facts, cells, least, most),
        sums.rows,
        *_identities(cells),
        _same_territory(cells),
    ]
    return _assembled(cells, parts, least, most)


@dataclass(frozen=True)
class _Rows:
    """Some rows: entries row, cell, coef with rows numbered from 0; and row, low, high, soft."""

    entries: pl.DataFrame
    limits: pl.DataFrame


@dataclass(frozen=True)
class _Sums:
    rows: _Rows
    fresh: pl.DataFrame


def _described(cells: pl.DataFrame) -> pl.DataFrame:
    names = cells["plain"].unique().to_list()
    about = pl.DataFrame([vars(known(name)) for name in names]).rename({"name": "plain"})
    return cells.join(about, on="plain", how="left").sort("cell")


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


def _rates(facts: Facts, cells: pl.DataFrame, least: Reals, most: Reals) -> list[_Rows]:
    """Quotients: value - half <= factor * numerator / denominator < value + half (halves away from zero)."""
    rates = facts.terms.filter((pl.col("part") == "denominator").any().over("row"))
    shown = facts.rows.filter(pl.col("value").is_not_null() & pl.col("factor").is_not_null())
    rates = rates.join(shown.select("row", "value", "decimals", "factor", "minimum", "low", "obs_status"), on="row")
    fixed = pl.Series("fixed", np.where(least == most, least, np.nan)[rates["cell"].to_numpy()]).fill_nan(None)
    rates = rates.with_columns(fixed).join(cells.select("cell", "whole"), on="cell")
    below = pl.col("part") == "denominator"
    rates = rates.with_columns(
        pl.when(below.any().over("row") & pl.col("fixed").filter(below).is_not_null().all().over("row"))
        .then((pl.col("fixed") * pl.col("coef")).filter(below).sum().over("row"))
        .alias("divisor"),
        (pl.col("whole") & (pl.col("coef") % 1 == 0)).filter(~below).all().over("row").alias("counts"),
    )
    return [_over_known(rates.filter(pl.col("divisor") > 0)), *_over_unknown(rates.filter(pl.col("divisor").is_null()))]


def _over_known(rates: pl.DataFrame) -> _Rows:
    scale = 10.0 ** pl.col("decimals").cast(pl.Float64)
    middle = (pl.col("value") * scale).round()
    per_unit = pl.col("divisor") / (scale * pl.col("factor"))
    limits = rates.group_by("row").agg(
        ((middle - 0.5) * per_unit).first().alias("low"),
        ((middle + 0.5) * per_unit).first().alias("high"),
        pl.col("value", "counts").first(),
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
        soft=pl.lit(False),
    )
    entries = rates.filter(pl.col("part") == "numerator").select("row", "cell", "coef")
    return _Rows(entries, limits)


def _over_unknown(rates: pl.DataFrame) -> list[_Rows]:
    """Two inequalities between both parts, and what the status says of the denominator."""
    scale = 10.0 ** pl.col("decimals").cast(pl.Float64)
    middle = (pl.col("value") * scale).round()
    above = pl.col("part") == "numerator"
    found = []
    for side, low, high in ((-1, 0.0, np.inf), (1, -np.inf, 0.0)):
        coef = pl.when(above).then(2 * scale * pl.col("factor")).otherwise(-(2 * middle + side)) * pl.col("coef")
        entries = rates.select("row", "cell", coef.alias("coef")).group_by("row", "cell").agg(pl.col("coef").sum())
        limits = rates.select("row").unique().with_columns(low=pl.lit(low), high=pl.lit(high), soft=pl.lit(False))
        found.append(_Rows(entries.filter(pl.col("coef") != 0), limits))
    sure = pl.when(pl.col("obs_status").is_in(["A", "B", "E", "P"])).then(pl.max_horizontal("minimum", "low"))
    enough = rates.filter(~above).with_columns(sure.otherwise(pl.col("minimum")).alias("low"))
    enough = enough.filter(pl.col("low").is_not_null())
    limits = enough.select("row", "low", pl.lit(np.inf).alias("high"), pl.lit(False).alias("soft")).unique("row")
    found.append(_Rows(enough.select("row", "cell", "coef"), limits))
    return found


def _over_areas(cells: pl.DataFrame, counts: pl.DataFrame, areas: pl.DataFrame) -> _Sums:
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
        missing = above.filter(pl.col("whole_cell").is_null()).select("plain", "whole", "whole_vintage", *_PLACE[2:])
        missing = missing.unique().sort(pl.all()).with_row_index("cell", number).with_columns(pl.col("cell").cast(pl.UInt32))
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
    described = _described(pl.concat(fresh)) if fresh else cells.clear()
    empty = _Rows(
        pl.DataFrame(schema={"row": pl.UInt32, "cell": pl.UInt32, "coef": pl.Float64}),
        pl.DataFrame(schema={"row": pl.UInt32, "low": pl.Float64, "high": pl.Float64, "soft": pl.Boolean}),
    )
    both = _Rows(pl.concat([empty.entries, *entries]), pl.concat([empty.limits, *limits]))
    return _Sums(both, described.with_columns(estimated=pl.lit(False)))


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
    options = options.join(cell, on=["plain", "whole", "whole_vintage", *_PLACE[2:]], how="left")
    options = options.sort(pl.col("whole_cell").is_null(), "choice")
    return options.unique("cell", keep="first", maintain_order=True)


def _sum_rows(parts: pl.DataFrame, parents: pl.DataFrame, exact: pl.DataFrame, first: int) -> _Rows:
    group = ["whole_cell", "area_level", "area_vintage"]
    siblings = parents.group_by(pl.col("parent").alias("whole"), "area_vintage", "area_level").agg(
        pl.len().alias("siblings")
    )
    parts = parts.join(siblings, on=["whole", "area_vintage", "area_level"], how="left")
    parts = parts.join(exact, on="cell", how="left")
    groups = parts.group_by(*group, "whole", maintain_order=True).agg(
        pl.len().alias("parts"),
        pl.col("siblings").first(),
        pl.when(pl.col("value").is_not_null().all()).then(pl.col("value").sum()).first().alias("sum"),
    )
    groups = groups.join(exact.rename({"cell": "whole_cell"}), on="whole_cell", how="left")
    full = pl.col("parts") == pl.col("siblings")
    groups = groups.with_columns(
        pl.when(full & pl.col("sum").is_not_null()).then(pl.col("sum") == pl.col("value")).alias("fits")
    )
    division = ["whole", "area_level", "area_vintage"]
    groups = groups.with_columns(pl.col("fits").all().over(division).alias("shown"), pl.col("fits").count().over(division).alias("seen"))
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
    return _Rows(entries, limits)


def _identities(cells: pl.DataFrame) -> list[_Rows]:
    """Partitions, parts of a whole and balances, in every place that has all their cells."""
    found = []
    places = cells.filter("counted").select("plain", "cell", *_PLACE)
    by_name = places.partition_by("plain", as_dict=True)
    for identity in identities(cells["plain"].unique()):
        frames = [by_name.get((name,)) for name, _ in identity.terms]
        if any(frame is None for frame in frames):
            continue
        joined: pl.DataFrame | None = None
        for number, frame in enumerate(frames):
            assert frame is not None
            side = frame.select(*_PLACE, pl.col("cell").alias(f"c{number}"))
            joined = side if joined is None else joined.join(side, on=_PLACE)
        if joined is None or not joined.height:
            continue
        joined = joined.with_row_index("row")
        entries = pl.concat([
            joined.select("row", pl.col(f"c{number}").alias("cell"), pl.lit(coef).alias("coef"))
            for number, (_, coef) in enumerate(identity.terms)
        ])  # fmt: skip
        low = 0.0 if identity.equal else -np.inf
        limits = joined.select("row", pl.lit(low).alias("low"), pl.lit(0.0).alias("high"), pl.lit(True).alias("soft"))
        found.append(_Rows(entries, limits))
    return found


def _same_territory(cells: pl.DataFrame) -> _Rows:
    """One area key of one name in several vintages, for the same period: taken for the same territory."""
    key = ["plain", "area", "area_name", "period", "basis", "version"]
    some = cells.filter(~pl.col("estimated") & pl.col("area_name").is_not_null()).sort(*key, "area_vintage")
    pairs = some.with_columns(pl.col("cell").shift(1).over(key).alias("other")).filter(pl.col("other").is_not_null())
    pairs = pairs.with_row_index("row")
    entries = pl.concat([
        pairs.select("row", "cell", pl.lit(1.0).alias("coef")),
        pairs.select("row", pl.col("other").alias("cell"), pl.lit(-1.0).alias("coef")),
    ])  # fmt: skip
    return _Rows(entries, pairs.select("row", low=pl.lit(0.0), high=pl.lit(0.0), soft=pl.lit(True)))


def _assembled(cells: pl.DataFrame, parts: list[_Rows], least: Reals, most: Reals) -> Equations:
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
