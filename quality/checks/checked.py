# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From observations to checked observations: revisions resolved, rows sifted, identities judged.

Belongs here: the station `checked__<source>`. Does not belong here: single rules.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from quality.checks.apart import judge_apart
from quality.checks.continuity import figures, judge_continuity, with_before
from quality.checks.corrections import correct
from quality.checks.derived import judge_derived
from quality.checks.exchange import judge_exchange
from quality.checks.identities import judge_declared
from quality.checks.revisions import ORDER, counted, judge_revisions, revised
from quality.checks.schema import Sifted, sift
from quality.checks.series import judge_series
from quality.checks.signs import by_cell, lone_signs
from quality.checks.territory import judge_territory
from quality.checks.totals import judge_totals
from quality.checks.violations import IdentityReport, Judge, fingerprint
from raw.contracts import KnownViolation, Source
from raw.harvest.harvest import Harvest
from raw.lake.files import atomic, read_json, restricted_folder, write_json
from raw.vocabulary.lists import lists
from raw.vocabulary.measures import concepts, partitions
from raw.vocabulary.observation import OBSERVATION, OBSERVATION_KEY

CHECKS_VERSION = "9"
MAX_QUARANTINED_SHARE = 0.01
"""Above this share of quarantined rows in one table the source is blocked: then the table, not a row, is wrong."""


@dataclass(frozen=True)
class Checked:
    """Result of the station: where the checked observations lie, and its report (counts, no values)."""

    source: str
    path: Path
    report: dict[str, Any]

    @property
    def schema_passed(self) -> bool:
        """False if a table lost more than the tolerated share of its rows to quarantine."""
        return bool(self.report["quarantined_share_max"] <= MAX_QUARANTINED_SHARE)

    @property
    def identities_passed(self) -> bool:
        """False if there is a violation that nobody has explained."""
        return not self.report["unknown"]


def current(observations: pl.DataFrame) -> pl.DataFrame:
    """The newest statement about each thing per table: latest publication, then latest receipt, then snapshot."""
    key = ["table", "column", *OBSERVATION_KEY]
    return (
        observations.sort(ORDER, nulls_last=False)
        .unique(key, keep="last", maintain_order=True)
        .sort("table", "snapshot", "cell")
    )


def check_source(lake_root: Path, source: Source, harvest: Harvest, areas: pl.DataFrame, today: dt.date) -> Checked:
    """Check one source. Reused if the same observations were judged under the same rules on the same day's excuses."""
    folder = restricted_folder(restricted_folder(lake_root / "checked") / source.id)
    key = _key(source, harvest, areas, today)
    path, report_path = folder / f"{key}.parquet", folder / f"{key}.json"
    if not (path.exists() and report_path.exists()):
        report = _check(lake_root, source, harvest, areas, today, path, key)
        write_json(report_path, report)
    return Checked(source.id, path, read_json(report_path))


def _check(
    lake_root: Path, source: Source, harvest: Harvest, areas: pl.DataFrame, today: dt.date, path: Path, key: str
) -> dict[str, Any]:
    observed = harvest.read()
    latest = current(observed)
    newest, corrected = correct(latest, source.corrections, harvest.dropped)
    sifted, stale = keep_out(sift(newest), source, today)
    changed = revised(observed)
    identities = judge_all(source, sifted.good, areas, today, changed)
    with atomic(path) as part:
        sifted.good.select(list(OBSERVATION)).write_parquet(part)
    if sifted.quarantined.height:
        quarantine = restricted_folder(restricted_folder(lake_root / "quarantine") / source.id)
        with atomic(quarantine / f"{key}.parquet") as part:
            sifted.quarantined.write_parquet(part)
    unexplained = sifted.quarantined.filter(pl.col("broken") != "known to be wrong")
    shares = newest.group_by("table").len("all").join(unexplained.group_by("table").len("bad"), on="table", how="left")
    share = shares.select((pl.col("bad").fill_null(0) / pl.col("all")).max()).item() if shares.height else 0.0
    return {
        "observations": newest.height,
        "superseded": observed.height - latest.height,
        "revised": counted(changed),
        "lone_signs": by_cell(lone_signs(latest)),
        "quarantined": sifted.quarantined.height,
        "quarantined_rules": sorted(set(sifted.quarantined["broken"].to_list())),
        "quarantined_share_max": share or 0.0,
        "identities_decided": identities.decided,
        "identities_undecided": identities.undecided,
        "known": len(identities.known),
        "unknown": [asdict(violation) for violation in identities.unknown],
        "corrections": [asdict(entry) for entry in corrected],
        "stale": [f"{v.table} {v.identity} {v.area} {v.period}" for v in (*identities.stale, *stale)],
    }


def judge_all(
    source: Source, observations: pl.DataFrame, areas: pl.DataFrame, today: dt.date, changed: pl.DataFrame | None = None
) -> IdentityReport:
    """What all rules on sums, relations, repetitions and exchanges say about a source's current observations.

    `changed` are the observations that the delivery before said otherwise (`revised`).
    """
    judge = Judge(source, today)
    judge_declared(judge, source, observations, areas)
    judge_derived(judge, source, observations)
    judge_territory(judge, observations)
    kept = [table.id for table in source.tables.values() if not table.understood]
    rows = figures(observations)
    pairs = with_before(rows)
    judge_series(judge, rows, pairs)
    declared = [(table.id, one.whole) for table in source.tables.values() for one in table.identities if one.whole]
    judge_totals(judge, rows, declared)
    judge_apart(judge, rows)
    judge_continuity(judge, rows, pairs, kept)
    judge_exchange(judge, pairs)
    if changed is not None:
        judge_revisions(judge, changed)
    return judge.report


def keep_out(sifted: Sifted, source: Source, today: dt.date) -> tuple[Sifted, list[KnownViolation]]:
    """Move rows that are known to be wrong into quarantine; returns also the entries that match nothing as expected."""
    good, out, stale = sifted.good, [sifted.quarantined], []
    for entry in source.violations:
        if entry.action != "quarantine":
            continue
        place = (pl.col("table") == entry.table) & (pl.col("period") == entry.period)
        if entry.area != "*":
            place &= pl.col("area") == entry.area
        rows = good.filter(place)
        if rows.is_empty():
            continue
        if today > entry.until or fingerprint(rows.sort("cell")["value"].to_list()) != entry.expect:
            stale.append(entry)
            continue
        out.append(rows.with_columns(pl.lit("known to be wrong").alias("broken")))
        good = good.filter(~place)
    return Sifted(good, pl.concat(out)), stale


def _key(source: Source, harvest: Harvest, areas: pl.DataFrame, today: dt.date) -> str:
    expired = sorted(v.model_dump_json() for v in source.violations if v.until < today)
    about = [
        CHECKS_VERSION,
        repr((lists(), concepts(), partitions())),
        source.fingerprint(),
        *sorted(f"{file.observations.name} {file.received_at}" for file in harvest.files if file.observations),
        _areas_hash(areas),
        *expired,
    ]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()[:32]


def _areas_hash(areas: pl.DataFrame) -> str:
    parents = areas.select("area", "area_level", "parent").unique().sort("area", "area_level", "parent")
    return hashlib.sha256(parents.write_csv().encode()).hexdigest()
