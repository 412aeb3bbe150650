# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A delivered file as somebody has it open: rows of entries that can be changed and saved again.

Workbooks are edited in their XML and texts in their own encoding, so that whatever nobody touched stays as it was. Does
not belong here: which change is made (`file_mutations`).
"""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from raw.harvest.address import column_letters
from raw.harvest.grid import Cell, open_grids
from tests.raw.pdfs import page_operators, pdf

_ROW = re.compile(r"<row\b([^>]*?)(?:/>|>(.*?)</row>)", re.DOTALL)
_CELL = re.compile(r"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_ADDRESS = re.compile(r'\br="([A-Z]*)(\d+)"')
_KIND = re.compile(r'\bt="(\w+)"')
_STYLE = re.compile(r'\bs="\d+"')
_TEXT = re.compile(r"<t\b[^>]*>(.*?)</t>", re.DOTALL)
_VALUE = re.compile(r"<v>(.*?)</v>", re.DOTALL)
_SHEET = re.compile(r'<sheet\b[^>]*?\bname="([^"]*)"[^>]*?r:id="([^"]*)"')
_RELATION = re.compile(r"<Relationship\b[^>]*>")


@dataclass(frozen=True)
class Entry:
    """One cell: its text, whether it is a number of a workbook, and its XML where it is still the file's own."""

    text: str
    number: bool = False
    style: str = ""
    xml: str | None = None


Row = list[Entry | None]


@dataclass
class Paper:
    """A file: sheet → rows. `encoding` and `delimiter` are those of a text; `names` are new names of sheets."""

    name: str
    rows: dict[str, list[Row]]
    encoding: str = ""
    delimiter: str = ""
    line_end: str = "\r\n"
    archive: bytes = b""
    parts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    is_pdf: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the file is a text and no workbook."""
        return not self.archive

    def copy(self) -> Paper:
        """A copy whose rows can be changed."""
        rows = {name: [list(row) for row in rows] for name, rows in self.rows.items()}
        return replace(self, rows=rows, names=dict(self.names))

    def text(self, sheet: str, row: int, column: int) -> str:
        """Text of a cell, empty where there is none."""
        entry = self._at(sheet, row, column)
        return entry.text if entry else ""

    def _at(self, sheet: str, row: int, column: int) -> Entry | None:
        rows = self.rows[sheet]
        return rows[row][column] if row < len(rows) and column < len(rows[row]) else None

    def put(self, sheet: str, row: int, column: int, text: str, number: bool | None = None) -> None:
        """Write into a cell; as what stood there before, unless `number` says it."""
        old = self._at(sheet, row, column)
        is_number = bool(old and old.number) if number is None else number
        self.put_entry(sheet, row, column, Entry(text, is_number, old.style if old else ""))

    def put_entry(self, sheet: str, row: int, column: int, entry: Entry | None) -> None:
        """Put another cell's entry here."""
        line = self.rows[sheet][row]
        line.extend([None] * (column + 1 - len(line)))
        line[column] = entry

    def entry(self, sheet: str, row: int, column: int) -> Entry | None:
        """The entry of a cell."""
        return self._at(sheet, row, column)

    def has_signs(self, text: str) -> bool:
        """Whether the file's encoding has all signs of a text."""
        try:
            text.encode(self.encoding or "utf-8")
        except UnicodeEncodeError:
            return False
        return True

    def content(self) -> bytes:
        """The bytes of the file."""
        if self.is_pdf:
            return pdf([page_operators(_page(rows)) for rows in self.rows.values()])
        return self._text_content() if self.is_text else self._workbook_content()

    def _text_content(self) -> bytes:
        (rows,) = self.rows.values()
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator=self.line_end)
        for row in rows:
            writer.writerow([entry.text if entry else "" for entry in row])
        return out.getvalue().encode(self.encoding)

    def _workbook_content(self) -> bytes:
        out = io.BytesIO()
        written = {self.parts[sheet]: rows for sheet, rows in self.rows.items()}
        with (
            zipfile.ZipFile(io.BytesIO(self.archive)) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, 1) as new,
        ):
            for item in old.infolist():
                content = old.read(item)
                if item.filename in written:
                    content = _sheet_xml(content.decode("utf-8"), written[item.filename]).encode("utf-8")
                elif item.filename == "xl/workbook.xml":
                    content = self._renamed(content.decode("utf-8")).encode("utf-8")
                new.writestr(item.filename, content)
        return out.getvalue()

    def _renamed(self, workbook: str) -> str:
        for old, new in self.names.items():
            workbook = workbook.replace(f'name="{html.escape(old)}"', f'name="{html.escape(new)}"', 1)
        return workbook


