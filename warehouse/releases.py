# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Releases: the marts as files that never change, moved into place in one atomic step.

    <releases>/<YYYY-MM-DD>-<content hash>/manifest.json
    <releases>/<YYYY-MM-DD>-<content hash>/<tier>/marts/<mart>.parquet and <mart>.csv
    <releases>/latest -> the newest release

Here belongs how candidates become a release. Not here: what stands in a mart (`transforms/models/marts`), and
any other format than Parquet and CSV.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from raw.lake.files import file_sha256
from warehouse.candidates import Candidate
from warehouse.manifest import Model

SCHEMA_VERSION = "1.0"
"""Version of names, columns and meanings of the marts; a reader may rely on its first number."""

_SCRATCH = ".release-"
_RELEASE_ID = re.compile(r"^\d{4}-\d{2}-\d{2}-[0-9a-f]{8}$")


class ReleaseError(RuntimeError):
    """A release cannot be made; nothing became visible."""


@dataclass(frozen=True)
class Release:
    """One release; `created` is false where the same content had been published before."""

    id: str
    directory: Path
    created: bool

    def marts(self, tier: str) -> Path:
        """The folder with the marts of one tier."""
        return self.directory / tier / "marts"


def publish(
    candidates: Mapping[str, Candidate],
    releases_dir: Path,
    *,
    marts: Iterable[Model],
    day: date,
    code_version: str,
) -> Release:
    """Publish the candidates of all tiers as one release and let `latest` point to it.

    The content hash covers the rows of every mart and the schema version, and nothing that says when, where
    or with which library version: the same content gives the release that is there already.
    Raises ReleaseError if a candidate is not ok.
    """
    if not candidates:
        raise ReleaseError("there is no candidate to publish")
    if refused := sorted(tier for tier, found in candidates.items() if not found.result.ok):
        raise ReleaseError(f"a build failed, nothing is published: {', '.join(refused)}")
    releases_dir.mkdir(parents=True, exist_ok=True)
    with _only_publisher(releases_dir):
        return _published(candidates, releases_dir, list(marts), day, code_version)


def _published(
    candidates: Mapping[str, Candidate], releases_dir: Path, marts: list[Model], day: date, code_version: str
) -> Release:
    work_dir = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=releases_dir))
    try:
        tiers = {}
        for tier, found in sorted(candidates.items()):
            files = _export(found.database, work_dir / tier / "marts", marts)
            tiers[tier] = {"input_hash": found.input_hash, "protected": found.protected, "marts": files}
        content_hash = _content_hash(tiers)
        release = _existing(releases_dir, content_hash)
        if release is None:
            release = Release(f"{day.isoformat()}-{content_hash[:8]}", releases_dir, created=True)
            description = {
                "id": release.id,
                "content_hash": content_hash,
                "schema_version": SCHEMA_VERSION,
                "code_version": code_version,
                "tiers": tiers,
            }
            (work_dir / "manifest.json").write_text(
                json.dumps(description, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
            )
            release = _moved_into_place(work_dir, releases_dir, release.id)
    finally:
        _remove(work_dir)
    _point_latest(releases_dir, release.id)
    return release


def releases(releases_dir: Path) -> tuple[Release, ...]:
    """All releases that are in place, oldest first."""
    found = releases_dir.iterdir() if releases_dir.is_dir() else ()
    names = sorted(path.name for path in found if _RELEASE_ID.match(path.name))
    return tuple(Release(name, releases_dir / name, created=False) for name in names)


@contextmanager
def _only_publisher(releases_dir: Path) -> Iterator[None]:
    """Hold the lock of the folder, and clear what a publisher that died has left behind."""
    with (releases_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in releases_dir.glob(f"{_SCRATCH}*"):
            _remove(leftover)
        yield


def _export(database: Path, marts_dir: Path, marts: list[Model]) -> dict[str, dict[str, Any]]:
    marts_dir.mkdir(parents=True)
    files: dict[str, dict[str, Any]] = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET threads TO 1")  # one thread, so that the same rows give the same bytes
        for mart in marts:
            name = mart.name.removeprefix("marts.")
            order = ", ".join(mart.grain) or "ALL"
            parquet, csv = marts_dir / f"{name}.parquet", marts_dir / f"{name}.csv"
            connection.execute(
                f"COPY (SELECT {', '.join(c.name for c in mart.columns)} FROM {mart.name} ORDER BY {order}) "
                f"TO '{_quoted(parquet)}' (FORMAT parquet, COMPRESSION zstd)"
            )
            connection.execute(
                f"COPY (SELECT {', '.join(_csv_column(c.name, c.type) for c in mart.columns)} "
                f"FROM {mart.name} ORDER BY {order}) TO '{_quoted(csv)}' (FORMAT csv, HEADER)"
            )
            counted = connection.execute(f"SELECT COUNT(*) FROM {mart.name}").fetchone()
            files[name] = {
                "rows": counted[0] if counted else 0,
                "files": {path.name: file_sha256(path) for path in (parquet, csv)},
            }
    return files


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _csv_column(name: str, kind: str) -> str:
    """Whole numbers without `.0`; everything else as DuckDB writes it: decimal point, empty for null."""
    if kind != "DOUBLE":
        return name
    is_whole = f"{name} = TRUNC({name}) AND ABS({name}) < 1e15"
    whole = f"CAST(CAST({name} AS BIGINT) AS VARCHAR)"
    return f"CASE WHEN {is_whole} THEN {whole} ELSE CAST({name} AS VARCHAR) END AS {name}"


def _content_hash(tiers: Mapping[str, Mapping[str, Any]]) -> str:
    content = {
        tier: {name: mart["files"][f"{name}.csv"] for name, mart in described["marts"].items()}
        for tier, described in tiers.items()
    }
    text = json.dumps({"schema": SCHEMA_VERSION, "tiers": content}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _existing(releases_dir: Path, content_hash: str) -> Release | None:
    for release in releases(releases_dir):
        if release.id.endswith(content_hash[:8]):
            described = json.loads((release.directory / "manifest.json").read_text(encoding="utf-8"))
            if described["content_hash"] == content_hash:
                return release
    return None


def _moved_into_place(work_dir: Path, releases_dir: Path, name: str) -> Release:
    for path in work_dir.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
            _sync(path)
    for path in (work_dir, *(path for path in work_dir.rglob("*") if path.is_dir())):
        _sync(path)
        # Folders stay writable for their owner, or a rename would be refused; the internal tier is for its circle only.
        path.chmod(0o750 if path.name == "internal" else 0o755)
    os.rename(work_dir, releases_dir / name)  # noqa: PTH104 (fails where the target exists and is not empty)
    _sync(releases_dir)
    return Release(name, releases_dir / name, created=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _point_latest(releases_dir: Path, name: str) -> None:
    latest = releases_dir / "latest"
    if latest.is_symlink() and latest.readlink() == Path(name):
        return
    scratch = releases_dir / f".latest-{os.getpid()}"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(name)
    scratch.replace(latest)
    _sync(releases_dir)


def _remove(work_dir: Path) -> None:
    if work_dir.exists():
        for path in work_dir.rglob("*"):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
        shutil.rmtree(work_dir)
