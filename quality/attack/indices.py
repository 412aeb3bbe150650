# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a published index tells of a withheld part of it.

Belongs here: indices of z-scores. Does not belong here: figures that are a count over a count (`facts`).

An index is a weighted sum of its parts whose weights nobody prints: they hold the means and deviations of a base year.
But they are the same in every area and year, so areas of which all parts are shown tell them, as narrow as their
rounding allows; and then an area of which one part is withheld tells that part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linprog

from quality.attack.facts import Facts
from quality.attack.intervals import Bounds
from quality.attack.programs import Proved
from quality.attack.published import Published

_MOST = 500
"""So many areas are looked at; an index that is shown over withheld parts is an accident, not a series."""
_STEPS = 40
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class _Gap:
    """An index with one withheld part: where, which, and what is shown beside it."""

    area: str
    vintage: str
    period: str
    part: int
    index: float
    shown: Reals


def through_indices(
    published: Published, facts: Facts, bounds: Bounds, targets: pl.DataFrame, proved: Proved
) -> Proved:
    """The bounds of targets, narrower where a published index tells more."""
    place = {cell: number for number, cell in enumerate(targets["cell"])}
    least, most = proved.least.copy(), proved.most.copy()
    left = _MOST
    for kpi, parts in _indices(published):
        for fitted, gaps in _families(published, kpi, parts):
            for gap in gaps[:left]:
                left -= 1
                found = _cell(facts, bounds, parts[gap.part], gap)
                if found is None or found[0] not in place:
                    continue
                cell, per_unit = found
                low, high = fitted.range(gap)
                at = place[cell]
                least[at] = max(least[at], np.ceil(low * per_unit - 1e-6))
                most[at] = min(most[at], np.floor(high * per_unit + 1e-6))
    fine = least <= most
    return replace(proved, least=np.where(fine, least, proved.least), most=np.where(fine, most, proved.most))


def _indices(published: Published) -> Iterator[tuple[str, list[str]]]:
    """Indices that are shown somewhere, with their parts; not the differences between two years of an index."""
    shown = published.figures.filter(pl.col("value").is_not_null())["kpi"].unique().implode()
    made = published.kpis.filter((pl.col("rule") == "composite") & pl.col("kpi").is_in(shown))
    for kpi in made.filter(~pl.col("formula").str.contains("years before"))["kpi"].sort():
        parts = published.uses.filter((pl.col("kpi") == kpi) & (pl.col("role") == "input"))["measure"].sort().to_list()
        yield kpi, parts


