# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The harvest: which contract a snapshot belongs to, and its observations, remembered by content.

Belongs here: identification, the way through one file, the memo. Does not belong here: any single step.

A file with a fault gives no observation at all; its faults stand in its report. A file that no contract claims is
listed. Nothing is computed twice: the memo's key is (snapshot, contract, reader version).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from raw.contracts import Source, TableContract
from raw.harvest.areas import AREA_COLUMNS
from raw.harvest.faults import Fault, listed
from raw.harvest.gate import Unreadable
from raw.harvest.grid import Grid, open_grids
from raw.harvest.layout import LayoutFault, family, family_config, matches
from raw.harvest.mapping import Mapped, Mapper, quote
from raw.harvest.opened import Opened
from raw.lake.files import atomic, read_json, restricted_folder, write_json
from raw.lake.lake import Delivery, Lake
from raw.vocabulary.lists import vocabulary_fingerprint
from raw.vocabulary.observation import OBSERVATION, OBSERVATION_KEY, empty_observations

ENGINE_VERSION = "8"
_OPENED = Opened()


@dataclass(frozen=True)
class Claim:
    """What a snapshot is: the tables (source, table) that claim it, or the reason why none does.

    `beside`: tables that the file holds beside those, and that no contract claims (a new sheet, a renamed title).
    `detail` is a place in a file that is not opened (`Tabelle1!C5`), never its content.
    """

    snapshot: str
    tables: list[tuple[str, str]] = field(default_factory=list)
    reason: str | None = None
    published_on: str | None = None
    beside: list[str] = field(default_factory=list)
    detail: str = ""

    @property
    def refused(self) -> bool:
        """Whether the file was not even opened: damaged, or kept out by the gate."""
        return self.reason not in (None, "unclaimed", "ambiguous", "not_a_table", "missing")


@dataclass(frozen=True)
class HarvestedFile:
    """One file of one table: where its observations lie (None if it was rejected), counts and faults.

    `layout` is the id of another layout of the table than that of today, with which the file was read.
    """

    source: str
    table: str
    snapshot: str
    name: str
    observations: Path | None
    areas: Path | None
    rows: int
    faults: list[Fault]
    fresh: bool
    received_at: str = ""
    dropped: tuple[str, ...] = ()
    layout: str = ""

    def last_received(self) -> pl.Expr:
        """When the file came the last time; without a record of it, when it was read."""
        if not self.received_at:
            return pl.col("received_at")
        return pl.lit(dt.datetime.fromisoformat(self.received_at)).cast(OBSERVATION["received_at"])


@dataclass
class Harvest:
    """All files of one source."""

    source: str
    files: list[HarvestedFile] = field(default_factory=list)

    @property
    def rejected(self) -> list[HarvestedFile]:
        """Files with faults, which gave no observation; a later good file of the same table and name ends that."""
        good: dict[tuple[str, str], str] = {}
        for file in self.files:
            if not file.faults:
                about = (file.table, Path(file.name).name)
                good[about] = max(file.received_at, good.get(about, ""))
        faulty = [file for file in self.files if file.faults]
        return [file for file in faulty if good.get((file.table, Path(file.name).name), "") < file.received_at]

    @property
    def dropped(self) -> set[str]:
        """Fingerprints of the rows that corrections left out of any file."""
        return {mark for file in self.files for mark in file.dropped}

    def read(self) -> pl.DataFrame:
        """All observations of the source (columns of OBSERVATION); `received_at` is that of a file's last delivery."""
        frames = [
            pl.read_parquet(file.observations).with_columns(file.last_received().alias("received_at"))
            for file in self.files
            if file.observations is not None
        ]
        return pl.concat([empty_observations(), *frames])

    def read_areas(self) -> pl.DataFrame:
        """All areas named in the source's files (area, area_level, area_vintage, name)."""
        return _concat([file.areas for file in self.files], pl.DataFrame(schema=AREA_COLUMNS)).unique().sort(pl.all())


def _concat(paths: Iterable[Path | None], empty: pl.DataFrame) -> pl.DataFrame:
    frames = [pl.read_parquet(path) for path in paths if path is not None]
    return pl.concat([empty, *frames])


def identify(lake: Lake, sources: Mapping[str, Source]) -> dict[str, Claim]:
    """Which tables each snapshot holds. Remembered until a contract's `detect` or a family changes."""
    memory_path = restricted_folder(lake.root / "observations") / "claims.json"
    version = _detection_version(sources)
    memory = read_json(memory_path) if memory_path.exists() else {}
    known = dict(memory.get("claims", {})) if memory.get("version") == version else {}
    claims: dict[str, Claim] = {}
    for sha256 in dict.fromkeys(delivery.snapshot for delivery in lake.deliveries()):
        entry = known.get(sha256) or _claim(lake.snapshot_path(sha256), sources, _OPENED.look)
        claims[sha256] = _as_claim(sha256, entry)
        if entry["reason"] != "missing":
            known[sha256] = entry
    if memory != (now := {"version": version, "claims": known}):
        write_json(memory_path, now)
    return claims


