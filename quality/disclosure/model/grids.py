# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The grids in a system: tables whose cells are the product of their hierarchies.

Belongs here: where a table's cells stand in such a product. Does not belong here: what anyone does with it; a grid is a
hint for the solver and says nothing that the equations do not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product

import numpy as np

from quality.disclosure.model.keys import Space, positions
from quality.disclosure.model.system import Whole

Grid = tuple[Whole, list[Whole]]
"""Cells with an axis per dimension (-1 where none is), and per axis where the parent of each place is (-1: a root)."""

_LARGEST, _MOST = 20_000_000, 8


def grids_of(space: Space, keys: Mapping[str, Whole], known: Whole, cell: Whole) -> Iterator[Grid]:
    """The grids of a table: `keys` per measure, `cell` of each of the sorted keys `known`.

    One per measure and choice of hierarchies; where there are very many choices, the first ones.
    """
    for own in keys.values():
        own = own[positions(own, known)[1]]
        used = [(d, np.unique(space.at(own, d))) for d in range(1, len(space.dimensions))] if len(own) else []
        used = [(d, places) for d, places in used if len(places) > 1]
        if not used:
            continue
        for choice in islice(product(*(space.above[d] or (None,) for d, _ in used)), _MOST):
            axes = [_axis(above, places) for above, (_, places) in zip(choice, used, strict=True)]
            shape = [len(places) for places, _ in axes]
            if np.prod(shape, dtype=float) > _LARGEST:
                continue
            yield (
                _filled(space, own, [d for d, _ in used], [places for places, _ in axes], known, cell),
                [parents for _, parents in axes],
            )


def _axis(above: Whole | None, places: Whole) -> tuple[Whole, Whole]:
    """The codes of one hierarchy among those that are used, and their parents among these."""
    if above is None:
        return places, np.full(len(places), -1, np.int64)
    in_it = np.unique(np.concatenate([np.flatnonzero(above >= 0), above[above >= 0]]))
    kept = np.intersect1d(places, in_it)
    parents = above[kept]
    at, there = positions(parents, kept)
    return kept, np.where(there & (parents >= 0), at, -1)


def _filled(space: Space, own: Whole, used: list[int], axes: list[Whole], known: Whole, cell: Whole) -> Whole:
    grid = np.full([len(axis) for axis in axes], -1, np.int64)
    spots = [positions(space.at(own, d), axis) for d, axis in zip(used, axes, strict=True)]
    inside = np.logical_and.reduce([there for _, there in spots])
    grid[tuple(at[inside] for at, _ in spots)] = cell[positions(own[inside], known)[0]]
    return grid
