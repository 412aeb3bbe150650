# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Crosswalks: exact where nothing is divided, estimated where it is, and never more or less than there was."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.areas.crosswalk import CrosswalkError, chain, compose, convert, inverse, to_vintage, weight_class
from tests.quality.areas.tables import series, step, told

MERGE = step("2019", "2020", ("a", "m", 1), ("b", "m", 1), ("c", "c", 1))
SPLIT = step("2020", "2021", ("m", "x", 0.25), ("m", "y", 0.75), ("c", "k", 1))


def test_a_merge_is_exact():
    found = convert(series("2019", {"a": 3, "b": 4, "c": 5}), MERGE)
    assert told(found.series) == {"m": (7, "A"), "c": (5, "A")}
    assert set(found.series["area_vintage"]) == {"2020"}
    assert set(found.series["period"]) == {"2019"}
    terms = found.series.filter(pl.col("area") == "m")["terms"].item().to_list()
    assert terms == [{"area": "a", "coef": 1.0}, {"area": "b", "coef": 1.0}]
    assert found.not_formed.is_empty()


def test_a_split_is_weighted_and_says_so_but_a_change_of_key_is_exact():
    assert told(convert(series("2020", {"m": 8, "c": 5}), SPLIT).series) == {
        "x": (2, "E"),
        "y": (6, "E"),
        "k": (5, "A"),
    }


def test_a_chain_multiplies_and_what_comes_together_again_is_exact():
    both = compose(MERGE, SPLIT)
    assert told(convert(series("2019", {"a": 3, "b": 5, "c": 1}), both).series)["y"] == (6, "E")
    again = compose(both, step("2021", "2022", ("x", "z", 1), ("y", "z", 1), ("k", "k", 1)))
    assert told(convert(series("2019", {"a": 3, "b": 5, "c": 1}), again).series) == {"z": (8, "A"), "k": (1, "A")}


def test_each_class_of_measures_has_its_own_weights_and_falls_back_to_population():
    split = step("2020", "2021", ("m", "x", 0.5, "population"), ("m", "y", 0.5, "population"),
                 ("m", "x", 0.1, "area"), ("m", "y", 0.9, "area"))  # fmt: skip
    assert told(convert(series("2020", {"m": 10}), split).series)["x"] == (5, "E")
    assert told(convert(series("2020", {"m": 10}, "area"), split).series)["x"] == (1, "E")
    assert told(convert(series("2020", {"m": 10}, "dwellings"), split).series)["x"] == (5, "E")
    assert [weight_class(one) for one in ("births", "landuse", "dwellings", "svb_work")] == [
        "population", "area", "dwellings", "employees",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "expected", "missing"),
    [
        ({"a": "Q", "b": 4, "c": 5}, {"m": (None, "Q"), "c": (5, "A")}, []),
        ({"a": "O", "b": 4, "c": 5}, {"c": (5, "A")}, ["m"]),
        ({"b": 4, "c": 5}, {"c": (5, "A")}, ["m"]),
        ({"a": "Q", "c": "P5"}, {"c": (5, "P")}, ["m"]),
        ({"a": "U1", "b": "P4", "c": "E5"}, {"m": (5, "U"), "c": (5, "E")}, []),
    ],
)
def test_a_withheld_part_withholds_and_a_missing_part_leaves_nothing(values, expected, missing):
    found = convert(series("2019", values), MERGE)
    assert told(found.series) == expected
    assert found.not_formed.select("area", "reason").rows() == [(area, "missing") for area in missing]


def test_a_part_of_weight_zero_neither_withholds_nor_is_missed():
    nothing = step("2020", "2021", ("m", "x", 1), ("m", "y", 0), ("n", "y", 1))
    assert told(convert(series("2020", {"m": "Q", "n": 3}), nothing).series) == {"x": (None, "Q"), "y": (3, "A")}


