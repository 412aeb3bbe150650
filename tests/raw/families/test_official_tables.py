# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tidy CSV tables, the census, the list of Kreise, weekly deaths: normal and changed layouts. Numbers are invented."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from raw.contract_files import load_sources
from raw.harvest.harvest import Harvest
from tests.raw.build import Rows, write_csv, write_xlsx
from tests.raw.families.reference import harvest


def read(folder: Path, source: str, sheets: Mapping[str, Rows]) -> Harvest:
    """A workbook with these sheets; one sheet named `csv` is a CSV file."""
    (folder / "inbox").mkdir(parents=True)
    if list(sheets) == ["csv"]:
        write_csv(folder / "inbox" / "t.csv", sheets["csv"], "utf-8")
    else:
        write_xlsx(folder / "inbox" / "t.xlsx", sheets)
    return harvest(folder, source)[source]


def faults(result: Harvest) -> list[tuple[str, str]]:
    return [(fault.code, fault.cell.split("!")[-1]) for file in result.files for fault in file.faults]


def told(result: Harvest, *columns: str) -> set[tuple[object, ...]]:
    return set(result.read().select(*columns).rows())


# --- CSV tables of Statistische Berichte -----------------------------------------------------------------------------

REPORT: Rows = [
    ["Statistik", "Gebiet", "Schulart", "Jahr", "Masseinheit", "Ausgaben_je_Schueler", "Anmerkung"],
    ["Bildung", "Bayern", "Alle Schularten", "2023", "Euro", "5200", "-"],
    ["Bildung", "Sachsen-Anhalt ", "Grundschulen   ", "2024", "Euro", "4100", "p"],
    ["Bildung", "Deutschland", "Hauptschulen", "2024", "Euro", "-", "p"],
    [None, "   ", "   ", "    ", "    ", None, " "],
]
COVER: Rows = [["Statistischer Bericht"], ["Erschienen am\u00a012. März 2026, ergänzt"]]


@pytest.mark.parametrize("sheet", ["csv", "csv-21711-b01", "CSV-Tabelle"])
def test_a_tidy_table_is_read_as_a_sheet_and_as_a_file(tmp_path: Path, sheet: str) -> None:
    sheets = {sheet: REPORT} if sheet == "csv" else {"Titel": COVER, sheet: REPORT}
    result = read(tmp_path, "destatis_berichte", sheets)
    assert faults(result) == []
    assert told(result, "area", "dims", "period", "value", "obs_status") == {
        ("09", "", "2023", 5200.0, "A"),
        ("15", "schooltype=primary", "2024", 4100.0, "P"),
        ("DG", "schooltype=hauptschule", "2024", None, "O"),
    }
    assert {str(date) for date in result.read()["published_on"]} == {"None" if sheet == "csv" else "2026-03-12"}


@pytest.mark.parametrize(
    ("row", "column", "text", "found"),
    [
        (1, 4, "1000 Euro", ("label", "E2")),
        (1, 6, "?", ("label", "G2")),
        (1, 1, "Bayer", ("area", "B2")),
        (2, 2, "Grundschule", ("label", "C3")),
        (2, 3, "24", ("period", "D3")),
        (2, 5, None, ("value", "F3")),
    ],
)
def test_a_changed_entry_of_a_tidy_table_is_a_fault(
    tmp_path: Path, row: int, column: int, text: str | None, found: tuple[str, str]
) -> None:
    rows = [list(one) for one in REPORT]
    rows[row][column] = text
    assert faults(read(tmp_path, "destatis_berichte", {"csv": rows})) == [found]


def test_a_tidy_table_with_another_header_is_another_table(tmp_path: Path) -> None:
    rows = [[*REPORT[0][:5], "Ausgaben_in_Tausend", "Anmerkung"], *REPORT[1:]]
    assert read(tmp_path, "destatis_berichte", {"csv": rows}).files == []


# --- Census ----------------------------------------------------------------------------------------------------------

ESTIMATE = "Bevölkerung\nBevölkerungsfortschreibung zum 30.06.2022 auf Basis Zensus 2011**"
CENSUS: Rows = [
    ["Zensus 2022 - Ausgewählte Ergebnisse zur Bevölkerungszahl zum Stichtag 15. Mai 2022 "],
    ["Bevölkerung nach Zensus und Vergleich zur Bevölkerungsfortschreibung"],
    [
        *("Amtlicher \nRegionalschlüssel (ARS)", "Name", "Regionalebene", "Bevölkerung\nZensus 2022*", ESTIMATE),
        *("Veränderung Zensus 2022 zur Bevölkerungsfortschreibung zum 30.06.2022 \nauf Basis Zensus 2011**", None),
    ],
    [None, None, None, None, None, "absolut", "%"],
    ["00", "Deutschland", "Bund (mit Deutschen im Ausland)", 25, "–", "–", "–"],
    ["00", "Deutschland", "Bund (ohne Deutsche im Ausland)", 20, 21, -1, -4.8],
    ["010560018018", "Ort", "Gemeinde", 7, 7, "–", "–"],
    [],
    ["Zeichenerklärung:"],
]


