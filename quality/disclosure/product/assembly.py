# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From cells and rules to a system of the engine.

Belongs here: values in whole numbers, states, bounds, needs. Does not belong here: equations (`equations`), what is out
already (`history`), and solving (`pattern`).

Figures of a family of concepts that are no whole numbers (means) are counted in tenths, hundredths or thousandths.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from quality.disclosure.model.assembly import Names
from quality.disclosure.model.completion import completed
from quality.disclosure.model.relations import Relations, Rows, in_order, once
from quality.disclosure.model.system import UNBOUNDED, Mask, State, System, Whole
from quality.disclosure.product.areas import HOLDS
from quality.disclosure.product.cells import counted_concepts
from quality.disclosure.product.equations import Equations
from quality.disclosure.product.history import Known
from quality.disclosure.rules import Rule, Rules
from raw.vocabulary.measures import concepts

_SCALES = (1, 10, 100, 1000)
_EXACT = 1e-6


@dataclass(frozen=True)
class Figures:
    """Values of cells and of unheld counts in units of 1/`scale`, and which nobody here knows."""

    value: Whole
    unknown: Mask
    scale: Whole

    @classmethod
    def of(cls, base: pl.DataFrame, found: Equations) -> Figures:
        """From cells with `family` and `value`; the unheld counts follow."""
        scales = {
            name: _scale(values.drop_nulls().to_numpy())
            for (name,), values in ((key, part["value"]) for key, part in base.group_by("family"))
        }
        scale = base["family"].replace_strict(scales, return_dtype=pl.Int64).to_numpy()
        unknown = base["value"].is_null().to_numpy()
        value = np.rint(base["value"].fill_null(0.0).to_numpy() * scale).astype(np.int64)
        return cls(
            np.concatenate([value, found.held.totals(value)]),
            np.concatenate([unknown, found.held.touching(unknown)]),
            np.concatenate([scale, scale[found.like]]),
        )


def _scale(values: NDArray[np.float64]) -> int:
    for scale in _SCALES:
        if np.abs(values * scale - np.rint(values * scale)).max(initial=0.0) < _EXACT * scale:
            return scale
    return _SCALES[-1]


@dataclass(frozen=True)
class Ruled:
    """What the rules of a tier say of each cell: units of its scale; zeros that may be withheld."""

    threshold: Whole
    complement: Mask
    protected: Mask
    signed: Mask

    @classmethod
    def of(cls, base: pl.DataFrame, rules: Rules, tier: str, scale: Whole) -> Ruled:
        """By concept, class and family: of a family in which zeros are protected anywhere, they are everywhere.

        Where the rest of a whole counts, zeros may be withheld: nobody besides women is said by the zero of men.
        """
        counted = set(counted_concepts())
        about = base.select("concept", "class", "family").unique()
        by_cell: dict[tuple[str, str], Rule] = {}
        protecting: set[str] = set()
        for concept, klass, family in about.iter_rows():
            rule = rules.rule(tier, klass, concept) if concept in counted else None
            by_cell[concept, klass] = rule or Rule()
            if by_cell[concept, klass].zeros == "protected" or by_cell[concept, klass].complement:
                protecting.add(family)
        listed = list(by_cell.items())
        place = {key: number for number, (key, _) in enumerate(listed)}
        at = np.array([place[pair] for pair in base.select("concept", "class").iter_rows()], np.int64)
        return cls(
            np.array([rule.min_count for _, rule in listed], np.int64)[at] * scale,
            np.array([rule.complement for _, rule in listed], np.bool_)[at],
            base["family"].is_in(sorted(protecting)).to_numpy(),
            np.array([name in concepts() and concepts()[name].signed for (name, _), _ in listed], np.bool_)[at],
        )

    def with_unheld(self, found: Equations) -> Ruled:
        """The rules of unheld counts are those of the cells that they are like."""
        return Ruled(*(np.concatenate([own, own[found.like]]) for own in self._all()))

    def _all(self) -> tuple[Whole, Mask, Mask, Mask]:
        return self.threshold, self.complement, self.protected, self.signed


