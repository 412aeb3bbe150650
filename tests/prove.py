# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Two depths of proof: one experiment, run as a seeded sample by `make test` and in full by `make prove`.

A large experiment is a list of cases and a check. A test hands both to the fixture `experiment`:

    def test_spot_values(experiment, shared_data):
        experiment("spot-values", spot_values(shared_data), check_spot_value, sample=150)

`make test` runs `sample` of the cases, chosen by the seed. `make prove` runs them all, notes each finished
case under `.prove/<state of the tree>/seed-<seed>/<experiment>.jsonl` and goes on there when it is started
again; at its end it writes `docs/evidence.md`. What belongs in this module is the running, noting and
reporting of cases; what a case is and when it holds belongs in the test that owns it.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

Case = TypeVar("Case")
Figures = Mapping[str, float]

SEED = 20261122
SAMPLE = 50
EVIDENCE = Path("docs/evidence.md")
STATE = Path(".prove")
_JOURNALS = pytest.StashKey[Path]()
_SHOWN_FAILURES = 5
_SECONDS_BETWEEN_REPORTS = 15


@dataclass(frozen=True)
class Outcome:
    """What one case gave: its id, whether it held, how long it took, its figures and, if it failed, why."""

    case: str
    passed: bool
    seconds: float
    figures: Figures = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Result:
    """What an experiment gave so far: `known` cases in all, `run` of them done, `passed` of these held."""

    name: str
    seed: int
    known: int
    run: int
    passed: int
    seconds: float
    figures: Figures
    failures: tuple[Outcome, ...] = ()

    @property
    def failed(self) -> int:
        """The number of cases that did not hold."""
        return self.run - self.passed


def total(figures: Iterable[Figures]) -> dict[str, float]:
    """Add the figures of all cases name by name; the default way of summing up an experiment."""
    sums: dict[str, float] = {}
    for one in figures:
        for name, value in one.items():
            sums[name] = sums.get(name, 0) + value
    return sums


