# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Bounds that follow from one relation after the other, in integers.

Belongs here: what a reader with paper and pencil finds: a relation with one unknown, 15 = 10 + 3 + x + x where no x is
below 1, and what follows from that in turn. Does not belong here: what only several relations together give away.

Activity-based tightening with rounding (Savelsbergh 1994, ORSA J. Computing 6; Achterberg et al. 2020, INFORMS J.
Computing 32, section 3.2). Bounds only ever shrink and each step is sound, so it may stop at any time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quality.disclosure.audit.compiled import compiled
from quality.disclosure.audit.view import EXACT, View
from quality.disclosure.model.system import Whole

_ROUNDS = 200


def tightened(here: View, down: Whole | None = None, up: Whole | None = None) -> tuple[Whole, Whole]:
    """Return the bounds of all deviations after every relation was applied until nothing more follows."""
    down, up = (here.down if down is None else down).copy(), (here.up if up is None else up).copy()
    waiting = np.ones(here.rows, np.bool_)
    for _ in range(_ROUNDS):
        if not waiting.any():
            break
        waiting = _round(
            waiting, here.row_start, here.row_vars, here.row_coefs, here.col_start, here.col_rows,
            here.short, here.spare, down, up, here.limit, EXACT,
        )  # fmt: skip
    return down, up


@compiled
def _round(
    waiting: NDArray[np.bool_],
    row_start: Whole,
    row_vars: Whole,
    row_coefs: Whole,
    col_start: Whole,
    col_rows: Whole,
    short: Whole,
    spare: Whole,
    down: Whole,
    up: Whole,
    limit: int,
    exact: int,
) -> NDArray[np.bool_]:
    again = np.zeros(len(waiting), np.bool_)
    for row in range(len(waiting)):
        if not waiting[row]:
            continue
        least, most, open_below, open_above = 0, 0, 0, 0
        for at in range(row_start[row], row_start[row + 1]):
            a, d = row_coefs[at], row_vars[at]
            lowest, highest = (down[d], up[d]) if a > 0 else (up[d], down[d])
            if abs(lowest) > limit:
                open_below += 1
            else:
                least += a * lowest
            if abs(highest) > limit:
                open_above += 1
            else:
                most += a * highest
        # A bound that shrinks here leaves these sums looser than they could be, so still sound; the row waits again.
        for at in range(row_start[row], row_start[row + 1]):
            a, d = row_coefs[at], row_vars[at]
            lowest, highest = (down[d], up[d]) if a > 0 else (up[d], down[d])
            new_down, new_up = down[d], up[d]
            if open_below == (1 if abs(lowest) > limit else 0) and spare[row] < exact:
                room = spare[row] - (least if abs(lowest) > limit else least - a * lowest)
                if a > 0:
                    new_up = min(new_up, room // a)
                else:
                    new_down = max(new_down, -((-room) // a))
            if open_above == (1 if abs(highest) > limit else 0) and short[row] > -exact:
                room = short[row] - (most if abs(highest) > limit else most - a * highest)
                if a > 0:
                    new_down = max(new_down, -((-room) // a))
                else:
                    new_up = min(new_up, room // a)
            if new_down > down[d] or new_up < up[d]:
                down[d], up[d] = new_down, new_up
                for other in range(col_start[d], col_start[d + 1]):
                    again[col_rows[other]] = True
    return again
