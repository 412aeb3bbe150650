# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Landesdatenbank NRW: the same layout as the Regionaldatenbank, with its own signs. Every number is invented."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from raw.harvest.harvest import Harvest
from tests.raw.build import Rows, write_csv
from tests.raw.families.reference import harvest

SOURCE = "landesdatenbank_nrw"
GROUP = "Empfänger/innen von soz. Mindestsicherungsleistung"
SGB2 = "Gesamtregelleistung (ALG II/Sozialgeld) nach dem SGB II"
HLU = "Hilfe zum Lebensunterhalt außerhalb von Einrichtungen nach dem SGB XII"
GSIA = "Grundsicherung im Alter und bei Erwerbsminderung nach dem SGB XII"
ASYL = "Regelleistungen nach dem Asylbewerberleistungsgesetz"
FOOT: Rows = [["__________"], ["© IT.NRW"], ["Stand: 02.01.2026 / 19:06:32"]]


def minimum_income(rows: Rows) -> Rows:
    return [
        ["Tabelle: 22811-05i"],
        ["Sozialberichterstattung:"],
        [None, None, None, *[GROUP] * 8],
        [None, None, None, SGB2, "Insgesamt", SGB2, HLU, GSIA, GSIA, GSIA, ASYL],
        [None, None, None, None, None, None, None, "Insgesamt", "im Alter", "bei Erwerbsminderung", None],
        [None, None, None, *["Anzahl"] * 8],
        *rows,
        *FOOT,
    ]


ROWS: Rows = [
    ["2024", "05382", "    Kreis", 10, 31, 10, 1, 15, 10, 5, 5],
    ["2024", "05382004", "      Ort", 10, 21, 10, 1, 10, 10, "-", "-"],
    ["2024", "05382008", "      Dorf", ".", 10, ".", "-", 5, "-", 5, 5],
    ["2024", "05999998", "      Wohnort außerhalb von NRW", "-", 5, "-", 5, "-", "-", "-", "-"],
]


def read(folder: Path, rows: Rows) -> Harvest:
    write_csv(folder / "inbox" / "table.csv", rows)
    return harvest(folder, SOURCE)[SOURCE]


def faults(result: Harvest) -> list[tuple[str, str]]:
    return [(fault.code, fault.cell) for file in result.files for fault in file.faults]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path


def test_a_column_that_stands_twice_is_read_twice_and_must_agree(folder: Path) -> None:
    result = read(folder, minimum_income(ROWS))
    assert faults(result) == []
    frame = result.read().filter((pl.col("area") == "05382004") & (pl.col("measure") == "sgb2"))
    assert frame.select("cell", "value", "dims", "basis").rows() == [
        ("csv!D8", 10.0, "group=rlb", "sgb2"),
        ("csv!F8", 10.0, "group=rlb", "sgb2"),
    ]


def test_a_column_that_stands_twice_and_disagrees_is_a_fault(folder: Path) -> None:
    changed = [list(row) for row in ROWS]
    changed[1][5] = 11
    assert faults(read(folder, minimum_income(changed))) == [("conflict", "csv!F8")]


def test_a_total_that_leaves_out_a_withheld_part_is_withheld(folder: Path) -> None:
    frame = read(folder, minimum_income(ROWS)).read().filter(pl.col("measure") == "min_sec")
    told = dict(zip(frame["area"], frame.select("value", "obs_status").rows(), strict=True))
    assert told["05382008"] == (None, "Q")
    assert told["05382004"] == (21.0, "A")


def test_who_lives_outside_the_state_is_in_no_municipality(folder: Path) -> None:
    frame = read(folder, minimum_income(ROWS)).read()
    assert frame.filter(pl.col("area_level") == "outside")["area"].unique().to_list() == ["05-99"]
    assert set(frame.filter(pl.col("area_level") == "gemeinde")["area"]) == {"05382004", "05382008"}


def test_a_missing_and_a_new_column_are_faults(folder: Path) -> None:
    rows = minimum_income(ROWS)
    rows[3][6] = "Kriegsopferfürsorge"
    assert faults(read(folder, rows)) == [("header_unknown", "csv!G6"), ("header_missing", "csv!A6")]