class Journal:
    """The notes of one experiment on disk: one JSON line per event, written at once, readable after a crash.

    The first line of a run says how many cases there are; a line per case follows; the summed-up figures
    close it. A line cut short by a crash is passed over. Of several lines on the same case the last one
    counts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the readable lines in the order in which they were written."""
        if not self.path.exists():
            return
        for line in self.path.read_text("utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue

    def note(self, event: Mapping[str, Any]) -> None:
        """Append one line; a line cut short by a crash is closed first."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            if file.tell():
                file.seek(-1, 2)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")

    def outcomes(self) -> dict[str, Outcome]:
        """Return the latest outcome of each case."""
        events = (event for event in self.events() if "case" in event)
        return {event["case"]: Outcome(**event) for event in events}

    def result(self) -> Result | None:
        """Sum the journal up, finished or not; None where nothing has been noted."""
        events = list(self.events())
        head = next((event for event in reversed(events) if "experiment" in event), None)
        if head is None:
            return None
        done = [event["figures"] for event in events if "case" not in event and "figures" in event]
        outcomes = self.outcomes().values()
        return _sum_up(head["experiment"], head["seed"], head["known"], outcomes, done[-1] if done else {})


class Experiments:
    """Runs experiments at one depth: a seeded sample, or all cases with a journal to go on from.

    `journals` is the folder of the journals; None means a sample, of which nothing is kept. `report` gets a
    line of progress now and then.
    """

    def __init__(
        self, seed: int = SEED, journals: Path | None = None, report: Callable[[str], None] | None = None
    ) -> None:
        self.seed = seed
        self.journals = journals
        self.report = report or (lambda line: None)

    def __call__(
        self,
        name: str,
        cases: Iterable[Case],
        check: Callable[[Case], Figures | None],
        *,
        sample: int = SAMPLE,
        key: Callable[[Case], str] = repr,
        summary: Callable[[list[Figures]], Figures] = total,
    ) -> Result:
        """Run `check` on the cases of this depth and fail the calling test if one of them does not hold.

        `check` raises where a case does not hold and may return figures to be summed up by `summary`. `key`
        names a case in words that stay the same between runs; two cases must not share one. All cases are
        run before the test fails.
        """
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            raise ValueError(f"An experiment is named in lower case and hyphens, not {name!r}")
        listed = list(cases)
        known = {key(case): case for case in listed}
        if len(known) != len(listed):
            raise ValueError(f"{name}: {len(listed) - len(known)} cases share their key with another; give `key`")
        if not known:
            raise ValueError(f"{name}: no cases, so nothing would be shown")
        result = (
            self._all(name, known, check, summary)
            if self.journals
            else self._sample(name, known, check, sample, summary)
        )
        if result.failed:
            pytest.fail(describe_failure(result), pytrace=False)
        return result

    def _sample(
        self,
        name: str,
        known: Mapping[str, Case],
        check: Callable[[Case], Figures | None],
        size: int,
        summary: Callable[[list[Figures]], Figures],
    ) -> Result:
        chosen = choose(list(known), size, f"{self.seed}:{name}")
        outcomes = [_try(case, known[case], check) for case in chosen]
        return _sum_up(name, self.seed, len(known), outcomes, summary([one.figures for one in outcomes]))

    def _all(
        self,
        name: str,
        known: Mapping[str, Case],
        check: Callable[[Case], Figures | None],
        summary: Callable[[list[Figures]], Figures],
    ) -> Result:
        assert self.journals is not None
        journal = Journal(self.journals / f"{name}.jsonl")
        outcomes = {case: one for case, one in journal.outcomes().items() if one.passed and case in known}
        open_cases = [case for case in known if case not in outcomes]
        journal.note({"experiment": name, "seed": self.seed, "known": len(known)})
        reported = time.monotonic()
        for case in open_cases:
            outcomes[case] = _try(case, known[case], check)
            journal.note(vars(outcomes[case]))
            if time.monotonic() - reported > _SECONDS_BETWEEN_REPORTS:
                reported = time.monotonic()
                self.report(f"{name}: {len(outcomes)} of {len(known)} cases")
        figures = summary([outcomes[case].figures for case in known])
        journal.note({"figures": dict(figures)})
        return _sum_up(name, self.seed, len(known), outcomes.values(), figures)


def choose(keys: Sequence[str], size: int, seed: str) -> list[str]:
    """Choose `size` of the keys (all if there are no more), the same for the same seed, in their order."""
    if size >= len(keys):
        return list(keys)
    return [keys[place] for place in sorted(random.Random(seed).sample(range(len(keys)), size))]


def describe_failure(result: Result) -> str:
    """Say which cases did not hold, the first few with their reason, and with which seed they were chosen."""
    lines = [f"{result.name}: {result.failed} of {result.run} cases do not hold (seed {result.seed})"]
    lines += [f"  {one.case}: {one.message}" for one in result.failures[:_SHOWN_FAILURES]]
    if result.failed > _SHOWN_FAILURES:
        lines.append(f"  and {result.failed - _SHOWN_FAILURES} more")
    return "\n".join(lines)


def _try(name: str, case: Case, check: Callable[[Case], Figures | None]) -> Outcome:
    start = time.perf_counter()
    try:
        figures, message = {name: float(value) for name, value in (check(case) or {}).items()}, ""
    except (Exception, pytest.fail.Exception) as error:
        figures, message = {}, f"{type(error).__name__}: {error}"
    return Outcome(name, not message, round(time.perf_counter() - start, 6), figures, message)


def _sum_up(name: str, seed: int, known: int, outcomes: Iterable[Outcome], figures: Figures) -> Result:
    done = list(outcomes)
    failures = tuple(one for one in done if not one.passed)
    seconds = round(sum(one.seconds for one in done), 3)
    return Result(name, seed, known, len(done), len(done) - len(failures), seconds, figures, failures)


def tree_state(root: Path) -> str:
    """Name the state of the work tree: the commit, and if files differ from it a hash of how they differ.

    The evidence itself does not count: writing it must not make the next run start again.
    """

    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, check=True).stdout

    evidence = f":(exclude){EVIDENCE}"
    try:
        commit = git("rev-parse", "--short=12", "HEAD").decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return "no-commit"
    change = hashlib.sha256(git("diff", "HEAD", "--binary", "--", ".", evidence))
    for name in git("ls-files", "-z", "--others", "--exclude-standard", "--", ".", evidence).split(b"\0"):
        path = root / name.decode()
        if name and path.is_file():
            change.update(name + b"\0" + path.read_bytes())
    clean = hashlib.sha256().hexdigest()
    return commit if change.hexdigest() == clean else f"{commit}-{change.hexdigest()[:12]}"


def journals_folder(root: Path, seed: int) -> Path:
    """Return where the journals of this state of the tree and this seed lie."""
    return root / STATE / tree_state(root) / f"seed-{seed}"


def earlier_results(folder: Path, but: Iterable[str]) -> dict[str, tuple[str, Result]]:
    """What finished runs on earlier commits (not on changed trees) gave, by experiment: the commit and the result.

    Of several commits the one counts whose journal was written last; experiments named in `but` are left out.
    """
    there = [path for path in folder.parent.parent.glob(f"*/{folder.name}/*.jsonl") if path.parent != folder]
    found: dict[str, tuple[str, Result]] = {}
    for path in sorted(there, key=lambda path: path.stat().st_mtime):
        state, result = path.parent.parent.name, Journal(path).result()
        if "-" not in state and result is not None and result.run == result.known:
            found[result.name] = (state, result)
    return {name: one for name, one in sorted(found.items()) if name not in set(but)}


def evidence(
    state: str, seed: int, results: Sequence[Result], when: datetime, earlier: Mapping[str, tuple[str, Result]] = {}
) -> str:
    """Write the evidence page: what was run, on which state of the code, and what it gave.

    `earlier`: what was run on an earlier commit and not again on this one; it stands apart, with its commit.
    """
    commit, _, change = state.partition("-")
    lines = [
        "# Evidence",
        "",
        "What the large experiments gave with all their cases. Written by `make prove`, not edited by hand.",
        "",
        f"- Commit: `{commit}`" + (f", with changes not committed (`{change}`)" if change else ""),
        f"- Date: {when:%Y-%m-%d %H:%M} UTC",
        f"- Seed: {seed}",
        "",
        "| experiment | cases | run | passed | failed | seconds |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for one in results:
        lines.append(f"| {one.name} | {one.known} | {one.run} | {one.passed} | {one.failed} | {one.seconds:.1f} |")
    if earlier:
        lines += ["", "Not run again on this commit; on an earlier one:", ""]
        lines += [
            "| experiment | cases | run | passed | failed | seconds | commit |",
            "|---|---:|---:|---:|---:|---:|---|",
        ]
        for commit, one in earlier.values():
            counts = f"{one.known} | {one.run} | {one.passed} | {one.failed} | {one.seconds:.1f}"
            lines.append(f"| {one.name} | {counts} | `{commit}` |")
    for one in [*results, *(result for _, result in earlier.values())]:
        lines += _details(one)
    return "\n".join(lines) + "\n"


def _details(result: Result) -> list[str]:
    lines: list[str] = []
    if result.figures:
        lines += ["| figure | value |", "|---|---:|"]
        lines += [f"| {name} | {value:,.10g} |" for name, value in sorted(result.figures.items())]
    if result.run < result.known:
        lines += ["", f"Interrupted: {result.known - result.run} cases are still to be run."]
    if result.failed:
        lines += ["", "Cases that do not hold:", ""]
        lines += [f"- `{one.case}`" for one in result.failures[:_SHOWN_FAILURES]]
    return ["", f"## {result.name}", "", *(lines[1:] if lines and not lines[0] else lines)] if lines else []


def write_evidence(root: Path, folder: Path, seed: int) -> list[Result]:
    """Write `docs/evidence.md` from the journals in a folder; return what it reports."""
    found = (Journal(path).result() for path in sorted(folder.glob("*.jsonl")))
    results = [one for one in found if one is not None]
    if results:
        page = root / EVIDENCE
        page.parent.mkdir(exist_ok=True)
        earlier = earlier_results(folder, [one.name for one in results])
        page.write_text(evidence(folder.parent.name, seed, results, datetime.now(UTC), earlier), "utf-8")
    return results


# --- the plugin: options, selection, fixture, closing lines ---


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the depth of proof and the seed to the command line."""
    group = parser.getgroup("proof")
    group.addoption("--prove", action="store_true", help="run every case of the large experiments, and only these")
    group.addoption("--seed", type=int, default=SEED, help="seed of the samples (default: %(default)s)")


def pytest_configure(config: pytest.Config) -> None:
    """Settle once, for the workers too, which state of the tree this run in full depth is about."""
    if config.getoption("prove"):
        given = getattr(config, "workerinput", {}).get("journals")
        folder = Path(given) if given else journals_folder(config.rootpath, config.getoption("seed"))
        config.stash[_JOURNALS] = folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the journals lie."""
    if _JOURNALS in node.config.stash:
        node.workerinput["journals"] = str(node.config.stash[_JOURNALS])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the experiments only in full depth; leave what is meant for full depth out of the sample."""
    full = config.getoption("prove")

    def wanted(item: pytest.Item) -> bool:
        marked = item.get_closest_marker("prove") is not None
        return marked or "experiment" in getattr(item, "fixturenames", ()) if full else not marked

    left_out = [item for item in items if not wanted(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if wanted(item)]


@pytest.fixture(scope="session")
def experiment(request: pytest.FixtureRequest) -> Experiments:
    """Run a large experiment at the depth of this run; see `Experiments.__call__`."""
    config = request.config
    seed = config.getoption("seed")
    if _JOURNALS not in config.stash:
        return Experiments(seed)

    def report(line: str) -> None:
        capture = config.pluginmanager.getplugin("capturemanager")
        terminal = config.pluginmanager.getplugin("terminalreporter")
        if capture and terminal:
            with capture.global_and_fixture_disabled():
                terminal.write_line(line)

    return Experiments(seed, config.stash[_JOURNALS], report)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """At the end of a run in full depth write the evidence and say what it holds."""
    if _JOURNALS not in config.stash:
        return
    for one in write_evidence(config.rootpath, config.stash[_JOURNALS], config.getoption("seed")):
        terminalreporter.write_line(f"{one.name}: {one.passed} of {one.known} cases hold, {one.seconds:.1f} s")