def read_published_on(path: Path, sources: Mapping[str, Source]) -> str | None:
    """The publisher's date of a file, as the first family that knows the file reads it."""
    published: str | None = _claim(path, sources, _OPENED.look)["published_on"]
    return published


def claim_file(path: Path, sources: Mapping[str, Source]) -> Claim:
    """Which tables a file outside the lake holds (its claim has no snapshot)."""
    return _as_claim("", _claim(path, sources, open_grids))


def _as_claim(snapshot: str, entry: Mapping[str, Any]) -> Claim:
    tables = [(source, table) for source, table in entry["tables"]]
    reason, published = entry["reason"], entry["published_on"]
    return Claim(snapshot, tables, reason, published, entry["beside"], entry.get("detail", ""))


def _detection_version(sources: Mapping[str, Source]) -> str:
    about = [
        [source.id, source.contract.family, family(source.contract.family).READER_VERSION, table.id, table.detect]
        for source in sources.values()
        for table in source.tables.values()
    ]
    return hashlib.sha256(json.dumps([ENGINE_VERSION, about]).encode()).hexdigest()


def _claim(path: Path, sources: Mapping[str, Source], look: Callable[[Path], list[Grid]]) -> dict[str, Any]:
    try:
        grids = look(path)
    except Unreadable as error:
        return {"tables": [], "reason": error.reason, "published_on": None, "beside": [], "detail": error.detail}
    tables: list[list[str]] = []
    beside: list[str] = []
    published, ambiguous = None, False
    paged = any(grid.tables is not None for grid in grids)
    for name in sorted({source.contract.family for source in sources.values()}):
        if bool(family_config(name).get("paged")) != paged:  # others would read one page and know nothing of the next
            continue
        if not (found := family(name).identify(grids)):
            continue
        date = family(name).published_on(grids)
        others: list[str] = []
        before = len(tables)
        for attributes in found:
            claimed = [
                [source.id, table.id]
                for source in sources.values()
                if source.contract.family == name
                for table in source.tables.values()
                if matches(table.detect, attributes)
            ]
            ambiguous |= len(claimed) > 1
            others += [] if claimed else [_called(attributes)]
            tables.extend(claim for claim in claimed if claim not in tables)
            published = date.isoformat() if date and claimed else published
        beside += others if len(tables) > before else []
    reason = "ambiguous" if ambiguous else None if tables else "unclaimed"
    if not tables:
        _OPENED.forget([path])
    return {"tables": tables, "reason": reason, "published_on": published, "beside": beside}


def _called(attributes: Mapping[str, str]) -> str:
    """What people call a table: its sheet, its code or its part of the sheet."""
    named = [attributes[key] for key in ("sheet", "code") if attributes.get(key)]
    return " ".join([*named, *(quote(attributes[key]) for key in ("group", "entry") if attributes.get(key))])


def harvest_source(lake: Lake, source: Source, claims: Mapping[str, Claim]) -> Harvest:
    """Observations of all files that belong to a source, each from the memo where nothing changed."""
    result = Harvest(source.id)
    folder = restricted_folder(restricted_folder(lake.root / "observations") / source.id)
    seen: set[tuple[str, str]] = set()
    last = {delivery.snapshot: delivery.received_at for delivery in lake.deliveries()}
    for delivery in lake.deliveries():
        claim = claims.get(delivery.snapshot, Claim(delivery.snapshot))
        for source_id, table_id in claim.tables:
            if source_id == source.id and (delivery.snapshot, table_id) not in seen:
                seen.add((delivery.snapshot, table_id))
                table = source.tables[table_id]
                file = (
                    _claimed_twice(source, table, delivery, claim)
                    if claim.reason == "ambiguous"
                    else _harvest_file(lake, source, table, delivery, folder)
                )
                result.files.append(replace(file, received_at=last[delivery.snapshot]))
    _OPENED.forget(lake.snapshot_path(snapshot) for snapshot, _ in seen)
    return result


def _claimed_twice(source: Source, table: TableContract, delivery: Delivery, claim: Claim) -> HarvestedFile:
    """A file that several contracts claim would be counted several times, so it gives nothing."""
    names = ", ".join("/".join(name) for name in claim.tables)
    fault = Fault("ambiguous", source.id, table.id, delivery.name, "", str(len(claim.tables)), names)
    return HarvestedFile(source.id, table.id, delivery.snapshot, delivery.name, None, None, 0, [fault], False)


