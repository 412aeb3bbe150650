# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Breaks of the catalogue: on which basis they are, and how far back the KPIs look that meet them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transforms.catalogue import CatalogueError, load
from transforms.catalogue.breaks import look_back, reaches

Z2011, Z2022 = "fortschreibung_z2011", "fortschreibung_z2022"


def test_a_new_population_basis_is_a_break_of_figures_on_that_basis_alone() -> None:
    found = 0
    for kpi in load():
        for one in kpi.breaks:
            if "census: new population basis" in one.reason.en:
                assert set(one.basis) - {"bevoelkerungsbewegung"} == {{2011: Z2011, 2022: Z2022}[one.first]}, kpi.id
                found += 1
            else:
                assert one.basis == (), kpi.id
    assert found == 249


def test_only_statistics_over_a_population_have_a_census_break_on_another_basis() -> None:
    others = {kpi.id for kpi in load() for one in kpi.breaks if "bevoelkerungsbewegung" in one.basis}
    assert others == {"life_expectancy", "total_fertility_rate"}
    assert all(load()[kpi].statistic and load()[kpi].denominator_bases for kpi in others)


def test_the_years_of_a_change_follow_from_its_measures() -> None:
    found = {kpi.id: look_back(kpi) for kpi in load() if look_back(kpi)}
    assert found == {"pop_change_1y": 1, "pop_change_5y": 5, "social_burden_dynamics": 3}


@pytest.mark.parametrize(
    ("numerator", "years"),
    [
        ("pop_total", 0),
        ("pop_total_prev5", 0),
        ("pop_total + pop_total_prev1", 0),
        ("births - deaths", 0),
        ("pop_total_prev1 - pop_total_prev5", 4),
        ("pop_mean - pop_total_prev1", 1),
        ("pop_total - pop_0_17", 0),
    ],
)
def test_a_change_takes_a_figure_from_the_same_figure_of_another_year(numerator: str, years: int) -> None:
    assert look_back(load()["share_65_plus"].model_copy(update={"numerator": numerator})) == years


@pytest.mark.parametrize(
    ("kpi", "expected"),
    [
        ("share_65_plus", (0, 0)),
        ("birth_rate", (0, 1)),
        ("crime_rate", (0, 1)),
        ("pop_change_5y", (0, 0)),
        ("total_fertility_rate", (1, 0)),
        ("life_expectancy", (3, 0)),
        ("car_density", (0, 0)),
    ],
)
def test_how_far_back_the_sides_of_a_kpi_reach(kpi: str, expected: tuple[int, int]) -> None:
    assert reaches(load()[kpi]) == expected


@pytest.mark.parametrize(
    ("breaks", "fault"),
    [
        ("[{from: 2022, basis: [census], reason: {de: x, en: x}}]", "break of 2022: not in the list of bases: census"),
        ("[{from: 2022, basis: [ba, ba], reason: {de: x, en: x}}]", "break of 2022: stands twice"),
        ("[{from: 2022, reason: {de: x, en: x}}, {from: 2022, reason: {de: x, en: x}}]", "stands twice"),
    ],
)
def test_a_break_of_no_basis_or_told_twice_is_a_fault(tmp_path: Path, breaks: str, fault: str) -> None:
    (tmp_path / "own.yml").write_text(f"pop_total: {{extends: pop_total, breaks: {breaks}}}", encoding="utf-8")
    with pytest.raises(CatalogueError, match=re.escape(fault)):
        load(site_kpis_dir=tmp_path)
