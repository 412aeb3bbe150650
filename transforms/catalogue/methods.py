# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The methods that an entry of the catalogue may name, what they are made from, and their options.

Here belongs what a method asks of an entry. Not here: the methods themselves (`quality/cells/statistics`) and what they
mean (docs/methods.md).

Options of an entry:

- `years`: sums of that many years, each under its last; inputs that pool years themselves cannot be pooled again.
- `denominator_bases`: other bases that the second input may come from, in order of preference.
- `open_mean`: the assumed mean age of the open age group; `completed`: ages in completed years, 0.5 lower.
- `weights`: input -> weight, 1 where none is given; `exclude`: inputs left out, so that a site that has no figures for
  one takes the index without it; `base_period`: whose areas are the base, by default that of `first_year`.
- `lag_years`: the difference of an index to itself so many years before, on the same base.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

STATISTICS_RULES = ("composite", "before_door")
Role = Literal["vector", "measure"]
Method = Literal[
    "median_age", "mean_age", "total_fertility_rate", "life_expectancy", "standardised_rate", "pooled_rate",
    "smoothed_rate", "segregation_index", "z_index",
]  # fmt: skip
"""Functions of `quality.cells.statistics.frames` that make a KPI."""

OPTIONS = ("years", "lag_years", "open_mean", "completed", "weights", "base_period", "exclude")
"""Fields of an entry that only statistics have."""


class Form(NamedTuple):
    """The inputs of a method in order, and its options; without inputs it takes any number of measures and KPIs."""

    inputs: tuple[Role, ...]
    options: frozenset[str] = frozenset()


_RATE = frozenset({"years", "denominator_bases"})
METHODS: Mapping[Method, Form] = {
    "median_age": Form(("vector",), frozenset({"completed"})),
    "mean_age": Form(("vector",), frozenset({"completed", "open_mean"})),
    "total_fertility_rate": Form(("vector", "vector"), _RATE),
    "life_expectancy": Form(("vector", "vector"), _RATE),
    "standardised_rate": Form(("vector", "vector"), _RATE),
    "pooled_rate": Form(("measure", "measure"), _RATE),
    "smoothed_rate": Form(("measure", "measure"), _RATE),
    "segregation_index": Form(("measure", "measure")),
    "z_index": Form((), frozenset({"lag_years", "weights", "base_period", "exclude"})),
}
