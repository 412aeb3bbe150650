# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Statistics at the door: what is made from public figures passes, and no other cell is judged otherwise for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from quality.disclosure.door import judge
from quality.disclosure.rules import load_rules
from tests.quality import tables
from tests.quality.tables import CITY, cell

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]


def statistic(area: str, value: float | None, terms: list[Mapping[str, Any]], **fields: Any) -> dict[str, Any]:
    """A cell of a statistic; its terms have no coefficients."""
    about = {"concept": "social_burden_index", "measure": "social_burden_index", "dims": "", "unit": "z_score"}
    named = [{"cell": one["cell"], "coef": None} for one in terms]
    return cell(area, value, **(about | {"relation": "statistic", "terms": named, "provenance": []} | fields))


def passed(rows: list[dict[str, Any]], tier: str = "public") -> dict[str, tuple[bool, str | None]]:
    judged = judge(tables.cells(rows), load_rules(), tier).cells
    return {row["cell"]: (row["withheld"], row["reason"]) for row in judged.iter_rows(named=True)}


COUNTS = [cell(area, value, dims="sex=f") for area, value in zip(DISTRICTS, (2.0, 400.0, 500.0), strict=True)]
COUNTS += [cell(area, 900.0) for area in DISTRICTS]
PUBLIC = [cell(area, 40.0, concept="unemp", publicity="public") for area in DISTRICTS]


@pytest.mark.parametrize("tier", ["public", "internal"])
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"publicity": "public"}, (False, None)),
        ({"publicity": "public", "value": None, "obs_status": "M"}, (False, None)),
        ({"publicity": "public", "value": None, "obs_status": "Q"}, (True, "agency")),
        ({"publicity": "confidential"}, (True, "statistic")),
        ({"publicity": "confidential", "value": None, "obs_status": "Q"}, (True, "statistic")),
        ({"publicity": "confidential", "class": "none"}, (True, "statistic")),
        ({"publicity": None}, (True, "statistic")),
    ],
)
def test_a_statistic_passes_only_if_it_is_made_from_public_figures(tier: str, fields: dict[str, Any], expected: Any):
    one = statistic(DISTRICTS[0], 1.5, [PUBLIC[0]]) | fields
    assert passed([*COUNTS, *PUBLIC, one], tier)[one["cell"]] == expected


def test_meaning_and_class_decide_first_whether_a_tier_may_know_of_it():
    evidence = statistic(DISTRICTS[0], 1.5, [PUBLIC[0]], publicity="public", meaning="evidence")
    firms = statistic(DISTRICTS[1], 1.5, [PUBLIC[0]], **{"class": "establishment"})
    assert not {evidence["cell"], firms["cell"]} & set(passed([*COUNTS, *PUBLIC, evidence, firms]))
    assert passed([*COUNTS, *PUBLIC, evidence], "internal")[evidence["cell"]] == (False, None)


@pytest.mark.parametrize("tier", ["public", "internal"])
def test_statistics_change_nothing_for_other_cells(tier: str):
    without = passed([*COUNTS, *PUBLIC], tier)
    more = [statistic(area, float(number), COUNTS, measure=f"index_{number}") for number, area in enumerate(DISTRICTS)]
    more += [statistic(area, 1.0, PUBLIC, measure="shown", publicity="public") for area in DISTRICTS]
    more.append(statistic(CITY, 1.0, COUNTS[:1], measure="alone", basis="ba"))
    with_them = passed([*more, *COUNTS, *PUBLIC], tier)
    assert {name: found for name, found in with_them.items() if name in without} == without
    assert any(withheld for withheld, _ in without.values())


def test_a_statistic_made_of_a_withheld_cell_is_withheld_too():
    one = statistic(DISTRICTS[0], 2.0, COUNTS[:2], publicity="public")
    other = statistic(DISTRICTS[1], 2.0, COUNTS[4:5], publicity="public")
    found = passed([*COUNTS, one, other])
    assert found[COUNTS[0]["cell"]] == (True, "rule")
    assert found[one["cell"]] == (True, "derived") and found[other["cell"]] == (False, None)
