# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""An instance of HiGHS that says nothing.

Belongs here: making one. Does not belong here: what solver, audit and attack
ask it, each in its own words.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

import highspy


def program() -> highspy.Highs:
    """A new instance without output. Its first one greets on standard output, where our results go."""
    _greeted()
    made = highspy.Highs()  # type: ignore[no-untyped-call]
    made.setOptionValue("output_flag", False)
    return made


@cache
def _greeted() -> None:
    """Let the library greet where nobody hears it."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted
        kept = os.dup(1)
        try:
            os.dup2(nowhere.fileno(), 1)
            highspy.Highs()  # type: ignore[no-untyped-call]
            ctypes.CDLL(None).fflush(None)
        finally:
            os.dup2(kept, 1)
            os.close(kept)
