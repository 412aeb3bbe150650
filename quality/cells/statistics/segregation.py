# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Residential segregation of two groups over the parts of an area.

Belongs here: indices of a distribution over districts. Does not belong here: which districts make up a city.

All take persons by district, shape (..., districts), give a share between 0 and 1 of shape (...), and are NaN where a
district is not known or one of the groups has no member. All depend on the number and size of the districts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from quality.cells.statistics.arrays import Array, pair, ratio


def dissimilarity(group: ArrayLike, rest: ArrayLike) -> Array:
    """Share of one group that would have to move for both to be spread alike: `sum(|x/X - y/Y|) / 2`.

    `rest` is everyone else, not the total. Raises ValueError for negative counts (position).

    Source: Duncan & Duncan, A Methodological Analysis of Segregation Indexes, Am Sociol Rev 20 (1955) 210-217.
    """
    one, other = pair(("group", group), ("rest", rest))
    return np.abs(_shares(one) - _shares(other)).sum(-1) / 2


def isolation(group: ArrayLike, rest: ArrayLike) -> Array:
    """Chance that a neighbour of a member of the group belongs to it too: `sum(x/X * x/t)`, with `t = x + y`.

    Raises ValueError for negative counts (position). Source: Bell, Social Forces 32 (1954) 357-364; Massey & Denton,
    Social Forces 67 (1988) 281-315.
    """
    one, other = pair(("group", group), ("rest", rest))
    return _met(one, one, other)


def exposure(group: ArrayLike, rest: ArrayLike) -> Array:
    """Chance that a neighbour of a member of the group does not belong to it: `sum(x/X * y/t)`; 1 - isolation.

    Raises ValueError for negative counts (position). Source: as `isolation`.
    """
    one, other = pair(("group", group), ("rest", rest))
    return _met(one, other, other)


def _shares(persons: Array) -> Array:
    return ratio(persons, persons.sum(-1, keepdims=True))


def _met(group: Array, met: Array, rest: Array) -> Array:
    total = group + rest
    share = np.where(total == 0, 0, ratio(met, total))
    whole = np.where(rest.sum(-1) == 0, np.nan, 1)
    return (_shares(group) * share).sum(-1) * whole
