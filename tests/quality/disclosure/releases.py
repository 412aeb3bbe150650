# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Two releases of the same counts as one system: three years and their total, then one more year and a revision.

Belongs here: the cells and relations of both. Does not belong here: what is withheld.

A cell is (block, area, age, sex). The blocks of the first release are the years 1, 2, 3 and `123`, their total; of the
second 4, 2r (year 2 revised), `123r` and `1234r`. A revised block shares with the one that it revises every cell that
holds none of the revised counts, so what was withheld there stays the same unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from quality.disclosure.model.system import UNBOUNDED, Mask, State, System
from tests.quality.disclosure.audit.systems import Tree

Cell = tuple[str, str, str, str]
FIRST = ("1", "2", "3", "123")
SECOND = ("2r", "4", "123r", "1234r")
SUMS = {"123": ("1", "2", "3"), "123r": ("1", "2r", "3"), "1234r": ("123r", "4")}
REVISES = {"2r": "2", "123r": "123"}
AGE: Tree = {"T": "", "U25": "T", "25+": "T", "U18": "U25", "18-24": "U25", "25-64": "25+", "65+": "25+"}
SEX: Tree = {"T": "", "m": "T", "w": "T"}


@dataclass(frozen=True)
class Releases:
    """The union of both as one system, and which cells each of them shows or withholds."""

    union: System
    first: Mask
    second: Mask

    def alone(self, which: Mask) -> tuple[System, NDArray[np.int64]]:
        """One release as somebody sees it who forgets the other, and the numbers of its cells in the union."""
        system, number = self.union, np.cumsum(which) - 1
        rows = [r for r in range(system.relations) if which[system.cells[system.start[r] : system.start[r + 1]]].all()]
        terms = np.concatenate([np.arange(system.start[r], system.start[r + 1]) for r in rows])
        per_cell = ("value", "state", "low", "high", "reach_low", "reach_high", "width", "cost")
        sizes = [int(system.start[r + 1] - system.start[r]) for r in rows]
        alone = System(
            **{name: getattr(system, name)[which] for name in per_cell},
            start=np.array([0, *np.cumsum(sizes)], np.int64), cells=number[system.cells[terms]],
            coefficients=system.coefficients[terms], lower=system.lower[rows], upper=system.upper[rows],
        )  # fmt: skip
        return alone, np.flatnonzero(which)

    def after(self, withheld: Mask) -> System:
        """The union once the first release is out: its published cells are public, its withheld ones stay so."""
        state = self.union.state.copy()
        state[self.first & ~withheld] = State.PUBLIC
        state[self.first & withheld & (state == State.FREE)] = State.HELD
        return replace(self.union, state=state)


def releases(seed: int, areas: int = 6, need: tuple[int, int, int] = (0, 0, 2)) -> Releases:
    """Make counts of a seed; `need` is (reach_low, reach_high, width) of each count of 1 or 2.

    Not from 1 to 3: a 2 that is the sum of two ones is known to be at least 2 wherever zeros are published.
    """
    luck = np.random.default_rng(seed)
    geo: Tree = {"T": "", "N": "T", "S": "T", **{f"{'NS'[a % 2]}{a}": "NS"[a % 2] for a in range(areas)}}
    trees = (geo, AGE, SEX)
    value: dict[Cell, int] = {}
    size = luck.lognormal(1.6, 0.9, areas)
    for block in ("1", "2", "3", "4"):
        for place in product(*map(_leaves, trees)):
            value[block, *place] = int(luck.poisson(size[int(place[0][1:])]))
    revised = [place for place in product(*map(_leaves, trees)) if luck.random() < 0.06]
    touched = {ancestors for place in revised for ancestors in product(*map(_line, trees, place))}
    for place in product(*map(_leaves, trees)):
        change = int(luck.choice((-2, -1, 1, 2, 3))) if place in revised else 0
        value["2r", *place] = max(0, value["2", *place] + change)
    relations = dict.fromkeys(_relations(trees, touched))
    _add_up(value, trees)
    cells = sorted({cell for relation in relations for cell in relation})
    return _system(cells, value, list(relations), touched, need)


def _leaves(tree: Tree) -> list[str]:
    return [code for code in tree if code not in set(tree.values())]


def _line(tree: Tree, code: str) -> list[str]:
    return [code, *(_line(tree, tree[code]) if tree[code] else [])]


def _children(tree: Tree, code: str) -> list[str]:
    return [child for child, parent in tree.items() if parent == code]


def _relations(trees: tuple[Tree, Tree, Tree], touched: set[tuple[str, ...]]) -> Iterator[tuple[Cell, ...]]:
    """Yield each sum as (whole, part, ...), cells of revised blocks by the name under which they exist."""

    def named(block: str, place: tuple[str, ...]) -> Cell:
        own = block if block not in REVISES or place in touched else REVISES[block]
        return (own, place[0], place[1], place[2])

    for block in (*FIRST, *SECOND):
        for axis, tree in enumerate(trees):
            for place in product(*trees):
                parts = _children(tree, place[axis])
                if parts:
                    inner = [(*place[:axis], part, *place[axis + 1 :]) for part in parts]
                    yield (named(block, place), *(named(block, one) for one in inner))
    for block, parts in SUMS.items():
        for place in product(*trees):
            yield (named(block, place), *(named(part, place) for part in parts))


def _add_up(value: dict[Cell, int], trees: tuple[Tree, Tree, Tree]) -> None:
    """Fill in the margins of every block and the blocks of several years."""
    for block in ("1", "2", "3", "4", "2r"):
        for place in product(*trees):
            below = [[leaf for leaf in _leaves(t) if at in _line(t, leaf)] for t, at in zip(trees, place, strict=True)]
            value[block, *place] = sum(value[block, *one] for one in list(product(*below)))
    for block, parts in SUMS.items():
        for place in product(*trees):
            value[block, *place] = sum(value[part, *place] for part in parts)


def _system(
    cells: list[Cell],
    value: Mapping[Cell, int],
    relations: list[tuple[Cell, ...]],
    touched: set[tuple[str, ...]],
    need: tuple[int, int, int],
) -> Releases:
    number = {cell: at for at, cell in enumerate(cells)}
    values = np.array([value[cell] for cell in cells], np.int64)
    unsafe = (values > 0) & (values < 3)
    state = np.where(unsafe, State.PRIMARY, np.where(values == 0, State.PUBLIC, State.FREE)).astype(np.int8)
    sizes = [len(relation) for relation in relations]
    zeros = np.zeros(len(relations), np.int64)
    first = np.array([cell[0] in FIRST for cell in cells])
    return Releases(
        System(
            value=values, state=state, low=np.ones(len(cells), np.int64), high=np.full(len(cells), UNBOUNDED),
            reach_low=unsafe * need[0], reach_high=unsafe * need[1], width=unsafe * need[2], cost=values,
            start=np.array([0, *np.cumsum(sizes)], np.int64),
            cells=np.array([number[cell] for relation in relations for cell in relation], np.int64),
            coefficients=np.concatenate([[-1] + [1] * (size - 1) for size in sizes]).astype(np.int64),
            lower=zeros, upper=zeros, names=tuple("/".join(cell) for cell in cells),
        ),
        first,
        np.array([cell[0] not in REVISES.values() or cell[1:] not in touched for cell in cells]),
    )  # fmt: skip
