# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Two rows that changed places are found by their own series; rows that cross by themselves are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quality.checks.continuity import figures, with_before
from quality.checks.series import with_steps
from quality.checks.swapped import judge_swapped
from quality.checks.violations import Judge
from tests.quality import tables
from tests.quality.tables import CITY, TODAY

Rows = Mapping[str, Sequence[float]]
MANY = {f"var2=entry_{number}": [1000.0 * number + more for more in (13, 37, 21)] for number in range(1, 9)}
"""Eight quiet rows of three years."""


def found(*columns: Rows, dimension: str = "") -> set[tuple[str, str]]:
    """What is found in rows (by their dims) of one or more columns over some years."""
    rows = [
        tables.observation(
            CITY, float(value), period=str(2020 + year), column=chr(66 + place), dims=dims, cell=f"S!B{number}{year}"
        )
        for place, column in enumerate(columns)
        for number, (dims, values) in enumerate(column.items())
        for year, value in enumerate(values)
    ]
    judge, observed = Judge(tables.source(), TODAY), figures(tables.observations(rows))
    judge_swapped(judge, with_steps(observed, with_before(observed)))
    return {(one.identity, one.period) for one in judge.report.unknown}


def with_swap(rows: Rows, one: str, other: str, year: int) -> Rows:
    """The same rows with the figures of two exchanged in one year."""
    changed = {name: list(values) for name, values in rows.items()}
    changed[one][year], changed[other][year] = changed[other][year], changed[one][year]
    return changed


def test_two_rows_of_a_quiet_table_that_changed_places_are_found_at_either_end_and_amid() -> None:
    assert found(MANY) == set()
    for year in range(3):
        assert found(with_swap(MANY, "var2=entry_1", "var2=entry_7", year)) == {("exchanged.B", str(2020 + year))}


def test_small_rows_are_told_by_several_columns_together() -> None:
    small = {name: [value / 200 for value in values] for name, values in MANY.items()}
    whole = {name: [round(value) for value in values] for name, values in small.items()}
    swapped = with_swap(whole, "var2=entry_2", "var2=entry_8", 2)
    assert found(swapped) == set()
    assert found(swapped, swapped, swapped) == {(f"exchanged.{column}", "2022") for column in "BCD"}


def test_rows_that_move_on_by_themselves_are_no_exchange() -> None:
    ages = {f"age={age}": [400.0, 400.0, 400.0] for age in range(30, 40)}
    ages |= {"age=40": [900.0, 400.0, 400.0], "age=41": [400.0, 900.0, 400.0], "age=42": [400.0, 400.0, 900.0]}
    assert found(ages) == set()


def test_rows_of_a_restless_table_say_nothing() -> None:
    restless = {f"var2=entry_{number}": [9.0 * number, 70.0 * number, 5.0 * number] for number in range(1, 9)}
    assert found(with_swap(restless, "var2=entry_1", "var2=entry_7", 2)) == set()
