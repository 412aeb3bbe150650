# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The file of statistics: what cells of all domains come to by the methods of the catalogue.

Belongs here: reading what is needed, reuse, and the file. Does not belong here: the statistics (`statistic_cells`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from quality.cells.cells import CellFile, digest, finished, note
from quality.cells.read import TERMS, cell_id, read_cells
from quality.cells.sql import ORIGIN, PART
from quality.cells.statistic_cells import FORMED, statistic_cells
from quality.cells.statistic_inputs import element_codes, inputs_of
from raw.lake.files import atomic, read_json, restricted_folder, write_json
from transforms.catalogue import Catalogue

DOMAIN = "statistics"
STATISTICS_VERSION = "1"


def build_statistics(lake_root: Path, catalogue: Catalogue, files: Iterable[Path], areas: pl.DataFrame) -> CellFile:
    """Form the cells of all statistics from the cells of the domains (their lists). Reused where nothing has changed.

    `areas` is the area table.
    """
    listed = sorted(files)
    folder = restricted_folder(restricted_folder(lake_root / "cells") / DOMAIN)
    entries = [kpi.model_dump_json() for kpi in catalogue]
    table = areas.sort(areas.columns).write_csv()
    key = digest(STATISTICS_VERSION, entries, [f"{path.parent.name}/{path.name}" for path in listed], table)
    path = folder / f"{DOMAIN}-{key}.parquet"
    formed = not finished(path)
    if formed:
        _write(_formed(catalogue, listed, areas), path)
    entry = read_json(path.with_suffix(".json"))
    manifest = folder / f"{key}.json"
    if not manifest.exists():
        units = {kpi.id: kpi.unit for kpi in catalogue.statistics()}
        about = {"domain": DOMAIN, "rows": entry["rows"], "inner": [], "units": units, "inputs": {}, "parts": [entry]}
        write_json(manifest, about)
    return CellFile(DOMAIN, manifest, entry["rows"], int(formed))


def _formed(catalogue: Catalogue, files: Iterable[Path], areas: pl.DataFrame) -> pl.DataFrame:
    """The cells of all statistics (columns FORMED, and `terms`)."""
    names = sorted(_names_in(files))
    asked = [inputs_of(kpi, catalogue) for kpi in catalogue.statistics()]
    wanted = {name for one in asked for name in (*one.measures, *one.expressions)}
    wanted |= {name for one in asked for vector, of in one.vectors.items() for name in element_codes(vector, of, names)}
    cells = read_cells(files, areas, sorted(wanted)).with_columns(pl.col("sources").list.join(";"))
    made = [statistic_cells(kpi, catalogue, cells.select(FORMED), areas) for kpi in catalogue.statistics()]
    nothing = cells.select(FORMED).clear().with_columns(pl.lit([], pl.List(pl.String)).alias("terms"))
    return pl.concat([nothing, *made])


def _names_in(files: Iterable[Path]) -> set[str]:
    """The names of the measures that the lists hold only for statistics."""
    return {name for path in files for name in read_json(path)["inner"]} | {
        recipe[0] for path in files for entry in read_json(path)["parts"] for recipe in entry.get("recipes", [])
    }


def _write(cells: pl.DataFrame, path: Path) -> None:
    """The part, and its terms: of each cell the cells that it was made from, without coefficients."""
    about = cells.with_columns(pl.lit(None, pl.String).alias("table"))
    origins = about.select(ORIGIN).unique().sort(ORIGIN, nulls_last=True).with_row_index("origin")
    numbered = about.join(origins, on=list(ORIGIN), how="left", nulls_equal=True)
    terms = cells.select(
        cell_id().alias("cell"),
        pl.col("terms").list.eval(pl.struct(pl.element().alias("cell"), pl.lit(None, pl.Float64).alias("coef"))),
    )
    with atomic(path) as part:
        numbered.with_columns(pl.col("origin").cast(pl.Int16)).select(PART).write_parquet(part)
    with atomic(path.with_suffix(".terms")) as part:
        terms.cast({"terms": TERMS}).write_parquet(part)
    note(path, [list(row) for row in origins.select(ORIGIN).iter_rows()], statistics=path.with_suffix(".terms").name)
