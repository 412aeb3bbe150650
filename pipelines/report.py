# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a site holds, as figures: sources, cells withheld, KPI values, the latest release.

Belongs here: counting. Does not belong here: printing (`cli`), and any value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from assets.resources import SiteResource
from raw.harvest.changes import Loss, losses
from raw.harvest.faults import Fault
from raw.harvest.harvest import Claim, harvest_source
from raw.lake.files import read_json
from raw.lake.lake import Delivery
from warehouse.picture_data import PictureError


@dataclass
class SourceRow:
    """Counts of one source."""

    source: str
    files: int
    rejected: int
    observations: int
    quarantined: int


@dataclass
class TierRow:
    """Counts of one tier; KPIs, areas and years of values that are published or withheld."""

    tier: str
    cells: int
    withheld: int
    values: int
    kpis: int
    areas: int
    years: int


@dataclass
class Report:
    """Everything that the closing table shows."""

    sources: list[SourceRow] = field(default_factory=list)
    tiers: list[TierRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    corrections_stopped: dict[str, int] = field(default_factory=dict)
    layouts: list[tuple[str, str, str]] = field(default_factory=list)
    unclaimed: int = 0
    revised: dict[str, dict[str, int]] = field(default_factory=dict)
    lone_signs: dict[str, dict[str, str]] = field(default_factory=dict)
    release: str | None = None
    marts: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "sources": [asdict(row) for row in self.sources],
            "tiers": [asdict(row) for row in self.tiers],
            "faults": [fault.as_dict() for fault in self.faults],
            "waiting": self.waiting,
            "refused": {name: list(why) for name, why in self.refused.items()},
            "corrections_stopped": self.corrections_stopped,
            "losses": [loss.as_dict() for loss in self.losses],
            "layouts": [dict(zip(("file", "table", "layout"), read, strict=True)) for read in self.layouts],
            "unclaimed": self.unclaimed,
            "revised": self.revised,
            "lone_signs": self.lone_signs,
            "release": self.release,
            "marts": str(self.marts) if self.marts else None,
        }


def site_report(site: SiteResource) -> Report:
    """Count what the site holds now. Runs nothing; reads reports, certificates and the latest release."""
    report = Report()
    lake, claims = site.lake(), site.claims()
    for source in site.contracts().values():
        harvest = harvest_source(lake, source, claims)
        if not harvest.files:
            continue
        rejected = harvest.rejected
        report.faults.extend(fault for file in rejected for fault in file.faults)
        report.losses.extend(losses(harvest))
        report.layouts += [(Path(f.name).name, f.table, f.layout) for f in harvest.files if f.layout and not f.faults]
        told = checked_report(site, source.id).get("corrections", [])
        if stopped := sum(entry["state"] != "applied" for entry in told):
            report.corrections_stopped[source.id] = stopped
        rows = sum(file.rows for file in harvest.files)
        quarantined = _quarantined(site, source.id)
        if places := checked_report(site, source.id).get("revised"):
            report.revised[source.id] = places
        if signs := checked_report(site, source.id).get("lone_signs"):
            report.lone_signs[source.id] = signs
        report.sources.append(SourceRow(source.id, len(harvest.files), len(rejected), rows, quarantined))
    report.refused = refused(lake.deliveries(), claims)
    report.unclaimed = sum(not claim.tables for claim in claims.values())
    waiting = lake.root / "reports" / "waiting.json"
    report.waiting = read_json(waiting) if waiting.exists() else {}
    latest = site.warehouse / "releases" / "latest"
    if latest.exists():
        report.release = latest.resolve().name
        report.marts = latest.resolve()
    report.tiers = [_tier(site, tier, report.marts) for tier in site.tiers]
    return report


def refused(deliveries: list[Delivery], claims: Mapping[str, Claim]) -> dict[str, tuple[str, str]]:
    """Files whose last delivery the gate kept out, each with reason and place; a later good file ends that."""
    last = {delivery.name: claims[delivery.snapshot] for delivery in deliveries if delivery.snapshot in claims}
    return {name: (str(claim.reason), claim.detail) for name, claim in last.items() if claim.refused}


def checked_report(site: SiteResource, source: str) -> dict[str, Any]:
    """The report of the last check of a source, empty if there was none."""
    pointer = site.path / "lake" / "current" / f"checked__{source}.json"
    if not pointer.exists():
        return {}
    report: dict[str, Any] = read_json((site.path / read_json(pointer)["path"]).with_suffix(".json"))
    return report


def unexplained(site: SiteResource, source: str) -> list[dict[str, str]]:
    """Unexplained violations of a source's last check, each with the file and the cell of the whole."""
    names = {delivery.snapshot: Path(delivery.name).name for delivery in site.lake().deliveries()}
    entries: list[dict[str, str]] = checked_report(site, source).get("unknown", [])
    return [{"cell": "", **entry, "file": names.get(entry.get("snapshot", ""), "")} for entry in entries]


def nothing_delivered(site: SiteResource) -> bool:
    """Whether neither the lake nor the inbox holds a file."""
    return not site.lake().deliveries() and not any(path.is_file() for path in site.inbox().rglob("*"))


def _quarantined(site: SiteResource, source: str) -> int:
    return int(checked_report(site, source).get("quarantined", 0))


def _tier(site: SiteResource, tier: str, release: Path | None) -> TierRow:
    certificate_path = site.warehouse / "protected" / tier / "certificate.json"
    certificate = read_json(certificate_path) if certificate_path.exists() else {"cells": 0, "withheld": 0}
    mart = release / tier / "marts" / "kpi_value__area_period.parquet" if release else None
    counts = (0, 0, 0, 0)
    if mart and mart.exists():
        counts = (
            pl.scan_parquet(mart)
            .select(
                pl.col("value").count(),
                pl.col("kpi").n_unique(),
                pl.struct("area", "area_level").n_unique().alias("areas"),
                pl.col("period").str.slice(0, 4).n_unique(),
            )
            .collect()
            .row(0)
        )
    return TierRow(tier, certificate["cells"], certificate["withheld"], *counts)


def picture(site: SiteResource, report: Report, language: str, map_name: str | None, synthetic: bool) -> Path | None:
    """The overview picture of the latest release, drawn once per release; None if there is nothing to draw."""
    if report.marts is None or report.release is None:
        return None
    out = site.warehouse / "pictures" / f"{report.release}-{language}.png"
    if out.exists():
        return out
    tier = "public" if "public" in site.tiers else site.tiers[0]
    geojson = site.path / "areas" / map_name if map_name else None
    from warehouse.picture import overview  # the drawing library takes half a second to load

    try:
        return overview(
            report.marts / tier / "marts", geojson, out, language, release=report.release, synthetic=synthetic
        )
    except PictureError:
        return None
