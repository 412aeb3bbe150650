# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From cells, sums and rules to the arrays of a system.

Belongs here: rests as cells, the completion of unknown values, states, costs, names. Does not belong here: reading and
checking the input (`registry`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np

from quality.disclosure.model.completion import complete_unknown
from quality.disclosure.model.cost import Cost
from quality.disclosure.model.equations import sums
from quality.disclosure.model.facts import About as CellAbout
from quality.disclosure.model.facts import Fact, relations_of
from quality.disclosure.model.faults import MAX_SAID, BadInput, Fault, fault
from quality.disclosure.model.keys import Space, positions
from quality.disclosure.model.pool import Pool
from quality.disclosure.model.primary import About, Judged, PerMeasure, Rests, complements, group_rests, judge
from quality.disclosure.model.reach import known_before
from quality.disclosure.model.relations import Relations, in_order, of_rows, once, together
from quality.disclosure.model.releases import Variables
from quality.disclosure.model.rounding import NoRounding, shown_as
from quality.disclosure.model.system import UNBOUNDED, Mask, State, System, Whole
from quality.disclosure.rules import MeasureRule, Rule


@dataclass(frozen=True)
class Parts:
    """What a system is assembled from."""

    space: Space
    entries: Mapping[str, MeasureRule]
    rules: Mapping[str, Rule]
    pool: Pool
    known: Variables
    relations: Relations
    facts: Sequence[Fact] = ()
    keep: Sequence[CellAbout] = ()
    need: int | None = None
    cost: Cost = Cost()  # noqa: RUF009 - frozen


class Names(Sequence[str]):
    """Names that are made when somebody asks: a million of them are rarely read."""

    def __init__(self, count: int, name: Callable[[int], str]) -> None:
        self._count, self._name = count, name

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self._name(one) for one in range(*at.indices(self._count))]
        if not -self._count <= at < self._count:
            raise IndexError(at)
        return self._name(int(at) % self._count)

    def __iter__(self) -> Iterator[str]:
        return (self._name(one) for one in range(self._count))


def assemble(parts: Parts) -> tuple[System, Whole, Mask]:
    """The system; per variable as what it is shown, and whether it is unsafe and known already. Raises BadInput."""
    about = _about(parts)
    per_measure = PerMeasure.of(parts.space.codes[0], parts.rules, parts.entries)
    judged = judge(parts.space, about, per_measure, parts.need)
    kept, wrong = _kept(parts, judged)
    judged, faults = replace(judged, state=kept), wrong
    cell_of = dict(zip(parts.pool.keys.tolist(), parts.known.now.tolist(), strict=True)) if parts.facts else {}
    public = judged.state == State.PUBLIC
    extra, wrong = relations_of(parts.facts, parts.space, cell_of, about.value, about.unknown, public)
    faults += wrong
    rests, wrong = _rests(parts, about, per_measure)
    faults += wrong
    if faults:
        raise BadInput(faults)
    judged = _nobody(parts, about, judged, per_measure)
    relations = once(together([parts.relations, extra]))
    value = complete_unknown(about.value, about.unknown, judged.low, judged.high, relations)
    size = np.abs(about.value)
    threshold = per_measure.threshold[parts.space.at(about.key, 0)]
    unsafe_out = public & (size > 0) & (size < threshold) & parts.known.out & ~about.unknown
    return _system(parts, value, judged, relations, rests), about.shown, unsafe_out


def _about(parts: Parts) -> About:
    """What is known of each variable; attributes of present cells belong to their present variable."""
    known, pooled = parts.known, parts.pool
    count = len(known.key)

    def of_now(values: Whole | Mask, otherwise: int = 0) -> Whole:
        spread = np.full(count, otherwise, np.int64)
        spread[known.now] = values
        return spread

    public = of_now(pooled.public | pooled.structural) > 0
    rounding = np.where(known.unknown, 0, known.rounding)
    try:
        shown = shown_as(known.value, rounding, known.shown, known.is_shown, parts.relations)
    except NoRounding:
        raise BadInput([fault("no_rounding")]) from None
    return About(
        known.key, known.value, known.unknown, known.present, public | known.out & (known.rounding == 0), known.held,
        of_now(pooled.closed) > 0,
        of_now(pooled.unpublished) > 0, rounding, shown, of_now(pooled.agency_low, int(-UNBOUNDED)),
        of_now(pooled.agency_high, int(UNBOUNDED)),
    )  # fmt: skip


