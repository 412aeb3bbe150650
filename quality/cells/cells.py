# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The cells of a domain: planned from the catalogue, formed by DuckDB over Parquet, one part file per concept.

Belongs here: the order of the sums, reuse, and the files. Does not belong here: what is wanted (`plan`), the SQL of a
single step (`steps`, `across`), and reading cells (`read`).

Per concept: observed cells and sums over dimensions, quarters and years from months, larger areas from their parts, the
chosen vintage, other years. Then combinations of measures (births - deaths). A part is named by everything that it
depends on: what did not change is not formed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from quality.areas.crosswalk import weight_class
from quality.cells import across, output, steps
from quality.cells.plan import (
    Offer,
    Plan,
    kept_by_municipality,
    sources_of,
)  # fmt: skip
from quality.cells.work import Work
from raw.contracts import Source
from raw.lake.files import atomic, read_json, restricted_folder, write_json
from raw.vocabulary.lists import lists
from raw.vocabulary.measures import concepts, measures
from transforms.catalogue.catalogue import Terms

CELLS_VERSION = "7"
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
    inputs = {name: checked[name] for name in sources_of(plan.concepts, sources) if name in checked}
    root = restricted_folder(lake_root / "cells")
    folder = restricted_folder(root / plan.domain)
    where = geography.fingerprint()
    with _connection(restricted_folder(root / "spill"), memory_limit) as connection:
        offered, profiles = _offers(folder, connection, inputs, plan.concepts)
        listed: list[dict[str, Any]] = []
        published, inner = replace(plan, inner={}, vectors={}), set[str]()
        formed = 0
        for concept in plan.concepts:
            own_offers = [one for one in offered if one.concept == concept]
            named = plan.of_concept(concept, own_offers)
            inner |= set(named) - set(published.of_concept(concept))
            work = Work(concept, named, own_offers, sources)
            if not work.recipes:
                continue
            own = {name: inputs[name] for name in work.sources}
            path = folder / f"{concept}-{digest(CELLS_VERSION, work.about(), _names(own), where)}.parquet"
            if not finished(path):
                formed += 1
                if formed == 1:  # where all parts are there, nobody asks for the areas
                    _register(connection, geography)
                _form(connection, work, list(own.values()), profiles, geography, path)
            listed.append(read_json(path.with_suffix(".json")))
        if wanted := _formable(plan, listed):
            used = [entry["path"] for entry in listed]
            path = folder / f"combinations-{digest(CELLS_VERSION, used, wanted)}.parquet"
            if not finished(path):
                formed += 1
                _combine(connection, folder, listed, wanted, path)
            listed.append(read_json(path.with_suffix(".json")))
    manifest = folder / f"{digest([entry['path'] for entry in listed], _names(inputs), sorted(inner))}.json"
    rows = sum(entry["rows"] for entry in listed)
    if not manifest.exists():
        files = {name: str(path) for name, path in inputs.items()}
        about = {"domain": plan.domain, "rows": rows, "inner": sorted(inner)}
        write_json(manifest, about | {"inputs": files, "parts": listed})
    return CellFile(plan.domain, manifest, rows, formed)


