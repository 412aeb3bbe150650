# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The last word of the solver: its witnesses once more, without its loops.

Belongs here: recomputing from the witnesses alone, in 64-bit integers, what they prove. Does not belong here: the audit
of a release, which knows nothing of the solver.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from quality.disclosure.model.system import UNBOUNDED, Mask
from quality.disclosure.solver.deviation import Witness
from quality.disclosure.solver.problem import Problem


def proved(problem: Problem, witnesses: list[Witness], withheld: Mask) -> Mask:
    """Needy cells that are covered by the witnesses that fit all relations and bounds and stay within the pattern."""
    size = len(problem)
    lengths = [len(witness.cells) for witness in witnesses]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    cells = np.concatenate([np.zeros(0, np.int64), *(witness.cells for witness in witnesses)])
    amounts = np.concatenate([np.zeros(0, np.int64), *(witness.amounts for witness in witnesses)])
    relations = csr_matrix((problem.coefficients, problem.cells, problem.start), shape=(problem.relations, size))
    sums = relations @ csr_matrix((amounts, cells, start), shape=(len(witnesses), size)).T
    fits = np.asarray(abs(sums).sum(axis=0)).ravel() == 0
    owner = np.repeat(np.arange(len(witnesses)), lengths)
    fits[owner[~withheld[cells] | (amounts == 0)]] = False
    top, bottom = np.full(len(witnesses), UNBOUNDED), np.full(len(witnesses), -UNBOUNDED)
    above, below = problem.high[cells], problem.low[cells]
    rising = amounts > 0
    by = np.where(amounts == 0, 1, np.abs(amounts))
    np.minimum.at(top, owner, np.where(rising, above, -below) // by)
    np.maximum.at(bottom, owner, -(np.where(rising, -below, above) // by))
    up, down = np.zeros(size, np.int64), np.zeros(size, np.int64)
    counts = fits[owner]
    highest = np.maximum(amounts * top[owner], amounts * bottom[owner])
    lowest = np.minimum(amounts * top[owner], amounts * bottom[owner])
    np.maximum.at(up, cells[counts], highest[counts])
    np.maximum.at(down, cells[counts], -lowest[counts])
    covered = (up >= problem.up) & (down >= problem.down) & (up + down >= problem.width)
    return problem.needy & covered
