# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Published files as a reader finds them: the marts of one or several tiers in all releases.

Belongs here: where the files lie and which columns are read. Does not belong here: what follows from the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

_Columns = dict[str, type[pl.DataType]]

FIGURES = "kpi_value__area_period"
_FIGURE_COLUMNS: _Columns = {
    "kpi": pl.String, "area": pl.String, "area_name": pl.String, "area_level": pl.String, "area_vintage": pl.String,
    "period": pl.String, "basis": pl.String, "value": pl.Float64, "obs_status": pl.String, "decimals": pl.Int32,
    "rank": pl.Int64,
}  # fmt: skip
_OTHER: dict[str, _Columns] = {
    "area": {"area": pl.String, "area_vintage": pl.String, "area_level": pl.String, "parent": pl.String},
    "kpi": {
        "kpi": pl.String, "formula": pl.String, "rule": pl.String, "denominator_bases": pl.String,
        "min_denominator": pl.Float64, "low_denominator": pl.Float64,
    },
    "kpi_uses": {"kpi": pl.String, "role": pl.String, "measure": pl.String, "coef": pl.Float64},
    "coverage__kpi_level_period": {
        "kpi": pl.String, "area_level": pl.String, "period": pl.String, "basis": pl.String,
        "areas": pl.Int64, "published": pl.Int64, "withheld": pl.Int64,
    },
}  # fmt: skip


class NothingPublished(ValueError):
    """There is no release with figures in the folders that were named."""


@dataclass(frozen=True)
class Published:
    """All that is read.

    `figures`: a row per figure, release (0 is the oldest) and tier (0 is the least entitled). The other marts are
    those of the newest release in which an entry stands; `coverage` has them all.
    """

    figures: pl.DataFrame
    areas: pl.DataFrame
    kpis: pl.DataFrame
    uses: pl.DataFrame
    coverage: pl.DataFrame
    releases: tuple[str, ...]
    tiers: tuple[str, ...]


def release_folders(folder: Path) -> list[Path]:
    """The releases in a folder, oldest first, or the folder itself if it is one; links such as `latest` are not."""
    if _has_marts(folder):
        return [folder.resolve()]
    found = folder.iterdir() if folder.is_dir() else iter(())
    return sorted((path for path in found if not path.is_symlink() and _has_marts(path)), key=lambda path: path.name)


def read(folders: Sequence[Path], tiers: Sequence[str]) -> Published:
    """Read the marts of these tiers, the least entitled first, in all releases of all folders, withdrawn ones too.

    Raises NothingPublished if no figure is found.
    """
    releases = list(dict.fromkeys(path for folder in folders for path in release_folders(folder)))
    releases.sort(key=lambda path: path.name)
    figures: list[pl.DataFrame] = []
    others: dict[str, list[pl.DataFrame]] = {name: [] for name in _OTHER}
    for number, release in enumerate(releases):
        for rank, tier in enumerate(tiers):
            marts = release / tier / "marts"
            if (found := _mart(marts, FIGURES, _FIGURE_COLUMNS)) is not None:
                figures.append(found.with_columns(release=pl.lit(number), tier=pl.lit(rank)))
            for name, columns in _OTHER.items():
                if (found := _mart(marts, name, columns)) is not None:
                    others[name].append(found.with_columns(release=pl.lit(number), tier=pl.lit(rank)))
    if not figures:
        raise NothingPublished(", ".join(map(str, folders)))
    return Published(
        pl.concat(figures),
        _newest(others["area"], "area", ["area", "area_vintage"]),
        _newest(others["kpi"], "kpi", ["kpi"]),
        _newest(others["kpi_uses"], "kpi_uses", ["kpi", "role", "measure"]),
        _together(others["coverage__kpi_level_period"], "coverage__kpi_level_period"),
        tuple(path.name for path in releases),
        tuple(tiers),
    )


def _has_marts(path: Path) -> bool:
    return path.is_dir() and any(path.glob("*/marts/*"))


def _mart(folder: Path, name: str, columns: _Columns) -> pl.DataFrame | None:
    """The columns of a mart, from Parquet or else from CSV; a column that is not there is empty."""
    parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
    if parquet.is_file():
        frame = pl.read_parquet(parquet)
    elif csv.is_file():
        frame = pl.read_csv(csv, infer_schema=False)
    else:
        return None
    cast = [
        (pl.col(column) if column in frame.columns else pl.lit(None)).cast(kind).alias(column)
        for column, kind in columns.items()
    ]
    return frame.select(cast)


def _together(frames: list[pl.DataFrame], name: str) -> pl.DataFrame:
    schema: dict[str, type[pl.DataType]] = {**_OTHER[name], "release": pl.Int32, "tier": pl.Int32}
    empty = pl.DataFrame(schema=schema)
    return pl.concat([empty, *frames])


def _newest(frames: list[pl.DataFrame], name: str, key: list[str]) -> pl.DataFrame:
    every = _together(frames, name).sort("release", "tier", descending=True)
    return every.unique(key, keep="first", maintain_order=True).drop("release", "tier")
