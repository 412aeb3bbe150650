# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What an audit found, and its certificate for the restricted zone.

Belongs here: the verdict per cell, its frames and files, and the check of a certificate. Does not belong here: how
anything was found. The frames hold values of withheld cells: they never leave the restricted zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quality.disclosure.audit.witness import seen, sound
from quality.disclosure.model.system import Mask, State, System, Whole
from quality.disclosure.model.vectors import Vectors, gathered

INTERVALS = "certificate_intervals.parquet"
VECTORS = "certificate_witnesses.parquet"


class Proof(IntEnum):
    """How the verdict on a cell is proved."""

    PUBLISHED = 0
    """Not withheld: everybody knows it."""
    WITNESS = 1
    """Two completions, checked in integers, show the interval; also of a secondary cell, which needs none."""
    BOUNDS = 2
    """Too narrow: follows from bounds, one relation after the other, in integers."""
    RANK = 3
    """Too narrow: the equations alone determine it."""
    LP = 4
    """Too narrow, even if cells were not whole."""
    MILP = 5
    """Too narrow for whole cells, though not for fractions of them."""
    UNFINISHED = 6
    """Neither witness nor proof within the limits: counts as unsafe."""


@dataclass(frozen=True)
class Findings:
    """The verdict of an audit. Arrays have one entry per cell of the system.

    `lowest` and `highest` are values that completions show, `least` and `most` bounds that no completion passes: the
    interval that the intruder computes lies between them. Of a published cell all four are its value.
    """

    faults: tuple[str, ...] = ()
    """Why this is no pattern of a sound system; then nothing else was looked at."""
    finished: bool = False
    lowest: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    highest: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    least: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    most: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    proof: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    failing: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Needy cells whose interval is narrower than their need; not those compromised at their source."""
    compromised_at_source: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))
    """An agency's cells that are too narrow with public cells and relations alone: never to be counted as protected."""
    narrowed: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Those of them whose proved bounds what we publish makes narrower still."""
    low_by: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    high_by: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    witnesses: Vectors = field(default_factory=lambda: gathered([]))
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the pattern may go out: every need is proved, and nothing is left open."""
        return not self.faults and self.finished and not bool(self.failing.any())

    def intervals(self, system: System) -> pl.DataFrame:
        """Return one row per withheld cell: what an intruder can say, the proof, and the witnesses that show it.

        Columns: cell, name, state, value, lowest, highest, least, most, proof, failing, compromised_at_source, and
        low_witness, high_witness: numbers in `vectors`, null where the value of the system itself shows the end.
        """
        cells = np.flatnonzero(self.proof != Proof.PUBLISHED)
        frame = pl.DataFrame(
            {
                "cell": cells,
                "name": [system.name(cell) for cell in cells.tolist()],
                "state": [State(one).name.lower() for one in system.state[cells].tolist()],
                "value": system.value[cells],
                "lowest": self.lowest[cells],
                "highest": self.highest[cells],
                "least": self.least[cells],
                "most": self.most[cells],
                "proof": [Proof(one).name.lower() for one in self.proof[cells].tolist()],
                "failing": self.failing[cells],
                "compromised_at_source": self.compromised_at_source[cells],
                "low_witness": self.low_by[cells],
                "high_witness": self.high_by[cells],
            }
        )
        shown = pl.col("low_witness", "high_witness")
        return frame.with_columns(pl.when(shown >= 0).then(shown))

    def vectors(self) -> pl.DataFrame:
        """Return the witnesses as rows (witness, cell, deviation from the system's value)."""
        owner = np.repeat(np.arange(len(self.witnesses)), np.diff(self.witnesses.start))
        return pl.DataFrame(
            {"witness": owner, "cell": self.witnesses.cells, "deviation": self.witnesses.deviations},
        )

    def write_certificate(self, system: System, folder: Path) -> None:
        """Write both frames as Parquet into a folder of the restricted zone."""
        self.intervals(system).write_parquet(folder / INTERVALS)
        self.vectors().write_parquet(folder / VECTORS)


class NotProved(RuntimeError):
    """The audit found cells that are not covered, or did not finish. Nothing may be published. Counts only."""

    def __init__(self, findings: Findings) -> None:
        self.failing = int(findings.failing.sum())
        self.finished = findings.finished
        super().__init__(
            f"{self.failing} cells are not covered" if findings.finished else "the audit did not come to its end"
        )


def certified(system: System, withheld: Mask, folder: Path) -> Mask:
    """Return which needy cells a certificate on disk proves safe, from its witnesses and the system alone."""
    rows = pl.read_parquet(folder / VECTORS).sort("witness", "cell")
    owner = rows["witness"].to_numpy()
    start = np.searchsorted(owner, np.arange(owner.max(initial=-1) + 2))
    witnesses = Vectors(start, rows["cell"].to_numpy(), rows["deviation"].to_numpy())
    witnesses = witnesses.only(np.flatnonzero(sound(system, withheld, witnesses)))
    lowest, highest, _, _ = seen(system, witnesses)
    return system.needy & withheld & ~short_of_need(system, lowest, highest)


def short_of_need(system: System, lowest: Whole, highest: Whole) -> Mask:
    """Whether an interval is less than what each cell needs. A reach of 0 to 0 is none: the width alone counts."""
    reach = (system.reach_low != 0) | (system.reach_high != 0)
    missed = reach & ((lowest > system.reach_low) | (highest < system.reach_high))
    return system.needy & (missed | (highest - lowest < system.width))
