# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Layouts in time: which of a table's layouts a file has, by the fingerprint of its header, and for which years.

Belongs here: choosing a layout. Does not belong here: what columns mean (the contract), proposing a change (`drift`).

The contract's own columns are the layout of today. A header that does not fit them is compared with each of `layouts`;
one that fits none is judged by the layout it is nearest to, so that the report names what is really different.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from raw.contracts import ColumnRule, TableContract
from raw.harvest.columns import ColumnMatch, match_columns
from raw.layouts import LayoutVersion


def fingerprint(headers: Iterable[str]) -> str:
    """A short hash of a header: of its texts without their years, which come and go."""
    texts = sorted({re.sub(r"(?:19|20)\d\d", "#", text) for text in headers if text})
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:12]


def chosen(headers: Mapping[int, str], table: TableContract) -> tuple[ColumnMatch, LayoutVersion | None]:
    """The columns of a header under the first layout that fits it, else under the nearest; None: the one of today."""
    best, version = match_columns(headers, table), None
    for other in table.layouts:
        if not _faults(best):
            break
        match = match_columns(headers, as_of(table, other))
        if _faults(match) < _faults(best):
            best, version = match, other
    return best, version


def _faults(match: ColumnMatch) -> int:
    return len(match.unknown) + len(match.missing) + len(match.twice)


def as_of(table: TableContract, version: LayoutVersion) -> TableContract:
    """The table with the header of another layout: every column keeps its key and meaning."""
    names: dict[str, list[str]] = {}
    for header, key in version.renamed.items():
        names.setdefault(key, []).append(header)
    columns: dict[str, ColumnRule] = {}
    for key, rule in table.columns.items():
        if key in names:
            columns[key] = rule.model_copy(update={"aliases": [*rule.aliases, *names[key]]})
        elif key not in version.without:
            columns[key] = rule
    columns |= {header: ColumnRule(ignore=reason) for header, reason in version.ignore.items()}
    return table.model_copy(update={"columns": columns})


def outside(version: LayoutVersion, periods: Iterable[str]) -> list[str]:
    """Years that figures are about and in which the layout is not valid."""
    years = {period[:4] for period in periods}
    first, last = version.valid_from or "0000", version.valid_to or "9999"
    return sorted(year for year in years if not first <= year <= last)


def span(version: LayoutVersion) -> str:
    """The layout and the years in which it is valid."""
    return f"{version.id}: {version.valid_from or '…'}–{version.valid_to or '…'}"
