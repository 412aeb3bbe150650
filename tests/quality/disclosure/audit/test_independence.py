# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The audit knows nothing of how a pattern was chosen."""

from __future__ import annotations

import ast
from pathlib import Path

ALLOWED = (
    "quality.disclosure.audit",
    "quality.disclosure.model.programs",
    "quality.disclosure.model.system",
    "quality.disclosure.model.vectors",
    "numpy",
    "scipy",
    "polars",
    "highspy",
    "numba",
)
STANDARD = ("__future__", "collections.abc", "dataclasses", "enum", "functools", "pathlib", "time", "typing")


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


def test_the_audit_imports_the_shared_system_and_nothing_else_of_the_door(root: Path):
    modules = sorted((root / "quality/disclosure/audit").glob("*.py"))
    assert len(modules) >= 7
    for path in modules:
        for name in imports(path) - set(STANDARD):
            assert any(name == one or name.startswith(f"{one}.") for one in ALLOWED), f"{path.name} imports {name}"
