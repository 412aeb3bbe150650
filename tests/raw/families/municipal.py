# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Synthetic deliveries in the layouts of cities, the BA, atlases and elections, for the product's own contracts.

Belongs here: the layout of each file, its headers taken from the contract. Every number is invented: row 3, column 5
of a table holds 1305. Does not belong here: what is tested with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from raw.contract_files import PRODUCT_SOURCES, load_source
from raw.contracts import Source, TableContract
from tests.raw.build import Cell, Rows, write_csv, write_xlsx


@dataclass(frozen=True)
class File:
    """A delivery of one source: its sheets (one of a CSV file) and which tables it holds.

    `head`: the row (from 0) in which the header begins; `drops`: a data column that the contract needs, on sheet `at`.
    """

    source: str
    tables: tuple[str, ...]
    name: str
    sheets: dict[str, Rows]
    head: int
    drops: int
    at: str = ""

    @property
    def sheet(self) -> str:
        return self.at or next(iter(self.sheets))

    def rows(self, change: Callable[[Rows], Rows]) -> File:
        """The same file with the rows of its main sheet changed."""
        return replace(self, sheets={**self.sheets, self.sheet: change([list(row) for row in self.sheets[self.sheet]])})

    def renamed(self, name: str) -> File:
        """The same file with another name of its main sheet."""
        return replace(
            self, sheets={name if old == self.sheet else old: rows for old, rows in self.sheets.items()}, at=""
        )

    def write(self, folder: Path) -> Path:
        """Write it; an `.xlsx` name gives a workbook, anything else a text with semicolons."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        return (
            write_xlsx(path, self.sheets)
            if path.suffix == ".xlsx"
            else write_csv(path, self.sheets[self.sheet], "utf-8")
        )


def product(source: str) -> Source:
    """A source of the product."""
    return load_source(PRODUCT_SOURCES / source)


def numbers(row: int, count: int, first: int = 0, text: bool = False) -> list[Cell]:
    """The invented figures of a row."""
    found = [float(1000 + 100 * row + first + column) for column in range(count)]
    return [str(int(number)) for number in found] if text else list(found)


def headers(table: TableContract, date: str, **words: str) -> list[str]:
    """The header paths of a contract, with a date and other words at their places, in the contract's order."""
    return [path.format(date=date, **words) for path in table.columns]


def _merged(paths: Sequence[str]) -> tuple[list[Cell], list[Cell]]:
    """Two header rows of `A | B` paths, the first as merged cells: only where it begins."""
    tops = [path.split(" | ")[0] for path in paths]
    first: list[Cell] = [top if index == 0 or tops[index - 1] != top else None for index, top in enumerate(tops)]
    return first, [path.split(" | ")[-1] for path in paths]


def ba() -> File:
    table = product("ba_gemeindeheft").tables["daten"]
    years = [2022.0, 2023.0, 2024.0]
    rows: Rows = [
        [None] * 5,
        [None] * 5,
        ["Sozialversicherungspflichtig und geringfügig Beschäftigte und Arbeitslose\nnach ausgewählten Merkmalen"],
        ["06440099 Erfunden, Stadt (Gebietsstand im Jahr 2024)"],
        [2024.0],
        [],
        ["Merkmale", None, *years],
        [None, None, 1.0, 2.0, 3.0],
    ]
    section = ""
    words = {"sex": "Frauen", "nationality": "Ausländer", "age": "55 Jahre und älter"}
    for number, path in enumerate(table.columns):
        top, label = path.format(industry="Produzierendes Gewerbe ( B - F )", **words).split(" | ")
        if top != section:
            rows.append([top.replace(" am ", "\nam ")])
            section = top
        stub = ["Insgesamt", None] if label == "Insgesamt" else ["dar.", label]
        rows.append([*stub, *numbers(number, 3)])
    rows[-1][2] = "*"
    rows += [[None, None, None, None, "© Statistik der Bundesagentur für Arbeit"], ["*) Aus Gründen der Geheimhaltung"]]
    imprint: Rows = [["Erstellungsdatum:", "03. Januar 2025"]]
    return File("ba_gemeindeheft", ("daten",), "Heft.xlsx", {"Impressum": imprint, "Daten": rows}, 6, 10, "Daten")


