# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The audit: what is given away by equations, and what is not; and that it imports nothing of the door."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.disclosure.thin import audit as module
from quality.disclosure.thin.audit import audit, follows_from_public
from tests.quality import tables
from tests.quality.tables import CITY, cell, made

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]


def found(rows: list[dict[str, Any]], *hidden: int, unsafe: tuple[int, ...] = ()) -> list[int]:
    """The places of the rows that the audit finds, if the rows at these places are withheld."""
    names = [row["cell"] for row in rows]
    judged = tables.cells(rows).with_columns(
        pl.Series("withheld", [number in hidden or rows[number]["value"] is None for number in range(len(rows))]),
        pl.Series("unsafe", [number in unsafe for number in range(len(rows))]),
    )
    return sorted(names.index(name) for name in audit(judged))


def city(*values: float | None, total: float = 60.0) -> list[dict[str, Any]]:
    return [cell(CITY, total)] + [cell(area, value) for area, value in zip(DISTRICTS, values, strict=True)]


def test_nothing_withheld_gives_nothing_away():
    assert found(city(10.0, 20.0, 30.0)) == []


def test_one_withheld_district_beside_the_total_is_given_away():
    assert found(city(10.0, 20.0, 30.0), 1) == [1]


def test_two_withheld_districts_are_not():
    assert found(city(10.0, 20.0, 30.0), 1, 2) == []


def test_a_withheld_total_of_published_districts_is_given_away():
    assert found(city(10.0, 20.0, 30.0), 0) == [0]


def test_what_was_given_away_gives_away_the_next():
    rows = [*city(10.0, 20.0, 30.0), cell(CITY, 28.0, dims="sex=f"), cell(CITY, 32.0, dims="sex=m")]
    rows += [cell(DISTRICTS[1], 9.0, dims="sex=f"), cell(DISTRICTS[1], 11.0, dims="sex=m")]
    assert found(rows, 1, 2) == [1, 2]


def test_districts_that_do_not_add_up_are_no_equation():
    assert found(city(10.0, 20.0, 30.0, total=75.0), 1) == []


def test_halves_give_each_other_away():
    rows = [cell(CITY, 50.0), cell(CITY, 30.0, dims="sex=f"), cell(CITY, 20.0, dims="sex=m")]
    assert found(rows, 1) == [1]
    assert found(rows, 1, 2) == []


def test_ages_that_follow_one_another_are_an_equation_in_every_way():
    ages = {"0-17": 10.0, "18-64": 20.0, "65+": 30.0, "18+": 50.0, "0-64": 30.0}
    rows = [cell(CITY, 60.0), *(cell(CITY, value, dims=f"age={code}") for code, value in ages.items())]
    assert found(rows, 2) == [2]
    assert found(rows, 1, 2, 3, 4) == [3]
    assert found(rows, 1, 2, 3, 4, 5) == []
    assert found(rows, 1, 2, 3) == [1, 2, 3]


def test_a_level_that_was_not_delivered_does_not_hide_the_equation():
    rows = [cell("15", 60.0), cell("15001001", 10.0), cell("15002001", 50.0)]
    assert found(rows, 1) == [1]


def test_a_region_and_its_only_kreis_are_an_equation():
    rows = [cell("150", 10.0), cell("15001", 10.0), cell("15101", 50.0), cell("15", 60.0), cell("15102", 7.0)]
    assert found(rows, 1) == [1]


def test_a_difference_gives_a_year_away():
    before, now = cell(CITY, 40.0, period="2022"), cell(CITY, 50.0)
    rows = [before, now, made("pop - prev", [(-1.0, before), (1.0, now)])]
    assert found(rows, 0) == [0]
    assert found(rows, 0, 2) == []


def test_a_balance_of_known_terms_is_no_secret():
    before, now = cell(CITY, 40.0, period="2022", publicity="public"), cell(CITY, 50.0, publicity="public")
    rows = [before, now, made("pop - prev", [(-1.0, before), (1.0, now)], publicity="confidential")]
    assert found(rows, 2) == []


# --- intervals ---


def test_ones_in_a_row_are_found_by_what_is_left_for_the_others():
    """Men and women of two districts: the margins leave each cell one number."""
    rows = [cell(CITY, 5.0, dims="sex=f"), cell(CITY, 1.0, dims="sex=m"), cell(CITY, 6.0)]
    rows += [cell(DISTRICTS[0], 6.0), cell(DISTRICTS[1], 0.0)]
    rows += [cell(DISTRICTS[0], value, dims=f"sex={sex}") for sex, value in (("f", 5.0), ("m", 1.0))]
    rows += [cell(DISTRICTS[1], 0.0, dims=f"sex={sex}") for sex in "fm"]
    hidden = (5, 6, 7, 8)
    assert found(rows, *hidden, unsafe=(6,)) == [6]
    assert found(rows, *hidden) == []


def test_a_count_within_another_can_be_pinned_by_the_people_there_are():
    rows = [cell(CITY, 5.0, concept="unemp"), cell(DISTRICTS[0], 4.0), cell(DISTRICTS[1], 1.0)]
    rows += [cell(DISTRICTS[0], 4.0, concept="unemp"), cell(DISTRICTS[1], 1.0, concept="unemp")]
    assert found(rows, 3, 4, unsafe=(4,)) == [4]
    rows[2] = cell(DISTRICTS[1], 90.0)
    assert found(rows, 3, 4, unsafe=(4,)) == []


# --- what was given away by others ---


def test_what_public_tables_give_away_is_not_ours():
    rows = [row | {"publicity": "public"} for row in city(10.0, 20.0, 30.0)]
    assert found([*rows, cell("15001", 5.0)], 1) == []


def test_a_cell_that_its_agency_withheld_and_we_would_give_away_is_found():
    rows = [cell("15001", None, publicity="public"), cell("15001001", 10.0), cell("15001002", 20.0)]
    assert found(rows) == [0]


def test_a_cell_that_its_agency_withheld_among_its_own_is_not_ours():
    rows = [row | {"publicity": "public"} for row in city(10.0, 20.0, None)]
    assert found([*rows, cell("15001", 5.0)]) == []


def test_one_delivered_district_without_a_value_is_not_taken_for_all_of_them():
    assert found([cell("15001", 90.0), cell("15001001", None)]) == []


def test_what_follows_from_public_cells_is_as_good_as_public():
    rows = [
        cell(CITY, 60.0, publicity="public"),
        cell(DISTRICTS[0], 10.0, publicity="public"),
        cell(DISTRICTS[1], 50.0),
    ]
    rows += [cell(area, 5.0, dims="sex=f") for area in DISTRICTS[:2]]
    assert follows_from_public(tables.cells(rows)).tolist() == [True, True, True, False, False]


# --- independence ---


def test_the_audit_imports_nothing_of_the_door():
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not [name for name in imported if name and name.startswith("quality")]


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_the_order_of_cells_does_not_matter(order):
    rows = city(10.0, 20.0, 30.0)[order]
    hidden = next(number for number, row in enumerate(rows) if row["area"] == DISTRICTS[0])
    assert found(rows, hidden) == [hidden]
