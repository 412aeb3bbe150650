# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""One table with hierarchies as a `System`: every margin a cell, every sum an equation.

Belongs here: the way from leaf counts to a system, and from a folder of instances to leaf counts. Does not belong
here: drawing counts (`generate`), solving, measuring.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quality.disclosure.model.system import UNBOUNDED, State, System, Whole
from quality.disclosure.solver import Block


@dataclass(frozen=True)
class Tree:
    """A hierarchy of one dimension: `parent` per code as a position, -1 at the root."""

    codes: tuple[str, ...]
    parent: Whole

    @classmethod
    def of(cls, rows: list[tuple[str, str]]) -> Tree:
        """A tree from (code, code of the parent); the parent of the root is empty."""
        at = {code: position for position, (code, _) in enumerate(rows)}
        return cls(tuple(code for code, _ in rows), np.array([at.get(parent, -1) for _, parent in rows], np.int64))

    @property
    def leaves(self) -> Whole:
        """Positions of the codes without a child."""
        return np.setdiff1d(np.arange(len(self.codes)), self.parent)

    def sums(self) -> Whole:
        """A matrix, codes by leaves: 1 where the leaf is below the code."""
        below = np.zeros((len(self.codes), len(self.leaves)), np.int64)
        for column, leaf in enumerate(self.leaves):
            while leaf >= 0:
                below[leaf, column] = 1
                leaf = self.parent[leaf]
        return below


@dataclass(frozen=True)
class Instance:
    """Leaf counts, one axis per dimension in the order of the leaves of its tree."""

    name: str
    trees: dict[str, Tree]
    inner: Whole

    @property
    def values(self) -> Whole:
        """Counts of all cells with all margins, one axis per dimension in the order of its codes."""
        cells = self.inner
        for axis, tree in enumerate(self.trees.values()):
            cells = np.moveaxis(np.tensordot(tree.sums(), cells, axes=(1, axis)), 0, axis)
        return np.ascontiguousarray(cells)


def read_instance(folder: Path, name: str) -> Instance:
    """The instance NAME of a folder: `NAME_inner.csv` and one `NAME_hier_<dimension>.csv` per dimension."""
    with (folder / f"{name}_inner.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    trees = {}
    for dimension in head[:-1]:
        with (folder / f"{name}_hier_{dimension}.csv").open(newline="") as file:
            trees[dimension] = Tree.of([(row["code"], row["parent"]) for row in csv.DictReader(file)])
    places = [
        {trees[dimension].codes[leaf]: place for place, leaf in enumerate(trees[dimension].leaves)}
        for dimension in trees
    ]
    inner = np.zeros([len(place) for place in places], np.int64)
    for row in rows:
        inner[tuple(place[code] for place, code in zip(places, row, strict=False))] += int(row[-1])
    return Instance(name, trees, inner)


def system(instance: Instance, threshold: int, need: str = "default", zeros_public: bool = True) -> System:
    """The system of a table with primaries 1..threshold-1.

    `need`: "default" is the reach from `least` to the threshold, a number the width alone. `least` is what any reader
    knows anyway: with published zeros a cell is at least as large as the number of leaves in it that are not zero.
    With `zeros_public` true zeros are published and every other cell is known to be at least 1; without it zeros may be
    withheld and are primary.
    """
    values = instance.values
    cells, least = values.ravel(), int(zeros_public)
    primary = (cells < threshold) & (cells >= least)
    state = np.where(primary, State.PRIMARY, State.FREE).astype(np.int8)
    if zeros_public:
        state[cells == 0] = State.PUBLIC
    reach = need == "default"
    start, members, coefficients = _sums(values.shape, list(instance.trees.values()))
    relations, nothing = len(start) - 1, np.zeros_like(cells)
    return System(
        value=cells,
        state=state,
        low=np.where(cells > 0, least, 0),
        high=np.full_like(cells, UNBOUNDED),
        reach_low=np.where(primary, np.minimum(_parts(instance), cells) * least, 0) if reach else nothing,
        reach_high=np.where(primary, threshold, 0) if reach else nothing,
        width=nothing if reach else np.where(primary, int(need), 0),
        cost=cells.copy(),
        start=start,
        cells=members,
        coefficients=coefficients,
        lower=np.zeros(relations, np.int64),
        upper=np.zeros(relations, np.int64),
    )


def _parts(instance: Instance) -> Whole:
    """How many leaves that are not zero are in each cell."""
    return Instance(instance.name, instance.trees, (instance.inner > 0).astype(np.int64)).values.ravel()


def _sums(shape: tuple[int, ...], trees: list[Tree]) -> tuple[Whole, Whole, Whole]:
    """Rows `sum of the children - parent = 0` for every code with children and every combination of the rest."""
    number = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    lengths: list[NDArray[np.int64]] = []
    cells: list[NDArray[np.int64]] = []
    coefficients: list[NDArray[np.int64]] = []
    for axis, tree in enumerate(trees):
        lines = np.moveaxis(number, axis, 0).reshape(shape[axis], -1)
        for code in range(len(tree.codes)):
            children = np.flatnonzero(tree.parent == code)
            if not len(children):
                continue
            block = lines[np.append(children, code)].T
            signs = np.append(np.ones(len(children), np.int64), -1)
            lengths.append(np.full(len(block), block.shape[1], np.int64))
            cells.append(block.ravel())
            coefficients.append(np.tile(signs, len(block)))
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(lengths))])
    return start, np.concatenate(cells), np.concatenate(coefficients)


def block(instance: Instance) -> Block:
    """The table as a grid of its own system."""
    shape = instance.values.shape
    number = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    return Block(number, [tree.parent for tree in instance.trees.values()])
