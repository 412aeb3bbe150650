# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Each kind of proof by itself: rank against exact fractions, bounds against loops, walks and programs against both."""

from __future__ import annotations

from fractions import Fraction

import highspy
import numpy as np
import pytest

from quality.disclosure.audit.bounds import tightened
from quality.disclosure.audit.programs import Answer, Program, block, neighbourhood
from quality.disclosure.audit.rank import PRIMES, determined
from quality.disclosure.audit.search import Walker
from quality.disclosure.audit.view import view
from quality.disclosure.audit.witness import sound
from quality.disclosure.model.system import UNBOUNDED, System
from quality.disclosure.model.vectors import gathered
from tests.quality.disclosure.audit.systems import Relation, cube, system_of, total, withheld
from tests.quality.disclosure.random_systems import random_pattern, random_system

ANY = -int(UNBOUNDED)


def fixed_by_fractions(rows: list[list[int]], width: int) -> list[bool]:
    """Gauss and Jordan in fractions: a column is fixed if its pivot row has nothing else."""
    left, pivots = [[Fraction(term) for term in row] for row in rows], list[tuple[int, list[Fraction]]]()
    for column in range(width):
        row = next((one for one in left if one[column]), None)
        if row is None:
            continue
        left.remove(row)
        scaled = [term / row[column] for term in row]
        clear = [[a - one[column] * b for a, b in zip(one, scaled, strict=True)] for one in left]
        left = clear
        pivots = [(at, [a - one[column] * b for a, b in zip(one, scaled, strict=True)]) for at, one in pivots]
        pivots.append((column, scaled))
    only = {at for at, row in pivots if sum(term != 0 for term in row) == 1}
    return [column in only for column in range(width)]


@pytest.mark.parametrize("seed", range(60))
def test_rank_over_finite_fields_is_rank_over_fractions(seed: int):
    luck = np.random.default_rng(seed)
    width, height = int(luck.integers(2, 9)), int(luck.integers(1, 9))
    rows = luck.choice([-2, -1, 0, 0, 0, 1, 1, 3], (height, width))
    value = luck.integers(-5, 9, width)
    relations: list[Relation] = [
        (dict(enumerate(row.tolist())), int(row @ value), int(row @ value)) for row in rows if row.any()
    ]
    system = system_of(value.tolist(), relations, low=ANY)
    found = determined(view(system, np.ones(width, np.bool_)), 10**6)
    assert found is not None and found.tolist() == fixed_by_fractions(rows.tolist(), width)


def test_an_accident_modulo_one_prime_is_not_believed():
    # modulo the first prime the second relation is x = ..., in truth it is x + p y = ...
    first = PRIMES[0]
    system = system_of([3, 4, 7], [total(2, 0, 1), ({0: 1, 1: first}, 3 + 4 * first, 3 + 4 * first)], low=ANY)
    here = view(system, np.array([True, True, True]))
    found = determined(here, 10**6)
    assert found is not None and not found.any()


def test_rank_gives_up_rather_than_fill_the_memory():
    system = cube([{"T": "", **dict.fromkeys("abcd", "T")}] * 2, np.arange(16).reshape(4, 4) + 5)
    everything = view(system, np.ones(len(system), np.bool_))
    assert determined(everything, 10) is None
    assert determined(everything, 1000) is not None


def test_bounds_go_on_until_nothing_follows_and_round_inwards():
    # 2a + b = 7 with b from 2: a at most 2, so b at least 3; a + c = 3 then leaves c from 1
    system = system_of([2, 3, 1], [({0: 2, 1: 1}, 7, 7), ({0: 1, 2: 1}, 3, 3)], low={0: 0, 1: 2, 2: 0})
    down, up = tightened(view(system, np.ones(3, np.bool_)))
    assert (system.value + down).tolist() == [0, 3, 1] and (system.value + up).tolist() == [2, 7, 3]


def test_bounds_without_end_give_nothing_away():
    system = system_of([2, 3, 5], [total(2, 0, 1)], low=dict.fromkeys(range(3), -UNBOUNDED))
    here = view(system, np.ones(3, np.bool_))
    down, up = tightened(here)
    assert (down == here.down).all() and (up == here.up).all()


