# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Unsafe by itself: small counts, small rests, and small counts that other cells imply."""

from __future__ import annotations

import polars as pl
import pytest

from quality.disclosure.rules import load_rules
from quality.disclosure.thin.unsafe import differences, mark_unsafe
from tests.quality import tables
from tests.quality.tables import CITY, cell


def marks(*rows: dict, column: str = "unsafe", tier: str = "public") -> list[bool]:
    frame = tables.cells(rows).with_columns(known=pl.col("publicity") == "public")
    return mark_unsafe(frame, load_rules(), tier)[column].to_list()


@pytest.mark.parametrize(("value", "unsafe"), [(0.0, False), (0.5, True), (1.0, True), (2.0, True), (3.0, False)])
def test_personal_counts_below_three_are_unsafe_and_zero_is_not(value, unsafe):
    assert marks(cell(CITY, value)) == [unsafe]


@pytest.mark.parametrize(
    ("value", "tier", "unsafe"), [(4.0, "public", True), (5.0, "public", False), (4.0, "internal", False)]
)
def test_social_counts_have_a_higher_threshold_in_public(value, tier, unsafe):
    assert marks(cell(CITY, value, concept="care"), tier=tier) == [unsafe]


@pytest.mark.parametrize("fields", [{"publicity": "public"}, {"concept": "dwellings"}, {"concept": "disp_income"}])
def test_public_figures_and_what_counts_nobody_are_not_unsafe(fields):
    assert marks(cell(CITY, 1.0, **fields)) == [False]


@pytest.mark.parametrize(("women", "unsafe"), [(100.0, True), (99.0, True), (98.0, True), (97.0, False)])
def test_a_part_that_leaves_almost_nobody_is_unsafe(women, unsafe):
    assert marks(cell(CITY, 100.0), cell(CITY, women, dims="sex=f")) == [False, unsafe]


def test_a_part_is_also_held_against_the_breakdown_that_it_refines():
    rows = [cell(CITY, 900.0), cell(CITY, 50.0, dims="age=0-2"), cell(CITY, 49.0, dims="age=0-2;sex=f")]
    assert marks(*rows) == [False, False, True]


def test_the_halves_of_a_dimension_are_a_whole_even_if_no_cell_holds_it():
    rows = [cell(CITY, 50.0, dims="age=0-2;sex=f"), cell(CITY, 0.0, dims="age=0-2;sex=m")]
    assert marks(*rows) == [True, False]


@pytest.mark.parametrize(("people", "unsafe"), [(30.0, True), (34.0, True), (35.0, False)])
def test_almost_everybody_is_unsafe_too(people, unsafe):
    around = cell(CITY, people, publicity="public", basis="fortschreibung_z2022")
    assert marks(around, cell(CITY, 30.0, concept="unemp")) == [False, unsafe]


def test_a_figure_of_another_basis_that_is_smaller_is_no_whole():
    assert marks(cell(CITY, 20.0, basis="zensus"), cell(CITY, 30.0, concept="unemp")) == [False, False]


def test_publishing_the_people_around_a_public_count_may_show_a_small_rest():
    rows = [cell(CITY, 32.0), cell(CITY, 30.0, concept="unemp", publicity="public")]
    assert marks(*rows, column="seed") == [True, False]


# --- counts that no cell holds ---


def test_two_age_groups_imply_the_small_group_between_them():
    rows = [cell(CITY, 40.0, dims="age=0-17"), cell(CITY, 38.0, dims="age=0-14"), cell(CITY, 100.0, dims="age=65+")]
    assert marks(*rows, column="seed") == [True, True, False]
    assert marks(*rows) == [False, False, False]


def test_the_total_closes_the_line_of_ages():
    rows = [cell(CITY, 90.0), cell(CITY, 50.0, dims="age=0-17"), cell(CITY, 39.0, dims="age=20+")]
    assert marks(*rows, column="seed") == [True, True, True]


def test_halves_that_leave_somebody_without_a_statement_imply_them():
    rows = [cell(CITY, 90.0), cell(CITY, 50.0, dims="sex=f"), cell(CITY, 39.0, dims="sex=m")]
    assert marks(*rows, column="seed") == [True, True, True]


@pytest.mark.parametrize(("city", "seeds"), [(21.0, True), (20.0, False), (60.0, False)])
def test_districts_that_leave_almost_nobody_imply_the_one_that_is_missing(city, seeds):
    rows = [cell(f"{CITY}-01", 12.0), cell(f"{CITY}-02", 8.0), cell(CITY, city)]
    assert marks(*rows, column="seed")[:2] == [seeds, seeds]


def test_a_withheld_district_implies_nothing_by_itself_but_is_a_seed():
    rows = [cell(f"{CITY}-01", 12.0), cell(f"{CITY}-02", None), cell(CITY, 13.0)]
    assert marks(*rows, column="seed") == [False, True, False]


def test_an_agencys_withheld_cell_among_public_ones_is_not_our_business():
    assert marks(cell("15001", None, publicity="public"), column="seed") == [False]


def test_an_agencys_withheld_cell_beside_confidential_ones_is():
    rows = [cell("15001", None, publicity="public"), cell("15001000", 12.0)]
    assert marks(*rows, column="seed") == [True, False]


@pytest.mark.parametrize(
    ("offered", "implied"),
    [
        (["age=0-2", "age=0-5"], [{"age=0-5": 1.0, "age=0-2": -1.0}]),
        (["", "age=65+"], [{"": 1.0, "age=65+": -1.0}]),
        (["age=0-2", "age=3-5"], []),
        (["age=0-2", "age=6-17"], []),
        (["age=0-2", "age=3-5", "age=0-5"], []),
        (["age=0-64;sex=f", "age=0-17;sex=f"], [{"age=0-64;sex=f": 1.0, "age=0-17;sex=f": -1.0}]),
        (["age=0-64;sex=f", "age=0-17;sex=m"], []),
        (["", "sex=f", "sex=m"], [{"": 1.0, "sex=m": -1.0, "sex=f": -1.0}]),
        (["", "sex=f"], []),
    ],
)
def test_differences_of_dimension_strings(offered, implied):
    assert differences(offered) == implied
