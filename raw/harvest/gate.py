# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate: what a file is by its content, and why it is not read at all.

Belongs here: everything that is decided before a reader sees the file, in bounded time and memory. Does not belong
here: reading (`grid`), what a table means, and the words for the reasons (`pipelines/messages.yml`, `reason.*`).

A part of a container is looked at in pieces and never kept, so a file that would fill the memory is refused by what
it says of itself (sizes, ratio) or by the first piece that shows it. Nothing outside the cells is looked up or
returned: no property of a document, no author.
"""

from __future__ import annotations

import html
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from raw.harvest.gate_pdf import admit_pdf
from raw.harvest.gate_xls import admit_xls
from raw.harvest.unreadable import Unreadable as Unreadable

MAX_BYTES = 256 * 1024 * 1024
MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
MAX_TEXT_BYTES = 64 * 1024 * 1024
"""A text takes about ten times its size when it is read; the largest that an agency sends is a tenth of this."""
MAX_LINE_BYTES = 4 * 1024 * 1024
MAX_TEXT_ROWS = 3_000_000
MAX_RATIO = 200
RATIO_FROM_BYTES = 8 * 1024 * 1024
"""Parts smaller than this may be packed as well as they like; the best packed sheet of an agency has a ratio of 60."""
MAX_MEMBERS = 5_000
MAX_SHEETS = 500
MAX_COLUMNS = 16_384
MAX_ROWS = 1_048_576
MAX_CELLS = 30_000_000
"""Cells of one sheet, empty ones included: a stray entry in the last row and column must not fill the memory."""
SPARSE_FROM_CELLS = 10_000_000
MAX_EMPTY_PER_CELL = 200
"""A large sheet may have this many empty cells for each that is filled."""

Kind = Literal["workbook", "text", "pdf"]
_PIECE = 1 << 20
_OVERLAP = 4096
_FORMULA_LENGTH = 8192
_DELIMITERS = (b";", b",", b"\t")
_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"
_NO_TABLES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"MZ",
    b"\x7fELF",
    b"{\\rtf",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table", b"<head", b"<body", b"mime-version")
_TRICK = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:|[\x00-\x1f]")
_ENTITY = re.compile(
    rb"<!(?:DOCTYPE|ENTITY)|" + b"|".join(re.escape(w.encode("utf-16-le")) for w in ("<!DOC", "<!ENT"))
)
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_REFERENCE = re.compile(rb'<(?:\w+:)?c\s(?:[^<>]*?\s)?r="([A-Z]+)(\d+)"')
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_ROW_NUMBER = re.compile(rb'<(?:\w+:)?row\s(?:[^<>]*?\s)?r="(\d+)"')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^<>]*)>\s*<(?:\w+:)?f(?:\s[^<>]*?)?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*"
    rb"(<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*(</(?:\w+:)?c>|<(?:\w+:)?v>)"
)
_OUTSIDE = re.compile(rb"\[\d+\][^<]*!")
_ODS_TAG = re.compile(rb"<table:(table-row|table-cell)\b([^<>]*)>")
_ODS_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,9})')
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error, ValueError)


def admit(path: Path) -> Kind:
    """What a file is by its content; the name says nothing. Raises Unreadable with the first reason against it."""
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise Unreadable("missing") from error
    if size > MAX_BYTES:
        raise Unreadable("too_large")
    with path.open("rb") as file:
        head = file.read(512)
        if head.startswith(_ZIP):
            _admit_container(path)
        elif head.startswith(_OLE):
            admit_xls(head + file.read())
        elif head.startswith(_PDF):
            admit_pdf(head + file.read())
            return "pdf"
        else:
            _admit_text(file, head, size)
            return "text"
    return "workbook"


def _admit_text(file: BinaryIO, head: bytes, size: int) -> None:
    if head.startswith(_NO_TABLES) or head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[{")):
        raise Unreadable("not_a_table")  # a map or a description in JSON lies beside tables, it is none
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_MARKUP):
        raise Unreadable("markup")
    if size > MAX_TEXT_BYTES:
        raise Unreadable("too_large")
    file.seek(0)
    rest, ends, old_ends = b"", 0, 0
    while piece := file.read(_PIECE):
        ends, old_ends = ends + piece.count(b"\n"), old_ends + piece.count(b"\r")
        if max(ends, old_ends) > MAX_TEXT_ROWS:
            raise Unreadable("too_large")
        *lines, rest = (rest + piece).replace(b"\r", b"\n").split(b"\n")
        widest = max(max(map(line.count, _DELIMITERS)) for line in (*lines, rest))
        if widest >= MAX_COLUMNS or len(rest) > MAX_LINE_BYTES:
            raise Unreadable("too_wide")


def _admit_container(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            _admit_members(archive)
            for entry in archive.infolist():
                _admit_part(archive, entry)
    except Unreadable:
        raise
    except _DAMAGE as error:
        raise Unreadable("damaged") from error


def _admit_members(archive: zipfile.ZipFile) -> None:
    """What the directory of the container says: names, sizes, ratio, encryption."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MAX_MEMBERS:
        raise Unreadable("too_large")
    if not any(name.startswith(("xl/", "content.xml")) for name in names):
        raise Unreadable("not_a_table")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Unreadable("encrypted")
    links = any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries)
    if (
        links
        or len({name.lower() for name in names}) < len(names)
        or any(_TRICK.search(entry.orig_filename) for entry in entries)
    ):
        raise Unreadable("path_trick")
    sizes = [(entry.file_size, max(entry.compress_size, 1)) for entry in entries]
    if any(size > RATIO_FROM_BYTES and size > MAX_RATIO * packed for size, packed in sizes):
        raise Unreadable("zip_bomb")
    if sum(size for size, _ in sizes) > MAX_UNPACKED_BYTES:
        raise Unreadable("too_large")
    if any(re.search(r"vbaProject|^Basic/|activeX/|macrosheets/", name) for name in names):
        raise Unreadable("macros")
    if sum(name.startswith("xl/worksheets/") and name.count("/") == 2 for name in names) > MAX_SHEETS:
        raise Unreadable("too_large")


