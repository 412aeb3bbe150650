# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Rounded figures say an interval; where they add up, the rounded table itself proves that nothing is given away."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quality.disclosure.audit import audit
from quality.disclosure.model.faults import BadInput
from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.registry import Registry, Request, build
from quality.disclosure.model.releases import Release
from quality.disclosure.model.rounding import nearest, told
from quality.disclosure.model.system import State
from quality.disclosure.model.tables import Table
from tests.quality.disclosure.model.requests import linked_tables, registry, rules, table

EVERYTHING = np.arange(60)


@pytest.mark.parametrize("base", [3, 5, 10])
def test_a_figure_rounded_by_itself_tells_exactly_the_cells_it_can_come_from(base):
    shown = nearest(EVERYTHING, np.full(60, base))
    low, high = told(shown, np.full(60, base))
    for value in EVERYTHING.tolist():
        same = EVERYTHING[shown == shown[value]]
        assert (max(low[value], 0), min(high[value], 59)) == (same.min(), same.max())
    assert np.abs(shown - EVERYTHING).max() <= base / 2


def shown(made: Registry) -> dict[str, int]:
    return dict(zip(made.space.names(made.pool.keys), made.shown.tolist(), strict=True))


def test_additive_figures_are_next_to_the_cells_and_add_up():
    made = registry(table({"A": 1, "B": 2, "C": 2, "D": 12, "E": 0}, "geo", base=5), absent="form")
    figures = shown(made)
    assert figures["n: geo T"] in (15, 20)
    assert figures["n: geo T"] == sum(value for name, value in figures.items() if name != "n: geo T")
    assert figures["n: geo E"] == 0
    assert set(made.system.state.tolist()) == {State.PRIMARY, State.HELD}, "a rounded zero is not known to be one"


def test_sums_of_figures_rounded_by_themselves_can_give_their_parts_away():
    parts = dict.fromkeys("ABCDEFGHI", 2)
    each = registry(table(parts, "geo", base=5, additive=False), absent="form").system
    found = audit(each, each.state != State.PUBLIC)
    assert found.failing.sum() == 9, "18 is shown as 20 (18 to 22), and nine parts as 0 (0 to 2): all are 2"


@settings(max_examples=25, deadline=None)
@given(linked_tables(), st.sampled_from([5, 10]))
def test_what_adds_up_is_safe(made: tuple[list[Table], list[Hierarchy]], base: int):
    tables = [Table(one.name, one.frame, base=base) for one in made[0]]
    try:
        found = build(Request(tables, made[1], rules(), absent="form"))
    except BadInput as error:
        assume(not any(one.kind == "no_rounding" for one in error.faults))
        raise
    figures = found.shown
    assert (figures % base == 0).all()
    assert (np.abs(figures - found.pool.value) < base).all()
    system = found.system
    rounded = system.value.copy()
    rounded[found.now] = figures
    assert (system.sums(rounded) == 0).all(), "the rounded table fits all that is known"
    assert audit(system, system.state != State.PUBLIC).ok


def test_figures_that_are_out_stay_as_they_are():
    first = registry(table({"A": 1, "B": 2, "C": 2, "D": 12}, "geo", base=5), absent="form")
    old = Release("old", first.release(np.zeros(len(first.system), np.bool_)))
    again = registry(table({"A": 1, "B": 2, "C": 2, "D": 12}, "geo", base=5), absent="form", earlier=[old])
    assert shown(again) == shown(first)
    turned = old.cells.filter(pl.col("geo").is_in(["A", "B", "C"]))
    turned = turned.with_columns(pl.when(pl.col("geo") == "A").then(5).otherwise(0).alias("shown"))
    rows: dict[Any, int] = {"A": 1, "B": 2, "C": 2, "D": 12}
    kept = shown(registry(table(rows, "geo", base=5), absent="form", earlier=[Release("old", turned)]))
    assert (kept["n: geo A"], kept["n: geo B"], kept["n: geo C"]) == (5, 0, 0)


def test_where_nothing_adds_up_it_is_said():
    rows: dict[Any, int] = {"A": 1, "B": 2}
    old = pl.DataFrame(
        {
            "measure": "n",
            "geo": ["A", "B", "T"],
            "value": [1, 2, 3],
            "published": True,
            "rounding": -5,
            "shown": [5, 5, 0],
        }
    )
    with pytest.raises(BadInput, match="no rounded figures"):
        registry(table(rows, "geo", base=5), absent="form", earlier=[Release("old", old)])
