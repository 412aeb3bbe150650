# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""How far back a KPI looks, and so which of its values a break touches.

Here belongs what follows from the period rules of its measures. Not here: the breaks themselves (`kpis/<domain>.yml`)
and what a break does to a value (`transforms/models/kpi`, docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Iterable

from raw.vocabulary.measures import measures, plain_name
from transforms.catalogue.model import Kpi, parse_expression


def look_back(kpi: Kpi) -> int:
    """Years over which the KPI is a change; 0 for what is none.

    The numerator is a change if it takes a figure away from the same figure of another year: five years for
    `pop_total - pop_total_prev5`. An index less itself is one over its `lag_years`.
    """
    if kpi.lag_years:
        return kpi.lag_years
    years: dict[str, dict[int, float]] = {}
    for coef, name in parse_expression(kpi.numerator) if kpi.numerator else ():
        found = years.setdefault(plain_name(measures()[name]), {})
        for offset, share in measures()[name].offsets.items():
            found[offset] = found.get(offset, 0.0) + coef * share
    return max(map(_change, years.values()), default=0)


def _change(coefs: dict[int, float]) -> int:
    """The years between the first and the last figure of a row of years, if some are taken away from others."""
    used = [offset for offset, coef in coefs.items() if coef]
    return max(used) - min(used) if {coefs[offset] > 0 for offset in used} == {True, False} else 0


def reaches(kpi: Kpi) -> tuple[int, int]:
    """Years that the oldest figure of the numerator, and of the denominator, lies back.

    A mean of two year ends touches a break in its first year and in the year after. A statistic has one side, which
    are all its inputs. A change has none: over a break it has no value, and after it the break is behind it.
    """
    if look_back(kpi):
        return 0, 0
    if kpi.statistic:
        return _oldest(kpi.used_inputs), 0
    above, below = (
        [name for _, name in parse_expression(text)] if text else [] for text in (kpi.numerator, kpi.denominator)
    )
    return _oldest(above), _oldest(below)


def _oldest(names: Iterable[str]) -> int:
    return max([0, *(-min(measures()[name].offsets) for name in names if name in measures())])
