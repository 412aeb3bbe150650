# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The grids that a system contains: tables whose cells are a product of hierarchies.

Belongs here: the description of a grid and the moves along its axes. Does not belong here: the search over them
(`circuits`). A grid is a hint that makes the solver fast; what is found with it is checked against every relation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quality.disclosure.model.system import Whole


@dataclass(frozen=True)
class Block:
    """A table: `cells` has one axis per dimension and the number of a cell (-1: none) at each place.

    `parents`: per axis, the position of the parent of each position, -1 for a root.
    """

    cells: Whole
    parents: Sequence[Whole]


@dataclass(frozen=True)
class Moves:
    """Deviations along one axis that fit its sums: one leaf and all above it, or one leaf up and another down.

    `start`, `nodes`, `signs`: support per move. `first`, `by_node`: the moves that touch a node.
    """

    start: Whole
    nodes: Whole
    signs: Whole
    first: Whole
    by_node: Whole


def moves(parent: Whole, most: int = 400_000) -> Moves:
    """The moves of a hierarchy; if they would be more than `most`, exchanges only among children of one parent."""
    size = len(parent)
    paths = []
    for leaf in np.setdiff1d(np.arange(size), parent).tolist():
        path = [leaf]
        while parent[path[-1]] >= 0:
            path.append(int(parent[path[-1]]))
        paths.append(path)
    supports = [[(node, 1) for node in path] for path in paths]
    close = len(paths) * (len(paths) - 1) // 2 > most
    for one, path in enumerate(paths):
        for other in paths[one + 1 :]:
            if close and parent[path[0]] != parent[other[0]]:
                continue
            shared = set(path) & set(other)
            supports.append(
                [(node, 1) for node in path if node not in shared]
                + [(node, -1) for node in other if node not in shared]
            )
    lengths = np.array([len(support) for support in supports], np.int64)
    nodes = np.array([node for support in supports for node, _ in support], np.int64)
    signs = np.array([sign for support in supports for _, sign in support], np.int64)
    order = np.argsort(nodes, kind="stable")
    counts = np.bincount(nodes, minlength=size)
    return Moves(
        np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
        nodes,
        signs,
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        np.repeat(np.arange(len(supports)), lengths)[order],
    )