def test_the_census_gives_every_column_its_day_and_basis(tmp_path: Path) -> None:
    result = read(tmp_path, "zensus_2022", {"Bevölkerung": CENSUS})
    assert faults(result) == []
    frame = result.read().filter(pl.col("measure") == "pop")
    assert set(frame.select("area", "basis", "period", "dims", "value", "obs_status").rows()) == {
        ("DG", "zensus", "2022", "", 25.0, "A"),
        ("DG", "fortschreibung_z2011", "2022-06-30", "", None, "L"),
        ("DG", "zensus", "2022", "abroad=without", 20.0, "A"),
        ("DG", "fortschreibung_z2011", "2022-06-30", "abroad=without", 21.0, "A"),
        ("01056018", "zensus", "2022", "", 7.0, "A"),
        ("01056018", "fortschreibung_z2011", "2022-06-30", "", 7.0, "A"),
    }


def test_a_difference_to_nothing_is_nothing_and_a_dash_elsewhere_is_zero(tmp_path: Path) -> None:
    frame = read(tmp_path, "zensus_2022", {"Bevölkerung": CENSUS}).read()
    absolute = frame.filter(pl.col("measure") == "census_difference").select("area", "value", "obs_status").rows()
    assert set(absolute) == {("DG", None, "L"), ("DG", -1.0, "A"), ("01056018", 0.0, "A")}


def test_a_moved_census_table_and_a_renamed_sheet_are_read_as_before(tmp_path: Path) -> None:
    before = told(read(tmp_path / "a", "zensus_2022", {"Bevölkerung": CENSUS}), "area", "measure", "dims", "value")
    moved: Rows = [CENSUS[0], ["Ein Hinweis"], *CENSUS[1:]]
    assert told(read(tmp_path / "b", "zensus_2022", {"Blatt 1": moved}), "area", "measure", "dims", "value") == before


def test_a_census_row_without_its_key_or_with_an_unknown_level_is_a_fault(tmp_path: Path) -> None:
    rows = [list(row) for row in CENSUS]
    rows[6][0] = None
    assert faults(read(tmp_path / "a", "zensus_2022", {"B": rows})) == [("layout", "A7")]
    rows[6][0], rows[6][2] = "10560018018", "Ortsteil"
    assert faults(read(tmp_path / "b", "zensus_2022", {"B": rows})) == [("area", "A7"), ("label", "C7")]


# --- List of Kreise --------------------------------------------------------------------------------------------------

KREISE: Rows = [
    ["Kreisfreie Städte und Landkreise nach Fläche, Bevölkerung und Bevölkerungsdichte"],
    ["Gebietsstand: 31.12.2018"],
    ["Schlüssel-nummer", "Regionale Bezeichnung", "Kreisfreie Stadt", "NUTS3", "Fläche \nin km2", "Bevölkerung2)"],
    [None, None, "Kreis / Landkreis", None, None, "insgesamt", "männlich", "weiblich", "je km2"],
    [float(n) if n != 2 else "2" for n in range(1, 10)],
    ["05", "Nordrhein-Westfalen"],
    ["053", "Reg.-Bez. Köln"],
    ["05382", "Kreis", "Rhein-Sieg-Kreis", "DEA2C", 2.5, 30, 10, 20, 12],
    [None, None, "Insgesamt", None, 2.5, 30, 10, 20, 12],
    [145.0, "Direktionsbezirk Chemnitz"],
    [None, "Deutschland", "Insgesamt", None, 2.5, 30, 10, 20, 12],
    [],
    ["2) Hinweis"],
]


def test_a_total_belongs_to_the_land_above_it(tmp_path: Path) -> None:
    result = read(tmp_path, "destatis_kreise", {"Kreise": KREISE})
    assert faults(result) == []
    frame = result.read().filter((pl.col("measure") == "pop") & (pl.col("dims") == ""))
    assert frame.select("area", "area_level", "period", "basis", "value").rows() == [
        ("05382", "kreis", "2018", "fortschreibung_z2011", 30.0),
        ("05", "land", "2018", "fortschreibung_z2011", 30.0),
        ("DG", "bund", "2018", "fortschreibung_z2011", 30.0),
    ]


