# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The integer hull of withheld cells by going through every completion: slow, obvious, and a formulation of its own.

Belongs here: the enumeration. Does not belong here: anything of solver or audit; it reads the arrays of a system.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from quality.disclosure.model.system import Mask, System, Whole

NODES = 4_000_000
_BOXES = (12, 40)


@dataclass(frozen=True)
class Hull:
    """Least and greatest value of each cell over all completions. `boxed`: cells were held near their value first.

    A boxed hull is an inner one: what it shows can be, but there may be more.
    """

    lowest: Whole
    highest: Whole
    boxed: bool

    def covers(self, system: System) -> Mask:
        """Whether each cell's interval is as wide as its need."""
        reach = (system.reach_low != 0) | (system.reach_high != 0)
        missed = reach & ((self.lowest > system.reach_low) | (self.highest < system.reach_high))
        return ~system.needy | ~(missed | (self.highest - self.lowest < system.width))


def hull(system: System, withheld: Mask, box: int = 12) -> Hull | None:
    """Enumerate; None if there are more partial completions than anybody wants to wait for."""
    low = np.where(withheld, system.low, system.value)
    high = np.where(withheld, system.high, system.value)
    for _ in range(30):
        if not _narrow(system, low, high):
            break
    far = withheld & ((low < system.value - box) | (high > system.value + box))
    boxed = bool(((high - low) > 4 * box)[far].any())
    if boxed:
        low, high = np.maximum(low, system.value - box), np.minimum(high, system.value + box)
    order = _order(system, np.flatnonzero(withheld & (low < high)))
    lowest, highest = system.value.copy(), system.value.copy()
    arrays = (system.start, system.cells, system.coefficients, system.lower, system.upper)
    done = _enumerate(order, *arrays, *_by_cell(system), low, high, lowest, highest, NODES)
    return Hull(lowest, highest, boxed) if done else None


def settled(system: System, mask: Mask) -> Hull | None:
    """The hull as far as it decides every need; None if there are too many completions, or a box was too small."""
    for box in _BOXES:
        exact = hull(system, mask, box)
        if exact is None or not exact.boxed or exact.covers(system).all():
            return exact
    return None


def _narrow(system: System, low: Whole, high: Whole) -> bool:
    changed = False
    for r in range(system.relations):
        span = slice(int(system.start[r]), int(system.start[r + 1]))
        terms = list(zip(system.cells[span].tolist(), system.coefficients[span].tolist(), strict=True))
        ends = {c: sorted((a * int(low[c]), a * int(high[c]))) for c, a in terms}
        least, most = sum(end[0] for end in ends.values()), sum(end[1] for end in ends.values())
        for c, a in terms:
            if low[c] == high[c]:
                continue
            at_most = int(system.upper[r]) - (least - ends[c][0])
            at_least = int(system.lower[r]) - (most - ends[c][1])
            new = (-(-at_least // a), at_most // a) if a > 0 else (-(-at_most // a), at_least // a)
            if new[0] > low[c] or new[1] < high[c]:
                low[c], high[c] = max(int(low[c]), new[0]), min(int(high[c]), new[1])
                changed = True
    return changed


def _order(system: System, unknown: Whole) -> Whole:
    """Cells so that relations are completed early: always the relation with the fewest cells still to come."""
    rows = [set(system.cells[system.start[r] : system.start[r + 1]].tolist()) for r in range(system.relations)]
    left, order = set(unknown.tolist()), list[int]()
    while left:
        open_rows = [cells & left for cells in rows if cells & left]
        order += sorted(min(open_rows, key=lambda cells: (len(cells), min(cells))) if open_rows else left)
        left -= set(order)
    return np.array(order, np.int64)


def _by_cell(system: System) -> tuple[Whole, Whole, Whole]:
    row = np.repeat(np.arange(system.relations), np.diff(system.start))
    order = np.argsort(system.cells, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(system.cells, minlength=len(system)))])
    return start.astype(np.int64), row[order], system.coefficients[order]


@njit(cache=True)
def _enumerate(order, start, cells, times, lower, upper, c_start, c_rows, c_times, low, high, lowest, highest, nodes):  # type: ignore[no-untyped-def]
    n, m = len(order), len(lower)
    least, most = np.zeros(m, np.int64), np.zeros(m, np.int64)
    for r in range(m):
        for at in range(start[r], start[r + 1]):
            a, c = times[at], cells[at]
            least[r] += min(a * low[c], a * high[c])
            most[r] += max(a * low[c], a * high[c])
    now, last = np.zeros(n, np.int64), np.zeros(n, np.int64)
    depth, entering = 0, True
    while depth >= 0:
        if depth == n:
            for k in range(n):
                lowest[order[k]] = min(lowest[order[k]], now[k])
                highest[order[k]] = max(highest[order[k]], now[k])
            depth, entering = depth - 1, False
            continue
        c = order[depth]
        if entering:
            nodes -= 1
            if nodes < 0:
                return False
            first, end = low[c], high[c]
            for at in range(c_start[c], c_start[c + 1]):
                r, a = c_rows[at], c_times[at]
                at_most = upper[r] - (least[r] - min(a * low[c], a * high[c]))
                at_least = lower[r] - (most[r] - max(a * low[c], a * high[c]))
                if a > 0:
                    first, end = max(first, -((-at_least) // a)), min(end, at_most // a)
                else:
                    first, end = max(first, -((-at_most) // a)), min(end, at_least // a)
            now[depth], last[depth] = first - 1, end
        else:
            for at in range(c_start[c], c_start[c + 1]):  # take the value back
                r, a = c_rows[at], c_times[at]
                least[r] += min(a * low[c], a * high[c]) - a * now[depth]
                most[r] += max(a * low[c], a * high[c]) - a * now[depth]
        now[depth] += 1
        if now[depth] > last[depth]:
            depth, entering = depth - 1, False
            continue
        for at in range(c_start[c], c_start[c + 1]):
            r, a = c_rows[at], c_times[at]
            least[r] += a * now[depth] - min(a * low[c], a * high[c])
            most[r] += a * now[depth] - max(a * low[c], a * high[c])
        depth, entering = depth + 1, True
    return True
