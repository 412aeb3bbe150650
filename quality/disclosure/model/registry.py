# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The registry: tables, hierarchies, rules, facts and earlier releases as one system.

Belongs here: the order in which they come together, and the faults of all of them at once. Does not belong here: each
part (`tables`, `pool`, `equations`, `releases`, `facts`, `primary`, `completion`), and solving.

The same content gives the same system, byte for byte, in whatever order tables, rows, hierarchies and facts come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from quality.disclosure.model.assembly import Parts, assemble
from quality.disclosure.model.cost import Cost
from quality.disclosure.model.equations import equation_name, sums
from quality.disclosure.model.facts import About, Fact
from quality.disclosure.model.faults import MAX_SAID, BadInput, Fault, fault, shown
from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.keys import Space, make_space, positions
from quality.disclosure.model.pool import Absent, Pool, complete, pool
from quality.disclosure.model.relations import Relations, of_sums, once, together
from quality.disclosure.model.releases import (
    Release,
    Variables,
    codes_of,
    measures_of,
    release_frame,
    strange_to,
    variables,
)
from quality.disclosure.model.system import Mask, System, Whole
from quality.disclosure.model.tables import Table, columns_found, read_rows
from quality.disclosure.rules import MeasureRule, Rule, Rules


@dataclass(frozen=True)
class Request:
    """Everything that is to be one system. `keep`: cells that are always published. `need`: see `primary.judge`."""

    tables: Sequence[Table]
    hierarchies: Sequence[Hierarchy]
    rules: Rules
    tier: str = "public"
    absent: Absent = "fault"
    facts: Sequence[Fact] = ()
    earlier: Sequence[Release] = ()
    fuller: Sequence[Release] = ()
    keep: Sequence[About] = ()
    need: int | None = None
    cost: Cost = field(default_factory=Cost)


@dataclass(frozen=True)
class Registry:
    """The system, and what its cells are. `now` leads from the present cells (sorted keys of `pool`) into it."""

    space: Space
    pool: Pool
    now: Whole
    system: System
    entries: Mapping[str, MeasureRule]
    shown: Whole
    """What a present cell is shown as if it is published: itself, or rounded."""
    unsafe_out: Mask
    """Present cells that are unsafe and known already: not repeated, and not counted as protected."""

    def cells(self) -> pl.DataFrame:
        """The present cells: a column per dimension, `measure`, `value` (units of the last decimal), `cell`."""
        value = pl.Series("value", self.pool.value)
        return self.space.frame(self.pool.keys).with_columns(value, pl.Series("cell", self.now))

    def release(self, withheld: Mask) -> pl.DataFrame:
        """The present cells as the release that they become, for the restricted zone."""
        published = ~withheld[self.now] & ~self.pool.unpublished & ~self.unsafe_out
        published |= (self.pool.rounding != 0) & ~self.pool.agency
        return release_frame(self.space, self.pool, published, self.shown)


def build(request: Request) -> Registry:
    """The registry of a request. Raises BadInput with all faults that can be said at once."""
    tables = sorted(request.tables, key=lambda one: one.name)
    entries, rules, faults = _rules(tables, request)
    if faults:
        raise BadInput(faults)
    declared = {one.dimension for one in request.hierarchies}
    past = [*request.earlier, *request.fuller]
    found, wrong = columns_found(tables, entries, declared)
    faults += wrong + strange_to(past, declared)
    if faults:
        raise BadInput(faults)
    for name, codes in codes_of(past).items():
        found[name] = found.get(name, set()) | codes
    space = make_space(entries, found, request.hierarchies)
    read = [read_rows(table, space, entries) for table in tables]
    faults += [one for _, wrong in read for one in wrong] + _policies(space, rules, tables)
    pooled, wrong = pool(tables, [rows for rows, _ in read], space, request.absent)
    faults += wrong
    if not faults:
        pooled, wrong = complete(pooled, space, request.absent)
        faults += wrong
    known, wrong = variables(pooled, request.earlier, request.fuller, space)
    relations, broken = _sums(space, pooled, known, whole_only=bool(faults))
    faults += wrong + broken
    if faults:
        raise BadInput(faults)
    system, shown, unsafe_out = assemble(
        Parts(space, entries, rules, pooled, known, relations, request.facts, request.keep, request.need, request.cost)
    )
    return Registry(space, pooled, known.now, system, entries, shown[known.now], unsafe_out[known.now])


