# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Systems to audit: single relations by hand, and whole hierarchical tables from their leaves.

Belongs here: what makes a `System`, and one crude way to withhold. Does not belong here: solver and audit.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quality.disclosure.model.system import UNBOUNDED, Mask, State, System

Relation = tuple[Mapping[int, int], int, int]
Tree = Mapping[str, str]
"""Each code with its parent; the root has the empty one."""


def system_of(
    value: Sequence[int],
    relations: Sequence[Relation],
    *,
    primary: Mapping[int, tuple[int, int, int]] | None = None,
    agency: Mapping[int, tuple[int, int, int]] | None = None,
    public: Sequence[int] = (),
    held: Sequence[int] = (),
    low: int | Mapping[int, int] = 1,
    high: Mapping[int, int] | None = None,
) -> System:
    """Make a system by hand; `primary` and `agency` map a cell to (reach_low, reach_high, width)."""
    n = len(value)
    state = np.zeros(n, np.int8)
    needs = np.zeros((n, 3), np.int64)
    for kind, cells in ((State.PRIMARY, primary or {}), (State.AGENCY, agency or {})):
        for cell, need in cells.items():
            state[cell], needs[cell] = kind, need
    state[list(public)], state[list(held)] = State.PUBLIC, State.HELD
    lows = np.full(n, low if isinstance(low, int) else 1, np.int64)
    for cell, bound in ({} if isinstance(low, int) else low).items():
        lows[cell] = bound
    highs = np.full(n, UNBOUNDED, np.int64)
    for cell, bound in (high or {}).items():
        highs[cell] = bound
    sizes = [len(terms) for terms, _, _ in relations]
    return System(
        value=np.array(value, np.int64), state=state, low=lows, high=highs,
        reach_low=needs[:, 0].copy(), reach_high=needs[:, 1].copy(), width=needs[:, 2].copy(),
        cost=np.abs(np.array(value, np.int64)), start=np.array([0, *np.cumsum(sizes)], np.int64),
        cells=np.array([cell for terms, _, _ in relations for cell in terms], np.int64),
        coefficients=np.array([times for terms, _, _ in relations for times in terms.values()], np.int64),
        lower=np.array([one for _, one, _ in relations], np.int64),
        upper=np.array([one for _, _, one in relations], np.int64),
    )  # fmt: skip


def total(whole: int, *parts: int) -> Relation:
    """The equation whole = sum of parts."""
    return {whole: -1, **dict.fromkeys(parts, 1)}, 0, 0


def withheld(system: System, *cells: int) -> Mask:
    """These cells and those that are in every pattern."""
    mask = system.always_withheld.copy()
    mask[list(cells)] = True
    return mask


def crude_pattern(system: System, safe: Callable[[Mask], bool]) -> Mask | None:
    """Begin with everything withheld, publish what can be, dearest first; None if even everything is not enough."""
    mask = system.state != State.PUBLIC
    if not safe(mask):
        return None
    for cell in np.argsort(-system.cost, kind="stable").tolist():
        if system.state[cell] == State.FREE:
            mask[cell] = False
            mask[cell] = not safe(mask)
    return mask


def cube(
    trees: Sequence[Tree],
    leaves: NDArray[np.int64],
    *,
    threshold: int = 3,
    need: tuple[int, int, int] | None = (0, 0, 1),
    least: int = 1,
) -> System:
    """Make the system of a table with one hierarchy per axis from the counts of its leaves (in order of the trees).

    Cells are in C order of the codes. With `least` 1 zeros are published, else they may be withheld. Counts from 1
    to below the threshold are primary; `need` None means the rule: from at most 1 (or 0) to at least the threshold.
    """
    codes = [list(tree) for tree in trees]
    leaf = [[code for code in tree if code not in set(tree.values())] for tree in trees]
    values = leaves
    for axis, tree in enumerate(trees):
        member = np.zeros((len(codes[axis]), len(leaf[axis])), np.int64)
        for column, code in enumerate(leaf[axis]):
            while code:
                member[codes[axis].index(code), column] = 1
                code = tree[code]
        values = np.moveaxis(np.tensordot(member, values, axes=(1, axis)), 0, axis)
    number = np.arange(values.size).reshape(values.shape)
    rows: list[NDArray[np.int64]] = []
    for axis, tree in enumerate(trees):
        for whole in codes[axis]:
            parts = [codes[axis].index(code) for code, parent in tree.items() if parent == whole]
            if parts:
                picked = np.take(number, [codes[axis].index(whole), *parts], axis=axis)
                rows += list(np.moveaxis(picked, axis, -1).reshape(-1, len(parts) + 1))
    return _count_system(values.ravel(), rows, threshold, need or (least, threshold, 0), least)


def _count_system(
    value: NDArray[np.int64],
    rows: Sequence[NDArray[np.int64]],
    threshold: int,
    need: tuple[int, int, int],
    least: int,
) -> System:
    n = len(value)
    state = np.zeros(n, np.int8)
    unsafe = (value > 0) & (value < threshold)
    state[unsafe] = State.PRIMARY
    if least:
        state[value == 0] = State.PUBLIC
    sizes = np.array([len(row) for row in rows], np.int64)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    coefficients = np.ones(start[-1], np.int64)
    coefficients[start[:-1]] = -1
    zeros = np.zeros(len(rows), np.int64)
    return System(
        value=value, state=state, low=np.full(n, least), high=np.full(n, UNBOUNDED),
        reach_low=unsafe * need[0], reach_high=unsafe * need[1], width=unsafe * need[2],
        cost=value, start=start, cells=np.concatenate(rows), coefficients=coefficients, lower=zeros, upper=zeros,
    )  # fmt: skip


def instance(folder: Path, name: str, need: tuple[int, int, int] | None = (0, 0, 1), threshold: int = 3) -> System:
    """Read a generated instance: `<name>_inner.csv`, `<name>_hier_<axis>.csv`, `<name>_meta.json`."""
    axes = list(json.loads((folder / f"{name}_meta.json").read_text("utf-8"))["dims"])
    trees: list[Tree] = []
    for axis in axes:
        with (folder / f"{name}_hier_{axis}.csv").open(encoding="utf-8", newline="") as file:
            trees.append({row["code"]: row["parent"] for row in csv.DictReader(file)})
    order = [{code: at for at, code in enumerate(_leaves(tree))} for tree in trees]
    leaves = np.zeros([len(one) for one in order], np.int64)
    with (folder / f"{name}_inner.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            leaves[tuple(one[row[axis]] for axis, one in zip(axes, order, strict=True))] += int(row["n"])
    return cube(trees, leaves, need=need, threshold=threshold)


def _leaves(tree: Tree) -> list[str]:
    return [code for code in tree if code not in set(tree.values())]
