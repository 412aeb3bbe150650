# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A witness counts only if it is one, and a certificate only as far as its witnesses go."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from quality.disclosure.audit import Limits, audit, certified
from quality.disclosure.audit.findings import VECTORS
from quality.disclosure.audit.witness import seen, sound
from quality.disclosure.model.system import System
from quality.disclosure.model.vectors import gathered
from tests.quality.disclosure.audit.systems import system_of, total, withheld


def pair() -> System:
    """Two tables that share A: T = A + B + C, U = A + D; A needs 1 to 3."""
    return system_of(
        [17, 1, 7, 9, 6, 5], [total(0, 1, 2, 3), total(4, 1, 5)], primary={1: (1, 3, 0)}, public=[0], high={5: 9}
    )


@pytest.mark.parametrize(
    ("moves", "counts"),
    [
        ({1: 2, 2: -2, 5: -2}, True),
        ({}, True),
        ({1: 2, 2: -2}, False),
        ({1: 2, 3: -2, 5: -2}, False),
        ({0: 1, 2: 1}, False),
        ({1: -1, 2: 1, 5: 1}, False),
        ({1: -5, 2: 5, 5: 5}, False),
        ({1: 2**63 - 1, 2: 1 - 2**63, 5: 1 - 2**63}, False),
        ({1: -(2**63), 2: -(2**63)}, False),
        ({1: 2, 2: -2, 5: -2, -1: 0}, False),
        ({1: 2, 2: -2, 5: -2, 6: 0}, False),
    ],
    ids=["a completion", "nothing moves", "another relation breaks", "a published cell moves", "a public cell moves",
         "below its bound", "above its bound", "beyond 64 bits", "the least number there is", "no cell",
         "no such cell"],
)  # fmt: skip
def test_a_witness_is_a_completion_that_leaves_published_cells_alone(moves: dict[int, int], counts: bool):
    vector = np.array(list(moves), np.int64), np.array(list(moves.values()), np.int64)
    assert sound(pair(), withheld(pair(), 2, 5), gathered([vector])).tolist() == [counts]


def test_a_witness_that_names_a_cell_twice_is_none():
    twice = np.array([1, 1, 2, 5]), np.array([1, 1, -2, -2])
    once = np.array([1, 2, 5]), np.array([2, -2, -2])
    assert sound(pair(), withheld(pair(), 2, 5), gathered([twice, once])).tolist() == [False, True]


def test_sums_that_need_more_than_64_bits_are_made_in_larger_ones():
    heavy = system_of([1, 1], [({0: 2**61, 1: -(2**61)}, 0, 0)], primary={0: (1, 9, 0)})
    together, alone = (np.array([0, 1]), np.array([8, 8])), (np.array([0]), np.array([8]))
    assert sound(heavy, withheld(heavy, 1), gathered([together, alone])).tolist() == [True, False]


def test_what_is_seen_names_the_witness_that_shows_it():
    up, down = (np.array([1, 2, 5]), np.array([4, -4, -4])), (np.array([1, 2, 5]), np.array([2, -2, -2]))
    lowest, highest, low_by, high_by = seen(pair(), gathered([down, up]))
    assert (lowest[1], highest[1], low_by[1], high_by[1]) == (1, 5, -1, 1)
    assert (lowest[2], highest[2], low_by[2], high_by[2]) == (3, 7, 1, -1)


def test_a_certificate_is_checked_again_without_the_audit(tmp_path):
    system = pair()
    pattern = withheld(system, 2, 5)
    found = audit(system, pattern)
    found.write_certificate(system, tmp_path)
    assert (certified(system, pattern, tmp_path) == system.needy).all()
    told = found.intervals(system)
    assert told["cell"].to_list() == np.flatnonzero(pattern).tolist()
    assert told.row(0, named=True)["proof"] == "witness" and told.row(0, named=True)["state"] == "primary"


def test_a_certificate_that_was_tampered_with_proves_nothing(tmp_path):
    system = pair()
    pattern = withheld(system, 2, 5)
    audit(system, pattern).write_certificate(system, tmp_path)
    vectors = pl.read_parquet(tmp_path / VECTORS)
    vectors.with_columns(pl.col("deviation") * 3).filter(pl.col("cell") != 5).write_parquet(tmp_path / VECTORS)
    assert not certified(system, pattern, tmp_path).any()
    vectors.clear().write_parquet(tmp_path / VECTORS)
    assert not certified(system, pattern, tmp_path).any()


def test_a_certificate_of_one_pattern_says_nothing_of_another(tmp_path):
    system = pair()
    audit(system, withheld(system, 2, 5)).write_certificate(system, tmp_path)
    assert not certified(system, withheld(system, 2), tmp_path).any()


def test_offered_completions_count_as_far_as_they_are_right():
    system, search = pair(), Limits(walks=(), blocks=())
    up, down = (np.array([1, 2, 5]), np.array([2, -2, -2])), (np.array([1, 2]), np.array([2, -2]))
    pattern = withheld(system, 2, 5)
    assert not audit(system, pattern, search).finished
    assert audit(system, pattern, search, gathered([up])).ok
    lied = audit(system, pattern, search, gathered([down]))
    assert not lied.ok and lied.figures["offered_wrong"] == 1 and len(lied.witnesses) == 0
    assert audit(system, pattern, offered=gathered([down, up, down])).ok


def test_no_offer_makes_an_unsafe_pattern_safe():
    system = pair()
    wishes = gathered([(np.array([1]), np.array([2])), (np.array([1, 2, 5]), np.array([2, -2, -2]))])
    found = audit(system, withheld(system, 2), offered=wishes)
    assert not found.ok and found.failing[1] and (found.lowest[1], found.highest[1]) == (1, 1)
