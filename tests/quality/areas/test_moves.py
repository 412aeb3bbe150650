# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Moves: after one another, backwards, and what they never do to a total."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.areas.crosswalk import CrosswalkError
from quality.areas.moves import CLASSES, Moves, back, links_between, moves_of, then
from tests.quality.areas.tables import sizes, step

AREAS = ("a", "b", "c", "d")


def told(rows: pl.DataFrame, weight_class: str = "population") -> dict[tuple[str, str], float]:
    of_class = rows.filter(pl.col("weight_class") == weight_class)
    found = of_class.select("from_area", "to_area", "weight").iter_rows()
    return {(one, to): round(weight, 12) for one, to, weight in found}


def test_only_what_changes_is_kept_and_in_every_class():
    moves = moves_of(
        step("2020", "2021", ("a", "a", 1), ("b", "x", 1), ("c", "x", 0.4, "area"), ("c", "c", 0.6, "area"))
    )
    assert moves.origins == {"b", "c"}
    assert {name: told(moves.rows, name)["c", "x"] for name in CLASSES} == dict.fromkeys(CLASSES, 0.4)


def test_weights_for_jobs_alone_do_not_say_where_people_went():
    with pytest.raises(CrosswalkError, match=r"no weights of population or area for a$"):
        moves_of(step("2020", "2021", ("a", "b", 1, "employees")))


def test_one_after_the_other_and_what_was_divided_and_comes_together_is_whole_again():
    first = moves_of(step("2020", "2021", ("a", "x", 0.3), ("a", "y", 0.7), ("b", "y", 1)))
    second = moves_of(step("2021", "2022", ("x", "z", 1), ("y", "z", 1), ("c", "z", 1)))
    both = then(first, second)
    assert told(links_between(both, {"a", "b", "c", "d"})) == {("a", "z"): 1.0, ("b", "z"): 1.0, ("c", "z"): 1.0}


def test_what_is_open_stays_open_and_makes_open_what_it_may_have_reached():
    first = moves_of(step("2020", "2021", ("a", "x", 0.5), ("a", "y", 0.5), open_origins=["b"], open_targets=["y"]))
    second = moves_of(step("2021", "2022", ("y", "z", 1), open_origins=["x", "c"], open_targets=["w"]))
    both = then(first, second)
    assert both.open_origins == {"a", "b", "c", "x"}  # x too, should there be one before
    assert both.open_targets == {"z", "w"}
    assert links_between(both, {"a", "b", "c", "w", "z"}, complete=True).is_empty()


def test_backwards_a_merged_area_is_shared_by_sizes_of_one_class_and_open_without():
    merge = moves_of(step("2020", "2021", ("a", "m", 1), ("b", "m", 1), ("k", "l", 1)))
    known = sizes(2020, population={"a": 30, "b": 70}, area={"a": 5, "b": 5})[2020]
    there = back(merge, {"a", "b", "k"}, known)
    assert told(there.rows) == {("m", "a"): 0.3, ("m", "b"): 0.7, ("l", "k"): 1.0}
    assert told(there.rows, "area") == {("m", "a"): 0.5, ("m", "b"): 0.5, ("l", "k"): 1.0}
    half = back(merge, {"a", "b", "k"}, sizes(2020, population={"a": 30})[2020])
    assert (half.open_origins, half.open_targets) == ({"m"}, {"a", "b"})
    assert told(half.rows) == {("l", "k"): 1.0}


def test_an_uninhabited_part_has_no_share_of_people_and_does_not_mix_square_kilometres_with_them():
    merge = moves_of(step("2020", "2021", ("a", "m", 1), ("forest", "m", 1)))
    known = sizes(2020, population={"a": 10, "forest": 0}, area={"a": 1, "forest": 99})[2020]
    assert told(back(merge, {"a", "forest"}, known).rows) == {("m", "a"): 1.0}


@st.composite
def a_step(draw: st.DrawFn) -> Moves:
    """Random weights from every area to every area, that sum to 1 per origin."""
    rows = []
    for origin in AREAS:
        shares = draw(st.lists(st.integers(0, 5), min_size=len(AREAS), max_size=len(AREAS)).filter(any))
        rows += [(origin, to, share / sum(shares)) for to, share in zip(AREAS, shares, strict=True) if share]
    return moves_of(step("2020", "2021", *rows))


@settings(deadline=None)
@given(a_step(), a_step(), st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_no_move_changes_the_total_over_all_areas(first: Moves, second: Moves, values: list[int]):
    figures = pl.DataFrame({"from_area": list(AREAS), "value": values})
    for moves in (first, then(first, second), then(then(first, second), first)):
        links = links_between(moves, AREAS, complete=True)
        for name in CLASSES:
            moved = links.filter(pl.col("weight_class") == name).join(figures, on="from_area")
            assert moved.select((pl.col("weight") * pl.col("value")).sum()).item() == pytest.approx(sum(values))


@settings(deadline=None)
@given(a_step(), st.lists(st.integers(1, 1000), min_size=4, max_size=4))
def test_backwards_no_total_changes_either(moves: Moves, people: list[int]):
    known = sizes(2020, population=dict(zip(AREAS, people, strict=True)))[2020]
    reached = {to for _, to in told(links_between(moves, AREAS, complete=True))}
    links = links_between(back(moves, AREAS, known), reached, complete=True).filter(
        pl.col("weight_class") == "population"
    )
    sums = links.group_by("from_area").agg(pl.col("weight").sum())
    assert set(sums["from_area"]) == reached
    assert sums["weight"].to_list() == pytest.approx([1.0] * len(reached))
