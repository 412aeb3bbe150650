# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Sites for tests: a demo site that ran once, copies of it, and the command in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

ROOT = Path(__file__).resolve().parents[1]
LAGEBILD = Path(sys.executable).with_name("lagebild")


def lagebild(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command; nothing of the caller's Lagebild settings reaches it."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("LAGEBILD", "DAGSTER"))}
    return subprocess.run(
        [str(LAGEBILD), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**inherited, "LAGEBILD_LANG": "en", "COLUMNS": "200", **environment},
    )


def run_json(site: Path) -> tuple[int, dict[str, Any]]:
    """`lagebild --json run`: exit code and result."""
    done = lagebild("--site", site, "--json", "run")
    return done.returncode, json.loads(done.stdout)


def release_of(site: Path) -> str:
    """Id of the site's latest release."""
    return (site / "warehouse" / "releases" / "latest").resolve().name


def delivered(site: Path, table: str) -> Path:
    """A copy, in the inbox, of the newest delivery in the lake that a claim says is this table."""
    claims = json.loads((site / "lake" / "observations" / "claims.json").read_text("utf-8"))["claims"]
    snapshots = {sha for sha, claim in claims.items() if any(name == table for _, name in claim["tables"])}
    records = [json.loads(path.read_text("utf-8")) for path in (site / "lake" / "deliveries").glob("*.json")]
    newest = max((r for r in records if r["snapshot"] in snapshots), key=lambda r: (r["published_on"] or "", r["name"]))
    target = site / "inbox" / Path(newest["name"]).name
    shutil.copyfile(site / "lake" / "snapshots" / newest["snapshot"][:2] / newest["snapshot"], target)
    target.chmod(0o600)
    return target


def edit_workbook(path: Path, change: Callable[[Any], None]) -> None:
    """Change the first sheet of a delivered workbook, as a colleague would in a spreadsheet program."""
    book = load_workbook(path)
    change(book.worksheets[0])
    book.save(path)
    old = 1_700_000_000
    os.utime(path, (old, old))
