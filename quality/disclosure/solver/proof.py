# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The last word of the solver: its witnesses once more, without its loops.

Belongs here: recomputing from the witnesses alone, in 64-bit integers, what they prove. Does not belong here: the audit
of a release, which knows nothing of the solver.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from quality.disclosure.model.system import UNBOUNDED, Mask, Whole
from quality.disclosure.model.vectors import Vectors, gathered
from quality.disclosure.solver.deviation import Witness
from quality.disclosure.solver.problem import Problem


def proved(problem: Problem, witnesses: list[Witness], withheld: Mask) -> Mask:
    """Needy cells that are covered by the witnesses that fit all relations and bounds and stay within the pattern."""
    size = len(problem)
    start, cells, amounts = _side_by_side(witnesses)
    relations = csr_matrix((problem.coefficients, problem.cells, problem.start), shape=(problem.relations, size))
    sums = relations @ csr_matrix((amounts, cells, start), shape=(len(witnesses), size)).T
    fits = np.asarray(abs(sums).sum(axis=0)).ravel() == 0
    owner = np.repeat(np.arange(len(witnesses)), np.diff(start))
    fits[owner[~withheld[cells] | (amounts == 0)]] = False
    bottom, top = _multiples(problem, start, cells, amounts)
    up, down = np.zeros(size, np.int64), np.zeros(size, np.int64)
    counts = fits[owner]
    highest = np.maximum(amounts * top[owner], amounts * bottom[owner])
    lowest = np.minimum(amounts * top[owner], amounts * bottom[owner])
    np.maximum.at(up, cells[counts], highest[counts])
    np.maximum.at(down, cells[counts], -lowest[counts])
    covered = (up >= problem.up) & (down >= problem.down) & (up + down >= problem.width)
    return problem.needy & covered


def shown(problem: Problem, witnesses: list[Witness], names: Whole) -> Vectors:
    """The witnesses as completions, each as far one way and the other as a need goes; slacks (name -1) left out."""
    start, cells, amounts = _side_by_side(witnesses)
    owner = np.repeat(np.arange(len(witnesses)), np.diff(start))
    most = int(max(problem.up.max(initial=0), problem.down.max(initial=0), problem.width.max(initial=0)))
    ends = [np.clip(end, -most, most)[owner] for end in _multiples(problem, start, cells, amounts)]
    real = names[cells] >= 0
    vectors = []
    for times in ends:
        moves = real & (times != 0)
        by = np.split((amounts * times)[moves], np.cumsum(np.bincount(owner[moves], minlength=len(witnesses)))[:-1])
        who = np.split(names[cells[moves]], np.cumsum(np.bincount(owner[moves], minlength=len(witnesses)))[:-1])
        vectors += [pair for pair in zip(who, by, strict=True) if len(pair[0])]
    return gathered(vectors)


def _side_by_side(witnesses: list[Witness]) -> tuple[Whole, Whole, Whole]:
    nothing = [np.zeros(0, np.int64)]
    return (
        np.concatenate([np.zeros(1, np.int64), np.cumsum([len(one.cells) for one in witnesses], dtype=np.int64)]),
        np.concatenate(nothing + [one.cells for one in witnesses]),
        np.concatenate(nothing + [one.amounts for one in witnesses]),
    )


def _multiples(problem: Problem, start: Whole, cells: Whole, amounts: Whole) -> tuple[Whole, Whole]:
    """The least and greatest multiple of each witness that stays within the bounds of its cells."""
    count = len(start) - 1
    owner = np.repeat(np.arange(count), np.diff(start))
    top, bottom = np.full(count, UNBOUNDED), np.full(count, -UNBOUNDED)
    above, below = problem.high[cells], problem.low[cells]
    rising = amounts > 0
    by = np.where(amounts == 0, 1, np.abs(amounts))
    np.minimum.at(top, owner, np.where(rising, above, -below) // by)
    np.maximum.at(bottom, owner, -(np.where(rising, -below, above) // by))
    return bottom, top
