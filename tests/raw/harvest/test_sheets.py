# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Sheets: what each word of a family's `layout:` does to a small table."""

from __future__ import annotations

import pytest

from raw.contracts import TableContract
from raw.harvest.grid import Cell, Grid
from raw.harvest.layout import Block, LayoutFault, row_fingerprint
from raw.harvest.sheets import SheetFamily

Rows = list[list[Cell]]


def grid(rows: Rows) -> Grid:
    width = max(map(len, rows))
    return Grid("Blatt", [row + [None] * (width - len(row)) for row in rows])


def block(rows: Rows, contract: str = "", **layout: object) -> Block:
    family = SheetFamily({"code": "c", "layout": {"anchor": "Gebiet", **layout}})
    table = {"id": "t", "title": {"de": "t"}, "detect": "c", "columns": {}, "area": {"stub": "Gebiet"}}
    extra = {"rows": {"Art": {"A": "take", "B": "pass"}}} if contract == "rows" else {}
    return family.blocks([grid(rows)], TableContract.model_validate({**table, **extra}))[0]


def test_merged_cells_stand_over_their_right_neighbours_and_not_over_the_next_group() -> None:
    rows: Rows = [["Gebiet", "Frauen", None, "Alle"], [None, "alt", "jung", None], ["a", 1.0, 2.0, 3.0]]
    assert list(block(rows, leading=["area"], fill=True).headers.values()) == ["Frauen | alt", "Frauen | jung", "Alle"]
    assert list(block(rows, leading=["area"]).headers.values()) == ["Frauen | alt", "jung", "Alle"]


def test_the_header_ends_where_a_row_has_its_first_cell_and_a_number() -> None:
    rows: Rows = [["Titel"], ["Gebiet", "x"], ["Nr.", "Wort"], [], ["a", "1.234"], ["b", "-"]]
    found = block(rows, leading=["area"])
    assert (found.headers, list(found.rows), found.stubs["area"]) == ({1: "x | Wort"}, [4, 5], ["a", "b"])


def test_notes_end_the_table_and_an_empty_row_does_not() -> None:
    rows: Rows = [["Gebiet", "x"], ["a", 1.0], [], ["b", 2.0], ["Quelle: erfunden"], ["c", 3.0]]
    assert list(block(rows, leading=["area"], ends=["Quelle"]).rows) == [1, 3]
    assert list(block(rows, leading=["area"]).rows) == [1, 3, 4, 5]


def test_headings_stand_over_rows_and_entries_hold_for_the_empty_cells_below() -> None:
    rows: Rows = [
        ["Gebiet", None, 2023.0],
        ["Männer"],
        ["Nord", "alt", 1.0],
        [None, "jung", 2.0],
        ["Frauen"],
        [None, "alt", 3.0],
    ]
    layout = {"leading": ["area", "age"], "headings": True, "fill_down": ["area"]}
    turned = block(rows, **layout, transpose=True)
    assert list(turned.headers.values()) == ["Männer | Nord | alt", "Männer | Nord | jung", "Frauen | alt"]
    assert turned.stubs["period"] == ["2023"]
    assert turned.grid.address(turned.rows[0], 3) == "Blatt!C4"
    assert block(rows, **layout).stubs["area"] == ["Nord", "Nord", ""]


def test_a_header_may_begin_a_group_of_columns_whose_names_come_again() -> None:
    rows: Rows = [["Gebiet", "Erste", "P", "P", "Zweite", "P"], ["a", 1.0, 2.0, 3.0, 4.0, 5.0]]
    found = block(rows, leading=["area"], groups={"Erste": "I", "Zweite": "II"}, numbered=True)
    assert list(found.headers.values()) == ["Erste", "I | P", "I | P (2)", "Zweite", "II | P"]


def test_an_entry_of_a_leading_column_that_comes_again_is_numbered() -> None:
    rows: Rows = [["Gebiet", "x"], ["a", 1.0], ["b", 2.0], ["a", 3.0]]
    assert block(rows, leading=["area"], repeats=["area"]).stubs["area"] == ["a", "b", "a (2)"]


def test_rows_of_another_table_are_passed_over_and_what_is_neither_is_a_fault() -> None:
    rows: Rows = [["Gebiet", "Art", "x"], ["a", "A", 1.0], ["a", "B", 2.0], ["b", "A", 3.0]]
    assert list(block(rows, "rows").rows) == [1, 3]
    rows[3][1] = "C"
    faulty = block(rows, "rows")
    assert [(fault.code, fault.cell, fault.what) for fault in faulty.faults] == [("label", "Blatt!B4", "Art")]


def test_a_header_that_continues_in_the_rows_must_continue_the_same_in_all() -> None:
    rows: Rows = [["Gebiet", "W.1", "N.1"], ["a", 1.0, "Fläche"], ["b", 2.0, "Fläche"]]
    layout = {"values_of": {r"W\.(\d)": r"N.\1"}}
    assert block(rows, **layout).headers == {1: "W.1 | Fläche"}
    rows[2][2] = "Länge"
    assert [fault.code for fault in block(rows, **layout).faults] == ["layout"]


def test_an_entry_above_the_table_holds_for_all_rows_and_has_its_own_cell() -> None:
    rows: Rows = [["Stand 2019"], ["Gebiet", "x"], ["a", 1.0], ["b", 2.0]]
    found = block(rows, leading=["area"], from_text={"area_vintage": r"Stand (\d{4})"})
    assert (found.stubs["area_vintage"], found.fixed) == (["2019", "2019"], {"area_vintage": (0, 0)})
    missing = block(rows, leading=["area"], from_text={"area_vintage": "Jahr (.*)"})
    assert [fault.code for fault in missing.faults] == ["layout"]


def test_a_sheet_without_the_anchor_or_without_data_has_no_table() -> None:
    family = SheetFamily({"layout": {"anchor": "Gebiet"}})
    for rows in ([["Ort", "x"], ["a", 1.0]], [["Gebiet", "x"], ["a", "b"]]):
        assert family.identify([grid(rows)]) == []
    with pytest.raises(LayoutFault, match="sheet_missing"):
        block([["Ort", "x"], ["a", 1.0]])


def test_a_row_has_the_same_fingerprint_wherever_it_stands_and_another_once_it_changes() -> None:
    one, two = grid([["a", 1.0], ["b", 2.0]]), grid([["b", 2.0], ["a", 1.5]])
    assert row_fingerprint(one, 1) == row_fingerprint(two, 0)
    assert row_fingerprint(one, 0) != row_fingerprint(two, 1)