@dataclass(frozen=True)
class Assembled:
    """A system with the cells first and the unheld counts after them.

    `before`: the same where nothing of ours is out yet; what it leaves open bounds every need. `unsafe_out`: cells that
    are unsafe and known already, which are not repeated, and not counted as protected. `threshold` and `scale`: per
    cell, in units of 1/scale.
    """

    system: System
    before: System
    threshold: Whole
    scale: Whole
    unsafe_out: Mask


def assemble(given: Known, rules: Rules, tier: str) -> Assembled:
    """The system of a tier. Raises BadInput if what a publisher withheld cannot be completed."""
    found = given.equations
    figures = Figures.of(given.base, found)
    ruled = Ruled.of(given.base, rules, tier, figures.scale[: found.count]).with_unheld(found)
    public, known = (_known(given, figures, ruled, with_ours) for with_ours in (False, True))
    small = ~figures.unknown & (np.abs(figures.value) > 0) & (np.abs(figures.value) < ruled.threshold)
    unsafe = small | _small_rests(found, figures, ruled)
    before = _system(
        given, figures, ruled, _states(given, figures, unsafe, public), _relations(found.rows, figures, ruled)
    )
    state = _states(given, figures, unsafe, known).astype(np.int8)
    primary = state == State.PRIMARY
    system = replace(
        before, state=state, low=np.where(known, before.value, before.low),
        high=np.where(known, before.value, before.high), reach_low=np.where(primary, before.reach_low, 0),
        reach_high=np.where(primary, before.reach_high, 0),
    )  # fmt: skip
    unsafe_out = (small & known & ~public)[: found.count]
    return Assembled(system, before, ruled.threshold[: found.count], figures.scale[: found.count], unsafe_out)


def _system(given: Known, figures: Figures, ruled: Ruled, state: Whole, relations: Relations) -> System:
    """The arrays, cells first, then unheld counts."""
    count, size = given.equations.count, len(state)
    known, primary = state == State.PUBLIC, state == State.PRIMARY
    zero_open = ~ruled.protected & ~ruled.signed & (np.arange(size) < count) & ~figures.unknown
    least = np.where(ruled.signed | (figures.value < 0), -UNBOUNDED, np.where(zero_open, 1, 0))
    low, high = np.where(known, figures.value, least), np.where(known, figures.value, UNBOUNDED)
    ours = _connected_to_ours(relations, state)
    relations = relations.where(relations.touching(ours))
    value, relations = completed(figures.value, figures.unknown & ours, low, high, relations)
    ready = in_order(once(relations))
    cost = np.maximum(np.abs(value), 1)
    cost[count:] = 0
    return System(
        value=value, state=state.astype(np.int8), low=low, high=high,
        reach_low=np.where(primary, np.where(ruled.signed, -ruled.threshold, low), 0),
        reach_high=np.where(primary, ruled.threshold, 0),
        width=np.where((state == State.AGENCY) & ours, 1, 0), cost=cost,
        start=ready.start, cells=ready.cells, coefficients=ready.coefficients, lower=ready.lower, upper=ready.upper,
        names=_names(given.base, given.equations), relation_names=Names(len(ready), lambda row: f"sum {row}"),
    )  # fmt: skip


def _known(given: Known, figures: Figures, ruled: Ruled, with_ours: bool) -> Mask:
    """Known to everybody: public, an open zero, if asked for what is out; and what follows from these alone."""
    found = given.equations
    zero = (figures.value[: found.count] == 0) & ~ruled.protected[: found.count] & ~given.held
    cells = given.public | zero
    cells = (cells | given.out if with_ours else cells) & ~figures.unknown[: found.count]
    return np.concatenate([cells, ~found.held.touching(~cells)])


