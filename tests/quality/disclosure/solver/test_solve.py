# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The solver: what it withholds is safe, cheap and the same each time, or it refuses and says why."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.disclosure.model.system import State, System
from quality.disclosure.solver import Options, Unsafe, costs, solve
from tests.quality.disclosure.solver.systems import intervals, system_of, table_of, unsafe_cells

INNER = np.array([[20, 50, 10, 19], [8, 19, 22, 12], [17, 32, 12, 31]])


def test_a_small_cell_in_a_table_is_covered_by_the_cheapest_box():
    system, block = table_of(np.array([[1, 5, 9], [6, 4, 9], [9, 9, 9]]), primary={0: 1})
    pattern = solve(system, Options(blocks=[block]))
    assert np.flatnonzero(pattern.withheld).tolist() == [0, 1, 4, 5]
    assert unsafe_cells(system, pattern.withheld) == []
    assert pattern.value == 15


def test_the_cheapest_pattern_of_a_small_table_is_found_with_and_without_its_grid():
    system, block = table_of(INNER % 7 + 1, primary={6: 2}, least=1)
    free = np.flatnonzero(system.state == State.FREE).tolist()
    safe = (more for more in combinations(free, 3) if _safe(system, list(more)))
    best = min(int(system.cost[list(more)].sum()) for more in safe)
    assert solve(system, Options(blocks=[block])).cost == solve(system).cost == best


def _safe(system: System, more: list[int]) -> bool:
    """Whether these cells make a safe pattern; one that leaves a cell alone in a sum is none without a program."""
    withheld = system.always_withheld.copy()
    withheld[more] = True
    counts = np.add.reduceat(withheld[system.cells], system.start[:-1])
    return 1 not in counts and unsafe_cells(system, withheld) == []


def test_linear_independence_is_not_protection():
    """15 = 10 + 3 + x + x: neither x is a combination of published cells, yet both are 1 if zeros are known."""
    system = system_of([10, 3, 1, 1, 15], [{0: 1, 1: 1, 2: 1, 3: 1, 4: -1}], primary={2: 1, 3: 1}, least=1)
    only = system.always_withheld
    assert unsafe_cells(system, only) == [2, 3]
    pattern = solve(system)
    assert unsafe_cells(system, pattern.withheld) == []
    assert pattern.withheld[[1, 4]].any()


@pytest.mark.parametrize("ones", [1, 2, 3, 4])
def test_a_run_of_ones_is_covered_by_a_cell_that_can_give(ones: int):
    values = [7, *[1] * ones, 7 + ones]
    system = system_of(
        values,
        [dict.fromkeys(range(ones + 1), 1) | {ones + 1: -1}],
        primary=dict.fromkeys(range(1, ones + 1), 1),
        least=1,
    )
    pattern = solve(system)
    assert unsafe_cells(system, pattern.withheld) == []


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_an_interval_is_as_wide_as_is_asked_for(width: int):
    system, block = table_of(INNER % 5 + 1, primary={0: width, 12: width}, least=1)
    for options in (Options(), Options(blocks=[block])):
        withheld = solve(system, options).withheld
        assert unsafe_cells(system, withheld) == []


@pytest.mark.parametrize("reach", [(1, 3), (0, 3), (1, 5)])
def test_an_interval_reaches_as_far_as_is_asked_for(reach: tuple[int, int]):
    system, block = table_of(INNER % 5 + 2, primary={0: 0, 6: 0}, reach=reach)
    for options in (Options(), Options(blocks=[block])):
        assert unsafe_cells(system, solve(system, options).withheld) == []


def test_an_interval_relation_and_other_coefficients_are_understood():
    """A published mean of two years, rounded: 2 m - 1 <= a + b <= 2 m + 1, and a total that counts a cell twice."""
    system = system_of(
        [2, 5, 9, 16], [{0: 1, 1: 1}, {0: 2, 2: 1, 1: 1, 3: -1}], primary={0: 1}, slack={0: (1, 1)}, public=(3,)
    )
    withheld = solve(system).withheld
    assert unsafe_cells(system, withheld) == []


def test_a_ratio_that_gives_no_room_needs_more_cells():
    system = system_of([3, 9, 12], [{0: 3, 1: -1}, {0: 1, 1: 1, 2: -1}], primary={0: 2}, least=1)
    pattern = solve(system)
    assert pattern.withheld.tolist() == [True, True, True]
    assert unsafe_cells(system, pattern.withheld) == []


def test_a_large_coefficient_is_no_reason_to_refuse():
    system = system_of([3, 2100, 2103], [{0: 700, 1: -1}, {0: 1, 1: 1, 2: -1}], primary={0: 2}, least=1)
    pattern = solve(system)
    assert pattern.withheld.all()
    assert unsafe_cells(system, pattern.withheld) == []