def _kept(parts: Parts, judged: Judged) -> tuple[Whole, list[Fault]]:
    """The states with cells that are always published; those must not need protection themselves."""
    state, faults = judged.state.copy(), []
    for about in parts.keep:
        key = parts.space.key(about)
        at, there = positions(np.array([key]), parts.pool.keys)
        name = ", ".join(f"{dimension} {code}" for dimension, code in about.items())
        if not there[0]:
            faults.append(fault("no_cell", fact="keep", cell=name))
            continue
        cell = parts.known.now[at[0]]
        if state[cell] in (State.PRIMARY, State.AGENCY, State.HELD):
            faults.append(fault("must_stay", cell=name))
        state[cell] = State.PUBLIC
    return state, faults


def _in_groups(parts: Parts) -> tuple[Whole, Whole]:
    """Wholes and parts (places in the pool) along the dimensions that rules name for group disclosure."""
    space, keys = parts.space, parts.pool.keys
    wholes, members = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for one in sums(space, keys):
        dimension = space.dimensions[one.dimension]
        ruled = np.array([dimension in parts.rules[measure].group_disclosure for measure in space.codes[0]])
        whole, there = positions(np.repeat(one.whole, np.diff(one.start)), keys)
        part = positions(one.parts, keys)[0]
        chosen = there & ruled[space.at(one.parts, 0)]
        wholes.append(whole[chosen])
        members.append(part[chosen])
    return np.concatenate(wholes), np.concatenate(members)


def _rests(parts: Parts, about: About, per_measure: PerMeasure) -> tuple[Rests, list[Fault]]:
    """The rests that rules look at, each once, as variables; and parts that exceed their whole."""
    now, pooled = parts.known.now, parts.pool
    usable = ~about.unknown[now] & (pooled.rounding == 0)
    value = about.value[now]
    whole, part = _in_groups(parts)
    chosen = usable[whole] & usable[part]
    whole, part = whole[chosen], part[chosen]
    threshold = per_measure.threshold[parts.space.at(pooled.keys[part], 0)]
    found = [
        complements(parts.space, pooled.keys, value, usable, parts.rules, parts.entries),
        group_rests(value, whole, part, threshold),
    ]
    rests = Rests(*(np.concatenate([getattr(one, name) for one in found]) for name in Rests.__dataclass_fields__))
    _, first = np.unique(np.stack([rests.whole, rests.part], axis=1), axis=0, return_index=True)
    rests = Rests(*(getattr(rests, name)[first] for name in Rests.__dataclass_fields__))
    above = np.flatnonzero(rests.value < 0)[: MAX_SAID * 2]
    names = [parts.space.names(pooled.keys[places[above]]) for places in (rests.part, rests.whole)]
    faults = [fault("above_whole", cell=cell, whole=all_of_it) for cell, all_of_it in zip(*names, strict=True)]
    return replace(rests, whole=now[rests.whole], part=now[rests.part]), faults


def _nobody(parts: Parts, about: About, judged: Judged, per_measure: PerMeasure) -> Judged:
    """Where zeros are protected, a group of which nobody is in the part (0 %) is unsafe too."""
    whole, part = (parts.known.now[places] for places in _in_groups(parts))
    nobody = np.zeros(len(about.key), np.bool_)
    nobody[part[(about.value[part] == 0) & (about.value[whole] > 0)]] = True
    measure = parts.space.at(about.key, 0)
    nobody &= (judged.state == State.FREE) & ~about.unknown & per_measure.protected[measure]
    own_need = parts.need is None
    return replace(
        judged,
        state=np.where(nobody, State.PRIMARY, judged.state),
        reach_high=np.where(nobody & own_need, per_measure.threshold[measure], judged.reach_high),
        width=np.where(nobody & (not own_need), parts.need or 0, judged.width),
    )