@dataclass(frozen=True)
class _Fitted:
    """Weights of an index: |index - (1, parts) * weights| <= tolerance in every row that shows all of them."""

    matrix: Reals
    index: Reals
    tolerance: float
    weights: Reals

    def range(self, gap: _Gap) -> tuple[float, float]:
        """The smallest and largest value that the withheld part may have; no bounds where its weight may be zero."""
        weight = self.weights[1 + gap.part]
        zero = self._possible(gap, None)
        if abs(weight) < 1e-12 or zero is None:
            return -np.inf, np.inf
        others = np.r_[1.0, np.where(np.arange(len(gap.shown)) == gap.part, 0.0, gap.shown)]
        middle = (gap.index - others @ self.weights) / weight
        if not self._possible(gap, middle):
            return -np.inf, np.inf
        return self._end(gap, middle, -1.0), self._end(gap, middle, 1.0)

    def _end(self, gap: _Gap, inside: float, way: float) -> float:
        step = max(abs(inside), 1.0) * 1e-3
        outside = inside
        for _ in range(_STEPS):
            outside = inside + way * step
            if not self._possible(gap, outside):
                break
            step *= 2
        else:
            return way * np.inf
        for _ in range(_STEPS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self._possible(gap, middle) else (inside, middle)
        return outside

    def _possible(self, gap: _Gap, value: float | None) -> bool | None:
        """Whether some weights fit all rows and the gap's; without a value whether the part's weight has one sign."""
        matrix, index = self.matrix, self.index
        if value is None:
            rows, limits = np.r_[matrix, -matrix], np.r_[index + self.tolerance, self.tolerance - index]
            cost = np.zeros(matrix.shape[1])
            cost[1 + gap.part] = -np.sign(self.weights[1 + gap.part])
            found = linprog(-cost, A_ub=rows, b_ub=limits, bounds=(None, None), method="highs")
            return True if found.status == 0 and found.fun > 1e-9 else None
        own = np.r_[1.0, gap.shown]
        own[1 + gap.part] = value
        matrix, index = np.r_[matrix, own[None, :]], np.r_[index, gap.index]
        rows, limits = np.r_[matrix, -matrix], np.r_[index + self.tolerance, self.tolerance - index]
        found = linprog(np.zeros(matrix.shape[1]), A_ub=rows, b_ub=limits, bounds=(None, None), method="highs")
        return bool(found.status == 0)


def _families(published: Published, kpi: str, parts: list[str]) -> Iterator[tuple[_Fitted, list[_Gap]]]:
    """Areas that are compared with each other: one level, municipal ones within their city."""
    key = ["area", "area_vintage", "period"]
    figures = published.figures.filter(pl.col("kpi").is_in([kpi, *parts])).sort("release", "tier")
    latest = figures.filter(pl.col("value").is_not_null()).unique(["kpi", *key], keep="last", maintain_order=True)
    digits = latest.group_by("kpi").agg(pl.col("decimals").last())
    half = {name: 0.5 * 10.0**-places for name, places in digits.iter_rows()}
    table = latest.pivot("kpi", index=[*key, "area_level"], values="value", sort_columns=True)
    if kpi not in table.columns or any(part not in table.columns for part in parts):
        return
    table = table.filter(pl.col(kpi).is_not_null()).with_columns(pl.col("area").str.slice(0, 8).alias("city"))
    municipal = pl.col("area").str.contains("-", literal=True)
    table = table.with_columns(pl.when(municipal).then("city").otherwise(pl.lit("")).alias("city"))
    for family in table.partition_by("area_level", "city", maintain_order=True):
        values = family.select(parts).to_numpy()
        full, one = ~np.isnan(values).any(axis=1), np.isnan(values).sum(axis=1) == 1
        if full.sum() < len(parts) + 2 or not one.any():
            continue
        matrix = np.c_[np.ones(full.sum()), values[full]]
        index = family[kpi].to_numpy()[full]
        weights = np.linalg.lstsq(matrix, index, rcond=None)[0]
        slack = half[kpi] + 1.2 * sum(abs(weight) * half[part] for weight, part in zip(weights[1:], parts, strict=True))
        gaps = [
            _Gap(
                row["area"],
                row["area_vintage"],
                row["period"],
                int(np.isnan(values[at]).argmax()),
                row[kpi],
                values[at],
            )
            for at, row in enumerate(family.iter_rows(named=True))
            if one[at]
        ]
        yield _Fitted(matrix, index, slack, weights), gaps


def _cell(facts: Facts, bounds: Bounds, part: str, gap: _Gap) -> tuple[int, float] | None:
    """The cell above the line of a withheld part, and how many persons its unit is; None if the line is not known."""
    here = (pl.col("area") == gap.area) & (pl.col("area_vintage") == gap.vintage) & (pl.col("period") == gap.period)
    row = facts.rows.filter(here & (pl.col("kpi") == part) & pl.col("withheld"))
    if row.height != 1:
        return None
    terms = facts.terms.join(row.select("row", "factor"), on="row")
    above, below = terms.filter(pl.col("part") == "numerator"), terms.filter(pl.col("part") == "denominator")
    cells = below["cell"].to_numpy()
    if above.height != 1 or not (bounds.most[cells] - bounds.least[cells] < 1e-6).all():
        return None
    divisor = float((below["coef"].to_numpy() * bounds.most[cells]).sum()) if below.height else 1.0
    return above["cell"][0], divisor / (above["coef"][0] * above["factor"][0])
