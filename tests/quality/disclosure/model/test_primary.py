# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Primary cells and their needs follow from the rules of their measure."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from quality.disclosure.model.cost import Cost
from quality.disclosure.model.system import System
from quality.disclosure.model.tables import Table
from tests.quality.disclosure.model.requests import GEO, SEX, by_name, registry, rules, states, table

ROWS = {"T": 27, "A": 1, "B": 4, "C": 5, "D": 17, "E": 0}


def needs(system: System) -> dict[str, tuple[int, int, int]]:
    """Reach and width of each cell that needs any."""
    each = zip(system.reach_low.tolist(), system.reach_high.tolist(), system.width.tolist(), strict=True)
    return {name: need for name, need, wanted in zip(system.names, each, system.needy.tolist(), strict=True) if wanted}


@pytest.mark.parametrize(("threshold", "unsafe"), [(5, "AB"), (6, "ABC"), (10, "ABC"), (18, "ABCD")])
def test_counts_below_the_threshold_have_to_reach_from_one_to_it(threshold, unsafe):
    system = registry(table(ROWS, "geo"), rules=rules(min_count=threshold)).system
    assert needs(system) == {f"n: geo {area}": (1, threshold, 0) for area in unsafe}


def test_where_zeros_are_protected_they_have_to_reach_down_to_none():
    system = registry(table(ROWS, "geo"), rules=rules(zeros="protected")).system
    assert needs(system)["n: geo A"] == (0, 5, 0)


def test_a_width_may_be_asked_for_instead():
    system = registry(table(ROWS, "geo"), need=1).system
    assert needs(system) == {"n: geo A": (1, 1, 1), "n: geo B": (4, 4, 1)}


def test_no_rule_is_weaker_than_that_of_its_class():
    system = registry(table(ROWS, "geo"), rules=rules(min_count=2)).system
    assert set(needs(system)) == {"n: geo A", "n: geo B"}


def test_balances_are_small_on_both_sides():
    signed = rules({"n": {"class": "social", "signed": True}})
    system = registry(table({"T": 20, "A": -3, "B": 23, "C": 0}, "geo"), rules=signed).system
    assert needs(system) == {"n: geo A": (-5, 5, 0)}
    assert states(system)["n: geo C"] == "FREE", "a balance of zero is no empty cell"


def test_divided_units_have_their_threshold_in_the_same_units():
    means = rules({"n": {"class": "social", "decimals": 1}})
    system = registry(Table("t", pl.DataFrame({"geo": ["T", "A", "B"], "n": [24.5, 4.5, 20.0]})), rules=means).system
    assert needs(system) == {"n: geo A": (1, 50, 0)}


PARTS = {"n": {"class": "social", "within": "pop"}, "pop": {"class": "personal"}}


def within(n: dict[str, int], pop: dict[str, int], **about: Any) -> System:
    frame = pl.DataFrame({"geo": list(n), "n": list(n.values()), "pop": list(pop.values())})
    return registry(Table("t", frame), rules=rules(PARTS), **about).system


def test_a_small_rest_and_no_rest_at_all_are_cells_that_need_cover():
    system = within({"T": 60, "A": 20, "B": 29, "C": 11}, {"T": 100, "A": 20, "B": 30, "C": 50})
    assert needs(system) == {"pop: geo A - n: geo A": (0, 5, 0), "pop: geo B - n: geo B": (0, 5, 0)}
    assert states(system)["pop: geo C - n: geo C"] == "HELD"


def test_a_rest_that_everybody_knows_protects_nobody():
    frame = pl.DataFrame({"geo": ["T", "A", "B"], "n": [40, 20, 20], "pop": [60, 20, 40]})
    system = registry(Table("t", frame, "public"), rules=rules(PARTS)).system
    assert needs(system) == {}


def group(zeros: str) -> System:
    own = rules(group_disclosure=("sex",), zeros=zeros)
    rows: dict[Any, int] = {
        ("A", "m"): 9, ("A", "w"): 0, ("B", "m"): 6, ("B", "w"): 7,
    }  # fmt: skip
    return registry(table(rows, "geo", "sex"), [GEO, SEX], rules=own, absent="form").system


def test_everybody_is_a_group_disclosure():
    assert needs(group("published")) == {"n: geo A, sex T - n: geo A, sex m": (0, 5, 0)}


def test_nobody_is_one_where_zeros_are_protected():
    assert needs(group("protected")) == {
        "n: geo A, sex T - n: geo A, sex m": (0, 5, 0),
        "n: geo A, sex w": (0, 5, 0),
    }


def test_costs():
    system = registry(table(ROWS, "geo"), cost=Cost("count", margins=3)).system
    assert by_name(system, "cost") == {f"n: geo {area}": 3 if area == "T" else 1 for area in "ABCDET"}
    assert by_name(registry(table(ROWS, "geo")).system, "cost")["n: geo D"] == 17
    assert by_name(registry(table(ROWS, "geo"), cost=Cost("log")).system, "cost")["n: geo A"] == 100
