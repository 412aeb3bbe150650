# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which files are delivered when: `deliveries.yml`, joined with the contracts of the demo's sources.

Belongs here: the list of deliveries, their dates, putting a file in place. Does not belong here: any layout.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from raw.contract_files import load_source
from raw.contracts import Source, TableContract
from raw.lake.files import RESTRICTED_FILE, restricted_folder

CONTRACTS = Path(__file__).with_name("contracts")
PUBLISHER = "Lagebild demo (synthetisch)"
FOLDERS = {
    "demo_stadt": ("musterstadt-synthetisch/statistikamt", ".xlsx"),
    "demo_stadt_sozial": ("musterstadt-synthetisch/sozialamt-vertraulich", ".xlsx"),
    "demo_gemeinden_sozial": ("kreis-auenland-synthetisch/vertraulich", ".csv"),
    "demo_regional": ("regionaldatenbank-synthetisch", ".csv"),
    "demo_genesis": ("genesis-synthetisch", ".csv"),
    "demo_pflegebericht": ("musterstadt-synthetisch/sozialplanung", ".pdf"),
    "demo_gvisys": ("gvisys-synthetisch", ".xlsx"),
}


@dataclass(frozen=True)
class Delivery:
    """One file: the table it holds, the years in it, its place below the inbox and its date."""

    source: Source
    table: TableContract
    years: list[int]
    path: str
    published: dt.datetime
    style: dict[str, Any] = field(default_factory=dict)


def deliveries(years: range) -> list[Delivery]:
    """All deliveries that have at least one of the years."""
    planned = yaml.safe_load(Path(__file__).with_name("deliveries.yml").read_text("utf-8"))
    found = []
    for source_id, tables in planned.items():
        source = load_source(CONTRACTS / source_id)
        for table_id, files in tables.items():
            for style in files:
                found.extend(_files(source, source.tables[table_id], style, years))
    return found


def _files(source: Source, table: TableContract, style: dict[str, Any], years: range) -> list[Delivery]:
    inside = [year for year in years if style.get("from", year) <= year <= style.get("to", year)]
    inside = [year for year in inside if (year - 2015) % style.get("every", 1) == 0]
    parts = [[year] for year in inside] if style.get("yearly") else [inside] if inside else []
    return [_delivery(source, table, style, part) for part in parts]


def _delivery(source: Source, table: TableContract, style: dict[str, Any], years: list[int]) -> Delivery:
    folder, suffix = FOLDERS[source.id]
    month, day = map(int, style["published"].split("-"))
    published = dt.datetime(years[-1] + 1, month, day, 9, 30, tzinfo=dt.UTC)
    name = style["file"].format(first=years[0], last=years[-1])
    return Delivery(source, table, years, f"{folder}/{name}{suffix}", published, style)


def put(inbox: Path, delivery: Delivery, content: bytes) -> None:
    """Write a delivery in one step, dated to its publication: nobody finds it half written."""
    target = inbox / delivery.path
    folder = inbox
    for part in Path(delivery.path).parent.parts:
        folder = restricted_folder(folder / part)
    part_file = target.with_name(f".{target.name}.part")
    part_file.write_bytes(content)
    part_file.chmod(RESTRICTED_FILE)
    stamp = delivery.published.timestamp()
    os.utime(part_file, (stamp, stamp))
    part_file.replace(target)