def memo_key(snapshot: str, source: Source, table: TableContract) -> str:
    """Identity of a harvested file: content, everything that contract and vocabulary say, the version of the reader."""
    about = [
        ENGINE_VERSION,
        snapshot,
        family(source.contract.family).READER_VERSION,
        source.contract.model_dump_json(by_alias=True),
        table.model_dump_json(by_alias=True),
        json.dumps(sorted(source.dropped_rows(table.id))),
        source.areas.model_dump_json() if source.areas else "",
        json.dumps(family_config(source.contract.family), sort_keys=True),
        vocabulary_fingerprint(),
    ]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()[:32]


def _harvest_file(lake: Lake, source: Source, table: TableContract, delivery: Delivery, folder: Path) -> HarvestedFile:
    key = memo_key(delivery.snapshot, source, table)
    report_path = folder / f"{key}.json"
    observations, areas = folder / f"{key}.parquet", folder / f"{key}.areas.parquet"
    fresh = not _is_complete(report_path, observations, areas)
    if fresh:
        mapped = read_table(lake.snapshot_path(delivery.snapshot), delivery, source, table)
        if not mapped.faults:
            with atomic(observations, durable=False) as part:
                mapped.observations.write_parquet(part, compression_level=1, statistics=False)  # read as a whole
            with atomic(areas) as part:  # its folder's sync holds for both; the report comes last
                mapped.areas.write_parquet(part)
        faults = [fault.as_dict() for fault in listed(mapped.faults)]
        report = {"rows": mapped.observations.height, "faults": faults, "dropped": mapped.dropped}
        report |= {"layout": mapped.layout, "header": mapped.header}
        write_json(report_path, report)
    report = read_json(report_path)
    found = [Fault(**fault) for fault in report["faults"]]
    good = not found
    return HarvestedFile(
        source.id,
        table.id,
        delivery.snapshot,
        delivery.name,
        observations if good else None,
        areas if good else None,
        report["rows"] if good else 0,
        found,
        fresh,
        dropped=tuple(report["dropped"]),
        layout=report["layout"],
    )


def _is_complete(report: Path, observations: Path, areas: Path) -> bool:
    """Whether the memo holds the file; that a snapshot is missing is not remembered, for it may come back."""
    if not report.exists():
        return False
    codes = {fault["code"] for fault in read_json(report)["faults"]}
    return "missing" not in codes and (bool(codes) or (observations.exists() and areas.exists()))


def read_table(path: Path, delivery: Delivery, source: Source, table: TableContract) -> Mapped:
    """Observations of one table in one file, complete or, if there is any fault, only the faults."""
    mapper = Mapper(source, table, delivery.name)
    parts: list[Mapped] = []
    try:
        for block in family(source.contract.family).blocks(_OPENED.read(path), table):
            part = mapper.map(block)
            dated = part.observations.with_columns(pl.lit(block.published_on, pl.Date).alias("published_on"))
            parts.append(replace(part, observations=dated))
    except LayoutFault as error:
        mapper.fault(error.code, error.cell, error.found, error.what)
    except Unreadable as error:
        mapper.fault("missing" if error.reason == "missing" else "unreadable", "", error.reason)
    if mapper.faults:
        return Mapped(empty_observations(), pl.DataFrame(schema=AREA_COLUMNS), mapper.faults)
    observations = pl.concat([part.observations for part in parts]).with_columns(
        pl.lit(source.id).alias("source"),
        pl.lit(table.id).alias("table"),
        pl.lit(delivery.snapshot).alias("snapshot"),
        pl.lit(dt.datetime.fromisoformat(delivery.received_at)).cast(pl.Datetime("us", "UTC")).alias("received_at"),
    )
    observations = observations.select(pl.col(name).cast(kind) for name, kind in OBSERVATION.items())
    _report_conflicts(observations, mapper)
    dropped = [mark for part in parts for mark in part.dropped]
    areas = pl.concat([part.areas for part in parts]).unique().sort(pl.all())
    layouts = ", ".join(dict.fromkeys(version.id for version, _ in mapper.layouts if version))
    header = list(dict.fromkeys(mark for _, mark in mapper.layouts))
    return Mapped(observations, areas, mapper.faults, dropped, layouts, header)


def _report_conflicts(observations: pl.DataFrame, mapper: Mapper) -> None:
    """Two cells of one file about the same thing must say the same; one that differs from the first is a fault."""
    key = OBSERVATION_KEY
    says = pl.struct("value", "obs_status", pl.when(pl.col("unit") == "text").then(pl.col("value_text")))
    doubled = observations.filter(observations.select(key).is_duplicated())
    for cell in doubled.filter(says != says.first().over(key))["cell"].to_list():
        mapper.fault("conflict", cell, "ein anderer Eintrag in einer früheren Zeile / a different entry further up")
