# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables that come in: rows of codes and values become keyed cells.

Belongs here: one table and everything that can be wrong with its rows. Does not belong here: what tables say together
(`pool`), and sums (`equations`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from quality.disclosure.model.faults import MAX_SAID, Fault, fault, shown
from quality.disclosure.model.keys import MEASURE, Space
from quality.disclosure.model.system import UNBOUNDED, Mask, Whole
from quality.disclosure.rules import MeasureRule

STATUS = "status"
STATUS_OF = "__status"
"""A table of several measures has a column `<measure>__status` for each that needs one."""
_KNOWN = ("", "A", "Q", "M")


@dataclass(frozen=True)
class Table:
    """A table: a column per dimension, a column per measure, and a status where cells have one (A, Q, M).

    `publicity`: a public table is known to everybody, is never withheld, and messages may show its values. Q marks what
    the publisher withheld, within `agency` (lowest, highest; None: not known); M a cell that cannot exist. `tolerance`:
    by how much its sums may differ (rounded or perturbed sources). `base`: it is published rounded to 3, 5 or 10
    instead of with cells withheld; `additive`: so that the rounded figures add up (see `rounding`).
    """

    name: str
    frame: pl.DataFrame
    publicity: Literal["confidential", "public"] = "confidential"
    tolerance: int = 0
    agency: tuple[int | None, int | None] = (None, None)
    base: int | None = None
    additive: bool = True

    @property
    def rounding(self) -> int:
        """The base, negative where rounded figures add up; 0 for exact ones."""
        return 0 if self.base is None else -self.base if self.additive else self.base

    @property
    def public(self) -> bool:
        """Whether everybody knows it."""
        return self.publicity == "public"

    def measures(self, rules: Mapping[str, MeasureRule]) -> list[str]:
        """Its columns that are measures of the rules."""
        return [column for column in self.frame.columns if column in rules]

    def dimensions(self, rules: Mapping[str, MeasureRule]) -> list[str]:
        """Its columns that tell cells apart."""
        beside = {STATUS, *(measure + STATUS_OF for measure in self.measures(rules))}
        return [column for column in self.frame.columns if column not in rules and column not in beside]


@dataclass(frozen=True)
class Rows:
    """The cells of a table in the order of its rows: key, value in whole units, withheld by agency, structural zero."""

    keys: Whole
    value: Whole
    agency: Mask
    structural: Mask


def columns_found(
    tables: Sequence[Table], rules: Mapping[str, MeasureRule], declared: Set[str]
) -> tuple[dict[str, set[str]], list[Fault]]:
    """The codes found per dimension; tables that have no measure, and columns that are no declared dimension.

    A column that only describes a row would tear its cells apart from all others if it were taken for a dimension.
    """
    found: dict[str, set[str]] = {}
    faults: list[Fault] = []
    for table in tables:
        if not table.measures(rules):
            faults.append(fault("no_measure", table=table.name, columns=", ".join(table.frame.columns)))
            continue
        strange = [column for column in table.dimensions(rules) if column not in declared]
        faults += [fault("strange_column", table=table.name, column=column) for column in strange]
        for dimension in table.dimensions(rules):
            codes = table.frame[dimension].drop_nulls().cast(pl.String).unique()
            found.setdefault(dimension, set()).update(codes.to_list())
    return found, faults


def read_rows(table: Table, space: Space, rules: Mapping[str, MeasureRule]) -> tuple[Rows, list[Fault]]:
    """The cells of a table, measure by measure, and its faults. Faulty rows are left out."""
    frame, faults = _coded(table, space, rules)
    if faults:
        return _empty(), faults
    parts: list[Rows] = []
    for measure in table.measures(rules):
        part, wrong = _of_measure(table, frame, measure, space, rules[measure])
        parts.append(part)
        faults += wrong
    joined = Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__dataclass_fields__))
    return joined, faults


def _empty() -> Rows:
    none = np.zeros(0, np.int64)
    return Rows(none, none, none.astype(np.bool_), none.astype(np.bool_))


