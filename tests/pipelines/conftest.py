# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A demo site that ran once per session, and copies of it to break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sites import lagebild


@pytest.fixture(scope="session")
def finished_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo site after its first run. Not to be changed; `demo_copy` gives copies."""
    site = tmp_path_factory.mktemp("demo") / "site"
    done = lagebild("--site", site, "demo")
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
