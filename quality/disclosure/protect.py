# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The engine by itself: tables in, protected tables and a certificate out.

Belongs here: the way from a request to what may be published, in Python (polars in, polars out). Does not belong here:
files and messages (`pipelines.protect`), and each step (`model`, `solver`, `audit`).

    from quality.disclosure.protect import Hierarchy, Request, Table, load_rules, protect_tables

    done = protect_tables(
        Request(
            tables=[Table("by age", frame)],          # columns geo, age, recipients
            hierarchies=[Hierarchy.flat("geo", "city"), Hierarchy.from_tree("age", {"T": ["0-17", "18+"]})],
            rules=load_rules(Path("disclosure_rules.yml")),
        )
    )
    done.tables["by age"]      # may be published; a withheld cell has no value and the status Q
    done.release               # restricted: hand it over as `earlier` next time

Tables that will be read together are protected together: hand over all of them, and everything that is out already.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from quality.disclosure.audit import Findings, Limits, NotProved, audit
from quality.disclosure.model.cost import Cost
from quality.disclosure.model.facts import Linear, Ratio, Rounded, read_facts
from quality.disclosure.model.faults import BadInput
from quality.disclosure.model.grids import grids_of
from quality.disclosure.model.hierarchy import Hierarchy, read_hierarchies
from quality.disclosure.model.keys import positions
from quality.disclosure.model.pool import cells_of_table
from quality.disclosure.model.registry import Registry, Request, build
from quality.disclosure.model.releases import Release
from quality.disclosure.model.system import Mask, State, fingerprint
from quality.disclosure.model.tables import STATUS, STATUS_OF, Table
from quality.disclosure.rules import RulesTooWeak, load_rules
from quality.disclosure.solver import Block, Options, Unsafe, solve

__all__ = [
    "BadInput", "Cost", "Hierarchy", "Limits", "Linear", "NotProved", "Options", "ProtectedTables", "Rate", "Ratio",
    "Release", "Request", "Rounded", "RulesTooWeak", "Table", "Unsafe", "load_rules", "protect_tables",
    "read_facts", "read_hierarchies",
]  # fmt: skip


Effort = Literal["quick", "thorough"]
_QUICK_PROGRAMS = 20
"""Linear programs for cells in no grid: enough to leave out the dearest of them."""


@dataclass(frozen=True)
class Rate:
    """A rate to be published beside two measures of a table: `factor * numerator / denominator`."""

    name: str
    numerator: str
    denominator: str
    factor: int = 100
    decimals: int = 1

    @classmethod
    def parse(cls, text: str) -> Rate:
        """From `name=numerator/denominator` or `name=numerator/denominator*1000`. Raises ValueError."""
        found = re.fullmatch(r"\s*([^=/*]+?)\s*=\s*([^=/*]+?)\s*/\s*([^=/*]+?)\s*(?:\*\s*(\d+)\s*)?", text)
        if not found:
            raise ValueError(f"not a rate: {text}")
        return cls(found[1], found[2], found[3], int(found[4] or 100))


@dataclass(frozen=True)
class ProtectedTables:
    """`tables` may be published. Everything else is restricted: it tells primary from secondary, or holds values."""

    tables: Mapping[str, pl.DataFrame]
    release: Release
    registry: Registry
    findings: Findings
    withheld: Mask

    @property
    def counts(self) -> dict[str, int]:
        """How many cells there are and how many are withheld, ours and the publishers' alike."""
        cells = self.release.cells
        return {"cells": cells.height, "withheld": int((~cells["published"]).sum())}

    def certificate(self) -> dict[str, Any]:
        """What the review is told; the intervals and witnesses of all cells lie beside it. Restricted."""
        system = self.registry.system
        state = {one.name.lower(): int((system.state == one).sum()) for one in State}
        return {
            **self.counts,
            "input": fingerprint(system),
            "pattern": hashlib.sha256(np.packbits(self.withheld).tobytes()).hexdigest(),
            "variables": len(system),
            "relations": system.relations,
            "states": state,
            "needing_protection": int(system.needy.sum()),
            "secondary": int((self.withheld & (system.state == State.FREE)).sum()),
            "failing": int(self.findings.failing.sum()),
            "finished": self.findings.finished,
            "compromised_at_source": int(self.findings.compromised_at_source.sum()),
            "unsafe_and_out_already": int(self.registry.unsafe_out.sum()),
            "figures": dict(self.findings.figures),
        }


