# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which modules a package may import, read from its sources: what audit and attack must not know."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name} imports relatively"
            found.add(node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("__import__", "eval", "exec"), path.name
    return found


def strange(folder: Path, allowed: Iterable[str]) -> list[str]:
    """Imports of a folder's modules that are none of the allowed packages."""
    return [
        f"{path.name} imports {name}"
        for path in sorted(folder.glob("*.py"))
        for name in sorted(imports(path))
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    ]
