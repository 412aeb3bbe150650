# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a delivery would do, without taking it in.

Belongs here: one file against all contracts. Does not belong here: the reading (`raw.harvest`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from assets.resources import NotPassed, SiteResource
from pipelines.messages import Speaker
from quality.checks.checked import current, judge_all
from quality.checks.corrections import correct
from quality.checks.schema import sift
from quality.checks.violations import Violation
from raw.contracts import Source
from raw.harvest.changes import Changes, changes, unknown_laender
from raw.harvest.drift import as_yaml, nearest, patch
from raw.harvest.faults import Fault
from raw.harvest.harvest import claim_file, read_table
from raw.lake.lake import Delivery
from raw.vocabulary.lists import lists

MAX_FAULTS = 20
MAX_NAMED = 12
"""Periods, areas and cells that a sentence names; the rest is counted."""
_UNSTORED = "0" * 64


@dataclass
class TableCheck:
    """One table that the file holds: how many observations it would give and what it would change, or its faults.

    `patch` is the proposed change of its contract. `violations` are sums (identity, cell) that would no longer hold;
    `quarantined` counts rows by the rule they break; `laender` are cells whose area key names no Land. `layout`: read
    with another layout of the table than that of today.
    """

    source: str
    table: str
    rows: int
    faults: list[Fault] = field(default_factory=list)
    patch: str = ""
    changes: Changes = field(default_factory=Changes)
    violations: list[tuple[str, str]] = field(default_factory=list)
    quarantined: dict[str, int] = field(default_factory=dict)
    laender: list[str] = field(default_factory=list)
    layout: str = ""

    @property
    def fine(self) -> bool:
        """Whether the table would be taken and stop nothing."""
        return not (self.faults or self.violations or self.laender)

    def sentences(self, say: Speaker, file: str) -> list[str]:
        """The result for people."""
        lines = [fault.sentence(say.language) for fault in self.faults[:MAX_FAULTS]]
        if len(self.faults) > MAX_FAULTS:
            lines.append(say("more", count=len(self.faults) - MAX_FAULTS))
        if self.patch:
            lines += [say("check_patch", place=f"sources/{self.source}/{self.table}.yml"), self.patch.rstrip()]
        if self.faults:
            return lines
        key = "check_fine" if self.fine else "check_read"
        lines.append(say(key, file=file, table=self.table, source=self.source, rows=self.rows))
        if self.layout:
            lines.append(say("read_as_layout", file=file, table=self.table, layout=self.layout))
        found = self.changes
        lines.append(say("check_changes", new=found.new, revised=found.revised, same=found.same))
        lists_of = {name: getattr(found, name) for name in asdict(found) if name not in ("new", "revised", "same")}
        lists_of["laender"] = self.laender
        lines += [say(f"check_{name}", names=_named(names)) for name, names in lists_of.items() if names]
        lines += [say("check_quarantined", rule=rule, count=count) for rule, count in self.quarantined.items()]
        lines += [say("check_violation", identity=name, cell=cell) for name, cell in self.violations[:MAX_FAULTS]]
        return lines


@dataclass
class FileCheck:
    """The tables of a file, or the reason why no contract claims it and the `patch` of the contract most like it."""

    file: str
    tables: list[TableCheck]
    reason: str | None
    beside: list[str] = field(default_factory=list)
    place: str = ""
    near: str = ""
    patch: str = ""

    @property
    def fine(self) -> bool:
        """Whether the delivery would be accepted and stop nothing."""
        return bool(self.tables) and all(table.fine for table in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    def sentences(self, say: Speaker) -> list[str]:
        """The result for people."""
        if self.tables:
            lines = [line for table in self.tables for line in table.sentences(say, self.file)]
            return [*lines, *(say("check_beside", file=self.file, table=table) for table in self.beside)]
        place = f"{self.place}: " if self.place else ""
        lines = [say("check_unclaimed", file=self.file, reason=place + say(f"reason.{self.reason}"))]
        return [*lines, say("check_near", place=self.near), self.patch.rstrip()] if self.patch else lines


def check_file(site: SiteResource, path: Path) -> FileCheck:
    """Read a file by every contract that claims it; nothing is stored."""
    contracts = site.contracts()
    claim = claim_file(path, contracts)
    if claim.reason == "unclaimed" and (found := nearest(path, contracts)):
        near = f"sources/{found[0]}/{found[1]}.yml"
        return FileCheck(path.name, [], claim.reason, near=near, patch=as_yaml(found[2]))
    now = dt.datetime.now(dt.UTC).isoformat()
    delivery = Delivery(_UNSTORED, path.name, path.stat().st_size, now, now)
    tables = [_check_table(site, path, delivery, contracts[source], table) for source, table in claim.tables]
    return FileCheck(path.name, tables, claim.reason, claim.beside, claim.detail)


def _check_table(site: SiteResource, path: Path, delivery: Delivery, source: Source, name: str) -> TableCheck:
    table = source.tables[name]
    mapped = read_table(path, delivery, source, table)
    if mapped.faults:
        proposal = as_yaml(patch(path, source, table))
        return TableCheck(source.id, name, 0, mapped.faults, proposal)
    held = site.harvest(source.id).read()
    rows = mapped.observations
    broken = sift(rows).quarantined.group_by("broken").len().sort("broken").rows()
    return TableCheck(
        source.id,
        name,
        rows.height,
        changes=changes(rows, current(held).filter(pl.col("table") == name)),
        violations=_violations(site, source, held, rows),
        quarantined=dict(broken),
        laender=unknown_laender(rows, _own_keys(source), _levels()),
        layout=mapped.layout,
    )


def _violations(site: SiteResource, source: Source, held: pl.DataFrame, rows: pl.DataFrame) -> list[tuple[str, str]]:
    """Sums that hold now and would not hold with the delivery: identity and the cell of the whole."""
    try:
        areas = site.area_table()
    except NotPassed:
        areas = pl.DataFrame(schema={"area": pl.String, "area_level": pl.String, "parent": pl.String})

    def unknown(frame: pl.DataFrame) -> list[Violation]:
        corrected, _ = correct(current(frame), source.corrections)
        return judge_all(source, sift(corrected).good, areas, site.day).unknown

    after = unknown(pl.concat([held, rows]))
    known = {(v.table, v.identity, v.area, v.period) for v in unknown(held)} if after else set()
    new = [v for v in after if (v.table, v.identity, v.area, v.period) not in known]
    return [(violation.identity, violation.cell) for violation in new]


def _own_keys(source: Source) -> list[str]:
    return [area.key for area in source.areas.areas] if source.areas else []


def _levels() -> list[str]:
    """Levels whose keys begin with a Land."""
    kinds = {name: level["kind"] for name, level in lists()["area_levels"].items()}
    return [name for name, kind in kinds.items() if kind in ("administrative", "municipal") and name != "bund"]


def _named(names: list[str]) -> str:
    more = f" … (+ {len(names) - MAX_NAMED})" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
