# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate for old workbooks (.xls): the records of the workbook, before anybody reads a cell.

Belongs here: encryption, macros (of both kinds), external links, errors in cells, hidden rows and columns, damage.
Does not belong here: the values of cells and hidden sheets (`grid`).

The reader returns an error as an empty cell and says nothing of hidden rows and columns, so all are refused with their
place.
Formats: [MS-CFB] for the container, [MS-XLS] for the records.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from raw.harvest.address import column_letters
from raw.harvest.unreadable import Unreadable
from raw.harvest.xls_size import admit_sizes

_FREE = 0xFFFFFFFA
"""Sector numbers from here on end a chain."""
_MACROS = {"_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA", "Macros"}
_BOF, _BOUNDSHEET, _FILEPASS, _SUPBOOK, _EXTERNSHEET = 0x0809, 0x0085, 0x002F, 0x01AE, 0x0017
_ROW, _COLUMNS, _FORMULA, _BOOLERR, _SEVERAL = 0x0208, 0x007D, 0x0006, 0x0205, 0x00BD
_FIGURES = {0x0203, 0x027E, _SEVERAL, _FORMULA}
"""Records of cells with a number: NUMBER, RK, MULRK, FORMULA."""
_MACRO_SHEETS = {1, 6}
_OWN, _ADD_IN = 0x0401, 0x3A01
_ROW_IS_HIDDEN, _COLUMNS_ARE_HIDDEN = 0x20, 0x01


class _Entry(NamedTuple):
    name: str
    kind: int
    start: int
    size: int


def admit_xls(content: bytes) -> None:
    """Look through a compound file. Raises Unreadable with the first reason against it."""
    try:
        container = _Container(content)
        entries = container.entries()
        names = {entry.name for entry in entries}
        if "EncryptedPackage" in names:
            raise Unreadable("encrypted")
        if names & _MACROS:
            raise Unreadable("macros")
        book = next((entry for entry in entries if entry.name in ("Workbook", "Book")), None)
        if book is None:
            raise Unreadable("not_a_table")
        stream = container.stream(book, entries[0])
        _judge(stream)
        admit_sizes(stream)
    except (struct.error, IndexError) as error:
        raise Unreadable("damaged") from error


class _Container:
    """Sectors and their chains. A chain that runs in a circle or out of the file is damage."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        shift, self.mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or self.mini_shift != 6:
            raise Unreadable("damaged")
        self.size = 1 << shift
        self.first_entry, _, self.cutoff, self.first_mini = struct.unpack_from("<IIII", content, 48)
        places = [*struct.unpack_from("<109I", content, 76)]
        following, count = struct.unpack_from("<II", content, 68)
        for _ in range(min(count, len(content) >> shift)):
            more = struct.unpack(f"<{self.size // 4}I", self.sector(following))
            places += more[:-1]
            following = more[-1]
        fat = b"".join(self.sector(place) for place in places if place < _FREE)
        self.next = struct.unpack(f"<{len(fat) // 4}I", fat)

    def sector(self, number: int) -> bytes:
        """One sector, whole."""
        found = self.content[(number + 1) * self.size : (number + 2) * self.size]
        if len(found) < self.size:
            raise Unreadable("damaged")
        return found

    def chain(self, start: int) -> bytes:
        """All sectors of a chain."""
        return b"".join(self.sector(number) for number in _followed(start, self.next))

    def entries(self) -> list[_Entry]:
        """The directory; its first entry is the root, whose stream holds the small streams."""
        directory = self.chain(self.first_entry)
        found = []
        for place in range(0, len(directory), 128):
            length, kind = struct.unpack_from("<HB", directory, place + 64)
            start, size = struct.unpack_from("<II", directory, place + 116)
            if kind:
                name = directory[place : place + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
                found.append(_Entry(name, kind, start, size))
        if not found:
            raise Unreadable("damaged")
        return found

    def stream(self, entry: _Entry, root: _Entry) -> bytes:
        """The bytes of a stream."""
        if entry.size >= self.cutoff:
            data = self.chain(entry.start)
        else:
            small, table = self.chain(root.start), self.chain(self.first_mini)
            following = struct.unpack(f"<{len(table) // 4}I", table)
            width = 1 << self.mini_shift
            data = b"".join(small[n * width : (n + 1) * width] for n in _followed(entry.start, following))
        if len(data) < entry.size:
            raise Unreadable("damaged")
        return data[: entry.size]


def _followed(start: int, following: tuple[int, ...]) -> Iterator[int]:
    number, steps = start, 0
    while number < _FREE:
        if steps > len(following):
            raise Unreadable("damaged")
        yield number
        number, steps = following[number], steps + 1


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Place, type and body of each record; what stands behind the last whole one is padding or damage."""
    place = 0
    while place + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, place)
        if not kind and not length and not any(data[place:]):
            return
        if place + 4 + length > len(data):
            raise Unreadable("damaged")
        yield place, kind, data[place + 4 : place + 4 + length]
        place += 4 + length


def _judge(data: bytes) -> None:
    sheets: dict[int, str] = {}
    sheet, is_old, hidden, columns = "", False, set[int](), set[int]()
    for place, kind, body in _records(data):
        if kind == _BOF:
            is_old = struct.unpack_from("<H", body)[0] < 0x0600
            sheet, hidden, columns = sheets.get(place, ""), set(), set()
        elif kind == _FILEPASS:
            raise Unreadable("encrypted")
        elif kind == _BOUNDSHEET:
            start, _, type_, length = struct.unpack_from("<IBBB", body)
            if type_ in _MACRO_SHEETS:
                raise Unreadable("macros")
            sheets[start] = _name(body[7:], length, is_old)
        elif (kind == _SUPBOOK and struct.unpack_from("<H", body, 2)[0] not in (_OWN, _ADD_IN)) or (
            kind == _EXTERNSHEET and is_old and body[1:2] == b"\x01"
        ):
            raise Unreadable("external_links")
        elif kind == _ROW and struct.unpack_from("<H", body, 12)[0] & _ROW_IS_HIDDEN:
            hidden.add(struct.unpack_from("<H", body)[0])
        elif kind == _COLUMNS and struct.unpack_from("<H", body, 8)[0] & _COLUMNS_ARE_HIDDEN:
            first, last = struct.unpack_from("<HH", body)
            columns |= set(range(first, min(last, 255) + 1))
        elif kind == _BOOLERR or kind in _FIGURES:
            row, column = struct.unpack_from("<HH", body)
            where = f"{sheet}!{column_letters(column)}{row + 1}"
            if (kind == _BOOLERR and body[7]) or (kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2):
                raise Unreadable("error_value", where)
            if row in hidden and kind != _BOOLERR:
                raise Unreadable("hidden_rows", where)
            last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _SEVERAL else column
            if kind != _BOOLERR and (unseen := columns.intersection(range(column, last + 1))):
                raise Unreadable("hidden_columns", f"{sheet}!{column_letters(min(unseen))}{row + 1}")


def _name(text: bytes, length: int, is_old: bool) -> str:
    if is_old:
        return text[:length].decode("cp1252", "replace")
    wide = bool(text[:1] and text[0] & 1)
    return text[1 : 1 + length * (1 + wide)].decode("utf-16-le" if wide else "latin-1", "replace")