def test_a_kreis_below_another_land_and_a_row_without_key_are_faults(tmp_path: Path) -> None:
    rows = [list(row) for row in KREISE]
    rows[7][0] = "06382"
    assert faults(read(tmp_path / "a", "destatis_kreise", {"K": rows})) == [("layout", "A8")]
    rows[7][0] = "5382"
    assert faults(read(tmp_path / "b", "destatis_kreise", {"K": rows})) == [("layout", "A8")]


def test_a_list_of_kreise_without_a_column_is_a_fault(tmp_path: Path) -> None:
    rows = [list(row) for row in KREISE]
    rows[3][7] = "divers"
    found = faults(read(tmp_path, "destatis_kreise", {"K": rows}))
    assert [code for code, _ in found] == ["header_unknown", "header_missing"]


# --- Weekly deaths ---------------------------------------------------------------------------------------------------

BAVARIA: Rows = [
    ["Gestorbene im Freistaat Bayern 2014 bis 2023"],
    ["1) Wochenbasiert nach ISO-8601"],
    [None, None, "161", 162.0],
    ["Jahr", "Kalenderwoche", "Ingolstadt (Krfr.St)", "München (Krfr.St)"],
    [2020.0, "KW 53", 5, 6],
    [2021.0, "KW 1", 7, None],
]
WESTPHALIA: Rows = [
    [None],
    ["Gestorbene in Nordrhein-Westfalen 2014 - 2023"],
    ["Berichts-jahr", "Kalender-woche", None, "Gestorbene"],
    [None, None, None, 5111000.0, 5000000.0],
    [None, "Nr.", "Jahr", "Kreisfreie Stadt Düssel-dorf", "Nordrhein-Westfalen"],
    [2014.0, 2.0, 2014.0, 5, 6],
    [2014.0, 1.0, 2015.0, 2, 3],
    [2015.0, 1.0, 2015.0, 1, 4],
]
ANHALT: Rows = [
    ["Gestorbene Sachsen-Anhalt 2014 bis 2023 nach Kreisfreien Städten und Landkreisen sowie Kalenderwochen"],
    ["Gestorbene (ohne Totgeborene) (Anzahl)"],
    ["Jahr", "Kalender-woche", "Kreisfreie Städte und Landkreise Sachsen-Anhalts", None, "Sachsen-Anhalt\nInsgesamt"],
    [None, None, "Dessau-Roßlau, kreisfreie Stadt", "Burgenlandkreis"],
    [2016.0, "insgesamt", 90, 80, 170],
    [2016.0, "KW 2", 5, 4, 9],
    [2016.0, "KW53", 2, 1, 3],
]
HOLSTEIN: Rows = [
    ["Gestorbene in den Keisen und Kreisfreien Städten Schleswig-Holsteins nach Kalenderwochen für die Jahre"],
    ["Kalender- woche", "Flensburg", "Hzgt. Lauenburg"],
    [None, "Anzahl", None],
    ["Jahr 2014"],
    [1.0, 5, 4],
    ["Jahr 2015"],
    [2.0, 3, 2],
    [],
    ["Quelle: erfunden"],
]


FIRST = {"09161", "09162", "05111", "05", "15001", "15084", "15", "01001", "01053"}
AREAS = {"sterbefaelle_by": 96, "sterbefaelle_nw": 54, "sterbefaelle_st": 15, "sterbefaelle_sh": 15}


def deaths(folder: Path, source: str, rows: Rows, areas: int | None = None, sheet: str = "KW") -> Harvest:
    """A table with as many areas as the Land has: those of the rows, and more with one death in every week."""
    top = next(n for n, row in enumerate(rows) if any(re.match("Kalender", str(cell)) for cell in row))
    wide = [list(row) for row in rows]
    width = max(map(len, wide))
    missing = (areas or AREAS[source]) - (width - {"sterbefaelle_nw": 3, "sterbefaelle_sh": 1}.get(source, 2))
    listed = load_sources(active=[source])[source].areas
    names = [entry.codes[0] for entry in listed.areas if entry.key not in FIRST] if listed else []
    codes, at = {"sterbefaelle_by": (200.0, top - 1), "sterbefaelle_nw": (5200000.0, top + 1)}.get(source, (0.0, top))
    for row in wide:
        row += [None] * (width - len(row))
    for number in range(missing):
        step = 1000.0 if codes > 1000 else 1.0
        for n, row in enumerate(wide):
            is_week = n > top and any(isinstance(cell, int) for cell in row)
            row.append((names[number] if names else codes + number * step) if n == at else 1 if is_week else None)
        if not names:
            wide[at + 1][-1] = "Kreis"
    return read(folder, source, {sheet: wide})


def of_the_first(result: Harvest, *columns: str) -> set[tuple[object, ...]]:
    """What is told of the areas that the table names itself."""
    return set(result.read().filter(pl.col("area").is_in(list(FIRST))).select(*columns).rows())