@pytest.mark.parametrize("seed", range(30))
def test_a_walk_finds_completions_only_and_leaves_no_trace(seed: int):
    system = random_system(seed)
    mask = random_pattern(system, seed)
    here = view(system, mask)
    walker = Walker(here, *tightened(here))
    again = Walker(here, *tightened(here))
    found = []
    for variable in range(len(here)):
        for by in (-2, -1, 1, 2):
            one = walker.walk(variable, by, 200, seed)
            if one is not None:
                assert by in one[1][one[0] == variable]
                found.append((here.cells[one[0]], one[1]))
                alone = again.walk(variable, by, 200, seed)
                assert alone is not None and (alone[0] == one[0]).all() and (alone[1] == one[1]).all()
    assert sound(system, mask, gathered(found)).all()


def odd_cycle() -> System:
    """Three rows of two parts each and the sum of all three: half a unit each would do, whole ones need one more."""
    pairs: list[Relation] = [({a: 1, b: 1}, 1, 9) for a, b in ((0, 1), (1, 2), (0, 2))]
    return system_of([1, 1, 0, 2], [total(3, 0, 1, 2), *pairs], low=0, high={0: 1, 1: 1, 2: 1})


def test_a_program_tells_fractions_from_whole_numbers():
    system = odd_cycle()
    here = view(system, np.ones(4, np.bool_))
    given = block(here, np.ones(4, np.bool_), neighbourhood(here, np.ones(4, np.bool_), 3, 10), here.down, here.up)
    program = Program(given, relaxed=False)
    reach = program.extreme(0, False, 5)
    assert reach is not None and reach == pytest.approx(0.5)
    assert program.deviation(0, -1, True, 5)[0] is Answer.IMPOSSIBLE
    answer, vector = program.deviation(0, 1, True, 5)
    assert answer is Answer.POSSIBLE and vector is not None
    assert sound(system, np.ones(4, np.bool_), gathered([(here.cells[vector[0]], vector[1])])).all()


def test_a_restricted_block_shows_and_a_relaxed_one_excludes():
    # a chain of sums: moving the first cell needs all of them, so three of them are no proof of either kind
    n = 8
    chain = [({a: 1, a + 1: 1}, 10, 10) for a in range(n - 1)]
    system = system_of([5] * n, chain, primary={0: (1, 6, 0)}, low=1)
    here = view(system, withheld(system, *range(1, n)))
    free = np.ones(n, np.bool_)
    near = neighbourhood(here, free, 0, 3)
    assert near.tolist() == [0, 1, 2]
    part = block(here, free, near, here.down, here.up)
    assert (part.inner, len(part.variables)) == (3, 4)
    assert Program(part, relaxed=False).deviation(0, 1, False, 5)[0] is Answer.IMPOSSIBLE
    assert Program(part, relaxed=True).deviation(0, 1, False, 5)[0] is Answer.POSSIBLE
    assert Program(part, relaxed=True).deviation(0, 5, False, 5)[0] is Answer.IMPOSSIBLE
    whole = block(here, free, neighbourhood(here, free, 0, 100), here.down, here.up)
    assert whole.inner == len(whole.variables) == n
    assert Program(whole, relaxed=False).deviation(0, 1, False, 5)[0] is Answer.POSSIBLE


def test_programs_run_whatever_number_of_threads_was_settled_before():
    system = odd_cycle()
    here = view(system, np.ones(4, np.bool_))
    given = block(here, np.ones(4, np.bool_), np.arange(4), here.down, here.up)
    for threads in (2, 1):
        highspy.Highs.resetGlobalScheduler(True)
        other = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", threads)):
            other.setOptionValue(option, value)
        other.addVar(0, 1)
        assert other.run() == highspy.HighsStatus.kOk
        assert Program(given, relaxed=False).deviation(3, 1, True, 5)[0] is Answer.POSSIBLE
    highspy.Highs.resetGlobalScheduler(True)
