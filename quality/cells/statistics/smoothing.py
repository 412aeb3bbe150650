# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Rates of small areas, smoothed towards the rate of all of them (empirical Bayes).

Belongs here: shrinkage without neighbourhood. Does not belong here: raw and pooled rates (`rates`).

A smoothed rate is an estimate, not a count over a count: whoever shows it says so (status E), and never beside a raw
rate without a word. It is not for ranking and holds for its own list of areas only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quality.cells.statistics.arrays import Array, Bools, pair, ratio

LEAST_AREAS = 10
"""Fewest areas from which a spread between areas is estimated; a choice of ours."""

_STEPS, _PRECISION, _NO_SPREAD = 2000, 1e-10, 1e7


@dataclass(frozen=True)
class Smoothed:
    """Smoothed rates with the prior that they were drawn to.

    `value`, `standard_error`: shape (..., areas), per person-year; `mean` and `variance` of the prior: shape (...). A
    variance of 0 says that the areas differ no more than chance makes them: then all have the rate of the whole.
    """

    value: Array
    standard_error: Array
    mean: Array
    variance: Array


def marshall(events: ArrayLike, person_years: ArrayLike, least: int = LEAST_AREAS) -> Smoothed:
    """Global empirical-Bayes estimates by moments: `m + (r - m) * A / (A + m / n)`.

    Both: shape (..., areas). `m = sum(x) / sum(n)`, `A = sum(n (r - m)²) / sum(n) - m / mean(n)`, at least 0. Areas
    without a known count or without person-years are left out of the prior and have NaN; with fewer than `least` areas
    the row is NaN. The standard error is that of the gamma posterior with the same moments, the prior taken as known.

    Raises ValueError for negative counts (position).

    Source: Marshall, Mapping Disease and Mortality Rates using Empirical Bayes Estimators, Applied Statistics 40 (1991)
    283-294.
    """
    number, years, used = _usable(events, person_years)
    mean, variance = _moments(number, years, used)
    return _posterior(number, years, used, mean, variance, least)


def gamma_poisson(events: ArrayLike, person_years: ArrayLike, least: int = LEAST_AREAS) -> Smoothed:
    """Posterior means `(x + shape) / (n + rate)` under a gamma prior fitted to all areas.

    Shapes, gaps and errors as `marshall`. The prior solves, by iteration from the moments, `shape / rate = mean(t)` and
    `shape / rate² = sum((1 + rate / n) (t - shape / rate)²) / (areas - 1)`, where t are the posterior means. Here every
    area counts alike in the prior; in `marshall` it counts by its size.

    Source: Clayton & Kaldor, Empirical Bayes Estimates of Age-Standardized Relative Risks for Use in Disease Mapping,
    Biometrics 43 (1987) 671-681.
    """
    number, years, used = _usable(events, person_years)
    overall, start = _moments(number, years, used)
    expected = years * overall[..., None]  # on the scale of relative risks, so that one precision fits all rates
    areas = used.sum(-1)
    mean, variance = np.ones_like(overall), ratio(start, overall**2)
    for _ in range(_STEPS):
        rate = np.minimum(ratio(mean, np.maximum(variance, mean / _NO_SPREAD)), _NO_SPREAD)[..., None]
        risk = (number + mean[..., None] * rate) / (expected + rate)
        new_mean = ratio(np.where(used, risk, 0).sum(-1), areas)
        far = np.where(used, (1 + ratio(rate, expected)) * (risk - new_mean[..., None]) ** 2, 0).sum(-1)
        new_variance = ratio(far, areas - 1)
        with np.errstate(invalid="ignore"):
            moved = (np.abs(new_mean - mean) > _PRECISION) | (np.abs(new_variance - variance) > _PRECISION)
        mean, variance = new_mean, new_variance
        if not moved.any():
            break
    with np.errstate(invalid="ignore"):
        none = variance <= mean / _NO_SPREAD * 2
    mean, variance = np.where(none, 1.0, mean), np.where(none, 0.0, variance)
    silent = overall == 0  # no event anywhere: the prior is the point 0
    mean, variance = np.where(silent, 0, mean * overall), np.where(silent, 0, variance * overall**2)
    return _posterior(number, years, used, mean, variance, least)


def _usable(events: ArrayLike, person_years: ArrayLike) -> tuple[Array, Array, Bools]:
    number, years = pair(("events", events), ("person-years", person_years))
    used = ~np.isnan(number) & (years > 0)
    return np.where(used, number, 0), np.where(used, years, 0), used


def _moments(number: Array, years: Array, used: Bools) -> tuple[Array, Array]:
    total = years.sum(-1)
    mean = ratio(number.sum(-1), total)
    distance = np.where(used, ratio(number, years) - mean[..., None], 0)
    return mean, np.maximum(ratio((years * distance**2).sum(-1), total) - ratio(mean * used.sum(-1), total), 0)


def _posterior(number: Array, years: Array, used: Bools, mean: Array, variance: Array, least: int) -> Smoothed:
    enough = used.sum(-1) >= least
    mean, variance = np.where(enough, mean, np.nan), np.where(enough, variance, np.nan)
    middle, spread = mean[..., None], variance[..., None]
    weight = np.where(middle == 0, 0, ratio(spread * years, spread * years + middle))
    value = np.where(used, middle + weight * (ratio(number, years) - middle), np.nan)
    error = np.sqrt(np.where(spread == 0, 0, ratio(value * spread, spread * years + middle)))
    return Smoothed(value, np.where(used, error, np.nan), mean, variance)
