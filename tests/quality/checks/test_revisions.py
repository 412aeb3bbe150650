# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a delivery says otherwise than the one before is told; what cannot be a revision is a violation."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from quality.checks.revisions import counted, judge_revisions, revised
from quality.checks.violations import Judge
from tests.quality.tables import CITY, observation, observations, source

TODAY = dt.date(2026, 11, 22)
DISTRICTS = [f"{CITY}-{number:02d}" for number in range(1, 6)]
BEFORE = [1204.0, 3310.0, 587.0, 2291.0, 904.0]


def delivered(values: list[float | None], snapshot: str, month: int, **fields: object) -> pl.DataFrame:
    about = {"snapshot": snapshot, "received_at": dt.datetime(2024, month, 1, tzinfo=dt.UTC), **fields}
    return observations([observation(area, value, **about) for area, value in zip(DISTRICTS, values, strict=True)])


def rules(now: list[float | None]) -> set[tuple[str, str]]:
    changed = revised(pl.concat([delivered(BEFORE, "old", 1), delivered(now, "new", 2)]))
    judge = Judge(source(), TODAY)
    judge_revisions(judge, changed)
    return {(one.identity, one.area) for one in judge.report.unknown}


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (BEFORE, set()),
        ([1204.0, 3310.0, 590.0, 2291.0, 904.0], set()),
        ([1251.0, 3402.0, 611.0, 2350.0, 950.0], set()),
        ([904.0, 1204.0, 3310.0, 587.0, 2291.0], {("revised.moved", "*")}),
        ([3310.0, 1204.0, 587.0, 2291.0, 904.0], {("revised.moved", "*")}),
        ([1.204, 3.31, 0.587, 2.291, 0.904], {("revised.factor", "*")}),
        ([1204.0, 3310.0, 587.0, 2291.0, 90.4], {("revised.factor", DISTRICTS[4])}),
        ([1204.0, 3310.0, None, 2291.0, 904.0], set()),
    ],
    ids=["equal", "one", "all", "shifted", "swapped", "thousands", "a digit", "withheld"],
)
def test_figures_that_stood_elsewhere_or_jump_are_no_revision(
    now: list[float | None], found: set[tuple[str, str]]
) -> None:
    assert rules(now) == found


def test_every_entry_that_changed_is_counted_by_table_and_period() -> None:
    now = [1204.0, 3310.0, None, 2290.0, 904.0]
    assert counted(revised(pl.concat([delivered(BEFORE, "old", 1), delivered(now, "new", 2)]))) == {"t1 2023": 2}


def test_a_table_delivered_once_is_no_revision_nor_is_a_year_that_is_new() -> None:
    assert revised(delivered(BEFORE, "old", 1)).is_empty()
    new = delivered(BEFORE[::-1], "new", 2, period="2024")
    assert revised(pl.concat([delivered(BEFORE, "old", 1), new])).is_empty()


def test_what_counts_is_the_delivery_just_before_the_newest() -> None:
    other = [value + 1 for value in BEFORE]
    three = [delivered(BEFORE, "a", 1), delivered(other, "b", 2), delivered(other, "c", 3)]
    assert revised(pl.concat(three)).is_empty()
    assert revised(pl.concat(three[:2])).height == len(DISTRICTS)
