# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What is solved: by how much each unknown cell may deviate from its value, and by how much the needy ones must.

Belongs here: the arrays of one component in terms of deviations. Does not belong here: how they come about
(`presolve`) or what is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quality.disclosure.model.system import Mask, Whole


@dataclass(frozen=True)
class Problem:
    """Unknown cells 0..n-1 with relations `coefficients . deviations = 0`.

    `low <= deviation <= high` with low <= 0 <= high. `up`, `down`: how far a cell has to be able to deviate, `width`:
    how far both ways together. `always`: withheld in every pattern. `needy`: has any need.
    """

    low: Whole
    high: Whole
    up: Whole
    down: Whole
    width: Whole
    cost: Whole
    always: Mask
    start: Whole
    cells: Whole
    coefficients: Whole

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.cost)

    @property
    def relations(self) -> int:
        """The number of relations."""
        return len(self.start) - 1

    @cached_property
    def needy(self) -> Mask:
        """Cells with any need."""
        return (self.up > 0) | (self.down > 0) | (self.width > 0)

    @cached_property
    def row_of(self) -> Whole:
        """The relation of each entry."""
        return np.repeat(np.arange(self.relations), np.diff(self.start))

    @cached_property
    def columns(self) -> tuple[Whole, Whole, Whole]:
        """Start per cell and, from there, the relations that it is in with their coefficients."""
        order = np.argsort(self.cells, kind="stable")
        counts = np.bincount(self.cells, minlength=len(self))
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return start, self.row_of[order], self.coefficients[order]
