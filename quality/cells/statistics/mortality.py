# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Period life tables, abridged or by single years, and life expectancy with its standard error.

Belongs here: what follows from deaths and person-years by age. Does not belong here: which levels may show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quality.cells.statistics.arrays import Array, fits, pair, ratio, spans

MINIMUM_PERSON_YEARS = 5000.0
"""Below this size a life expectancy is neither stable nor its error normal (Toson & Baker 2003; Eayres & Williams
2004)."""

INFANT_FRACTION = 0.1
"""Share of the first year that those who die in it have lived (a0), used where mortality of infants is low."""


@dataclass(frozen=True)
class LifeTable:
    """Columns of a life table, each of shape (..., ages). Years, or persons of 1 born.

    `death_rate` M, `death_probability` q, `survivors` l, `deaths` d, `years_lived` L, `years_left` T, `expectancy` e
    and `standard_error` of e. NaN throughout where a row cannot be formed; e is NaN at ages that nobody reaches.
    """

    death_rate: Array
    death_probability: Array
    survivors: Array
    deaths: Array
    years_lived: Array
    years_left: Array
    expectancy: Array
    standard_error: Array


def life_table(
    deaths: ArrayLike, person_years: ArrayLike, ages: Sequence[str], fractions: ArrayLike | None = None
) -> LifeTable:
    """The period life table of each row.

    `deaths`: deaths of the period (one or several years), shape (..., len(ages)); `person_years`: mean population times
    years, i.e. the sum of the annual means over the same years, same shape. `ages`: from 0 without gaps, the last open:
    `0, 1-4, 5-9, ..., 90+` (abridged) or `0, 1, 2, ..., 100+` (full). `fractions`: a_x, the part of the interval that
    those dying in it have lived, one per group (the open one is ignored); default 0.1 for a first group of one year
    and 0.5 elsewhere.

    Chiang II: `q = n M / (1 + n (1 - a) M)`, at most 1; `L = n (l' + a d)`; open interval `q = 1`, `L = l / M`.
    Variance of e after Chiang, `sum(l² ((1 - a) n + e')² q² (1 - q) / D)`, plus the open interval's `l² / (D M²)` after
    Silcocks; ages without deaths add none. A row with an unknown number, an age without person-years or no death in
    the open interval is NaN.

    Raises ValueError for negative counts (position), groups not from 0 or not open, fractions outside [0, 1].

    Source: Chiang, The Life Table and its Applications (1984); Silcocks, Jenner & Reza, J Epidemiol Community Health
    55 (2001) 38-43; defaults of a as Office for National Statistics and Public Health England.
    """
    died, exposed = pair(("deaths", deaths), ("person-years", person_years))
    fits("deaths", died, ages)
    lows, uppers = spans(ages)
    if lows[0] != 0 or np.isfinite(uppers[-1]) or len(ages) < 2:
        raise ValueError("a life table needs age groups from 0 to an open one")
    width, part = (uppers - lows)[:-1], _fractions(fractions, uppers)[:-1]

    formed = (exposed > 0).all(-1) & (died[..., -1] > 0) & ~np.isnan(died).any(-1)
    died, exposed = (np.where(formed[..., None], array, np.nan) for array in (died, exposed))
    rate = died / exposed
    chance = np.minimum(width * rate[..., :-1] / (1 + width * (1 - part) * rate[..., :-1]), 1)
    alive = np.concatenate([np.ones_like(rate[..., :1]), np.cumprod(1 - chance, axis=-1)], axis=-1)
    alive = np.where(formed[..., None], alive, np.nan)
    dying = np.concatenate([alive[..., :-1] * chance, alive[..., -1:]], axis=-1)
    lived = np.concatenate(
        [width * (alive[..., 1:] + part * dying[..., :-1]), ratio(alive[..., -1:], rate[..., -1:])], axis=-1
    )
    left = _sum_from(lived)
    expectancy = ratio(left, alive)

    after = np.where(alive[..., 1:] > 0, expectancy[..., 1:], 0)
    spread = np.where(died[..., :-1] > 0, ratio(chance**2 * (1 - chance), died[..., :-1]), 0)
    closed = alive[..., :-1] ** 2 * ((1 - part) * width + after) ** 2 * spread
    open_end = ratio(alive[..., -1:] ** 2, died[..., -1:] * rate[..., -1:] ** 2)
    variance = _sum_from(np.concatenate([closed, open_end], axis=-1))
    return LifeTable(
        death_rate=rate,
        death_probability=np.concatenate([chance, np.where(formed[..., None], 1.0, np.nan)], axis=-1),
        survivors=alive,
        deaths=dying,
        years_lived=lived,
        years_left=left,
        expectancy=expectancy,
        standard_error=np.sqrt(ratio(variance, alive**2)),
    )


def life_expectancy(
    deaths: ArrayLike,
    person_years: ArrayLike,
    ages: Sequence[str],
    fractions: ArrayLike | None = None,
    minimum: float = MINIMUM_PERSON_YEARS,
) -> tuple[Array, Array]:
    """Life expectancy at birth in years and its standard error, from `life_table`; NaN below `minimum` person-years."""
    table = life_table(deaths, person_years, ages, fractions)
    formed = np.atleast_1d(np.asarray(person_years, dtype=np.float64)).sum(-1) >= minimum
    return (
        np.where(formed, table.expectancy[..., 0], np.nan),
        np.where(formed, table.standard_error[..., 0], np.nan),
    )


def _fractions(given: ArrayLike | None, uppers: Array) -> Array:
    if given is None:
        part = np.full(uppers.shape, 0.5)
        if uppers[0] == 1:
            part[0] = INFANT_FRACTION
        return part
    part = np.asarray(given, dtype=np.float64)
    if part.shape != uppers.shape or not ((part[:-1] >= 0) & (part[:-1] <= 1)).all():
        raise ValueError("fractions: one per age group, between 0 and 1")
    return part


def _sum_from(array: Array) -> Array:
    """Sums from each position to the end."""
    return np.flip(np.cumsum(np.flip(array, -1), -1), -1)
