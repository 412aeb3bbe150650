# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Cells formed from a few observations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.cells.cells import Geography, build_cells
from quality.cells.plan import plan
from quality.cells.read import read_cells
from raw.contracts import Source
from tests.quality import tables
from transforms.catalogue import parse_expression

Form = Callable[..., pl.DataFrame]


@pytest.fixture
def form(tmp_path: Path) -> Form:
    """form(rows, *expressions, areas=..., contracts=..., geography=...): the cells of these expressions."""

    def run(
        rows: list[Mapping[str, Any]],
        *expressions: str,
        areas: pl.DataFrame | None = None,
        contracts: Mapping[str, Mapping[str, Any]] | None = None,
        geography: Geography | None = None,
        **settings: Any,
    ) -> pl.DataFrame:
        names = sorted({row["table"] for row in rows} | {"t1"})
        delivered = {name: {row["measure"] for row in rows if row["table"] == name} | {"pop"} for name in names}
        columns = {name: {concept: {"concept": concept} for concept in sorted(delivered[name])} for name in names}
        source: Source = tables.source(
            tables={name: {"columns": columns[name]} | dict((contracts or {}).get(name, {})) for name in names},
            **settings,
        )
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        tables.observations(rows).write_parquet(path)
        wanted = {text: parse_expression(text) for text in expressions}
        known = tables.areas(*sorted({row["area"] for row in rows})) if areas is None else areas
        where = tables.geography(known) if geography is None else geography
        made = build_cells(tmp_path / "lake", plan("test", wanted), {"register": path}, {"register": source}, where)
        return read_cells([made.path], known, provenance=True)

    return run
