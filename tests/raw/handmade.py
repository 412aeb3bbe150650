# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A table as a colleague of an imaginary Kreis makes it by hand. Every number is invented."""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook

ROWS = [
    ("99001001", "Adorf", 1200, 200, 300, 600),
    ("99001002", "Bedorf 2)", 1500, 330, 390, "-"),
    ("99001003", "Klein Cedorf", 90, ".", ".", 40),
    ("99001", "Kreis insgesamt", 2790, 545, 705, 640),
]


def write(path: Path) -> Path:
    """Title, an empty row, three header rows with merged cells, four rows, footnotes."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Einwohner"
    sheet["A1"] = "Kreis Musterland: Einwohner und Haushalte am 31.12.2023"
    sheet.append([])
    sheet.append(["Schlüssel", "Gemeinde", "Einwohner 1)", None, None, "Haushalte"])
    sheet.append([None, None, "insgesamt", "darunter"])
    sheet.append([None, None, None, "unter 18 Jahre", "65 Jahre und älter"])
    for place in ("A3:A5", "B3:B5", "C3:E3", "C4:C5", "D4:E4", "F3:F5"):
        sheet.merge_cells(place)
    for row in ROWS:
        sheet.append(list(row))
    sheet.append([])
    sheet.append(["1) am Ort der Hauptwohnung"])
    sheet.append(["2) mit Ortsteil Bedorf-Süd"])
    sheet.append(["Quelle: Kreis Musterland, Stand 15.03.2024"])
    book.save(path)
    return path
