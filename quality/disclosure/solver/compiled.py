# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The compiler of loops, or plain Python where it is missing.

Belongs here: the one decorator of the solver's loops. Does not belong here: a loop.

Every loop of this package is integer arithmetic without random numbers or threads, so that it gives the same bytes
either way; without numba it is some hundred times slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

Loop = TypeVar("Loop", bound=Callable[..., Any])

try:
    from numba import njit
except ImportError:  # the documented fallback
    njit = None  # type: ignore[assignment]


def compiled(loop: Loop) -> Loop:
    """This loop, compiled once and kept beside the module."""
    if njit is None:
        return loop
    return cast(Loop, njit(cache=True)(loop))
