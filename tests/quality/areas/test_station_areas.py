# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The station `areas` of a site: three tables, pointers to them, and nothing built twice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.guard import guarded
from assets.resources import SiteResource
from pipelines.settings import site_resource
from pipelines.site import init_site
from quality.areas.crosswalk import CrosswalkError
from tests.quality.areas.tables import ways
from tests.raw.families.reference import write_steps

STEP = [
    [1001001.0, "A", 1.0, 1.0, 4.0, 0.0, 1001009.0, "M"],
    [1001002.0, "B", 1.0, 1.0, 4.0, 3.0, 1001009.0, "M"],
    [1001003.0, "C", 1.0, 1.0, 4.0, 3.0, 1001003.0, "C"],
]
SETTINGS = 'sources: [bbsr_referenz, kiss_md]\nterritory: "2021"\n'


@pytest.fixture
def site(tmp_path: Path) -> SiteResource:
    """A site that has received one published crosswalk, 2020 to 2021."""
    folder = tmp_path / "site"
    init_site(folder, "en")
    (folder / "site.yml").write_text(SETTINGS, "utf-8")
    write_steps(folder / "inbox" / "ref.xlsx", {2020: STEP})
    made = site_resource(folder)
    made.lake().take_in(made.inbox(), lambda: dt.datetime(2026, 1, 31, tzinfo=dt.UTC), 0.0)
    return made


def made(site: SiteResource) -> dict[str, Path]:
    paths = site.make_areas()
    for name, path in paths.items():
        site.point(name, path)
    return paths


def test_a_published_crosswalk_in_the_inbox_becomes_links_and_territories(site: SiteResource):
    made(site)
    links, territory = site.links_table(), site.territory_table()
    assert ways(links, "2020", "2021") == {
        ("01001001", "01001009"): (1.0, False, 2), ("01001002", "01001009"): (1.0, False, 2),
        ("01001003", "01001003"): (1.0, False, 1),
    }  # fmt: skip
    assert set(territory.filter(pl.col("area") == "01001003")["territory"]) == {"2020"}
    keyed = ["area", "area_level", "area_vintage"]
    assert territory.select(keyed).sort(keyed).equals(site.area_table().select(keyed).sort(keyed))
    assert pl.read_parquet(site.warehouse / "areas.parquet").equals(site.area_table())


def test_nothing_is_built_twice_and_every_input_counts(site: SiteResource):
    first = made(site)
    stamps = {name: path.stat().st_mtime_ns for name, path in first.items()}
    again = made(site)
    assert again == first
    assert {name: path.stat().st_mtime_ns for name, path in again.items()} == stamps
    (site.path / "areas" / "membership.csv").write_text("part,whole,vintage,weight_class,weight\n", "utf-8")
    other_file = made(site)
    (site.path / "site.yml").write_text(SETTINGS.replace("2021", "2020"), "utf-8")
    other_setting = made(site_resource(site.path))
    assert len({paths["links"] for paths in (first, other_file, other_setting)}) == 3


def test_a_fault_in_the_sites_files_is_said_in_clear_words(site: SiteResource):
    (site.path / "areas" / "crosswalk.csv").write_text("level,from\n", "utf-8")
    with pytest.raises(CrosswalkError, match=r"crosswalk\.csv: the columns have to be level, from_area"):
        _run(site)


def test_any_other_error_is_not_quoted(site: SiteResource):
    (site.path / "areas" / "crosswalk.csv").mkdir()
    with pytest.raises(dg.Failure, match="IsADirectoryError; details"):
        _run(site)


def _run(site: SiteResource) -> None:
    with guarded(site, "areas"):
        site.make_areas()
