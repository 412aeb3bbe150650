# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A sign that a table uses in one cell only is told with its cell; a sign among others of its kind is not."""

from __future__ import annotations

from quality.checks.signs import MANY, by_cell, lone_signs
from tests.quality import tables
from tests.quality.tables import CITY


def told(statuses: str, count: int = MANY) -> dict[str, str]:
    """What is told of a table of so many cells, the first of which have these statuses."""
    rows = [
        tables.observation(CITY, 5.0 if status == "A" else None, obs_status=status, period=str(1900 + year))
        for year, status in enumerate(statuses.ljust(count, "A"))
    ]
    return by_cell(lone_signs(tables.observations(rows)))


def test_the_only_sign_of_a_table_is_told_with_its_cell() -> None:
    assert told("") == {}
    assert told("AAQ") == {"t1 Sheet 1!B4": "Q"}
    assert told("OQOM") == {"t1 Sheet 1!B3": "Q", "t1 Sheet 1!B5": "M"}


def test_a_sign_that_is_used_twice_and_one_in_a_small_table_are_not() -> None:
    assert told("QQ") == {}
    assert told("Q", MANY - 1) == {}


def test_texts_do_not_count() -> None:
    rows = [tables.observation(CITY, None, unit="text", obs_status="O", period=str(1900 + year)) for year in range(50)]
    assert lone_signs(tables.observations(rows[:1] + rows)).is_empty()
