# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The audit says of each needy cell what an intruder can say of it, how that is proved, and refuses what is open."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from quality.disclosure.audit import Findings, Limits, Proof, audit
from quality.disclosure.model.system import UNBOUNDED, State, System
from tests.quality.disclosure.audit.systems import crude_pattern, cube, system_of, total, withheld
from tests.quality.disclosure.enumeration import hull

RULE = (1, 3, 0)
TREE = {"T": "", "a": "T", "b": "T", "c": "T", "d": "T"}


def table(need: tuple[int, int, int] | None = None) -> System:
    counts = np.array([[1, 8, 12], [7, 2, 9], [11, 6, 1], [14, 9, 10]])
    return cube([TREE, {"T": "", "x": "T", "y": "T", "z": "T"}], counts, need=need)


def intervals(found: Findings, *cells: int) -> list[tuple[int, int]]:
    return [(int(found.least[cell]), int(found.most[cell])) for cell in cells]


def test_two_withheld_parts_of_a_published_total_share_what_is_left():
    system = system_of([17, 1, 7, 9], [total(0, 1, 2, 3)], primary={1: RULE})
    found = audit(system, withheld(system, 2))
    assert found.ok
    assert intervals(found, 1, 2) == [(1, 7), (1, 7)]
    assert found.lowest[1] <= 1 and found.highest[1] >= 3
    assert found.proof[[0, 1, 2, 3]].tolist() == [Proof.PUBLISHED, Proof.WITNESS, Proof.WITNESS, Proof.PUBLISHED]


def test_one_withheld_part_is_the_difference():
    system = system_of([17, 1, 7, 9], [total(0, 1, 2, 3)], primary={1: RULE})
    found = audit(system, withheld(system))
    assert not found.ok and found.finished
    assert found.failing.tolist() == [False, True, False, False]
    assert intervals(found, 1) == [(1, 1)] and found.proof[1] == Proof.BOUNDS


def test_equations_that_determine_a_cell_together_are_found_by_rank():
    parts = [total(3, 0, 1), total(4, 1, 2), total(5, 0, 2)]
    system = system_of([1, 7, 9, 8, 16, 10], parts, primary={0: RULE}, low=dict.fromkeys(range(6), -UNBOUNDED))
    found = audit(system, withheld(system, 1, 2))
    assert found.proof[0] == Proof.RANK and intervals(found, 0) == [(1, 1)]
    assert found.figures["determined"] == 3


def test_what_bounds_of_several_relations_give_away_is_found_by_a_linear_program():
    values, sums = [1, 1, 1, 1, 2, 2], [total(4, 0, 1), total(5, 2, 3)]
    crossed = [({0: 1, 2: 1}, 2, UNBOUNDED), ({1: 1, 3: 1}, 2, UNBOUNDED), ({0: 1, 3: -1}, 0, 0)]
    system = system_of(values, sums + crossed, primary={0: (0, 3, 0)}, low=dict.fromkeys(range(6), 0))
    found = audit(system, withheld(system, 1, 2, 3))
    exact = hull(system, withheld(system, 1, 2, 3))
    assert exact is not None and (exact.lowest[0], exact.highest[0]) == (0, 2)
    assert found.failing[0] and found.most[0] < 3


def parity(low: int, high: int, need: tuple[int, int, int]) -> System:
    """T = a + b where a = b is published: T is even, which no linear program sees."""
    return system_of(
        [4, 2, 2], [total(0, 1, 2), ({1: 1, 2: -1}, 0, 0)], primary={0: need}, low={0: low, 1: 0, 2: 0}, high={0: high}
    )


def test_a_cell_that_only_whole_numbers_give_away_is_found_by_an_integer_program():
    system = parity(3, 5, (0, 0, 1))
    found = audit(system, withheld(system, 1, 2))
    assert found.failing[0] and found.finished and found.proof[0] == Proof.MILP
    assert intervals(found, 0) == [(4, 4)]


