# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""How cells are written as numbers inside and as texts in files: codes, and the pieces of SQL made from them.

Belongs here: closed lists in their order, and expressions. Does not belong here: whole statements (`steps`, `output`).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from raw.vocabulary.lists import lists

MEANINGS = tuple(lists()["meanings"])
CLASSES = ("none", "personal", "social", "establishment")
PUBLICITIES = ("public", "confidential")
STATUSES = ("A", "B", "P", "U", "E", "Q")
"""From the best to the one that wins in a sum."""
RELATIONS = ("observed", "dims", "frequency", "areas", "vintage", "periods")
WITHHELD = STATUSES.index("Q")
ESTIMATED = STATUSES.index("E")
WITHOUT_VALUE = tuple(
    code for code, entry in lists()["obs_status"].items() if not entry["has_value"] and code != "Q"
)  # fmt: skip

PART = ("measure", "area", "area_level", "area_vintage", "period", "basis", "value", "obs_status", "origin")
"""Columns of a part file. `origin` is the number of how a cell came about; a part has few of these."""
ORIGIN = ("class", "publicity", "meaning", "relation", "sources", "table")
"""Columns of an origin; `sources` are separated by `;`, `table` is that of a figure taken from one table."""
TERM = (
    "measure", "area", "area_vintage", "period", "basis", "term_measure", "term_area", "term_vintage", "term_period",
    "coef",
)  # fmt: skip
"""Columns of a terms file: what a cell made of other cells of its basis was made of."""


def number(column: str, names: Sequence[str]) -> str:
    """A text column as the place of its text in a list."""
    whens = " ".join(f"when '{name}' then {place}" for place, name in enumerate(names))
    return f"case {column} {whens} end"


def text(column: str, names: Sequence[str]) -> str:
    """A number as the text that stands there in a list."""
    whens = " ".join(f"when {place} then '{name}'" for place, name in enumerate(names))
    return f"case {column} {whens} end"


def total(value: str, status: str, order: str, exact: bool) -> str:
    """A sum whose last digits do not depend on the order of rows; none where a part is withheld."""
    added = f"sum({value})" if exact else f"list_sum(list({value} order by {order}))"
    return f"case when max({status}) < {WITHHELD} then {added} end"


def quoted(words: str) -> str:
    """A text in SQL."""
    return "'" + words.replace("'", "''") + "'"


def same_table(known: pl.DataFrame) -> str:
    """Join condition of observations `o` with `k` (columns source, table, dims): only what has to be compared.

    A comparison of texts per row is worth sparing.
    """
    fixed = [f'o."{name}" = {quoted(known[name][0])}' for name in ("source", "table") if known[name].n_unique() == 1]
    varying = [f'k."{name}" = o."{name}"' for name in ("source", "table") if known[name].n_unique() != 1]
    return " and ".join([*fixed, *varying, "k.dims = o.dims"])
