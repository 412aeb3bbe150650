# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""One contestant in a process of its own, so that its time and its peak memory are its own.

Belongs here: running and timing one of them, and whether two of them formed the same cells. Does not belong here: the
table and the targets (`__main__`).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.cells.generate import Nation

THREADS, MEMORY = 2, "7GB"
ROOT = Path(__file__).resolve().parents[2]
FLOOR = Path(__file__).with_name("floor.sql")


@dataclass(frozen=True)
class Run:
    """One run: seconds of forming and writing (start of Python and imports left out), on the clock and of all cores
    together; peak memory; what it said."""

    seconds: float
    cpu: float
    peak_mb: float
    said: list[str]


def run(name: str, nation: Nation, out: Path) -> Run:
    """Let one contestant form the cells of a nation in a fresh process. RuntimeError with its words if it fails."""
    paths = [str(path.resolve()) for path in (nation.folder, out)]
    command = [sys.executable, "-m", "benchmarks.cells.contestants", name, *paths]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed at {nation.folder.name}:\n{done.stderr or f'exit code {done.returncode}'}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB with the threads and the memory that everybody may have."""
    return duckdb.connect(
        config={
            "threads": THREADS,
            "memory_limit": MEMORY,
            "temp_directory": str(scratch / "spilled"),
            "preserve_insertion_order": "false",
        }
    )


def floor(folder: Path, out: Path) -> None:
    """Run `floor.sql`."""
    paths = {name: folder / f"{name}.parquet" for name in ("recipe", "shifts", "terms")}
    query = FLOOR.read_text("utf-8")
    for name, path in {**paths, "checked": folder / "checked" / "*" / "*.parquet", "out": out}.items():
        query = query.replace(f"${name}", f"'{path}'")
    with connect(out.parent) as connection:
        connection.execute(query)


def differences(one: Path, other: Path, passes: int = 1) -> int:
    """How many cells stand in one file only, or with another value (1e-9, relative) or status.

    `one` and `other` may be a file or a folder of part files; the cells are compared in `passes` by their hash.
    """
    key = "measure, area, area_vintage, period, basis"
    columns = f"{key}, area_level, value, obs_status"
    found = 0
    with connect(one.parent) as connection:
        for number in range(passes):
            part = f"hash(measure, area) % {passes} = {number}"
            sides = [f"(select {columns} from '{_files(path)}' where {part})" for path in (one, other)]
            row = connection.execute(
                f"""
                select count(*) filter (
                    a.measure is null or b.measure is null or a.area_level <> b.area_level
                    or a.obs_status is distinct from b.obs_status or (a.value is null) <> (b.value is null)
                    or abs(a.value - b.value) > 1e-9 * greatest(1, abs(a.value))
                ) from {sides[0]} as a full join {sides[1]} as b using ({key})
                """
            ).fetchone()
            found += row[0] if row else 0
    return found


def cells_in(path: Path) -> int:
    """Number of cells in a file or in a folder of part files."""
    return int(duckdb.execute(f"select count(*) from '{_files(path)}'").fetchall()[0][0])


def _files(path: Path) -> Path:
    return path / "**" / "*.parquet" if path.is_dir() else path


def peak_mb() -> float:
    """Peak resident memory of this process since its program started, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        high = next(line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
        return int(high.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _main(name: str, folder: Path, out: Path) -> None:
    said: list[str] = []
    if name == "floor":
        start, cpu = time.perf_counter(), time.process_time()
        floor(folder, out)
    elif name == "pandas":
        from benchmarks.cells import pandas_way

        start, cpu = time.perf_counter(), time.process_time()
        pandas_way.form(folder, out)
    else:
        from benchmarks.cells import ours, plan

        plan.sources()  # contracts made in memory are part of the input, not of the work
        start, cpu = time.perf_counter(), time.process_time()
        if name == "rebuild":
            said = ours.rebuild(Nation(folder), out)
        else:
            ours.form(Nation(folder), out)
    took = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    print(json.dumps({**took, "peak_mb": peak_mb(), "said": said}))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
