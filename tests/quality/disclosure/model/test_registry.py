# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""One registry: a cell of many tables stands once, all sums hold, and no order of anything changes a byte."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.registry import Request, build
from quality.disclosure.model.releases import Release
from quality.disclosure.model.system import UNBOUNDED, System, fingerprint
from quality.disclosure.model.tables import Table
from tests.quality.disclosure.model.requests import AGE, GEO, by_name, linked_tables, registry, rules, states, table


def equations(system: System) -> set[str]:
    return set(system.relation_names)


def test_a_table_gives_one_equation_per_parent():
    system = registry(table({"T": 20, "A": 12, "B": 8}, "geo")).system
    assert equations(system) == {"n: geo T = Σ geo"}
    assert by_name(system, "value") == {"n: geo A": 12, "n: geo B": 8, "n: geo T": 20}
    assert sorted(system.coefficients.tolist()) == [-1, 1, 1]


def test_tables_that_share_margins_are_one_system():
    ages = table({("T", "T"): 20, ("T", "U25"): 9, ("T", "25+"): 11}, "geo", "age", name="ages")
    areas = table({"T": 20, "A": 12, "B": 8}, "geo", name="areas")
    flat_age = Hierarchy.from_tree("age", {"T": ["U25", "25+"]})
    system = registry([ages, areas], [GEO, flat_age]).system
    assert len(system) == 5, "the city's total stands once"
    assert equations(system) == {"n: age T, geo T = Σ age", "n: age T, geo T = Σ geo"}


def test_margins_are_formed_on_request_and_absent_cells_are_zero():
    rows: dict[Any, int] = {("A", "U18"): 4, ("A", "18-24"): 6, ("B", "U18"): 1, ("B", "25+"): 3}
    made = registry(table(rows, "geo", "age"), [GEO, AGE], absent="form")
    values = by_name(made.system, "value")
    assert values["n: age T, geo T"] == 14
    assert values["n: age U25, geo A"] == 10
    assert "n: age 18-24, geo B" not in values
    assert int(made.pool.formed.sum()) == len(values) - 4


def test_two_hierarchies_over_the_same_codes_both_count():
    county = Hierarchy.from_tree("geo", {"T": {"c1": ["A", "B"], "c2": ["C"]}}, "county")
    group = Hierarchy.from_tree("geo", {"T": {"big": ["A", "C"], "small": ["B"]}}, "group")
    system = registry(table({"A": 5, "B": 6, "C": 7}, "geo"), [county, group], absent="form").system
    assert len(system) == 8
    assert {"n: geo T = Σ geo (county)", "n: geo T = Σ geo (group)", "n: geo big = Σ geo (group)"} <= equations(system)


def test_what_is_not_published_is_unknown_to_everybody_and_closes_the_sums():
    rows: dict[Any, int] = {("T", "T"): 20, ("T", "U18"): 4, ("A", "T"): 12, ("B", "T"): 8}
    made = registry(table(rows, "geo", "age"), [GEO, AGE], absent="unpublished")
    now = states(made.system)
    assert now["n: age 25+, geo T"] == now["n: age 18-24, geo T"] == "AGENCY"
    assert "n: age U18, geo A" not in now, "no sum leads there"
    assert by_name(made.system, "width")["n: age 25+, geo T"] == 0, "nobody publishes it, so it needs no cover"
    assert by_name(made.system, "low")["n: age 25+, geo T"] == 0


def test_zeros_are_known_where_they_are_published_and_may_be_withheld_where_not():
    rows = {"T": 8, "A": 0, "B": 8}
    published = registry(table(rows, "geo")).system
    assert states(published) == {"n: geo A": "PUBLIC", "n: geo B": "FREE", "n: geo T": "FREE"}
    assert by_name(published, "low")["n: geo B"] == 1
    protected = registry(table(rows, "geo"), rules=rules(zeros="protected")).system
    assert states(protected)["n: geo A"] == "FREE"
    assert by_name(protected, "low")["n: geo B"] == 0


def test_a_public_table_is_known_and_never_primary():
    system = registry(table({"T": 9, "A": 2, "B": 7}, "geo", publicity="public")).system
    assert set(states(system).values()) == {"PUBLIC"}


def test_cells_an_agency_withheld_are_completed_within_its_bounds_and_never_taken_for_zero():
    rows = {"T": 30, "A": "Q", "B": "Q", "C": 20}
    system = registry(table(rows, "geo", publicity="public", agency=(1, 9))).system
    values = by_name(system, "value")
    assert values["n: geo A"] + values["n: geo B"] == 10
    assert states(system)["n: geo A"] == states(system)["n: geo B"] == "AGENCY"
    assert by_name(system, "high")["n: geo A"] == 9
    assert by_name(system, "width")["n: geo A"] == 1


def test_a_margin_over_a_withheld_cell_is_unknown_too():
    system = registry(table({"A": 5, "B": "Q"}, "geo"), absent="form").system
    assert states(system)["n: geo T"] == "AGENCY"