def test_weeks_of_iso_years_and_keys_without_the_land(tmp_path: Path) -> None:
    result = deaths(tmp_path, "sterbefaelle_by", BAVARIA)
    assert faults(result) == []
    assert of_the_first(result, "area", "period", "dims", "value", "obs_status") == {
        ("09161", "2020-W53", "", 5.0, "A"),
        ("09162", "2020-W53", "", 6.0, "A"),
        ("09161", "2021-W01", "", 7.0, "A"),
        ("09162", "2021-W01", "", None, "O"),
    }


def test_a_week_that_lies_in_two_reporting_years_is_told_in_its_two_parts(tmp_path: Path) -> None:
    result = deaths(tmp_path, "sterbefaelle_nw", WESTPHALIA)
    assert faults(result) == []
    assert of_the_first(result, "area", "period", "dims", "value") == {
        ("05111", "2014-W02", "", 5.0),
        ("05", "2014-W02", "", 6.0),
        ("05111", "2015-W01", "reporting_year=2014", 2.0),
        ("05", "2015-W01", "reporting_year=2014", 3.0),
        ("05111", "2015-W01", "reporting_year=2015", 1.0),
        ("05", "2015-W01", "reporting_year=2015", 4.0),
    }


def test_a_week_that_its_year_does_not_have_is_the_rest_of_the_year_before(tmp_path: Path) -> None:
    result = deaths(tmp_path, "sterbefaelle_st", ANHALT)
    assert faults(result) == []
    assert {row for row in of_the_first(result, "area", "period", "dims", "value") if row[0] == "15"} == {
        ("15", "2016", "", 170.0),
        ("15", "2016-W02", "", 9.0),
        ("15", "2015-W53", "reporting_year=2016", 3.0),
    }


def test_years_as_bands_and_kreise_by_name(tmp_path: Path) -> None:
    result = deaths(tmp_path, "sterbefaelle_sh", HOLSTEIN)
    assert faults(result) == []
    assert of_the_first(result, "area", "period", "dims", "value") == {
        ("01001", "2014-W01", "reporting_year=2014", 5.0),
        ("01053", "2014-W01", "reporting_year=2014", 4.0),
        ("01001", "2015-W02", "", 3.0),
        ("01053", "2015-W02", "", 2.0),
    }


@pytest.mark.parametrize(
    ("source", "rows", "place", "entry", "found"),
    [
        ("sterbefaelle_sh", HOLSTEIN, (1, 2), "Lauenburg", ("area", "C2")),
        ("sterbefaelle_nw", WESTPHALIA, (3, 3), 511.0, ("area", "D3")),
        ("sterbefaelle_nw", WESTPHALIA, (4, 2), None, ("stub_missing", "A3")),
        ("sterbefaelle_by", BAVARIA, (4, 1), "KW 54", ("period", "B5")),
        ("sterbefaelle_by", BAVARIA, (5, 1), None, ("layout", "B6")),
        ("sterbefaelle_by", BAVARIA, (2, 3), "161", ("header_twice", "D4")),
        ("sterbefaelle_st", ANHALT, (5, 3), "n. n.", ("value", "D6")),
    ],
)
def test_a_changed_table_of_weekly_deaths_is_a_fault(
    tmp_path: Path, source: str, rows: Rows, place: tuple[int, int], entry: object, found: tuple[str, str]
) -> None:
    changed = [list(row) for row in rows]
    changed[place[0]][place[1]] = entry  # type: ignore[call-overload]
    assert found in faults(deaths(tmp_path, source, changed))


def test_a_year_more_and_lines_above_change_nothing_else(tmp_path: Path) -> None:
    before = of_the_first(deaths(tmp_path / "a", "sterbefaelle_by", BAVARIA), "area", "period", "value")
    longer: Rows = [BAVARIA[0], ["Ein Hinweis"], *BAVARIA[1:], [2024.0, "KW 1", 8, 9]]
    after = of_the_first(deaths(tmp_path / "b", "sterbefaelle_by", longer), "area", "period", "value")
    assert after == before | {("09161", "2024-W01", 8.0), ("09162", "2024-W01", 9.0)}


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("sterbefaelle_by", BAVARIA),
        ("sterbefaelle_nw", WESTPHALIA),
        ("sterbefaelle_st", ANHALT),
        ("sterbefaelle_sh", HOLSTEIN),
    ],
)
def test_a_missing_kreis_is_a_fault(tmp_path: Path, source: str, rows: Rows) -> None:
    assert [code for code, _ in faults(deaths(tmp_path, source, rows, AREAS[source] - 1))] == ["layout"]
