# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A crash at any instruction loses nothing: the next run brings every delivery into the lake exactly once.

Two kinds of crash are tried at every line that the intake executes and around every call to the system: an exception,
after which clean-up code still runs, and a kill, after which not one more line does.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import raw.lake
from raw.lake.lake import Lake
from tests.prove import Experiments
from tests.raw.build import NOW

CODE = str(Path(raw.lake.__file__).parent)
CALLS = ("open", "fsync", "replace", "unlink", "chmod", "mkdir", "close")
FILES = {"a.csv": b"same", "amt/b.csv": b"same", "amt/big.csv": b"0123456789" * 150_000, "again.csv": b"known before"}


class Crash(BaseException):
    """Nobody catches it by accident."""


class Counter:
    """Counts instructions and crashes at one of them; after a kill at every further one too."""

    def __init__(self, at: int | None, kill: bool) -> None:
        self.at, self.kill, self.count = at, kill, 0

    def step(self) -> None:
        self.count += 1
        if self.at is not None and (self.count == self.at or (self.kill and self.count > self.at)):
            raise Crash


@contextlib.contextmanager
def lines(counter: Counter) -> Iterator[None]:
    """Count every line executed in the code of the lake."""

    def trace(frame: FrameType, event: str, value: object) -> Any:
        if not frame.f_code.co_filename.startswith(CODE):
            return None
        if event == "line":
            counter.step()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@contextlib.contextmanager
def calls(counter: Counter) -> Iterator[None]:
    """Count before and after every call to the system that changes files."""
    originals = {name: getattr(os, name) for name in CALLS}

    def counted(call: Callable[..., Any], free: bool) -> Callable[..., Any]:
        def wrapper(*given: Any, **options: Any) -> Any:
            if free:  # a killed process closes its files too
                return call(*given, **options)
            counter.step()
            answer = call(*given, **options)
            counter.step()
            return answer

        return wrapper

    for name, call in originals.items():
        setattr(os, name, counted(call, name == "close"))
    try:
        yield
    finally:
        for name, call in originals.items():
            setattr(os, name, call)


def run(folder: Path, way: Callable[[Counter], contextlib.AbstractContextManager[None]], counter: Counter) -> bool:
    """Take the prepared inbox in; False if it crashed."""
    try:
        with way(counter):
            Lake(folder / "lake").take_in(folder / "inbox", lambda: NOW, 0.0)
    except Crash:
        return False
    return True


def prepare(folder: Path) -> None:
    """An inbox of four files, one of them with a record from an earlier run that crashed before the end."""
    for name, content in FILES.items():
        path = folder / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1e9, 1e9))
    early = folder / "early"
    early.mkdir()
    shutil.copy2(folder / "inbox" / "again.csv", early / "again.csv")
    Lake(folder / "lake").take_in(early, lambda: NOW, 0.0)


WAYS = {"line": lines, "call": calls}


def length(way: str) -> int:
    """The number of instructions of an intake that does not crash."""
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        counter = Counter(None, kill=False)
        assert run(Path(name), WAYS[way], counter)
        return counter.count


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def lost(folder: Path) -> list[str]:
    """Deliveries that are neither whole in the inbox nor whole in the lake with a record."""
    lake = Lake(folder / "lake")
    recorded = {(delivery.name, delivery.snapshot) for delivery in lake.deliveries()}
    damaged = set(lake.verify())
    return [
        name
        for name, content in FILES.items()
        if not ((folder / "inbox" / name).exists() and (folder / "inbox" / name).read_bytes() == content)
        and ((name, sha(content)) not in recorded or sha(content) in damaged)
    ]


def check(case: tuple[str, str, int]) -> dict[str, float]:
    way, kind, at = case
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        completed = run(folder, WAYS[way], Counter(at, kill=kind == "kill"))
        assert lost(folder) == [], "something is in neither place"

        assert run(folder, WAYS[way], Counter(None, kill=False))
        lake = Lake(folder / "lake")
        stored = sorted(path for path in lake.snapshots.rglob("*") if path.is_file())
        assert [path.name for path in stored] == sorted({sha(content) for content in FILES.values()})
        assert all(sha(path.read_bytes()) == path.name for path in stored)
        assert all(path.stat().st_mode & 0o777 == 0o400 for path in stored)
        records = [(one.name, one.snapshot, one.size, one.received_at, one.modified_at) for one in lake.deliveries()]
        assert sorted(records) == sorted(
            (name, sha(content), len(content), NOW.isoformat(timespec="microseconds"), "2001-09-09T01:46:40+00:00")
            for name, content in FILES.items()
        )
        assert [path for path in (folder / "inbox").rglob("*") if path.is_file()] == []
        assert list(folder.rglob("*.part")) == []
        return {"crashes": not completed, f"crashes by {kind} at a {way}": not completed}


def test_a_crash_at_any_instruction_loses_and_doubles_nothing(experiment: Experiments) -> None:
    cases = [(way, kind, at) for way in WAYS for kind in ("exception", "kill") for at in range(1, length(way) + 1)]
    result = experiment("lake-crash", cases, check, sample=60, key=lambda case: " ".join(map(str, case)))
    assert result.figures["crashes"] == result.run


def test_a_crash_is_a_crash() -> None:
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        assert not run(Path(name), lines, Counter(5, kill=True))
        assert lost(Path(name)) == []
        assert (Path(name) / "inbox" / "a.csv").exists()
    assert length("line") > 150
    assert length("call") > 40
