# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Loader of the closed lists (`lists.yml`).

Belongs here: access to the lists. Does not belong here: a second copy of any list.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

VOCABULARY = Path(__file__).parent


class _UniqueKeys(yaml.CSafeLoader):
    """YAML in which a key that stands twice is a fault; plain YAML would forget the first in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(None, None, f"twice: {', '.join(twice)}", node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file of the vocabulary; ConstructorError if a key stands twice."""
    return cast("dict[str, Any]", yaml.load(path.read_text("utf-8"), _UniqueKeys) or {})


@cache
def vocabulary_fingerprint() -> str:
    """SHA-256 of all vocabulary files: what a word means decides what is harvested."""
    files = sorted(VOCABULARY.rglob("*.yml"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@cache
def lists() -> dict[str, Any]:
    """All closed lists by name, as written in `lists.yml`."""
    return read_yaml(VOCABULARY / "lists.yml")


def codes(name: str) -> tuple[str, ...]:
    """The codes of one closed list, in its order."""
    return tuple(lists()[name])


def statuses_with_value() -> frozenset[str]:
    """The observation statuses under which a value stands."""
    return frozenset(code for code, entry in lists()["obs_status"].items() if entry["has_value"])
