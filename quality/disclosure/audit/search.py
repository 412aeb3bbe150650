# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Local search for integral witnesses: other completions in which one cell differs by a wanted amount.

Belongs here: one walk from a violated relation to the next. Does not belong here: which walks are tried (`auditor`) and
whether their results are right (`witness` looks at each again).

The wanted deviation is set and stays; then, while a relation is violated, one of its other cells is moved by what
repairs it: the move that leaves the least violation weighs most, ties are broken by chance, a cell that has just been
moved rests, and a relation that stays violated weighs more from step to step (min-conflicts, Minton et al. 1992, AI 58;
breakout, Morris 1993, AAAI). Only touched cells and relations are looked at, so a walk costs the same in a large system
as in a small one, and what it finds holds in the whole system: all other cells keep their values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.disclosure.audit.compiled import compiled
from quality.disclosure.audit.view import View
from quality.disclosure.model.system import Whole


@dataclass
class Walker:
    """The memory of walks over one view within given bounds: all zero between two walks."""

    here: View
    down: Whole
    up: Whole

    def __post_init__(self) -> None:
        n, m = len(self.here), self.here.rows
        self.down = np.maximum(self.down, -self.here.limit)
        self.up = np.minimum(self.up, self.here.limit)
        self._deviation, self._rested = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self._moved = np.empty(n, np.int64)
        self._sums, self._weights = np.zeros(m, np.int64), np.ones(m, np.int64)
        self._touched, self._violated, self._place = np.empty(m, np.int64), np.empty(m, np.int64), np.full(m, -1)

    def walk(self, variable: int, by: int, steps: int, seed: int) -> tuple[Whole, Whole] | None:
        """Return variables and deviations of a completion in which `variable` differs by `by`, if one is found."""
        if not self.down[variable] <= by <= self.up[variable]:
            return None
        here = self.here
        size = _walk(
            variable, by, steps, seed, here.row_start, here.row_vars, here.row_coefs, here.col_start, here.col_rows,
            here.col_coefs, here.short, here.spare, self.down, self.up, self._deviation, self._rested, self._moved,
            self._sums, self._weights, self._touched, self._violated, self._place,
        )  # fmt: skip
        moved = self._moved[: abs(size)].copy()
        deviation = self._deviation[moved].copy()
        self._deviation[moved], self._rested[moved] = 0, 0
        return (moved[deviation != 0], deviation[deviation != 0]) if size > 0 else None


@compiled
def _excess(total: int, short: int, spare: int) -> int:
    """How far a row is above what it may be (positive) or below (negative)."""
    return total - spare if total > spare else (total - short if total < short else 0)


@compiled
def _move(
    variable: int,
    by: int,
    col_start: Whole,
    col_rows: Whole,
    col_coefs: Whole,
    short: Whole,
    spare: Whole,
    deviation: Whole,
    sums: Whole,
    touched: Whole,
    violated: Whole,
    place: Whole,
    counts: Whole,
) -> None:
    """Move one variable; keep the lists of touched rows (`place` -2: touched and in order) and violated ones."""
    deviation[variable] += by
    for at in range(col_start[variable], col_start[variable + 1]):
        row = col_rows[at]
        if place[row] == -1:
            touched[counts[0]] = row
            counts[0] += 1
            place[row] = -2
        sums[row] += by * col_coefs[at]
        wrong = _excess(sums[row], short[row], spare[row]) != 0
        if wrong and place[row] < 0:
            violated[counts[1]], place[row] = row, counts[1]
            counts[1] += 1
        elif not wrong and place[row] >= 0:
            counts[1] -= 1
            last = violated[counts[1]]
            violated[place[row]], place[last] = last, place[row]
            place[row] = -2


@compiled
def _walk(
    variable: int,
    by: int,
    steps: int,
    seed: int,
    row_start: Whole,
    row_vars: Whole,
    row_coefs: Whole,
    col_start: Whole,
    col_rows: Whole,
    col_coefs: Whole,
    short: Whole,
    spare: Whole,
    down: Whole,
    up: Whole,
    deviation: Whole,
    rested: Whole,
    moved: Whole,
    sums: Whole,
    weights: Whole,
    touched: Whole,
    violated: Whole,
    place: Whole,
) -> int:
    """Return how many variables were moved, negative if a relation is still violated. Rows are left all zero."""
    counts = np.zeros(2, np.int64)
    chance = (seed * 48271 + variable * 69621 + by * 16807 + 1) % 2147483647
    moved[0], size = variable, 1
    rested[variable] = steps + 1000000
    _move(variable, by, col_start, col_rows, col_coefs, short, spare, deviation, sums, touched, violated, place, counts)
    for step in range(1, steps + 1):
        if counts[1] == 0:
            break
        chance = chance * 48271 % 2147483647
        row = violated[chance % counts[1]]
        excess = _excess(sums[row], short[row], spare[row])
        best, best_by, best_score, ties = -1, 0, 0, 1
        for at in range(row_start[row], row_start[row + 1]):
            one, a = row_vars[at], row_coefs[at]
            if rested[one] > step:
                continue
            wanted = -excess // a if -excess % a == 0 else _beyond(-excess, a, short[row] == spare[row])
            change = min(max(wanted, down[one] - deviation[one]), up[one] - deviation[one])
            if change == 0:
                continue
            score = 0
            for other in range(col_start[one], col_start[one + 1]):
                r, more = col_rows[other], change * col_coefs[other]
                before = abs(_excess(sums[r], short[r], spare[r]))
                score += weights[r] * (abs(_excess(sums[r] + more, short[r], spare[r])) - before)
            if deviation[one] == 0:
                score += 1
            if best < 0 or score < best_score:
                best, best_by, best_score, ties = one, change, score, 1
            elif score == best_score:
                ties += 1
                chance = chance * 48271 % 2147483647
                if chance % ties == 0:
                    best, best_by = one, change
        if best < 0:
            weights[row] += 1
            continue
        if best_score >= 0:
            weights[row] += 1
        if rested[best] == 0:
            moved[size] = best
            size += 1
        chance = chance * 48271 % 2147483647
        rested[best] = step + 3 + chance % 8
        _move(
            best,
            best_by,
            col_start,
            col_rows,
            col_coefs,
            short,
            spare,
            deviation,
            sums,
            touched,
            violated,
            place,
            counts,
        )
    found = counts[1] == 0
    for at in range(counts[0]):
        row = touched[at]
        sums[row], weights[row], place[row] = 0, 1, -1
    return size if found else -size


@compiled
def _beyond(wanted: int, a: int, equation: bool) -> int:
    """A whole step towards `wanted / a`: for an equation not beyond it, unless that is none; else just beyond."""
    exact = abs(wanted) // abs(a)
    size = exact if equation and exact else exact + 1
    return size if (wanted > 0) == (a > 0) else -size
