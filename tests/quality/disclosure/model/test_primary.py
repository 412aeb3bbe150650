# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Primary cells and their needs follow from the rules of their measure."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.disclosure.audit import audit
from quality.disclosure.model.cost import Cost
from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.registry import Request, build
from quality.disclosure.model.releases import Release
from quality.disclosure.model.system import State, System
from quality.disclosure.model.tables import Table
from tests.quality.disclosure.model.requests import GEO, SEX, by_name, linked_tables, registry, rules, states, table

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


# --- no need is wider than what is open at all ---


def test_a_sum_of_two_cells_that_are_not_zero_cannot_reach_below_two():
    rows = {"T": 40, "c1": 3, "c2": 37, "A": 1, "B": 2, "C": 0, "D": 37}
    tree = Hierarchy.from_tree("geo", {"T": {"c1": ["A", "B", "C"], "c2": ["D"]}})
    assert needs(registry(table(rows, "geo"), [tree]).system)["n: geo c1"] == (2, 5, 0)
    protected = registry(table(rows, "geo"), [tree], rules=rules(zeros="protected")).system
    assert needs(protected)["n: geo c1"] == (0, 5, 0)


def test_parts_cannot_exceed_what_the_publisher_of_the_total_says():
    parts = table({"A": 1, "B": 2}, "geo", name="parts")
    total = table({"T": 3}, "geo", name="total", publicity="public")
    assert needs(registry([parts, total]).system) == {"n: geo A": (1, 2, 0), "n: geo B": (1, 2, 0)}


def test_what_we_published_ourselves_makes_no_need_smaller():
    cells = pl.DataFrame(
        {"measure": "n", "geo": ["T"], "value": [3], "published": [True], "rounding": [0], "shown": [None]}
    )
    system = registry(table({"T": 3, "A": 1, "B": 2}, "geo"), earlier=[Release("old", cells)]).system
    assert needs(system) == {"n: geo A": (1, 5, 0), "n: geo B": (1, 5, 0)}


@settings(max_examples=15, deadline=None)
@given(linked_tables(), st.sampled_from(["published", "protected"]))
def test_with_everything_withheld_every_need_is_met(made: tuple[list[Table], list[Hierarchy]], zeros: str):
    system = build(Request(made[0], made[1], rules(zeros=zeros), absent="form")).system
    found = audit(system, system.state != State.PUBLIC)
    assert found.ok, [system.name(cell) for cell in found.failing.nonzero()[0].tolist()]
