# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What every statistic needs: checked arrays, age groups, and divisions without a silent zero.

Belongs here: the conversions and checks that several statistics share. Does not belong here: any method.

Arrays are float64, NaN is "not known" (missing or withheld). The last axis is the one that a statistic sums over
(ages, districts, years); all axes before it (areas, periods) are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from raw.vocabulary.dimensions import OPEN_AGE, age_interval

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


def known_numbers(name: str, values: ArrayLike) -> Array:
    """The values as float64 with at least one axis; None and NaN are "not known".

    Raises ValueError naming the first position with an infinite number.
    """
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    _refuse(name, "infinite number", np.isinf(array))
    return array


def counts(name: str, values: ArrayLike) -> Array:
    """Counts or person-years: like `known_numbers`; ValueError naming the first position of a negative one."""
    array = known_numbers(name, values)
    _refuse(name, "negative count", array < 0)
    return array


def pair(first: tuple[str, ArrayLike], second: tuple[str, ArrayLike]) -> tuple[Array, Array]:
    """Two arrays of counts of one shape. Raises ValueError if the shapes differ, and as `counts`."""
    one, other = counts(*first), counts(*second)
    if one.shape != other.shape:
        raise ValueError(f"{first[0]} and {second[0]} differ in shape: {one.shape} and {other.shape}")
    return one, other


def part_of(part: tuple[str, ArrayLike], whole: tuple[str, ArrayLike]) -> tuple[Array, Array]:
    """A `pair` of which the first is contained in the second. Raises ValueError naming the first position where not."""
    one, other = pair(part, whole)
    _refuse(part[0], f"more than {whole[0]}", one > other)
    return one, other


def _refuse(name: str, what: str, where: Bools) -> None:
    if where.any():
        position = tuple(int(index) for index in np.argwhere(where)[0])
        raise ValueError(f"{name}: {what} at position {position}")


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Array:
    """The quotient; NaN where a part is not known or the denominator is zero."""
    above, below = np.broadcast_arrays(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64))
    with np.errstate(invalid="ignore"):
        usable = below != 0
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=usable)


def spans(ages: Sequence[str]) -> tuple[Array, Array]:
    """Exact ages at which the groups begin and end: `15-19` → 15.0, 20.0; `90+` → 90.0, inf.

    Raises ValueError if the groups do not follow each other without gap and overlap.
    """
    if not ages:
        raise ValueError("no age groups")
    bounds = [age_interval(code) for code in ages]
    lows = [float(low) for low, _ in bounds]
    uppers = [np.inf if high >= OPEN_AGE else float(high + 1) for _, high in bounds]
    for number, code in enumerate(ages):
        if uppers[number] <= lows[number]:
            raise ValueError(f"age group {code} is empty")
        if number and lows[number] != uppers[number - 1]:
            raise ValueError(f"age group {code} does not follow {ages[number - 1]}")
    return np.array(lows), np.array(uppers)


def fits(name: str, array: Array, ages: Sequence[str]) -> None:
    """Raise ValueError if the last axis of an array is not as long as the list of age groups."""
    if array.shape[-1] != len(ages):
        raise ValueError(f"{name} has {array.shape[-1]} columns for {len(ages)} age groups")


def normal_quantile(confidence: float) -> float:
    """z of a two-sided interval (0.95 → 1.96). Raises ValueError outside (0, 1)."""
    if not 0 < confidence < 1:
        raise ValueError("confidence lies between 0 and 1, both excluded")
    return NormalDist().inv_cdf((1 + confidence) / 2)
