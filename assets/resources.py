# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The site as a Dagster resource: where things lie, and the pointers from one station to the next.

Belongs here: paths and pointers. Does not belong here: settings (`pipelines.settings`) and any station's work.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from quality.areas.in_time import make_tables
from quality.cells.cells import Geography
from quality.checks.checked import Checked, check_source
from quality.disclosure.rules import Rules, load_rules
from raw.contract_files import load_sources
from raw.contracts import Source
from raw.harvest.drift import write_report
from raw.harvest.harvest import Claim, Harvest, harvest_source, identify
from raw.lake.files import atomic, read_json, restricted_folder, write_json
from raw.lake.lake import Lake
from transforms.catalogue import Catalogue, load


class NoSite(RuntimeError):
    """A station was started without a site. Set LAGEBILD_SITE, or use `lagebild --site DIR`."""


class NotPassed(RuntimeError):
    """A station was asked for something that did not pass its checks, or was never made."""


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and dates of a folder's YAML files: as long as it is equal, nothing has to be read again."""
    files = sorted(folder.rglob("*.yml"))
    return tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)


@lru_cache(maxsize=4)
def _contracts(folder: Path, active: tuple[str, ...] | None, stamp: object) -> dict[str, Source]:
    return load_sources(folder, active)


@lru_cache(maxsize=4)
def _catalogue(folder: Path, stamp: object) -> Catalogue:
    return load(site_kpis_dir=folder)


class SiteResource(dg.ConfigurableResource):
    """Paths and settings of a site; both zones get one, with the folders they need."""

    root: str = ""
    sources: list[str] | None = None
    tiers: list[str] = Field(default=["internal", "public"])
    settle_seconds: float = 2.0
    today: str = ""
    territory: str = ""

    @property
    def path(self) -> Path:
        """The site's folder. Raises NoSite."""
        if not self.root:
            raise NoSite("no site: set LAGEBILD_SITE to a folder made by `lagebild init`")
        return Path(self.root)

    @property
    def warehouse(self) -> Path:
        """The publish zone's folder."""
        return self.path / "warehouse"

    @property
    def day(self) -> dt.date:
        """The day of the run; settable, so that a run can be repeated as of a day."""
        return dt.date.fromisoformat(self.today) if self.today else dt.date.today()

    def lake(self) -> Lake:
        """The lake of the restricted zone."""
        return Lake(self.path / "lake")

    def inbox(self) -> Path:
        """The inbox, which only its owner may enter."""
        return restricted_folder(self.path / "inbox")

    def contracts(self) -> dict[str, Source]:
        """The active sources of product and site."""
        folder = self.path / "sources"
        return _contracts(folder, tuple(self.sources) if self.sources is not None else None, _stamp(folder))

    def catalogue(self) -> Catalogue:
        """The KPI catalogue of product and site."""
        return _catalogue(self.path / "kpis", _stamp(self.path / "kpis"))

    def rules(self) -> Rules:
        """The rules of the door."""
        return load_rules(self.path / "disclosure_rules.yml")

    def claims(self) -> dict[str, Claim]:
        """Which tables each snapshot holds."""
        return identify(self.lake(), self.contracts())

    def harvest(self, source: str) -> Harvest:
        """The harvest of one source, from the memo where nothing changed."""
        return harvest_source(self.lake(), self.contracts()[source], self.claims())

    def report_rejected(self, harvest: Harvest) -> None:
        """Write what is wrong with each rejected file, and the patch that would make it fit, into `lake/reports`."""
        lake, source = self.lake(), self.contracts()[harvest.source]
        for file in harvest.rejected:
            path, table = lake.snapshot_path(file.snapshot), source.tables[file.table]
            write_report(lake.root, path, file.snapshot, source, table, file.faults)

    def area_table(self) -> pl.DataFrame:
        """The area table as the station `areas` left it."""
        return pl.read_parquet(self.pointed("areas"))

    def territory_table(self) -> pl.DataFrame:
        """Which vintages of an area are one territory, as the station `areas` left it."""
        return pl.read_parquet(self.pointed("territory"))

    def links_table(self) -> pl.DataFrame:
        """The rows with which areas are added up, as the station `areas` left it."""
        return pl.read_parquet(self.pointed("links"))

    def geography(self) -> Geography:
        """What sums over areas and years need, named by the file that the links lie in."""
        territory, links = self.pointed("territory"), self.pointed("links")
        key = f"{territory.parent.name}/{territory.name} {links.parent.name}/{links.name}"
        return Geography(pl.read_parquet(territory), pl.read_parquet(links), self.territory, key)

    def make_areas(self) -> dict[str, Path]:
        """The tables `areas`, `territory` and `links`; built anew only where something they depend on changed.

        The publish zone gets a copy of the area table.
        """
        contracts, claims, lake = self.contracts(), self.claims(), self.lake()
        harvests = {source.id: harvest_source(lake, source, claims) for source in contracts.values()}
        paths = make_tables(lake.root, contracts, harvests, self.path / "areas", self.territory or None)
        self.warehouse.mkdir(parents=True, exist_ok=True)
        copy = self.warehouse / "areas.parquet"
        if not copy.exists() or copy.read_bytes() != paths["areas"].read_bytes():
            with atomic(copy, 0o644) as part:
                part.write_bytes(paths["areas"].read_bytes())
        return paths

    def first_received(self) -> dict[str, str]:
        """When each snapshot came for the first time (ISO 8601)."""
        return {delivery.snapshot: delivery.received_at for delivery in reversed(self.lake().deliveries())}

    def check(self, source: str) -> Checked:
        """The checked observations of one source."""
        return check_source(
            self.lake().root, self.contracts()[source], self.harvest(source), self.area_table(), self.day
        )

    def point(self, asset: str, path: Path, passed: bool = True) -> None:
        """Note where an asset's current file lies and whether it passed its checks."""
        folder = restricted_folder(self.lake().root / "current")
        write_json(folder / f"{asset}.json", {"path": str(path.relative_to(self.path)), "passed": passed})

    def pointed(self, asset: str) -> Path:
        """The current file of an asset. Raises NotPassed if it did not pass or was never made."""
        pointer = self.lake().root / "current" / f"{asset}.json"
        entry: dict[str, Any] = read_json(pointer) if pointer.exists() else {"passed": False}
        if not entry["passed"]:
            raise NotPassed(f"{asset} has not passed its checks; nothing is built on it")
        return self.path / str(entry["path"])
