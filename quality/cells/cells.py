# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The cells of a domain: planned from the catalogue, formed by DuckDB over Parquet, one part file per concept.

Belongs here: the order of the sums, reuse, and the files. Does not belong here: what is wanted (`plan`), the SQL of a
single step (`steps`), and reading cells (`read`).

Per concept: observed cells and sums over dimensions, quarters and years from months, larger areas from their parts, the
chosen vintage, other years. Then combinations of measures (births - deaths). A part is named by everything that it
depends on: what did not change is not formed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from quality.areas.crosswalk import weight_class
from quality.cells import output, steps
from quality.cells.plan import (
    Offer,
    Plan,
    Recipe,
    kept_by_municipality,
    publicity,
    recipes,
    sources_of,
    table_class,
)  # fmt: skip
from quality.cells.sql import CLASSES, PART, PUBLICITIES
from raw.contracts import Source
from raw.lake.files import atomic, read_json, restricted_folder, write_json
from raw.vocabulary.measures import Measure, concepts, partitions, plain_name
from raw.vocabulary.period import frequency, parts
from raw.vocabulary.relations import period_terms

CELLS_VERSION = "3"
_COARSER = (("Q", "M"), ("S", "Q"), ("S", "M"), ("A", "S"), ("A", "Q"), ("A", "M"))
"""Which frequency is made of which, the coarsest pieces first."""
TERRITORY: dict[str, pl.DataType] = {
    "area": pl.String(), "area_level": pl.String(), "area_vintage": pl.String(), "territory": pl.String(),
}  # fmt: skip
LINKS: dict[str, pl.DataType] = {
    "kind": pl.String(), "from_area": pl.String(), "from_level": pl.String(), "from_vintage": pl.String(),
    "to_area": pl.String(), "to_level": pl.String(), "to_vintage": pl.String(), "weight_class": pl.String(),
    "weight": pl.Float64(), "inferred": pl.Boolean(), "parts": pl.Int32(),
}  # fmt: skip


@dataclass(frozen=True)
class Geography:
    """The tables of the station `areas` that sums need: same territories, who sums to whom, the chosen vintage."""

    territory: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TERRITORY))
    links: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LINKS))
    chosen: str = ""
    key: str = ""
    """Names the content, if the caller knows a name for it (a hash of what the tables were made from)."""

    def fingerprint(self) -> str:
        """The key, or else SHA-256 of the content, whatever the order of rows."""
        if self.key:
            return f"{self.key} {self.chosen}"
        tables = (self.territory.select(list(TERRITORY)), self.links.select(list(LINKS)))
        texts = [table.sort(table.columns).write_csv() for table in tables]
        return hashlib.sha256("\n".join([*texts, self.chosen]).encode()).hexdigest()


@dataclass(frozen=True)
class CellFile:
    """The cells of one domain: the file that lists their parts, and how many there are."""

    domain: str
    path: Path
    rows: int
    formed: int
    """Parts that had to be formed; the others were there."""


def build_cells(
    lake_root: Path, plan: Plan, checked: Mapping[str, Path], sources: Mapping[str, Source], geography: Geography,
    memory_limit: str = "",
) -> CellFile:  # fmt: skip
    """Form the cells of a domain. Parts whose inputs have not changed are reused.

    `memory_limit` as DuckDB writes it (`7GB`); what does not fit is kept in a restricted folder of the lake.
    """
    by_concept = plan.by_concept()
    inputs = {name: checked[name] for name in sources_of(by_concept, sources) if name in checked}
    root = restricted_folder(lake_root / "cells")
    folder = restricted_folder(root / plan.domain)
    where = geography.fingerprint()
    with _connection(restricted_folder(root / "spill"), memory_limit) as connection:
        offered = _offers(folder, connection, inputs, list(by_concept))
        _register(connection, geography)
        listed: list[dict[str, Any]] = []
        formed = 0
        for concept, named in by_concept.items():
            work = _Concept(concept, named, [one for one in offered if one.concept == concept], sources)
            if not work.recipes:
                continue
            own = {name: inputs[name] for name in work.sources}
            path = folder / f"{concept}-{_digest(work.about(), _names(own), where)}.parquet"
            if not _finished(path):
                formed += 1
                rows = _form(connection, work, list(own.values()), geography.chosen, path)
                write_json(path.with_suffix(".json"), {"rows": rows, "recipes": work.listed()})
            listed.append({"path": path.name, "terms": _terms(path).name, **read_json(path.with_suffix(".json"))})
        if wanted := plan.combinations():
            used = [entry["path"] for entry in listed]
            path = folder / f"combinations-{_digest(CELLS_VERSION, used, wanted)}.parquet"
            if not _finished(path):
                formed += 1
                write_json(path.with_suffix(".json"), {"rows": _combine(connection, folder, used, wanted, path)})
            listed.append({"path": path.name, **read_json(path.with_suffix(".json"))})
    manifest = folder / f"{_digest([entry['path'] for entry in listed], _names(inputs))}.json"
    rows = sum(entry["rows"] for entry in listed)
    if not manifest.exists():
        files = {name: str(path) for name, path in inputs.items()}
        write_json(manifest, {"domain": plan.domain, "rows": rows, "inputs": files, "parts": listed})
    return CellFile(plan.domain, manifest, rows, formed)


