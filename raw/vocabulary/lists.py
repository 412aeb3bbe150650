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


@cache
def vocabulary_fingerprint() -> str:
    """SHA-256 of all vocabulary files: what a word means decides what is harvested."""
    files = sorted(Path(__file__).parent.glob("*.yml"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@cache
def lists() -> dict[str, Any]:
    """All closed lists by name, as written in `lists.yml`."""
    return cast("dict[str, Any]", yaml.safe_load(Path(__file__).with_name("lists.yml").read_text("utf-8")))


def codes(name: str) -> tuple[str, ...]:
    """The codes of one closed list, in its order."""
    return tuple(lists()[name])


def statuses_with_value() -> frozenset[str]:
    """The observation statuses under which a value stands."""
    return frozenset(code for code, entry in lists()["obs_status"].items() if entry["has_value"])
