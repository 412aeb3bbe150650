# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The landing: the tables that the SQLMesh project starts from, written into a fresh candidate.

Here belongs how protected cells, areas, sources and the catalogue become the tables that
`transforms/external_models.yaml` lists. Not here: any computation, and any figure that did not pass the door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from transforms.catalogue import LOW_DENOMINATOR, Catalogue, Kpi, parse_expression
from transforms.catalogue.breaks import look_back, reaches

_ARROW_TYPES = {"VARCHAR": pa.string(), "DOUBLE": pa.float64(), "INTEGER": pa.int32(), "BOOLEAN": pa.bool_()}


class LandingError(ValueError):
    """The inputs of a build do not have the columns of the landing; the message names table and columns."""


def create(connection: duckdb.DuckDBPyConnection, external_models: Path) -> None:
    """Create the empty tables that `external_models.yaml` lists."""
    connection.execute("CREATE SCHEMA landing")
    for table in yaml.safe_load(external_models.read_text(encoding="utf-8")):
        columns = ", ".join(f"{name} {kind}" for name, kind in table["columns"].items())
        connection.execute(f"CREATE TABLE {table['name']} ({columns})")


def load_cells(connection: duckdb.DuckDBPyConnection, protected: Path) -> None:
    """Load the protected cells of one tier: the columns of the landing and nothing else.

    `sources` may be a list or a text; it lands as text, alphabetical, separated by `;`.
    """
    wanted = _columns(connection, "protected_cell")
    parquet = connection.from_parquet(str(protected))
    if missing := sorted(set(wanted) - set(parquet.columns)):
        raise LandingError(f"{protected.name} lacks the columns {', '.join(missing)}")
    is_list = str(parquet.types[parquet.columns.index("sources")]).endswith("[]")
    separate = "sources" if is_list else "string_split(sources, ';')"
    sources = f"array_to_string(list_sort(list_distinct({separate})), ';') AS sources"
    selected = ", ".join(sources if column == "sources" else column for column in wanted)
    connection.execute(
        f"INSERT INTO landing.protected_cell BY NAME SELECT {selected} FROM read_parquet(?)", [str(protected)]
    )
    connection.execute(
        "INSERT INTO landing.source_set SELECT sources, unnest(string_split(sources, ';')) "
        "FROM (SELECT DISTINCT sources FROM landing.protected_cell)"
    )


def load_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Load rows given as mappings; missing keys are empty, unknown keys an error."""
    wanted = _columns(connection, table)
    if unknown := sorted({key for row in rows for key in row} - set(wanted)):
        raise LandingError(f"landing.{table} has no columns {', '.join(unknown)}")
    schema = pa.schema([(column, _ARROW_TYPES[kind]) for column, kind in wanted.items()])
    landed = pa.table([pa.array([row.get(field.name) for row in rows], field.type) for field in schema], schema=schema)
    connection.register("landed_rows", landed)
    connection.execute(f"INSERT INTO landing.{table} BY NAME SELECT * FROM landed_rows")
    connection.unregister("landed_rows")


def load_catalogue(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """Load the catalogue: a row per KPI that is not waiting, per measure in it, per basis that may lend, per break.

    A statistic comes through the door as a value: its numerator is the cell of its own name, there is no denominator,
    and bases that lend one have had their turn before the door.
    """
    kpis = [kpi for kpi in catalogue if kpi.computable or kpi.statistic]
    load_rows(connection, "kpi", [_kpi_row(kpi) for kpi in kpis])
    load_rows(connection, "kpi_term", [row for kpi in kpis for row in _term_rows(kpi)])
    lending = [
        {"kpi": kpi.id, "basis": basis, "preference": preference}
        for kpi in kpis
        for preference, basis in enumerate(() if kpi.statistic else kpi.denominator_bases, start=1)
    ]
    load_rows(connection, "kpi_denominator_basis", lending)
    load_rows(connection, "kpi_break", [row for kpi in kpis for row in _break_rows(kpi)])


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE landing.{table}").fetchall()
    return {name: kind for name, kind, *_ in described}


def _kpi_row(kpi: Kpi) -> dict[str, Any]:
    numerator_reach, denominator_reach = reaches(kpi)
    return {
        "kpi": kpi.id,
        "name_de": kpi.name.de,
        "name_en": kpi.name.en,
        "domain": kpi.domain,
        "numerator": kpi.above,
        "denominator": kpi.denominator,
        "formula": kpi.formula,
        "factor": 1.0 if kpi.statistic else float(kpi.factor),
        "unit": kpi.unit,
        "rule": kpi.rule,
        "decimals": kpi.decimals,
        "direction": kpi.direction,
        "min_denominator": kpi.min_denominator,
        "low_denominator": None if kpi.min_denominator is None else float(LOW_DENOMINATOR),
        "frequencies": ";".join(kpi.frequencies),
        "comparable_across_breaks": kpi.comparable_across_breaks,
        "look_back": look_back(kpi),
        "numerator_reach": numerator_reach,
        "denominator_reach": denominator_reach,
        "note_de": kpi.note.de,
        "note_en": kpi.note.en,
    }


def _term_rows(kpi: Kpi) -> Iterable[dict[str, Any]]:
    for role, expression in (("numerator", kpi.numerator), ("denominator", kpi.denominator)):
        for coef, measure in parse_expression(expression) if expression else ():
            yield {"kpi": kpi.id, "role": role, "measure": measure, "coef": coef}
    for name in kpi.used_inputs:
        yield {"kpi": kpi.id, "role": "input", "measure": name}


def _break_rows(kpi: Kpi) -> Iterable[dict[str, Any]]:
    """A row per break and basis; one without a basis is a break on every basis."""
    for one in kpi.breaks:
        for basis in one.basis or (None,):
            reason = {"reason_de": one.reason.de, "reason_en": one.reason.en}
            yield {"kpi": kpi.id, "year": one.first, "basis": basis, **reason}