def _admit_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """One part, read to its end in pieces: a damaged one shows it by its checksum."""
    name = entry.filename
    is_sheet = name.startswith("xl/worksheets/") and name.endswith(".xml")
    sheet = _Sheet(lambda: _sheet_name(archive, name)) if is_sheet else None
    for piece in _pieces(archive, entry):
        if name.endswith((".xml", ".rels", ".vml")) and _ENTITY.search(piece):
            raise Unreadable("xml_entities")
        if sheet:
            sheet.look(piece)
    if sheet:
        sheet.judge()
    if name == "content.xml":
        _admit_open_document(archive.read(entry))
    if name == "META-INF/manifest.xml" and b"encryption-data" in archive.read(entry):
        raise Unreadable("encrypted")


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Pieces of a part; a cell is not divided between two of them, unless it is longer than any cell is."""
    kept = b""
    with archive.open(entry) as part:
        while piece := part.read(_PIECE):
            whole = kept + piece
            cut = max(whole.rfind(b"<c "), whole.rfind(b":c "), 0)
            if len(whole) - cut > 2 * _PIECE or not cut:
                cut = max(whole.rfind(b"<"), len(whole) - _OVERLAP, 0)
            yield whole[:cut]
            kept = whole[cut:]
    yield kept


class _Sheet:
    """What is seen of a sheet while it is read in pieces: counts and bounds; the exact place of cells only in doubt."""

    def __init__(self, name: Callable[[], str]) -> None:
        self.name = name
        self.cells = self.rows = self.width = self.height = self.unplaced = 0

    def look(self, piece: bytes) -> None:
        """Count cells and note the furthest one. Raises Unreadable at the first thing that must not be read."""
        cells = piece.count(b"<c ")
        if piece.count(b'<c r="') != cells or b":c " in piece or b"<c>" in piece or b"<c/>" in piece:
            cells = len(_CELL.findall(piece))
        self.cells += cells
        self.rows += len(_ROW.findall(piece))
        self.height = max([self.height, *(int(row[:9]) for row in _ROW_NUMBER.findall(piece))])
        placed = _REFERENCE.findall(piece)
        self.unplaced += cells - len(placed)
        if placed:
            self.width = max(self.width, _column(max({letters for letters, _ in placed}, key=lambda m: (len(m), m))))
            self.height = max(self.height, max(int(row[:9]) for _, row in placed))
        if self.width > MAX_COLUMNS or self.height > MAX_ROWS:
            raise Unreadable("too_wide", self.name())
        if self.cells > MAX_CELLS:
            raise Unreadable("too_large", self.name())
        if b"f>" in piece or b"<f " in piece:
            self._judge_formulas(piece)

    def _judge_formulas(self, piece: bytes) -> None:
        for attributes, formula, _, end in _FORMULA.findall(piece):
            place = re.search(rb'\br="([A-Z]+\d+)"', attributes)
            where = f"{self.name()}!{place[1].decode() if place else '?'}"
            if formula and _OUTSIDE.search(formula[:_FORMULA_LENGTH]):
                raise Unreadable("external_links", where)
            if end.startswith(b"</") and b't="str"' not in attributes:
                raise Unreadable("no_value", where)

    def judge(self) -> None:
        """Whether the cells, empty ones included, fit into the memory. Raises Unreadable."""
        width, height = self.width, max(self.height, self.rows)
        if self.unplaced:  # cells without an address follow each other
            width = max(width, -(-self.unplaced // max(self.rows, 1)))
        if width > MAX_COLUMNS:
            raise Unreadable("too_wide", self.name())
        spread = width * height
        if spread > MAX_CELLS or (spread > SPARSE_FROM_CELLS and spread > MAX_EMPTY_PER_CELL * max(self.cells, 1)):
            raise Unreadable("too_large", self.name())


def _column(letters: bytes) -> int:
    """The number of a column, from 1; longer than any spreadsheet has is simply too far."""
    if len(letters) > 3:
        return MAX_COLUMNS + 1
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheet_name(archive: zipfile.ZipFile, part: str) -> str:
    """What people call a sheet; the name of its part where the workbook does not say it."""
    try:
        book = archive.open("xl/workbook.xml").read(_PIECE).decode("utf-8", "replace")
        links = archive.open("xl/_rels/workbook.xml.rels").read(_PIECE).decode("utf-8", "replace")
    except (KeyError, *_DAMAGE):
        return part
    targets = {}
    for tag in re.findall(r"<Relationship\s[^<>]{1,2000}>", links):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        targets[attributes.get("Id")] = attributes.get("Target", "").rpartition("/")[2]
    for tag in re.findall(r"<sheet\s[^<>]{1,2000}>", book):
        attributes = dict(re.findall(r'([\w:]+)="([^"]*)"', tag))
        if targets.get(attributes.get("r:id")) == part.rpartition("/")[2]:
            return html.unescape(attributes.get("name", part))
    return part


def _admit_open_document(content: bytes) -> None:
    """A row or cell of an OpenDocument sheet may say that it stands a million times."""
    cells, times = 0, 1
    for kind, attributes in _ODS_TAG.findall(content):
        repeated = _ODS_REPEATED.search(attributes)
        count = int(repeated[1]) if repeated else 1
        if kind == b"table-row":
            times = count
        elif b"value-type" in attributes:
            cells += count * times
            if count > MAX_COLUMNS:
                raise Unreadable("too_wide")
        if cells > MAX_CELLS:
            raise Unreadable("too_large")
