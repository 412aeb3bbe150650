# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The attack knows published files and public definitions, and nothing of the door or of how cells were formed."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.quality.independence import strange

ALLOWED = ("quality.attack", "raw.vocabulary", "quality.programs", "numpy", "scipy", "polars", "highspy")
STANDARD = ("__future__", "collections.abc", "dataclasses", "functools", "pathlib", "re", "time", "typing")


def test_the_attack_imports_the_vocabulary_and_nothing_else_of_the_product(root: Path):
    folder = root / "quality/attack"
    assert len(list(folder.glob("*.py"))) >= 14
    assert strange(folder, (*ALLOWED, *STANDARD)) == []


def test_the_attack_names_no_folder_of_the_restricted_zone(root: Path):
    for path in (root / "quality/attack").glob("*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value
        }
        for folder in ("lake", "cells", "review", "protected", "candidates", "certificate"):
            assert not [text for text in texts if folder in text.split("/")], f"{path.name} speaks of {folder}"
