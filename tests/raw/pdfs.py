# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small PDF files with ruled tables, good and hostile, and the contract that reads the good one.

Belongs here: what several tests of the room need to write a PDF. Every number is invented.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from pdfminer.fontmetrics import FONT_METRICS

from raw.contract_files import load_source
from raw.contracts import Source
from raw.demo.pdf import assembled
from raw.harvest.raised import RAISED_SIGNS, raised
from tests.raw.build import AREAS, SOURCE, write_source

Row = str | Sequence[str | None]
"""A line of text, or a table's row: None is a cell joined with its left neighbour, in the first column with the one
above."""

TABLE = """
id: plaetze
title: {de: t, en: t}
detect: {title: Plätze im Dorf}
period: {format: year}
area: {stub: Ortsteil}
marks: {"1)": P}
columns:
  "Heime | {date}": {concept: care_places, dims: {place: stat}}
  "Tagespflege | {date}": {concept: care_places, dims: {place: day}}
identities:
  - {areas: {from: stadtteil, to: gemeinde}, columns: ["Heime | {date}", "Tagespflege | {date}"]}
"""
HEADER: list[Row] = [["Ortsteil", "Heime", None, "Tagespflege", None], [None, "2021", "2023", "2021", "2023"]]
PAGES: list[list[Row]] = [
    ["Pflegebericht 2024", "Tabelle 3: Plätze im Dorf", *HEADER, ["Altes Dorf", "1 234", "1.302", "-", "14"], "– 7 –"],
    [
        "Pflegebericht 2024", "noch Tabelle 3: Plätze im Dorf", *HEADER,
        ["Neues Dorf²⁾", "66", "70", "12", "12"], ["Gesamt", "1 300", "1 372", "12", "26¹⁾"],
        "1) vorläufig", "2) mit Vorwerk", "Stand: 12.06.2024", "– 8 –",
    ],
]  # fmt: skip
_WIDTHS = FONT_METRICS["Helvetica"][1]
_LEFT, _SIZE, _ROW = 40, 8, 18
_PLAIN = {raised(sign): sign for sign in "0123456789()nabcdefghijklmoprstuvwxyz" if raised(sign) in RAISED_SIGNS}


def pdf_source(folder: Path) -> Source:
    """The source whose one table is that of PAGES."""
    source = SOURCE.format(id="t_pdf", family="pdf_tabelle", basis="register") + 'symbols: {"-": zero}\n'
    source += 'areas: {level: stadtteil, parent: "99001000", list: areas.yml}\n'
    return load_source(write_source(folder / "t_pdf", {"source": source, "plaetze": TABLE, "areas": AREAS}))


def write_pdf(path: Path, pages: Sequence[Sequence[Row]] = PAGES) -> Path:
    """Write pages as a PDF."""
    path.write_bytes(pdf([page_operators(rows) for rows in pages]))
    return path


def pdf(pages: Sequence[bytes], *more: bytes, trailer: bytes = b"", catalogue: bytes = b"") -> bytes:
    """A PDF of pages by their operators; `more` are further objects, before the properties."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %b>>" % catalogue,
        b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for operators in pages:
        box = b"/MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(b"<< /Type /Page /Parent 2 0 R %b /Contents %d 0 R >>" % (box, len(objects) + 2))
        objects.append(stream(operators))
    return assembled([*objects, *more, b"<< /Author (Erika Kanarienvogel) /Title (Kanarienvogel) >>"], trailer)


def stream(content: bytes, about: bytes = b"", packed: bool = True) -> bytes:
    """A stream object's body."""
    data = zlib.compress(content, 1) if packed else content
    how = b"/Filter /FlateDecode " if packed else b""
    return b"<< %b%b/Length %d >>\nstream\n%b\nendstream" % (about, how, len(data), data)


def page_operators(rows: Sequence[Row]) -> bytes:
    """The operators of a page: lines of text, and every run of table rows as a ruled table."""
    out: list[str] = []
    y = 800.0
    for number, row in enumerate(rows):
        if isinstance(row, str):
            _text(out, _LEFT, y - 12, row)
        else:
            first = 140 if len(row) > 5 else 515 / max(len(row), 1)
            widths = [first, *[(515 - first) / max(len(row) - 1, 1)] * (len(row) - 1)]
            below = rows[number + 1] if number + 1 < len(rows) else ""
            for column, cell in enumerate(row):
                x, width = _LEFT + sum(widths[:column]), widths[column]
                if cell is not None or not column:
                    out.append(f"{x:.2f} {y:.2f} m {x:.2f} {y - _ROW:.2f} l S")
                if cell is not None or column:
                    out.append(f"{x:.2f} {y:.2f} m {x + width:.2f} {y:.2f} l S")
                if isinstance(below, str):
                    out.append(f"{x:.2f} {y - _ROW:.2f} m {x + width:.2f} {y - _ROW:.2f} l S")
                _text(out, x + 3, y - 12, cell or "")
            out.append(f"{_LEFT + 515} {y:.2f} m {_LEFT + 515} {y - _ROW:.2f} l S")
        y -= _ROW
    return "\n".join(out).encode("cp1252")


def _text(out: list[str], x: float, y: float, text: str) -> None:
    for sign in text:
        small = sign in _PLAIN
        plain = _PLAIN.get(sign, sign)
        escaped = f"\\{plain}" if plain in "()\\" else plain
        size, up = (5, 3) if small else (_SIZE, 0)
        out.append(f"BT /F1 {size} Tf {x:.3f} {y + up:.2f} Td ({escaped}) Tj ET")
        x += _WIDTHS.get(plain, 0.556 if isinstance(_WIDTHS.get("a"), float) else 556) * size / 1000
