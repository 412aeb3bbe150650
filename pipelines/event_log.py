# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Dagster's SQLite files during a run: open once, and synced at checkpoints.

Belongs here: how a run of one process treats the files of its own instance. Does not belong here: what is written.

Dagster opens and closes a file several times per event. The last one to close a file in WAL mode writes the log back
and deletes it, and each commit waits for the disk: on a run with 700 events that was more than half of the time.
`synchronous = NORMAL` can lose the last events of a run if the machine loses its power, never the database
(https://www.sqlite.org/pragma.html#pragma_synchronous); the run itself is told by its files, not by its events.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def databases_kept_open() -> Iterator[dict[str, sqlite3.Connection]]:
    """Keep one connection to each SQLite file that anyone in this process opens meanwhile; gives them by path."""
    kept: dict[str, sqlite3.Connection] = {}
    held: set[str] = set()

    def connected(connection: Any, _: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path and path not in kept:
            kept[path] = sqlite3.connect(path, check_same_thread=False)
        if path and path not in held:
            # Only who has read holds the log open, and a new file becomes one with a log after its first opening.
            kept[path].execute("SELECT count(*) FROM sqlite_master").fetchone()
            if Path(f"{path}-wal").exists():
                held.add(path)

    event.listen(Engine, "connect", connected)
    try:
        yield kept
    finally:
        event.remove(Engine, "connect", connected)
        for connection in kept.values():
            connection.close()