@pytest.mark.parametrize("measure", ["unemp_rate", "mig_in", "longitude"])
def test_what_cannot_be_added_stays_only_where_the_area_stayed_whole(measure):
    found = convert(series("2019", {"a": 3, "b": 4, "c": 5}, measure), MERGE)
    assert told(found.series) == {"c": (5, "A")}
    assert found.not_formed.select("area", "reason").rows() == [("m", "no_sum")]
    found = convert(series("2020", {"m": 3, "c": 5}, measure), SPLIT)
    assert told(found.series) == {"k": (5, "A")}
    assert found.not_formed["reason"].to_list() == ["no_sum", "no_sum"]


def test_an_inferred_way_is_marked_and_an_open_one_is_not_gone():
    guess = step("2020", "2021", ("a", "b", 1, "every", True), ("c", "c", 1), ("d", "d", 1),
                 open_origins=["e"], open_targets=["d"])  # fmt: skip
    found = convert(series("2020", {"a": 1, "c": 2, "d": 3, "e": 4}), guess)
    assert told(found.series) == {"b": (1, "E"), "c": (2, "A")}
    assert found.not_formed.select("area", "reason").rows() == [("d", "open"), ("e", "nowhere")]


def test_what_is_open_stays_open_along_a_chain():
    first = step("2019", "2020", ("a", "a", 1), ("b", "b", 1), open_origins=["o"], open_targets=["a"])
    second = step("2020", "2021", ("a", "z", 1), open_origins=["b"], open_targets=["y"])
    both = compose(first, second)
    assert (both.origins, both.open_origins, both.open_targets) == ({"a"}, {"b", "o"}, {"y", "z"})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "x", 0.5), ("a", "y", 0.4), ("b", "b", 1)], "do not sum to 1 for a$"),
        ([("a", "x", 1.5), ("a", "y", -0.5)], "outside 0 … 1 for a$"),
        ([("a", "x", float("nan"))], "outside 0 … 1 for a$"),
        ([("a", "x", 0.5), ("a", "x", 0.5)], "same target twice for a$"),
    ],
)
def test_wrong_weights_are_refused_by_key(rows, message):
    with pytest.raises(CrosswalkError, match=message):
        step("2019", "2020", *rows)


def test_rounded_weights_are_made_whole_by_the_largest():
    rounded = step("2019", "2020", ("a", "x", 0.3333), ("a", "y", 0.3333), ("a", "z", 0.3333))
    assert sorted(rounded.weights["weight"]) == pytest.approx([0.3333, 0.3333, 0.3334], abs=1e-12)
    assert rounded.weights["weight"].sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (series("2019", {"q": 1}), "does not know q$"),
        (series("2018", {"a": 1}), "other levels or vintages: a$"),
        (series("2019", {"a": 1}, level="kreis"), "other levels or vintages: a$"),
        (pl.concat([series("2019", {"a": 1})] * 2), "two figures about the same for a$"),
        (series("2019", {"a": 1}, "postal_code"), "postal_code is no concept with figures$"),
        (series("2019", {"a": 1}, "nonsense"), "nonsense is no concept with figures$"),
    ],
)
def test_a_series_that_does_not_fit_is_refused_by_key(frame, message):
    with pytest.raises(CrosswalkError, match=message):
        convert(frame, MERGE)


def test_a_chain_takes_the_way_with_least_doubt_and_says_where_there_is_none():
    guess = step("2019", "2021", ("a", "x", 1, "every", True), ("b", "y", 1, "every", True), ("c", "k", 1))
    assert chain([guess, SPLIT, MERGE], "gemeinde", "2019", "2021").weights["inferred"].any() is False
    with pytest.raises(
        CrosswalkError, match=r"no crosswalk leads from gemeinde 2021 to 2019; there are: gemeinde 2019"
    ):
        chain([MERGE, SPLIT], "gemeinde", "2021", "2019")
    with pytest.raises(CrosswalkError, match=r"does not know c$"):
        chain([MERGE, step("2020", "2021", ("m", "m", 1))], "gemeinde", "2019", "2021")


def test_a_series_over_years_comes_on_one_vintage():
    frame = pl.concat([series("2019", {"a": 3, "b": 5, "c": 1}), series("2021", {"x": 2, "y": 7, "k": 2})])
    found = to_vintage(frame, [MERGE, SPLIT], "gemeinde", "2021").series
    assert found.filter(pl.col("area") == "y").select("period", "value", "obs_status").rows() == [
        ("2019", 6, "E"), ("2021", 7, "A"),
    ]  # fmt: skip
    assert set(found["area_vintage"]) == {"2021"}


