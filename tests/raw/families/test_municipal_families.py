# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Layouts that a YAML describes: read right, wherever the table begins, and what breaks them is said with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from raw.harvest.faults import Fault
from raw.harvest.harvest import claim_file, read_table
from raw.lake.lake import Delivery
from raw.vocabulary.observation import empty_observations
from tests.raw.build import NOW, Rows
from tests.raw.families.municipal import FILES, File, product

ABOUT = [
    "table",
    "measure",
    "dims",
    "area",
    "area_level",
    "area_vintage",
    "period",
    "value",
    "value_text",
    "obs_status",
]


def read(folder: Path, file: File) -> tuple[pl.DataFrame, list[Fault], str | None]:
    """Observations and faults of all tables that claim the file, and why none does."""
    path, source = file.write(folder), product(file.source)
    claim = claim_file(path, {source.id: source})
    delivery = Delivery("0" * 64, file.name, 0, NOW.isoformat(), NOW.isoformat())
    parts = [read_table(path, delivery, source, source.tables[table]) for _, table in claim.tables]
    frame = pl.concat([empty_observations(), *(part.observations for part in parts)])
    return frame, [fault for part in parts for fault in part.faults], claim.reason


def good(folder: Path, file: File) -> pl.DataFrame:
    """The observations of a file without a fault, all its tables claimed."""
    frame, faults, reason = read(folder, file)
    assert (faults, reason) == ([], None)
    assert set(frame["table"]) == set(file.tables)
    return frame


def says(frame: pl.DataFrame) -> set[tuple[Any, ...]]:
    return set(frame.select(ABOUT).rows())


def at(frame: pl.DataFrame, cell: str, table: str | None = None) -> tuple[Any, ...]:
    """What one cell was read as."""
    found = frame.filter(pl.col("cell") == cell)
    found = found if table is None else found.filter(pl.col("table") == table)
    return found.select("measure", "dims", "area", "period", "value", "obs_status").row(0)


