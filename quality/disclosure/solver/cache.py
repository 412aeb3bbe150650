# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Solved components, found again by the hash of their content.

Belongs here: key, file, and the check of what was read. Does not belong here: solving. A file holds the witnesses of a
component, from which the pattern follows. What is read is proved again, so a damaged file costs time, not safety. The
folder belongs to the restricted zone.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from quality.disclosure.model.system import Whole
from quality.disclosure.solver.circuits import Grid
from quality.disclosure.solver.deviation import Witness
from quality.disclosure.solver.problem import Problem

VERSION = b"1"
"""Raise it when the same problem would be solved differently."""


def key(problem: Problem, grids: list[Grid], effort: int, programs: int) -> str:
    """The hash of all that the solution depends on."""
    digest = hashlib.sha256(VERSION + f" {effort} {programs}".encode())
    arrays = [
        problem.low, problem.high, problem.up, problem.down, problem.width, problem.cost, problem.always, problem.start,
        problem.cells, problem.coefficients,
    ]  # fmt: skip
    for array in arrays + [array for grid in grids for array in grid.arrays()]:
        digest.update(str(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def read(folder: Path, name: str) -> tuple[list[Witness], Whole] | None:
    """Witnesses and cells that could not be covered, or None if there is no such file or it cannot be read."""
    path = folder / f"{name}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            cells, amounts, start, uncovered = (file[part] for part in ("cells", "amounts", "start", "uncovered"))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    ends = zip(start[:-1].tolist(), start[1:].tolist(), strict=True)
    return [Witness(cells[first:last], amounts[first:last]) for first, last in ends], uncovered


def write(folder: Path, name: str, witnesses: list[Witness], uncovered: Whole) -> None:
    """Keep a solved component, whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lengths = [len(witness.cells) for witness in witnesses]
    empty = [np.zeros(0, np.int64)]
    draft = folder / f"{name}.{os.getpid()}.npz"
    np.savez_compressed(
        draft,
        cells=np.concatenate([witness.cells for witness in witnesses] or empty),
        amounts=np.concatenate([witness.amounts for witness in witnesses] or empty),
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)]),
        uncovered=uncovered,
    )
    draft.replace(folder / f"{name}.npz")
