# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What went out before: earlier releases as part of the system, and where they are kept.

Belongs here: the archive of what passed the door, and the cells of earlier releases beside the present ones. Does not
belong here: what follows from them (`assembly`).

A cell that has the same value as in an earlier release is the same variable; one that was revised stands there twice,
and both values stay known. Withdrawn releases count like all others: what was out stays known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from quality.disclosure.model.relations import Rows
from quality.disclosure.model.system import Mask, Whole
from quality.disclosure.product.cells import YEAR
from quality.disclosure.product.equations import Equations, equations
from raw.lake.files import atomic, read_json, restricted_folder, write_json

KEPT = (
    "cell", "concept", "dims", "area", "area_level", "area_vintage", "parent", "period", "basis", "value", "class",
    "publicity", "family", "withheld",
)  # fmt: skip
"""Columns of a kept release: its base cells with their true values. Restricted."""


def keep(folder: Path, name: str, base: pl.DataFrame) -> None:
    """Keep what passes the door now (columns KEPT) under the hash of the file that crosses.

    What crosses may be the same for other values behind it: then both are kept.
    """
    kept_here = base.select(KEPT)
    own = hashlib.sha256(kept_here.write_ipc(None, compression="uncompressed").getvalue()).hexdigest()[:16]
    path = restricted_folder(folder) / f"{name}.{own}.parquet"
    if not path.exists():
        with atomic(path) as part:
            kept_here.write_parquet(part)


def released(releases: Path, memory: Path) -> dict[str, list[str]]:
    """Per tier the hashes of what was released, from the manifests of all releases and from memory.

    `memory`, a file of the restricted zone, is brought up to date: a release whose folder is taken away stays known.
    """
    before: dict[str, list[str]] = read_json(memory) if memory.is_file() else {}
    found = {tier: set(names) for tier, names in before.items()}
    for manifest in sorted(releases.glob("*/manifest.json")):
        for tier, described in read_json(manifest)["tiers"].items():
            if "protected" in described:
                found.setdefault(tier, set()).add(described["protected"])
    listed = {tier: sorted(names) for tier, names in sorted(found.items())}
    if listed != before:
        restricted_folder(memory.parent)
        write_json(memory, listed)
    return listed


def kept(folder: Path, names: Iterable[str]) -> list[pl.DataFrame]:
    """Earlier releases by these names, each once, as far as they were kept, in the order of their names."""
    return [pl.read_parquet(path) for name in sorted(set(names)) for path in sorted(folder.glob(f"{name}.*.parquet"))]


@dataclass(frozen=True)
class Known:
    """Present cells, then cells of earlier releases that had another value; and the equations of all of them.

    `public`: at its publisher, now or when it was released. `out`: published earlier. `held`: withheld earlier (or in
    a fuller tier) with the value that it has.
    """

    base: pl.DataFrame
    present: int
    public: Mask
    out: Mask
    held: Mask
    equations: Equations


def with_history(base: pl.DataFrame, earlier: Sequence[pl.DataFrame], held: Mask) -> Known:
    """The present base cells (in order of their ids, with `number`) together with earlier releases."""
    numbers = dict(zip(base["cell"].to_list(), range(base.height), strict=True))
    values = base["value"].to_list()
    out, still = np.zeros(base.height, np.bool_), held.copy()
    public = base.select((pl.col("publicity") == "public").fill_null(False)).to_series().to_numpy().copy()
    further: list[pl.DataFrame] = []
    parts = [(equations(base), np.arange(base.height))]
    count = base.height
    seen: dict[tuple[str, float | None], int] = {}
    for release in earlier:
        place = np.full(release.height, -1, np.int64)
        new: list[int] = []
        for row, (cell, value) in enumerate(release.select("cell", "value").iter_rows()):
            now = numbers.get(cell)
            if now is not None and values[now] == value:
                place[row] = now
            elif (cell, value) in seen:
                place[row] = seen[cell, value]
            else:
                place[row] = seen[cell, value] = count + len(new)
                new.append(row)
        further.append(release[new].drop("withheld"))
        count += len(new)
        hidden = release["withheld"].to_numpy()
        out = _marked(out, place[~hidden], count)
        still = _marked(still, place[hidden], count)
        theirs = (
            release.select((pl.col("publicity") == "public") & pl.col("value").is_not_null()).to_series().to_numpy()
        )
        public = _marked(public, place[theirs], count)
        parts.append(_changed_equations(release, place, base.height))
    every = pl.concat([base, *further], how="diagonal").drop("number").with_row_index("number")
    every = every.with_columns(pl.col("number").cast(pl.Int64))
    return Known(every, base.height, public, out, still & ~out & ~public, _merged(parts, count))


def _marked(mask: Mask, places: Whole, count: int) -> Mask:
    grown = np.zeros(count, np.bool_)
    grown[: len(mask)] = mask
    grown[places] = True
    return grown


def _changed_equations(release: pl.DataFrame, place: Whole, present: int) -> tuple[Equations, Whole]:
    """The equations of an earlier release where it differs from now; elsewhere they are those of the present."""
    about = release.with_columns(pl.Series("place", place), YEAR.alias("year"))
    changed = about.filter(pl.col("place") >= present).select("family", "year").unique()
    part = about.join(changed, on=["family", "year"], how="semi", maintain_order="left")
    numbered = part.drop("year", "place").with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))
    return equations(numbered), part["place"].to_numpy()


def _merged(parts: Sequence[tuple[Equations, Whole]], count: int) -> Equations:
    """Equations over the cells of several frames, in common numbers."""
    rows, held, like, rests = [], [], [], []
    following = count
    for one, place in parts:
        unheld = following + np.arange(len(one.like))
        following += len(one.like)
        number = np.concatenate([place, unheld])
        rows.append(_renumbered(one.rows, number))
        held.append(_renumbered(one.held, number))
        like.append(number[one.like])
        rests.append(number[one.rests])
    return Equations(count, _together(rows), _together(held), np.concatenate(like), np.concatenate(rests))


def _renumbered(rows: Rows, number: Whole) -> Rows:
    return Rows(rows.start, number[rows.cells], rows.coefficients)


def _together(parts: Sequence[Rows]) -> Rows:
    sizes = np.concatenate([np.diff(one.start) for one in parts])
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return Rows(
        start, np.concatenate([one.cells for one in parts]), np.concatenate([one.coefficients for one in parts])
    )