def hamburg() -> File:
    source = product("hamburg_stadtteilprofile")
    tables = ("bevoelkerung", "bewegung", "sozialstruktur", "wohnen", "infrastruktur")
    dates = {"bevoelkerung": "31.12.2019", "bewegung": "2019", "sozialstruktur": "Dez 2019", "wohnen": "2019"}
    paths = [path for name in tables for path in headers(source.tables[name], dates.get(name, "Jan 2020"))]
    first, second = _merged(paths)
    rows: Rows = [
        ["Statistische Daten zu den Stadtteilen"],
        ["Stadtgebiet", *first],
        [None, *second],
        [None, *(f"Anzahl {number}" for number in range(len(paths)))],
    ]
    for number, name in enumerate(("Bergedorf", "HafenCity", "Altona", "Bergedorf", "Hamburg")):
        rows.append([name, *numbers(number, len(paths))])
    return File("hamburg_stadtteilprofile", tables, "Profile.xlsx", {"Profile 2019": rows}, 1, 2)


def kiel() -> File:
    head = ["Land", "Stadt", "Kategorie", "Jahr", "Stadtteile", "Merkmal", "Einpersonen", "Paar ohne Kind"]
    head += [
        "Paar mit Kindern",
        "Paar mit Nachkommen",
        "Alleinerziehende",
        "Sonst. Mehrpersonenhaushalte",
        "lat",
        "lon",
    ]
    rows: Rows = [head]
    for number, kind in enumerate(("Haushalte", "Personen")):
        for name in ("Altstadt", "Wik"):
            figures = ["3.44", "1467.0", "12.0", *numbers(number, 3, text=True), "54.3", "10.1"]
            rows.append(["de-sh", "Kiel", "Bevoelkerung", "31_12_2022", name, kind, *figures])
    return File("kiel_opendata", ("haushalte", "personen"), "haushalte.csv", {"csv": rows}, 0, 6)


def wegweiser() -> File:
    table = product("wegweiser_kommune").tables["soziale_lage"]
    paths = headers(table, "2021")
    rows: Rows = [["Kommune", "GKZ", "ARS", *paths[1:]]]
    for number, (name, ags, ars) in enumerate(
        (("Aufheim", "05334002", "053340002002"), ("Verband Bachtal", "07141911", "071415011000"))
    ):
        figures = ["k.A.", "12,5", "39.433", *numbers(number, len(paths) - 7, text=True)]
        rows.append([name, ags, ars, "Land", "Kreis", "Typ 1", *figures])
    rows += [[], ["k.A. = keine Angaben"], ["Quelle: erfunden"]]
    return File("wegweiser_kommune", ("soziale_lage",), "soz_lage.csv", {"csv": rows}, 0, 7)


def atlas() -> File:
    def sheet(table: str, anchor: str, keys: Sequence[float]) -> Rows:
        columns = product("deutschlandatlas").tables[table].columns
        words = [index for index, rule in enumerate(columns.values()) if rule.unit == "text"]
        rows: Rows = [[anchor, "Name", *columns]]
        for number, key in enumerate(keys):
            figures = numbers(number, len(columns))
            for index in words:
                figures[index] = "5 bis unter 10"
            rows.append([key, f"Ort {number}", *figures])
        return rows

    sheets: dict[str, Rows] = {
        "Vorblatt": [["Daten zum Deutschlandatlas"], ["Stand: 12.12.2024"]],
        "Deutschlandatlas_GEM1221": sheet("gem1221", "GKZ1221", [1001000.0, 16077052.0]),
        "Deutschlandatlas_KRS1222": sheet("krs1222", "KRS1222", [1001000.0, 16077000.0]),
        "Deutschlandatlas_VBGEM1222": sheet("vbgem1222", "VBG1222", [10010000.0, 160775050.0]),
    }
    tables = ("gem1221", "krs1222", "vbgem1222")
    return File("deutschlandatlas", tables, "Atlas.xlsx", sheets, 0, 2, "Deutschlandatlas_GEM1221")