def _within_reach(parts: Parts, relations: Relations, low: Whole, high: Whole, need: Judged) -> Judged:
    """Needs no wider than what is open before anything of ours is published (`reach`)."""
    ours = np.ones(len(low), np.bool_)
    ours[parts.known.now[parts.pool.public & ~parts.pool.agency]] = False
    zero = (need.state == State.PUBLIC) & (low == 0) & (high == 0)
    protected = any(rule.zeros == "protected" for rule in parts.rules.values())
    seen = np.where(low > 0, 0 if protected else 1, -UNBOUNDED)
    open_low = np.where(ours & ~zero & (need.state == State.PUBLIC), seen, low)
    open_high = np.where(ours & ~zero, UNBOUNDED, high)
    least, most = known_before(relations, open_low, open_high)
    wanted = (need.reach_low != 0) | (need.reach_high != 0)
    reach_low = np.where(wanted, np.maximum(need.reach_low, least), need.reach_low)
    reach_high = np.where(wanted, np.minimum(need.reach_high, most), need.reach_high)
    return replace(need, reach_low=reach_low, reach_high=reach_high, width=np.minimum(need.width, most - least))


def _system(parts: Parts, value: Whole, judged: Judged, relations: Relations, rests: Rests) -> System:
    """The arrays, variables first, then rests."""
    count, more = len(value), len(rests.part)
    none = np.zeros(more, np.int64)
    both_known = (judged.state[rests.whole] == State.PUBLIC) & (judged.state[rests.part] == State.PUBLIC)
    state = np.where(both_known, State.PUBLIC, np.where(rests.unsafe, State.PRIMARY, State.HELD))
    needy = rests.unsafe & ~both_known
    own_need = parts.need is None
    triples = zip(rests.whole.tolist(), rests.part.tolist(), range(count, count + more), strict=True)
    rows = of_rows(
        [[(whole, 1), (part, -1), (rest, -1)] for whole, part, rest in triples],
        [(0, 0)] * more,
        lambda row: f"{name(int(rests.whole[row]))} - {name(int(rests.part[row]))}",
    )

    def name(cell: int) -> str:
        if cell < count:
            return parts.space.name(int(parts.known.key[cell])) + ("" if parts.known.present[cell] else " (old value)")
        return rows.name(cell - count)

    every = in_order(together([relations, rows]))
    low = np.concatenate([judged.low, np.where(both_known, rests.value, 0)])
    high = np.concatenate([judged.high, np.where(both_known, rests.value, UNBOUNDED)])
    need = _within_reach(
        parts,
        every,
        low,
        high,
        Judged(
            np.concatenate([judged.state, state]),
            low,
            high,
            np.concatenate([judged.reach_low, none if own_need else np.where(needy, rests.value, 0)]),
            np.concatenate([judged.reach_high, np.where(needy, rests.threshold if own_need else rests.value, 0)]),
            np.concatenate([judged.width, none if own_need else np.where(needy, parts.need or 0, 0)]),
        ),
    )
    margin = np.zeros(count, np.bool_)
    margin[relations.cells[relations.coefficients < 0]] = True
    cost = parts.cost.of(value, margin, parts.known.out)
    return System(
        value=np.concatenate([value, rests.value]),
        state=need.state.astype(np.int8),
        low=low, high=high, reach_low=need.reach_low, reach_high=need.reach_high, width=need.width,
        cost=np.concatenate([cost, none]),

        start=every.start, cells=every.cells, coefficients=every.coefficients, lower=every.lower, upper=every.upper,
        names=Names(count + more, name), relation_names=Names(len(every), every.name),
    )  # fmt: skip
