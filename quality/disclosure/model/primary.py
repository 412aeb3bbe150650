# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Primary cells: what is unsafe by itself, and how wide an interval it needs.

Belongs here: the rules of measures applied to values. Does not belong here: the rules (`quality.disclosure.rules`), and
what is withheld for others.

A count of 1 to the threshold less one is unsafe. By default its interval has to reach from the least that a withheld
cell can be (1 where zeros are published, else 0) to the threshold, so that nobody learns that it is small. A rest of
the whole (complement) and the rest of a group (0 %, 100 %) are cells of their own that are never published: what makes
them known is then withheld like anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quality.disclosure.model.keys import MEASURE, Space
from quality.disclosure.model.rounding import told
from quality.disclosure.model.system import UNBOUNDED, Mask, State, Whole
from quality.disclosure.rules import MeasureRule, Rule


@dataclass(frozen=True)
class PerMeasure:
    """The rules of the measures of a space as arrays, by the place of the measure."""

    threshold: Whole
    protected: Mask
    signed: Mask
    unit: Whole

    @classmethod
    def of(cls, measures: Sequence[str], rules: Mapping[str, Rule], entries: Mapping[str, MeasureRule]) -> PerMeasure:
        """From the rules of a tier; thresholds in units of the last decimal."""
        unit = np.array([10 ** entries[name].decimals for name in measures], np.int64)
        return cls(
            np.array([rules[name].min_count for name in measures], np.int64) * unit,
            np.array([rules[name].zeros == "protected" for name in measures], np.bool_),
            np.array([entries[name].signed for name in measures], np.bool_),
            unit,
        )


@dataclass(frozen=True)
class Judged:
    """State, bounds and need of each variable, as `System` has them."""

    state: Whole
    low: Whole
    high: Whole
    reach_low: Whole
    reach_high: Whole
    width: Whole


@dataclass(frozen=True)
class About:
    """What the judgement of variables looks at: one array each, as long as there are variables."""

    key: Whole
    value: Whole
    unknown: Mask
    present: Mask
    known: Mask
    """Public at its source, out in an earlier release, structural, or never to be withheld."""
    held: Mask
    closed: Mask
    """Withheld by a publisher, though its value is known here."""
    unpublished: Mask
    rounding: Whole
    shown: Whole
    agency_low: Whole
    agency_high: Whole


def judge(space: Space, about: About, rules: PerMeasure, need: int | None = None) -> Judged:
    """State, bounds and need of each variable. With `need`, an interval of that width is enough for a primary cell."""
    measure = space.at(about.key, space.dimensions.index(MEASURE))
    threshold, protected, signed = rules.threshold[measure], rules.protected[measure], rules.signed[measure]
    rounded = (about.rounding != 0) & ~about.unknown
    size = np.abs(about.value)
    zero_known = (about.value == 0) & ~protected & ~signed & ~rounded & ~about.unknown & about.present
    unsafe = (size > 0) & (size < threshold) & ~about.unknown
    state = np.full(len(about.key), State.FREE, np.int64)
    state[about.held | ~about.present | rounded] = State.HELD
    state[about.closed] = State.AGENCY
    state[unsafe] = State.PRIMARY
    state[about.unknown] = State.AGENCY
    state[(about.known | zero_known) & ~about.unknown] = State.PUBLIC
    low = np.where(signed, -UNBOUNDED, np.where(protected | about.unpublished, 0, 1))
    high = np.full(len(low), UNBOUNDED)
    low = np.where(about.unknown, np.maximum(np.where(signed, -UNBOUNDED, low), about.agency_low), low)
    high = np.where(about.unknown, np.minimum(high, about.agency_high), high)
    low, high = _rounding(about, rounded, signed, low, high)
    public = state == State.PUBLIC
    low, high = np.where(public, about.value, low), np.where(public, about.value, high)
    primary = state == State.PRIMARY
    covered = primary & ~rounded if need is None else np.zeros(len(low), np.bool_)
    reach_low = np.where(covered, np.where(signed, -threshold, low), np.where(primary, about.value, 0))
    reach_high = np.where(covered, threshold, np.where(primary, about.value, 0))
    width = np.where(primary & ~covered, 1 if need is None else need, 0)
    width = np.where((about.unknown & ~about.unpublished | (state == State.AGENCY) & about.closed) & ~public, 1, width)
    return Judged(state, low, high, reach_low, reach_high, width)


def _rounding(about: About, rounded: Mask, signed: Mask, low: Whole, high: Whole) -> tuple[Whole, Whole]:
    """What a rounded figure says of the cell; everybody may know how it was rounded."""
    least, most = told(about.shown, about.rounding)
    least = np.where(signed, least, np.maximum(least, 0))
    return np.where(rounded, least, low), np.where(rounded, most, high)


@dataclass(frozen=True)
class Rests:
    """Rests of wholes: `whole = part + rest`, row by row, as variables; the need of the rest."""

    whole: Whole
    part: Whole
    value: Whole
    unsafe: Mask
    threshold: Whole


def complements(
    space: Space, key: Whole, value: Whole, usable: Mask, rules: Mapping[str, Rule], entries: Mapping[str, MeasureRule]
) -> Rests:
    """The rest of each cell in the measure that it is a part of, where both are there (keys sorted).

    Beside none of it the rest is the whole, which has its own rule.
    """
    wholes: list[Whole] = []
    parts: list[Whole] = []
    thresholds: list[Whole] = []
    stride, measures = space.strides[0], space.codes[0]
    at = space.at(key, 0)
    for place, name in enumerate(measures):
        whole = entries[name].within
        if whole not in measures or not rules[name].complement:
            continue
        own = np.flatnonzero((at == place) & usable)
        target = key[own] + (measures.index(whole) - place) * stride
        found = np.minimum(np.searchsorted(key, target), len(key) - 1)
        there = (key[found] == target) & usable[found]
        parts.append(own[there])
        wholes.append(found[there])
        limit = max(rules[name].min_count, rules[whole].min_count) * 10 ** entries[name].decimals
        thresholds.append(np.full(int(there.sum()), limit, np.int64))
    none = np.zeros(0, np.int64)
    part, whole_of, threshold = (np.concatenate([none, *several]) for several in (parts, wholes, thresholds))
    rest = value[whole_of] - value[part]
    unsafe = (rest >= 0) & (rest < threshold) & (value[part] > 0)
    return Rests(whole_of, part, rest, unsafe, threshold)


def group_rests(value: Whole, whole: Whole, part: Whole, threshold: Whole) -> Rests:
    """The rest beside a part that is all of its whole (100 %), for the sums of a dimension with that rule."""
    everybody = (value[part] == value[whole]) & (value[whole] > 0)
    kept = np.flatnonzero(everybody)
    zero = np.zeros(len(kept), np.int64)
    return Rests(whole[kept], part[kept], zero, np.ones(len(kept), np.bool_), threshold[kept])
