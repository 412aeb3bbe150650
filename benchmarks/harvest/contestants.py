# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""One contestant in a process of its own, so that its time and its peak memory are its own.

Belongs here: running and timing one of them, and what it read as a digest or a table, formed outside its time. Does not
belong here: the targets and the printed table (`__main__`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.cells.contestants import ROOT, peak_mb
from benchmarks.harvest import generate

RECEIVED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SAYS = ["measure", "dims", "area", "period", "value", "obs_status"]


@dataclass(frozen=True)
class Run:
    """Seconds on the clock and of all cores together, peak memory, and what was said."""

    seconds: float
    cpu: float
    peak_mb: float
    said: Any


@dataclass
class Watch:
    """Adds up what is measured, and nothing in between."""

    seconds: float = 0.0
    cpu: float = 0.0
    begun: tuple[float, float] = field(default=(0.0, 0.0))

    def __enter__(self) -> Watch:
        self.begun = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *about: object) -> None:
        self.seconds += time.perf_counter() - self.begun[0]
        self.cpu += time.process_time() - self.begun[1]


def run(name: str, *words: str | Path) -> Run:
    """Let one contestant do its work in a fresh process. RuntimeError with its words if it fails."""
    command = [sys.executable, "-m", "benchmarks.harvest.contestants", name, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr or f'exit code {done.returncode}'}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


# --- bytes to grids ---------------------------------------------------------------------------------------------------


def digest(sheets: Iterable[tuple[str, list[list[Any]]]]) -> str:
    """Hash of all entries with their places: numbers as numbers, dates as ISO texts, empty cells left out."""
    said = hashlib.sha256()
    for sheet, rows in sheets:
        for r, row in enumerate(rows):
            for c, entry in enumerate(row):
                if (text := _canonical(entry)) != "":
                    said.update(f"{sheet}!{r},{c}={text}\n".encode())
    return said.hexdigest()


def _canonical(entry: Any) -> str:
    if entry is None or entry != entry:
        return ""
    if isinstance(entry, dt.datetime):
        return entry.date().isoformat()
    return repr(float(entry)) if isinstance(entry, int | float) else str(entry)


def grids_ours(folder: Path, watch: Watch) -> dict[str, str]:
    """Open every workbook as the harvest does."""
    from raw.harvest.grid import open_grids

    said = {}
    for path in sorted(folder.iterdir()):
        with watch:
            grids = open_grids(path)
        said[path.name] = digest((grid.sheet, grid.rows) for grid in grids)
    return said


def grids_pandas(folder: Path, watch: Watch) -> dict[str, str]:
    """Open every workbook with pandas and openpyxl."""
    import pandas as pd

    said = {}
    for path in sorted(folder.iterdir()):
        with watch:
            frames = pd.read_excel(path, sheet_name=None, header=None, engine="openpyxl", dtype=object, na_filter=False)
        said[path.name] = digest((str(sheet), frame.to_numpy().tolist()) for sheet, frame in frames.items())
    return said


# --- bytes to observations in Parquet ---------------------------------------------------------------------------------


def _sources(names: Iterable[str]) -> dict[str, Any]:
    from raw.contract_files import load_sources

    return load_sources(active=names)


def lake_of(folder: Path, root: Path) -> Any:
    """A lake with the files of a folder, which stay where they are."""
    from raw.lake.lake import Lake, copy_into

    inbox = root / "inbox"
    copy_into(inbox, sorted(path for path in folder.rglob("*") if path.is_file()), folder)
    lake = Lake(root / "lake")
    lake.take_in(inbox, lambda: RECEIVED, 0.0)
    return lake


def observe_ours(source: str, folder: Path, out: Path, watch: Watch) -> dict[str, int]:
    """The stations of the product: identify, harvest into the lake."""
    from raw.harvest.harvest import harvest_source, identify

    sources = _sources([source])
    lake = lake_of(folder, out)
    with watch:
        harvest = harvest_source(lake, sources[source], identify(lake, sources))
    if harvest.rejected:
        raise ValueError(f"rejected: {harvest.rejected[0].faults[:2]}")
    return {"files": len(harvest.files), "rows": sum(file.rows for file in harvest.files)}


def observe_pandas(source: str, folder: Path, out: Path, watch: Watch) -> dict[str, int]:
    """Read each file by hand-written pandas and write what it says as Parquet."""
    from benchmarks.harvest import pandas_way

    out.mkdir(parents=True, exist_ok=True)
    rows = 0
    paths = sorted(folder.iterdir())
    for path in paths:
        with watch:
            frame = pandas_way.read(source, path)
            frame.to_parquet(out / f"{path.stem}.parquet")
        rows += len(frame)
    return {"files": len(paths), "rows": rows}


def observed(out: Path) -> pl.DataFrame:
    """What a contestant wrote, as the columns of SAYS in one order; of texts only that they are there."""
    paths = [path for path in out.rglob("*.parquet") if not path.name.endswith(".areas.parquet")]
    frames = [pl.read_parquet(path).select(SAYS).with_columns(pl.col("value").cast(pl.Float64)) for path in paths]
    return pl.concat(frames).with_columns(pl.col("value").fill_nan(None)).sort(SAYS)


def differences(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """How many observations are in one only, counted as often as they are (values: to 12 digits)."""
    rounded = [frame.with_columns(pl.col("value").round_sig_figs(12)).group_by(SAYS).len() for frame in (one, other)]
    both = rounded[0].join(rounded[1], on=SAYS, how="full", nulls_equal=True, suffix="_other")
    return both.filter(pl.col("len").ne_missing(pl.col("len_other"))).height


# --- one changed file -------------------------------------------------------------------------------------------------


def change(folder: Path, out: Path, watch: Watch) -> dict[str, Any]:
    """Harvest three sources, then again with one more file of the first; say what was read anew each time."""
    from raw.harvest.harvest import harvest_source, identify

    sources = _sources(generate.FAMILIES)
    lake = lake_of(folder, out)
    said: dict[str, Any] = {}
    for step in ("from nothing", "nothing changed", "one file changed"):
        if step == "one file changed":
            (new,) = generate.files("kiss_md", out / "new", 1, seed=99)
            lake = lake_of(new.parent, out)
        own = Watch()
        with own, watch:
            claims = identify(lake, sources)
            harvests = {name: harvest_source(lake, source, claims) for name, source in sources.items()}
        fresh = {name: sum(file.fresh for file in harvest.files) for name, harvest in harvests.items()}
        said[step] = {"fresh": fresh, "seconds": own.seconds, "cpu": own.cpu}
    return said


def _main(name: str, words: list[str]) -> None:
    watch = Watch()
    paths = [Path(word) for word in words]
    work: dict[str, Callable[[], Any]] = {
        "grids-ours": lambda: grids_ours(paths[0], watch),
        "grids-pandas": lambda: grids_pandas(paths[0], watch),
        "observe-ours": lambda: observe_ours(words[0], paths[1], paths[2], watch),
        "observe-pandas": lambda: observe_pandas(words[0], paths[1], paths[2], watch),
        "change": lambda: change(paths[0], paths[1], watch),
    }
    said = work[name]()
    print(json.dumps({"seconds": watch.seconds, "cpu": watch.cpu, "peak_mb": peak_mb(), "said": said}))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