CELLS = {
    "ba": {
        "Daten!D11": ("svb_work", "sex=f", "06440099", "2023", 1101.0, "A"),
        "Daten!C37": ("unemp", "law=sgb2", "06440099", "2022", None, "Q"),
    },
    "hamburg": {
        "Profile 2019!B5": ("pop", "", "02000000-Bergedorf", "2019", 1000.0, "A"),
        "Profile 2019!B8": ("pop", "", "02000000-B_Bergedorf", "2019", 1300.0, "A"),
        "Profile 2019!AF9": ("unemp", "", "02000000", "2019-12", 1430.0, "A"),
    },
    "kiel": {
        "csv!G2": ("hh", "size=1", "01002000-01", "2022", 3440.0, "A"),
        "csv!H5": ("personen.Paar ohne Kind", "", "01002000-08", "2022", 1467.0, "A"),
    },
    "wegweiser": {
        "csv!G2": ("soziale_lage.{date} Einpersonen-Haushalte (%)", "", "05334002", "2021", None, "O"),
        "csv!I3": ("soziale_lage.{date} Wohnfläche pro Person (m2)", "", "071415011", "2021", 39433.0, "A"),
    },
    "atlas": {
        "Deutschlandatlas_GEM1221!C2": ("gem1221.v_breitb50", "", "01001000", "2021", 1000.0, "A"),
        "Deutschlandatlas_KRS1222!C3": ("krs1222.fl_suv", "", "16077", "2022", 1100.0, "A"),
        "Deutschlandatlas_VBGEM1222!E2": ("vbgem1222.pendel", "", "010010000", "2022", 1002.0, "A"),
    },
    "berlin": {
        "csv!I2": ("pop", "sex=m", "11000000-01011101", "2020", 1006.0, "A"),
        "csv!K3": ("pop", "age=0", "11000000-12304314", "2020", 1108.0, "A"),
    },
    "muenster": {
        "männlich!C6": ("pop_entitled", "age=0-9;sex=m", "05515000-T_Altstadt", "2014", 1101.0, "A"),
        "männlich!E5": ("pop_entitled", "age=90+;sex=m", "05515000-11", "2014", None, "Q"),
        "Arbeitslose!C7": ("unemp", "", "05515000", "2014-12", 1301.0, "A"),
    },
    "moves": {
        "jt200124!C6": ("moves_internal", "from=01;to=02", "09162000", "2019", 1001.0, "A"),
        "jt200124!D7": ("moves_internal", "from=02;to=99", "09162000", "2019", 0.0, "A"),
        "jt200124!E9": ("moves_internal", "", "09162000", "2019", 1303.0, "A"),
    },
    "indicators": {
        "csv!F3": ("pop", "", "09162000-03", "2023", 1101.0, "A"),
        "csv!G2": ("area", "", "09162000", "2023", 4.5, "A"),
    },
    "results": {
        "csv!H6": ("electorate", "ballot=cast", "DG-W001", "2017", 1004.0, "A"),
        "csv!T6": ("votes", "party=partei_der_mitte_e.v.;vote=first", "DG-W001", "2017", None, "M"),
        "csv!V8": ("votes", "party=partei_der_mitte_e.v.;vote=second", "01", "2017", 1118.0, "A"),
        "csv!D10": ("electorate", "", "DG", "2017", 1200.0, "A"),
    },
    "saxony_anhalt": {
        "Gemeinden!H7": ("electorate_state", "ballot=cast", "15001000", "2026", 1044.0, "A"),
        "Gemeinden!L7": ("votes_state", "party=pdm;vote=first", "15001000", "2026", None, "M"),
        "Gemeinden!N10": ("votes_state", "party=einzelbewerber_-innen_2;vote=first", "15", "2026", 1150.0, "A"),
        "Gemeinden!Q8": ("votes_state", "ballot=postal;party=pdm;vote=second", "15", "2026", 1113.0, "A"),
    },
    "schleswig_holstein": {
        "Exportdatei!R3": ("electorate_local", "", "01001000-W001", "2013", 1003.0, "A"),
        "Exportdatei!Y4": ("votes_local", "party=pdm", "01056028-W003", "2013", 1110.0, "A"),
    },
    "taxes": {
        "csv!B2": ("steuereinnahmen.Vergnügungssteuer", "", "15003000", "2024", 1670167.05, "A"),
        "csv!D2": ("steuereinnahmen.Beherbegrungssteuer", "", "15003000", "2024", None, "M"),
        "csv!K3": ("income_tax_share", "", "15003000", "2023", 1108.0, "A"),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_layout_is_read_with_meaning_place_and_date_of_each_cell(tmp_path: Path, name: str) -> None:
    frame = good(tmp_path, FILES[name]())
    for cell, meaning in CELLS[name].items():
        assert at(frame, cell) == meaning


def test_what_the_sheet_says_beside_the_table_is_read(tmp_path: Path) -> None:
    booklet, atlas = good(tmp_path / "a", FILES["ba"]()), good(tmp_path / "b", FILES["atlas"]())
    assert set(booklet["area_vintage"]) == {"2024"}
    assert set(booklet["published_on"].cast(pl.String)) == {"2025-01-03"}
    assert set(atlas["published_on"].cast(pl.String)) == {"2024-12-12"}


@pytest.mark.parametrize("name", FILES)
def test_a_table_that_begins_elsewhere_says_the_same(tmp_path: Path, name: str) -> None:
    file = FILES[name]()
    expected = says(good(tmp_path / "as ever", file))
    lower = file.rows(lambda rows: [["erfunden"], [], *rows])
    right = file.rows(lambda rows: [[None, *row] for row in rows])
    assert says(good(tmp_path / "lower", lower)) == expected
    assert says(good(tmp_path / "right", right)) == expected


@pytest.mark.parametrize("name", [name for name in FILES if name != "moves"])
def test_a_column_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    file = FILES[name]()

    def without(rows: Rows) -> Rows:
        return [[cell for column, cell in enumerate(row) if column != file.drops or index < file.head]
                for index, row in enumerate(rows)]  # fmt: skip

    if name == "ba":  # turned over: the columns of the contract are rows
        file = file.rows(lambda rows: [row for index, row in enumerate(rows) if index != file.drops])
    elif name == "results":  # a merged cell begins there
        file = file.rows(lambda rows: [row[: file.drops] + row[file.drops + 4 :] for row in rows])
    elif name == "muenster":  # the title stands over all columns, the first has no header of its own
        file = file.rows(lambda rows: [[*row[:1], *row[2:]] if i else row for i, row in enumerate(rows)])
    else:
        file = file.rows(without)
    frame, faults, reason = read(tmp_path, file)
    assert "header_missing" in {fault.code for fault in faults}
    damaged = {fault.table for fault in faults}
    assert reason is None
    assert damaged & set(file.tables)
    assert not damaged & set(frame["table"])
    assert all("erwartet" in fault.sentence("de") for fault in faults)


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("saxony_anhalt", "schleswig_holstein")])
def test_a_column_that_nobody_knows_is_named(tmp_path: Path, name: str) -> None:
    file = FILES[name]()

    def added(rows: Rows) -> Rows:
        width = max(len(row) for row in rows[file.head :])
        wide = [row + [None] * (width - len(row)) for row in rows]
        wide[file.head + (name == "hamburg")] += ["Sonstiges 7"]
        for row in wide[file.head + 5 :] if len(wide) > file.head + 5 else wide[file.head + 1 :]:
            row.append(77.0)
        return wide

    if name == "ba":
        file = file.rows(lambda rows: [*rows[:12], ["dar.", "Sonstiges", 1.0, 2.0, 3.0], *rows[12:]])
    else:
        file = file.rows(added)
    frame, faults, _ = read(tmp_path, file)
    assert "header_unknown" in {fault.code for fault in faults}
    assert not {fault.table for fault in faults} & set(frame["table"])


