# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The audit of a pattern: what an intruder can say of each withheld cell, and whether that is little enough.

Belongs here: the order of the proofs and the verdict. Does not belong here: each kind of proof, or anything of how the
pattern was chosen; the solver is never imported.

The problem is the intruder's: over all integer completions that fit what is published, the least and greatest value of
each withheld cell (Fischetti and Salazar 2001, Management Science 47; Hundepool et al. 2012, Statistical Disclosure
Control, chapter 4). Cheap and exact first: bounds in integers and rank say what certainly fails, walks find what is
certainly safe, and programs decide the rest, on growing neighbourhoods. What stays open counts as unsafe.

Whoever chose the pattern may offer completions (`offered`): to find one is hard, to check one is not. Each is held
against the system in integers like our own; a wrong one is dropped, counted, and changes no verdict.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from quality.disclosure.audit.bounds import tightened
from quality.disclosure.audit.findings import Findings, Proof, short_of_need
from quality.disclosure.audit.programs import Answer, Block, Programs, block, neighbourhood
from quality.disclosure.audit.rank import determined
from quality.disclosure.audit.search import Walker
from quality.disclosure.audit.view import View, faults, view
from quality.disclosure.audit.witness import seen, sound
from quality.disclosure.model.system import Mask, State, System, Whole
from quality.disclosure.model.vectors import Vectors, gathered

_ALMOST = 1e-6
_SHARED = 1001
"""From this size on the program of a block is tried on every open cell in it, since making one costs more."""


@dataclass(frozen=True)
class Limits:
    """How much an audit may cost. Beyond it a cell is unfinished, and the pattern is refused."""

    seconds: float = 1800.0
    program_seconds: float = 60.0
    """For one linear or integer program."""
    walks: tuple[tuple[int, int], ...] = ((100, 2), (400, 4), (2000, 8))
    """Rounds of walks: steps of one walk, and how often each is begun anew."""
    blocks: tuple[int, ...] = (150, 1000, 6000, 2**40)
    """Variables of the neighbourhoods on which programs are tried one after the other; the last is a component."""
    fill: int = 50_000_000
    """Terms that elimination may fill in before the rank test is given up; programs decide then."""


def audit(system: System, withheld: Mask, limits: Limits | None = None, offered: Vectors | None = None) -> Findings:
    """Audit a pattern: True in `withheld` for each cell that is not published; `offered` are claims to be checked.

    Never raises for a bad pattern: what is wrong stands in `Findings.faults`, and `Findings.ok` is False.
    """
    limits = limits or Limits()
    begin = time.perf_counter()
    wrong = faults(system, withheld)
    if wrong:
        return Findings(faults=tuple(wrong))
    inspection = Inspection(system, withheld, limits, begin + limits.seconds)
    if offered is not None:
        inspection.consider(offered)
    inspection.run(system.needy)
    found = inspection.findings()
    suspects = found.failing & (system.state == State.AGENCY)
    if suspects.any():
        found = _at_source(system, found, suspects, limits, begin + limits.seconds)
    found.figures["seconds"] = time.perf_counter() - begin
    return found


def _at_source(system: System, found: Findings, suspects: Mask, limits: Limits, deadline: float) -> Findings:
    """Clear us of an agency's cells that are too narrow already when nothing of ours is published."""
    alone = Inspection(system, system.state != State.PUBLIC, limits, deadline)
    alone.run(suspects)
    source = alone.findings()
    compromised = suspects & source.failing & (source.proof != Proof.UNFINISHED)
    narrowed = compromised & ((found.least > source.least) | (found.most < source.most))
    failing = found.failing & ~compromised
    finished = not bool((failing & (found.proof == Proof.UNFINISHED)).any())
    return replace(found, finished=finished, failing=failing, compromised_at_source=compromised, narrowed=narrowed)


