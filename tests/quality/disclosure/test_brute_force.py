# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The audit against the enumeration of every completion, on small random systems with everything that leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import product

import numpy as np
import pytest

from quality.disclosure.audit import Proof, audit
from tests.quality.disclosure.audit.systems import cube, system_of, total, withheld
from tests.quality.disclosure.enumeration import hull, settled
from tests.quality.disclosure.random_systems import BATCHES, random_pattern, random_system, seeds


def compare(seed: int) -> Counter[str]:
    """Compare verdict and intervals of the audit with the enumeration on one random pattern."""
    system = random_system(seed)
    assert system.faults() == [], seed
    mask = random_pattern(system, seed)
    found = audit(system, mask)
    told = Counter(systems=1, needy_cells=int(system.needy.sum()), rejected_witnesses=int(found.figures["rejected"]))
    told.update(f"needy_cells_by_{Proof(kind).name.lower()}" for kind in found.proof[system.needy])
    assert found.finished, f"seed {seed}: unfinished"
    exact = settled(system, mask)
    if exact is None:
        return told + Counter(too_many_completions=1)
    covers = exact.covers(system)
    wrong = np.flatnonzero((found.failing | found.compromised_at_source) == covers)
    assert not wrong.size, f"seed {seed}: the audit errs on {wrong.tolist()}"
    if not exact.boxed:
        assert (found.least <= exact.lowest).all() and (exact.lowest <= found.lowest).all(), f"seed {seed}: lowest"
        assert (found.most >= exact.highest).all() and (exact.highest >= found.highest).all(), f"seed {seed}: highest"
    return told + Counter(compared=1, safe_patterns=int(covers.all()), unsafe_patterns=int(not covers.all()))


def check_audit(batch: int) -> Mapping[str, float]:
    """Raise at the first system on which audit and enumeration differ."""
    return dict(sum((compare(seed) for seed in seeds(batch)), Counter[str]()))


def test_the_audit_says_what_enumeration_says(experiment):
    experiment("audit-brute-force", range(BATCHES), check_audit, sample=4)


def test_the_enumeration_knows_what_is_known():
    system = system_of([15, 10, 3, 1, 1], [total(0, 1, 2, 3, 4)], primary={3: (1, 3, 0)})
    alone, wider = hull(system, withheld(system)), hull(system, withheld(system, 2, 4))
    assert alone is not None and wider is not None
    assert (alone.lowest[3], alone.highest[3]) == (1, 1) and not alone.covers(system)[3]
    assert (wider.lowest[3], wider.highest[3]) == (1, 3) and wider.covers(system).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_enumeration_agrees_with_plain_loops(seed: int):
    luck = np.random.default_rng(seed)
    pair = {"T": "", "a": "T", "b": "T"}
    system = cube([pair, pair], luck.integers(0, 3, (2, 2)), least=0, threshold=1)
    inner = [4, 5, 7, 8]  # of T, a, b crossed with T, a, b
    mask = withheld(system, *inner, int(luck.choice([1, 2, 3, 6])))
    unknown = np.flatnonzero(mask).tolist()
    value, fitting = system.value.copy(), []
    for guess in product(range(int(value.max()) + 1), repeat=4):
        value[inner] = guess
        for line, parts in ((1, (4, 7)), (2, (5, 8)), (3, (4, 5)), (6, (7, 8)), (0, (3, 6))):
            value[line] = value[list(parts)].sum()
        if (value[~mask] == system.value[~mask]).all():
            fitting.append(value[unknown].copy())
    exact = hull(system, mask)
    assert exact is not None and not exact.boxed
    assert (np.min(fitting, axis=0) == exact.lowest[unknown]).all()
    assert (np.max(fitting, axis=0) == exact.highest[unknown]).all()
