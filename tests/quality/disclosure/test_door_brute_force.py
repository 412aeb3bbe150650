# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The door against the enumeration of every completion: no cell narrower than its rule, no refusal without need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from quality.disclosure.audit import audit
from quality.disclosure.model.system import Mask, State, System
from quality.disclosure.solver import Unsafe, solve
from tests.quality.disclosure.enumeration import hull, settled
from tests.quality.disclosure.random_systems import BATCHES, random_system, seeds


def guard(seed: int) -> Counter[str]:
    """Check one pattern or refusal of the solver against the enumeration, and what the audit says of it."""
    system = random_system(seed)
    told = Counter(systems=1, needy_cells=int(system.needy.sum()))
    everything = system.state != State.PUBLIC
    try:
        mask = solve(system).withheld
    except Unsafe:
        return told + refusal(seed, system, everything)
    found = audit(system, mask)
    assert found.ok, f"seed {seed}: the audit refuses {np.flatnonzero(found.failing).tolist()}"
    told += Counter(patterns=1, secondaries=int((mask & ~system.always_withheld).sum()))
    exact = settled(system, mask)
    if exact is None:
        return told + Counter(too_many_completions=1)
    narrow = np.flatnonzero(~exact.covers(system) & ~found.compromised_at_source)
    assert not narrow.size, f"seed {seed}: violation, cells {narrow.tolist()} are narrower than their rule"
    return told + Counter(patterns_enumerated=1, compromised_at_source=int(found.compromised_at_source.sum()))


def refusal(seed: int, system: System, everything: Mask) -> Counter[str]:
    """A refusal is right if withholding all that may be withheld is not enough either."""
    assert not audit(system, everything).ok, f"seed {seed}: refused, though everything withheld is safe"
    exact = hull(system, everything)
    if exact is None or exact.boxed:
        return Counter(refusals=1)
    assert not exact.covers(system).all(), f"seed {seed}: refused, though everything withheld is safe by enumeration"
    return Counter(refusals=1, refusals_enumerated=1)


def check_door(batch: int) -> Mapping[str, float]:
    """Raise at the first system on which the door lets a cell through that is narrower than its rule."""
    return dict(sum((guard(seed) for seed in seeds(batch)), Counter[str]()))


def test_no_cell_behind_the_door_is_narrower_than_its_rule(experiment):
    result = experiment("door-brute-force", range(BATCHES), check_door, sample=4)
    assert result.figures["patterns_enumerated"] > result.figures["systems"] / 3
