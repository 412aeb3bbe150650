# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Rates: pooled over years, directly standardised for age, with intervals.

Belongs here: rates from counts, and how sure they are. Does not belong here: smoothing (`smoothing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quality.cells.statistics.arrays import Array, counts, normal_quantile, pair, part_of, ratio, spans

FEWEST_EVENTS = 10
"""Below this number of events no directly standardised rate is shown (Public Health England)."""

EUROPEAN_STANDARD_2013 = {
    "0": 1000, "1-4": 4000, "5-9": 5500, "10-14": 5500, "15-19": 5500, "20-24": 6000, "25-29": 6000, "30-34": 6500,
    "35-39": 7000, "40-44": 7000, "45-49": 7000, "50-54": 7000, "55-59": 6500, "60-64": 6000, "65-69": 5500,
    "70-74": 5000, "75-79": 4000, "80-84": 2500, "85-89": 1500, "90-94": 800, "95+": 200,
}  # fmt: skip
"""European Standard Population 2013, persons of 100,000. Source: Eurostat, Revision of the European Standard
Population, Methodologies and Working Papers KS-RA-13-028 (2013)."""


@dataclass(frozen=True)
class Rate:
    """A rate and the limits of its interval, in one unit."""

    value: Array
    lower: Array
    upper: Array


def pooled_rates(numerator: ArrayLike, denominator: ArrayLike, years: int) -> Array:
    """Rates of all spans of `years` neighbouring periods: sum over sum, never a mean of rates.

    Both: shape (..., periods), periods without gaps; result (..., periods - years + 1). NaN where a period of the span
    is not known or the denominators sum to zero. Raises ValueError for negative counts (position), and for a span
    that is shorter than 1 or longer than the series.
    """
    above, below = pair(("numerator", numerator), ("denominator", denominator))
    if not 1 <= years <= above.shape[-1]:
        raise ValueError("years: at least 1, at most the length of the series")
    windows = np.lib.stride_tricks.sliding_window_view
    return ratio(windows(above, years, axis=-1).sum(-1), windows(below, years, axis=-1).sum(-1))


def byar_limits(events: ArrayLike, confidence: float = 0.95) -> tuple[Array, Array]:
    """Lower and upper limit of a Poisson count, any shape; NaN where the count is not known.

    Raises ValueError for negative counts (position).

    Source: Byar's approximation, Breslow & Day, Statistical Methods in Cancer Research II (IARC 1987), p. 69.
    """
    number, z = counts("events", events), normal_quantile(confidence)
    following = number + 1
    some = np.where(number == 0, 1, number)
    lower = number * np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0) ** 3
    upper = following * (1 - 1 / (9 * following) + z / (3 * np.sqrt(following))) ** 3
    return lower, upper


def byar_rate(events: ArrayLike, person_years: ArrayLike, confidence: float = 0.95) -> Rate:
    """A rate per person-year with `byar_limits`, the person-years taken as known exactly; NaN without person-years."""
    number, years = pair(("events", events), ("person-years", person_years))
    lower, upper = byar_limits(number, confidence)
    return Rate(ratio(number, years), ratio(lower, years), ratio(upper, years))


def wilson_proportion(part: ArrayLike, whole: ArrayLike, confidence: float = 0.95) -> Rate:
    """A proportion with Wilson's score interval, any shape; NaN where unknown or the whole is zero.

    Raises ValueError for negative counts and a part larger than the whole (position).

    Source: Wilson, J Am Stat Assoc 22 (1927) 209-212; Newcombe, Stat Med 17 (1998) 857-872, method 3.
    """
    number, total = part_of(("part", part), ("whole", whole))
    z = normal_quantile(confidence)
    share = ratio(number, total)
    middle = 2 * number + z**2
    reach = z * np.sqrt(z**2 + 4 * number * (1 - share))
    below = 2 * (total + z**2)
    return Rate(share, np.maximum((middle - reach) / below, 0), np.minimum((middle + reach) / below, 1))


def standard_weights(ages: Sequence[str]) -> Array:
    """Persons of the European Standard Population 2013 in these age groups.

    Raises ValueError for a group that is no union of the standard's groups: it is not split by assumption.
    """
    pieces = list(zip(*spans(list(EUROPEAN_STANDARD_2013)), EUROPEAN_STANDARD_2013.values(), strict=True))
    weights = []
    for code, low, upper in zip(ages, *spans(ages), strict=True):
        inside = [(begin, end, persons) for begin, end, persons in pieces if low <= begin and end <= upper]
        if not inside or inside[0][0] != low or inside[-1][1] != upper:
            raise ValueError(f"age group {code} cuts through a group of the standard population")
        weights.append(float(sum(persons for _, _, persons in inside)))
    return np.array(weights)


def standardised_rate(
    events: ArrayLike, person_years: ArrayLike, standard: ArrayLike, confidence: float = 0.95
) -> Rate:
    """Directly age-standardised rate per person-year, with its interval.

    `events`, `person_years`: shape (..., ages); `standard`: persons of the standard population, shape (ages,), e.g.
    `standard_weights(ages)`. Value: `sum(w * x / n) / sum(w)`. Limits: Byar's limits of the number of events, moved to
    the scale of the rate by `sqrt(variance of the rate / events)`. NaN where a group is not known or has no
    person-years; without any event the rate is 0 and the limits are NaN.

    Raises ValueError for negative counts (position), shapes that differ, a standard without positive sum.

    Source: Dobson, Kuulasmaa, Eberle & Scherer, Stat Med 10 (1991) 457-462, with Byar's limits as Public Health
    England. Liberal where few events meet very uneven weights; Fay & Feuer, Stat Med 16 (1997) 791-801, are more
    cautious.
    """
    number, years = pair(("events", events), ("person-years", person_years))
    weight = counts("standard", standard)
    if weight.shape != number.shape[-1:] or not weight.sum() > 0:
        raise ValueError("standard: one number per age group, with a positive sum")
    weight = weight / weight.sum()
    rates = ratio(number, years)
    value = (weight * rates).sum(-1)
    variance = (weight**2 * ratio(rates, years)).sum(-1)
    total = number.sum(-1)
    lower, upper = byar_limits(total, confidence)
    scale = np.sqrt(ratio(variance, total))
    shape = value.shape
    return Rate(value, value + scale * (lower.reshape(shape) - total), value + scale * (upper.reshape(shape) - total))
