# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Crash-safe file operations: write beside, sync, move into place.

Belongs here: how a file gets onto the disk whole or not at all. Does not belong here: what the file says.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESTRICTED_FOLDER = 0o700
RESTRICTED_FILE = 0o600
PART = ".part"
"""Suffix of a file that is being written."""


def restricted_folder(path: Path) -> Path:
    """Create a folder that only its owner may enter, or tighten one that is there."""
    path.mkdir(mode=RESTRICTED_FOLDER, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o777 != RESTRICTED_FOLDER:
        path.chmod(RESTRICTED_FOLDER)
    return path


def sync(path: Path) -> None:
    """Make the content of a file, or the renames inside a folder, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def atomic(target: Path, mode: int = RESTRICTED_FILE, durable: bool = True) -> Iterator[Path]:
    """Yield a path beside the target to write to; on success it is synced and takes the target's place.

    After a crash there is the old file, or the new one, or none; a left-over `.<name>.<random>.part` is harmless. With
    `durable=False` the folder is not synced: for a file of which another one in the folder, written after it, says that
    it is there.
    """
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}{PART}")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        yield part
        part.chmod(mode)
        sync(part)
        part.replace(target)
        if durable:
            sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def write_json(target: Path, content: Any, mode: int = RESTRICTED_FILE, durable: bool = True) -> None:
    """Write JSON atomically (see there); keys sorted, so equal content gives equal bytes."""
    with atomic(target, mode, durable) as part:
        part.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text("utf-8"))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
