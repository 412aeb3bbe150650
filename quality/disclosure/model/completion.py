# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Cells without a value get one that fits: a completion of what a publisher withheld.

Belongs here: one integral completion, and which equations have none. Does not belong here: what of it is known (nobody
takes a completion for a fact).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack, identity, vstack

from quality.disclosure.model.faults import BadInput, fault, listed
from quality.disclosure.model.relations import Relations
from quality.disclosure.model.system import UNBOUNDED, Mask, Whole

_SECONDS = 120


def complete_unknown(value: Whole, unknown: Mask, low: Whole, high: Whole, relations: Relations) -> Whole:
    """The values with whole numbers for the unknown cells, within their bounds, that satisfy every relation.

    The smallest sum of values is taken. Raises BadInput with the equations that no completion satisfies.
    """
    found, broken = _completion(value, unknown, low, high, relations)
    if found is None:
        raise BadInput([fault("no_completion", equations=listed([relations.name(row) for row in broken]))])
    return found


def completed(value: Whole, unknown: Mask, low: Whole, high: Whole, relations: Relations) -> tuple[Whole, Relations]:
    """The same where relations are only believed to hold: those that no completion satisfies are left out.

    Raises BadInput if what is left has no completion either, or none was found in time.
    """
    found, broken = _completion(value, unknown, low, high, relations)
    if found is not None:
        return found, relations
    kept = np.ones(len(relations), np.bool_)
    kept[broken] = False
    fewer = relations.where(kept)
    return complete_unknown(value, unknown, low, high, fewer), fewer


def _completion(
    value: Whole, unknown: Mask, low: Whole, high: Whole, relations: Relations
) -> tuple[Whole | None, list[int]]:
    """A completion, or the relations that have to give way."""
    if not unknown.any():
        return value, []
    touched = relations.touching(unknown)
    rows, numbers = relations.where(touched), np.flatnonzero(touched)
    known_part = rows.totals(np.where(unknown, 0, value))
    places = np.cumsum(unknown) - 1
    entries = unknown[rows.cells]
    matrix = csr_array(
        (rows.coefficients[entries].astype(float), (rows.rows[entries], places[rows.cells[entries]])),
        shape=(len(rows), int(unknown.sum())),
    )
    least, most = _open(low[unknown]), _open(high[unknown])
    lower, upper = _open(rows.lower) - known_part, _open(rows.upper) - known_part
    found = milp(
        np.ones(int(unknown.sum())),
        constraints=LinearConstraint(matrix, lower, upper) if len(rows) else None,
        bounds=Bounds(least, most),
        integrality=np.ones(int(unknown.sum())),
        options={"time_limit": _SECONDS},
    )
    result = value.copy()
    if found.x is not None:
        result[unknown] = np.rint(found.x).astype(np.int64)
        totals = rows.totals(result)
        if ((rows.lower <= totals) & (totals <= rows.upper)).all():
            return result, []
    broken = _broken(matrix, lower, upper, least, most) or list(range(min(len(rows), 3)))
    return None, numbers[broken].tolist()


def _open(bounds: Whole) -> np.ndarray:
    """Bounds as floats, infinite where there is none."""
    return np.where(np.abs(bounds) >= UNBOUNDED, np.copysign(np.inf, bounds), bounds.astype(float))


def _broken(matrix: csr_array, lower: np.ndarray, upper: np.ndarray, least: np.ndarray, most: np.ndarray) -> list[int]:
    """Rows that have to give way so that all others hold, from a smallest sum of deviations."""
    count, cells = matrix.shape
    slack = identity(count, format="csr")
    wide = hstack([matrix, slack, -slack], format="csr")
    above, below = np.isfinite(upper), np.isfinite(lower)
    found = linprog(
        np.concatenate([np.zeros(cells), np.ones(2 * count)]),
        A_ub=vstack([wide[above], -wide[below]], format="csr"),
        b_ub=np.concatenate([upper[above], -lower[below]]),
        bounds=np.stack(
            [np.concatenate([least, np.zeros(2 * count)]), np.concatenate([most, np.full(2 * count, np.inf)])], axis=1
        ),
    )
    if found.x is None:
        return []
    return np.flatnonzero(found.x[cells : cells + count] + found.x[cells + count :] > 1e-6).tolist()