def _connection(spill: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """A connection that keeps what does not fit into memory in the restricted zone, and not where it was started."""
    settings: dict[str, Any] = {"temp_directory": str(spill), "preserve_insertion_order": "false"}

    connection = duckdb.connect(config=settings | ({"memory_limit": memory_limit} if memory_limit else {}))
    connection.execute("set parquet_metadata_cache = true; set enable_external_file_cache = false")
    return connection


def digest(*about: Any) -> str:
    """A name for content that depends on some things."""
    return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _names(inputs: Mapping[str, Path]) -> dict[str, str]:
    """Checked files by source; their names are hashes of their content."""
    return {name: path.name for name, path in inputs.items()}


def terms_of(part: Path) -> Path:
    """Where the terms of a part lie."""
    return part.with_suffix(".terms")


def finished(part: Path) -> bool:
    """The JSON beside a part is written after it; the list of the domain, written last, makes both durable."""
    return part.with_suffix(".json").exists() and part.exists()


def _offers(
    folder: Path, connection: duckdb.DuckDBPyConnection, inputs: Mapping[str, Path], wanted: Sequence[str]
) -> tuple[list[Offer], list[steps.Profile]]:
    """What the tables deliver; looked up once per set of inputs."""
    memo = folder / f"offers-{digest(CELLS_VERSION, _names(inputs), wanted)}.json"
    if not memo.exists():
        found, profiles = steps.offers(connection, list(inputs.values()), wanted)
        listed = [[one.source, one.table, one.concept, one.dims, one.columns] for one in found]
        write_json(memo, {"offers": listed, "profiles": profiles})
    known = read_json(memo)
    return [Offer(*row) for row in known["offers"]], [tuple(row) for row in known["profiles"]]


def _register(connection: duckdb.DuckDBPyConnection, geography: Geography) -> None:
    for name, frame, schema in (("territory", geography.territory, TERRITORY), ("link", geography.links, LINKS)):
        connection.register(f"{name}_in", frame.select(list(schema)).to_arrow())
        connection.execute(f"create temp table {name} as select * from {name}_in")


def _form(
    connection: duckdb.DuckDBPyConnection,
    work: Work,
    files: Sequence[Path],
    profiles: Sequence[steps.Profile],
    geography: Geography,
    path: Path,
) -> None:
    """Write all cells of one concept, in the order of the sums.

    Measures that a table states, and from which nothing else is made, go straight from file to file.
    """
    concept = concepts()[work.concept]
    weights = weight_class(work.concept) if concept.unit != "text" else "population"
    every = [profile for profile in profiles if profile[0] == work.concept]
    weeks = sorted({period for _, _, _, period, _ in every if "-W" in period})
    own = [profile for profile in every if profile[3] not in weeks]
    own += [(*one[:2], one[3][:4], *one[3:]) for one in own if _stands_elsewhere(one)]
    elsewhere = sorted({(own[2], own[3][:4]) for own in every if _stands_elsewhere(own)})
    steps.deliver(connection, work.concept, files, weeks, elsewhere)  # weeks make no quarter or year; no KPI is weekly
    longer = work.period_terms({period for _, _, _, period, _ in own})
    upwards = concept.additive_geo and across.leads_up(connection, own, kept_by_municipality())
    direct = set() if longer.height or upwards or geography.chosen else work.direct()
    pieces, candidates = work.tables(without=direct)
    made_of_cells = False
    if pieces.height:
        steps.load(connection, pieces, candidates, work.numbers())
        steps.sums(connection)
        if longer.height:
            steps.frequencies(connection, longer)
        if upwards:
            across.areas(connection, weights, kept_by_municipality())
        if geography.chosen:
            across.vintage(connection, weights, geography.chosen, concept.additive_geo)
        if (rules := work.rules()).height:
            across.other_years(connection, rules, weights, concept.additive_geo)
        made_of_cells = output.has_terms(connection)
    with atomic(path, durable=False) as part:
        origins = output.write_part(connection, work.sources, work.stated(direct), pieces.height > 0, part)
    if made_of_cells:
        with atomic(terms_of(path), durable=False) as terms:
            output.write_terms(connection, terms)
    terms_file = {"terms": terms_of(path).name} if made_of_cells else {}
    note(path, origins, concept=work.concept, recipes=work.listed(), **terms_file)


def _stands_elsewhere(profile: steps.Profile) -> bool:
    """Whether figures of administrative areas are stated on the territory of another year than theirs."""
    _, level, vintage, period, _ = profile
    return lists()["area_levels"][level]["kind"] == "administrative" and vintage != period[:4]


def note(path: Path, origins: Sequence[Sequence[str | None]], **about: Any) -> None:
    """Write the JSON beside a part, which says that it is finished: path, number of rows, origins."""
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    write_json(path.with_suffix(".json"), {"path": path.name, "rows": rows, "origins": origins, **about}, durable=False)


def _formable(plan: Plan, listed: Sequence[Mapping[str, Any]]) -> dict[str, Terms]:
    """The combinations of which every term has cells."""
    there = {entry["concept"] for entry in listed}
    return {
        text: terms
        for text, terms in plan.combinations().items()
        if all(plan.measures[name].concept in there for _, name in terms)
    }


def _combine(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    listed: Sequence[Mapping[str, Any]],
    wanted: Mapping[str, Terms],
    path: Path,
) -> None:
    parts = {entry["concept"]: output.Part(folder / entry["path"], entry["origins"]) for entry in listed}
    of_measures = {name: parts[measures()[name].concept] for terms in wanted.values() for _, name in terms}
    with atomic(path) as part:
        origins = output.combinations(connection, of_measures, wanted, part)
    note(path, origins)
