# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""A generated nation as the checked station leaves it: one Parquet file of observations per source, and the areas.

Belongs here: areas, numbers, statuses and the files. Does not belong here: what is delivered (`plan`). Seeded: equal
arguments give equal rows. Numbers have the size of real ones (larger areas have larger figures), but parts and totals
are drawn independently: only the sums that are formed from them are compared.

One file per source, sorted by table, snapshot and cell; a snapshot is a year, a cell an address on its sheet.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openpyxl.utils import get_column_letter

from benchmarks.cells import plan
from quality.areas.areas import AREA_TABLE
from raw.vocabulary.observation import OBSERVATION

LAENDER, KREISE, GEMEINDEN = 16, 400, 10_783
"""With the Bund 11,200 areas."""
YEARS = range(2004, 2024)
VINTAGE = "2023"
MISSING, WITHHELD, ESTIMATED = 0.005, 0.01, 0.02
"""Shares of rows that are not there, withheld (Q) and estimated (E); the last year is provisional (P)."""
ROW_GROUP = 262_144


@dataclass(frozen=True)
class Nation:
    """The folder of the input: one checked file per source, the area table, the recipes."""

    folder: Path

    @property
    def checked(self) -> dict[str, Path]:
        """Source → its one file; the name changes with the content, as the station's does."""
        return {path.parent.name: path for path in sorted(self.folder.glob("checked/*/*.parquet"))}

    @property
    def areas(self) -> pl.DataFrame:
        """The area table (columns of `quality.areas.areas.AREA_TABLE`)."""
        return pl.read_parquet(self.folder / "areas.parquet")

    @property
    def rows(self) -> int:
        """Observations of all sources."""
        return sum(pq.read_metadata(path).num_rows for path in self.checked.values())


def generate(folder: Path, scale: float, years: range = YEARS, seed: int = 1) -> Nation:
    """Write areas, recipes and the checked file of every source for a share of the areas."""
    folder.mkdir(parents=True, exist_ok=True)
    areas_table(scale).write_parquet(folder / "areas.parquet")
    for name, frame in (("recipe", plan.recipe()), ("shifts", plan.shifts()), ("terms", plan.terms())):
        frame.write_parquet(folder / f"{name}.parquet")
    nation = Nation(folder)
    for source in plan.sources():
        write_source(nation, source, years, seed)
    return nation


def write_source(nation: Nation, source: str, years: range = YEARS, seed: int = 1) -> Path:
    """Write the checked file of one source in place of any that it has."""
    folder = nation.folder / "checked" / source
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.parquet"):
        old.unlink()
    areas = nation.areas
    content = f"{source} {areas.height} {years} {seed}"
    path = folder / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.parquet"
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd", store_schema=False) as writer:
        for table in plan.tables():
            if table.source == source:
                for chunk in _chunks(table, areas, years, seed):
                    waiting.append(chunk)
                    if sum(one.num_rows for one in waiting) >= ROW_GROUP:
                        writer.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)
                        waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)
    return path


def areas_table(scale: float) -> pl.DataFrame:
    """Bund, Länder, Kreise and Gemeinden in that order, in equal shares of their number."""
    laender, kreise, gemeinden = (max(1, round(number * scale)) for number in (LAENDER, KREISE, GEMEINDEN))
    land = [f"{number + 1:02d}" for number in range(laender)]
    kreis = [f"{land[number % laender]}{number // laender + 1:03d}" for number in range(kreise)]
    gemeinde = [f"{kreis[number % kreise]}{number // kreise:03d}" for number in range(gemeinden)]
    rows = [("DG", "bund", None), *((key, "land", "DG") for key in land)]
    rows += [*((key, "kreis", key[:2]) for key in kreis), *((key, "gemeinde", key[:5]) for key in gemeinde)]
    return pl.DataFrame(
        [(area, level, VINTAGE, f"Area {area}", parent) for area, level, parent in rows],
        schema=AREA_TABLE,
        orient="row",
    )


def _sizes(areas: pl.DataFrame) -> np.ndarray:
    """Inhabitants: lognormal for Gemeinden, and what lies in them for the others."""
    size = np.random.default_rng(0).lognormal(7.6, 1.3, areas.height)
    row = {area: number for number, area in enumerate(areas["area"])}
    parent = [row.get(key, -1) for key in areas["parent"]]
    higher = (areas["area_level"] != "gemeinde").to_numpy()
    size[higher] = 0
    for number in range(areas.height - 1, 0, -1):
        size[parent[number]] += size[number]
    return size


_TEXT = ("source", "table", "snapshot", "cell", "column", "measure", "area", "area_level", "area_vintage", "period",
         "basis", "dims", "value_text", "unit", "obs_status", "meaning")  # fmt: skip
_REPEATED = tuple(name for name in _TEXT if name not in ("cell", "value_text"))
_TYPES = {"value": pa.float64(), "published_on": pa.date32(), "received_at": pa.timestamp("us", "UTC")}
_SCHEMA = pa.schema(
    [
        (name, _TYPES.get(name) or (pa.dictionary(pa.int32(), pa.string()) if name in _REPEATED else pa.string()))
        for name in OBSERVATION
    ]
)
"""Repeated words are handed to the writer as codes; in the file they are plain strings."""


