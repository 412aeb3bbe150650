# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Reading cells: their parts put together, with id, what they were made of and, if asked for, where it stands.

Belongs here: the columns of a cell as other stations know them. Does not belong here: forming cells (`cells`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from quality.cells.sql import ORIGIN, PART
from quality.cells.statistic_inputs import concept_and_dims
from raw.lake.files import read_json
from raw.vocabulary.measures import concepts, measures
from transforms.catalogue.catalogue import parse_expression

CELL = (
    "cell", "measure", "concept", "dims", "area", "area_level", "area_vintage", "parent", "period", "basis", "value",
    "obs_status", "unit", "class", "publicity", "meaning", "relation", "terms", "sources", "provenance",
)  # fmt: skip
"""Columns of a cell, in order."""
TERMS = pl.List(pl.Struct({"cell": pl.String(), "coef": pl.Float64()}))
_KEY = ("measure", "area", "area_vintage", "period", "basis")
_TERM_KEY = ("term_measure", "term_area", "term_vintage", "term_period", "basis")


def cell_id(columns: Sequence[str] = _KEY) -> pl.Expr:
    """The id of a cell: measure|area|area_vintage|period|basis."""
    return pl.concat_str(list(columns), separator="|")


def read_cells(
    files: Iterable[Path], areas: pl.DataFrame, measures: Iterable[str] | None = None, provenance: bool = False
) -> pl.DataFrame:
    """The cells (columns CELL, sorted by id) of the domains whose lists are given, or those of some measures.

    Cells from which only statistics are made are there only where they are asked for by name. `areas` is the area
    table, which names parents. Without `provenance` that column is empty: an address for each of millions of cells is
    only looked up where somebody asks.
    """
    listed = [(path.parent, read_json(path)) for path in files]
    wanted = None if measures is None else list(measures)
    parts = [
        _part(folder, entry, wanted, content["inner"], content["inputs"] if provenance else {})
        for folder, content in listed
        for entry in content["parts"]
        if entry["rows"]
    ]
    empty = pl.DataFrame(schema=_SCHEMA)
    parents = areas.sort("parent", nulls_last=False).select("area", "area_level", "parent")
    parents = parents.unique(["area", "area_level"], keep="last", maintain_order=True)
    cells = pl.concat([empty, *(part.select(list(_SCHEMA)) for part in parts)])
    units = {name: unit for _, content in listed for name, unit in content.get("units", {}).items()}
    about = _about(cells["measure"].unique().to_list(), units)
    return (
        cells.join(parents, on=["area", "area_level"], how="left")
        .join(about, on="measure", how="left")
        .with_columns(pl.col("sources").str.split(";"))
        .select(CELL)
        .sort("cell")
    )


_SCHEMA: dict[str, Any] = {
    "cell": pl.String(),
    **dict.fromkeys((*PART[:-1], *ORIGIN), pl.String()),
    "value": pl.Float64(),
    "terms": TERMS,
    "provenance": pl.List(pl.String()),
}


def _about(names: Iterable[str], units: Mapping[str, str] = MappingProxyType({})) -> pl.DataFrame:
    """Concept, dimensions and unit of measures, elements, expressions, and of statistics (with their `units`)."""
    rows = []
    for name in names:
        try:
            concept, dims = concept_and_dims(name)
            rows.append((name, concept, dims, concepts()[concept].unit))
        except KeyError:
            own = units.get(name) or concepts()[measures()[parse_expression(name)[0][1]].concept].unit
            rows.append((name, name, "", own))
    schema = ("measure", "concept", "dims", "unit")
    return pl.DataFrame(rows, schema=dict.fromkeys(schema, pl.String), orient="row")


def _part(
    folder: Path, entry: dict[str, Any], wanted: list[str] | None, inner: list[str], inputs: dict[str, str]
) -> pl.DataFrame:
    origins = pl.DataFrame(
        [(number, *one) for number, one in enumerate(entry["origins"])],
        schema={"origin": pl.Int16, **dict.fromkeys(ORIGIN, pl.String)},
        orient="row",
    )
    scan = pl.scan_parquet(folder / entry["path"]).join(origins.lazy(), on="origin", how="left")
    of_these = ~pl.col("measure").is_in(inner) if wanted is None else pl.col("measure").is_in(wanted)
    scan = scan.filter(of_these)
    cells = scan.with_columns(cell_id().alias("cell")).collect()
    if "statistics" in entry:
        terms = pl.read_parquet(folder / entry["statistics"])
    else:
        terms = _terms(folder, entry, cells) if "recipes" in entry else _combined(cells)
    cells = cells.join(terms, on="cell", how="left").with_columns(pl.col("terms").fill_null([]))
    if not inputs or "recipes" not in entry:
        return cells.with_columns(pl.lit([], pl.List(pl.String())).alias("provenance"))
    return cells.join(addresses(cells, entry["recipes"], inputs), on="cell", how="left").with_columns(
        pl.col("provenance").fill_null([])
    )


def _terms(folder: Path, entry: dict[str, Any], cells: pl.DataFrame) -> pl.DataFrame:
    if "terms" not in entry:
        return pl.DataFrame(schema={"cell": pl.String(), "terms": TERMS})
    rows = (
        pl.scan_parquet(folder / entry["terms"])
        .filter(pl.col("measure").is_in(cells["measure"].unique().implode()))
        .collect()
    )
    return _listed(rows.with_columns(cell_id().alias("cell"), cell_id(_TERM_KEY).alias("term")))


def _listed(rows: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.sort("term").group_by("cell").agg(pl.struct(pl.col("term").alias("cell"), "coef").alias("terms"))
    ).cast({"terms": TERMS})


def _combined(cells: pl.DataFrame) -> pl.DataFrame:
    """The terms of expressions: the same place, each measure with its coefficient."""
    rows = [(text, name, coef) for text in cells["measure"].unique().to_list() for coef, name in parse_expression(text)]
    rule = pl.DataFrame(rows, schema={"measure": pl.String, "term": pl.String, "coef": pl.Float64}, orient="row")
    place = ("term", *_KEY[1:])
    return _listed(cells.join(rule, on="measure").select("cell", cell_id(place).alias("term"), "coef"))


def addresses(cells: pl.DataFrame, recipes: Iterable[Sequence[Any]], inputs: dict[str, str]) -> pl.DataFrame:
    """Where figures taken from one table stand: cell, provenance (list of source/table/snapshot/cell)."""
    taken = cells.filter(pl.col("table").is_not_null())
    rows = [
        (measure, f"{source}/{table}", table, dims) for measure, source, table, pieces in recipes for dims in pieces
    ]
    schema = {"measure": pl.String, "table": pl.String, "own_table": pl.String, "dims": pl.String}
    asked = taken.join(pl.DataFrame(rows, schema=schema, orient="row"), on=["measure", "table"]).with_columns(
        _about(taken["measure"].unique().to_list())
        .select("measure", "concept")
        .pipe(lambda about: pl.col("measure").replace_strict(dict(about.iter_rows()), return_dtype=pl.String))
        .alias("concept")
    )
    delivered = pl.concat([pl.scan_parquet(path) for path in inputs.values()]).filter(
        pl.col("measure").is_in(asked["concept"].unique().implode()), pl.col("meaning") != "unknown"
    )
    place = ["area", "area_vintage", "period", "basis"]
    found = (
        delivered.rename({"table": "own_table", "cell": "address", "measure": "concept"})
        .with_columns(pl.concat_str("source", "own_table", separator="/").alias("table"))
        .join(asked.lazy().select("cell", "table", "concept", "dims", *place), on=["table", "concept", "dims", *place])
        .sort("published_on", "received_at", "address", descending=[True, True, False], nulls_last=True)
        .unique(["cell", "dims"], keep="first", maintain_order=True)
        .with_columns(
            pl.concat_str("table", pl.col("snapshot").str.head(12), "address", separator="/").alias("provenance")
        )
        .sort("cell", "address")
        .group_by("cell", maintain_order=True)
        .agg("provenance")
    )
    return found.collect()