def test_a_whole_cell_may_jump_over_the_value_that_is_wanted():
    system = parity(0, 7, (4, 5, 0))
    found = audit(system, withheld(system, 1, 2))
    assert found.ok and found.highest[0] == 6


def test_a_width_may_come_from_both_sides():
    system = system_of([2, 9, 11], [total(2, 0, 1)], primary={0: (0, 0, 2)}, low=1, high={0: 3})
    found = audit(system, withheld(system, 1))
    assert found.ok and (found.lowest[0], found.highest[0]) == (1, 3)
    assert not audit(replace(system, high=np.array([2, 99, 99])), withheld(system, 1)).ok


def test_a_rounded_rate_is_an_interval_that_gives_its_count_back():
    def rated(scale: int, rate: int) -> System:
        around = [({0: 2 * scale}, (2 * rate - 1) * 40, (2 * rate + 1) * 40 - 1)]
        return system_of([2, 40, 38], [total(1, 0, 2), *around], primary={0: RULE}, public=[1])

    precise, coarse = rated(1000, 50), rated(10, 1)
    assert intervals(audit(precise, withheld(precise, 2)), 0) == [(2, 2)]
    found = audit(coarse, withheld(coarse, 2))
    assert intervals(found, 0) == [(2, 5)] and found.failing[0]
    hidden = replace(precise, start=precise.start[:2], lower=precise.lower[:1], upper=precise.upper[:1],
                     cells=precise.cells[:3], coefficients=precise.coefficients[:3])  # fmt: skip
    assert audit(hidden, withheld(hidden, 2)).ok


def test_coefficients_other_than_one_leave_only_multiples():
    system = system_of([3, 6, 12, 18], [({0: 2, 1: -1}, 0, 0), total(3, 1, 2)], primary={0: (1, 5, 0)}, public=[3])
    found = audit(system, withheld(system, 1, 2))
    assert found.ok and intervals(found, 0, 1, 2) == [(1, 8), (2, 16), (2, 16)]
    assert set(found.witnesses.deviations[found.witnesses.cells == 1] % 2) == {0}


def test_an_agency_cell_is_an_unknown_and_its_value_no_fact():
    system = system_of([17, 1, 7, 9], [total(0, 1, 2, 3)], agency={1: RULE}, public=[0])
    for completion in ([17, 1, 7, 9], [17, 5, 3, 9]):
        assert audit(replace(system, value=np.array(completion)), withheld(system, 2)).ok
    published = audit(system, withheld(system))
    assert published.failing[1] and not published.compromised_at_source.any()


def test_an_agency_cell_that_follows_at_its_source_is_reported_and_not_blamed_on_us():
    system = system_of([17, 1, 7, 9], [total(0, 1, 2, 3)], agency={1: RULE}, public=[0, 2, 3])
    found = audit(system, withheld(system))
    assert found.ok and found.compromised_at_source.tolist() == [False, True, False, False]


def test_what_of_ours_narrows_a_compromised_cell_further_is_said():
    system = system_of([5, 1, 1, 3], [total(0, 1, 2, 3)], agency={1: (1, 9, 0)}, public=[0])
    found = audit(system, withheld(system))
    assert found.compromised_at_source[1] and found.narrowed[1]
    assert not audit(system, withheld(system, 2, 3)).narrowed.any()


@pytest.mark.parametrize(
    "limits",
    [Limits(seconds=0), Limits(walks=(), blocks=()), Limits(walks=((0, 1),), blocks=())],
    ids=["no time", "no proof tried", "no step walked"],
)
def test_an_unfinished_audit_is_a_refusal(limits: Limits):
    system = table()
    everything = system.state != State.PUBLIC
    found = audit(system, everything, limits)
    assert not found.ok and not found.finished
    assert (found.proof[found.failing] == Proof.UNFINISHED).all()
    assert audit(system, everything).ok