def test_what_an_agency_withheld_stays_withheld_and_helps():
    system = system_of([1, 4, 6, 11], [{0: 1, 1: 1, 2: 1, 3: -1}], primary={0: 1}, agency={1: 0})
    pattern = solve(system)
    assert pattern.withheld.tolist() == [True, True, False, False]
    assert pattern.cost == 0


def test_what_follows_at_its_source_is_named_and_not_counted_as_protected():
    system = system_of([1, 4, 5], [{0: 1, 1: 1, 2: -1}], agency={0: 1}, public=(1, 2))
    assert solve(system).compromised.tolist() == [0]


def test_a_need_of_an_agency_cell_is_covered_where_it_is_ours_to_cover():
    system = system_of([1, 4, 5], [{0: 1, 1: 1, 2: -1}], agency={0: 2}, public=(2,))
    pattern = solve(system)
    assert pattern.withheld.tolist() == [True, True, False]
    assert pattern.compromised.tolist() == []


def test_a_refusal_names_the_smallest_set_that_causes_it():
    """The cell follows from its row alone; that its column is public as well is not to blame."""
    system, _ = table_of(INNER, primary={0: 1}, public=(1, 2, 3, 4, 7))
    with pytest.raises(Unsafe) as refused:
        solve(system)
    assert refused.value.cell == 0
    assert refused.value.causes == (1, 2, 3, 4)
    assert "cell 0" in str(refused.value)


def test_every_cell_of_a_refusal_is_needed_for_it():
    system, _ = table_of(INNER, primary={6: 1}, public=(5, 1, 11, 7, 8, 9, 16))
    with pytest.raises(Unsafe) as refused:
        solve(system)
    causes = refused.value.causes
    for known in combinations(causes, len(causes) - 1):
        fewer, _ = table_of(INNER, primary={6: 1}, public=known)
        assert solve(fewer).withheld[6]
    with pytest.raises(Unsafe):
        solve(table_of(INNER, primary={6: 1}, public=causes)[0])


def test_bounds_alone_can_make_a_cell_impossible():
    system = system_of([2, 1, 1], [{1: 1, 2: 1, 0: -1}], primary={0: 0, 1: 0, 2: 0}, least=1, reach=(1, 3))
    with pytest.raises(Unsafe, match="bounds") as refused:
        solve(system)
    assert refused.value.causes == ()


def test_what_must_not_be_withheld_is_published_or_named():
    system, block = table_of(INNER, primary={0: 1})
    never = np.zeros(len(system), np.bool_)
    never[[2, 4]] = True
    pattern = solve(system, Options(never=never, blocks=[block]))
    assert not pattern.withheld[[2, 4]].any()
    assert unsafe_cells(system, pattern.withheld) == []
    never[:5] = [False, True, True, True, True]
    with pytest.raises(Unsafe) as refused:
        solve(system, Options(never=never))
    assert refused.value.causes == (1, 2, 3, 4)


def test_what_is_out_of_an_earlier_release_stays_withheld():
    system, block = table_of(INNER, primary={0: 1})
    held = np.where(np.isin(np.arange(len(system)), [7, 8]), State.HELD, system.state).astype(np.int8)
    withheld = solve(replace(system, state=held), Options(blocks=[block])).withheld
    assert withheld[[0, 7, 8]].all()


def test_every_fault_of_a_system_is_named_at_once():
    system = system_of([1, 2, 3], [{0: 1, 1: 1, 2: -1}])
    system = replace(system, low=np.array([5, 5, 0]), upper=system.upper - 1)
    with pytest.raises(ValueError, match=r"cell 0.*cell 1.*relation 0"):
        solve(system)


def test_two_runs_give_the_same_bytes_and_two_components_do_not_touch():
    system, block = table_of(INNER % 6 + 1, primary={0: 1, 7: 2, 13: 1}, least=1)
    one, two = (solve(system, Options(blocks=[block])) for _ in range(2))
    assert one.withheld.tobytes() == two.withheld.tobytes()
    both = system_of([1, 4, 5, 1, 7, 8], [{0: 1, 1: 1, 2: -1}, {3: 1, 4: 1, 5: -1}], primary={0: 1, 3: 1})
    assert solve(both).components == 2


def test_a_component_that_did_not_change_is_taken_from_the_cache(tmp_path: Path):
    system = system_of([1, 4, 5, 1, 7, 8], [{0: 1, 1: 1, 2: -1}, {3: 1, 4: 1, 5: -1}], primary={0: 1, 3: 1})
    first = solve(system, Options(cache=tmp_path))
    assert first.reused == 0
    again = solve(system, Options(cache=tmp_path))
    assert again.reused == 2
    assert again.withheld.tobytes() == first.withheld.tobytes()
    value = system.value.copy()
    value[[4, 5]] += 1
    assert solve(replace(system, value=value), Options(cache=tmp_path)).reused == 1