def test_a_group_of_columns_or_a_sheet_that_no_contract_claims_is_listed(tmp_path: Path) -> None:
    def beside(file: File, folder: str) -> list[str]:
        return claim_file(file.write(tmp_path / folder), {file.source: product(file.source)}).beside

    hamburg, atlas = FILES["hamburg"](), FILES["atlas"]()
    assert beside(hamburg, "as ever") == beside(atlas, "as ever") == []
    renamed = hamburg.rows(
        lambda rows: [[c.replace("Wohnen", "Gebäude") if isinstance(c, str) else c for c in row] for row in rows]
    )
    assert beside(renamed, "group") == ["Profile 2019 Stadtteil-Profile „Gebäude“"]
    more = {**atlas.sheets, "Deutschlandatlas_GEM1235": [["GKZ1235", "Name", "x"], [1001000.0, "Ort", 5.0]]}
    one_more = File(atlas.source, atlas.tables, atlas.name, more, 0, 0)
    assert beside(one_more, "sheet") == ["Deutschlandatlas_GEM1235 Deutschlandatlas"]


def test_a_new_party_is_no_fault(tmp_path: Path) -> None:
    file = FILES["saxony_anhalt"]()
    file = file.rows(
        lambda rows: [row + (["Neue\nPartei"] if i == 1 else [5.0] if i > 3 else []) for i, row in enumerate(rows)]
    )
    frame = good(tmp_path, file)
    assert at(frame, "Gemeinden!S7") == ("votes_state", "party=neue_partei;vote=second", "15001000", "2026", 5.0, "A")


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name]().name.endswith(".xlsx")])
def test_a_renamed_sheet_says_the_same_or_is_claimed_by_nobody(tmp_path: Path, name: str) -> None:
    file = FILES[name]()
    if name == "ba":
        assert read(tmp_path, file.renamed("Tabelle1"))[2] == "unclaimed"
    elif name == "atlas":
        frame, faults, reason = read(tmp_path, file.renamed("Gemeinden"))
        assert (faults, reason, "gem1221" in set(frame["table"])) == ([], None, False)
    else:
        assert says(good(tmp_path / "new", file.renamed("Neu"))) == says(good(tmp_path / "old", file))


