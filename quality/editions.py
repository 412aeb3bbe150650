# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Editions: how old the figures of a source are, year by year, so that whoever reads a mart can cite them.

Belongs here: dates of deliveries, for the sources that passed the door. Does not belong here: any figure, file name or
table (a confidential source shows no more than its own date), and who publishes a source (its contract).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from raw.lake.files import atomic

EDITION = {"source": pl.String, "year": pl.String, "edition_date": pl.String, "date_kind": pl.String}
_PUBLIC_FILE = 0o644


def editions(checked: pl.LazyFrame, received: Mapping[str, str]) -> pl.DataFrame:
    """The newest edition that figures of a year come from (columns EDITION).

    `checked` are current observations of any sources, `received` when each snapshot came for the first time. The date
    is the one that the publisher states in the file (`published`), else the day on which the file came (`received`).
    """
    first = pl.DataFrame(list(received.items()), {"snapshot": pl.String, "came": pl.String}, orient="row").lazy()
    stated = pl.col("published_on").cast(pl.String)
    return (
        checked.select("source", "snapshot", "published_on", pl.col("period").str.slice(0, 4).alias("year"))
        .unique()
        .join(first, on="snapshot", how="left")
        .with_columns(
            pl.coalesce(stated, pl.col("came").str.slice(0, 10)).alias("edition_date"),
            pl.when(stated.is_null()).then(pl.lit("received")).otherwise(pl.lit("published")).alias("date_kind"),
        )
        .drop_nulls("edition_date")
        .sort("source", "year", "edition_date", "date_kind")
        .unique(["source", "year"], keep="last", maintain_order=True)
        .select(list(EDITION))
        .sort("source", "year")
        .collect()
    )


def write_editions(protected: Path, checked: Callable[[str], Path], received: Mapping[str, str]) -> Path:
    """Write `editions.parquet` beside the protected cells of a tier, for the sources that they name."""
    named = pl.scan_parquet(protected).select(pl.col("sources").explode().unique().sort()).collect()["sources"]
    files = [checked(source) for source in named.drop_nulls()]
    frames = [editions(pl.scan_parquet(path), received) for path in files]
    target = protected.with_name("editions.parquet")
    with atomic(target, _PUBLIC_FILE) as part:
        pl.concat([pl.DataFrame(schema=EDITION), *frames]).write_parquet(part)
    return target
