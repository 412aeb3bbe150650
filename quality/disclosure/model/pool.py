# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What tables say together: every cell once.

Belongs here: cells of several tables as one, where they contradict each other, and absent cells. Does not belong here:
one table (`tables`), and whether sums hold (`registry`).

What is absent from an equation is a fault by default. Otherwise the caller says which of three things it means:
`zero`, cells that are not there are zeros that everybody knows; `form`, so too, and margins that are not there are
formed and published; `unpublished`, the cells exist and are not in this publication, so they are unknown to the
intruder and never published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from quality.disclosure.model.equations import equation_name, lacking_parts, sums, with_margins
from quality.disclosure.model.faults import MAX_NAMED, MAX_SAID, Fault, fault, listed, shown
from quality.disclosure.model.keys import MEASURE, Space, positions
from quality.disclosure.model.system import UNBOUNDED, Mask, Whole
from quality.disclosure.model.tables import Rows, Table, read_rows
from quality.disclosure.rules import MeasureRule

Absent = Literal["fault", "zero", "form", "unpublished"]


@dataclass(frozen=True)
class Pool:
    """Cells with sorted unique keys; tolerance, agency's bounds and `rounding` (see there) per cell.

    `agency` cells have no value here; `closed` ones have, but a publisher has withheld them. `formed` cells stand in no
    table; `unpublished` ones of these are never published.
    """

    keys: Whole
    value: Whole
    agency: Mask
    closed: Mask
    structural: Mask
    public: Mask
    rounding: Whole
    tolerance: Whole
    agency_low: Whole
    agency_high: Whole
    formed: Mask
    unpublished: Mask

    def __len__(self) -> int:
        return len(self.keys)


def pool(tables: Sequence[Table], rows: Sequence[Rows], space: Space, absent: Absent) -> tuple[Pool, list[Fault]]:
    """The cells of all tables together, and every cell on which they do not agree."""
    if absent == "form":
        filled = [_formed(space, one) for one in rows]
    else:
        filled = [(one, np.zeros(len(one.keys), np.bool_)) for one in rows]
    number = np.concatenate([np.full(len(one.keys), n) for n, (one, _) in enumerate(filled)]).astype(np.int64)
    all_of = Rows(*(np.concatenate([getattr(one, name) for one, _ in filled]) for name in Rows.__dataclass_fields__))
    formed = np.concatenate([made for _, made in filled])
    order = np.lexsort((number, formed, all_of.keys))
    keys, first = np.unique(all_of.keys[order], return_index=True)
    if not len(keys):
        return _nothing(), []
    cell = np.repeat(np.arange(len(keys)), np.diff(np.append(first, len(order))))
    per_row = {name: getattr(all_of, name)[order] for name in Rows.__dataclass_fields__}
    public = np.array([one.public for one in tables])[number[order]]
    rounding = np.array([one.rounding for one in tables])[number[order]]
    known = ~per_row["agency"]
    lead = _leading(cell, known, first)
    faults = _contradictions(tables, space, keys, cell, per_row["value"], known, number[order], public, lead)
    faults += _mixed(tables, space, keys, cell, rounding, number[order], first)
    low, high = (np.array(bounds)[number[order]] for bounds in _bounds(tables))
    pooled = Pool(
        keys,
        per_row["value"][lead],
        ~known[lead],
        np.logical_or.reduceat(~known & ~formed[order], first) & known[lead],
        np.logical_or.reduceat(per_row["structural"], first),
        np.logical_or.reduceat(public & known, first),
        rounding[first],
        np.maximum.reduceat(np.array([one.tolerance for one in tables])[number[order]], first),
        np.maximum.reduceat(low, first),
        np.minimum.reduceat(high, first),
        np.logical_and.reduceat(formed[order], first),
        np.zeros(len(keys), np.bool_),
    )
    return pooled, faults


def cells_of_table(
    table: Table, space: Space, rules: Mapping[str, MeasureRule], absent: Absent
) -> tuple[Whole, dict[str, Whole]]:
    """The rows of a table as it is published: keys of its first measure in order, and per measure the key of each row.

    Margins that are formed belong to it. What is absent for one measure only has no cell there.
    """
    rows, _ = read_rows(table, space, rules)
    if absent == "form":
        rows, _ = _formed(space, rows)
    place, stride = space.at(rows.keys, 0), space.strides[0]
    about = np.unique(rows.keys - place * stride)
    return about, {measure: about + space.place(MEASURE, measure) * stride for measure in table.measures(rules)}


def _formed(space: Space, one: Rows) -> tuple[Rows, Mask]:
    order = np.argsort(one.keys, kind="stable")
    twice = np.zeros(len(order), np.bool_)
    twice[1:] = np.diff(one.keys[order]) == 0
    kept = order[~twice]
    margins = with_margins(space, one.keys[kept], one.value[kept], one.agency[kept])
    at, there = positions(margins.keys, one.keys[kept])
    structural = there & one.structural[kept][at]
    again = order[twice]
    return Rows(
        np.concatenate([margins.keys, one.keys[again]]),
        np.concatenate([margins.value, one.value[again]]),
        np.concatenate([margins.unknown, one.agency[again]]),
        np.concatenate([structural, one.structural[again]]),
    ), np.concatenate([margins.formed, np.zeros(len(again), np.bool_)])