def _page(rows: list[Row]) -> list[str | list[str | None]]:
    """Lines and table rows of a page: the table is what stands from the first row of several cells to the last."""
    several = [number for number, row in enumerate(rows) if sum(entry is not None for entry in row) > 1]
    width = max((len(row) for row in rows), default=0)
    found: list[str | list[str | None]] = []
    for number, row in enumerate(rows):
        texts = [entry.text if entry else None for entry in row]
        if not several or not several[0] <= number <= several[-1]:
            found.append(next(filter(None, texts), ""))
        elif number < several[0] + 2:  # two header rows, in which an empty cell is joined with another
            found.append([*texts, *[None] * (width - len(texts))])
        else:
            found.append([text or "" for text in [*texts, *[""] * (width - len(texts))]])
    return found


def _sheet_xml(xml: str, rows: list[Row]) -> str:
    """A sheet's XML with these rows in place of its own."""
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(_cell_xml(entry, f"{column_letters(at)}{number}") for at, entry in enumerate(row) if entry)
        if cells:
            lines.append(f'<row r="{number}">{cells}</row>')
    head, _, rest = xml.partition("<sheetData")
    tail = rest.partition("</sheetData>")[2]
    return f"{re.sub('<dimension[^>]*/>', '', head)}<sheetData>{''.join(lines)}</sheetData>{tail}"


def _cell_xml(entry: Entry, address: str) -> str:
    if entry.xml is not None:
        return entry.xml.replace("\0", address)
    style = f" {entry.style}" if entry.style else ""
    if entry.number:
        return f'<c r="{address}"{style}><v>{entry.text}</v></c>'
    text = html.escape(entry.text, quote=False)
    return f'<c r="{address}"{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def open_paper(path: Path) -> Paper:
    """Open a workbook (xlsx), a PDF or a text with separators."""
    content = path.read_bytes()
    if content.startswith(b"%PDF"):
        rows = {grid.sheet: [[_of_pdf(cell) for cell in row] for row in grid.rows] for grid in open_grids(path)}
        return Paper(path.name, rows, "cp1252", is_pdf=True)
    return _workbook(path.name, content) if content[:2] == b"PK" else _text(path.name, content)


def _of_pdf(cell: Cell) -> Entry | None:
    return Entry(cell) if isinstance(cell, str) else None


def _text(name: str, content: bytes) -> Paper:
    for encoding in ("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8", "cp1252", "latin-1"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    delimiter = max(";\t,", key=lambda mark: sum(mark in line for line in text[:20_000].splitlines()))
    rows: list[Row] = [[Entry(one) for one in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    return Paper(name, {"csv": rows}, encoding, delimiter, "\r\n" if "\r\n" in text else "\n")


def _workbook(name: str, content: bytes) -> Paper:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        relations = {}
        for relation in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels").decode("utf-8")):
            about = dict(re.findall(r'\b(Id|Target)="([^"]*)"', relation))
            relations[about["Id"]] = "xl/" + about["Target"].removeprefix("/xl/")
        workbook = archive.read("xl/workbook.xml").decode("utf-8")
        parts = {html.unescape(sheet): relations[key] for sheet, key in _SHEET.findall(workbook)}
        parts = {sheet: part for sheet, part in parts.items() if "worksheets/" in part}
        strings: list[str] = []
        if "xl/sharedStrings.xml" in archive.namelist():
            shared = archive.read("xl/sharedStrings.xml").decode("utf-8")
            items = re.findall(r"<si\b[^>]*?(?:/>|>(.*?)</si>)", shared, re.DOTALL)
            strings = [html.unescape("".join(_TEXT.findall(item))) for item in items]
        rows = {sheet: _rows(archive.read(part).decode("utf-8"), strings) for sheet, part in parts.items()}
    return Paper(name, rows, archive=content, parts=parts)


def _rows(xml: str, strings: list[str]) -> list[Row]:
    rows: list[Row] = []
    for row_attributes, cells in _ROW.findall(xml.partition("<sheetData")[2].partition("</sheetData>")[0]):
        place = _ADDRESS.search(row_attributes)
        number = int(place[2]) if place else len(rows) + 1
        rows.extend([] for _ in range(number - len(rows)))
        row = rows[number - 1]
        for attributes, inner in _CELL.findall(cells):
            address = _ADDRESS.search(attributes)
            column = _column(address[1]) if address else len(row)
            row.extend([None] * (column + 1 - len(row)))
            row[column] = _entry(attributes, inner, strings)
    return rows


def _entry(attributes: str, inner: str, strings: list[str]) -> Entry:
    kind, style = _KIND.search(attributes), _STYLE.search(attributes)
    about = _ADDRESS.sub("", attributes).strip()
    xml = f'<c r="\0" {about}>{inner}</c>' if inner else f'<c r="\0" {about}/>'
    value = _VALUE.search(inner)
    if kind and kind[1] == "s":
        text = strings[int(value[1])] if value else ""
    elif kind and kind[1] == "inlineStr":
        text = html.unescape("".join(_TEXT.findall(inner)))
    else:
        text = html.unescape(value[1]) if value else ""
    is_number = bool(value) and (kind is None or kind[1] == "n")
    return Entry(text, is_number, style[0] if style else "", xml)


def _column(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1
