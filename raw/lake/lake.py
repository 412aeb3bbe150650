# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From the inbox into the lake: every delivery is stored once, byte for byte, under its SHA-256.

Belongs here: taking in, delivery records, looking up snapshots. Does not belong here: what a delivery means.

The order of steps makes a crash harmless at any instruction: the bytes are safe in the lake before the record says
so, and the record is safe before the file leaves the inbox. Whatever is missing is made up for by the next run,
because the record's name is computed from the delivery itself.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from raw.lake.files import RESTRICTED_FILE, read_json, restricted_folder, sync_folder, write_json

_PARTIAL_SUFFIXES = (".part", ".partial", ".crdownload", ".download", ".tmp", ".filepart", ".swp")
_ZIP_SUFFIXES = (".xlsx", ".xlsm", ".ods", ".zip")
_SNAPSHOT_MODE = 0o400


@dataclass(frozen=True)
class Delivery:
    """One file that someone delivered: its snapshot and when it came.

    `published_on` is the date on which the publisher made the file, where the file says so (ISO, else None).
    """

    snapshot: str
    name: str
    size: int
    received_at: str
    modified_at: str
    published_on: str | None = None


@dataclass
class Intake:
    """What one look into the inbox did. `waiting` maps a file's name to the reason why it was left there."""

    taken: list[Delivery] = field(default_factory=list)
    known: int = 0
    waiting: dict[str, str] = field(default_factory=dict)


class Lake:
    """The snapshots and delivery records below one folder (0700)."""

    def __init__(self, root: Path) -> None:
        self.root = restricted_folder(root)
        self.snapshots = restricted_folder(root / "snapshots")
        self.records = restricted_folder(root / "deliveries")

    def snapshot_path(self, sha256: str) -> Path:
        """Where the bytes with this SHA-256 lie."""
        return self.snapshots / sha256[:2] / sha256

    def deliveries(self) -> list[Delivery]:
        """All deliveries, in the order in which they came."""
        found = [Delivery(**read_json(path)) for path in self.records.glob("[!.]*.json")]
        return sorted(found, key=lambda delivery: (delivery.received_at, delivery.name, delivery.snapshot))

    def verify(self) -> list[str]:
        """SHA-256 of every snapshot whose bytes are not what its name says, or that a record names and that is gone."""
        damaged = []
        for sha256 in sorted({delivery.snapshot for delivery in self.deliveries()}):
            path = self.snapshot_path(sha256)
            if not path.is_file() or _sha256(path) != sha256:
                damaged.append(sha256)
        return damaged

    def take_in(
        self,
        inbox: Path,
        now: Callable[[], dt.datetime],
        settle_seconds: float = 2.0,
        published_on: Callable[[Path, str], str | None] = lambda path, name: None,
    ) -> Intake:
        """Take every complete file of the inbox into the lake and remove it from the inbox.

        A file is left where it is, with a reason, while it still changes (size or modification time within
        `settle_seconds`), while its name says that it is partial, or while a ZIP container has no directory yet.
        `published_on` reads the publisher's date from a stored file (path, name).
        """
        result = Intake()
        with self._only_writer():
            for path in _settled(inbox, settle_seconds, result.waiting):
                self._take(inbox, path, now, published_on, result)
            _remove_empty_folders(inbox)
        return result

    def _take(
        self,
        inbox: Path,
        path: Path,
        now: Callable[[], dt.datetime],
        published_on: Callable[[Path, str], str | None],
        result: Intake,
    ) -> None:
        name = path.relative_to(inbox).as_posix()
        before = path.stat()
        sha256 = self._store(path)
        if sha256 is None or _changed(path, before):
            result.waiting[name] = "changing"
            return
        record = self.records / f"{_record_id(sha256, name, before.st_mtime_ns)}.json"
        if record.exists():
            result.known += 1
        else:
            delivery = Delivery(
                snapshot=sha256,
                name=name,
                size=before.st_size,
                received_at=now().astimezone(dt.UTC).isoformat(timespec="microseconds"),
                modified_at=dt.datetime.fromtimestamp(before.st_mtime, dt.UTC).isoformat(timespec="seconds"),
                published_on=published_on(self.snapshot_path(sha256), name),
            )
            write_json(record, asdict(delivery))
            result.taken.append(delivery)
        if not _changed(path, before):
            path.unlink()

    def _store(self, path: Path) -> str | None:
        """Copy the bytes into the lake and return their SHA-256 (None if the file vanished meanwhile)."""
        part = self.snapshots / f".{os.getpid()}.part"
        digest = hashlib.sha256()
        try:
            with path.open("rb") as source, part.open("wb") as copy:
                part.chmod(RESTRICTED_FILE)
                while block := source.read(1 << 20):
                    digest.update(block)
                    copy.write(block)
                copy.flush()
                os.fsync(copy.fileno())
            target = self.snapshot_path(digest.hexdigest())
            if not target.exists():
                restricted_folder(target.parent)
                part.chmod(_SNAPSHOT_MODE)
                part.replace(target)
                sync_folder(target.parent)
                sync_folder(self.snapshots)
        except FileNotFoundError:
            return None
        finally:
            part.unlink(missing_ok=True)
        return digest.hexdigest()

    @contextlib.contextmanager
    def _only_writer(self) -> Iterator[None]:
        with (self.root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for leftover in self.snapshots.glob(".*.part"):
                leftover.unlink(missing_ok=True)
            yield


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record_id(sha256: str, name: str, mtime_ns: int) -> str:
    about = hashlib.sha256(f"{sha256}\n{name}\n{mtime_ns}".encode()).hexdigest()
    return f"{sha256[:16]}-{about[:16]}"


def _changed(path: Path, before: os.stat_result) -> bool:
    try:
        after = path.stat()
    except FileNotFoundError:
        return True
    return (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


def _settled(inbox: Path, settle_seconds: float, waiting: dict[str, str]) -> list[Path]:
    """The files of the inbox that are complete; the others are named in `waiting`."""
    candidates = {path: path.stat() for path in sorted(inbox.rglob("*")) if path.is_file() and not path.is_symlink()}
    young = [path for path, stat in candidates.items() if time.time() - stat.st_mtime < settle_seconds]
    if young:
        time.sleep(settle_seconds)
    settled = []
    for path, stat in candidates.items():
        name = path.relative_to(inbox).as_posix()
        if any(part.startswith((".", "~$")) for part in Path(name).parts) or name.lower().endswith(_PARTIAL_SUFFIXES):
            waiting[name] = "partial_name"
        elif _changed(path, stat):
            waiting[name] = "changing"
        elif stat.st_size == 0:
            waiting[name] = "empty"
        elif path.suffix.lower() in _ZIP_SUFFIXES and not zipfile.is_zipfile(path):
            waiting[name] = "incomplete_zip"
        else:
            settled.append(path)
    return settled


def _remove_empty_folders(inbox: Path) -> None:
    folders = [path for path in inbox.rglob("*") if path.is_dir() and not path.is_symlink()]
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()


def copy_into(inbox: Path, files: Iterator[Path] | list[Path], base: Path) -> int:
    """Copy files into the inbox under their path below `base`, keeping their dates; returns how many."""
    count = 0
    for file in files:
        target = inbox / file.relative_to(base)
        restricted_folder(target.parent)
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(file, part)
        shutil.copystat(file, part)
        part.chmod(RESTRICTED_FILE)
        part.replace(target)
        count += 1
    return count
