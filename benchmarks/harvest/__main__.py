# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""`python -m benchmarks.harvest [--workbooks 1000] [--files 40]`: one table, exit code 1 over a target.

Bytes to grids on generated workbooks, bytes to observations in Parquet for three families, both against pandas with
openpyxl on the same files, each contestant in a fresh process, with equal values; one changed file; memory.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harvest import contestants, generate
from benchmarks.harvest.contestants import Run

MIN_GRIDS, MIN_OBSERVATIONS = 10.0, 1.0
"""How many times faster than pandas, by the seconds of all cores, for the machine may be shared."""
MAX_GROWTH = 1.25
"""Peak memory of ten times as many files."""


def main() -> int:
    """Measure the harvest; 1 if a target is missed or values differ."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.harvest")
    words.add_argument("--workbooks", type=int, default=1000, help="generated workbooks that are opened")
    words.add_argument("--files", type=int, default=40, help="deliveries of each family")
    words.add_argument("--many", type=int, default=1000, help="files for the peak memory, against a tenth of them")
    given = words.parse_args()
    console, faults = Console(width=130), list[str]()
    table = Table("what", "files", "ours s (cores)", "pandas s (cores)", "ratio (cores)", "target", "MB ours", "pandas")
    with tempfile.TemporaryDirectory(prefix="harvest-") as name:
        folder = Path(name)
        _grids(folder / "grids", given.workbooks, table, faults)
        for source in generate.FAMILIES:
            _observations(source, folder / source, given.files, table, faults)
        _memory(folder / "memory", given.many, console, faults)
        _one_change(folder / "change", max(2, given.files // 10), console, faults)
    console.print(table)
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for fault in faults:
        console.print(fault, style="red")
    return 1 if faults else 0


def _row(what: str, files: int, ours: Run, theirs: Run, target: float, table: Table, faults: list[str]) -> None:
    ratio, cores = theirs.seconds / ours.seconds, theirs.cpu / ours.cpu
    table.add_row(
        what, f"{files:,}", f"{ours.seconds:.1f} ({ours.cpu:.1f})", f"{theirs.seconds:.1f} ({theirs.cpu:.1f})",
        f"{ratio:.1f} ({cores:.1f})", f"{target:g}", f"{ours.peak_mb:,.0f}", f"{theirs.peak_mb:,.0f}",
    )  # fmt: skip
    if cores < target:
        faults.append(f"{what}: ours is {cores:.1f} times faster than pandas, not {target:g}")


def _grids(folder: Path, number: int, table: Table, faults: list[str]) -> None:
    generate.workbooks(folder, number)
    ours, theirs = contestants.run("grids-ours", folder), contestants.run("grids-pandas", folder)
    if differing := sum(ours.said[name] != theirs.said.get(name) for name in ours.said):
        faults.append(f"{differing} of {number} workbooks have other values with pandas")
    _row("bytes to grid", number, ours, theirs, MIN_GRIDS, table, faults)


def _observations(source: str, folder: Path, number: int, table: Table, faults: list[str]) -> None:
    generate.files(source, folder / "files", number)
    ours = contestants.run("observe-ours", source, folder / "files", folder / "ours")
    theirs = contestants.run("observe-pandas", source, folder / "files", folder / "pandas")
    one, other = (contestants.observed(path) for path in (folder / "ours" / "lake" / "observations", folder / "pandas"))
    if differing := contestants.differences(one, other):
        faults.append(f"{source}: {differing:,} of {one.height:,} observations differ from pandas")
    what = f"bytes to Parquet: {source}, {one.height:,} observations"
    _row(what, number, ours, theirs, MIN_OBSERVATIONS, table, faults)


def _memory(folder: Path, number: int, console: Console, faults: list[str]) -> None:
    peaks = []
    for size in (number // 10, number):
        generate.files("kiss_md", folder / f"{size}", size)
        peaks.append(contestants.run("observe-ours", "kiss_md", folder / f"{size}", folder / f"lake {size}").peak_mb)
    console.print(f"peak memory: {peaks[0]:.0f} MB for {number // 10:,} files, {peaks[1]:.0f} MB for {number:,}")
    if peaks[1] > MAX_GROWTH * peaks[0]:
        faults.append(f"{number:,} files need {peaks[1] / peaks[0]:.2f} times the memory of a tenth of them")


def _one_change(folder: Path, number: int, console: Console, faults: list[str]) -> None:
    for source in generate.FAMILIES:
        generate.files(source, folder / "files" / source, number)
    said = contestants.run("change", folder / "files", folder / "lake").said
    for step, about in said.items():
        fresh = ", ".join(f"{name} {count}" for name, count in about["fresh"].items())
        console.print(f"{step}: read anew {fresh} in {about['seconds']:.2f} s ({about['cpu']:.2f})")
    wanted = {
        "from nothing": dict.fromkeys(generate.FAMILIES, number),
        "nothing changed": dict.fromkeys(generate.FAMILIES, 0),
        "one file changed": {**dict.fromkeys(generate.FAMILIES, 0), "kiss_md": 1},
    }
    faults += [
        f"{step}: read anew {said[step]['fresh']}" for step, fresh in wanted.items() if said[step]["fresh"] != fresh
    ]


if __name__ == "__main__":
    sys.exit(main())
