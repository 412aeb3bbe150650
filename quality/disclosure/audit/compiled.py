# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Compiling of the inner loops. Belongs here: the decorator `compiled` and its fallback, nothing else.

With numba a loop is compiled once and kept beside its module. Without it, or with NUMBA_DISABLE_JIT=1, the same code
runs interpreted: some hundred times slower and with the same findings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function on its first call, where that is possible."""
    try:
        from numba import njit
    except ImportError:  # a platform for which numba is not built
        return function
    return cast(Function, njit(cache=True)(function))
