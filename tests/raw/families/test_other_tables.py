# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables that are kept but not understood: every cell with its address, nothing guessed, and no change unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw.contract_files import load_source
from raw.contracts import ContractError, Source
from raw.harvest.harvest import Harvest
from tests.raw.build import AREAS, SOURCE, Delivery, Rows, harvest_all, write_source

OTHERS = """
periods:
  year: {stub: var1}
  part: {stub: var1, month: var2, format: month, words: {Feb: "02", I. Quartal: Q1, Gesamt: year}}
area: {fixed: Musterstadt}
tables:
  U_T1: {title: Nach Jahren, data: "var2..var4"}
  U_T2: {title: Nach Monaten, period: part, keys: var3, data: var4}
  U_T3: {title: Nach Dörfern, area: {stub: var2}, data: var3, ignore: {id: number of the row}}
  U_T4: {title: Mit Worten, keys: var2, texts: var3, data: var4, repeated: true}
  U_T5-6: {title: Mit Strich, texts: var2}
"""
FOLDER = {
    "source": SOURCE.format(id="t_other", family="kiss_md", basis="register")
    + 'areas: {level: stadtteil, parent: "99001000", list: areas.yml}\n',
    "areas": AREAS,
    "other_tables": OTHERS,
}
YEARS: Rows = [
    ["U_T1_var1", "U_T1_var2", "U_T1_var3", "U_T1_var4", "Tabelle"],
    [2022, 11, 1.5, -3, "U_T1"],
    [2023, ".", None, "x", "U_T1"],
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return load_source(write_source(tmp_path_factory.mktemp("sources") / "t_other", FOLDER))


def harvest(folder: Path, source: Source, table: str, rows: Rows) -> Harvest:
    return harvest_all(folder, {"t_other": source}, Delivery("t_other", table, f"{table}.xlsx", rows))["t_other"]


def read(folder: Path, source: Source, table: str, rows: Rows) -> list[tuple[object, ...]]:
    """Cell, measure, area, period, dims, value and status of every observation of an accepted delivery."""
    found = harvest(folder, source, table, rows)
    assert [(file.table, file.faults) for file in found.files] == [(table, [])]
    frame = found.read()
    assert set(frame["meaning"]) == {"unknown"}
    names = ["cell", "measure", "area", "period", "dims", "value", "obs_status"]
    return [(row[0].split("!")[1], *row[1:]) for row in frame.select(names).sort("cell").iter_rows()]


def faults(folder: Path, source: Source, rows: Rows) -> list[tuple[str, str]]:
    """Code and cell of what is wrong with a delivery of U_T1, which then gives no observation."""
    found = harvest(folder, source, "u_t1", rows)
    assert found.read().is_empty()
    return [(fault.code, fault.cell.split("!")[1]) for file in found.files for fault in file.faults]


def test_every_cell_is_an_observation_of_unknown_meaning_with_its_address(tmp_path: Path, source: Source) -> None:
    assert read(tmp_path, source, "u_t1", YEARS) == [
        ("B2", "u_t1.var2", "99001000", "2022", "", 11.0, "A"),
        ("B3", "u_t1.var2", "99001000", "2023", "", None, "Q"),
        ("C2", "u_t1.var3", "99001000", "2022", "", 1.5, "A"),
        ("C3", "u_t1.var3", "99001000", "2023", "", None, "O"),
        ("D2", "u_t1.var4", "99001000", "2022", "", -3.0, "A"),
        ("D3", "u_t1.var4", "99001000", "2023", "", None, "M"),
    ]


def test_months_quarters_and_totals_of_a_year_stand_in_one_table(tmp_path: Path, source: Source) -> None:
    rows: Rows = [["Tabelle", "U_T2_var1", "U_T2_var2", "U_T2_var3", "U_T2_var4"]]
    rows += [
        ["U_T2", 2023, part, "Bäder & Saunen", n] for n, part in enumerate(("März", "Feb", "I. Quartal", "Gesamt"))
    ]
    assert [(row[0], *row[3:6]) for row in read(tmp_path, source, "u_t2", rows)] == [
        ("E2", "2023-03", "var3=Baeder_Saunen", 0.0),
        ("E3", "2023-02", "var3=Baeder_Saunen", 1.0),
        ("E4", "2023-Q1", "var3=Baeder_Saunen", 2.0),
        ("E5", "2023", "var3=Baeder_Saunen", 3.0),
    ]


def test_a_column_of_areas_names_the_areas_and_an_ignored_column_is_none(tmp_path: Path, source: Source) -> None:
    rows: Rows = [["id", "U_T3_var1", "U_T3_var2", "U_T3_var3", "tabelle"]]
    rows += [[1, 2023, "01", 5, "U_T3"], [2, 2023, "Gesamt", 5, "U_T3"]]
    assert [row[:3] for row in read(tmp_path, source, "u_t3", rows)] == [
        ("D2", "u_t3.var3", "99001000-01"),
        ("D3", "u_t3.var3", "99001000"),
    ]


def test_words_are_kept_and_repeated_rows_are_numbered(tmp_path: Path, source: Source) -> None:
    rows: Rows = [["Tabelle", "U_T4_var1", "U_T4_var2", "U_T4_var3", "U_T4_var4"]]
    rows += [["U_T4", 2023, "davon:", "ja", 1], ["U_T4", 2023, "davon:", "nein", 2], ["U_T4", 2023, None, "ja", 3]]
    found = read(tmp_path, source, "u_t4", rows)
    assert [(row[0], row[4], row[5], row[6]) for row in found] == [
        ("D2", "var2=davon", None, "A"),
        ("D3", "repeat=2;var2=davon", None, "A"),
        ("D4", "var2=blank", None, "A"),
        ("E2", "var2=davon", 1.0, "A"),
        ("E3", "repeat=2;var2=davon", 2.0, "A"),
        ("E4", "var2=blank", 3.0, "A"),
    ]


def test_a_code_with_a_hyphen_is_found_and_makes_an_id_without(tmp_path: Path, source: Source) -> None:
    rows: Rows = [["U_T5-6_var1", "U_T5-6_var2", "Tabelle"], [2023, "Teich", "U_T5-6"]]
    assert [row[:2] for row in read(tmp_path, source, "u_t5_6", rows)] == [("B2", "u_t5_6.var2")]


def test_a_column_more_is_a_fault(tmp_path: Path, source: Source) -> None:
    rows = [[*row[:4], extra, row[4]] for row, extra in zip(YEARS, ("U_T1_var5", 7, 8), strict=True)]
    assert faults(tmp_path, source, rows) == [("header_unknown", "E1")]


def test_a_column_less_is_a_fault(tmp_path: Path, source: Source) -> None:
    assert faults(tmp_path, source, [[*row[:3], row[4]] for row in YEARS]) == [("header_missing", "A1")]


def test_a_leading_column_that_holds_something_else_is_a_fault_at_each_of_its_cells(
    tmp_path: Path, source: Source
) -> None:
    rows = [YEARS[0], ["Altes Dorf", *YEARS[1][1:]], ["Neues Dorf", *YEARS[2][1:]]]
    assert faults(tmp_path, source, rows) == [("period", "A2"), ("period", "A3")]


def test_two_rows_about_the_same_that_differ_are_a_fault(tmp_path: Path, source: Source) -> None:
    rows = [*YEARS, [2022, 12, 1.5, -3, "U_T1"]]
    assert faults(tmp_path, source, rows) == [("conflict", "B4")]


def test_words_where_figures_were_are_a_fault(tmp_path: Path, source: Source) -> None:
    rows = [YEARS[0], [2022, "viele", 1.5, -3, "U_T1"]]
    assert faults(tmp_path, source, rows) == [("value", "B2")]


def test_a_month_column_that_is_gone_is_a_fault(tmp_path: Path, source: Source) -> None:
    rows: Rows = [["U_T2_var1", "U_T2_var3", "U_T2_var4", "Tabelle"], [2023, "a", 1, "U_T2"]]
    found = harvest(tmp_path, source, "u_t2", rows)
    assert [(fault.code, fault.what) for file in found.files for fault in file.faults] == [("stub_missing", "var2")]


def test_a_sheet_that_is_no_such_table_is_claimed_by_nobody(tmp_path: Path, source: Source) -> None:
    rows: Rows = [["Jahr", "Wert"], [2023, 1]]
    assert harvest(tmp_path, source, "u_t1", rows).files == []


def test_a_contract_of_its_own_takes_the_place_of_a_line(tmp_path: Path) -> None:
    own = """
id: u_t1
title: {de: t, en: t}
detect: U_T1
period: {stub: var1}
area: {fixed: Musterstadt}
columns: {var2: {concept: pop}, var3: unknown, var4: unknown}
"""
    source = load_source(write_source(tmp_path / "t_other", {**FOLDER, "u_t1": own}))
    assert source.tables["u_t1"].columns["var2"].concept == "pop"
    assert source.tables["u_t1"].understood
    assert not source.tables["u_t2"].understood
    assert len(source.tables) == 5


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('data: "var2..var4"', 'data: "var4..var2"', "runs backwards"),
        ('data: "var2..var4"', 'data: "var2..var4, var3"', "named twice: var3"),
        ('data: "var2..var4"', 'data: "var1..var4"', "U_T1: named twice: var1"),
        ('data: "var2..var4"', 'data: "var2..var4", texts: var2', "U_T1: a column stands in two"),
        ("period: part", "period: decade", "U_T2: period is 'decade', expected one of year, part"),
        ("Feb: ", "Feb: x", "other_tables.yml: periods.part.words"),
        ("title: Nach Jahren, ", "", "other_tables.yml: tables.U_T1.title"),
        ("title: Nach Jahren, ", "title: t, colour: red, ", "tables.U_T1.colour: Extra inputs"),
    ],
)
def test_a_wrong_line_is_refused_with_its_code_and_a_reason(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in OTHERS
    folder = write_source(tmp_path / "t_other", {**FOLDER, "other_tables": OTHERS.replace(old, new, 1)})
    with pytest.raises(ContractError) as raised:
        load_source(folder)
    assert words in str(raised.value)