@dataclass(frozen=True)
class _Words:
    """Words by number, as codes into a dictionary without doubles."""

    codes: np.ndarray
    known: pa.Array

    @classmethod
    def of(cls, words: Sequence[str]) -> _Words:
        known = {word: number for number, word in enumerate(dict.fromkeys(words))}
        return cls(np.array([known[word] for word in words], dtype=np.int32), pa.array(list(known)))

    def at(self, index: np.ndarray) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(self.codes[index]), self.known)


@dataclass(frozen=True)
class _Sheet:
    """What is the same in all years of a table: per row its dimensions and area (by number) and its address."""

    dim: np.ndarray
    area: np.ndarray
    cell: pa.Array
    by_dim: dict[str, _Words]
    by_area: dict[str, _Words]


def _sheet(table: plan.Delivered, areas: pl.DataFrame) -> _Sheet:
    """The sheet has a row per area and a column per dimension string; addresses are sorted as text."""
    number, dims = areas.height, len(table.dims)
    letters = [get_column_letter(3 + column) for column in range(dims)]
    rows = (np.arange(number) + 2).astype(str)
    dim = np.repeat(np.argsort(letters, kind="stable"), number)
    area = np.tile(np.argsort(rows, kind="stable"), dims)
    before = pa.array([f"Tabelle 1!{letter}" for letter in letters]).take(pa.array(dim))
    cell = pc.binary_join_element_wise(before, pa.array(rows).take(pa.array(area)), "")
    columns = [plan.column_id(column) for column in range(dims)]
    by_area = {name: _Words.of(areas[name].to_list()) for name in ("area", "area_level")}
    return _Sheet(dim, area, cell, {"column": _Words.of(columns), "dims": _Words.of(table.dims)}, by_area)


def _chunks(table: plan.Delivered, areas: pl.DataFrame, years: range, seed: int) -> Iterator[pa.Table]:
    """The table's rows, one chunk per year, in the order of the snapshots' hashes."""
    sheet = _sheet(table, areas)
    drawn = np.random.default_rng([seed, zlib.crc32(table.concept.encode())])
    level = _sizes(areas) * (1.0 if table.concept == "pop" else 10 ** drawn.uniform(-3, -0.3))
    share = np.where([text == "" for text in table.dims], 1.0, drawn.uniform(0.02, 0.6, len(table.dims)))
    usual = level[sheet.area] * share[sheet.dim]
    snapshots = {year: hashlib.sha256(f"{table.concept} {year}".encode()).hexdigest() for year in years}
    for year in sorted(years, key=snapshots.__getitem__):
        exact = np.abs(usual * (1 + 0.01 * (year - YEARS[0])) * drawn.normal(1, 0.03, usual.size))
        value = np.round(exact, 2 if table.decimal else 0)
        yield _chunk(table, sheet, (year, snapshots[year]), value, drawn.random(usual.size))


def _chunk(
    table: plan.Delivered, sheet: _Sheet, when: tuple[int, str], value: np.ndarray, luck: np.ndarray
) -> pa.Table:
    """Rows of one year and snapshot; `luck` in [0, 1) says which are missing, withheld and estimated."""
    year, snapshot = when
    kept = np.flatnonzero(luck >= MISSING)
    value, luck = value[kept], luck[kept] - MISSING
    estimated = np.where(luck < WITHHELD + ESTIMATED, 1, 3 if year == YEARS[-1] else 0)
    found = pa.array(value, mask=luck < WITHHELD)
    written = pc.cast(found if table.decimal else pc.cast(found, pa.int64()), pa.string())
    same = {
        "source": table.source, "table": table.concept, "snapshot": snapshot, "measure": table.concept,
        "area_vintage": VINTAGE, "period": str(year), "basis": table.basis, "unit": table.unit, "meaning": "stated",
    }  # fmt: skip
    once = np.zeros(kept.size, dtype=np.int32)
    received = pa.scalar(dt.datetime(year + 1, 6, 1, tzinfo=dt.UTC), _TYPES["received_at"])
    columns = {
        **{name: _Words.of([word]).at(once) for name, word in same.items()},
        **{name: words.at(sheet.dim[kept]) for name, words in sheet.by_dim.items()},
        **{name: words.at(sheet.area[kept]) for name, words in sheet.by_area.items()},
        "cell": sheet.cell.take(pa.array(kept)),
        "value": found,
        "value_text": pc.fill_null(written, "x"),
        "obs_status": _Words.of("AEQP").at(np.where(luck < WITHHELD, 2, estimated)),
        "published_on": pa.repeat(pa.scalar(dt.date(year + 1, 5, 1)), kept.size),
        "received_at": pa.repeat(received, kept.size),
    }
    return pa.table([columns[name] for name in OBSERVATION], schema=_SCHEMA)
