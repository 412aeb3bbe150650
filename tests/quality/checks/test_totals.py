# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A total that nobody declared is believed where it holds everywhere else, and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from quality.checks.continuity import figures
from quality.checks.totals import judge_totals
from quality.checks.violations import Judge
from tests.quality import tables
from tests.quality.tables import CITY, TODAY

Table = list[list[float]]
YEARS = 6


def totals(seed: int = 1) -> Table:
    """Years of a total and its three parts, and of a column of its own."""
    rng = random.Random(seed)
    parts = [[rng.randrange(200, 900) for _ in range(3)] for _ in range(YEARS)]
    return [[float(sum(row)), *map(float, row), float(rng.randrange(5_000))] for row in parts]


def found(table: Table, declared: tuple[tuple[str, str], ...] = (), unit: str = "unknown") -> set[tuple[str, str]]:
    """What is found in a table: rule and year. Rows are years, columns B, C, D …"""
    rows = [
        tables.observation(
            CITY, value, period=str(2015 + year), column=f"var{place}", measure=f"t1.var{place}", unit=unit,
            cell=f"Sheet 1!{chr(66 + place)}{year + 2}",
        )
        for year, row in enumerate(table)
        for place, value in enumerate(row)
    ]  # fmt: skip
    judge = Judge(tables.source(), TODAY)
    judge_totals(judge, figures(tables.observations(rows)), declared)
    return {(one.identity, one.period) for one in judge.report.unknown}


def but(year: int, place: int, change: Callable[[float], float]) -> Table:
    table = totals()
    table[year][place] = change(table[year][place])
    return table


def test_a_total_that_holds_is_no_news() -> None:
    assert found(totals()) == set()


@pytest.mark.parametrize("place", range(4))
def test_a_figure_in_thousands_breaks_the_total_that_it_stands_in(place: int) -> None:
    assert found(but(3, place, lambda value: value / 1000)) == {("total.var0", "2018")}


def test_a_column_that_is_in_no_total_may_be_anything() -> None:
    assert found(but(3, 4, lambda value: value * 100)) == set()


def test_a_little_off_is_a_matter_of_rounding_and_revision() -> None:
    assert found(but(3, 1, lambda value: value + 40)) == set()


def test_a_total_that_often_is_none_is_not_believed() -> None:
    table = totals()
    for year in (1, 3):
        table[year][1] *= 9
    assert found(table) == set()


def test_columns_that_changed_places_in_all_rows_of_one_year_are_seen() -> None:
    table = totals()
    table[5][0], table[5][2] = table[5][2], table[5][0]
    assert found(table) == {("total.var0", "2020")}


def test_a_declared_total_is_judged_where_it_is_declared() -> None:
    assert found(but(3, 0, lambda value: 1.0), (("t1", "var0"),)) == set()


@pytest.mark.parametrize("seed", range(20))
def test_chance_makes_no_total(seed: int) -> None:
    rng = random.Random(seed)
    assert found([[float(rng.randrange(40)) for _ in range(8)] for _ in range(YEARS)]) == set()


def entries(*rows: tuple[str, list[float]]) -> set[tuple[str, str]]:
    observed = [
        tables.observation(CITY, value, period=str(2020 + year), column="var3", dims=f"var2={name}", unit="unknown",
                           measure="t1.var3", cell=f"Sheet 1!C{number}{year}")
        for number, (name, values) in enumerate(rows)
        for year, value in enumerate(values)
    ]  # fmt: skip
    judge = Judge(tables.source(), TODAY)
    judge_totals(judge, figures(tables.observations(observed)))
    return {(one.identity, one.period) for one in judge.report.unknown}


def test_an_entry_called_a_total_is_not_smaller_than_a_part() -> None:
    parts = ("Handel", [30.0, 31.0, 33.0]), ("Bau", [12.0, 10.0, 11.0])
    assert entries(("Unternehmen_insgesamt", [80.0, 84.0, 82.0]), *parts) == set()
    assert entries(("Unternehmen_insgesamt", [80.0, 84.0, 12.0]), *parts) == {("total.named", "2022")}


def test_an_entry_called_a_total_that_is_none_in_other_years_says_nothing() -> None:
    assert entries(("insgesamt", [8.0, 84.0, 12.0]), ("Handel", [30.0, 31.0, 33.0])) == set()