def _coded(table: Table, space: Space, rules: Mapping[str, MeasureRule]) -> tuple[pl.DataFrame, list[Fault]]:
    """The table with every dimension of the space, and codes that are none."""
    frame, faults, own = table.frame, [], table.dimensions(rules)
    for name in space.dimensions[1:]:
        if name not in own:
            total = space.total(name)
            if total is None:
                faults.append(fault("no_total", table=table.name, dimension=name))
            frame = frame.with_columns(pl.lit(total, pl.String).alias(name))
            continue
        frame = frame.with_columns(pl.col(name).cast(pl.String))
        if empty := frame[name].null_count():
            faults.append(fault("no_code", table=table.name, dimension=name, rows=empty))
        strange = frame[name].drop_nulls().to_frame().filter(space.column(frame[name].drop_nulls(), name) < 0)
        for code, rows in strange.group_by(name).len().sort(name).iter_rows():
            faults.append(fault("unknown_code", table=table.name, dimension=name, code=code, rows=rows))
    return frame, faults


def _of_measure(
    table: Table, frame: pl.DataFrame, measure: str, space: Space, rule: MeasureRule
) -> tuple[Rows, list[Fault]]:
    keys = space.encode(frame.with_columns(pl.lit(measure).alias(MEASURE)))
    status, number, readable = _status(frame, measure), *_numbers(frame[measure])
    agency, structural = status == "Q", status == "M"
    there = ~np.isnan(number)
    unit = 10**rule.decimals
    with np.errstate(invalid="ignore"):
        scaled = number * unit
        whole = np.rint(scaled)
        checks: list[tuple[str, Mask]] = [
            ("no_number", ~readable),
            ("unknown_status", ~np.isin(status, _KNOWN)),
            ("no_value", readable & ~there & ~agency & ~structural),
            ("value_withheld", there & agency),
            ("structural_value", there & structural & (number != 0)),
            ("negative", there & (number < 0) & (not rule.signed)),
            ("fractional", there & (np.abs(scaled - whole) > 1e-6)),
            ("too_large", there & (np.abs(whole) >= float(UNBOUNDED // 2))),
        ]
    wrong = np.logical_or.reduce([mask for _, mask in checks])
    faults = [one for kind, mask in checks for one in _said(kind, mask, table, space, keys, number, status)]
    good = ~wrong
    value = np.where(there & good, whole, 0).astype(np.int64)
    return Rows(keys[good], value[good], agency[good], structural[good]), faults


def _status(frame: pl.DataFrame, measure: str) -> np.ndarray:
    column = measure + STATUS_OF if measure + STATUS_OF in frame.columns else STATUS
    if column not in frame.columns:
        return np.full(frame.height, "", dtype=object)
    return frame[column].cast(pl.String).fill_null("").to_numpy()


def _numbers(column: pl.Series) -> tuple[np.ndarray, Mask]:
    """The numbers of a column, NaN where none stands, and whether what stands there can be read.

    In text a comma is a decimal comma; nothing may part thousands.
    """
    if column.dtype == pl.String:
        column = column.str.strip_chars().str.replace(",", ".", literal=True)
        empty = column.is_null() | (column == "")
    else:
        empty = column.is_null()
    number = column.cast(pl.Float64, strict=False)
    readable = (number.is_finite() | empty).fill_null(False).to_numpy()
    return number.fill_null(float("nan")).to_numpy(), readable


def _said(
    kind: str, mask: Mask, table: Table, space: Space, keys: Whole, number: np.ndarray, status: np.ndarray
) -> list[Fault]:
    rows = np.flatnonzero(mask)
    names = space.names(keys[rows[:MAX_SAID]]) + [f"… {kind}"] * max(len(rows) - MAX_SAID, 0)
    return [
        fault(
            kind, table=table.name, cell=name, shown=shown([number[row]], table.public), status=status[row]
        )
        for name, row in zip(names, rows.tolist(), strict=True)
    ]  # fmt: skip
