# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Equations of tables: each parent in a hierarchy is the sum of its children, for each combination of the rest.

Belongs here: which equations a set of keys has, what is absent from them, and margins that are formed. Does not belong
here: values that do not add up (`registry`), and relations that no hierarchy gives (`facts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quality.disclosure.model.keys import Space, positions
from quality.disclosure.model.system import Mask, Whole


@dataclass(frozen=True)
class Sums:
    """The equations of one hierarchy: the key of each whole, and its parts `parts[start[e]:start[e + 1]]` as keys.

    `lacking` counts the parts that the hierarchy names and the keys do not have.
    """

    dimension: int
    hierarchy: int
    whole: Whole
    start: Whole
    parts: Whole
    lacking: Whole


def sums(space: Space, keys: Whole) -> Iterator[Sums]:
    """The equations of sorted keys, hierarchy by hierarchy, wherever one part is there; wholes in ascending order."""
    for d, hierarchies in enumerate(space.above):
        at = space.at(keys, d) if hierarchies else keys
        for number, above in enumerate(hierarchies):
            parents = above[at]
            is_part = parents >= 0
            wholes = keys[is_part] + (parents - at)[is_part] * space.strides[d]
            order = np.argsort(wholes, kind="stable")
            whole, start = np.unique(wholes[order], return_index=True)
            named = np.bincount(above[above >= 0], minlength=len(above))
            count = np.diff(np.append(start, len(wholes)))
            yield Sums(
                d, number, whole, np.append(start, len(wholes)), keys[is_part][order],
                named[space.at(whole, d)] - count,
            )  # fmt: skip


def lacking_parts(space: Space, one: Sums, equation: int) -> Whole:
    """The keys of the parts that an equation lacks."""
    above, d = space.above[one.dimension][one.hierarchy], one.dimension
    whole = one.whole[equation]
    place = space.at(one.whole[equation : equation + 1], d)[0]
    named = whole + (np.flatnonzero(above == place) - place) * space.strides[d]
    return np.setdiff1d(named, one.parts[one.start[equation] : one.start[equation + 1]])


def equation_name(space: Space, dimension: int, hierarchy: int, whole: int, language_free: str = "Σ") -> str:
    """`whole = Σ dimension`, for messages."""
    return f"{space.name(whole)} = {language_free} {space.labels[dimension][hierarchy]}"


@dataclass(frozen=True)
class Margins:
    """Keys with their values once all margins are there; `formed` are new, `unknown` ones have no value."""

    keys: Whole
    value: Whole
    unknown: Mask
    formed: Mask


def with_margins(space: Space, keys: Whole, value: Whole, unknown: Mask) -> Margins:
    """Form every margin that the hierarchies know and the sorted keys lack, from the lowest level upwards.

    A part that is absent counts as zero; a margin of an unknown part is unknown. Margins that are there stay.
    """
    formed = np.zeros(len(keys), np.bool_)
    for d, hierarchies in enumerate(space.above):
        for above in hierarchies:
            for level in reversed(_levels(above)):
                at = space.at(keys, d)
                low = np.isin(at, level)
                wholes = keys[low] + (above[at[low]] - at[low]) * space.strides[d]
                new, inverse = np.unique(wholes, return_inverse=True)
                total = np.zeros(len(new), np.int64)
                np.add.at(total, inverse, value[low])
                open_ones = np.bincount(inverse, unknown[low], len(new)) > 0
                absent = ~positions(new, keys)[1]
                order = np.argsort(np.concatenate([keys, new[absent]]), kind="stable")
                keys = np.concatenate([keys, new[absent]])[order]
                value = np.concatenate([value, np.where(open_ones, 0, total)[absent]])[order]
                unknown = np.concatenate([unknown, open_ones[absent]])[order]
                formed = np.concatenate([formed, np.ones(absent.sum(), np.bool_)])[order]
    return Margins(keys, value, unknown, formed)


def _levels(above: Whole) -> list[Whole]:
    """Codes that have a parent, by their distance from the root: children of roots first."""
    depth = np.zeros(len(above), np.int64)
    at = above.copy()
    while (at >= 0).any():
        depth += at >= 0
        at = np.where(at >= 0, above[at], -1)
    return [np.flatnonzero(depth == level) for level in range(1, int(depth.max(initial=0)) + 1)]