def release(rows: dict[str, tuple[int | None, bool]], rounding: int = 0) -> Release:
    frame = pl.DataFrame(
        {
            "measure": "n",
            "geo": list(rows),
            "value": [value for value, _ in rows.values()],
            "published": [out for _, out in rows.values()],
            "rounding": rounding,
            "shown": [value for value, _ in rows.values()],
        }
    )
    return Release("old", frame)


def test_what_was_out_is_known_and_what_was_withheld_stays_so():
    old = release({"T": (20, True), "A": (12, False), "B": (8, False)})
    system = registry(table({"T": 20, "A": 12, "B": 8}, "geo"), earlier=[old]).system
    assert states(system) == {"n: geo A": "HELD", "n: geo B": "HELD", "n: geo T": "PUBLIC"}
    assert system.relations == 1, "the same sum of the same cells stands once"


def test_a_revised_cell_is_two_cells_and_both_values_are_known():
    old = release({"T": (20, True), "A": (12, True), "B": (8, True)})
    system = registry(table({"T": 21, "A": 13, "B": 8}, "geo"), earlier=[old]).system
    assert by_name(system, "value") == {
        "n: geo A": 13, "n: geo A (old value)": 12, "n: geo B": 8, "n: geo T": 21, "n: geo T (old value)": 20,
    }  # fmt: skip
    assert system.relations == 2
    assert states(system)["n: geo A (old value)"] == states(system)["n: geo B"] == "PUBLIC"
    assert states(system)["n: geo A"] == "FREE"


def test_a_small_old_value_needs_its_interval_still():
    old = release({"T": (20, True), "A": (2, False), "B": (18, False)})
    system = registry(table({"T": 30, "A": 12, "B": 18}, "geo"), earlier=[old]).system
    assert states(system)["n: geo A (old value)"] == "PRIMARY"
    assert by_name(system, "reach_high")["n: geo A (old value)"] == 5
    assert states(system)["n: geo B"] == "HELD"


def test_a_fuller_tier_holds_back_and_tells_nothing():
    fuller = release({"T": (20, True), "A": (12, False), "B": (8, True)})
    system = registry(table({"T": 20, "A": 12, "B": 8}, "geo"), fuller=[fuller]).system
    assert states(system) == {"n: geo A": "HELD", "n: geo B": "FREE", "n: geo T": "FREE"}


def test_unsafe_cells_that_are_out_are_told_apart():
    old = release({"T": (9, True), "A": (2, True), "B": (7, True)})
    made = registry(table({"T": 9, "A": 2, "B": 7}, "geo"), earlier=[old])
    assert made.unsafe_out.tolist() == [True, False, False]


def test_rounded_cells_carry_their_rounding_interval():
    system = registry(table({"T": 29, "A": 2, "B": 27}, "geo", base=5, additive=False)).system
    assert states(system) == {"n: geo A": "PRIMARY", "n: geo B": "HELD", "n: geo T": "HELD"}
    bounds = {name: (by_name(system, "low")[name], by_name(system, "high")[name]) for name in system.names}
    assert bounds == {"n: geo A": (0, 2), "n: geo B": (23, 27), "n: geo T": (28, 32)}


# --- properties ---


@settings(max_examples=40, deadline=None)
@given(linked_tables())
def test_all_equations_hold_and_every_cell_stands_once(made: tuple[list[Table], list[Hierarchy]]):
    system = build(Request(made[0], made[1], rules(), absent="form")).system
    assert system.faults() == []
    assert (system.sums(system.value) == 0).all()
    assert len(set(system.names)) == len(system)
    grand = by_name(system, "value")["n: age T, geo T, sex T"]
    assert all(grand == table.frame["n"].sum() for table in made[0])


@settings(max_examples=25, deadline=None)
@given(linked_tables(), st.randoms(use_true_random=False))
def test_no_order_changes_a_byte(made: tuple[list[Table], list[Hierarchy]], chance: random.Random):
    given_tables, hierarchies = made
    first = build(Request(given_tables, hierarchies, rules(), absent="form")).system
    mixed = [
        Table(one.name, one.frame.sample(fraction=1, shuffle=True, seed=chance.randrange(2**31)))
        for one in given_tables
    ]
    mixed = [Table(one.name, one.frame.select(chance.sample(one.frame.columns, one.frame.width))) for one in mixed]
    second = build(
        Request(chance.sample(mixed, len(mixed)), chance.sample(hierarchies, len(hierarchies)), rules(), absent="form")
    ).system
    assert fingerprint(first) == fingerprint(second)
    assert np.array_equal(first.cells, second.cells)


def test_no_bound_is_beyond_what_stands_for_none():
    system = registry(table({"T": 20, "A": 12, "B": 8}, "geo")).system
    assert set(system.high.tolist()) == {int(UNBOUNDED)}