def _rules(tables: Sequence[Table], request: Request) -> tuple[dict[str, MeasureRule], dict[str, Rule], list[Fault]]:
    """The measures among the columns of the tables, with entry and rule; a measure without a rule is a fault.

    A column that has a hierarchy is a dimension, also where the vocabulary has a concept of its name.
    """
    dimensions = {one.dimension for one in request.hierarchies}
    entries: dict[str, MeasureRule] = {}
    rules: dict[str, Rule] = {}
    faults: list[Fault] = []
    columns = {column for table in tables for column in table.frame.columns} - dimensions
    for column in sorted(columns | measures_of([*request.earlier, *request.fuller])):
        entry = request.rules.described(column)
        if entry is None:
            continue
        rule = request.rules.measure(request.tier, column)
        if rule is None:
            faults.append(fault("no_rule", measure=column, tier=request.tier))
        else:
            entries[column], rules[column] = entry, rule
    return entries, rules, faults


def _policies(space: Space, rules: Mapping[str, Rule], tables: Sequence[Table]) -> list[Fault]:
    """One way with zeros in all that is linked; a base of rounding that covers what the rule calls small."""
    ways: dict[bool, list[str]] = {}
    for measure in space.codes[0]:
        ways.setdefault(rules[measure].zeros == "protected", []).append(measure)
    faults = [fault("zeros_mixed", published=ways[False][0], protected=ways[True][0])] if len(ways) == 2 else []
    bases = {(measure, one.base) for one in tables for measure in one.frame.columns if one.base and measure in rules}
    return faults + [
        fault("base_too_small", measure=measure, base=base, least=rules[measure].min_count)
        for measure, base in sorted(bases)
        if base < rules[measure].min_count
    ]


def _sums(space: Space, pooled: Pool, known: Variables, whole_only: bool = False) -> tuple[Relations, list[Fault]]:
    """The equations of the present cells and of every release, over variables; and sums that do not hold.

    `whole_only`: where cells were refused already, a sum that lacks some is no fault of its own.
    """
    faults: list[Fault] = []
    several: list[Relations] = []
    for release, (keys, number) in enumerate(zip((pooled.keys, *known.was_keys), (known.now, *known.was), strict=True)):
        for one in sums(space, keys):
            at, there = positions(one.whole, keys)
            parts = positions(one.parts, keys)[0]
            rows = of_sums(at, one.start, parts, np.zeros(len(at), np.int64), lambda row: "")
            off = np.abs(rows.totals(np.where(known.unknown[number], 0, known.value[number])))
            whole_known = np.bincount(rows.rows, known.unknown[number][rows.cells], len(rows)) == 0
            if release == 0:
                tolerance = np.zeros(len(rows), np.int64)
                np.maximum.at(tolerance, rows.rows, pooled.tolerance[rows.cells])
                wrong = there & whole_known & (off > tolerance) & ((one.lacking == 0) | (not whole_only))
                faults += _not_additive(space, pooled, one.whole, rows, wrong, tolerance, one.dimension, one.hierarchy)
            else:
                tolerance = np.where(whole_known, off, 0)
            name = _namer(space, one.dimension, one.hierarchy, one.whole)
            several.append(of_sums(number[at], one.start, number[parts], tolerance, name).where(there))
    if known.was:
        several += _across(space, pooled, known)
    return once(together(several)), faults


def _across(space: Space, pooled: Pool, known: Variables) -> list[Relations]:
    """Sums whose cells stand in different releases, each in its newest value, where these values do add up."""
    every = np.concatenate([pooled.keys, *known.was_keys])
    keys, first = np.unique(every, return_index=True)
    number = np.concatenate([known.now, *known.was])[first]
    several = []
    for one in sums(space, keys):
        at, there = positions(one.whole, keys)
        parts = positions(one.parts, keys)[0]
        name = _namer(space, one.dimension, one.hierarchy, one.whole)
        rows = of_sums(number[at], one.start, number[parts], np.zeros(len(at), np.int64), name)
        settled = np.bincount(rows.rows, known.unknown[rows.cells], len(rows)) == 0
        several.append(rows.where(there & (one.lacking == 0) & settled & (rows.totals(known.value) == 0)))
    return several


def _namer(space: Space, dimension: int, hierarchy: int, whole: Whole) -> Callable[[int], str]:
    return lambda row: equation_name(space, dimension, hierarchy, int(whole[row]))


def _not_additive(
    space: Space, pooled: Pool, whole: Whole, rows: Relations, wrong: Mask, tolerance: Whole, dimension: int,
    hierarchy: int,
) -> list[Fault]:  # fmt: skip
    faults = []
    for row in np.flatnonzero(wrong)[: MAX_SAID * 2].tolist():
        cells = rows.cells[rows.start[row] : rows.start[row + 1]]
        said = shown(pooled.value[cells].tolist(), bool(pooled.public[cells].all()))
        name = equation_name(space, dimension, hierarchy, int(whole[row]))
        faults.append(fault("not_additive", equation=name, tolerance=int(tolerance[row]), shown=said))
    return faults
