# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What it costs to withhold a cell.

Belongs here: cost functions. Does not belong here: the solver that adds costs up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from quality.disclosure.model.system import Mask, Whole

_PER_DOUBLING = 100


@dataclass(frozen=True)
class Cost:
    """`by`: the value itself, 1 per cell, or 100 per doubling of the value. Margins and cells that were published in
    the last pattern cost so many times as much (`margins`, `stability`)."""

    by: Literal["value", "count", "log"] = "value"
    margins: int = 1
    stability: int = 1

    def of(self, value: Whole, margin: Mask, published_before: Mask) -> Whole:
        """The cost of each cell, at least 1."""
        size = np.abs(value)
        match self.by:
            case "value":
                cost = np.maximum(size, 1)
            case "count":
                cost = np.ones(len(value), np.int64)
            case "log":
                cost = np.rint(_PER_DOUBLING * np.log2(1.0 + np.maximum(size, 1))).astype(np.int64)
        cost = cost * np.where(margin, self.margins, 1)
        return cost * np.where(published_before, self.stability, 1)