def test_a_year_more_beside_the_others_is_read_with_its_year(tmp_path: Path) -> None:
    wider = {"ba": (6, 2025.0), "muenster": (1, 2015.0)}
    for name, (head, year) in wider.items():
        file = FILES[name]()
        sheet = "Daten" if name == "ba" else "Arbeitslose"
        rows = [list(row) for row in file.sheets[sheet]]
        before = good(tmp_path / f"{name} before", file)
        rows[head].append(year)
        for row in rows[head + 2 :]:
            if len(row) >= 3:
                row.append(9.0)
        after = good(
            tmp_path / f"{name} after", File(file.source, file.tables, file.name, {**file.sheets, sheet: rows}, 0, 0)
        )
        assert says(before) < says(after)
        new = after.filter(pl.col("period").str.starts_with(str(int(year))))
        assert new.height > 0
        assert set(new["value"]) == {9.0}


def test_the_year_of_the_next_edition_needs_no_change(tmp_path: Path) -> None:
    def replaced(file: File, old: str, new: str) -> File:
        return file.rows(lambda rows: [[c.replace(old, new) if isinstance(c, str) else c for c in row] for row in rows])

    editions = {
        "hamburg": ("2019", "2021"),
        "wegweiser": ("2021", "2023"),
        "moves": ("2019", "2020"),
        "saxony_anhalt": ("2026", "2031"),
        "indicators": ("2023", "2024"),
        "kiel": ("2022", "2024"),
    }
    for name, (old, new) in editions.items():
        before, after = (
            good(tmp_path / name, FILES[name]()),
            good(tmp_path / f"{name} new", replaced(FILES[name](), old, new)),
        )
        assert before.height == after.height
        assert {period[:4] for period in after["period"]} - {period[:4] for period in before["period"]} == {new}


def test_rows_of_another_table_are_passed_over_and_an_entry_of_neither_is_named(tmp_path: Path) -> None:
    file = FILES["kiel"]().rows(lambda rows: [*rows[:-1], [*rows[-1][:5], "Familien", *rows[-1][6:]]])
    frame, faults, _ = read(tmp_path, file)
    assert frame.is_empty()
    assert {(fault.code, fault.cell, fault.what) for fault in faults} == {("label", "csv!F5", "Merkmal")}


def test_an_area_that_nobody_knows_is_named_and_not_quoted(tmp_path: Path) -> None:
    file = FILES["muenster"]().rows(lambda rows: [*rows[:4], ["12 Anderswo", *rows[4][1:]], *rows[5:]])
    frame, faults, _ = read(tmp_path, file)
    assert [(fault.code, fault.cell) for fault in faults] == [("area", "männlich!A5")]
    assert "Anderswo" not in faults[0].sentence("de")
    assert set(frame["table"]) == {"arbeitslose"}


def test_a_municipality_that_the_sheet_does_not_name_is_told_once_at_its_cell(tmp_path: Path) -> None:
    file = FILES["ba"]().rows(lambda rows: [*rows[:3], ["644099 Erfunden (Gebietsstand im Jahr 2024)"], *rows[4:]])
    _, faults, _ = read(tmp_path, file)
    assert {fault.code for fault in faults} >= {"layout"}


def test_a_row_that_lost_its_figures_is_not_taken_for_a_note(tmp_path: Path) -> None:
    file = FILES["muenster"]().rows(lambda rows: [*rows[:5], [rows[5][0]], *rows[6:]])
    _, faults, _ = read(tmp_path, file)
    assert {(fault.code, fault.cell) for fault in faults} == {("value", f"männlich!{c}6") for c in "BCDE"}
