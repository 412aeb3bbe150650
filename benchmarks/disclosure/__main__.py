# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks.disclosure [--sizes S SM M L] [--need 1|2|3|default] [--threshold 3|5|10] [--instances DIR]`.

One table: what is withheld beside the primary cells, time, processor time, peak memory, failing cells of the
independent audit of the same run, and what GaussSuppression (R, defaults) was recorded to reach. Exit code 1 if a
cell fails or an audit is not finished. Each size runs in a fresh process that has loaded its compiled loops before.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.disclosure.generate import SIZES
from benchmarks.disclosure.measure import Run, measure

RECORDED = {
    "S": "52 cells / 513, 0.23 s, 0 failing",
    "SM": "1,299 / 14,072, 3.6 s, 4 failing",
    "M": "6,026 / 77,806, 37 s, 29 failing",
    "L": "no result in 2,700 s",
    "XL": "not feasible",
}
"""GaussSuppression with its defaults on two cores: need 1, threshold 3, published zeros, cost = value."""


def main() -> int:
    """Measure and print; 1 if a cell fails or an audit is not finished."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.disclosure")
    words.add_argument("--sizes", nargs="+", default=["S", "SM", "M", "L"], choices=list(SIZES))
    words.add_argument("--need", default="1", help="width of the interval, or `default`: from 1 to the threshold")
    words.add_argument("--threshold", type=int, default=3, help="counts below it are primary")
    words.add_argument("--cost", default="value", choices=["value", "count", "log"])
    words.add_argument("--effort", type=int, default=2, help="sweeps that leave out dear cells")
    words.add_argument("--instances", default="", help="folder with NAME_inner.csv and NAME_hier_*.csv")
    words.add_argument("--seed", type=int, default=1, help="of the generated tables")
    words.add_argument("--seconds", type=float, default=3600, help="of an audit at most")
    given = words.parse_args()
    console, bad = Console(width=150), False
    table = Table(
        "size",
        "cells",
        "primary",
        "secondary",
        "value",
        "s",
        "s (cores)",
        "s audit",
        "MB",
        "failing",
        "recorded reference",
    )
    for size in given.sizes:
        folder = given.instances if (Path(given.instances) / f"{size}_inner.csv").is_file() else ""
        run = Run(size, given.need, given.threshold, given.cost, given.effort, folder, given.seed, given.seconds)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            figures = pool.submit(measure, run).result()
        bad = bad or figures.failing > 0 or figures.unfinished > 0
        same = folder and (given.need, given.threshold, given.cost) == ("1", 3, "value")
        table.add_row(
            size + ("" if folder else " (generated)"), f"{figures.cells:,}", f"{figures.primaries:,}",
            f"{figures.secondary:,}", f"{figures.value:,}", f"{figures.wall:.2f}", f"{figures.processor:.2f}",
            f"{figures.audited:.1f}", f"{figures.peak:,.0f}",
            f"{figures.failing}" + (" (audit unfinished)" if figures.unfinished else ""),
            RECORDED[size] if same or size in ("L", "XL") else f"other table: {RECORDED[size]}",
        )  # fmt: skip
    console.print(f"need {given.need}, threshold {given.threshold}, cost {given.cost}, published zeros, least 1")
    console.print(table)
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; reference: GaussSuppression, as recorded")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
