# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The whole way on real deliveries: a new site, the files in its inbox, one command, KPIs; and once more unchanged."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.prove import Result
from tests.sites import lagebild, run_json

Experiment = Callable[..., Result]
_CITY, _CITY_DISTRICTS = "15003000", 40


@pytest.mark.prove
def test_real_deliveries_become_kpis(experiment: Experiment, shared_data: Path, tmp_path: Path):
    result = experiment(
        "real-run", ["shared/data"], lambda _: _real_run(shared_data / "data", tmp_path / "site"), sample=1
    )
    assert result.failed == 0
    assert result.figures["kpis_kreis"] >= 15
    assert result.figures["districts"] == _CITY_DISTRICTS
    assert result.figures["seconds_unchanged"] < 10
    assert result.figures["seconds_unchanged_harvest"] < 3


def _real_run(data: Path, site: Path) -> dict[str, float]:
    assert lagebild("init", site).returncode == 0
    shutil.copytree(data, site / "inbox", dirs_exist_ok=True)
    files = sum(path.is_file() for path in (site / "inbox").rglob("*"))
    started = time.perf_counter()
    code, first = run_json(site)
    took = time.perf_counter() - started
    assert (code, first["ok"]) == (0, True), first["failed_checks"] + first["failed_steps"]
    started = time.perf_counter()
    code, second = run_json(site)
    again = time.perf_counter() - started
    assert (code, second["release"]) == (0, first["release"])
    manifest = json.loads((site / "warehouse" / "releases" / "latest" / "manifest.json").read_text("utf-8"))
    assert manifest["id"] == first["release"]
    mart = site / "warehouse" / "releases" / "latest" / "internal" / "marts" / "kpi_value__area_period.parquet"
    values = pl.read_parquet(mart).filter(pl.col("value").is_not_null())
    kreise = values.filter(pl.col("area_level") == "kreis")
    city = values.filter(pl.col("area").str.starts_with(_CITY))
    districts = city.filter((pl.col("area_level") == "stadtteil") & ~pl.col("area").str.ends_with("-99"))
    return {
        "files": files,
        "observations": sum(row["observations"] for row in first["sources"]),
        "rejected": sum(row["rejected"] for row in first["sources"]),
        "values_internal": values.height,
        "kpis_kreis": kreise["kpi"].n_unique(),
        "kreise": kreise["area"].n_unique(),
        "kpis_city": city["kpi"].n_unique(),
        "districts": districts["area"].n_unique(),
        "city_years": city["period"].n_unique(),
        "seconds_first": round(took, 1),
        "seconds_unchanged": round(again, 1),
        "seconds_unchanged_harvest": round(second["zones"]["harvest"], 1),
    }
