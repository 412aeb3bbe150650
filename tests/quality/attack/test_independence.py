# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The attack knows published files and public definitions, and nothing of the door or of how cells were formed."""

from __future__ import annotations

import ast
from pathlib import Path

ALLOWED = ("quality.attack", "raw.vocabulary", "numpy", "scipy", "polars", "highspy")
STANDARD = ("__future__", "collections.abc", "dataclasses", "functools", "pathlib", "re", "time", "typing")


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


def test_the_attack_imports_the_vocabulary_and_nothing_else_of_the_product(root: Path):
    modules = sorted((root / "quality/attack").glob("*.py"))
    assert len(modules) >= 14
    for path in modules:
        for name in imports(path) - set(STANDARD):
            assert any(name == one or name.startswith(f"{one}.") for one in ALLOWED), f"{path.name} imports {name}"


def test_the_attack_names_no_folder_of_the_restricted_zone(root: Path):
    for path in (root / "quality/attack").glob("*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value
        }
        for folder in ("lake", "cells", "review", "protected", "candidates", "certificate"):
            assert not [text for text in texts if folder in text.split("/")], f"{path.name} speaks of {folder}"