def test_a_table_whose_end_is_missing_is_a_fault(folder: Path) -> None:
    assert faults(read(folder, minimum_income(ROWS)[: -len(FOOT)]))[0][0] == "truncated"


@pytest.mark.parametrize("years", [["2023"], ["2022", "2023"]])
def test_years_may_stand_in_the_header(folder: Path, years: list[str]) -> None:
    rows: Rows = [
        ["Tabelle: 22811-01i"],
        ["Mindestsicherungsquote (Prozent)"],
        [None, None, *["Jahr"] * len(years)],
        [None, None, *years],
        ["05382", "    Kreis", *["7,5"] * len(years)],
        ["05382004", "      Ort", *["."] * len(years)],
        *FOOT,
    ]
    frame = read(folder, rows).read()
    assert sorted(frame["period"].unique()) == years
    assert set(frame.select("area", "value", "obs_status").rows()) == {("05382", 7.5, "A"), ("05382004", None, "Q")}


def test_signs_mean_what_the_footer_of_the_table_says(folder: Path) -> None:
    help_ = "Eingliederungshilfe für seelisch behinderte junge Menschen § 35a SGB VIII"
    used, begun = "In Anspruch genommene erzieh. Hilfen", "Begonnene erzieher. Hilfen/Beratungen"
    rows: Rows = [
        ["Tabelle: 22517-02i"],
        ["Statistik der erzieherischen Hilfen:"],
        [None, None, None, *["Art der Hilfe"] * 4],
        [None, None, None, "Insgesamt", "Insgesamt", help_, help_],
        [None, None, None, used, begun, used, begun],
        [None, None, None, *["Anzahl"] * 4],
        ["2023", "05382", "    Kreis", "(30)", "(10)", "(8)", "-"],
        ["2023", "JH05382004", "      Jugendamt Ort", 30, 10, 8, "-"],
        ["2023", "JH05382999", "      Kreisjugendamt", ".", ".", ".", "/"],
        *FOOT,
    ]
    result = read(folder, rows)
    assert faults(result) == []
    frame = result.read()
    status = {area: set(part["obs_status"]) for (area,), part in frame.group_by("area")}
    assert status == {"05382": {"U", "A"}, "JH05382004": {"A"}, "JH05382999": {"L"}}
    assert frame.filter(pl.col("obs_status") == "U")["value"].to_list() == [30.0, 10.0, 8.0]


def test_areas_that_have_no_key_are_found_by_their_name(folder: Path) -> None:
    columns = [
        *("Insgesamt", "ohne Schulabschluss", "mit Volks-/Haupschulabschluss"),
        *("mit mittlerer Reife/gleichwertigem Abschluss", "mit Abitur/Fachabitur", "Abschluss unbekannt"),
        *("ohne beruflichen Ausbildungsabschluss", "mit anerkanntem Berufsabschluss"),
        *("mit akademischem Abschluss", "Ausbildung unbekannt"),
    ]
    rows: Rows = [
        ["Tabelle: 13111-54i"],
        ["Sozialversicherungspfl. Beschäftigte (Arbeitsort) (Anzahl)"],
        [None, None, None, None, *columns],
        ["31.12.2024", "Nordrhein-Westfalen", "A", "Landwirtschaft", *[1] * 10],
        ["31.12.2024", "    Rhein-Sieg-Kreis", None, "Insgesamt", *[1] * 10],
        *FOOT,
    ]
    frame = read(folder, rows).read()
    assert set(frame.select("area", "area_level", "period").rows()) == {
        ("05", "land", "2024-Q4"),
        ("05382", "kreis", "2024-Q4"),
    }
    assert frame.filter(pl.col("area") == "05")["dims"].str.contains("industry=A").all()
    rows[4][1] = "Irgendein-Kreis"
    again = folder / "again"
    (again / "inbox").mkdir(parents=True)
    assert faults(read(again, rows)) == [("area", "csv!B5")]
