# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Old workbooks (xls): what their records say of the size of a sheet, before a reader believes it and fills the memory.

Belongs here: rows, columns and texts that are announced, at every place that is named as a sheet's beginning. Does not
belong here: finding the workbook in its container and everything else that speaks against it (`gate_xls`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from raw.harvest.unreadable import Unreadable

MAX_COLUMNS, MAX_ROWS = 256, 65_536
"""Of a sheet of this format; a cell further out is damage."""
SPARSE_FROM_CELLS, MAX_EMPTY_PER_CELL = 2_000_000, 200
"""A large sheet may have this many empty cells for each that is filled."""
_BOUND_SHEET, _EOF, _TEXTS, _DIMENSIONS = 0x85, 0x0A, 0xFC, 0x200
_CELLS = {0x06, 0xFD, 0xD6, 0x201, 0x203, 0x204, 0x205, 0x27E}
_MANY_CELLS = {0xBD, 0xBE}


@dataclass
class Size:
    """Records of cells of a sheet, its last row and column (from 1), and the number of cells that it announces."""

    cells: int = 0
    height: int = 0
    width: int = 0
    announced: int = 0


def admit_sizes(book: bytes) -> None:
    """Whether the sheets of a workbook stream fit into the memory. Raises Unreadable."""
    for size in sizes(book):
        if size.width > MAX_COLUMNS:
            raise Unreadable("damaged")
        spread = max(size.width * size.height, size.announced)
        many = spread > SPARSE_FROM_CELLS and MAX_EMPTY_PER_CELL * max(size.cells, 1) < spread
        if many or spread > MAX_COLUMNS * MAX_ROWS:
            raise Unreadable("too_large")


def sizes(book: bytes) -> list[Size]:
    """The size of each sheet. Raises Unreadable where a record is too short or says what cannot be."""
    try:
        places = []
        for kind, data in _records(book, 0):
            if kind == _BOUND_SHEET:
                places.append(struct.unpack_from("<I", data)[0])
            elif kind == _TEXTS and struct.unpack_from("<I", data, 4)[0] > len(book):
                raise Unreadable("damaged")
        return [_size(book, place) for place in places]
    except (struct.error, IndexError) as error:
        raise Unreadable("damaged") from error


def _size(book: bytes, place: int) -> Size:
    size = Size()
    for kind, data in _records(book, place):
        if kind == _DIMENSIONS:
            first, last, left, right = struct.unpack_from("<IIHH" if len(data) >= 12 else "<HHHH", data)
            size.announced = max(size.announced, max(last - first, 1) * max(right - left, 1))
        elif kind in _CELLS or kind in _MANY_CELLS:
            row, column = struct.unpack_from("<HH", data)
            if kind in _MANY_CELLS:
                column = max(column, struct.unpack_from("<H", data, len(data) - 2)[0])
            size.cells += 1
            size.height, size.width = max(size.height, row + 1), max(size.width, column + 1)
    return size


def _records(book: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """Records from a place on to the end of their part: kind and data."""
    while place + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, place)
        yield kind, book[place + 4 : place + 4 + length]
        if kind == _EOF:
            return
        place += 4 + length