def test_programs_alone_and_walks_alone_come_to_the_same_verdict():
    system = table()
    pattern = crude_pattern(system, lambda mask: audit(system, mask).ok)
    assert pattern is not None
    for cell in np.flatnonzero(pattern & ~system.always_withheld).tolist():
        less = pattern.copy()
        less[cell] = False
        for mask in (pattern, less):
            both = audit(system, mask)
            assert (audit(system, mask, Limits(walks=())).failing == both.failing).all()
            assert (audit(system, mask, Limits(fill=0)).failing == both.failing).all()
            assert both.finished


@pytest.mark.parametrize("need", [(0, 0, 1), (0, 0, 3), None], ids=["width 1", "width 3", "rule"])
def test_publishing_any_one_secondary_of_a_tight_pattern_is_found(need: tuple[int, int, int] | None):
    system = table(need)
    pattern = crude_pattern(system, lambda mask: audit(system, mask).ok)
    assert pattern is not None
    exact = hull(system, pattern)
    assert exact is not None and exact.covers(system).all()
    secondaries = np.flatnonzero(pattern & ~system.always_withheld).tolist()
    assert len(secondaries) >= 3
    for cell in secondaries:
        less = pattern.copy()
        less[cell] = False
        exact = hull(system, less)
        assert exact is not None and not exact.covers(system).all()
        assert (audit(system, less).failing == ~exact.covers(system)).all()


def test_a_pattern_that_is_none_is_refused_with_its_reason():
    system = system_of([17, 1, 7, 9], [total(0, 1, 2, 3)], primary={1: RULE}, public=[0])
    system = replace(system, names=tuple("TABC"))
    nothing, everything = np.zeros(4, np.bool_), np.ones(4, np.bool_)
    assert audit(system, nothing).faults == ("A: has to be withheld and is published",)
    assert audit(system, everything).faults == ("T: is known to everybody and cannot be withheld",)
    broken = replace(system, value=np.array([18, 1, 7, 9]))
    assert audit(broken, withheld(system, 2)).faults == ("relation 0: the values do not fit this relation",)
    assert "does not say" in audit(system, nothing[:2]).faults[0]
    assert not audit(system, nothing).ok


def test_sums_beyond_64_bits_are_neither_believed_nor_feared():
    huge = 2**62
    hidden = system_of([4, 1], [({0: huge}, 0, 0)], primary={1: RULE})
    assert hidden.faults() == []
    assert audit(hidden, withheld(hidden)).faults == ("relation 0: the values do not fit this relation",)
    large = 2**38
    weighty = system_of([large, large], [({0: 2**40, 1: -(2**40)}, 0, 0)], primary={0: (0, 0, 5)})
    found = audit(weighty, withheld(weighty, 1))
    assert found.ok and found.highest[0] - found.lowest[0] >= 5
    assert not audit(weighty, withheld(weighty)).ok


def test_no_value_is_taken_from_a_relation_that_names_a_cell_twice():
    once = system_of([10, 2, 6], [total(0, 1, 2)], primary={1: RULE})
    terms = np.array([0, 1, 1, 2]), np.array([-1, 1, 1, 1])
    doubled = replace(once, start=np.array([0, 4]), cells=terms[0], coefficients=terms[1])
    found = audit(doubled, withheld(doubled, 2))
    assert found.ok and intervals(found, 1) == [(1, 4)]


def test_the_same_audit_twice_finds_the_same():
    system = table()
    one, other = (audit(system, system.state != State.PUBLIC) for _ in range(2))
    for name in ("lowest", "highest", "least", "most", "proof", "low_by", "high_by"):
        assert (getattr(one, name) == getattr(other, name)).all()
    assert (one.witnesses.cells == other.witnesses.cells).all()


def told() -> list[list[list[int]]]:
    """All findings on a safe and on an unsafe pattern."""
    system = table()
    found = [audit(system, mask) for mask in (system.state != State.PUBLIC, system.always_withheld)]
    return [[one.tolist() for one in (f.lowest, f.highest, f.least, f.most, f.proof)] for f in found]


def test_without_a_compiler_the_findings_are_the_same(root):
    code = "from tests.quality.disclosure.audit.test_auditor import told; print(told())"
    interpreted = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert interpreted.stdout.splitlines()[-1] == str(told())
