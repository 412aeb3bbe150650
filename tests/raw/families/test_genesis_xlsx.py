# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Workbooks of the GENESIS databases: titles, merged headers, reference dates as bands. Every number is invented."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from raw.harvest.harvest import Harvest
from tests.raw.build import Rows, write_xlsx
from tests.raw.families.reference import harvest

FOOT: Rows = [["______________"], ["Hinweis"], ["Version 2.0. | Stand: 04.05.2023 / 21:37:13"]]
UNIT = "Bevölkerungsstand (Anzahl)"
AREAS: Rows = [["DG", "Deutschland", 30, 10, 20], ["05382", "      Rhein-Sieg-Kreis", 5, ".", "-"]]
FOREIGNERS: Rows = [
    ["Ausländer: Kreise, Stichtag, Geschlecht"],
    ["Ausländer (Anzahl)"],
    ["Stichtag\nKreise", None, "männlich", "weiblich", "Insgesamt"],
    ["31.12.2021"],
    ["05382", "Rhein-Sieg-Kreis", 10, 20, 30],
    ["31.12.2022"],
    ["05382", "Rhein-Sieg-Kreis", 15, 20, 35],
    ["05354", "Aachen, Kreis (bis 20.10.2009)", "-", "-", "-"],
    ["12052", "Cottbus, kreisfreie Stadt", 1, 2, 3],
    *FOOT,
]


def population(header: Rows, rows: Rows) -> Rows:
    titles: Rows = [["Bevölkerung nach Geschlecht - Stichtag 31.12. - regionale\nTiefe: Kreis"], [UNIT]]
    return [*titles, *header, *rows, *FOOT]


HEADER: Rows = [
    ["Kreise und kreisfreie Städte", None, "Stichtag"],
    [None, None, "31.12.2021"],
    [None, None, "Insgesamt", "männlich", "weiblich"],
]


def read(folder: Path, rows: Rows, source: str = "regionaldatenbank_xlsx", sheet: str = "12411-01-01-4") -> Harvest:
    (folder / "inbox").mkdir(parents=True)
    write_xlsx(folder / "inbox" / "t.xlsx", {sheet: rows})
    return harvest(folder, source)[source]


def faults(result: Harvest) -> list[tuple[str, str]]:
    return [(fault.code, fault.cell.split("!")[-1]) for file in result.files for fault in file.faults]


def told(result: Harvest) -> set[tuple[object, ...]]:
    frame = result.read().with_columns(pl.col("cell").str.split("!").list.last())
    return set(frame.select("cell", "area", "period", "dims", "value", "obs_status").rows())


def test_a_date_in_the_merged_header_stands_over_all_its_columns(tmp_path: Path) -> None:
    result = read(tmp_path, population(HEADER, AREAS))
    assert faults(result) == []
    assert told(result) == {
        ("C6", "DG", "2021", "", 30.0, "A"),
        ("D6", "DG", "2021", "sex=m", 10.0, "A"),
        ("E6", "DG", "2021", "sex=f", 20.0, "A"),
        ("C7", "05382", "2021", "", 5.0, "A"),
        ("D7", "05382", "2021", "sex=m", None, "Q"),
        ("E7", "05382", "2021", "sex=f", 0.0, "A"),
    }
    assert {str(date) for date in result.read()["published_on"]} == {"2023-05-04"}


def test_a_year_more_and_a_renamed_sheet_are_read_as_before(tmp_path: Path) -> None:
    header = [[*HEADER[0]], [*HEADER[1], None, None, "31.12.2022"], [*HEADER[2], *HEADER[2][2:]]]
    rows = [[*row, *row[2:]] for row in AREAS]
    result = read(tmp_path, population(header, rows), sheet="Tabelle1")
    assert faults(result) == []
    assert {row[1:] for row in told(result) if row[2] == "2021"} == {
        row[1:] for row in told(read(tmp_path / "before", population(HEADER, AREAS)))
    }
    assert {row[0] for row in told(result) if row[2] == "2022"} == {"F6", "G6", "H6", "F7", "G7", "H7"}


def test_lines_more_above_the_table_move_nothing_but_the_addresses(tmp_path: Path) -> None:
    moved = population([["Fortschreibung des Bevölkerungsstandes"], *HEADER], AREAS)
    before = told(read(tmp_path / "before", population(HEADER, AREAS)))
    assert {row[1:] for row in told(read(tmp_path, moved))} == {row[1:] for row in before}


def test_a_band_gives_the_rows_below_it_their_date(tmp_path: Path) -> None:
    result = read(tmp_path, FOREIGNERS, "genesis_online", "12521-0040")
    assert faults(result) == []
    total = {(row[1], row[2], row[4], row[5]) for row in told(result) if row[3] == "nationality=foreign"}
    assert total == {("05382", "2021", 30.0, "A"), ("05382", "2022", 35.0, "A"), ("05354", "2022", None, "M")}


def test_a_figure_that_stands_for_two_areas_is_never_taken_for_one(tmp_path: Path) -> None:
    result = read(tmp_path, FOREIGNERS, "genesis_online", "12521-0040")
    assert {row[3] for row in told(result) if row[1] == "12052"} == {
        f"coverage=joint;nationality=foreign{sex}" for sex in ("", ";sex=f", ";sex=m")
    }


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (
            [*HEADER[:2], [None, None, "Insgesamt", "männlich", "divers"]],
            [("header_unknown", "E5"), ("header_missing", "A5")],
        ),
        (
            [*HEADER[:2], [None, None, "Insgesamt", "männlich", "männlich"]],
            [("header_twice", "E5"), ("header_missing", "A5")],
        ),
        ([["Kreise", "Stichtag"], [None, "31.12.2021"], [None, "Insgesamt", "männlich"]], [("stub_missing", "A6")]),
    ],
)
def test_a_changed_header_is_a_fault(tmp_path: Path, header: Rows, found: list[tuple[str, str]]) -> None:
    assert faults(read(tmp_path, population(header, AREAS))) == found


def test_a_cut_off_table_and_an_empty_cell_are_faults(tmp_path: Path) -> None:
    rows = population(HEADER, [["DG", "Deutschland", 30, None, 20]])
    assert faults(read(tmp_path, rows)) == [("value", "D6")]
    cut = [row for row in rows if row != FOOT[0]]
    assert ("truncated", "A8") in faults(read(tmp_path / "cut", cut))


def test_a_table_in_thousands_is_another_table(tmp_path: Path) -> None:
    rows = population(HEADER, AREAS)
    rows[1] = ["Bevölkerungsstand (1000)"]
    assert read(tmp_path, rows).files == []
