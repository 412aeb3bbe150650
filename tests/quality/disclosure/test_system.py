# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A system says every way in which it is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from quality.disclosure.model.system import UNBOUNDED, State, System


def total_of(*parts: int) -> System:
    """Cell 0 is the total of the others; cell 1 is primary and has to be covered from 1 to 3."""
    n = len(parts) + 1
    state = np.zeros(n, np.int8)
    state[1] = State.PRIMARY
    first = np.arange(n) == 1
    zeros = np.zeros(n, np.int64)
    return System(
        value=np.array([sum(parts), *parts]), state=state, low=zeros + 1, high=zeros + UNBOUNDED,
        reach_low=first * 1, reach_high=first * 3, width=zeros, cost=np.array([sum(parts), *parts]),
        start=np.array([0, n]), cells=np.arange(n), coefficients=np.array([-1] + [1] * len(parts)),
        lower=np.array([0]), upper=np.array([0]), names=tuple("TABCDE"[:n]), relation_names=("T = A + B + C",),
    )  # fmt: skip


def test_a_sound_system_has_no_faults_and_knows_its_needy_cells():
    system = total_of(1, 7, 9)
    assert system.faults() == []
    assert system.needy.tolist() == system.always_withheld.tolist() == [False, True, False, False]


def test_a_relation_that_does_not_hold_is_named():
    system = total_of(1, 7, 9)
    broken = replace(system, value=np.array([18, 1, 7, 9]))
    assert broken.faults() == ["T = A + B + C: the values do not fit this relation"]


def test_a_value_out_of_its_bounds_is_named_unless_the_cell_is_public():
    system = total_of(0, 8, 9)
    assert system.faults() == ["A: the value is not within its bounds"]
    state = system.state.copy()
    state[1] = State.PUBLIC
    assert replace(system, state=state).faults() == []


def test_arrays_of_wrong_length_are_said_before_anything_is_computed():
    system = total_of(1, 7, 9)
    assert replace(system, cost=system.cost[:2]).faults() == ["the arrays of cells differ in length"]
    assert replace(system, start=np.array([0])).faults() == ["the arrays of relations differ in length"]
    assert replace(system, cells=system.cells + 1).faults() == ["a relation names a cell that is not there"]
