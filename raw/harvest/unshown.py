# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What the reader of workbooks does not say of an .xlsx: errors in cells, and rows and columns that are hidden.

Belongs here: one pass through a sheet's XML where it could have them (`could_have`). Does not belong here: old
workbooks (`gate_xls`), what becomes of them (`grid`).

The reader returns an error as an empty cell, as if nobody had entered anything. Of a hidden row the colleague who
sends the file sees nothing, and an agency that hides one means it to be left out. Nothing of a cell is kept but what
an error says of itself (`#DIV/0!`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from raw.harvest.address import column_number
from raw.harvest.unreadable import Unreadable

_SIGNS = (b"hidden=", b't="e"', b"t='e'", b' width="0', b' ht="0', b" width='0", b" ht='0")
_TRUE = ("1", "true")
_PIECE = 1 << 20
_LAST_COLUMN = 16_384
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
MAX_ERRORS = 100_000
"""A sheet with more is refused."""
ERRORS = frozenset(["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"])
"""All that a file may say; what newer programs show besides is saved as one of these."""
OTHER_ERROR = "#ERROR"
_LONGEST = max(map(len, ERRORS))


@dataclass
class Unshown:
    """Of one sheet, numbered from 0: errors by row and column, hidden rows, and hidden columns."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)


def is_error(text: str) -> bool:
    """Whether an entry is an error that a spreadsheet shows."""
    return text in ERRORS or text == OTHER_ERROR


def could_have(piece: bytes) -> bool:
    """Whether a piece of a sheet's XML has a sign of an error or of something hidden; no cell is divided."""
    return any(sign in piece for sign in _SIGNS)


def unshown(part: IO[bytes]) -> Unshown:
    """Errors and what is hidden in a sheet, read in pieces. Raises Unreadable for what is no XML or full of errors."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        while piece := part.read(_PIECE):
            parser.Parse(piece)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Unreadable("damaged") from error
    return reader.found


class _Reader:
    """Follows the elements of a sheet; cells and rows without an address follow the one before."""

    def __init__(self) -> None:
        self.found = Unshown()
        self.row, self.column = -1, -1
        self.is_error = self.in_value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "row":
            self.row, self.column = _number(attributes.get("r"), self.row + 1), -1
            if _is_hidden(attributes, "ht"):
                self.found.rows.add(self.row)
        elif kind == "c":
            self.column += 1
            if place := _PLACE.fullmatch(attributes.get("r", "")):
                self.row, self.column = int(place[2]) - 1, column_number(place[1])
            self.is_error = attributes.get("t") == "e"
        elif kind == "v":
            self.in_value = self.is_error
            if self.is_error:
                self.found.errors[self.row, self.column] = ""
                if len(self.found.errors) > MAX_ERRORS:
                    raise Unreadable("error_value")
        elif kind == "col" and _is_hidden(attributes, "width"):
            first, last = (_number(attributes.get(name), 0) for name in ("min", "max"))
            self.found.columns |= set(range(first, min(last, _LAST_COLUMN) + 1))

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] == "v" and self.in_value:
            at, self.in_value = (self.row, self.column), False
            if self.found.errors[at] not in ERRORS:  # no entry that somebody dressed up as an error
                self.found.errors[at] = OTHER_ERROR

    def text(self, text: str) -> None:
        if self.in_value:
            at = self.row, self.column
            self.found.errors[at] = (self.found.errors[at] + text)[: _LONGEST + 1]


def _is_hidden(attributes: dict[str, str], size: str) -> bool:
    if attributes.get("hidden") in _TRUE:
        return True
    try:
        return float(attributes.get(size, "1")) == 0
    except ValueError:
        return False


def _number(text: str | None, otherwise: int) -> int:
    """A number from 1 in the file, from 0 here."""
    return int(text) - 1 if text and text.isdecimal() and len(text) <= 7 else otherwise
