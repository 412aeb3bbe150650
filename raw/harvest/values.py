# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From the text of a cell to a value and a status.

Belongs here: number formats and symbols, vectorised. Does not belong here: which symbols a source uses.
"""

from __future__ import annotations

import polars as pl

_PLAIN = {
    ",": r"^[+-]?(\d+|\d{1,3}(\.\d{3})+|\d{1,3}( \d{3})+)(,\d+)?$",
    ".": r"^[+-]?(\d+|\d{1,3}( \d{3})+)(\.\d+)?([eE][+-]?\d+)?$",
    "whole": r"^[+-]?(\d+(\.0)?|\d{1,3}(\.\d{3})+)$",
}
"""What counts as a number in a text, by decimal mark. With a decimal comma a dot can only group thousands. `whole`:
counts in which both occur, `3.353` (grouped thousands) beside `1467.0` (a whole number that a program wrote as a
decimal fraction); there are no others, so the two cannot be mistaken for each other."""

_BLANKS = "[\u00a0\u2009\u202f]"  # of typesetting: non-breaking, thin, narrow


def number_from_text(text: pl.Expr, decimal: str) -> pl.Expr:
    """Float64 of a text column, null where the text is no number of this format."""
    text = text.str.replace_all(_BLANKS, " ")
    compact = text.str.replace_all(" ", "", literal=True)
    if decimal == "whole":
        compact = compact.str.replace(r"\.0$", "").str.replace_all(".", "", literal=True)
    elif decimal == ",":
        compact = compact.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(text.str.contains(_PLAIN[decimal])).then(compact).otherwise(None).cast(pl.Float64, strict=False)
