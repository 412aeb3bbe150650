# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which withheld cells the equations fix by themselves, whatever the bounds: a rank test over finite fields.

Belongs here: sparse elimination modulo a prime and what it says. Does not belong here: bounds and integrality.

A cell is fixed if its unit vector lies in the row space of the equations, that is, if it is zero in every vector of the
kernel. A random vector of the kernel is zero at a cell that is not fixed with probability 1/p only (Schwartz 1980, J.
ACM 27), so one elimination without back substitution serves all cells; two vectors for each of two primes of 31 bits
err in less than one of 2^100 cells. Elimination row by row on the shortest row and the rarest column (Markowitz 1957;
Bouillaguet and Delaplace 2016, CASC). It errs to the strict side only: no cell is called safe here.
"""

from __future__ import annotations

import numpy as np

from quality.disclosure.audit.compiled import compiled
from quality.disclosure.audit.view import View
from quality.disclosure.model.system import Mask, Whole

PRIMES = (2_147_483_647, 2_147_483_629)
"""The two largest primes below 2^31: products of two residues fit into 64 bits."""

_VECTORS = 2


def determined(here: View, fill: int) -> Mask | None:
    """Return which variables the equations determine; None if elimination needs more than `fill` terms."""
    equations = np.flatnonzero(here.short == here.spare)
    lengths = np.diff(here.row_start)[equations]
    order = equations[np.argsort(lengths, kind="stable")]
    rarity = np.diff(here.col_start)
    fixed = np.ones(len(here), np.bool_)
    for seed, prime in enumerate(PRIMES):
        random = np.random.default_rng(seed).integers(1, prime, (_VECTORS, len(here)), dtype=np.int64)
        finished = _kernel(order, here.row_start, here.row_vars, here.row_coefs % prime, rarity, prime, fill, random)
        if not finished:
            return None
        fixed &= (random == 0).all(axis=0)
    return fixed


@compiled
def _inverse(number: int, prime: int) -> int:
    result, power = 1, prime - 2
    while power:
        if power & 1:
            result = result * number % prime
        number = number * number % prime
        power >>= 1
    return result


@compiled
def _kernel(
    order: Whole,
    row_start: Whole,
    row_vars: Whole,
    row_coefs: Whole,
    rarity: Whole,
    prime: int,
    fill: int,
    vectors: Whole,
) -> bool:
    """Turn each of `vectors` into one of the kernel: its pivots are overwritten, the rest stays. False: too much fill.

    Pivot rows are kept scaled to 1 at the pivot and without it. A row is reduced by the pivots that it holds in the
    order in which they were made: an older one never holds a younger's column as its own pivot.
    """
    n = len(rarity)
    made = np.full(n, -1, np.int64)  # the number of the pivot of a column
    pivots = np.empty(min(n, len(order)), np.int64)
    start = np.zeros(len(pivots) + 1, np.int64)
    columns, times = np.empty(1024, np.int64), np.empty(1024, np.int64)
    work, inside = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    held, heap = np.empty(n, np.int64), np.empty(n, np.int64)
    count = 0
    for row in order:
        size, waiting = 0, 0
        for at in range(row_start[row], row_start[row + 1]):
            column = row_vars[at]
            if row_coefs[at]:
                work[column], inside[column], held[size] = row_coefs[at], True, column
                size += 1
                if made[column] >= 0:
                    waiting = _push(heap, waiting, made[column])
        while waiting:
            pivot, waiting = _pop(heap, waiting)
            factor = work[pivots[pivot]]
            if factor == 0:
                continue
            work[pivots[pivot]] = 0
            for at in range(start[pivot], start[pivot + 1]):
                column = columns[at]
                if not inside[column]:
                    inside[column], held[size] = True, column
                    size += 1
                    if made[column] >= 0:
                        waiting = _push(heap, waiting, made[column])
                work[column] = (work[column] - factor * times[at]) % prime
        best = -1
        for at in range(size):
            column = held[at]
            if work[column] and (best < 0 or rarity[column] < rarity[best]):
                best = column
        if best >= 0:
            end = start[count]
            if end + size > fill:
                return False
            while end + size > len(columns):
                columns = np.concatenate((columns, np.empty_like(columns)))
                times = np.concatenate((times, np.empty_like(times)))
            scale = _inverse(work[best], prime)
            for at in range(size):
                column = held[at]
                if work[column] and column != best:
                    columns[end], times[end] = column, work[column] * scale % prime
                    end += 1
            made[best], pivots[count], start[count + 1] = count, best, end
            count += 1
        for at in range(size):
            work[held[at]], inside[held[at]] = 0, False
    for which in range(len(vectors)):
        vector = vectors[which]
        for pivot in range(count - 1, -1, -1):
            total = 0
            for at in range(start[pivot], start[pivot + 1]):
                total = (total + times[at] * vector[columns[at]]) % prime
            vector[pivots[pivot]] = (prime - total) % prime
    return True


@compiled
def _push(heap: Whole, size: int, item: int) -> int:
    at = size
    while at and heap[(at - 1) // 2] > item:
        heap[at] = heap[(at - 1) // 2]
        at = (at - 1) // 2
    heap[at] = item
    return size + 1


@compiled
def _pop(heap: Whole, size: int) -> tuple[int, int]:
    top, last, size = heap[0], heap[size - 1], size - 1
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= last:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = last
    return top, size