@dataclass
class Inspection:
    """One look at one pattern: bounds that are proved, deviations that are seen, and the vectors that show them."""

    system: System
    withheld: Mask
    limits: Limits
    deadline: float
    vectors: list[tuple[Whole, Whole]] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.here: View = view(self.system, self.withheld)
        self.value = self.system.value[self.here.cells]
        self.fell, self.rose = np.zeros(len(self.here), np.int64), np.zeros(len(self.here), np.int64)
        self.down, self.up = self.here.down, self.here.up
        self.proof = np.full(len(self.here), Proof.UNFINISHED, np.int8)

    def consider(self, offered: Vectors) -> None:
        """Take over those vectors of somebody else that are completions."""
        good = np.flatnonzero(sound(self.system, self.withheld, offered))
        self.figures["offered"], self.figures["offered_wrong"] = float(len(offered)), float(len(offered) - len(good))
        variable = np.full(len(self.system), -1, np.int64)
        variable[self.here.cells] = np.arange(len(self.here))
        for one in good.tolist():
            cells, by = offered[one]
            self._note((variable[cells], by))

    def run(self, asked: Mask) -> None:
        """Decide the cells that are asked for, as far as the limits allow."""
        self.asked = asked[self.here.cells]
        for step in (self.exclude, self.walk, self.program):
            begin = time.perf_counter()
            step()
            self.figures[f"seconds_{step.__name__}"] = time.perf_counter() - begin
            self.figures[f"open_after_{step.__name__}"] = float(self.open().sum())

    def open(self) -> Mask:
        """Return the cells that are neither shown to be safe nor proved to fail."""
        return self.asked & self._short(self.fell, self.rose) & ~self._short(self.down, self.up)

    def _short(self, down: Whole, up: Whole) -> Mask:
        lowest, highest = self.system.value.copy(), self.system.value.copy()
        lowest[self.here.cells] += down
        highest[self.here.cells] += up
        return short_of_need(self.system, lowest, highest)[self.here.cells]

    def exclude(self) -> None:
        """Bounds and rank: what certainly cannot move."""
        self.down, self.up = tightened(self.here)
        self._prove(Proof.BOUNDS)
        fixed = determined(self.here, self.limits.fill)
        self.figures["determined"] = float(-1 if fixed is None else fixed.sum())
        if fixed is not None and (fixed & (self.down < self.up)).any():
            self.down[fixed], self.up[fixed] = 0, 0
            self._prove(Proof.RANK)
            self.down, self.up = tightened(self.here, self.down, self.up)
            self._prove(Proof.BOUNDS)

    def _prove(self, kind: Proof) -> None:
        """Note how those cells are known to fail that were not known to before."""
        news = self.asked & self._short(self.down, self.up) & (self.proof == Proof.UNFINISHED)
        self.proof[news] = kind

    def wanted(self, one: int) -> list[int]:
        """Deviations of a variable that are still to be shown, nearest goal first."""
        cell = int(self.here.cells[one])
        system, value, fell, rose = self.system, int(self.value[one]), int(self.fell[one]), int(self.rose[one])
        low, high, width = int(system.reach_low[cell]), int(system.reach_high[cell]), int(system.width[cell])
        goals = [low - value] if (low or high) and low - value < fell else []
        goals += [high - value] if (low or high) and high - value > rose else []
        if not goals and rose - fell < width:
            goals = [fell + width, rose - width, rose + 1, fell - 1]
        return [by for by in dict.fromkeys(goals) if self.down[one] <= by <= self.up[one]]

    def walk(self) -> None:
        """Search for witnesses of all open cells; what one shows of other cells counts for them."""
        walker = Walker(self.here, self.down, self.up)
        for steps, starts in self.limits.walks:
            for one in np.flatnonzero(self.open()).tolist():
                for seed in range(starts):
                    goals = self.wanted(one)
                    if not goals or time.perf_counter() > self.deadline:
                        break
                    for by in goals:
                        self._note(walker.walk(one, by, steps, seed))

    def _note(self, vector: tuple[Whole, Whole] | None) -> None:
        if vector is None:
            return
        moved, by = vector
        if (by < self.fell[moved]).any() or (by > self.rose[moved]).any():
            self.fell[moved], self.rose[moved] = np.minimum(self.fell[moved], by), np.maximum(self.rose[moved], by)
            self.vectors.append((self.here.cells[moved], by))

    def program(self) -> None:
        """Decide the rest by linear and integer programs on growing neighbourhoods."""
        free = self.down < self.up
        for size in self.limits.blocks:
            for one in np.flatnonzero(self.open()).tolist():
                if self.wanted(one) and time.perf_counter() < self.deadline:
                    near = neighbourhood(self.here, free, one, size)
                    self._decide(one, block(self.here, free, near, self.down, self.up))

    def _decide(self, one: int, given: Block) -> None:
        """Try every goal of a variable, the first of its block, until each is shown or tried in vain."""
        programs = Programs(given)
        tried: set[int] = set()
        while goals := [by for by in self.wanted(one) if by not in tried]:
            tried.add(goals[0])
            self._try(one, goals[0], programs)
        if given.inner < _SHARED:
            return
        still = self.open()[given.variables[: given.inner]]
        for at in np.flatnonzero(still).tolist():
            for by in self.wanted(int(given.variables[at])):
                self._note(programs.restricted.deviation(at, by, False, self._seconds())[1])

    def _seconds(self) -> float:
        return min(self.limits.program_seconds, self.deadline - time.perf_counter())

    def _try(self, one: int, by: int, programs: Programs) -> None:
        answer, vector = programs.restricted.deviation(0, by, False, self._seconds())
        fractional = answer is Answer.FRACTIONAL
        if fractional:
            answer, vector = programs.restricted.deviation(0, by, True, self._seconds())
        self._note(vector)
        if answer is Answer.POSSIBLE:
            return
        kinds = ((False, Proof.LP), (True, Proof.MILP)) if fractional or programs.whole else ((False, Proof.LP),)
        for integer, kind in kinds:
            if programs.relaxed.deviation(0, by, integer, self._seconds())[0] is Answer.IMPOSSIBLE:
                end = programs.relaxed.extreme(0, by > 0, self._seconds())
                reach = abs(by) - 1 if end is None else min(abs(by) - 1, int(np.floor(end + _ALMOST)))
                self._cut(one, by > 0, reach, kind)
                return

    def _cut(self, one: int, upper: bool, reach: int, kind: Proof) -> None:
        """No completion deviates by more than `reach` on one side."""
        if upper:
            self.up[one] = max(min(self.up[one], reach), self.rose[one])
        else:
            self.down[one] = min(max(self.down[one], -reach), self.fell[one])
        self._prove(kind)

    def findings(self) -> Findings:
        """The verdict, from witnesses that were checked against the system from the beginning."""
        system, cells = self.system, self.here.cells
        given = gathered(self.vectors)
        good = sound(system, self.withheld, given)
        self.figures["witnesses"], self.figures["rejected"] = float(len(given)), float((~good).sum())
        lowest, highest, low_by, high_by = seen(system, given.only(np.flatnonzero(good)))
        used = np.unique(np.concatenate([low_by, high_by]))
        kept = given.only(np.flatnonzero(good)[used[used >= 0]])
        lowest, highest, low_by, high_by = seen(system, kept)
        failing = short_of_need(system, lowest, highest) & self.withheld
        proof = np.full(len(system), Proof.PUBLISHED, np.int8)
        proof[cells] = np.where(failing[cells], self.proof, Proof.WITNESS)
        least, most = system.value.copy(), system.value.copy()
        least[cells], most[cells] = self.value + self.down, self.value + self.up
        finished = not bool((failing & (proof == Proof.UNFINISHED)).any())
        return Findings(
            (), finished, lowest, highest, least, most, proof, failing, np.zeros(len(system), np.bool_),
            np.zeros(len(system), np.bool_), low_by, high_by, kept, self.figures,
        )  # fmt: skip
