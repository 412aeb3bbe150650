# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Every published value can be followed back to a cell in a file; a withheld one shows its status only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import load_workbook

from tests.sites import lagebild


def _explain(site: Path, *words: str) -> list[dict[str, Any]]:
    done = lagebild("--site", site, "--json", "explain", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_share_leads_to_the_very_cells_of_the_workbook(finished_demo: Path):
    found = _explain(finished_demo, "share_65_plus", "99001000-01", "2024")[0]
    assert found["formula"] == "100 * pop_65_plus / pop_total"
    numerator, denominator = (line for line in found["cells"] if line["depth"] == 0)
    assert round(100 * numerator["value"] / denominator["value"], 1) == found["row"]["value"]
    total = 0.0
    for origin in numerator["origins"]:
        records = [json.loads(p.read_text("utf-8")) for p in (finished_demo / "lake" / "deliveries").glob("*.json")]
        snapshot = next(r["snapshot"] for r in records if r["snapshot"].startswith(origin["snapshot"]))
        with (finished_demo / "lake" / "snapshots" / snapshot[:2] / snapshot).open("rb") as stored:
            total += float(load_workbook(stored, read_only=True)[origin["sheet"]][origin["cell"]].value)
    assert total == numerator["value"]
    assert found["checks"][0]["unknown"] == 0


def test_a_change_over_years_shows_the_cells_of_both_years(finished_demo: Path):
    lines = _explain(finished_demo, "pop_change_5y", "99001000-01", "2024")[0]["cells"]
    assert {line["cell"].split("|")[3] for line in lines if line["relation"] in ("observed", "dims")} == {
        "2024",
        "2019",
    }


def test_a_withheld_value_shows_status_and_rules_and_no_number(finished_demo: Path):
    marts = finished_demo / "warehouse" / "releases" / "latest" / "internal" / "marts"
    row = (
        pl.read_parquet(marts / "kpi_value__area_period.parquet")
        .filter(pl.col("conf_status") == "C")
        .row(0, named=True)
    )
    found = _explain(finished_demo, row["kpi"], row["area"], row["period"])
    withheld = next(e for e in found if e["withheld"])
    assert withheld["cells"] == [] and withheld["row"]["value"] is None
    said = lagebild("--site", finished_demo, "explain", row["kpi"], row["area"], row["period"]).stdout
    assert "Withheld (status Q)" in said and "lagebild-default-1" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("share_65plus", "99001000", "2024"), "share_65_plus"),
        (("share_65_plus", "99001000-77", "2024"), "no value"),
    ],
)
def test_what_cannot_be_explained_is_said(finished_demo: Path, words: tuple[str, ...], said: str):
    done = lagebild("--site", finished_demo, "explain", *words)
    assert done.returncode == 2
    assert said in done.stderr
