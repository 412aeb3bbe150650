# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Our way to the cells. The one place of this benchmark that knows the entry points of `quality.cells`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cells import plan
from benchmarks.cells.generate import Nation
from quality.cells.cells import Geography, build_cells
from quality.cells.plan import plans
from transforms.catalogue import load

MEMORY = "7GB"
PLANS = plans(load().computable())
"""What is to be formed, read before the clock runs, as the recipes of the floor are."""


def form(nation: Nation, lake: Path) -> None:
    """Form every cell that the catalogue needs, and what it was made of, as files in a lake."""
    lake.mkdir(parents=True, exist_ok=True)
    rebuild(nation, lake)


def rebuild(nation: Nation, lake: Path) -> list[str]:
    """Bring the cells of every domain in the lake up to date; return the parts that were formed anew.

    What only statistics are made from (vectors by age) is left out: the floor does not form it either.
    """
    known = set(lake.glob("cells/*/*.parquet"))
    for wanted in PLANS.values():
        build_cells(lake, wanted, nation.checked, plan.sources(), Geography(key="none"), MEMORY)
    return sorted(path.stem.rpartition("-")[0] for path in set(lake.glob("cells/*/*.parquet")) - known)
