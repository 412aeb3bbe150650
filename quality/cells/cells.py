# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The cells of a domain: generated from catalogue and observations, executed by DuckDB over Parquet.

Belongs here: the order of the sums and the columns of a cell. Does not belong here: finding pieces (`cover`), and
the SQL of a single step (`steps`).

Steps: observed cells and sums over dimensions, sums over municipal areas where the source has no own total, period
rules (previous year, mean of two years), combinations (births - deaths).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from quality.cells import steps
from quality.cells.cover import cover
from raw.contracts import Source, table_settings
from raw.lake.files import atomic, restricted_folder
from raw.vocabulary.dimensions import format_dims
from raw.vocabulary.measures import Measure, concepts, measures, partitions
from transforms.catalogue.catalogue import Catalogue, Kpi, Terms, parse_expression

CELLS_VERSION = "2"
TERRITORY = "area_km2"
"""The measure that tells whether two years are about one territory."""


@dataclass(frozen=True)
class CellFile:
    """The cells of one domain: where they lie and how many there are."""

    domain: str
    path: Path
    rows: int


def domains(catalogue: Catalogue) -> dict[str, list[Kpi]]:
    """KPIs by domain, both in alphabetical order."""
    found: dict[str, list[Kpi]] = {}
    for kpi in sorted(catalogue.kpis.values(), key=lambda kpi: kpi.id):
        found.setdefault(kpi.domain, []).append(kpi)
    return dict(sorted(found.items()))


def expressions(kpis: Iterable[Kpi]) -> dict[str, Terms]:
    """Numerators and denominators of some KPIs: canonical text → terms (coefficient, measure)."""
    texts = {text for kpi in kpis for text in (kpi.numerator, kpi.denominator) if text}
    return {text: parse_expression(text) for text in sorted(texts)}


def needed_measures(wanted: Mapping[str, Terms]) -> dict[str, Measure]:
    """The measures that some expressions use, and the size of the territory where years are put together.

    Raises KeyError naming the measures that the vocabulary does not define.
    """
    names = sorted({measure for terms in wanted.values() for _, measure in terms})
    unknown = [name for name in names if name not in measures()]
    if unknown:
        raise KeyError(f"measures without a definition: {', '.join(unknown)}")
    if any(measures()[name].offsets != {0: 1.0} for name in names):
        names = sorted({*names, TERRITORY})
    return {name: measures()[name] for name in names}


def sources_of(wanted: Mapping[str, Measure], sources: Mapping[str, Source]) -> list[str]:
    """The sources whose contracts deliver one of the concepts."""
    needed = {measure.concept for measure in wanted.values()}
    return sorted(
        source.id
        for source in sources.values()
        if any(rule.concept in needed for table in source.tables.values() for rule in table.columns.values())
    )


def build_cells(
    lake_root: Path,
    domain: str,
    kpis: Iterable[Kpi],
    checked: Mapping[str, Path],
    sources: Mapping[str, Source],
    areas: pl.DataFrame,
) -> CellFile:
    """Form the cells that the KPIs of a domain need. Reused where nothing that they depend on has changed."""
    wanted = expressions(kpis)
    named = needed_measures(wanted)
    relevant = sources_of(named, sources)
    inputs = {name: checked[name] for name in relevant if name in checked}
    folder = restricted_folder(restricted_folder(lake_root / "cells") / domain)
    path = folder / f"{_key(wanted, named, inputs, sources, areas)}.parquet"
    if not path.exists():
        frame = form_cells(wanted, named, inputs, sources, areas)
        with atomic(path) as part:
            frame.write_parquet(part)
    return CellFile(domain, path, pl.scan_parquet(path).select(pl.len()).collect().item())


def _key(
    wanted: Mapping[str, Terms],
    named: Mapping[str, Measure],
    inputs: Mapping[str, Path],
    sources: Mapping[str, Source],
    areas: pl.DataFrame,
) -> str:
    about = {
        "version": CELLS_VERSION,
        "expressions": wanted,
        "vocabulary": {name: concept.model_dump() for name, concept in concepts().items()} | partitions(),
        "measures": {name: measure.model_dump() for name, measure in named.items()},
        "inputs": {name: path.name for name, path in inputs.items()},
        "settings": {name: _settings(sources[name]).write_csv() for name in inputs},
        "areas": hashlib.sha256(areas.sort(areas.columns).write_csv().encode()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


def _settings(source: Source) -> pl.DataFrame:
    """Per table: class and publicity."""
    rows = [(source.id, table.id, *_class_and_publicity(source, table.id)) for table in source.tables.values()]
    schema = {"source": pl.String, "table": pl.String, "class": pl.String, "publicity": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _class_and_publicity(source: Source, table: str) -> tuple[str, str]:
    settings = table_settings(source, source.tables[table])
    return settings["class"], settings["publicity"]


def form_cells(
    wanted: Mapping[str, Terms],
    named: Mapping[str, Measure],
    inputs: Mapping[str, Path],
    sources: Mapping[str, Source],
    areas: pl.DataFrame,
) -> pl.DataFrame:
    """Cells (columns of `steps.CELL`) for the wanted expressions from checked observations (Parquet per source)."""
    with duckdb.connect() as connection:
        steps.register_base(
            connection,
            list(inputs.values()),
            pl.concat([_settings(sources[name]) for name in inputs]) if inputs else None,
            sorted({measure.concept for measure in named.values()}),
            {name: (concept.unit, concept.klass) for name, concept in concepts().items()},
            areas,
        )
        steps.register_recipes(connection, _recipes(connection, named))
        steps.observed(connection)
        steps.municipal_sums(connection)
        for name, measure in named.items():
            if measure.offsets != {0: 1.0}:
                steps.period_rule(connection, name, _base_name(measure), measure.offsets)
        for text, terms in wanted.items():
            if len(terms) > 1 or terms[0][0] != 1:
                steps.combination(connection, text, terms)
        used = {measure for terms in wanted.values() for _, measure in terms}
        return steps.result(connection).filter((pl.col("measure") != TERRITORY) | (TERRITORY in used))


def _base_name(measure: Measure) -> str:
    """The name under which a measure's unshifted cells are formed: concept and dimensions."""
    plain = next(
        (
            name
            for name, other in measures().items()
            if (other.concept, other.dims) == (measure.concept, measure.dims) and other.offsets == {0: 1.0}
        ),
        None,
    )
    return plain or f"{measure.concept}[{format_dims(measure.dims)}]"


def _recipes(connection: duckdb.DuckDBPyConnection, named: Mapping[str, Measure]) -> pl.DataFrame:
    """For every table and measure the dimension strings that add up to it (columns of `steps.RECIPE`)."""
    offered: dict[tuple[str, str, str], list[str]] = {}
    for source, table, concept, dims in steps.offered_dims(connection):
        offered.setdefault((source, table, concept), []).append(dims)
    rows: list[tuple[str, str, str, str, str, str, int]] = []
    for (source, table, concept), texts in sorted(offered.items()):
        formed = set()
        for name, measure in named.items():
            base = name if measure.offsets == {0: 1.0} else _base_name(measure)
            if measure.concept != concept or base in formed:
                continue
            if measure.dims and not concepts()[concept].additive and format_dims(measure.dims) not in texts:
                continue
            pieces = cover(measure.dims, texts)
            if pieces and (len(pieces) == 1 or concepts()[concept].additive):
                formed.add(base)
                rows.extend(
                    (source, table, concept, base, format_dims(measure.dims), piece, len(pieces)) for piece in pieces
                )
    return pl.DataFrame(rows, schema=steps.RECIPE, orient="row")