def test_back_from_a_merge_needs_sizes_and_with_them_restores_what_was_there():
    sizes = pl.DataFrame({"area": ["a", "b"], "weight_class": ["every"] * 2, "size": [3.0, 1.0]})
    back = inverse(MERGE, sizes)
    assert told(convert(series("2020", {"m": 8, "c": 5}), back).series) == {"a": (6, "E"), "b": (2, "E"), "c": (5, "A")}
    with pytest.raises(CrosswalkError, match=r"no sizes of the parts of m$"):
        inverse(MERGE, sizes.head(1))


KEYS = [f"0{number}" for number in range(8)]
SHARES = st.lists(st.integers(1, 50), min_size=1, max_size=4)


@st.composite
def steps(draw: st.DrawFn, origin: str = "1", target: str = "2"):
    """Any step of the eight areas: each keeps a part and may give parts to up to three others, by class."""
    rows = []
    for area in KEYS:
        for name in draw(st.sampled_from([["every"], ["population", "area"]])):
            shares = draw(SHARES)
            goals = [area, *draw(st.permutations([key for key in KEYS if key != area]))][: len(shares)]
            rows += [(area, to, share / sum(shares), name) for to, share in zip(goals, shares, strict=True)]
    return step(origin, target, *rows)


@st.composite
def tame(draw: st.DrawFn):
    """A step of pure merges and changes of key; the areas that are alone at both ends."""
    goals = {area: draw(st.sampled_from(["m", "n", f"k{area}", area])) for area in KEYS}
    alone = {area for area, to in goals.items() if list(goals.values()).count(to) == 1}
    return step("1", "2", *((area, to, 1) for area, to in goals.items())), alone


VALUES = st.lists(st.integers(0, 10_000), min_size=len(KEYS), max_size=len(KEYS))


@settings(max_examples=60, deadline=None)
@given(steps(), steps("2", "3"), VALUES, st.sampled_from(["pop", "area", "dwellings"]))
def test_converting_never_changes_the_total(first, second, values, measure):
    frame = series("1", dict(zip(KEYS, values, strict=True)), measure)
    for one in (first, compose(first, second)):
        found = convert(frame, one)
        assert found.series["value"].sum() == pytest.approx(sum(values), rel=1e-12)
        assert found.not_formed.is_empty()


@settings(max_examples=60, deadline=None)
@given(steps(), steps("2", "3"))
def test_all_weights_of_an_origin_sum_to_one_along_a_chain(first, second):
    sums = compose(first, second).weights.group_by("from_area", "weight_class").agg(pl.col("weight").sum())
    assert sums["weight"].to_list() == pytest.approx([1.0] * sums.height, abs=1e-12)
    assert set(sums["from_area"]) == set(KEYS)


@settings(max_examples=60, deadline=None)
@given(steps(), steps("2", "3"), VALUES)
def test_two_steps_are_the_same_as_their_chain(first, second, values):
    frame = series("1", dict(zip(KEYS, values, strict=True)))
    stepwise = convert(convert(frame, first).series, second).series
    at_once = convert(frame, compose(first, second)).series
    assert stepwise["area"].to_list() == at_once["area"].to_list()
    assert stepwise["value"].to_list() == pytest.approx(at_once["value"].to_list(), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(tame(), VALUES)
def test_there_and_back_over_merges_and_new_keys_is_nothing_for_areas_that_did_not_merge(walk, values):
    there, alone = walk
    frame = series("1", dict(zip(KEYS, values, strict=True)))
    sizes = pl.DataFrame({"area": KEYS, "weight_class": ["every"] * 8, "size": [float(value + 1) for value in values]})
    moved = convert(frame, there).series
    assert set(moved["obs_status"]) == {"A"}
    back = told(convert(moved, inverse(there, sizes)).series)
    before = told(frame)
    assert {area: back[area] for area in alone} == {area: before[area] for area in alone}
    assert sum(value for value, _ in back.values()) == pytest.approx(sum(values))
