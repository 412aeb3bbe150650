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
from typing import BinaryIO, Literal, NamedTuple

import numpy as np

from raw.harvest.address import column_number
from raw.harvest.gate_ods import admit_cells
from raw.harvest.gate_pdf import admit_pdf
from raw.harvest.gate_xls import admit_xls
from raw.harvest.unreadable import Unreadable as Unreadable
from raw.harvest.unshown import Unshown, could_have, unshown

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
_LETTERS, _DIGITS = 3, 7
"""Of the furthest cell that a spreadsheet has, XFD1048576."""
_AFTER = bytes(24)
_IS_NAME_END = np.array([chr(sign) in " \t\r\n/>" for sign in range(256)])
_LETTER = np.array([sign - ord("A") + 1 if ord("A") <= sign <= ord("Z") else 0 for sign in range(256)])
Signs = np.ndarray[tuple[int], np.dtype[np.uint8]]
Places = np.ndarray[tuple[int], np.dtype[np.int64]]
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error, ValueError)


def admit(path: Path, seen: dict[str, Unshown] | None = None) -> Kind:
    """What a file is by its content; the name says nothing. Raises Unreadable with the first reason against it.

    `seen` takes, by sheet, what the reader of workbooks does not show.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise Unreadable("missing") from error
    if size > MAX_BYTES:
        raise Unreadable("too_large")
    with path.open("rb") as file:
        head = file.read(512)
        if head.startswith(_ZIP):
            _admit_container(path, {} if seen is None else seen)
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
        long = (line for line in (*lines, rest) if len(line) >= MAX_COLUMNS)
        if len(rest) > MAX_LINE_BYTES or any(max(map(line.count, _DELIMITERS)) >= MAX_COLUMNS for line in long):
            raise Unreadable("too_wide")


def _admit_container(path: Path, seen: dict[str, Unshown]) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            _admit_members(archive)
            for entry in archive.infolist():
                _admit_part(archive, entry, seen)
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
    if "xl/workbook.bin" in (name.lower() for name in names):
        raise Unreadable("binary")  # .xlsb: the gate cannot look into it
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


def _admit_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, seen: dict[str, Unshown]) -> None:
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
        if sheet.doubtful:
            with archive.open(entry) as part:
                seen[sheet.name()] = unshown(part)
    if name == "content.xml":
        admit_cells(archive.read(entry), MAX_CELLS, MAX_COLUMNS)
    if name == "META-INF/manifest.xml" and b"encryption-data" in archive.read(entry):
        raise Unreadable("encrypted")


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Pieces of a part; a cell is not divided between two of them, unless it is longer than any cell is."""
    kept = b""
    with archive.open(entry) as part:
        piece = part.read(_PIECE)
        while following := part.read(_PIECE):
            whole = kept + piece
            cut = max(whole.rfind(b"<c "), whole.rfind(b":c "), 0)
            if len(whole) - cut > 2 * _PIECE or not cut:
                cut = max(whole.rfind(b"<"), len(whole) - _OVERLAP, 0)
            yield whole[:cut]
            kept, piece = whole[cut:], following
    yield kept + piece


class _Counted(NamedTuple):
    """Cells and rows of a piece, cells without an address, and the furthest column and row (from 1)."""

    cells: int
    rows: int
    unplaced: int
    width: int
    height: int


def _counted_by_pattern(piece: bytes) -> _Counted:
    """Whatever way the piece is written."""
    cells = len(_CELL.findall(piece))
    placed = _REFERENCE.findall(piece)
    width = _column(max({letters for letters, _ in placed}, key=lambda m: (len(m), m))) if placed else 0
    height = max((int(row[:9]) for row in (*_ROW_NUMBER.findall(piece), *(row for _, row in placed))), default=0)
    return _Counted(cells, len(_ROW.findall(piece)), cells - len(placed), width, height)


def _counted(piece: bytes) -> _Counted | None:
    """The same, many times faster, where every cell is `<c r="A1"` and every row `<row r="1"`; else None."""
    if b":c" in piece or b":row" in piece:
        return None
    signs = np.frombuffer(piece + _AFTER, np.uint8)
    tags = np.flatnonzero(signs == ord("<"))
    first = signs[tags + 1]
    cells, rows = tags[first == ord("c")], tags[first == ord("r")]
    cells = cells[_IS_NAME_END[signs[cells + 2]]]
    rows = rows[(signs[rows + 2] == ord("o")) & (signs[rows + 3] == ord("w")) & _IS_NAME_END[signs[rows + 4]]]
    if piece.count(b'<c r="') != cells.size or piece.count(b'<row r="') != rows.size:
        return None
    at, column = cells + len(b'<c r="'), np.zeros(cells.size, np.int64)
    for _ in range(_LETTERS):
        letter = _LETTER[signs[at]]
        column, at = np.where(letter, column * 26 + letter, column), at + (letter > 0)
    height, height_of_rows = _largest(signs, at), _largest(signs, rows + len(b'<row r="'))
    if height is None or height_of_rows is None or not column.all():
        return None
    return _Counted(cells.size, rows.size, 0, int(column.max(initial=0)), max(height, height_of_rows))


def _largest(signs: Signs, at: Places) -> int | None:
    """The largest number that stands at these places before a quotation mark; None where none or a long one does."""
    number, start = np.zeros(at.size, np.int64), at
    for _ in range(_DIGITS):
        digit = signs[at] - ord("0")  # a sign before 0 is a large number, for the signs are bytes
        is_digit = digit < 10
        if not is_digit.any():
            break
        number, at = np.where(is_digit, number * 10 + digit, number), at + is_digit
    complete = (at > start).all() and (signs[at] == ord('"')).all()
    return int(number.max(initial=0)) if complete else None


class _Sheet:
    """What is seen of a sheet while it is read in pieces: counts and bounds; the exact place of cells only in doubt."""

    def __init__(self, name: Callable[[], str]) -> None:
        self.name = name
        self.cells = self.rows = self.width = self.height = self.unplaced = 0
        self.doubtful = False

    def look(self, piece: bytes) -> None:
        """Count cells and note the furthest one. Raises Unreadable at the first thing that must not be read."""
        counted = _counted(piece) or _counted_by_pattern(piece)
        self.cells, self.rows = self.cells + counted.cells, self.rows + counted.rows
        self.unplaced += counted.unplaced
        self.width, self.height = max(self.width, counted.width), max(self.height, counted.height)
        if self.width > MAX_COLUMNS or self.height > MAX_ROWS:
            raise Unreadable("too_wide", self.name())
        if self.cells > MAX_CELLS:
            raise Unreadable("too_large", self.name())
        self.doubtful = self.doubtful or could_have(piece)
        if b"f>" in piece or b"<f " in piece:
            self._judge_formulas(piece)

    def _judge_formulas(self, piece: bytes) -> None:
        for found in _FORMULA.finditer(piece):
            attributes, formula, _, end = found.groups()
            if formula and _OUTSIDE.search(formula[:_FORMULA_LENGTH]):
                raise Unreadable("external_links", self._place(attributes))
            if end.startswith(b"</") and b't="str"' not in attributes:
                raise Unreadable("no_value", self._place(attributes))

    def _place(self, attributes: bytes) -> str:
        """Where a cell with these attributes is."""
        found = re.search(rb'\br="([A-Z]+\d+)"', attributes)
        return f"{self.name()}!{found[1].decode() if found else '?'}"

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
    return column_number(letters.decode("ascii")) + 1


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
