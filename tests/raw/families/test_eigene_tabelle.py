# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables made by hand: found wherever they stand, header paths under merged cells, notes are no rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from raw.families.eigene_tabelle import identify, tables
from raw.harvest.grid import Cell, Grid

PLAIN: list[list[Cell]] = [
    ["Ort", "Zahl", None],
    [None, "Männer", "Frauen"],
    ["A", 1.0, 2.0],
    ["B", "-", "1.234"],
]


def grid(*rows: list[Cell]) -> Grid:
    width = max(len(row) for row in rows)
    return Grid("Blatt", [[*row, *[None] * (width - len(row))] for row in rows])


@given(st.integers(0, 9), st.integers(0, 4), st.booleans(), st.booleans())
def test_a_table_is_found_wherever_it_stands(down: int, right: int, titled: bool, noted: bool) -> None:
    rows: list[list[Cell]] = [[None] * (3 + right) for _ in range(down)]
    rows += [["Titel der Tabelle 2023"], []] if titled else []
    rows += [[*[None] * right, *row] for row in PLAIN]
    rows += [["1) am Jahresende"], ["Quelle: Amt"]] if noted else []
    (found,) = tables(grid(*rows, []))
    assert list(found.headers.values()) == ["Ort", "Zahl | Männer", "Zahl | Frauen"]
    assert (found.end - found.first, min(found.headers)) == (2, right)
    assert found.titles == (["Titel der Tabelle 2023"] if titled else [])


def test_two_tables_below_each_other_are_two() -> None:
    other: list[list[Cell]] = [["Jahr", "Fälle", "Quote"], [2022.0, 5.0, 0.5], [2023.0, 6.0, 0.5]]
    found = identify([grid(["Erste"], *PLAIN, [], ["Zweite"], *other)])
    assert [(one["title"], one["header"]) for one in found] == [
        ("Erste", "Ort; Zahl | Männer; Zahl | Frauen"),
        ("Zweite", "Jahr; Fälle; Quote"),
    ]


def test_a_column_of_figures_without_a_header_is_not_lost() -> None:
    (found,) = tables(grid(["Ort", "Zahl"], ["A", 1.0, 7.0], ["B", 2.0, 8.0]))
    assert found.headers == {0: "Ort", 1: "Zahl", 2: ""}


def test_years_that_stand_over_columns_are_a_header() -> None:
    (found,) = tables(grid(["Haushalte"], ["Ort", 2021.0, 2022.0], ["A", 2020.0, 2021.5], ["B", 1.0, 2.0]))
    assert list(found.headers.values()) == ["Ort", "2021", "2022"]
    assert found.end - found.first == 2


CELLS = st.one_of(st.none(), st.floats(allow_nan=False), st.text("aZ1. -)", max_size=6), st.sampled_from(["2023", "-"]))


@given(st.lists(st.lists(CELLS, min_size=5, max_size=5), max_size=12))
def test_any_sheet_is_looked_through_to_its_end(rows: list[list[Cell]]) -> None:
    found = list(tables(Grid("Blatt", rows)))
    places = [row for one in found for row in (one.top, one.first, one.end)]
    assert places == sorted(places), "tables follow each other and do not overlap"
    assert all(one.top < one.first < one.end for one in found)
