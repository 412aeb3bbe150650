# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Measure the whole way as a user meets it, one command after the other, each in a process of its own.

Every measure stands with the time that it may take on two cores. One over its limit makes the exit code 1.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

PYTHON = sys.executable
LAGEBILD = str(Path(PYTHON).with_name("lagebild"))

# What is measured, how often, the command, and the seconds that it may take. {site} is a fresh folder.
MEASURES = [
    ("load the code location restricted", 3, [PYTHON, "-c", "import pipelines.restricted_definitions"], 5),
    ("load the code location publish", 3, [PYTHON, "-c", "import pipelines.publish_definitions"], 5),
    ("demo, from nothing to the marts", 1, [LAGEBILD, "demo", "--site", "{site}"], 60),
    ("run with nothing new", 3, [LAGEBILD, "--site", "{site}", "run"], 10),
    ("status", 3, [LAGEBILD, "--site", "{site}", "status"], 5),
]


def seconds(command: list[str]) -> float:
    """Return how long a command took; stop with what it said if it failed."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def main() -> int:
    """Measure everything, print one table, and return 1 if a limit was passed."""
    table = Table("measure", "seconds (median)", "limit", "")
    over = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, times, command, limit in MEASURES:
            words = [word.format(site=Path(folder) / "site") for word in command]
            took = statistics.median(seconds(words) for _ in range(times))
            over += took > limit
            table.add_row(name, f"{took:.1f}", str(limit), "over" if took > limit else "ok")
    console = Console()
    console.print(table)
    load = os.getloadavg()[0]
    console.print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