def test_a_damaged_cache_is_not_believed(tmp_path: Path):
    system, _ = table_of(INNER, primary={0: 1})
    first = solve(system, Options(cache=tmp_path))
    for file in tmp_path.iterdir():
        np.savez(
            file, cells=np.array([0]), amounts=np.array([1]), start=np.array([0, 1]), uncovered=np.zeros(0, np.int64)
        )
    again = solve(system, Options(cache=tmp_path))
    assert again.reused == 0
    assert again.withheld.tobytes() == first.withheld.tobytes()
    for file in tmp_path.iterdir():
        file.write_bytes(b"no archive")
    assert solve(system, Options(cache=tmp_path)).withheld.tobytes() == first.withheld.tobytes()


def test_costs_say_what_is_cheap():
    system, block = table_of(INNER, primary={0: 1})
    margins = np.zeros(len(system), np.bool_)
    margins[[4, 9, 14, *range(15, 20)]] = True
    assert costs.by_count(system).tolist() == [100] * len(system)
    assert (costs.by_log(system) >= 100).all()
    by_count = solve(system, Options(cost=costs.by_count(system), blocks=[block]))
    assert by_count.secondary.sum() == 3
    dearer = costs.margins_dearer(costs.by_value(system), margins, 100)
    assert not solve(system, Options(cost=dearer, blocks=[block])).withheld[margins].any()


def test_a_pattern_stays_as_it_was_where_that_is_safe():
    system, block = table_of(INNER, primary={0: 1})
    now = solve(system, Options(blocks=[block])).withheld
    before = np.zeros(len(system), np.bool_)
    before[[0, 3, 10, 13]] = True
    assert (now != before).any()
    cost = costs.steady(costs.by_value(system), before)
    assert solve(system, Options(cost=cost, blocks=[block])).withheld.tolist() == before.tolist()


@st.composite
def systems(draw: st.DrawFn) -> tuple[System, list]:
    """Small tables with ones, zeros, agency cells, public cells and, at times, one more relation."""
    rows, columns = draw(st.integers(2, 3)), draw(st.integers(2, 3))
    inner = np.array(draw(st.lists(st.integers(0, 4), min_size=rows * columns, max_size=rows * columns)))
    least = draw(st.integers(0, 1))
    system, block = table_of(inner.reshape(rows, columns), least=least)
    state, width = system.state.copy(), np.zeros(len(system), np.int64)
    for cell in range(len(system)):
        value = int(system.value[cell])
        if value == 0 and least:
            state[cell] = State.PUBLIC
        elif 0 < value < 3:
            state[cell] = State.PRIMARY
            width[cell] = draw(st.integers(1, 3))
        elif draw(st.integers(0, 9)) == 0:
            state[cell] = draw(st.sampled_from([State.PUBLIC, State.AGENCY, State.HELD]))
            width[cell] = 1 if state[cell] == State.AGENCY else 0
    system = replace(system, state=state, width=width, high=np.full(len(system), 9, np.int64) + system.value)
    if draw(st.booleans()):
        pair = draw(st.lists(st.integers(0, len(system) - 1), min_size=2, max_size=2, unique=True))
        total, slack = int(system.value[pair].sum()), draw(st.integers(0, 1))
        system = replace(
            system,
            start=np.append(system.start, system.start[-1] + 2),
            cells=np.append(system.cells, pair),
            coefficients=np.append(system.coefficients, [1, 1]),
            lower=np.append(system.lower, total - slack),
            upper=np.append(system.upper, total),
        )
    return system, [block] if draw(st.booleans()) else []


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(systems())
def test_no_pattern_leaves_a_need_open_in_any_small_system(given_system: tuple[System, list]):
    system, blocks = given_system
    try:
        pattern = solve(system, Options(blocks=blocks))
    except Unsafe as refused:
        everything = system.state != State.PUBLIC
        assert refused.cell in unsafe_cells(system, everything)
        return
    failing = unsafe_cells(system, pattern.withheld)
    assert set(failing) <= set(pattern.compromised.tolist())
    everything = system.state != State.PUBLIC
    assert set(pattern.compromised.tolist()) <= set(unsafe_cells(system, everything))


def test_trial_and_integer_programs_agree():
    system, _ = table_of(np.array([[1, 2, 0], [2, 1, 3]]), primary={0: 1, 5: 4})
    withheld = np.isin(np.arange(len(system)), [0, 1, 4, 5])
    widths = {cell: high - low for cell, (low, high) in intervals(system, withheld, 9).items()}
    assert unsafe_cells(system, withheld) == [cell for cell in (0, 5) if widths[cell] < system.width[cell]] == [5]