def berlin() -> File:
    table = product("berlin_lor").tables["ewr"]
    paths: list[str] = []
    for path in table.columns:
        paths += [f"E_{label}" for label in table.labels["age"]] if "{age}" in path else [path]
    rows: Rows = [["ZEIT", "RAUMID", *paths]]
    for number, area in enumerate(("01011101", "12304314")):
        figures = numbers(number, len(paths), text=True)
        for again, first in (("E_EU1", "E_E00_01"), ("E_E15U18", "E_E15_18")):
            figures[paths.index(again)] = figures[paths.index(first)]
        rows.append(["202012", area, *figures])
    return File("berlin_lor", ("ewr",), "EWR_Matrix.csv", {"csv": rows}, 0, 45)


def muenster() -> File:
    places = ("11 Aegidii", "Altstadt", "Mitte", "Stadt Münster")
    stub = "Stadtteil\nTeilbereich\nStadtbezirk"
    ages = ["0 - 9", "10 - 19", "90 u. mehr"]
    by_age: Rows = [
        [stub, "Männliche Wohnberechtigte Bevölkerung in Münster am 31.12.2014"],
        [None, "Ins-\ngesamt", "davon im Alter von … bis … Jahren"],
        [None, None, *ages],
        [None, "Anzahl"],
    ]
    jobless: Rows = [[stub, "Arbeitslose in Münster am 15.12."], [None, 2013.0, 2014.0], [None, "Anzahl"]]
    for number, place in enumerate(places):
        by_age.append([place, *numbers(number, 4)])
        jobless.append([place, *numbers(number, 2)])
    by_age[4][4] = "."
    note: Rows = [["Quelle: erfunden"], ["K:/Statistik"]]
    sheets = {"männlich": [*by_age, *note], "Arbeitslose": [*jobless, *note]}
    return File("muenster", ("alter_maennlich", "arbeitslose"), "Münster.xlsx", sheets, 0, 2)


def moves() -> File:
    rows: Rows = [
        ["Die Münchner Umzüge 2019 nach Herkunfts- und Zielgebieten"],
        [None, "zogen . . . Personen in den Stadtbezirk 1) . . .  um."],
        ["von\nStadt-\nbezirk . . ."],
        [None, 1.0, 2.0, "nicht \nzuzu-\nordnen", "Mchn.\ninsg."],
        [],
    ]
    for number, origin in enumerate(("  1", 2.0, "nicht\nzuzuordnen", "München\ninsgesamt")):
        rows.append([origin, *numbers(number, 4)])
    rows[6][3] = "-"
    rows += [["_________"], ["1) Genaue Bezeichnung siehe Tabelle 104.", None, None, None, "Statistisches Amt"]]
    return File("muenchen_umzuege", ("umzuege",), "jt200124.xlsx", {"jt200124": rows}, 2, 1)


def indicators() -> File:
    head = ["Indikator", "Ausprägung", "Jahr", "Raumbezug", "Indikatorwert"]
    head += [f"Basiswert.{n}" for n in range(1, 6)] + [f"Name.Basiswert.{n}" for n in range(1, 6)]
    names = ["Hauptwohnsitzbevölkerung (insgesamt)", "Fläche in km²", "NA", "NA", "NA"]
    rows: Rows = [head]
    for number, place in enumerate(("Stadt München", "03 Maxvorstadt")):
        figures = [*numbers(number, 2, text=True), "4.5", "NA", "NA", "NA"]
        rows.append(["Bevölkerungsdichte", "insgesamt", "2023", place, *figures, *names])
    return File("muenchen_indikatorenatlas", ("bevoelkerungsdichte",), "indikat.csv", {"csv": rows}, 0, 5)


