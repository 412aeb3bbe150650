# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Fixtures that tests of several rooms share. What one room needs alone stands beside that room's tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.sites import lagebild

pytest_plugins = ["tests.prove", "pytester"]

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real deliveries, $LAGEBILD_SHARED or `shared` beside the checkout; else skip."""
    folder = Path(os.environ.get("LAGEBILD_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("no real deliveries: set LAGEBILD_SHARED to the folder that holds them")
    return folder


@pytest.fixture(scope="session")
def system_program() -> Callable[[str], str]:
    """Return a function that finds a program of the system, or skips the test by name where it is missing."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not installed; `make system` says how to get it")
        return path

    return find


@pytest.fixture(scope="session")
def finished_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a demo site after its first run, made as `make run` makes it. Not to be changed; `demo_copy` copies it."""
    site = tmp_path_factory.mktemp("demo") / "demo-site"
    done = lagebild("demo", "--site", site)
    assert done.returncode == 0, done.stdout + done.stderr
    return site


@pytest.fixture
def demo_copy(finished_demo: Path, tmp_path: Path) -> Callable[[], Path]:
    """Return a function that copies the finished demo site."""

    def copy() -> Path:
        site = tmp_path / "site"
        shutil.copytree(finished_demo, site, symlinks=True)
        return site

    return copy


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a system test that skips in continuous integration, where every program has to be there."""
    report = yield
    if report.skipped and item.get_closest_marker("system") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"In continuous integration a system test must not skip. {reason}"
    return report
