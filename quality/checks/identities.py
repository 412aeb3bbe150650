# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Identities within one source, basis and vintage: parts of a row, areas of a column, halves of a dimension.

Belongs here: what must add up, and violations that are known. Does not belong here: fixing anything.

With withheld parts the sum of what is published may not exceed the whole. A missing part or whole leaves the
identity undecided. A violation carries no value, only a fingerprint of the row.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from raw.contracts import Identity, KnownViolation, Source
from raw.vocabulary.measures import concepts, partitions

ROUNDING = 1e-6
"""Slack for sums of decimal fractions."""


@dataclass(frozen=True)
class Violation:
    """An identity that does not hold at one place. `fingerprint` changes with any value involved.

    `snapshot` and `cell` say where the whole stands that the parts do not add up to.
    """

    table: str
    identity: str
    area: str
    period: str
    fingerprint: str
    snapshot: str = ""
    cell: str = ""


@dataclass
class IdentityReport:
    """Counts and violations of one source; `known` were excused, `unknown` block, `stale` excuses match nothing."""

    decided: int = 0
    undecided: int = 0
    known: list[Violation] = field(default_factory=list)
    unknown: list[Violation] = field(default_factory=list)
    stale: list[KnownViolation] = field(default_factory=list)


@dataclass
class _Judge:
    """Decides sums of one source and sorts what does not hold by its excuses."""

    excuses: dict[tuple[str, str, str, str], KnownViolation]
    today: dt.date
    report: IdentityReport = field(default_factory=IdentityReport)
    used: set[tuple[str, str, str, str]] = field(default_factory=set)

    def decide(self, table: str, name: str, sums: pl.DataFrame, tolerance: float, at_most: bool) -> None:
        """Judge sums (columns of `_aggregate`) of one identity."""
        decided = sums.filter(~pl.col("missing") & pl.col("whole").is_not_null())
        self.report.undecided += sums.height - decided.height
        self.report.decided += decided.height
        excess = pl.col("total") - pl.col("whole")
        short = (excess < -tolerance - ROUNDING) & ~pl.col("withheld") & (not at_most)
        broken = decided.filter((excess > tolerance + ROUNDING) | short).sort("area", "period")
        for row in broken.iter_rows(named=True):
            mark = fingerprint([*row["values"], row["whole"]])
            found = Violation(table, name, row["area"], row["period"], mark, row["whole_snapshot"], row["whole_cell"])
            (self.report.known if self._excused(found) else self.report.unknown).append(found)

    def _excused(self, found: Violation) -> bool:
        key = (found.table, found.identity, found.area, found.period)
        excuse = self.excuses.get(key)
        if excuse is None:
            return False
        self.used.add(key)
        return excuse.expect == found.fingerprint and self.today <= excuse.until


def check_identities(source: Source, observations: pl.DataFrame, areas: pl.DataFrame, today: dt.date) -> IdentityReport:
    """All identities of a source on its current observations (columns of OBSERVATION)."""
    judge = _Judge({(v.table, v.identity, v.area, v.period): v for v in source.violations if v.action == "pass"}, today)
    parents = areas.select("area", "area_level", "parent").unique(["area", "area_level"])
    for table in source.tables.values():
        own = observations.filter(pl.col("table") == table.id)
        if own.is_empty():
            continue
        for index, identity in enumerate(table.identities):
            name = table.identity_id(index)
            if identity.parts:
                judge.decide(table.id, name, _row_sums(own, identity), identity.tolerance, identity.at_most)
            for column in identity.columns:
                label = name if len(identity.columns) == 1 else f"{name}.{column}"
                sums = _area_sums(own, identity, column, parents)
                judge.decide(table.id, label, sums, identity.tolerance, identity.at_most)
        for dimension in partitions():
            sums = _dimension_sums(own, dimension)
            judge.decide(table.id, dimension, sums, table.tolerance, dimension in table.incomplete)
    judge.report.stale = [violation for key, violation in judge.excuses.items() if key not in judge.used]
    return judge.report


def _aggregate(parts: pl.DataFrame, wholes: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Join summed parts with their whole: (keys, area, period, total, withheld, missing, values, whole)."""
    status = pl.col("obs_status")
    summed = parts.group_by(keys).agg(
        pl.col("value").sum().alias("total"),
        (status == "Q").any().alias("withheld"),
        status.is_in(["O", "L"]).any().alias("missing"),
        pl.col("value").sort().alias("values"),
    )
    return summed.join(wholes, on=keys, how="inner")


def _whole(frame: pl.DataFrame, keys: list[str], area: str = "area") -> pl.DataFrame:
    unique = frame.unique(keys, keep="first", maintain_order=True)
    return unique.select(
        *keys,
        *([] if area in keys else [pl.col(area).alias("area")]),
        *([] if "period" in keys else ["period"]),
        pl.col("value").alias("whole"),
        pl.col("snapshot").alias("whole_snapshot"),
        pl.col("cell").alias("whole_cell"),
    )


def _row_sums(own: pl.DataFrame, identity: Identity) -> pl.DataFrame:
    rows = own.with_columns(pl.col("cell").str.replace(r"!([A-Z]+)(\d+)$", "!$2").alias("row"))
    keys = ["snapshot", "row"]
    same = [*keys, "column", "area", "period", "dims"]  # a column that the publisher repeats counts once
    parts = rows.filter(pl.col("column").is_in(identity.parts)).unique(same, keep="first", maintain_order=True)
    complete = parts.filter(pl.col("column").n_unique().over(keys) == len(set(identity.parts)))
    return _aggregate(complete, _whole(rows.filter(pl.col("column") == identity.whole), keys), keys)


def _area_sums(own: pl.DataFrame, identity: Identity, column: str, parents: pl.DataFrame) -> pl.DataFrame:
    levels = identity.areas
    if levels is None:
        raise ValueError("the identity has no areas")
    keys = ["dims", "basis", "period", "parent"]
    rows = own.filter(pl.col("column") == column)
    children = rows.filter(pl.col("area_level") == levels.origin).join(parents, on=["area", "area_level"], how="left")
    wholes = rows.filter(pl.col("area_level") == levels.target).with_columns(pl.col("area").alias("parent"))
    once = children.unique([*keys, "area"], keep="first", maintain_order=True)
    return _aggregate(once, _whole(wholes, keys), keys)


def _dimension_sums(own: pl.DataFrame, dimension: str) -> pl.DataFrame:
    """Sums over the codes of a partition (`sex=m` + `sex=f`) against the row without that dimension."""
    pattern = rf"(^|;){dimension}=([^;]+)"
    additive = [name for name, concept in concepts().items() if concept.additive]
    keys = ["measure", "rest", "area", "area_vintage", "period", "basis"]
    rows = own.filter(pl.col("measure").is_in(additive)).with_columns(
        pl.col("dims").str.extract(pattern, 2).alias("code"),
        pl.col("dims").str.replace(pattern, "").str.strip_chars(";").alias("rest"),
    )
    wanted = partitions()[dimension]
    parts = rows.filter(pl.col("code").is_in(wanted)).unique([*keys, "code"], keep="first", maintain_order=True)
    complete = parts.filter(pl.col("code").n_unique().over(keys) == len(wanted))
    return _aggregate(complete, _whole(rows.filter(pl.col("code").is_null()), keys), keys)


def fingerprint(values: Iterable[float | None]) -> str:
    """A short hash of all numbers involved: an excuse holds for exactly these."""
    return hashlib.sha256(repr(list(values)).encode()).hexdigest()[:12]
