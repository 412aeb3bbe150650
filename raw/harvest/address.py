# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Addresses of cells as people write them.

Belongs here: columns as letters and back. Does not belong here: sheets and their cells (`grid`).
"""

from __future__ import annotations


def column_letters(column: int) -> str:
    """`A`, `B`, …, `AA` for a column from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The inverse of `column_letters`."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