def _small_rests(found: Equations, figures: Figures, ruled: Ruled) -> Mask:
    """Rests that are too small, of parts whose rule looks at them; also where nobody is left."""
    unsafe = np.zeros(len(figures.value), np.bool_)
    rest, part, _ = found.rests.T
    known = ~figures.unknown[rest] & ~figures.unknown[part]
    small = (figures.value[rest] >= 0) & (figures.value[rest] < ruled.threshold[part]) & (figures.value[part] > 0)
    unsafe[rest[known & small & ruled.complement[part]]] = True
    return unsafe


def _states(given: Known, figures: Figures, unsafe: Mask, known: Mask) -> Whole:
    found = given.equations
    state = np.full(len(known), State.FREE, np.int64)
    state[: found.count][given.held] = State.HELD
    state[found.count :] = State.HELD
    state[unsafe & ~figures.unknown] = State.PRIMARY
    state[: found.count][figures.unknown[: found.count]] = State.AGENCY
    state[known] = State.PUBLIC
    return state


def _relations(rows: Rows, figures: Figures, ruled: Ruled) -> Relations:
    """The rows that hold: exactly, or within rounding where figures are no whole numbers."""
    off = np.abs(rows.totals(np.where(figures.unknown, 0, figures.value)))
    open_rows = rows.touching(figures.unknown)
    negative = (figures.value < 0) & ~figures.unknown & ~ruled.signed
    weight = np.zeros(len(rows), np.int64)
    np.maximum.at(weight, rows.rows, np.abs(rows.coefficients))
    rounding = np.floor(figures.scale[rows.cells[rows.start[:-1]]] * HOLDS * weight).astype(np.int64)
    slack = np.where(open_rows | (off == 0), 0, rounding)
    every = Relations(rows.start, rows.cells, rows.coefficients, -slack, slack, lambda row: f"sum {row}")
    return every.where((open_rows | (off <= slack)) & ~rows.touching(negative))


def _connected_to_ours(relations: Relations, state: Whole) -> Mask:
    """Cells that hang together, by unknown cells, with one whose publication is ours to decide."""
    label = _labels(relations.rows, relations.cells, len(relations), state)
    ours = np.isin(state, [State.FREE, State.PRIMARY])
    return np.isin(label, np.unique(label[ours])) & (state != State.PUBLIC)


def connected(system: System, cell: int) -> Mask:
    """Cells that hang together with one by unknown cells."""
    rows = np.repeat(np.arange(system.relations), np.diff(system.start))
    label = _labels(rows, system.cells, system.relations, system.state.astype(np.int64))
    return np.asarray((label == label[cell]) & (system.state != State.PUBLIC), np.bool_)


def _labels(rows: Whole, cells: Whole, count: int, state: Whole) -> Whole:
    size = len(state)
    entries = state[cells] != State.PUBLIC
    ends = rows[entries] + size, cells[entries]
    graph = coo_array((np.ones(int(entries.sum()), np.int8), ends), shape=(size + count,) * 2)
    _, label = connected_components(graph, directed=False)
    return np.asarray(label[:size], np.int64)


def _names(base: pl.DataFrame, found: Equations) -> Names:
    def name(cell: int) -> str:
        if cell < found.count:
            return str(base["cell"][cell])
        held = found.held
        at = slice(int(held.start[cell - found.count]), int(held.start[cell - found.count + 1]))
        terms = zip(held.coefficients[at].tolist(), held.cells[at].tolist(), strict=True)
        return " ".join(f"{'-' if times < 0 else '+'} {name(one)}" for times, one in terms).removeprefix("+ ")

    return Names(found.count + len(found.like), name)


def with_needs(system: System, least: Whole, most: Whole) -> System:
    """The system with needs no wider than bounds that nothing of ours has made."""
    needs = (system.reach_low != 0) | (system.reach_high != 0)
    low = np.where(needs, np.maximum(system.reach_low, least), system.reach_low)
    high = np.where(needs, np.minimum(system.reach_high, most), system.reach_high)
    return replace(system, reach_low=low, reach_high=high, width=np.minimum(system.width, np.maximum(most - least, 0)))
