# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""`python -m benchmarks.cells [--scale 0.01 0.1 1] [--with pandas]`: one table, exit code 1 over a target.

A scale is the share of 11,200 areas, over 20 years and all measures of the catalogue. Contestants take turns, each run
in a fresh process; all must form the same cells. pandas holds everything in memory and runs up to `PANDAS_UP_TO` only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.cells import contestants
from benchmarks.cells.contestants import Run
from benchmarks.cells.generate import Nation, generate, write_source

MAX_OF_FLOOR, MIN_OF_PANDAS, MAX_MB = 1.5, 10, 8000
PANDAS_UP_TO = 0.1
WIDTH, NAMED = 150, 20
CHANGED = "finance"
"""The source whose file is exchanged to see what depends on it."""


def main() -> int:
    """Measure the way from checked observations to cells; 1 if a target is missed or cells differ."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.cells")
    words.add_argument("--scale", type=float, nargs="+", default=[0.01, 0.1, 1.0], help="shares of the areas")
    words.add_argument("--with", dest="also", choices=["pandas"], help="who else takes part")
    words.add_argument("--without", nargs="+", choices=["ours", "change"], default=[], help="what is left out")
    words.add_argument("--runs", type=int, default=3, help="runs of each below scale 1; their median counts")
    words.add_argument("--keep", type=Path, help="folder for input and cells, reused by the next call")
    given = words.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="cells-"))
    try:
        faults = _measure(folder, given, Console(width=WIDTH))
    finally:
        if given.keep is None:
            shutil.rmtree(folder)
    return 1 if faults else 0


def _measure(folder: Path, given: argparse.Namespace, console: Console) -> list[str]:
    """Print the table and what is wrong, and return the latter."""
    faults: list[str] = []
    head = ("scale", "rows in", "cells", "ours s", "floor s", "ratio", "pandas s", "ratio")
    table = Table(*head, "MB ours", "floor", "pandas", title="seconds: median on the clock (of both cores together)")
    for scale in sorted(given.scale):
        nation = _nation(folder / f"{scale:g}", scale, console)
        names = ["floor", *(["ours"] if "ours" not in given.without else [])]
        names += ["pandas"] if given.also and scale <= PANDAS_UP_TO else []
        found = _take_turns(nation, names, 1 if scale >= 1 else given.runs, faults)
        table.add_row(f"{scale:g}", f"{nation.rows:,}", *_row(nation, found))
        faults += _over(scale, found)
    if not {"ours", "change"} & set(given.without):
        faults += _changed_source(folder / f"{min(given.scale):g}", console)
    console.print(table)
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, DuckDB: {contestants.THREADS} threads")
    for fault in faults:
        console.print(fault, style="red")
    return faults


def _nation(folder: Path, scale: float, console: Console) -> Nation:
    if (folder / "complete").exists():
        return Nation(folder)
    start = time.perf_counter()
    nation = generate(folder, scale)
    (folder / "complete").touch()
    console.print(f"generated {nation.rows:,} rows at scale {scale:g} in {time.perf_counter() - start:.0f} s")
    return nation


def _take_turns(nation: Nation, names: list[str], runs: int, faults: list[str]) -> dict[str, Run]:
    """Median of the runs of each; a difference between their cells is a fault."""
    found: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            out = _out(nation, name)
            shutil.rmtree(out) if out.is_dir() else out.unlink(missing_ok=True)
            found[name].append(contestants.run(name, nation, out))
    for name in names[1:]:
        passes = 1 + nation.rows // 10_000_000
        if differing := contestants.differences(_out(nation, name), _out(nation, "floor"), passes):
            faults.append(f"{name} and the floor differ in {differing:,} cells at {nation.folder.name}")
    return {name: _median(several) for name, several in found.items()}


def _median(runs: list[Run]) -> Run:
    middle = {key: statistics.median(getattr(run, key) for run in runs) for key in ("seconds", "cpu")}
    return Run(**middle, peak_mb=max(run.peak_mb for run in runs), said=[])


def _out(nation: Nation, name: str) -> Path:
    return nation.folder / ("cells-ours" if name == "ours" else f"cells-{name}.parquet")


def _row(nation: Nation, found: dict[str, Run]) -> list[str]:
    def seconds(name: str) -> str:
        return f"{found[name].seconds:.1f} ({found[name].cpu:.1f})" if name in found else "-"

    def ratio(one: str, other: str) -> str:
        if not {one, other} <= set(found):
            return "-"
        return f"{found[one].seconds / found[other].seconds:.2f} ({found[one].cpu / found[other].cpu:.2f})"

    peaks = [f"{found[name].peak_mb:,.0f}" if name in found else "-" for name in ("ours", "floor", "pandas")]
    cells = f"{contestants.cells_in(_out(nation, 'floor')):,}"
    return [cells, seconds("ours"), seconds("floor"), ratio("ours", "floor"),
            seconds("pandas"), ratio("pandas", "ours"), *peaks]  # fmt: skip


def _over(scale: float, found: dict[str, Run]) -> list[str]:
    """What passed a target at this scale."""
    if "ours" not in found:
        return []
    ours, faults = found["ours"], []
    if ours.seconds > MAX_OF_FLOOR * found["floor"].seconds:
        faults.append(f"scale {scale:g}: ours takes more than {MAX_OF_FLOOR} times the floor")
    if "pandas" in found and ours.seconds * MIN_OF_PANDAS > found["pandas"].seconds:
        faults.append(f"scale {scale:g}: ours is less than {MIN_OF_PANDAS} times faster than pandas")
    if ours.peak_mb >= MAX_MB:
        faults.append(f"scale {scale:g}: ours needs {MAX_MB} MB or more")
    return faults


def _changed_source(folder: Path, console: Console) -> list[str]:
    """Build the cells of a lake, again without a change, and again with another file of one source."""
    nation, lake = Nation(folder), folder / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    lake.mkdir()
    anew = {}
    for case, seed in (("from nothing", None), ("nothing changed", None), (f"{CHANGED} changed", 2)):
        if seed is not None:
            write_source(nation, CHANGED, seed=seed)
        done = contestants.run("rebuild", nation, lake)
        anew[case] = done.said
        named = f" ({', '.join(done.said)})" if 0 < len(done.said) <= NAMED else ""
        console.print(f"{case}: {len(done.said)} parts formed anew{named} in {done.seconds:.1f} s ({done.cpu:.1f})")
    write_source(nation, CHANGED)
    every, none, some = anew.values()
    if none:
        return [f"formed anew though nothing changed: {', '.join(none)}"]
    if not 0 < len(some) < len(every):
        return [f"{CHANGED} changed: {len(some)} of {len(every)} formed anew"]
    return []


if __name__ == "__main__":
    sys.exit(main())
