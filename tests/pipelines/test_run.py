# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The main job headless: what a run brings, what stops it, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.sites import delivered, edit_workbook, lagebild, release_of, run_json

CopySite = Callable[[], Path]


def test_the_demo_gives_kpis_on_every_level_and_withholds_some(finished_demo: Path):
    marts = finished_demo / "warehouse" / "releases" / "latest" / "public" / "marts"
    values = pl.read_parquet(marts / "kpi_value__area_period.parquet")
    assert values["kpi"].n_unique() >= 15
    assert {"bund", "land", "kreis", "gemeinde", "stadtteil"} <= set(values["area_level"])
    withheld = values.filter(pl.col("conf_status") == "C")
    assert withheld.height > 0
    assert withheld["value"].null_count() == withheld.height
    assert (finished_demo / "warehouse" / "pictures").glob("*.png")


def test_figures_of_a_report_in_pdf_reach_a_kpi_with_the_status_of_their_mark(finished_demo: Path):
    marts = finished_demo / "warehouse" / "releases" / "latest" / "public" / "marts"
    values = pl.read_parquet(marts / "kpi_value__area_period.parquet").filter(pl.col("kpi") == "day_care_places_65")
    of_pdf = values.filter(pl.col("sources").str.contains("demo_pflegebericht") & pl.col("value").is_not_null())
    assert set(of_pdf["area_level"]) == {"gemeinde", "stadtteil"}
    assert set(of_pdf["period"]) == {"2015", "2017", "2019", "2021", "2023"}
    city = of_pdf.filter((pl.col("area_level") == "gemeinde") & (pl.col("period") == "2023"))
    assert city["value"].item() > 0 and city["obs_status"].item() == "P"


def test_every_figure_can_be_cited(finished_demo: Path):
    marts = finished_demo / "warehouse" / "releases" / "latest" / "internal" / "marts"
    figures = pl.read_parquet(marts / "kpi_value__area_period.parquet").filter(pl.col("value").is_not_null())
    cited = pl.read_parquet(marts / "source_edition.parquet")
    year = pl.col("period").str.slice(0, 4).alias("year")
    named = figures.select(pl.col("sources").str.split(";").alias("source"), year, "kpi", "area").explode("source")
    assert named.join(cited, on="source", how="anti").is_empty()
    of_year = named.join(cited, on=["source", "year"], how="semi")
    assert of_year.select("kpi", "area", "year").n_unique() == named.select("kpi", "area", "year").n_unique()
    report = cited.filter((pl.col("source") == "demo_pflegebericht") & (pl.col("year") == "2023"))
    assert (report["edition_date"].item(), report["date_kind"].item()) == ("2024-06-12", "published")
    assert "Stand 2024-06-12" in report["citation_de"].item()


def test_an_unchanged_run_reads_nothing_again_and_keeps_the_release(demo_copy: CopySite):
    site = demo_copy()
    before = release_of(site)
    code, result = run_json(site)
    assert (code, result["release"], result["ok"]) == (0, before, True)
    assert "door_to_release" not in result["zones"]
    assert len(list((site / "warehouse" / "releases").glob("2*"))) == 1


def _swap_two_figures(sheet: Any) -> None:
    """Move ten persons of one district from one age group to nowhere: the row no longer adds up."""
    row = sheet.max_row - 3
    cell = sheet.cell(row, 4)
    cell.value = str(int(float(cell.value)) + 10)


def test_a_failing_identity_stops_everything_that_depends_on_it(demo_copy: CopySite):
    site = demo_copy()
    before = release_of(site)
    edit_workbook(delivered(site, "d3_t34"), _swap_two_figures)
    done = lagebild("--site", site, "run")
    assert done.returncode == 1
    assert "identities" in done.stdout and "d3_t34" in done.stdout
    assert "altersgruppen" in done.stdout and "Sheet 1!" in done.stdout, "file and cell are named"
    assert release_of(site) == before
    pointer = json.loads((site / "lake" / "current" / "checked__demo_stadt.json").read_text("utf-8"))
    assert pointer["passed"] is False
    again = lagebild("--site", site, "run")
    assert again.returncode == 1, "a second run does not let it pass"
    assert release_of(site) == before


def test_an_explained_violation_lets_the_run_go_on(demo_copy: CopySite):
    site = demo_copy()
    edit_workbook(delivered(site, "d3_t34"), _swap_two_figures)
    assert lagebild("--site", site, "run").returncode == 1
    printed = lagebild("--site", site, "source", "violations", "demo_stadt").stdout
    entries = printed.replace("until: ,", "until: 2099-12-31,").replace(
        'reason: ""', 'reason: "explained by the office"'
    )
    known = site / "sources" / "demo_stadt" / "known_violations.yml"
    known.write_text(entries, "utf-8")
    code, result = run_json(site)
    assert (code, result["ok"]) == (0, True)