def _nothing() -> Pool:
    none = np.zeros(0, np.int64)
    off = np.zeros(0, np.bool_)
    return Pool(none, none, off, off, off, off, none, none, none, none, off, off)


def _bounds(tables: Sequence[Table]) -> tuple[list[int], list[int]]:
    lowest = [int(-UNBOUNDED) if one.agency[0] is None else one.agency[0] for one in tables]
    highest = [int(UNBOUNDED) if one.agency[1] is None else one.agency[1] for one in tables]
    return lowest, highest


def _leading(cell: Whole, known: Mask, first: Whole) -> Whole:
    """Per cell the row that speaks for it: the first with a value, else the first."""
    lead = first.copy()
    with_value = np.flatnonzero(known)[::-1]
    lead[cell[with_value]] = with_value
    return lead


def _contradictions(
    tables: Sequence[Table], space: Space, keys: Whole, cell: Whole, value: Whole, known: Mask, number: Whole,
    public: Mask, lead: Whole,
) -> list[Fault]:  # fmt: skip
    """Cells with two values; a cell given twice in one table with one value is fine."""
    differs = known & (value != value[lead][cell])
    faults: list[Fault] = []
    for one in np.unique(cell[differs]).tolist():
        if len(faults) >= MAX_SAID * 2:
            break
        rows = np.flatnonzero((cell == one) & known)
        names = list(dict.fromkeys(tables[n].name for n in number[rows].tolist()))
        said = shown(sorted(set(value[rows].tolist())), bool(public[rows].all()))
        faults.append(fault("two_values", cell=space.name(int(keys[one])), tables=listed(names), shown=said))
    return faults


def _mixed(
    tables: Sequence[Table], space: Space, keys: Whole, cell: Whole, rounding: Whole, number: Whole, first: Whole
) -> list[Fault]:
    """Cells that one table rounds and another does not, or in another way."""
    odd = np.flatnonzero(rounding != rounding[first][cell])
    return [
        fault(
            "mixed", cell=space.name(int(keys[cell[row]])), one=tables[int(number[first[cell[row]]])].name,
            other=tables[int(number[row])].name,
        )
        for row in odd[: MAX_SAID * 2].tolist()
    ]  # fmt: skip


def complete(pooled: Pool, space: Space, absent: Absent) -> tuple[Pool, list[Fault]]:
    """The cells with those that are absent, where that is meant so; else a fault for every equation that lacks some."""
    if absent in ("zero", "form"):
        return pooled, _without_whole(pooled, space)
    if absent == "fault":
        return pooled, _lacking(pooled, space)
    return _unpublished(pooled, space), []


def _without_whole(pooled: Pool, space: Space) -> list[Fault]:
    """Margins that are absent although a part is there and is not zero."""
    faults: list[Fault] = []
    for one in sums(space, pooled.keys):
        at, _ = positions(one.parts, pooled.keys)
        filled = np.bincount(np.repeat(np.arange(len(one.whole)), np.diff(one.start)), pooled.value[at] != 0) > 0
        for equation in np.flatnonzero(filled & ~positions(one.whole, pooled.keys)[1]).tolist():
            whole = int(one.whole[equation])
            name = equation_name(space, one.dimension, one.hierarchy, whole)
            faults.append(fault("missing", equation=name, cells=space.name(whole)))
    return faults


def _lacking(pooled: Pool, space: Space) -> list[Fault]:
    faults: list[Fault] = []
    for one in sums(space, pooled.keys):
        whole_absent = ~positions(one.whole, pooled.keys)[1]
        for equation in np.flatnonzero(whole_absent | (one.lacking > 0)).tolist():
            whole = int(one.whole[equation])
            absent = lacking_parts(space, one, equation)
            names = space.names(absent[: MAX_NAMED + 1]) + [""] * max(len(absent) - MAX_NAMED - 1, 0)
            names = ([space.name(whole)] if whole_absent[equation] else []) + names
            name = equation_name(space, one.dimension, one.hierarchy, whole)
            faults.append(fault("missing", equation=name, cells=listed(names)))
            if len(faults) >= MAX_SAID * 2:
                return faults
    return faults


def _unpublished(pooled: Pool, space: Space) -> Pool:
    """With every whole and every part that the equations lack, as unpublished cells."""
    while True:
        fresh: list[Whole] = []
        for one in sums(space, pooled.keys):
            fresh.append(one.whole[~positions(one.whole, pooled.keys)[1]])
            for equation in np.flatnonzero(one.lacking > 0).tolist():
                fresh.append(lacking_parts(space, one, equation))
        new = np.unique(np.concatenate(fresh)) if fresh else np.zeros(0, np.int64)
        if not len(new):
            return pooled
        pooled = _with_unknown(pooled, new)


def _with_unknown(pooled: Pool, new: Whole) -> Pool:
    order = np.argsort(np.concatenate([pooled.keys, new]), kind="stable")
    add = {name: np.zeros(len(new), getattr(pooled, name).dtype) for name in Pool.__dataclass_fields__}
    add |= {"keys": new, "agency": np.ones(len(new), np.bool_), "formed": np.ones(len(new), np.bool_)}
    add |= {"unpublished": np.ones(len(new), np.bool_), "agency_high": np.full(len(new), UNBOUNDED)}
    return replace(pooled, **{name: np.concatenate([getattr(pooled, name), more])[order] for name, more in add.items()})
