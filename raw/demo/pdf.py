# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The care report as PDF: a ruled table over two pages, a header of two rows that is repeated, footnote marks, a total.

Belongs here: that layout, and as much of the format as it needs. Does not belong here: the numbers (`world`).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from raw.contracts import ColumnRule
from raw.demo import territory
from raw.demo.delivery import PUBLISHER, Delivery
from raw.demo.world import World
from raw.vocabulary.dimensions import format_dims

_WIDTH, _HEIGHT, _LEFT, _TOP = 595, 842, 50, 770
_ROWS_OF_A_PAGE, _ROW, _LABEL, _SIZE = 28, 18, 130, 8
_PROVISIONAL = "2"
JOINED, JOINED_NOTE = "Hafenviertel", "1) einschließlich der Häuser am Kai"


@dataclass
class _Page:
    """Operators of a page; places are in points from below, as the format counts them."""

    operators: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, size: int = _SIZE, font: str = "F1") -> float:
        """Write a text; returns about where it ends."""
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.operators.append(f"BT /{font} {size} Tf {x:.1f} {y:.1f} Td ({escaped}) Tj ET")
        return x + 0.56 * size * len(text)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a line."""
        self.operators.append(f"0.5 w {x0:.1f} {y0:.1f} m {x1:.1f} {y1:.1f} l S")


def write(world: World, delivery: Delivery) -> bytes:
    """The report of one delivery."""
    rules = [(key.partition(" | ")[0], rule) for key, rule in delivery.table.columns.items()]
    areas = [*territory.of_level(world.areas, "stadtteil"), world.areas[world.place[territory.CITY]]]
    pages: list[_Page] = []
    for start in range(0, len(areas), _ROWS_OF_A_PAGE):
        page = _Page()
        title = delivery.table.title["de"]
        page.text(_LEFT, _TOP + 40, PUBLISHER)
        page.text(_LEFT, _TOP + 12, f"Tabelle 1: {title}" if not start else f"noch Tabelle 1: {title}", 10, "F2")
        below = _table(page, world, delivery.years, rules, areas[start : start + _ROWS_OF_A_PAGE])
        if start + _ROWS_OF_A_PAGE >= len(areas):
            page.text(_LEFT, below - 14, JOINED_NOTE, 6)
            page.text(_LEFT, below - 24, f"{_PROVISIONAL}) vorläufiges Ergebnis", 6)
            page.text(_LEFT, below - 34, f"Stand: {delivery.published:%d.%m.%Y}", 6)
        page.text(_WIDTH / 2, 40, f"– {len(pages) + 12} –")
        pages.append(page)
    return _document([page.operators for page in pages], delivery)


def _table(
    page: _Page, world: World, years: list[int], rules: list[tuple[str, ColumnRule]], areas: list[territory.Area]
) -> float:
    """Header, rows and rules of one page; returns the lower edge."""
    width = (_WIDTH - 2 * _LEFT - _LABEL) / (len(rules) * len(years))
    edges = [_LEFT + _LABEL + width * number for number in range(len(rules) * len(years) + 1)]
    right, bottom = edges[-1], _TOP - _ROW * (len(areas) + 2)
    page.text(_LEFT + 3, _TOP - 20, "Stadtteil")
    for group, (name, _) in enumerate(rules):
        page.text(edges[group * len(years)] + 3, _TOP - 13, name)
        for number, year in enumerate(years):
            page.text(edges[group * len(years) + number] + 3, _TOP - _ROW - 13, str(year))
    for row, area in enumerate(areas):
        y = _TOP - _ROW * (row + 2) - 13
        total = area.key == territory.CITY
        end = page.text(_LEFT + 3, y, "Stadt insgesamt" if total else area.name, font="F2" if total else "F1")
        if area.name == JOINED:
            page.text(end, y + 3, "1)", 5)
        for group, (_, rule) in enumerate(rules):
            for number, year in enumerate(years):
                value = int(world.value(area.key, year, str(rule.concept), format_dims(rule.dims)))
                text = f"{value:,}".replace(",", " ") if value else "-"
                end = page.text(edges[group * len(years) + number] + 3, y, text)
                if total and year == years[-1]:
                    page.text(end, y + 3, f"{_PROVISIONAL})", 5)
    for row in range(len(areas) + 3):
        start = _LEFT + _LABEL if row == 1 else _LEFT
        page.line(start, _TOP - _ROW * row, right, _TOP - _ROW * row)
    for number, edge in enumerate([_LEFT, *edges]):
        inside = number > 1 and (number - 1) % len(years)
        page.line(edge, _TOP - _ROW if inside else _TOP, edge, bottom)
    return bottom


def _document(pages: list[list[str]], delivery: Delivery) -> bytes:
    """The file: catalogue, pages with their packed contents, two fonts that every reader has, properties."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    ]
    for operators in pages:
        packed = zlib.compress("\n".join(operators).encode("cp1252"), 9)
        box = f"/MediaBox [0 0 {_WIDTH} {_HEIGHT}] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {len(objects) + 2} 0 R >>".encode())
        about = f"<< /Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode()
        objects.append(about + packed + b"\nendstream")
    title = delivery.table.title["de"].encode("cp1252").hex()
    objects.append(f"<< /Title <{title}> /Author (Lagebild demo) /Producer (Lagebild demo) >>".encode())
    return assembled(objects)


def assembled(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1: the first is the catalogue, the last one the properties."""
    parts, places, length = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"], [], 15
    for number, body in enumerate(objects, 1):
        places.append(length)
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        length += len(parts[-1])
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R %b>>\nstartxref\n%d\n%%%%EOF\n"
    return b"".join([*parts, head, table, end % (len(objects) + 1, len(objects), trailer, length)])