def test_a_rejected_delivery_is_named_and_the_last_good_data_stay(demo_copy: CopySite):
    site = demo_copy()
    before = release_of(site)

    def rename(sheet: Any) -> None:
        sheet["C1"] = str(sheet["C1"].value).replace("var3", "var99")

    path = delivered(site, "d3_t34")
    edit_workbook(path, rename)
    checked = lagebild("--site", site, "source", "check", path)
    assert checked.returncode == 3 and "var3" in checked.stdout
    done = lagebild("--site", site, "run")
    assert done.returncode == 3
    assert path.name in done.stdout and "var3" in done.stdout and "alias" in done.stdout
    assert release_of(site) == before
    german = lagebild("--site", site, "--lang", "de", "run")
    assert "zurückgewiesen" in german.stdout and "umbenannt" in german.stdout


def test_the_file_that_came_last_counts_also_when_it_came_before(demo_copy: CopySite):
    site = demo_copy()
    before = release_of(site)
    good = delivered(site, "d3_t34")
    content, other = good.read_bytes(), site / "inbox" / "corrected.xlsx"
    other.write_bytes(content)
    good.unlink()
    edit_workbook(other, _swap_two_figures)
    assert lagebild("--site", site, "run").returncode == 1
    good.write_bytes(content)
    code, result = run_json(site)
    assert (code, result["ok"], result["release"]) == (0, True, before)


def test_a_rejected_file_is_forgotten_when_its_good_successor_came(demo_copy: CopySite):
    site = demo_copy()
    good = delivered(site, "d3_t34")
    content = good.read_bytes()

    def rename(sheet: Any) -> None:
        sheet["C1"] = str(sheet["C1"].value).replace("var3", "var99")

    edit_workbook(good, rename)
    assert lagebild("--site", site, "run").returncode == 3
    good.write_bytes(content)
    assert lagebild("--site", site, "run").returncode == 0


def test_a_real_site_is_not_run_as_a_demo_and_an_empty_one_releases_nothing(tmp_path: Path):
    site = tmp_path / "site"
    assert lagebild("init", site).returncode == 0
    refused = lagebild("demo", "--site", site)
    assert refused.returncode == 2 and "not a demo site" in refused.stderr
    empty = lagebild("--site", site, "run")
    assert empty.returncode == 2 and "Put files into" in empty.stderr
    assert not (site / "warehouse" / "releases").exists()


def test_a_file_that_nobody_knows_is_kept_and_named(demo_copy: CopySite):
    site = demo_copy()
    (site / "inbox" / "letter.csv").write_text("Dear colleague;\nno table here;\n", "utf-8")
    code, result = run_json(site)
    assert (code, result["unclaimed"]) == (0, 1)
    assert "letter.csv" in lagebild("--site", site, "source", "unclaimed").stdout
    assert not [path for path in (site / "inbox").rglob("*") if path.is_file()]


def test_a_cell_that_passed_the_door_against_the_rules_fails_its_audit_and_is_not_released(demo_copy: CopySite):
    site = demo_copy()
    before = release_of(site)
    protected = site / "warehouse" / "protected" / "public" / "protected.parquet"
    broken = pl.read_parquet(protected).with_columns(
        pl.when(pl.col("conf_status") == "C").then(7.0).otherwise(pl.col("value")).alias("value")
    )
    protected.chmod(0o644)
    broken.write_parquet(protected)
    # Only the publish zone runs: the door would make a file that does not fit its certificate anew.
    import dagster as dg

    from pipelines.definitions import PUBLISH_JOB, publish

    with dg.DagsterInstance.ephemeral() as instance:
        job = publish(site).resolve_job_def(PUBLISH_JOB)
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    failed = {e.check_name for e in result.get_asset_check_evaluations() if not e.passed}
    assert any("withheld" in name or "value" in name for name in failed), failed
    assert not [e for e in result.all_events if e.is_step_success and e.step_key == "release"]
    assert release_of(site) == before


def test_a_protected_file_that_someone_changed_is_made_anew(demo_copy: CopySite):
    site = demo_copy()
    protected = site / "warehouse" / "protected" / "public" / "protected.parquet"
    good = protected.read_bytes()
    protected.chmod(0o644)
    protected.write_bytes(good[:-8])
    code, result = run_json(site)
    assert (code, result["ok"]) == (0, True)
    assert protected.read_bytes() == good


@pytest.mark.parametrize("language", ["de", "en"])
def test_status_shows_the_site_in_both_languages(finished_demo: Path, language: str):
    done = lagebild("--site", finished_demo, "--lang", language, "status")
    assert done.returncode == 0
    assert ("Beobachtungen" if language == "de" else "Observations") in done.stdout
    assert "demo_stadt" in done.stdout


def test_sources_can_be_listed(finished_demo: Path):
    listed = json.loads(lagebild("--site", finished_demo, "--json", "source", "list").stdout)
    assert listed["demo_stadt_sozial"]["publicity"] == "confidential"
    assert "d3_t34" in listed["demo_stadt"]["tables"]
