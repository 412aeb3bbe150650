# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Mean and median age from a population by age.

Belongs here: measures of position of an age structure. Does not belong here: shares of age groups (`transforms`).

Ages are exact: someone of 30 completed years is 30.5 on average. Publishers who count completed years are half a year
lower (`completed=True`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from quality.cells.statistics.arrays import Array, counts, fits, ratio, spans


def mean_age(
    population: ArrayLike, ages: Sequence[str], open_mean: float | None = None, completed: bool = False
) -> Array:
    """Mean age in years: each group stands at its middle, an open last group at `open_mean`.

    `population`: persons, shape (..., len(ages)). NaN where a group is not known or nobody lives. `completed` gives the
    mean of completed years, 0.5 lower.

    Raises ValueError for negative counts (position), and for an open group without an `open_mean` inside it: the mean
    of those of 90 and over is an assumption that has to be stated.

    Source: Shryock & Siegel, The Methods and Materials of Demography (1976), ch. 8 (grouped data).
    """
    persons = counts("population", population)
    fits("population", persons, ages)
    lows, uppers = spans(ages)
    middles = (lows + uppers) / 2
    if np.isinf(uppers[-1]):
        if open_mean is None or not lows[-1] <= open_mean < np.inf:
            raise ValueError(f"the mean age of {ages[-1]} has to be stated and to lie in it")
        middles[-1] = open_mean
    mean = ratio((persons * middles).sum(-1), persons.sum(-1))
    return mean - 0.5 if completed else mean


def median_age(population: ArrayLike, ages: Sequence[str], completed: bool = False) -> Array:
    """Median age in years: the exact age that half have not reached, linear inside the group that it falls into.

    `population`: persons, shape (..., len(ages)). NaN where a group is not known, nobody lives, or the median falls
    into an open group (its inside is not known). `completed` is 0.5 lower, in line with `mean_age`.

    Raises ValueError for negative counts (position).

    Source: Shryock & Siegel, The Methods and Materials of Demography (1976), ch. 8 (median of grouped data).
    """
    persons = counts("population", population)
    fits("population", persons, ages)
    lows, uppers = spans(ages)
    upto = np.cumsum(persons, axis=-1)
    half = upto[..., -1:] / 2
    group = ((upto >= half) & (persons > 0)).argmax(-1)[..., None]
    inside = np.take_along_axis(persons, group, -1)
    before = np.take_along_axis(upto, group, -1) - inside
    width = np.where(np.isinf(uppers), np.nan, uppers - lows)
    median = (lows[group] + ratio(half - before, inside) * width[group])[..., 0]
    return median - 0.5 if completed else median
