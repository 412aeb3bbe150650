# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The solver gives the same pattern where the compiler of its loops is missing."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
if sys.argv[1] == "plain":
    sys.modules["numba"] = None
import numpy as np
from quality.disclosure.solver import Options, solve
from tests.quality.disclosure.solver.systems import table_of
inner = np.random.default_rng(5).poisson(3, (5, 4))
primary = {row * 5 + column: 1 for row, column in zip(*np.where((inner > 0) & (inner < 3)))}
system, block = table_of(inner, primary=primary)
print(np.flatnonzero(solve(system, Options(blocks=[block])).withheld).tolist())
"""


def test_plain_python_gives_the_same_pattern():
    compiled, plain = (
        subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True).stdout
        for how in ("compiled", "plain")
    )
    assert plain == compiled
    assert plain.count(",") > 5
