# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small random systems with everything that makes tables leak, each made from one seed.

Belongs here: the recipe. Does not belong here: what is checked on them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from quality.disclosure.model.system import UNBOUNDED, Mask, State, System
from tests.quality.disclosure.audit.systems import Tree, cube

BATCH = 25
"""Systems of one case of an experiment."""
BATCHES = 900
"""22,500 systems: about one in thirty has more completions than can be gone through, and is counted as such."""
COUNTS = (0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 7, 9)


def seeds(batch: int) -> range:
    """The seeds of one case."""
    return range(batch * BATCH, (batch + 1) * BATCH)


def random_system(seed: int) -> System:
    """A table of one to three axes, some hierarchical, some linked by margins only, with states, bounds and rates."""
    luck = random.Random(seed)
    shape = luck.choice(("flat", "flat", "nested", "solid", "linked"))
    trees = _trees(shape, luck)
    size = [sum(code not in set(tree.values()) for code in tree) for tree in trees]
    leaves = np.array([luck.choice(COUNTS) for _ in range(int(np.prod(size)))], np.int64).reshape(size)
    threshold = luck.choice((3, 3, 3, 5))
    need = luck.choice(((0, 0, 1), (0, 0, 1), (0, 0, 2), (0, 0, 3), None, None))
    system = cube(trees, leaves, threshold=threshold, need=need, least=luck.choice((1, 1, 0)))
    if shape == "linked":
        system = _margins_only(system, trees)
    system = _states(system, luck)
    return _with_rate(system, luck) if luck.random() < 0.25 else system


def random_pattern(system: System, seed: int) -> Mask:
    """What must be withheld, and of the rest a random share: mostly unsafe, sometimes not."""
    luck = random.Random(seed)
    share = luck.choice((0.2, 0.4, 0.6, 0.8))
    chosen = np.array([luck.random() < share for _ in range(len(system))])
    return system.always_withheld | (chosen & (system.state == State.FREE))


def _trees(shape: str, luck: random.Random) -> list[Tree]:
    def flat(size: int) -> Tree:
        return {"T": "", **dict.fromkeys("abcd"[:size], "T")}

    nested: Tree = {"T": "", "A": "T", "B": "T", "a1": "A", "a2": "A", "b1": "B", "b2": "B"}
    if shape == "flat":
        return [flat(luck.choice((2, 3, 4))), flat(luck.choice((2, 3)))]
    if shape == "nested":
        return [nested, flat(luck.choice((2, 2, 3)))] if luck.random() < 0.7 else [nested]
    if shape == "solid":
        return [flat(2), flat(2), flat(2)]
    return [flat(luck.choice((2, 3))), flat(2), flat(2)]


def _margins_only(system: System, trees: Sequence[Tree]) -> System:
    """Keep two tables that share their first axis: of the second and third axis at least one is the total."""
    shape = [len(tree) for tree in trees]
    _, second, third = np.unravel_index(np.arange(len(system)), shape)
    return _only(system, (second == 0) | (third == 0))


def _only(system: System, kept: Mask) -> System:
    number = np.cumsum(kept) - 1
    rows = [r for r in range(system.relations) if kept[system.cells[system.start[r] : system.start[r + 1]]].all()]
    spans = [np.arange(system.start[r], system.start[r + 1]) for r in rows]
    terms = np.concatenate([np.zeros(0, np.int64), *spans])
    per_cell = ("value", "state", "low", "high", "reach_low", "reach_high", "width", "cost")
    return System(
        **{name: getattr(system, name)[kept] for name in per_cell},
        start=np.array([0, *np.cumsum([len(span) for span in spans])], np.int64),
        cells=number[system.cells[terms]], coefficients=system.coefficients[terms],
        lower=system.lower[rows], upper=system.upper[rows],
    )  # fmt: skip


def _states(system: System, luck: random.Random) -> System:
    """Agency-withheld cells with and without a need, earlier releases, cells held back, and bounds known beforehand."""
    state, high, low = system.state.copy(), system.high.copy(), system.low.copy()
    reach_low, reach_high, width = system.reach_low.copy(), system.reach_high.copy(), system.width.copy()
    released, agency, held, capped = (luck.choice((0, 0, share)) for share in (0.3, 0.25, 0.15, 0.4))
    for cell in range(len(system)):
        if state[cell] == State.FREE and luck.random() < released:
            state[cell] = State.PUBLIC
        elif state[cell] in (State.FREE, State.PRIMARY) and luck.random() < agency:
            state[cell] = State.AGENCY
            if luck.random() < 0.5:
                reach_low[cell] = reach_high[cell] = width[cell] = 0
            if luck.random() < 0.3:
                low[cell] = -UNBOUNDED
        elif state[cell] == State.FREE and luck.random() < held:
            state[cell] = State.HELD
        if luck.random() < capped:
            high[cell] = system.value[cell] + luck.choice((0, 1, 2, 5, 9))
    return replace(system, state=state, high=high, low=low, reach_low=reach_low, reach_high=reach_high, width=width)


def _with_rate(system: System, luck: random.Random) -> System:
    """Publish the rounded share of one cell in another as an interval, rounded half up."""
    sizes = np.flatnonzero(system.value > 0)
    if len(sizes) < 2:
        return system
    whole = int(luck.choice(sizes.tolist()))
    parts = [c for c in range(len(system)) if c != whole and system.value[c] <= system.value[whole]]
    if not parts:
        return system
    part = luck.choice(parts)
    scale = luck.choice((10, 100))
    rate = int((2 * scale * system.value[part] + system.value[whole]) // (2 * system.value[whole]))
    return replace(
        system,
        start=np.concatenate([system.start, system.start[-1] + np.array([2, 4])]),
        cells=np.concatenate([system.cells, [part, whole, part, whole]]),
        coefficients=np.concatenate([system.coefficients, [2 * scale, -2 * rate - 1, 2 * scale, -2 * rate + 1]]),
        lower=np.concatenate([system.lower, [-UNBOUNDED, 0]]),
        upper=np.concatenate([system.upper, [-1, UNBOUNDED]]),
    )
