# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate for OpenDocument sheets (.ods): what its one part with cells says, before anybody reads a cell.

Belongs here: rows and cells that stand a million times, errors in cells, hidden rows and columns with figures. Does not
belong here: the container (`gate`), the values of cells and hidden sheets (`grid`).

The reader returns an error as zero or as an empty cell and says nothing of hidden rows, so both are refused with their
place.
"""

from __future__ import annotations

import html
import re

from raw.harvest.address import column_letters
from raw.harvest.unreadable import Unreadable

_TAG = re.compile(rb"<table:(table-row|covered-table-cell|table-cell|table-column|table)(?=[\s/>])([^<>]*)>")
_REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,9})')
_HIDDEN = re.compile(rb'table:visibility="(?:collapse|filter)"')
_NAME = re.compile(rb'table:name="([^"]*)"')
_ERROR = b'calcext:value-type="error"'
_FIGURE = re.compile(rb'office:value-type="(?:float|percentage|currency)"')


def admit_cells(content: bytes, max_cells: int, max_columns: int) -> None:
    """Look through `content.xml`. Raises Unreadable with the first reason against it and its place."""
    cells, times, sheet = 0, 1, ""
    row, column, hidden_row, hidden, described = -1, 0, False, set[int](), 0
    for kind, attributes in _TAG.findall(content):
        repeated = _REPEATED.search(attributes)
        count = int(repeated[1]) if repeated else 1
        if kind == b"table":
            name = _NAME.search(attributes)
            sheet = html.unescape(name[1].decode("utf-8", "replace")) if name else ""
            row, times, described, hidden = -1, 1, 0, set()
        elif kind == b"table-column":
            if _HIDDEN.search(attributes):
                hidden |= set(range(described, min(described + count, max_columns)))
            described += count
        elif kind == b"table-row":
            row, column, times, hidden_row = row + times, 0, count, _HIDDEN.search(attributes) is not None
        else:
            if b"value-type" in attributes:
                cells += count * times
                if count > max_columns:
                    raise Unreadable("too_wide")
                _judge(attributes, f"{sheet}!{column_letters(column)}{row + 1}", hidden_row, column in hidden)
            column += count
        if cells > max_cells:
            raise Unreadable("too_large")


def _judge(attributes: bytes, place: str, hidden_row: bool, hidden_column: bool) -> None:
    if _ERROR in attributes:
        raise Unreadable("error_value", place)
    if (hidden_row or hidden_column) and _FIGURE.search(attributes):
        raise Unreadable("hidden_rows" if hidden_row else "hidden_columns", place)
