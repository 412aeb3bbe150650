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
    "thousands": r"^(\d+|\d{2,}\.0|\d{1,3}\.\d*[1-9])$",
}
"""What counts as a number in a text, by decimal mark. With a decimal comma a dot can only group thousands.

`thousands`: counts in which a program took the dot of grouped thousands for a decimal mark: `3.353` is 3353, `3.44` is
3440, beside `1467.0`, which is 1467. So a fraction is in thousands and a whole number is not; `2.0` could be either and
is no number (counts of ten thousand and more must not stand in such a column)."""

_BLANKS = "[\u00a0\u2009\u202f]"  # of typesetting: non-breaking, thin, narrow


def text_of_numbers(numbers: pl.Series) -> pl.Series:
    """Numbers as `raw.harvest.grid.as_text` writes them: 88502.0 is `88502`, every other one has all its digits."""
    whole = (numbers == numbers.floor()) & (numbers.abs() < 1e15)
    texts = numbers.zip_with(whole, pl.Series([None], dtype=pl.Float64)).cast(pl.Int64).cast(pl.String)
    others = (~whole).arg_true()
    return texts.scatter(others, [repr(number) for number in numbers.gather(others)])


def number_from_text(text: pl.Expr, decimal: str) -> pl.Expr:
    """Float64 of a text column, null where the text is no number of this format."""
    text = text.str.replace_all(_BLANKS, " ")
    compact = text.str.replace_all(" ", "", literal=True)
    if decimal == "thousands":
        fraction = text.str.contains(r"\.\d*[1-9]$")
        number = pl.when(text.str.contains(_PLAIN[decimal])).then(text).otherwise(None).cast(pl.Float64, strict=False)
        return pl.when(fraction).then((number * 1000).round()).otherwise(number)
    if decimal == ",":
        compact = compact.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(text.str.contains(_PLAIN[decimal])).then(compact).otherwise(None).cast(pl.Float64, strict=False)
