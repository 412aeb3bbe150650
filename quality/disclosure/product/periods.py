# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What figures of months and quarters tell about those of longer periods.

Belongs here: equations over periods among the cells that are there. Does not belong here: what a period is made of
(`raw.vocabulary.relations`), and equations of one period (`lines`, `areas`).
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from raw.vocabulary.dimensions import parsed_dims
from raw.vocabulary.measures import Measure, concepts
from raw.vocabulary.period import frequency
from raw.vocabulary.relations import period_terms

_FIGURE = ["concept", "dims", "area", "area_level", "basis"]
_FINER = ("Q", "M")


def period_sums(base: pl.DataFrame) -> Iterator[tuple[list[int], list[int]]]:
    """Numbers of cells with coefficients that add up to zero: a period and all that it is made of.

    `base` are cells with `number`. Of a mean the whole counts as often as it has parts.
    """
    several = base.filter((pl.col("period").str.len_chars() > 4).any().over(_FIGURE))
    grouped = several.group_by(_FIGURE, maintain_order=True).agg("period", "number")
    for concept, dims, _, _, _, periods, numbers in grouped.iter_rows():
        if concept not in concepts() or len(set(map(frequency, periods))) < 2:
            continue
        measure, place = (
            Measure(concept=concept, dims=dict(parsed_dims(dims))),
            dict(zip(periods, numbers, strict=True)),
        )
        for period, number in sorted(place.items()):
            for code in _FINER:
                terms = period_terms(measure, period, code) if frequency(period) != code else None
                if terms and all(part in place and part != period for part, _ in terms):
                    yield [number, *(place[part] for part, _ in terms)], _whole_numbers([by for _, by in terms])


def _whole_numbers(shares: list[float]) -> list[int]:
    """-1 and the shares, times the number that makes them whole: each is 1 or one of equal parts."""
    times = 1 if all(share == 1 for share in shares) else len(shares)
    return [-times, *(round(share * times) for share in shares)]
