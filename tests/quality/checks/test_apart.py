# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""An area far from all others is seen where these are alike; counts, which are as large as the area, say nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from quality.checks.apart import judge_apart
from quality.checks.continuity import figures
from quality.checks.violations import Judge
from tests.quality import tables
from tests.quality.tables import TODAY

RATES = [4200, 4350, 3900, 5100, 4700, 4620, 4010, 3850, 5230, 4480, 4390, 4075, 4810]


def found(values: Sequence[float], unit: str = "eur_per_person") -> set[tuple[str, str]]:
    rows = [
        tables.observation(f"{1001 + area:05}", float(value), unit=unit, measure="t1.rate", cell=f"S!B{area + 2}")
        for area, value in enumerate(values)
    ]
    judge = Judge(tables.source(), TODAY)
    judge_apart(judge, figures(tables.observations(rows)))
    return {(one.identity, one.area) for one in judge.report.unknown}


@pytest.mark.parametrize("wrong", [4.2, 0, 380, 52_400, 4_200_000])
def test_one_area_ten_times_off_or_zero_is_seen(wrong: float) -> None:
    assert found(RATES) == set()
    assert found([wrong, *RATES[1:]]) == {("apart.total[]", "01001")}


def test_counts_are_as_large_as_their_area() -> None:
    assert found([12, *(value * 3**place for place, value in enumerate(RATES))]) == set()


def test_two_of_them_are_a_kind_of_their_own_and_few_areas_say_nothing() -> None:
    assert found([4.2, 4.4, *RATES]) == set()
    assert found([0, 0, *RATES]) == set()
    assert found([4.2, *RATES[:9]]) == set()


def test_territory_and_signed_figures_are_left_alone() -> None:
    assert found([4.2, *RATES], unit="km2") == set()
    assert found([-4.2, *RATES]) == set()
