# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Our way to the cells. The one place of this benchmark that knows the entry points of `quality.cells`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cells import plan
from benchmarks.cells.generate import Nation
from quality.cells.cells import build_cells, domains, expressions, form_cells, needed_measures
from transforms.catalogue import load


def form(nation: Nation, out: Path) -> None:
    """Form every cell that the catalogue needs, and write them as Parquet."""
    wanted = expressions(load().computable())
    cells = form_cells(wanted, needed_measures(wanted), nation.checked, plan.sources(), nation.areas)
    cells.write_parquet(out)


def rebuild(nation: Nation, lake: Path) -> list[str]:
    """Bring the cells of every domain in the lake up to date; return the domains that were formed anew."""
    anew = []
    for domain, kpis in domains(load().computable()).items():
        before = set(lake.glob(f"cells/{domain}/*"))
        build_cells(lake, domain, kpis, nation.checked, plan.sources(), nation.areas)
        if set(lake.glob(f"cells/{domain}/*")) != before:
            anew.append(domain)
    return anew
