# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Cells formed from a few observations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.cells.cells import form_cells, needed_measures
from raw.contracts import Source
from tests.quality import tables
from transforms.catalogue import parse_expression

Form = Callable[..., pl.DataFrame]


@pytest.fixture
def form(tmp_path: Path) -> Form:
    """form(rows, *expressions, areas=..., tables=...): the cells of these expressions."""

    def run(
        rows: list[Mapping[str, Any]],
        *expressions: str,
        areas: pl.DataFrame | None = None,
        contracts: Mapping[str, Mapping[str, Any]] | None = None,
        **settings: Any,
    ) -> pl.DataFrame:
        names = sorted({row["table"] for row in rows} | {"t1"})
        source: Source = tables.source(tables={name: (contracts or {}).get(name, {}) for name in names}, **settings)
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        tables.observations(rows).write_parquet(path)
        wanted = {text: parse_expression(text) for text in expressions}
        known = tables.areas(*sorted({row["area"] for row in rows})) if areas is None else areas
        return form_cells(wanted, needed_measures(wanted), {"register": path}, {"register": source}, known)

    return run
