# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What it costs to withhold a cell: functions that make the `cost` of a system.

Belongs here: costs in whole numbers, per cell. Does not belong here: which cells are withheld. They can be put one
around the other: `steady(margins_dearer(by_value(system), margins, 3), before)`.
"""

from __future__ import annotations

import numpy as np

from quality.disclosure.model.system import Mask, System, Whole


def by_value(system: System) -> Whole:
    """The value itself (at least 1): as little as possible of the sum of all cells is withheld."""
    return np.maximum(np.abs(system.value), 1)


def by_count(system: System) -> Whole:
    """The same for every cell: as few cells as possible are withheld."""
    return np.full(len(system), 100, np.int64)


def by_log(system: System) -> Whole:
    """100 times the binary logarithm of 1 + value (at least 100): between value and count."""
    return np.maximum(np.rint(100 * np.log2(1 + np.abs(system.value))).astype(np.int64), 100)


def margins_dearer(cost: Whole, margins: Mask, times: int) -> Whole:
    """Cells that many readers look at, such as totals, are so many times dearer."""
    return np.where(margins, cost * times, cost)


def steady(cost: Whole, withheld_before: Mask, share: int = 4) -> Whole:
    """Cells that the last pattern withheld cost only one part in `share`, so that the pattern changes little."""
    return np.where(withheld_before, np.maximum(cost // share, 1), cost)
