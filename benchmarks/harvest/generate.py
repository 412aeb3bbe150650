# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Generated files: workbooks of all shapes, and deliveries of three families that the product's contracts read.

Belongs here: writing them, the same for the same seed. Does not belong here: reading them. Every number is invented.
"""

from __future__ import annotations

import datetime as dt
import random
from functools import cache
from pathlib import Path

import xlsxwriter

from raw.contract_files import load_sources

Cell = str | float | dt.date | None
WORDS = (
    "Bevölkerung",
    "männlich",
    "weiblich",
    "Insgesamt",
    "31.12.2023",
    "darunter",
    "Anzahl",
    "Tsd. EUR",
    "%",
    "je km2",
)
YEARS = range(2009, 2024)
KREISE = 400
GEMEINDEN = 3000
FAMILIES = {"kiss_md": "k3_t34", "regionaldatenbank": "r13211_02_05_4", "gv_isys": "gv_bevoelkerung"}
"""Source → its table; `files` writes deliveries of them."""


def workbooks(folder: Path, number: int, seed: int = 1) -> list[Path]:
    """Workbooks of one to three sheets: title lines, merged headers, stubs, dates, numbers, symbols, gaps."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"mappe_{at:04d}.xlsx" for at in range(number)]
    for path in paths:
        rng = random.Random(f"{seed} {path.name}")
        with xlsxwriter.Workbook(str(path)) as book:
            date = book.add_format({"num_format": "dd.mm.yyyy"})
            for sheet in range(rng.choice([1, 1, 1, 2, 3])):
                _sheet(book.add_worksheet(f"Tabelle {sheet + 1}"), date, rng)
    return paths


def _sheet(sheet: xlsxwriter.worksheet.Worksheet, date: xlsxwriter.format.Format, rng: random.Random) -> None:
    top, width, height = rng.randrange(6), rng.randrange(6, 30), rng.randrange(20, 250)
    if top:
        sheet.write_string(0, 0, f"Übersicht {rng.randrange(1000)}")
    sheet.merge_range(top, 0, top + 1, 1, "Gebiet")
    column = 2
    while column + 1 < width:
        last = min(width - 1, column + rng.randrange(1, 4))
        sheet.merge_range(top, column, top, last, rng.choice(WORDS))
        for own in range(column, last + 1):
            sheet.write_string(top + 1, own, rng.choice(WORDS))
        column = last + 1
    for row in range(top + 2, top + 2 + height):
        sheet.write_string(row, 0, f"{rng.randrange(100_000):05d}")
        sheet.write_string(row, 1, f"Gemeinde {rng.randrange(900)}")
        for column in range(2, width):
            kind = rng.random()
            if kind < 0.6:
                sheet.write_number(row, column, rng.randrange(100_000))
            elif kind < 0.8:
                sheet.write_number(row, column, round(rng.random() * 100, 2))
            elif kind < 0.85:
                sheet.write_datetime(row, column, dt.datetime(2023, 1 + rng.randrange(12), 1), date)
            elif kind < 0.95:
                sheet.write_string(row, column, rng.choice(("-", ".", "x", "1 234", "1.234,5")))


def files(source: str, folder: Path, number: int, seed: int = 1) -> list[Path]:
    """Deliveries of one of FAMILIES, of different content each."""
    folder.mkdir(parents=True, exist_ok=True)
    write = {"kiss_md": _kiss, "regionaldatenbank": _regional, "gv_isys": _register}[source]
    return [write(folder, at, random.Random(f"{seed} {source} {at}")) for at in range(number)]


@cache
def _districts() -> list[str]:
    areas = load_sources(active=["kiss_md"])["kiss_md"].areas
    keys = [(area.key.rpartition("-")[2], area.codes) for area in areas.areas] if areas else []
    return [key for key, codes in keys if key in codes and len(key) == 2]


def _symbol(rng: random.Random, value: float) -> Cell:
    return rng.choice((".", "-")) if rng.random() < 0.03 else value


def _kiss(folder: Path, at: int, rng: random.Random) -> Path:
    """Districts over fifteen years."""
    path = folder / f"bevoelkerung_{at:04d}.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Sheet 1")
        sheet.write_row(0, 0, ["tabelle", *(f"K3_T34_var{number}" for number in range(1, 9))])
        row = 0
        for year in YEARS:
            for area in [*_districts(), "15003"]:
                row += 1
                figures = [rng.randrange(30_000) for _ in range(5)]
                sheet.write_row(row, 0, ["K3_T34", year, area, *(_symbol(rng, v) for v in (*figures, sum(figures)))])
    return path


