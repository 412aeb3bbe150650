# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors that keep all sums are found in what tables usually do; what happens by itself is no error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pytest

from quality.checks.continuity import figures, judge_continuity, with_before
from quality.checks.exchange import correlations, judge_exchange
from quality.checks.violations import Judge
from tests.quality import tables
from tests.quality.tables import CITY, TODAY

Figures = np.ndarray
YEARS = ("2019", "2020", "2021", "2022")
PEOPLE = np.random.default_rng(1).uniform(900, 20000, 30)


def observed(figures_of: Mapping[str, Figures], concept: str = "pop", unit: str = "persons") -> pl.DataFrame:
    """Years × districts of each column (`sex=m` is a column of men)."""
    rows = []
    for letter, (dims, values) in zip("BCDEFGH", figures_of.items(), strict=False):
        for year, line in zip(YEARS, values, strict=True):
            for number, value in enumerate(line):
                about = {"dims": dims if "=" in dims else "", "column": dims, "measure": concept, "unit": unit}
                cell = f"{year}!{letter}{number}"
                rows.append(tables.observation(f"{CITY}-{number:02d}", float(value), period=year, cell=cell, **about))
    return tables.observations(rows)


def found(observations: pl.DataFrame) -> set[tuple[str, str, str]]:
    judge = Judge(tables.source(), TODAY)
    rows = figures(observations)
    pairs = with_before(rows)
    judge_continuity(judge, rows, pairs)
    judge_exchange(judge, pairs)
    return {(one.identity.split(".")[0], one.area, one.period) for one in judge.report.unknown}


def growing(seed: int = 2, spread: float = 0.01) -> Figures:
    """Four years of districts that grow or shrink by about a hundredth each year."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(1.0, spread, (len(YEARS), len(PEOPLE))).cumprod(axis=0)
    return (PEOPLE * steps).round()


def halves(seed: int = 3) -> dict[str, Figures]:
    rng = np.random.default_rng(seed)
    total, share = growing(seed), rng.uniform(0.46, 0.54, len(PEOPLE))
    men = rng.normal(total * share, 0.1 * np.sqrt(total)).round()
    return {"sex=m": men, "sex=f": total - men}


# --- nothing to find --------------------------------------------------------------------------------------------------


def areas_of_land() -> pl.DataFrame:
    return observed({"area": np.tile((PEOPLE / 100).round(2), (4, 1))}, "area", "km2")


def a_stock_that_stands_still() -> pl.DataFrame:
    values = np.tile(PEOPLE.round(), (4, 1))
    values[2:, 5] += 12
    return observed({"dwellings": values}, "dwellings", "dwellings")


def few_cases() -> pl.DataFrame:
    return observed({"cases": np.random.default_rng(5).poisson(1.5, (4, 30))}, "crime_cases", "cases")


def a_flow_that_doubles() -> pl.DataFrame:
    values = growing(6, 0.3)
    values[2:] *= 2
    return observed({"flow": values.round()}, "births")


def a_camp_that_opens() -> pl.DataFrame:
    values = growing(8)
    values[:3, 4], values[3, 4] = 300, 2600
    return observed({"people": values})


def women_who_overtake_men() -> pl.DataFrame:
    people = halves(9)
    total = people["sex=m"] + people["sex=f"]
    share = np.array([0.51, 0.505, 0.498, 0.492])[:, None] + np.random.default_rng(9).normal(0, 0.002, (4, 30))
    men = (total * share).round()
    return observed({"sex=m": men, "sex=f": total - men})


def small_districts_alike_by_chance() -> pl.DataFrame:
    values = growing(10)
    values[:, 3], values[:, 17] = 7, 7
    return observed({"people": values})


@pytest.mark.parametrize(
    "natural",
    [
        areas_of_land, a_stock_that_stands_still, few_cases, a_flow_that_doubles, a_camp_that_opens,
        women_who_overtake_men, small_districts_alike_by_chance, lambda: observed(halves()),
    ],
)  # fmt: skip
def test_what_happens_by_itself_is_no_error(natural: Callable[[], pl.DataFrame]) -> None:
    assert found(natural()) == set()


# --- to be found ------------------------------------------------------------------------------------------------------


def test_a_year_that_repeats_another_is_found():
    values = growing()
    values[2] = values[1]
    assert {("repeated", "*", "2021")} == found(observed({"people": values}))


def test_rows_one_district_further_are_found_there_and_on_the_way_back():
    values = growing()
    values[1, 1:] = values[1, :-1]
    assert {("shifted", "*", "2020"), ("shifted", "*", "2021")} <= found(observed({"people": values}))


@pytest.mark.parametrize("power", [10, 100, 0.1, 0.001])
def test_a_column_in_another_unit_is_found(power):
    values = growing()
    values[3] *= power
    assert ("factor", "*", "2022") in found(observed({"people": values}))


def test_the_row_of_a_district_in_another_unit_is_found():
    people = halves()
    for values in people.values():
        values[2, 11] *= 10
    assert ("factor", f"{CITY}-11", "2021") in found(observed(people))


def test_a_figure_ten_times_too_large_that_is_back_a_year_later_is_found():
    values = growing()
    values[1, 7] *= 10
    assert ("factor", f"{CITY}-07", "2020") in found(observed({"people": values}))


def test_sexes_that_changed_places_in_one_year_are_found():
    people = halves()
    people["sex=m"][2], people["sex=f"][2] = people["sex=f"][2].copy(), people["sex=m"][2].copy()
    assert found(observed(people)) == {("exchanged", "*", "2021"), ("exchanged", "*", "2022")}


def test_a_district_with_the_rows_of_another_is_found():
    people = halves()
    columns = {**people, "age=0-17": (people["sex=m"] * 0.17).round(), "age=65+": (people["sex=f"] * 0.23).round()}
    for values in columns.values():
        values[3, 8] = values[3, 20]
    twins = {area for rule, area, _ in found(observed(columns)) if rule == "twin"}
    assert twins == {f"{CITY}-08", f"{CITY}-20"}


def test_two_tables_that_are_equal_cell_by_cell_are_found():
    one = observed({"costs": growing()})
    other = one.with_columns(pl.lit("t2").alias("table"), pl.lit("births").alias("measure"))
    assert {rule for rule, *_ in found(pl.concat([one, other]))} == {"copied"}


def test_the_correlations_of_all_pairs_are_those_of_each_pair():
    rng = np.random.default_rng(11)
    now, before = rng.normal(size=(25, 4)), rng.normal(size=(25, 4))
    now[3, 1] = before[9, 2] = np.nan
    number, about_zero, about_mean, _ = correlations(now, before)
    for a, b in [(0, 1), (1, 2), (2, 3)]:
        one, other = now[:, a] - now[:, b], before[:, a] - before[:, b]
        there = ~(np.isnan(now[:, [a, b]]).any(axis=1) | np.isnan(before[:, [a, b]]).any(axis=1))
        one, other = one[there], other[there]
        assert number[a, b] == there.sum()
        assert about_zero[a, b] == pytest.approx(one @ other / np.sqrt((one @ one) * (other @ other)))
        assert about_mean[a, b] == pytest.approx(np.corrcoef(one, other)[0, 1])


def test_a_violation_says_no_value():
    values = growing()
    values[3] *= 10
    judge = Judge(tables.source(), TODAY)
    rows = figures(observed({"people": values}))
    judge_continuity(judge, rows, with_before(rows))
    assert judge.report.unknown
    assert not any(f"{value:.0f}" in repr(judge.report.unknown) for value in values[3])
