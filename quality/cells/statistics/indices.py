# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Indices from z-scores on a fixed base, and classes from fixed breaks.

Belongs here: putting indicators on one scale. Does not belong here: which indicators make an index (the catalogue).

Base and breaks are taken once, from one year, and written down: so an area's figure of a later year moves only if the
area does, not because others did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quality.cells.statistics.arrays import Array, counts, known_numbers

LEAST_AREAS = 3
"""Fewest areas for a base, and in a class that is to be shown."""


@dataclass(frozen=True)
class Base:
    """Mean and standard deviation of an indicator in the base year, and the number of areas they come from."""

    mean: float
    deviation: float
    areas: int


def base_of(values: ArrayLike, weights: ArrayLike | None = None) -> Base:
    """The base of an indicator from its values in the areas of the base year, shape (areas,).

    The deviation is that of the whole, not of a sample (divisor N): on the base itself the z-scores have mean 0 and
    deviation 1. Areas without a value are left out and not counted. `weights` (say, population) make base and deviation
    those of a typical inhabitant instead of a typical area; an area without a weight is left out.

    Raises ValueError for fewer than three areas, for no spread, for negative weights (position), for another shape.
    """
    found = known_numbers("values", values)
    weight = np.ones_like(found) if weights is None else counts("weights", weights)
    if found.ndim != 1 or weight.shape != found.shape:
        raise ValueError("values and weights of a base: one axis, one length")
    used = ~np.isnan(found) & (weight > 0)
    if used.sum() < LEAST_AREAS:
        raise ValueError(f"a base needs {LEAST_AREAS} areas with a value")
    mean = float(np.average(found[used], weights=weight[used]))
    deviation = float(np.sqrt(np.average((found[used] - mean) ** 2, weights=weight[used])))
    if deviation <= 1e-12 * max(abs(mean), 1e-300):
        raise ValueError("a base needs areas that differ")
    return Base(mean, deviation, int(used.sum()))


def z_scores(values: ArrayLike, base: Base) -> Array:
    """Distance from the base's mean in deviations of the base; NaN where the value is not known."""
    return (known_numbers("values", values) - base.mean) / base.deviation


def z_index(
    values: ArrayLike, bases: Sequence[Base], directions: Sequence[int], weights: Sequence[float] | None = None
) -> Array:
    """Weighted mean of the z-scores of several indicators, each turned by its direction.

    `values`: shape (..., indicators) in the units of the bases; `directions`: +1 where more means more of what the
    index is about, -1 where less does; `weights`: positive, default equal. Result shape (...), in deviations. An area
    that lacks one indicator has no index (NaN): a mean over the others would be another index.

    Raises ValueError for lengths that differ, other directions, weights that are not positive.

    Source: OECD & JRC, Handbook on Constructing Composite Indicators (2008), ch. 5-6 (z-scores, linear aggregation).
    """
    found = known_numbers("values", values)
    scale = np.ones(len(bases)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not len(bases) == len(directions) == len(scale) == found.shape[-1]:
        raise ValueError("values, bases, directions and weights: one per indicator")
    if any(direction not in (-1, 1) for direction in directions):
        raise ValueError("a direction is 1 or -1")
    if not len(bases) or not (np.isfinite(scale) & (scale > 0)).all():
        raise ValueError("weights are positive numbers")
    scores = np.stack([z_scores(found[..., place], base) for place, base in enumerate(bases)], axis=-1)
    return (scores * np.array(directions) * scale).sum(-1) / scale.sum()


def classes(values: ArrayLike, breaks: Sequence[float], least: int = LEAST_AREAS) -> NDArray[np.int64]:
    """Class of each area from fixed breaks: 1 below the first, 2 from the first to below the second, and so on.

    `values`: shape (..., areas). 0 where there is no class: the value is not known, or a class of its row (period)
    holds areas, but fewer than `least`. Then the whole row has none, since one class alone follows from the others.

    Raises ValueError for breaks that do not rise.
    """
    found = known_numbers("values", values)
    edges = np.asarray(breaks, dtype=np.float64)
    if not len(edges) or not (np.diff(edges) > 0).all() or not np.isfinite(edges).all():
        raise ValueError("breaks are numbers that rise")
    number = np.where(np.isnan(found), 0, np.searchsorted(edges, found, side="right") + 1).astype(np.int64)
    sizes = np.stack([(number == one).sum(-1) for one in range(1, len(edges) + 2)], axis=-1)
    thin = ((sizes > 0) & (sizes < least)).any(-1, keepdims=True)
    return np.where(thin, 0, number)