REGIONAL_HEADERS = (
    ("Arbeitslose", "", "Anzahl"),
    ("Arbeitslose", "ausländisch", "Anzahl"),
    ("Arbeitslose", "schwerbehindert", "Anzahl"),
    ("Arbeitslose", "15 bis unter 20 Jahre", "Anzahl"),
    ("Arbeitslose", "15 bis unter 25 Jahre", "Anzahl"),
    ("Arbeitslose", "55 bis unter 65 Jahre", "Anzahl"),
    ("Arbeitslose", "langzeitarbeitslos", "Anzahl"),
    ("Arbeitslosenquote bez. abh. zivile Erwerbspers.", "", "Prozent"),
    ("Arbeitslosenquote bez. auf alle zivile Erwerbsp.", "", "Prozent"),
    ("Arbeitslosenquote bez. auf alle zivile Erwerbsp.", "Männer", "Prozent"),
    ("Arbeitslosenquote bez. auf alle zivile Erwerbsp.", "Frauen", "Prozent"),
    ("Arbeitslosenquote bez. auf alle zivile Erwerbsp.", "ausländisch", "Prozent"),
    ("Arbeitslosenquote bez. auf alle zivile Erwerbsp.", "15 bis unter 25 Jahre", "Prozent"),
)


def _regional(folder: Path, at: int, rng: random.Random) -> Path:
    """Kreise over five years, in the encoding of Windows."""
    blanks = ";" * (2 + len(REGIONAL_HEADERS))
    lines = ["Tabelle: 13211-02-05-4", f"Arbeitslose nach ausgewählten Personengruppen{blanks}"]
    lines += [";".join(["", "", "", *(header[level] for header in REGIONAL_HEADERS)]) for level in range(3)]
    for year in range(2009 + 5 * (at % 3), 2014 + 5 * (at % 3)):
        for kreis in range(KREISE):
            entries = []
            for *_, unit in REGIONAL_HEADERS:
                value = _symbol(rng, rng.randrange(40_000) if unit == "Anzahl" else round(rng.random() * 20, 1))
                entries.append(value if isinstance(value, str) else str(value).replace(".", ","))
            key = f"{1 + kreis // 30:02d}{100 + kreis % 30:03d}"
            lines.append(f"{year};{key};      Kreis Nr. {kreis}, Land {at};{';'.join(entries)}")
    lines += ["__________", "© Amt für Erfundenes", f"Stand: 0{1 + at % 9}.03.2024 / 10:11:12"]
    path = folder / f"13211-02-05-4_{at:04d}.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))
    return path


def _register(folder: Path, at: int, rng: random.Random) -> Path:
    """A register of Gemeinden below one Kreis each fifty."""
    year = 2011 + at % 12
    date = f"31.12.{year} (Jahr)"
    header: list[dict[int, Cell]] = [
        {0: f"Gemeinden nach Fläche, Bevölkerung und Postleitzahl am {date}"},
        {},
        {0: "Satz-art", 1: "Text-kenn-zeichen", 2: "Amtlicher Regionalschlüssel (ARS)", 7: "Gemeindename",
         8: "Fläche km2 1)", 9: "Bevölkerung2)", 13: "Postleit-zahl3)", 14: "Geografische Mittelpunktkoordinaten"},
        {2: "Land", 3: "RB", 4: "Kreis", 5: "VB", 6: "Gem", 9: "insgesamt", 10: "männlich", 11: "weiblich",
         12: "je km2", 14: "Längengrad", 15: "Breitengrad"},
        {2: f"Gebietsstand am {date}", 9: f"am {date}"},
        {},
    ]  # fmt: skip
    rows = header
    for number in range(GEMEINDEN):
        land, kreis, own = f"{1 + number // 600:02d}", f"{1 + number % 600 // 50:02d}", f"{number % 50:03d}"
        if number % 50 == 0:
            rows.append({0: "40", 1: "41", 2: land, 3: "0", 4: kreis, 7: f"Kreis {land}{kreis}"})
        men, women, size = rng.randrange(9000), rng.randrange(9000), round(1 + rng.random() * 90, 2)
        rows.append(
            {0: "60", 1: "64", 2: land, 3: "0", 4: kreis, 5: "0001", 6: own, 7: f"Gemeinde {number} ({at})", 8: size,
             9: men + women, 10: men, 11: women, 12: round((men + women) / size), 13: f"{rng.randrange(100_000):05d}",
             14: f"{6 + rng.random() * 8:.6f}".replace(".", ","), 15: f"{47 + rng.random() * 7:.6f}".replace(".", ",")}
        )  # fmt: skip
    path = folder / f"3112{year}_Auszug_GV_{at:04d}.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        cover = book.add_worksheet("Inhalt")
        cover.write_string(0, 0, "Gemeindeverzeichnis")
        cover.write_string(1, 0, f"Erscheinungsmonat: Februar {year + 1}")
        sheet = book.add_worksheet("Gemeindedaten")
        for line, cells in enumerate(rows):
            for column, cell in cells.items():
                sheet.write(line, column, cell) if not isinstance(cell, str) else sheet.write_string(line, column, cell)
    return path
