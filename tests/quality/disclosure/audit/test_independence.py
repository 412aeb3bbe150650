# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The audit knows nothing of how a pattern was chosen."""

from __future__ import annotations

from pathlib import Path

from tests.quality.independence import strange

ALLOWED = (
    "quality.disclosure.audit",
    "quality.disclosure.model.system",
    "quality.disclosure.model.vectors",
    "quality.programs",
    "numpy",
    "scipy",
    "polars",
    "highspy",
    "numba",
)
STANDARD = ("__future__", "collections.abc", "dataclasses", "enum", "functools", "pathlib", "time", "typing")


def test_the_audit_imports_the_shared_system_and_nothing_else_of_the_door(root: Path):
    folder = root / "quality/disclosure/audit"
    assert len(list(folder.glob("*.py"))) >= 7
    assert strange(folder, (*ALLOWED, *STANDARD)) == []
