# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo as a whole: one call writes deliveries, contracts and maps into a site.

Belongs here: the order of things and the summary. Does not belong here: settings of the site and rules of
the door, which `lagebild init` writes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from raw.demo import delivery, genesis, geometry, gvisys, incidents, kiss, pdf, regional, territory, truth, world
from raw.demo.delivery import Delivery
from raw.demo.world import World
from raw.lake.files import atomic, restricted_folder

_WRITERS: dict[str, Callable[[World, Delivery], bytes]] = {
    "kiss_md": kiss.write,
    "regionaldatenbank_csv": regional.write,
    "gv_isys": gvisys.write,
    "genesis_ffcsv": genesis.write,
    "pdf_tabelle": pdf.write,
}
_CITY_CODES = [
    "99001",
    territory.CITY,
    "Gesamt",
    "Musterstadt",
    "Stadt insgesamt",
    f"Musterstadt {territory.SYNTHETIC}",
]
_LICENCE = "# SPDX-FileCopyrightText: 2026 Lagebild contributors\n# SPDX-License-Identifier: Apache-2.0\n"
_PUBLIC_FILE = 0o644


@dataclass(frozen=True)
class DemoSummary:
    """What lies in the site now. `merge`, `revision` and `leak` say where the planted incidents are."""

    sources: list[str]
    files: list[str]
    years: list[int]
    areas: dict[str, int]
    maps: list[str]
    merge: dict[str, Any] = field(default_factory=dict)
    revision: dict[str, Any] = field(default_factory=dict)
    leak: dict[str, Any] = field(default_factory=dict)


def generate(
    site_dir: Path, seed: int = 20261122, years: range = range(2015, 2025), truth_dir: Path | None = None
) -> DemoSummary:
    """Write the synthetic Land into a site: `inbox/`, `sources/`, `areas/`. Equal arguments give equal bytes.

    `truth_dir` (outside the site) gets the true values; without it they are not written anywhere.
    """
    if truth_dir and truth_dir.resolve().is_relative_to(site_dir.resolve()):
        raise ValueError("the truth must not lie in the site")
    land = world.create(seed, years)
    incidents.plant_leak(land.facts, years)
    planned = delivery.deliveries(years)
    inbox = restricted_folder(site_dir / "inbox")
    for item in planned:
        delivery.put(inbox, item, _WRITERS[item.source.contract.family](land, item))
    _write_contracts(site_dir / "sources")
    maps = _write_maps(land, site_dir / "areas")
    if truth_dir:
        truth.write(land, truth_dir)
    return _summary(land, planned, maps)


def _write_contracts(folder: Path) -> None:
    for contract in sorted(delivery.CONTRACTS.rglob("*.yml")):
        target = folder / contract.relative_to(delivery.CONTRACTS)
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic(target, _PUBLIC_FILE) as part:
            shutil.copyfile(contract, part)
    for source in ("demo_stadt", "demo_stadt_sozial", "demo_pflegebericht"):
        with atomic(folder / source / "areas.yml", _PUBLIC_FILE) as part:
            part.write_text(_LICENCE + yaml.safe_dump(_area_list(), allow_unicode=True, sort_keys=False), "utf-8")


def _area_list() -> dict[str, Any]:
    """The Stadtteile with every spelling in the files, the city and what is not assignable."""
    listed: list[dict[str, Any]] = []
    for code, name in zip(territory.stadtteil_codes(), territory.STADTTEILE, strict=True):
        spellings = list(dict.fromkeys([code, code.lstrip("0"), name]))
        listed.append({"key": f"{territory.CITY}-{code}", "name": f"{name} {territory.SYNTHETIC}", "codes": spellings})
    city = {
        "key": territory.CITY,
        "name": f"Musterstadt {territory.SYNTHETIC}",
        "level": "gemeinde",
        "codes": _CITY_CODES,
    }
    nowhere = {
        "key": territory.UNASSIGNED,
        "name": "nicht zuordenbar",
        "level": "stadtteil",
        "codes": [kiss.UNASSIGNED_CODE],
    }
    return {
        "vintage": "2024",
        "level": "stadtteil",
        "parent": territory.CITY,
        "areas": [*listed, nowhere, city],
    }


def _write_maps(land: World, folder: Path) -> list[str]:
    """Polygons of the Stadtteile and of today's Gemeinden of the Kreis."""
    folder.mkdir(parents=True, exist_ok=True)
    count, rings = len(territory.STADTTEILE), land.shapes.rings
    districts = territory.of_level(land.areas, "stadtteil")
    last = max(land.years[-1], territory.MERGE_YEAR)
    municipalities = [a for a in territory.of_level(land.areas, "gemeinde", last) if a.parent == territory.KREIS]
    shapes = {area.key: rings[area.leaves[0] - (area.leaves[0] > count)] for area in [*districts, *municipalities]}
    shapes[territory.MERGED_INTO] = land.shapes.merged
    for name, listed in (("demo_stadtteile", districts), ("demo_gemeinden", municipalities)):
        features = [geometry.feature(area.key, area.label, shapes[area.key]) for area in listed]
        with atomic(folder / f"{name}.geojson", _PUBLIC_FILE) as part:
            text = json.dumps(geometry.collection(f"{name} {territory.SYNTHETIC}", features), ensure_ascii=False)
            part.write_text(text + "\n", "utf-8")
    return ["areas/demo_stadtteile.geojson", "areas/demo_gemeinden.geojson"]


def _summary(land: World, planned: list[Delivery], maps: list[str]) -> DemoSummary:
    last = land.years[-1]
    levels = dict.fromkeys(area.level for area in land.areas)
    revised = [item for item in planned if item.table.id == "99612-01-01-4"]
    year = incidents.leak_year(land.years)
    leaking = next(item for item in planned if item.table.id == incidents.LEAK_TABLE)
    hidden = sorted(incidents.withheld(land, leaking.table, year))
    return DemoSummary(
        sources=sorted({item.source.id for item in planned}),
        files=sorted(item.path for item in planned),
        years=list(land.years),
        areas={level: len(territory.of_level(land.areas, level, last)) for level in levels},
        maps=maps,
        merge={
            "from": list(territory.MERGED_FROM),
            "into": territory.MERGED_INTO,
            "since": territory.MERGE_YEAR,
        },
        revision={
            "source": "demo_regional",
            "table": "99612-01-01-4",
            "files": [item.path for item in revised],
            "concept": "births",
            "area": incidents.MISTAKE_AREA,
            "period": str(incidents.MISTAKE_YEAR),
            "off_by": incidents.MISTAKE_SIZE,
        },
        leak={
            "source": "demo_stadt",
            "table": incidents.LEAK_TABLE,
            "concept": incidents.LEAK_CONCEPT,
            "period": str(year),
            "areas": [area for area, _ in hidden],
        },
    )
