# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""`lagebild compare`: the demo's printed rates are ours; on real deliveries every difference has an explanation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.compare import checked_observations, compare_site
from pipelines.settings import site_resource
from quality.checks.comparison import CLASSES
from tests.prove import Experiments
from tests.sites import lagebild, run_json


def test_the_rates_that_the_demo_s_offices_print_are_ours(finished_demo: Path):
    done = lagebild("--site", finished_demo, "--json", "compare")
    assert done.returncode == 0, done.stderr
    counts = pl.DataFrame(json.loads(done.stdout))
    assert {"pop_density", "unemployed_share"} <= set(counts.filter(pl.col("compared") > 0)["kpi"])
    right = counts.select(pl.sum_horizontal("equal", "rounding")).to_series()
    assert right.to_list() == counts["compared"].to_list()


def test_a_printed_rate_keeps_its_address_and_becomes_no_cell(finished_demo: Path):
    site = site_resource(finished_demo)
    printed = checked_observations(site).filter(pl.col("measure").str.starts_with("published."))
    assert printed.height > 100
    assert printed.filter(~pl.col("cell").str.contains(r"!.+\d")).is_empty()
    files = list((finished_demo / "lake" / "cells").rglob("*.parquet"))
    assert files
    for path in files:
        frame = pl.read_parquet(path)
        for column in {"measure", "concept"} & set(frame.columns):
            assert frame.filter(pl.col(column).str.starts_with("published")).is_empty()


def test_a_site_without_a_release_is_told_so(tmp_path: Path):
    assert lagebild("init", tmp_path / "site").returncode == 0
    done = lagebild("--site", tmp_path / "site", "compare")
    assert done.returncode == 2
    assert "lagebild run" in done.stderr


def _check(row: Mapping[str, Any]) -> dict[str, float]:
    """A KPI of a table: nothing is unexplained; the figures are the evidence."""
    assert row["unexplained"] == 0, f"{row['unexplained']} differences are unexplained"
    return {f"{row['kpi']} ({row['source']}/{row['table']}): {name}": row[name] for name in CLASSES if row[name]}


@pytest.mark.prove
def test_every_difference_from_the_agencies_figures_is_explained(
    experiment: Experiments, shared_data: Path, tmp_path: Path
):
    site = tmp_path / "site"
    assert lagebild("init", site).returncode == 0
    shutil.copytree(shared_data / "data", site / "inbox", dirs_exist_ok=True)
    assert run_json(site)[0] == 0
    found = compare_site(site_resource(site))
    assert found.stale == []
    result = experiment(
        "ours-against-theirs",
        list(found.counts().iter_rows(named=True)),
        _check,
        key=lambda row: f"{row['kpi']} {row['source']}/{row['table']}",
    )
    assert result.failed == 0
    assert found.of("equal").height > 45_000
