# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Every source that passed the door can be cited for each year, and no other one is named."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from quality.editions import EDITION, editions, write_editions

SCHEMA = {"source": pl.String, "snapshot": pl.String, "published_on": pl.Date, "period": pl.String, "value": pl.Float64}
CAME = {"s1": "2024-03-01T08:00:00+00:00", "s2": "2025-04-02T08:00:00+00:00"}


def checked(*rows: tuple[str, str, dt.date | None, str, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, SCHEMA, orient="row")


def test_the_newest_edition_of_a_year_counts_and_the_day_of_arrival_where_none_is_stated() -> None:
    found = editions(
        checked(
            ("a", "s1", dt.date(2024, 2, 1), "2022", 1.0),
            ("a", "s2", dt.date(2025, 2, 1), "2022", 2.0),
            ("a", "s1", dt.date(2024, 2, 1), "2021-Q3", 3.0),
            ("b", "s1", None, "2019-01-01/P3Y", 4.0),
            ("b", "s2", None, "2023-06", 5.0),
        ).lazy(),
        CAME,
    )
    assert found.schema == EDITION
    assert found.rows() == [
        ("a", "2021", "2024-02-01", "published"),
        ("a", "2022", "2025-02-01", "published"),
        ("b", "2019", "2024-03-01", "received"),
        ("b", "2023", "2025-04-02", "received"),
    ]


def test_only_sources_that_passed_the_door_are_written(tmp_path: Path) -> None:
    for name in ("a", "b"):
        checked((name, "s1", None, "2022", 1.0)).write_parquet(tmp_path / f"{name}.parquet")
    pl.DataFrame({"sources": [["a"], ["a"]]}).write_parquet(tmp_path / "protected.parquet")
    target = write_editions(tmp_path / "protected.parquet", lambda name: tmp_path / f"{name}.parquet", CAME)
    assert pl.read_parquet(target).rows() == [("a", "2022", "2024-03-01", "received")]
