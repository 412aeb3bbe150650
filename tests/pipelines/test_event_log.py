# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""During a run the SQLite files stay open, a new one too; afterwards all is written and nothing is held."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from pipelines.event_log import databases_kept_open


def opened(path: Path) -> Engine:
    """As Dagster does it: a pool that closes each connection."""
    return create_engine(f"sqlite:///{path}", poolclass=NullPool)


def write(path: Path, *statements: str) -> None:
    engine = opened(path)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.commit()
    engine.dispose()


NEW = ("PRAGMA journal_mode = WAL", "CREATE TABLE event (id INTEGER)")


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def test_without_it_the_last_to_close_writes_the_log_back(tmp_path: Path):
    path = tmp_path / "events.db"
    write(path, *NEW)
    write(path, "INSERT INTO event VALUES (1)")
    assert not log_of(path).exists()


def test_meanwhile_the_log_stays_and_in_the_end_all_is_in_the_file(tmp_path: Path):
    path = tmp_path / "events.db"
    with databases_kept_open() as kept:
        write(path, *NEW)
        write(path, "INSERT INTO event VALUES (1)")
        assert list(kept) == [str(path)]
        assert log_of(path).exists()
    assert not log_of(path).exists()
    assert sqlite3.connect(path).execute("SELECT id FROM event").fetchall() == [(1,)]


def test_after_an_error_too_nothing_is_held_and_nobody_listens(tmp_path: Path):
    path = tmp_path / "events.db"
    with pytest.raises(RuntimeError), databases_kept_open() as kept:
        write(path, *NEW)
        raise RuntimeError
    kept.clear()
    write(path, "INSERT INTO event VALUES (2)")
    assert not kept
    assert not log_of(path).exists()
