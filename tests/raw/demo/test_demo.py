# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo's promises: the same bytes each time, a truth that adds up, files as untidy as the real ones."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from raw.contract_files import load_source, load_sources
from raw.demo import DemoSummary, generate, incidents, territory, world
from raw.demo.delivery import CONTRACTS
from raw.demo.truth import MEASURES
from raw.harvest.harvest import harvest_source, identify, read_published_on
from raw.lake.lake import Lake

YEARS = range(2015, 2025)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, DemoSummary]:
    site, truth = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("truth")
    return site, truth, generate(site, truth_dir=truth)


@pytest.fixture(scope="module")
def measures(demo: tuple[Path, Path, DemoSummary]) -> pl.DataFrame:
    return pl.read_parquet(demo[1] / "measures.parquet")


@pytest.fixture(scope="module")
def observations(demo: tuple[Path, Path, DemoSummary], tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    site, _, summary = demo
    sources = load_sources(site / "sources", summary.sources)
    lake = Lake(tmp_path_factory.mktemp("lake") / "lake")
    copy = tmp_path_factory.mktemp("copy")
    for name in summary.files:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((site / "inbox" / name).read_bytes())
    lake.take_in(
        copy,
        lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        settle_seconds=0.0,
        published_on=lambda path, _: read_published_on(path, sources),
    )
    claims = identify(lake, sources)
    assert [claim for claim in claims.values() if len(claim.tables) != 1] == []
    harvests = [harvest_source(lake, source, claims) for source in sources.values()]
    assert [file.faults for harvest in harvests for file in harvest.rejected] == []
    return pl.concat([harvest.read() for harvest in harvests])


def _digests(site: Path) -> dict[str, str]:
    files = sorted(path for path in site.rglob("*") if path.is_file())
    return {str(path.relative_to(site)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _csv(site: Path, name: str) -> list[list[str]]:
    text = (site / "inbox" / name).read_bytes().decode("cp1252")
    return list(csv.reader(text.splitlines(keepends=True), delimiter=";"))


def test_same_seed_gives_the_same_bytes_and_another_seed_others(
    demo: tuple[Path, Path, DemoSummary], tmp_path: Path
) -> None:
    again = generate(tmp_path / "again")
    assert _digests(demo[0]) == _digests(tmp_path / "again")
    assert again == demo[2]
    generate(tmp_path / "other", seed=7, years=range(2019, 2022))
    assert _digests(tmp_path / "other") != _digests(demo[0])


def test_generating_twice_into_one_site_is_harmless(tmp_path: Path) -> None:
    generate(tmp_path, years=range(2019, 2022))
    before = _digests(tmp_path)
    generate(tmp_path, years=range(2019, 2022))
    assert _digests(tmp_path) == before


def test_truth_never_lies_in_the_site(demo: tuple[Path, Path, DemoSummary], tmp_path: Path) -> None:
    assert not list(demo[0].rglob("*.parquet"))
    with pytest.raises(ValueError, match="truth"):
        generate(tmp_path, truth_dir=tmp_path / "truth")


@pytest.mark.parametrize(
    ("parent", "level"), [("99001000", "stadtteil"), ("99051", "gemeinde"), ("99", "kreis"), ("990", "kreis")]
)
def test_truth_is_additive_over_areas(measures: pl.DataFrame, parent: str, level: str) -> None:
    inside = pl.col("area").str.starts_with("" if level == "kreis" else parent)
    parts = measures.filter((pl.col("area_level") == level) & inside)
    sums = parts.group_by("period", "measure").agg(pl.col("value").sum().alias("parts"))
    joined = measures.filter(pl.col("area") == parent).join(sums, on=["period", "measure"])
    assert joined.height == len(MEASURES) * len(YEARS)
    assert joined.filter((pl.col("value") - pl.col("parts")).abs() > 1e-6).is_empty()


def test_truth_is_additive_over_groups() -> None:
    land = world.create(3, range(2018, 2021))
    sizes, benefits = ("size=1", "size=2", "size=3", "size=4+"), ("benefit=amb", "benefit=stat", "benefit=cash")
    assert (land.series("pop", "sex=m") + land.series("pop", "sex=f") == land.series("pop")).all()
    assert (land.series("pop", "age=0-17") + land.series("pop", "age=18+") == land.series("pop")).all()
    for concept, parts in (("hh", sizes), ("care", benefits)):
        assert np.array_equal(sum(land.series(concept, part) for part in parts), land.series(concept))
    assert (land.series("unemp") <= land.series("pop", "age=15-64")).all()
    assert (land.series("sgb2_child", "age=0-17") <= land.series("pop", "age=0-17")).all()


def test_people_come_and_go_at_a_plausible_pace() -> None:
    people = world.create(3, range(2018, 2021)).people
    assert (people.stock >= 0).all()
    large = people.stock[:, 0].sum(axis=(1, 2, 3)) > 5_000
    total = people.stock[large].sum(axis=(2, 3, 4))
    change = abs(total[:, 1:] / total[:, :-1] - 1)
    assert 0.0001 < change.mean() < 0.02 and change.max() < 0.06


def test_land_has_the_promised_areas(demo: tuple[Path, Path, DemoSummary]) -> None:
    assert demo[2].areas == {"bund": 1, "land": 1, "regierungsbezirk": 1, "kreis": 5, "gemeinde": 25, "stadtteil": 40}
    keys = [area.key for area in territory.of_level(territory.areas(), "stadtteil")]
    assert keys[0] == "99001000-01" and len(set(keys)) == 40


def test_deprived_districts_are_deprived_in_every_respect(demo: tuple[Path, Path, DemoSummary]) -> None:
    kpis = pl.read_parquet(demo[1] / "kpis.parquet").filter(
        (pl.col("area_level") == "stadtteil") & (pl.col("period") == "2023")
    )
    wide = kpis.pivot("kpi", index="area", values="value").drop_nulls("child_poverty_0_17")
    assert wide.select(pl.corr("unemployed_share", "child_poverty_0_17", method="spearman")).item() > 0.7
    assert wide.filter(pl.col("unemployed_share") > 35).is_empty()


def test_confidential_files_contain_small_cells(observations: pl.DataFrame) -> None:
    for source in ("demo_stadt_sozial", "demo_gemeinden_sozial"):
        small = observations.filter((pl.col("source") == source) & pl.col("value").is_in([1.0, 2.0]))
        assert small.height >= 10
        assert observations.filter((pl.col("source") == source) & (pl.col("obs_status") == "Q")).is_empty()


def test_the_merge_stands_in_the_register(demo: tuple[Path, Path, DemoSummary]) -> None:
    for year, count in ((2019, 25), (2020, 24)):
        book = CalamineWorkbook.from_path(demo[0] / f"inbox/gvisys-synthetisch/3112{year}_Auszug_GV.xlsx")
        rows = book.get_sheet_by_index(1).to_python()
        keys = ["".join(map(str, [*row[2:5], row[6]])) for row in rows if row[0] == "60"]
        assert sum(key.startswith("99051") for key in keys) == count
        assert ("99051026" in keys) == (year == 2020)
        assert ("99051011" in keys) == (year == 2019)
        assert {row[0] for row in rows} >= {"10", "20", "30", "40", "50", "60"}


def test_the_revision_corrects_one_year(demo: tuple[Path, Path, DemoSummary]) -> None:
    revision = demo[2].revision
    first, second = (_csv(demo[0], name) for name in revision["files"])
    old = {tuple(row[:2]): row[3] for row in first if len(row) > 3}
    new = {tuple(row[:2]): row[3] for row in second if len(row) > 3}
    changed = {key for key in old if old[key] != new[key]}
    assert changed == {("2022", area) for area in ("DG", "99", "990", "99052")}
    assert int(old["2022", "99052"]) - int(new["2022", "99052"]) == revision["off_by"]
    assert first[-1][0] == "Stand: 08.07.2024 / 09:30:00"
    assert second[-1][0] == "Stand: 10.07.2025 / 09:30:00"


def test_the_leak_follows_from_the_published_total(
    demo: tuple[Path, Path, DemoSummary], observations: pl.DataFrame, measures: pl.DataFrame
) -> None:
    leak = demo[2].leak
    slice_ = observations.filter((pl.col("table") == leak["table"]) & (pl.col("period") == leak["period"]))
    withheld = slice_.filter(pl.col("obs_status") == "Q")["area"].to_list()
    assert withheld == leak["areas"] and len(withheld) == 1
    total = slice_.filter(pl.col("area") == "99001000")["value"].item()
    rest = slice_.filter(pl.col("area_level") == "stadtteil")["value"].sum()
    truth = measures.filter(
        (pl.col("area") == withheld[0]) & (pl.col("period") == leak["period"]) & (pl.col("measure") == "wohngeld_hh")
    )
    assert total - rest == truth["value"].item() == 2


@pytest.mark.parametrize("name", ["d3_t39", "d6_t35"])
def test_the_office_leaves_no_single_gap_in_the_other_slices(name: str) -> None:
    land = world.create(20261122, YEARS)
    incidents.plant_leak(land.facts, YEARS)
    table = load_source(CONTRACTS / "demo_stadt").tables[name]
    withheld = {year: incidents.withheld(land, table, year) for year in YEARS}
    assert any(withheld.values())
    for year, cells in withheld.items():
        if (name, year) != (incidents.LEAK_TABLE, incidents.LEAK_YEAR):
            assert 1 not in Counter(column for _, column in cells).values()
            assert len(table.columns) == 1 or 1 not in Counter(area for area, _ in cells).values()


def test_files_are_as_untidy_as_the_real_ones(demo: tuple[Path, Path, DemoSummary]) -> None:
    kiss = demo[0] / "inbox/musterstadt-synthetisch/statistikamt"
    ages = (
        CalamineWorkbook.from_path(kiss / "bevoelkerung__hauptwohnsitzbevoelkerung-nach-altersgruppen.xlsx")
        .get_sheet_by_name("Sheet 1")
        .to_python()
    )
    assert ages[0] == [*(f"D3_T34_var{number}" for number in range(1, 14)), "tabelle"]
    assert (
        ages[1][0] == 2015.0 and ages[1][1] == "01" and isinstance(ages[1][2], str) and isinstance(ages[1][12], float)
    )
    assert len(ages) == 1 + 41 * len(YEARS)
    crime = CalamineWorkbook.from_path(kiss / "ordnung__erfasste-straftaten-nach-stadtteilen.xlsx")
    rows = crime.get_sheet_by_index(0).to_python()
    assert rows[0][0] == "tabelle" and "99998" in {row[2] for row in rows}
    table = _csv(demo[0], "regionaldatenbank-synthetisch/99132-02-05-4_2015-2020.csv")
    assert table[0] == ["GENESIS-Tabelle: 99132-02-05-4"]
    assert any("Ausländer" in row for row in table[:12])
    assert any(row[:1] == ["__________"] for row in table)
    flat = _csv(demo[0], "genesis-synthetisch/99211-0001-DLAND_F_flat.csv")
    assert flat[0][:5] == ["Statistik_Code", "Statistik_Label", "Zeit_Code", "Zeit_Label", "Zeit"]
    assert len(flat) == 1 + 5 * len(YEARS)


def test_every_observation_is_true_but_the_revised_ones(observations: pl.DataFrame, measures: pl.DataFrame) -> None:
    names = pl.DataFrame(
        [(name, *about) for name, about in MEASURES.items()], ["name", "measure", "dims"], orient="row"
    )
    truth = measures.select("area", "period", pl.col("measure").alias("name"), pl.col("value").alias("truth"))
    joined = observations.join(names, on=["measure", "dims"]).join(truth, on=["area", "period", "name"], how="left")
    wrong = joined.filter((pl.col("value") - pl.col("truth")).abs() > 1e-6)
    assert set(wrong["table"]) == {"99612-01-01-4"} and set(wrong["period"]) == {"2022"}
    assert set(joined.filter(pl.col("truth").is_null())["obs_status"]) == {"M"}
    reached = set(joined.filter(pl.col("value").is_not_null())["name"])
    assert reached >= set(MEASURES) - {"pop_0_17", "pop_15_24", "pop_15_64", "pop_65_plus"}


def test_maps_cover_the_areas_and_say_that_they_are_synthetic(demo: tuple[Path, Path, DemoSummary]) -> None:
    for name, count in (("demo_stadtteile", 40), ("demo_gemeinden", 24)):
        collection = json.loads((demo[0] / f"areas/{name}.geojson").read_text("utf-8"))
        assert collection["synthetic"] is True and len(collection["features"]) == count
        for feature in collection["features"]:
            assert feature["properties"]["synthetic"] is True and "(synthetisch)" in feature["properties"]["name"]
            assert feature["geometry"]["type"] in ("Polygon", "MultiPolygon")
        assert len({feature["properties"]["area"] for feature in collection["features"]}) == count


def test_everything_is_marked_synthetic(demo: tuple[Path, Path, DemoSummary]) -> None:
    for path in (demo[0] / "inbox").rglob("*.csv"):
        assert "synthetisch" in path.read_bytes().decode("cp1252")
    for source in load_sources(demo[0] / "sources", demo[2].sources).values():
        assert source.contract.publisher == "Lagebild demo (synthetisch)"
        for table in source.tables.values():
            assert "(synthetisch)" in table.title["de"] and "(synthetic)" in table.title["en"]


def test_deliveries_are_dated_to_their_publication(demo: tuple[Path, Path, DemoSummary]) -> None:
    for path in (demo[0] / "inbox").rglob("*.*"):
        if path.is_file():
            assert dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC) < dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
            assert path.stat().st_mode & 0o077 == 0
