# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Old workbooks (.xls) written record by record, good and hostile. Every number is invented."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

_SECTOR, _END, _FREE, _FAT = 512, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_BOF = {"book": 0x0005, "sheet": 0x0010}


def record(kind: int, body: bytes = b"") -> bytes:
    """One record."""
    return struct.pack("<HH", kind, len(body)) + body


def number(row: int, column: int, value: float) -> bytes:
    """A cell with a number."""
    return record(0x0203, struct.pack("<HHHd", row, column, 0, value))


def label(row: int, column: int, text: str) -> bytes:
    """A cell with a text."""
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 0) + text.encode("latin-1"))


def error(row: int, column: int) -> bytes:
    """A cell that shows #DIV/0!."""
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, 7, 1))


def formula_with_error(row: int, column: int) -> bytes:
    """A formula whose result is #DIV/0!."""
    return record(0x0006, struct.pack("<HHH8sHIH", row, column, 0, b"\x02\x00\x07\x00\x00\x00\xff\xff", 0, 0, 0))


def row(at: int, hidden: bool = False) -> bytes:
    """The description of a row."""
    return record(0x0208, struct.pack("<HHHHHHHH", at, 0, 9, 255, 0, 0, 0x20 if hidden else 0, 0))


def columns(first: int, last: int, hidden: bool = False) -> bytes:
    """The description of some columns."""
    return record(0x007D, struct.pack("<HHHHHH", first, last, 2000, 0, 1 if hidden else 0, 0))


def several(row: int, column: int, number: int) -> bytes:
    """Cells in a row with a number each, in one record."""
    return record(
        0x00BD,
        struct.pack("<HH", row, column) + b"\x00\x00\x16\x00\x00\x00" * number + struct.pack("<H", column + number - 1),
    )


FILEPASS = record(0x002F, bytes(6))
OTHER_BOOK = record(0x01AE, struct.pack("<HH", 1, 9) + b"\x00andere.xls")
OWN_BOOK = record(0x01AE, struct.pack("<HH", 1, 0x0401))


def book(sheets: Mapping[str, bytes], more: bytes = b"", kind: int = 0, state: int = 0) -> bytes:
    """The stream of a workbook: its sheets by name, `more` records before them."""

    def bof(name: str) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, _BOF[name], 0x0DBB, 0x07CC, 0, 6))

    bodies = [bof("sheet") + cells + record(0x000A) for cells in sheets.values()]
    names = [name.encode("latin-1") for name in sheets]
    place = len(bof("book") + more + record(0x000A)) + sum(12 + len(name) for name in names)
    listed = b""
    for name, body in zip(names, bodies, strict=True):
        listed += record(0x0085, struct.pack("<IBBBB", place, state, kind, len(name), 0) + name)
        place += len(body)
    return bof("book") + more + listed + record(0x000A) + b"".join(bodies)


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file with these streams, each padded so that none is a small one."""
    entries = [("Root Entry", 5, _END, 0)]
    sectors: list[bytes] = []
    table: list[int] = []

    def put(data: bytes) -> int:
        start = len(sectors)
        parts = [data[at : at + _SECTOR].ljust(_SECTOR, b"\x00") for at in range(0, len(data), _SECTOR)]
        sectors.extend(parts)
        table.extend([*range(start + 1, start + len(parts)), _END])
        return start

    for name, content in streams.items():
        padded = content.ljust(4096, b"\x00")
        entries.append((name, 2, put(padded), len(padded)))
    directory = put(b"".join(_entry(*entry) for entry in entries))
    places: Sequence[int] = range(len(sectors), len(sectors) + 1 + len(sectors) // 100)
    whole = [*table, *[_FAT] * len(places)]
    whole += [_FREE] * (len(places) * 128 - len(whole))
    fat = struct.pack(f"<{len(whole)}I", *whole)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, len(places), directory, 0, 4096, _END, 0, _END, 0)
    return head + struct.pack("<109I", *places, *[_FREE] * (109 - len(places))) + b"".join(sectors) + fat


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    body = text.ljust(64, b"\x00") + struct.pack(
        "<HBBIII", len(text) + 2, kind, 1, _FREE, _FREE, 1 if kind == 5 else _FREE
    )
    return body + bytes(36) + struct.pack("<IQ", start, size)
