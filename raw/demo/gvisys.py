# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The yearly extract of the municipality register: cover sheet, three-row header, ARS over five columns.

Belongs here: that layout and how it changed over the years. Does not belong here: the numbers (`world`).
"""

from __future__ import annotations

import io

import xlsxwriter

from raw.demo import geometry, territory
from raw.demo.delivery import PUBLISHER, Delivery
from raw.demo.territory import Area
from raw.demo.world import World

Cell = str | float
_WIDTH = 20
_NEW_LAYOUT = 2020
_MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip
_ASSOCIATIONS = ("Amt Fließtal", "Amt Heideland", "Amt Obere Aue")
_POSTAL_BASE = 9_900


def write(world: World, delivery: Delivery) -> bytes:
    """The workbook of one year."""
    year = delivery.years[0]
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"author": PUBLISHER, "created": delivery.published.replace(tzinfo=None)})
    _fill(book.add_worksheet("Inhalt"), _cover(delivery, year))
    name = f"Onlineprodukt_Gemeinden3112{year}" if year >= _NEW_LAYOUT else "Gemeindedaten"
    _fill(book.add_worksheet(name), [*_header(year), *_rows(world, year), *_footer(delivery)])
    book.close()
    return buffer.getvalue()


def _fill(sheet: xlsxwriter.worksheet.Worksheet, rows: list[list[Cell]]) -> None:
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            else:
                sheet.write_number(number, column, cell)


def _cover(delivery: Delivery, year: int) -> list[list[Cell]]:
    issued = f"Erscheinungsmonat: {_MONTHS[delivery.published.month - 1]} {delivery.published.year}"
    lines = [
        PUBLISHER,
        "",
        "Gemeindeverzeichnis (synthetisch)",
        f"Gebietsstand: 31.12.{year} (Jahr)",
        issued,
        "",
    ]
    return [
        [line]
        for line in [
            *lines,
            "Alle politisch selbständigen Gemeinden im Land Musterland",
            "99  Land Musterland",
        ]
    ]


def _header(year: int) -> list[list[Cell]]:
    new = year >= _NEW_LAYOUT
    date = f"31.12.{year} (Jahr)"
    area = "Fläche km2 1)" if new else f"Fläche km2\nam {date}1)"
    key = "Amtlicher Regionalschlüssel (ARS)" if new else "Regionalschlüssel (RS)"
    people, post = ("Bevölkerung2)", "Postleit-zahl3)") if new else ("Bevölkerung", "Post-leit-zahl")
    last = "Grad der Verstädterung" if new else "EU-Stadt-/Landgliederung"
    return [
        _row({0: f"Gemeinden in Musterland (synthetisch) nach Fläche und Bevölkerung am {date}"}),
        _row({}),
        _row({0: "Satz-art", 1: "Text-kenn-zeichen", 2: key, 7: "Gemeindename", 8: area, 9: people, 13: post,
              14: "Geografische Mittelpunktkoordinaten", 16: "Reisegebiete", 18: last}),
        _row({2: "Land", 3: "RB", 4: "Kreis", 5: "VB", 6: "Gem", 9: "insgesamt", 10: "männlich", 11: "weiblich",
              12: "je km2", 14: "Längengrad", 15: "Breitengrad"}),
        _row({2: f"Gebietsstand am {date}", 9: date if new else f"am {date}", 14: f"Zuordnungsstand am 31.12.{year}",
              16: "Schlüssel", 17: "Bezeichnung", 18: "Schlüssel", 19: "Bezeichnung"}),
        _row({}),
    ]  # fmt: skip


def _row(cells: dict[int, Cell]) -> list[Cell]:
    return [cells.get(column, "") for column in range(_WIDTH)]


def _rows(world: World, year: int) -> list[list[Cell]]:
    """Satzart 10 (Land), 20 (Regierungsbezirk), 30 (Region), 40 (Kreis), 50 (Verband), 60 (Gemeinde)."""
    rows = [
        _key_row("10", "", ["99"], "Land Musterland"),
        _key_row("20", "", ["99", "0"], "Mittelmusterland"),
        _key_row("30", "", ["99", "0", "5"], "Region Mittelmusterland"),
    ]
    for kreis in territory.of_level(world.areas, "kreis"):
        city = kreis.key == territory.CITY_KREIS
        rows.append(_key_row("40", "41" if city else "43", ["99", "0", kreis.key[3:]], kreis.name.split(",")[0]))
        members = [area for area in territory.of_level(world.areas, "gemeinde", year) if area.parent == kreis.key]
        for association, area in sorted(
            ((_association(area), area) for area in members), key=lambda pair: (pair[0], pair[1].key)
        ):
            rows.extend(_gemeinde(world, year, area, association, rows))
    return rows


def _association(area: Area) -> str:
    """Towns stand alone (`0` + number), villages belong to one of three Ämter."""
    if area.key == territory.CITY:
        return "0000"
    return f"0{area.key[5:]}" if "Stadt" in area.name else f"500{1 + int(area.key[5:]) % len(_ASSOCIATIONS)}"


def _gemeinde(world: World, year: int, area: Area, association: str, above: list[list[Cell]]) -> list[list[Cell]]:
    key = ["99", "0", area.key[3:5], association]
    rows = []
    if not any(row[0] == "50" and row[2:6] == key for row in above):
        alone = association.startswith("0")
        name = area.name if alone else _ASSOCIATIONS[int(association[-1]) - 1]
        rows.append(_key_row("50", "50" if alone else "54", key, name))
    kind = "61" if area.key == territory.CITY else "63" if "Stadt" in area.name else "64"
    row = _key_row("60", kind, [*key, area.key[5:]], area.name)
    row[8:] = _figures(world, year, area)
    return [*rows, row]


def _key_row(record: str, kind: str, key: list[str], name: str) -> list[Cell]:
    cells: dict[int, Cell] = {0: record, 1: kind, 7: f"{name} {territory.SYNTHETIC}"}
    return _row({**cells, **{2 + place: part for place, part in enumerate(key)}})


def _figures(world: World, year: int, area: Area) -> list[Cell]:
    size, people = world.value(area.key, year, "area"), world.value(area.key, year, "pop")
    density = people / size
    lon, lat = geometry.lon_lat(_centre(world, area))
    grade = 0 if density > 1000 else 1 if density > 250 else 2
    urban = ("dicht besiedelt", "mittlere Besiedlungsdichte", "gering besiedelt")[grade]
    return [
        round(size, 2), float(people), float(world.value(area.key, year, "pop", "sex=m")),
        float(world.value(area.key, year, "pop", "sex=f")), float(round(density)),
        f"{_POSTAL_BASE + int(area.key[5:]):05d}", str(lon).replace(".", ","), str(lat).replace(".", ","),
        "Z99", f"Musterland {territory.SYNTHETIC}", f"0{grade + 1}", urban,
    ]  # fmt: skip


def _centre(world: World, area: Area) -> geometry.Floats:
    """Centre of an area on the map, which has no place for what is not assignable (hence the shift)."""
    count = len(territory.STADTTEILE)
    places = [leaf if leaf < count else leaf - 1 for leaf in area.leaves if leaf != count]
    centre: geometry.Floats = world.shapes.centres[places].mean(axis=0)
    return centre


def _footer(delivery: Delivery) -> list[list[Cell]]:
    lines = (
        "",
        "Quelle: Gemeindeverzeichnis (synthetisch)",
        "1) Abweichungen bei den Flächenangaben sind durch Runden der Zahlen möglich.",
        "2) Synthetische Zahlen, Fortschreibung auf Grundlage des Zensus 2022.",
        "3) Die Gemeinde kann mehrere Postleitzahlen (PLZ) haben; hier die PLZ des Verwaltungssitzes.",
        f"© {PUBLISHER}, {delivery.published.year}",
    )
    return [_row({0: line}) for line in lines]
