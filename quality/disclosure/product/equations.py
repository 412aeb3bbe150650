# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""All equations among cells: within an area, over areas and periods, and the counts that no cell holds.

Belongs here: equations over numbers of cells, as arrays. Does not belong here: what they are made from (`lines`,
`areas`, `periods`), values, and rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from quality.disclosure.model.relations import Rows
from quality.disclosure.model.system import Whole
from quality.disclosure.product.areas import area_sums
from quality.disclosure.product.cells import PLACE
from quality.disclosure.product.lines import Pattern, pattern
from quality.disclosure.product.periods import period_sums


@dataclass(frozen=True)
class Equations:
    """Equations over cells 0..count-1 and unheld counts from there on.

    `held`: per unheld count the cells from which it follows. `like`: the cell whose concept it is of. `rests`: (rest,
    part, whole) row by row.
    """

    count: int
    rows: Rows
    held: Rows
    like: Whole
    rests: Whole


def equations(base: pl.DataFrame) -> Equations:
    """The equations among base cells (columns of a cell and `number`, 0 to n-1 in order)."""
    gathered = _Gathered(base.height)
    for found, numbers in _places(base):
        gathered.add_pattern(found, numbers)
    for whole, parts, rest in area_sums(base).iter_rows():
        gathered.add_area(whole, parts, rest)
    for members, coefficients in period_sums(base):
        gathered.rows.add(np.array([members], np.int64), coefficients)
    return gathered.done()


def _places(base: pl.DataFrame) -> list[tuple[Pattern, Whole]]:
    """The places, by what is counted there: a pattern, and the numbers of its counts, one row per place."""
    ordered = base.sort("concept", "dims", "basis").with_columns(
        pl.concat_str("concept", "dims", "basis", separator="\t").alias("key")
    )
    places = ordered.group_by(PLACE, maintain_order=True).agg("key", "number")
    alike = places.with_columns(pl.col("key").list.join("\n").alias("offer")).group_by("offer", maintain_order=True)
    found = []
    for offer, numbers in alike.agg("number").sort("offer").iter_rows():
        keys = tuple(tuple(key.split("\t")) for key in offer.split("\n"))
        found.append((pattern(keys), np.array(numbers, np.int64).reshape(-1, len(keys))))
    return found


class _Gathered:
    """Equations as they come, in pieces."""

    def __init__(self, count: int) -> None:
        self.count = self.next = count
        self.rows, self.held = _Pieces(), _Pieces()
        self.like: list[Whole] = [np.zeros(0, np.int64)]
        self.rests: list[Whole] = [np.zeros((0, 3), np.int64)]

    def add_pattern(self, found: Pattern, numbers: Whole) -> None:
        """The equations of one pattern for all its places."""
        places, kinds = len(numbers), len(found.unheld)
        new = self.next + np.arange(places * kinds).reshape(places, kinds)
        self.next += places * kinds
        every = np.concatenate([numbers, new], axis=1)
        for row in found.rows:
            self.rows.add(every[:, list(row)], list(row.values()))
        by_place, like = _Pieces(), []
        for one in found.unheld:
            by_place.add(numbers[:, list(one.held)], list(one.held.values()))
            near = one.part if one.part >= 0 else next(iter(one.held))
            like.append(numbers[:, near])
        self.held.add_in_turn(by_place, places)
        if kinds:
            self.like.append(np.stack(like, axis=1).ravel())
        for rest, part, whole in found.rests:
            self.rests.append(np.stack([every[:, rest], every[:, part], every[:, whole]], axis=1))

    def add_area(self, whole: int, parts: Sequence[int], rest: bool) -> None:
        """The sum of areas, or what they leave of the one around them."""
        members = np.array([[whole, *parts]], np.int64)
        if rest:
            self.held.add(members, [1] + [-1] * len(parts))
            self.like.append(np.array([whole]))
            members = np.concatenate([members, [[self.next]]], axis=1)
            self.next += 1
        self.rows.add(members, [-1] + [1] * (members.shape[1] - 1))

    def done(self) -> Equations:
        """All of them together."""
        return Equations(
            self.count, self.rows.done(), self.held.done(), np.concatenate(self.like),
            np.concatenate(self.rests),
        )  # fmt: skip


class _Pieces:
    """Rows in pieces of equal shape."""

    def __init__(self) -> None:
        self.sizes: list[Whole] = [np.zeros(0, np.int64)]
        self.cells: list[Whole] = [np.zeros(0, np.int64)]
        self.coefficients: list[Whole] = [np.zeros(0, np.int64)]

    def add(self, cells: Whole, coefficients: Sequence[int]) -> None:
        """One row per row of `cells`."""
        self.sizes.append(np.full(len(cells), cells.shape[1], np.int64))
        self.cells.append(cells.ravel())
        self.coefficients.append(np.tile(np.array(coefficients, np.int64), len(cells)))

    def add_in_turn(self, other: _Pieces, places: int) -> None:
        """Pieces that each hold one row per place, place by place."""
        pieces = list(zip(other.sizes[1:], other.cells[1:], other.coefficients[1:], strict=True))
        if not pieces:
            return
        width = [int(sizes[0]) for sizes, _, _ in pieces]
        cells = np.concatenate([cells.reshape(places, -1) for _, cells, _ in pieces], axis=1)
        self.sizes.append(np.tile(np.array(width, np.int64), places))
        self.cells.append(cells.ravel())
        times = np.concatenate([coefficients[:size] for (_, _, coefficients), size in zip(pieces, width, strict=True)])
        self.coefficients.append(np.tile(times, places))

    def done(self) -> Rows:
        """All rows."""
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(self.sizes))])
        return Rows(start, np.concatenate(self.cells), np.concatenate(self.coefficients))