def protect_tables(
    request: Request, rates: Sequence[Rate] = (), options: Options | None = None, limits: Limits | None = None,
    cache: Path | None = None, effort: Effort = "quick",
) -> ProtectedTables:  # fmt: skip
    """Protect tables together and prove it. `effort`: how long the solver looks for a cheaper pattern.

    `cache` is a restricted folder of what it has solved before; `options` replace both.

    Raises BadInput (every fault of the input at once), Unsafe (what is out already leaves no safe pattern; names the
    smallest set of cells found) or NotProved (the independent audit refuses). Then there is nothing to publish.
    """
    registry = build(request)
    pattern = solve(registry.system, options or _options(registry, request, cache, effort))
    withheld = pattern.withheld
    findings = audit(registry.system, withheld, limits or Limits(), pattern.shown)
    if not findings.ok:
        raise NotProved(findings)
    hidden = withheld.copy()
    hidden[registry.now[registry.unsafe_out]] = True
    tables = {table.name: _protected(table, registry, hidden, request, rates) for table in request.tables}
    release = Release("now", registry.release(hidden))
    return ProtectedTables(tables, release, registry, findings, withheld)


def _options(registry: Registry, request: Request, cache: Path | None, effort: Effort) -> Options:
    """The options of the solver, with the grids of all tables as a hint."""
    blocks = []
    for table in sorted(request.tables, key=lambda one: one.name):
        _, keys = cells_of_table(table, registry.space, registry.entries, request.absent)
        found = grids_of(registry.space, keys, registry.pool.keys, registry.now)
        blocks += [Block(cells, parents) for cells, parents in found]
    if effort == "quick":
        return Options(blocks=blocks, cache=cache, effort=1, programs=_QUICK_PROGRAMS)
    return Options(blocks=blocks, cache=cache)


def _protected(table: Table, registry: Registry, hidden: Mask, request: Request, rates: Sequence[Rate]) -> pl.DataFrame:
    """A table as it may be published: the columns that came in, a status per measure, rows in the order of codes."""
    space, pooled = registry.space, registry.pool
    keys, rows_of = cells_of_table(table, space, registry.entries, request.absent)
    dimensions = table.dimensions(registry.entries)
    measures = table.measures(registry.entries)
    out = space.frame(keys).select(dimensions)
    for measure in measures:
        at, there = positions(rows_of[measure], pooled.keys)
        withheld = there & (hidden[registry.now[at]] & (pooled.rounding[at] == 0) | pooled.agency[at])
        value = pl.Series(registry.shown[at], dtype=pl.Int64)
        if decimals := registry.entries[measure].decimals:
            value = value.cast(pl.Float64) / 10**decimals
        status = np.where(withheld, "Q", np.where(pooled.structural[at], "M", "A"))
        named = STATUS if len(measures) == 1 else measure + STATUS_OF
        shown = pl.select(pl.when(pl.Series(there & ~withheld)).then(value)).to_series().alias(measure)
        told = pl.select(pl.when(pl.Series(there)).then(pl.Series(status))).to_series().alias(named)
        out = out.with_columns(shown, told)
    for rate in rates:
        if rate.numerator in measures and rate.denominator in measures:
            rule = request.rules.measure(request.tier, rate.numerator)
            out = out.with_columns(_rate(rate, rule.min_denominator if rule else 0))
    return out


def _rate(rate: Rate, least: int) -> pl.Expr:
    """A rate has a value where both its cells are published and the denominator is large enough."""
    whole = pl.col(rate.denominator)
    value = (pl.col(rate.numerator) * rate.factor / whole).round(rate.decimals)
    return pl.when((whole > 0) & (whole >= least)).then(value).alias(rate.name)
