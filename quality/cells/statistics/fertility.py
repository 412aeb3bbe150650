# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Total fertility rate (zusammengefasste Geburtenziffer) of a period.

Belongs here: fertility measures from vectors by age. Does not belong here: rates of two sums (`transforms`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quality.cells.statistics.arrays import Array, counts, fits, ratio, spans

FIRST_AGE, END_AGE = 15, 50
"""Childbearing ages 15 to 49, as in the official German figure."""

FEW_BIRTHS = 30
"""Below this number of births a rate is of low reliability (U)."""


@dataclass(frozen=True)
class Fertility:
    """Total fertility rate in children per woman, its standard error, and the births it rests on."""

    value: Array
    standard_error: Array
    births: Array


def total_fertility_rate(
    births: ArrayLike, women: ArrayLike, ages: Sequence[str], women_ages: Sequence[str] | None = None
) -> Fertility:
    """Children per woman if the age-specific rates of the period held for a whole life: `sum(width * births / women)`.

    `births`: live births by age of mother, shape (..., len(ages)); `women`: annual mean of women, persons, shape
    (..., len(women_ages)). Age groups are single years or wider, in order; `women_ages` defaults to `ages`.

    Open ends: births below 15 count for the youngest group and births from 50 for the oldest (`0-19` is divided by
    women 15-19, `45+` by women 45-49); women outside 15-49 are never in the denominator. A rate is formed only where
    every birth and every woman of 15-49 is known and no age is without women; otherwise NaN.

    The standard error takes births as Poisson: `sqrt(sum(width² * births / women²))`.

    Raises ValueError for negative counts (position), and if the groups do not cover 15-49 or do not match.

    Source: Preston, Heuveline & Guillot, Demography (2001), ch. 5; Statistisches Bundesamt, Qualitätsbericht Statistik
    der Geburten; standard error: Brillinger, The Natural Variability of Vital Rates, Biometrics 42 (1986) 693-734.
    """
    numerator = counts("births", births)
    denominator = counts("women", women)
    fits("births", numerator, ages)
    fits("women", denominator, women_ages or ages)
    if numerator.shape[:-1] != denominator.shape[:-1]:
        raise ValueError(f"births and women differ in shape: {numerator.shape} and {denominator.shape}")
    numerator, groups = _folded(numerator, ages)
    denominator = _matching(denominator, women_ages or ages, groups)
    widths = np.array([upper - low for low, upper in groups])
    rates = ratio(numerator, denominator)
    return Fertility(
        value=(rates * widths).sum(-1),
        standard_error=np.sqrt((ratio(rates, denominator) * widths**2).sum(-1)),
        births=numerator.sum(-1),
    )


def _folded(births: Array, ages: Sequence[str]) -> tuple[Array, list[tuple[float, float]]]:
    """Births by groups that end at 15 and 50, those beyond added to the outermost groups; and these groups."""
    lows, uppers = spans(ages)
    inside = (uppers > FIRST_AGE) & (lows < END_AGE)
    lows, ends = np.maximum(lows, FIRST_AGE), np.minimum(uppers, END_AGE)
    if not inside.any() or lows[inside][0] != FIRST_AGE or ends[inside][-1] != END_AGE:
        raise ValueError(f"births: the age groups do not cover {FIRST_AGE}-{END_AGE - 1}")
    folded = births[..., inside].copy()
    folded[..., 0] += births[..., uppers <= FIRST_AGE].sum(-1)
    folded[..., -1] += births[..., lows >= END_AGE].sum(-1)
    return folded, list(zip(lows[inside].tolist(), ends[inside].tolist(), strict=True))


def _matching(women: Array, ages: Sequence[str], groups: Sequence[tuple[float, float]]) -> Array:
    offered = {span: place for place, span in enumerate(zip(*(bound.tolist() for bound in spans(ages)), strict=True))}
    for low, upper in groups:
        if (low, upper) not in offered:
            raise ValueError(f"women: no age group from {low:g} to below {upper:g}")
    return women[..., [offered[group] for group in groups]]
