# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The tables of the benchmark: seeded, additive, and solved so that the independent audit agrees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.disclosure.generate import generate
from benchmarks.disclosure.tables import block, read_instance, system
from quality.disclosure.audit import audit
from quality.disclosure.model.system import State
from quality.disclosure.solver import Options, solve


def test_the_same_seed_gives_the_same_table_and_all_sums_hold():
    table = generate("SM", 7)
    assert (generate("SM", 7).inner == table.inner).all()
    assert (generate("SM", 8).inner != table.inner).any()
    made = system(table, 3, "1")
    assert made.faults() == []
    assert len(made) == 5499
    assert (made.state[made.value == 0] == State.PUBLIC).all()


@pytest.mark.parametrize(("need", "threshold"), [("1", 3), ("2", 3), ("3", 5), ("default", 3), ("default", 5)])
def test_the_audit_finds_no_cell_of_a_small_table_that_fails(need: str, threshold: int):
    table = generate("S", 3)
    made = system(table, threshold, need)
    pattern = solve(made, Options(blocks=[block(table)], effort=1, programs=20))
    found = audit(made, pattern.withheld)
    assert found.ok, np.flatnonzero(found.failing)
    assert pattern.secondary.sum() > 0


def test_the_city_table_of_the_reference_costs_less_than_the_reference(shared_data: Path):
    """GaussSuppression withholds 513 beside the primary cells; 442 is a proved bound."""
    table = read_instance(shared_data / "disclosure" / "instances", "S")
    pattern = solve(system(table, 3, "1"), Options(blocks=[block(table)]))
    assert 442 <= pattern.value < 513
