# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Sparse vectors of deviations from the values of a system: how a completion is written down.

Belongs here: their arrays. Does not belong here: whether a vector is a completion (`audit.witness` for the audit,
`solver.proof` for the solver, each by itself).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.disclosure.model.system import Whole


@dataclass(frozen=True)
class Vectors:
    """Vector w differs from the system's values at `cells[start[w]:start[w + 1]]` by the `deviations` there."""

    start: Whole
    cells: Whole
    deviations: Whole

    def __len__(self) -> int:
        """The number of vectors."""
        return len(self.start) - 1

    def __getitem__(self, which: int) -> tuple[Whole, Whole]:
        """Return the cells that one vector moves, and by how much."""
        span = slice(self.start[which], self.start[which + 1])
        return self.cells[span], self.deviations[span]

    def only(self, which: Whole) -> Vectors:
        """Keep these, in this order."""
        return gathered([self[one] for one in which.tolist()])


def gathered(vectors: list[tuple[Whole, Whole]]) -> Vectors:
    """Make one object of single sparse vectors."""
    start = np.zeros(len(vectors) + 1, np.int64)
    np.cumsum([len(cells) for cells, _ in vectors], out=start[1:])
    nothing = [np.zeros(0, np.int64)]
    return Vectors(
        start,
        np.concatenate(nothing + [cells for cells, _ in vectors]),
        np.concatenate(nothing + [deviations for _, deviations in vectors]),
    )


def joined(parts: list[Vectors]) -> Vectors:
    """All vectors of several objects, in order."""
    return gathered([part[one] for part in parts for one in range(len(part))])
