# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Two releases leak only if somebody forgets the first: three years and their total, then a year more and a revision.

Belongs here: what a reader of both can say. How both are one system stands in `releases`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from quality.disclosure.audit import audit
from quality.disclosure.model.system import Mask, System
from quality.disclosure.solver import Unsafe, solve
from tests.quality.disclosure.releases import Releases, releases

Door = Callable[[System], Mask]


def door(system: System) -> Mask:
    return solve(system).withheld


def one_after_the_other(both: Releases) -> tuple[Mask, Mask]:
    """What is withheld in the union if the second release is made with the first as known."""
    alone, numbers = both.alone(both.first)
    first = np.zeros(len(both.union), np.bool_)
    first[numbers] = door(alone)
    return first, door(both.after(first))


def one_by_one(both: Releases) -> Mask:
    """What is withheld in the union if each release is made as if it were the only one: what both withhold."""
    withheld = np.ones(len(both.union), np.bool_)
    for which in (both.first, both.second):
        alone, numbers = both.alone(which)
        withheld[numbers] &= door(alone)
    return withheld


def recoverable(system: System, withheld: Mask) -> int:
    """How many unsafe counts a reader of everything can say exactly."""
    found = audit(system, withheld | system.always_withheld)
    return int((system.needy & (found.least == found.most)).sum())


def check(seed: int) -> Mapping[str, float]:
    both = releases(seed)
    assert both.union.faults() == []
    figures = {"cells": len(both.union), "primaries": int(both.union.needy.sum())}
    forgetful = one_by_one(both)
    leaks = {"recoverable_one_by_one": recoverable(both.union, forgetful)}
    try:
        _, withheld = one_after_the_other(both)
    except Unsafe:
        return figures | leaks | {"refused": 1}
    found = audit(both.union, withheld)
    assert found.ok, f"{found.failing.sum()} cells of the union are too narrow"
    assert recoverable(both.union, withheld) == 0
    return figures | leaks | {"recoverable_from_the_union": 0, "withheld": int(withheld.sum())}


def test_nothing_can_be_recovered_from_the_union_of_two_releases(experiment):
    result = experiment("door-union-of-releases", [(seed, 2) for seed in range(60)], check, sample=2)
    assert result.figures.get("refused", 0) < result.run
    assert result.figures["recoverable_one_by_one"] > 0, "done one by one nothing leaks: the experiment shows nothing"
