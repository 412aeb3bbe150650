# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Columns that changed places, sexes above all: the contrast of two columns turns round in all areas at once.

Belongs here: pairs of columns of one table against the period before. Does not belong here: single columns
(`continuity`).

The contrast of two columns in an area is the difference of their roots, for roots of counts move alike by chance.
Where men outnumber women by more than elsewhere they do so in the next year too, so contrasts of successive periods go
together over the areas. Exchanged columns turn the sign of every one of them: then they go against each other, about
zero and about their mean. A trend that crosses (as many men as women everywhere, then a few more) does the first but
not the second; chance does either in few areas only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from quality.checks.continuity import LINE
from quality.checks.violations import EVERYWHERE, Judge

AGAINST = -0.45
"""Correlation of the contrasts of successive periods, both about zero and about their mean."""
AREAS = 12
"""Below this number of areas a correlation of -0.45 is no rarity (one-sided chance 7 % at 12, 1 in 500 at 40)."""
SURE = -0.9
"""With fewer than three times as many areas the correlation has to be this near to a full reversal."""
APART = 0.7
"""What chance moves the contrast of two counts by; smaller contrasts are nothing else."""
FEW, FAR_APART = 4, 3.0
"""In a few areas columns have to be far apart, before and after: four times as far as chance moves the contrast."""
Matrix = npt.NDArray[np.float64]


def judge_exchange(judge: Judge, pairs: pl.DataFrame) -> None:
    """Bring columns that seem exchanged before the judge (figures as `continuity.with_before` gives them)."""
    big = pairs.filter((pl.col("value") >= 0) & (pl.col("before") >= 0))
    big = big.with_columns(pl.struct("column", "dims", "basis").rank("dense").over("table").alias("line"))
    for _, group in big.group_by(["table", "area_level", "period"], maintain_order=True):
        _judge_group(judge, group)


def _judge_group(judge: Judge, group: pl.DataFrame) -> None:
    """All pairs of columns of one table, level and period."""
    lines = group.select("line", *LINE, "area_level", "period").unique("line").sort("line")
    if lines.height < 2 or group["area"].n_unique() < FEW:
        return
    now, before = _matrix(group, "value"), _matrix(group, "before")
    number, about_zero, about_mean, size = correlations(now, before)
    judge.count(int((np.triu(number, 1) >= FEW).sum()))
    limit = np.where(number >= 3 * AREAS, AGAINST, SURE)
    turned = (number >= AREAS) & (about_zero <= limit) & (about_mean <= limit) & (size >= APART)
    turned |= (number >= FEW) & (about_zero <= SURE) & (size >= FAR_APART)
    for one, other in np.argwhere(np.triu(turned, 1)).tolist():
        a, b = lines.row(one, named=True), lines.row(other, named=True)
        own = group.filter(pl.col("line").is_in([a["line"], b["line"]])).sort("line", "area")
        name = f"exchanged.{_name(a)}.{_name(b)}.{a['area_level']}"
        where = own.row(0, named=True)
        values = own["value"].to_list()
        judge.found_at(a["table"], name, EVERYWHERE, a["period"], values, where["snapshot"], where["cell"])


def _name(line: dict[str, Any]) -> str:
    return f"{line['column']}[{line['dims']}]"


def _matrix(group: pl.DataFrame, column: str) -> Matrix:
    """Roots, areas by lines, NaN where there is no figure."""
    wide = group.pivot("line", index="area", values=column, sort_columns=True).sort("area")
    names = sorted((name for name in wide.columns if name != "area"), key=int)
    roots: Matrix = np.sqrt(wide.select(names).to_numpy().astype(np.float64))
    return roots


def correlations(now: Matrix, before: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """For each pair of columns: areas with both, correlation of contrasts about zero and about the mean, their size.

    Sums over the areas that have both columns are products of matrices: the contrast a - b of every pair at once.
    """
    there = ~(np.isnan(now) | np.isnan(before))
    mask = there.astype(np.float64)
    x, y = np.where(there, now, 0.0), np.where(there, before, 0.0)

    def crossed(p: Matrix, q: Matrix) -> Matrix:
        return (p * q).T @ mask + mask.T @ (p * q) - p.T @ q - q.T @ p

    number = mask.T @ mask
    sum_x, sum_y = x.T @ mask - mask.T @ x, y.T @ mask - mask.T @ y
    xy, xx, yy = crossed(x, y), crossed(x, x), crossed(y, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        about_zero = xy / np.sqrt(xx * yy)
        about_mean = (xy - sum_x * sum_y / number) / np.sqrt(
            np.maximum(xx - sum_x**2 / number, 0.0) * np.maximum(yy - sum_y**2 / number, 0.0)
        )
        size = np.sqrt(np.minimum(xx, yy) / number)
    return number, np.nan_to_num(about_zero), np.nan_to_num(about_mean), np.nan_to_num(size)
