# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""One run of the benchmark: solve a table, audit the pattern, note what it took.

Belongs here: measuring. Does not belong here: which tables and the print (`__main__`).
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.disclosure import tables
from benchmarks.disclosure.generate import generate
from quality.disclosure.audit import Limits, audit
from quality.disclosure.model.system import State
from quality.disclosure.solver import Options, costs, solve


@dataclass(frozen=True)
class Run:
    """What is to be measured."""

    size: str
    need: str
    threshold: int
    cost: str
    effort: int
    instances: str
    seed: int
    seconds: float


@dataclass(frozen=True)
class Figures:
    """What was measured; times in seconds, memory in MB."""

    cells: int
    primaries: int
    secondary: int
    value: int
    wall: float
    processor: float
    audited: float
    peak: float
    failing: int
    unfinished: int


def measure(run: Run) -> Figures:
    """Solve one instance and audit the pattern."""
    warm = generate("S")
    solve(tables.system(warm, 3, "1"), Options(blocks=[tables.block(warm)], programs=20))
    instance = tables.read_instance(Path(run.instances), run.size) if run.instances else generate(run.size, run.seed)
    system, block = tables.system(instance, run.threshold, run.need), tables.block(instance)
    cost = getattr(costs, f"by_{run.cost}")(system)
    wall, processor = time.perf_counter(), time.process_time()
    pattern = solve(system, Options(cost=cost, blocks=[block], effort=run.effort))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.perf_counter()
    found = audit(system, pattern.withheld, Limits(seconds=run.seconds), pattern.shown)
    return Figures(
        len(system),
        int((system.state == State.PRIMARY).sum()),
        int(pattern.secondary.sum()),
        pattern.value,
        wall,
        processor,
        time.perf_counter() - begin,
        peak,
        int(found.failing.sum()),
        int(not found.finished),
    )
