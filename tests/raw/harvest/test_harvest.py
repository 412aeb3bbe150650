# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The memo: nothing is read twice, a change reaches exactly what it is about, and no file is forgotten in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from raw.contract_files import load_source
from raw.harvest import grid
from raw.harvest import harvest as harvest_module
from raw.harvest.grid import open_grids
from raw.harvest.harvest import Claim, Harvest, claim_file, harvest_source, identify, read_published_on
from raw.harvest.opened import Opened
from raw.lake.lake import Lake
from tests.raw.build import ALL, KISS, KISS_MONTHS, REGIONAL, TABLES, Delivery, sample_sources, take, write_source


class Site:
    """A lake with the sample sources; counts how often a snapshot is opened."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.lake = folder, Lake(folder / "lake")
        self.sources = sample_sources(folder / "sources")
        self.opened: list[str] = []
        (folder / "inbox").mkdir()

        def count(path: Path) -> Any:
            self.opened.append(path.name)
            return open_grids(path)

        monkeypatch.setattr(grid, "open_grids", count)
        monkeypatch.setattr(harvest_module, "_OPENED", Opened())

    def deliver(self, *deliveries: Delivery) -> None:
        for delivery in deliveries:
            delivery.write(self.folder / "inbox")
        take(self.lake, self.folder / "inbox", {})

    def change(self, source: str, table: str, old: str, new: str) -> None:
        path = self.folder / "sources" / source / f"{table}.yml"
        assert old in path.read_text("utf-8")
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        self.sources[source] = load_source(path.parent)

    def run(self) -> dict[str, Harvest]:
        self.opened.clear()
        claims = identify(self.lake, self.sources)
        return {name: harvest_source(self.lake, source, claims) for name, source in self.sources.items()}

    def fresh(self) -> set[str]:
        return {file.table for harvest in self.run().values() for file in harvest.files if file.fresh}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


def test_an_unchanged_second_run_opens_no_file_and_gives_the_same(site: Site) -> None:
    site.deliver(*ALL.values())
    first = {name: harvest.read() for name, harvest in site.run().items()}
    assert len(site.opened) == len(ALL)
    files = {path: path.stat().st_mtime_ns for path in (site.lake.root / "observations").rglob("*")}
    second = {name: harvest.read() for name, harvest in site.run().items()}
    assert site.opened == []
    assert {path: path.stat().st_mtime_ns for path in (site.lake.root / "observations").rglob("*")} == files
    for name, frame in first.items():
        assert frame.equals(second[name])


def test_a_changed_contract_is_harvested_again_and_nothing_else_is(site: Site) -> None:
    site.deliver(*ALL.values())
    assert site.fresh() == {"t1", "t2", "r1", "r2", "r3", "g1", "f1"}
    site.change("t_regional", "r1", "factor: 1000", "factor: 1")
    assert site.fresh() == {"r1"}
    assert len(site.opened) == 1
    assert site.fresh() == set()
    income = site.run()["t_regional"].read().filter(pl.col("column") == "Einkommen | Tsd. EUR")
    assert 1500.0 in income["value"].to_list()


def test_a_changed_area_list_is_harvested_again_for_its_source_only(site: Site) -> None:
    site.deliver(*ALL.values())
    site.run()
    site.change("t_kiss", "areas", 'vintage: "2024"', 'vintage: "2025"')
    assert site.fresh() == {"t1", "t2"}
    assert set(site.run()["t_kiss"].read()["area_vintage"]) == {"2025"}


def test_a_changed_word_of_the_vocabulary_or_symbol_of_the_family_is_harvested_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.deliver(*ALL.values())
    site.run()
    config = harvest_module.family_config
    changed = {"symbols": {"@": "Q"}}
    with monkeypatch.context() as patch:
        patch.setattr(
            harvest_module,
            "family_config",
            lambda name: {**config(name), **changed} if name == "gv_isys" else config(name),
        )
        assert site.fresh() == {"g1"}
    monkeypatch.setattr(harvest_module, "vocabulary_fingerprint", lambda: "another")
    assert len(site.fresh()) == 7


def test_a_new_delivery_is_the_only_one_read(site: Site) -> None:
    site.deliver(*ALL.values())
    site.run()
    site.deliver(KISS.but((1, 3, 111)))
    assert site.fresh() == {"t1"}
    assert len(site.opened) == 1


def test_a_result_that_somebody_deleted_is_made_again(site: Site) -> None:
    site.deliver(KISS)
    (file,) = site.run()["t_kiss"].files
    assert file.observations is not None
    file.observations.unlink()
    assert site.fresh() == {"t1"}
    assert site.run()["t_kiss"].read().height == file.rows


def test_faults_are_remembered_as_well(site: Site) -> None:
    site.deliver(KISS.but((1, 3, "viele")))
    first = site.run()["t_kiss"].files
    again = site.run()["t_kiss"].files
    assert site.opened == []
    assert [file.faults for file in again] == [file.faults for file in first] != [[]]


def test_a_rejected_file_does_not_touch_the_observations_of_the_others(site: Site) -> None:
    good = KISS.but((1, 3, 55))
    site.deliver(good)
    before = site.run()["t_kiss"].read()
    broken = Delivery("t_kiss", "t1", "broken.xlsx", KISS.but((1, 3, "viele")).rows)
    site.deliver(broken, KISS_MONTHS)
    harvest = site.run()["t_kiss"]
    assert [file.name for file in harvest.rejected] == ["broken.xlsx"]
    assert harvest.read().filter(pl.col("table") == "t1").equals(before)
    assert harvest.read().filter(pl.col("table") == "t2").height == 2


def test_a_table_whose_contract_is_new_claims_what_was_there_before(site: Site) -> None:
    source = site.sources["t_kiss"]
    site.sources["t_kiss"] = source.model_copy(update={"tables": {"t1": source.tables["t1"]}})
    site.deliver(KISS, KISS_MONTHS)
    assert [file.table for file in site.run()["t_kiss"].files] == ["t1"]
    site.sources["t_kiss"] = source
    assert {file.table for file in site.run()["t_kiss"].files} == {"t1", "t2"}


def test_files_that_nobody_claims_or_can_read_are_listed_with_the_reason(site: Site) -> None:
    inbox = site.folder / "inbox"
    (inbox / "brief.pdf").write_bytes(b"%PDF-1.7\x00\x00")
    (inbox / "fremd.csv").write_bytes(b"a;b\n1;2\n")
    (inbox / "kaputt.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1kaputt")
    site.deliver(KISS)
    names = {delivery.snapshot: delivery.name for delivery in site.lake.deliveries()}
    claims = identify(site.lake, site.sources)
    assert {names[sha]: claim.reason for sha, claim in claims.items()} == {
        "brief.pdf": "damaged",
        "fremd.csv": "unclaimed",
        "kaputt.xls": "damaged",
        KISS.name: None,
    }
    assert [claim.tables for claim in claims.values() if claim.tables] == [[("t_kiss", "t1")]]
    assert [file.table for harvest in site.run().values() for file in harvest.files] == ["t1"]


def test_a_snapshot_that_is_gone_is_named_and_stops_nothing(site: Site) -> None:
    site.deliver(KISS, REGIONAL)
    claims = identify(site.lake, site.sources)
    gone = next(delivery for delivery in site.lake.deliveries() if delivery.name == KISS.name).snapshot
    site.lake.snapshot_path(gone).unlink()
    harvest = harvest_source(site.lake, site.sources["t_kiss"], claims)
    assert [fault.code for file in harvest.files for fault in file.faults] == ["missing"]
    assert harvest_source(site.lake, site.sources["t_regional"], claims).rejected == []
    (site.lake.root / "observations" / "claims.json").unlink()
    assert identify(site.lake, site.sources)[gone] == Claim(gone, [], "missing", None, [])


def test_a_file_that_was_missing_is_read_when_it_is_back(site: Site) -> None:
    site.deliver(KISS)
    claims = identify(site.lake, site.sources)
    path = site.lake.snapshot_path(site.lake.deliveries()[0].snapshot)
    content = path.read_bytes()
    path.unlink()
    assert harvest_source(site.lake, site.sources["t_kiss"], claims).rejected
    path.write_bytes(content)
    assert harvest_source(site.lake, site.sources["t_kiss"], claims).rejected == []


def test_a_table_that_two_contracts_claim_is_counted_by_neither(site: Site) -> None:
    text = TABLES[("t_kiss", "kiss_md", "register")]["t1"].replace("id: t1", "id: t9")
    write_source(site.folder / "sources" / "t_kiss", {"t9": text})
    site.sources["t_kiss"] = load_source(site.folder / "sources" / "t_kiss")
    site.deliver(KISS, KISS_MONTHS)
    harvest = site.run()["t_kiss"]
    assert {file.table: [fault.code for fault in file.faults] for file in harvest.files} == {
        "t1": ["ambiguous"],
        "t9": ["ambiguous"],
        "t2": [],
    }
    assert "t_kiss/t1, t_kiss/t9" in harvest.rejected[0].faults[0].sentence("de")
    assert set(harvest.read()["table"]) == {"t2"}


def test_one_content_under_two_names_is_harvested_once(site: Site) -> None:
    path = KISS.write(site.folder / "inbox")
    (site.folder / "inbox" / "Kopie.xlsx").write_bytes(path.read_bytes())
    site.deliver()
    assert len(site.lake.deliveries()) == 2
    assert len(site.run()["t_kiss"].files) == 1


def test_the_date_of_publication_is_read_on_the_way_in_and_told_with_the_claim(site: Site) -> None:
    path = REGIONAL.write(site.folder)
    assert read_published_on(path, site.sources) == "2024-03-21"
    assert claim_file(path, site.sources) == Claim("", [("t_regional", "r1")], None, "2024-03-21")
    site.deliver(REGIONAL)
    assert "2024-03-21" in {claim.published_on for claim in identify(site.lake, site.sources).values()}


def test_a_source_without_deliveries_gives_empty_frames(site: Site) -> None:
    harvest = site.run()["t_gv"]
    assert harvest.files == harvest.rejected == []
    assert harvest.read().height == harvest.read_areas().height == 0


def test_reports_hold_counts_and_faults_and_nothing_else(site: Site) -> None:
    site.deliver(KISS, KISS_MONTHS.but((1, 2, "viele")))
    site.run()
    folder = site.lake.root / "observations" / "t_kiss"
    reports = [json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")]
    assert sorted((report["rows"], len(report["faults"])) for report in reports) == [(0, 1), (12, 0)]
    assert {key for report in reports for key in report} == {"rows", "faults", "dropped", "layout", "header"}


def test_every_harvested_file_is_for_its_owner_only(site: Site) -> None:
    site.deliver(*ALL.values())
    site.run()
    for path in (site.lake.root / "observations").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