def _connection(spill: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """A connection that keeps what does not fit into memory in the restricted zone, and not where it was started."""
    settings: dict[str, Any] = {"temp_directory": str(spill), "preserve_insertion_order": "false"}
    return duckdb.connect(config=settings | ({"memory_limit": memory_limit} if memory_limit else {}))


def _digest(*about: Any) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _names(inputs: Mapping[str, Path]) -> dict[str, str]:
    """Checked files by source; their names are hashes of their content."""
    return {name: path.name for name, path in inputs.items()}


def _terms(part: Path) -> Path:
    return part.with_suffix(".terms")


def _finished(part: Path) -> bool:
    """The JSON beside a part is written last."""
    return part.with_suffix(".json").exists()


def _offers(
    folder: Path, connection: duckdb.DuckDBPyConnection, inputs: Mapping[str, Path], wanted: Sequence[str]
) -> list[Offer]:
    """What the tables deliver; looked up once per set of inputs."""
    memo = folder / f"offers-{_digest(_names(inputs), wanted)}.json"
    if not memo.exists():
        found = steps.offers(connection, list(inputs.values()), wanted)
        write_json(memo, [[one.source, one.table, one.concept, one.dims, one.columns] for one in found])
    return [Offer(*row) for row in read_json(memo)]


def _register(connection: duckdb.DuckDBPyConnection, geography: Geography) -> None:
    for name, frame, schema in (("territory", geography.territory, TERRITORY), ("link", geography.links, LINKS)):
        connection.register(f"{name}_in", frame.select(list(schema)).to_arrow())
        connection.execute(f"create temp table {name} as select * from {name}_in")


@dataclass(frozen=True)
class _Concept:
    """What is to be formed of one concept, and from what."""

    concept: str
    named: Mapping[str, Measure]
    offers: Sequence[Offer]
    contracts: Mapping[str, Source]

    @property
    def recipes(self) -> list[Recipe]:
        return recipes(self.named, self.offers)

    @property
    def sources(self) -> list[str]:
        return sorted({recipe.source for recipe in self.recipes})

    def listed(self) -> list[list[Any]]:
        """The recipes as they are written down: measure, source, table, dimension strings."""
        return [[one.measure, one.source, one.table, list(one.pieces)] for one in self.recipes]

    def about(self) -> dict[str, Any]:
        """Everything that decides what is formed, but the figures and the areas."""
        entry = concepts()[self.concept].model_dump()
        tables = sorted({(one.source, one.table) for one in self.offers})
        return {
            "version": CELLS_VERSION,
            "concept": entry,
            "measures": {name: measure.model_dump() for name, measure in self.named.items()},
            "partitions": partitions(),
            "municipal": kept_by_municipality(),
            "offers": [repr(one) for one in self.offers],
            "tables": [
                (source, table, table_class(self.contracts[source], table, self.named),
                 publicity(self.contracts[source], table))
                for source, table in tables
            ],
        }  # fmt: skip

    def numbers(self) -> dict[str, int]:
        """The measures by number."""
        return {name: number for number, name in enumerate(sorted(self.named))}

    def tables(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The tables `piece` and `candidate` of `steps.load`."""
        several = {(one.source, one.table, one.dims): one.columns for one in self.offers}
        kinds = {place: number for number, place in enumerate(several)}
        measures, bits = self.numbers(), {name: bit for bit, name in enumerate(self.sources)}
        pieces, candidates = [], []
        for number, recipe in enumerate(self.recipes):
            source = self.contracts[recipe.source]
            klass = table_class(source, recipe.table, self.named)[recipe.measure]
            public = publicity(source, recipe.table)
            candidates.append(
                (number, CLASSES.index(klass), PUBLICITIES.index(public), 1 << bits[recipe.source], number,
                 f"{recipe.source}/{recipe.table}")
            )  # fmt: skip
            for dims in recipe.pieces:
                place = (recipe.source, recipe.table, dims)
                pieces.append((kinds[place], *place, several[place], measures[recipe.measure], number,
                               len(recipe.pieces)))  # fmt: skip
        return (
            pl.DataFrame(pieces, schema=_PIECE, orient="row"),
            pl.DataFrame(candidates, schema=_CANDIDATE, orient="row"),
        )

    def rules(self) -> pl.DataFrame:
        """Measures that look at other years: measure, base, offset, coef, offsets."""
        numbers = self.numbers()
        rows = [
            (numbers[name], numbers[plain_name(measure)], offset, coef, len(measure.offsets))
            for name, measure in self.named.items()
            if not measure.plain
            for offset, coef in measure.offsets.items()
        ]
        return pl.DataFrame(rows, schema=_RULE, orient="row")

    def period_terms(self, periods: Iterable[str]) -> pl.DataFrame:
        """What longer periods are made of: measure, target, part, coef, parts, step."""
        numbers = self.numbers()
        by_frequency: dict[str, set[str]] = {}
        for period in periods:
            by_frequency.setdefault(frequency(period), set()).add(period)
        rows = []
        for step, (code, finer) in enumerate(_COARSER):
            targets = _longer(by_frequency.get(finer, set()), code)
            by_frequency.setdefault(code, set()).update(targets)
            for target in sorted(targets):
                for name, measure in self.named.items():
                    terms = period_terms(measure, target, finer) if measure.plain else None
                    rows += [(numbers[name], target, part, coef, len(terms or ()), step) for part, coef in terms or ()]
        return pl.DataFrame(rows, schema=_PERIOD_TERM, orient="row")


_PIECE: dict[str, Any] = {
    "kind": pl.Int16, "source": pl.String, "table": pl.String, "dims": pl.String, "several": pl.Boolean,
    "measure": pl.Int16, "candidate": pl.Int16, "pieces": pl.Int16,
}  # fmt: skip
_CANDIDATE: dict[str, Any] = {
    "candidate": pl.Int16, "class": pl.Int8, "publicity": pl.Int8, "bit": pl.UInt64, "rank": pl.Int16,
    "table": pl.String,
}  # fmt: skip
_RULE: dict[str, Any] = {
    "measure": pl.Int16, "base": pl.Int16, "offset": pl.Int32, "coef": pl.Float64, "offsets": pl.Int32,
}  # fmt: skip
_PERIOD_TERM: dict[str, Any] = {
    "measure": pl.Int16, "target": pl.String, "part": pl.String, "coef": pl.Float64, "parts": pl.Int32,
    "step": pl.Int32,
}  # fmt: skip


def _longer(periods: Iterable[str], code: str) -> set[str]:
    """The periods of a frequency in which some shorter ones lie."""
    found = set()
    for period in periods:
        year, month = period[:4], _month(period)
        target = {"A": year, "S": f"{year}-S{(month - 1) // 6 + 1}", "Q": f"{year}-Q{(month - 1) // 3 + 1}"}[code]
        if period in parts(target, frequency(period)):
            found.add(target)
    return found


def _month(period: str) -> int:
    """The first month of a month, quarter or half-year."""
    size = {"S": 6, "Q": 3}.get(period[5])
    return int(period[5:]) if size is None else (int(period[6:]) - 1) * size + 1


def _form(connection: duckdb.DuckDBPyConnection, work: _Concept, files: Sequence[Path], chosen: str, path: Path) -> int:
    """All cells of one concept, in the order of the sums; returns how many."""
    concept = concepts()[work.concept]
    pieces, candidates = work.tables()
    weights = weight_class(work.concept) if concept.unit != "text" else "population"
    steps.load(connection, work.concept, files, pieces, candidates, work.numbers())
    steps.sums(connection)
    longer = work.period_terms(steps.periods_of(connection))
    if longer.height:
        steps.frequencies(connection, longer)
    if concept.additive_geo:
        steps.areas(connection, weights, kept_by_municipality())
    if chosen:
        steps.vintage(connection, weights, chosen, concept.additive_geo)
    if (rules := work.rules()).height:
        steps.other_years(connection, rules, weights, concept.additive_geo)
    with atomic(path) as part, atomic(_terms(path)) as terms:
        return output.write_part(connection, work.sources, part, terms)


def _combine(
    connection: duckdb.DuckDBPyConnection, folder: Path, used: Iterable[str], wanted: Mapping[str, Any], path: Path
) -> int:
    files = [folder / name for name in used]
    with atomic(path) as part:
        if not files:
            pl.DataFrame(schema=dict.fromkeys(PART, pl.String)).cast({"value": pl.Float64}).write_parquet(part)
            return 0
        return output.combinations(connection, files, wanted, part)