def results() -> File:
    first = ["Wahlberechtigte", "Wähler", "Ungültige", "Gültige", "Partei der Mitte e.V.", "Übrige"]
    rows: Rows = [["BTW_BUND 17"], ["Vorläufiges Ergebnis"], ["Nr", "Gebiet", "gehört zu"], [None] * 3, [None] * 3]
    for name in first:
        rows[2] += [name, None, None, None]
        rows[3] += ["Erststimmen", None, "Zweitstimmen", None]
        rows[4] += ["Vorläufig", "Vorperiode"] * 2
    places = (("1", "Flensburg", "1"), ("1", "Schleswig-Holstein", "99"), ("99", "Bundesgebiet", None))
    for number, place in enumerate(places):
        figures = numbers(number, 24, text=True)
        figures[2], figures[6] = figures[0], figures[4]  # the electorate is that of both votes
        rows += [[*place, *figures], []]
    rows[5][19] = None
    return File("wahlen_bund", ("kerg",), "kerg.csv", {"csv": rows}, 2, 7)


def saxony_anhalt() -> File:
    top = ["Wahlbe-\nrechtigte\ninsgesamt", "davon", None, None, "Wähler/-\ninnen\ninsgesamt", "Darunter"]
    top += ["Ungültige\nErst-\nstimmen", "Gültige \nErst-\nstimmen", "PDM", "Einzel-\nbewer-\nber/-innen"]
    top += ["Einzel-\nbewer-\nber/-innen", "Ungültige \nZweit-\nstimmen", "Gültige \nZweit-\nstimmen", "PDM", "GARTEN"]
    under = [None, 'Ohne Sperr-\nvermerk "W"', 'Mit Sperr-\nvermerk "W"', "Nach § 21\nAbs. 2 LWO", None]
    under += ["Wähler/-innen \nmit Wahlschein"]
    rows: Rows = [
        ["Wahl des 9. Landtages von Sachsen-Anhalt am 6. September 2026"],
        ["Kreisfreie Stadt/Landkreis", None, "Wahl-\nlokal-\nart", *top],
        ["Nr.", "Name", None, *under],
        [],
    ]
    for number, (key, name) in enumerate(((15001000.0, "Aufheim"), ("15", "Sachsen-Anhalt"))):
        for step, kind in enumerate(("Brief", "Urne", "Insgesamt")):
            rows.append([key, name, kind, *numbers(number, 15, first=20 * step)])
    rows[4][3], rows[6][11] = "-", "x"
    tables = ("insgesamt", "brief", "urne")
    return File("wahlen_sachsen_anhalt", tables, "Landtagswahl.xlsx", {"Gemeinden": rows}, 1, 3)


def schleswig_holstein() -> File:
    table = product("wahlen_schleswig_holstein").tables["gemeindewahl_2013"]
    paths = [path for path in table.columns if path != "{party}"]
    parties = ["PDM", "Joachim Raeder", "Helmut Radunski"]
    rows: Rows = [["Stat. Kennziffer"], [None]]
    for path in [*paths, *parties]:
        name, _, letter = path.partition(" | ")
        rows[0].append(name)
        rows[1].append(letter or None)
    for number, key in enumerate(("01000001", "56028003")):
        rows.append([key, *(["Wort"] * 13), *numbers(number, len(paths) - 13 + 3)])
    return File("wahlen_schleswig_holstein", ("gemeindewahl_2013",), "Export.xlsx", {"Exportdatei": rows}, 0, 17)


def taxes() -> File:
    columns = list(product("magdeburg_finanzen").tables["steuereinnahmen"].columns)
    rows: Rows = [["Haushaltsjahr", *columns, None]]
    for number, year in enumerate(("2024", "2023")):
        rows.append([year, "1.670.167,05", *numbers(number, len(columns) - 1, text=True), None])
    rows[1][3] = None
    return File("magdeburg_finanzen", ("steuereinnahmen",), "steuern.csv", {"csv": rows}, 0, 10)


FILES: dict[str, Callable[[], File]] = {
    function.__name__: function
    for function in (
        ba, hamburg, kiel, wegweiser, atlas, berlin, muenster, moves, indicators, results, saxony_anhalt,
        schleswig_holstein, taxes,
    )
}  # fmt: skip
