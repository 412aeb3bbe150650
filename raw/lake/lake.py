# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From the inbox into the lake: every delivery is stored once, byte for byte, under its SHA-256.

Belongs here: taking in, delivery records, looking up snapshots. Does not belong here: what a delivery means.

The order of steps makes a crash harmless at any instruction: the bytes are safe in the lake before the record says
so, and the record is safe before the file leaves the inbox. Whatever is missing is made up for by the next run,
because the record's name is computed from the delivery itself. The folders of the inbox belong to the senders and stay.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from raw.lake.files import PART, RESTRICTED_FILE, file_sha256, read_json, restricted_folder, sync, write_json

_PARTIAL_SUFFIXES = (PART, ".partial", ".crdownload", ".download", ".tmp", ".filepart", ".swp")
_ZIP_HEAD = b"PK\x03\x04"
_UNWRITTEN_HEAD = bytes(len(_ZIP_HEAD))
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


@dataclass(frozen=True)
class _Found:
    """A file in the inbox: where, its name as text, and its state when it was found complete."""

    path: Path
    name: str
    stat: os.stat_result


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
        return list(_deliveries(self.records, _names(self.records)))

    def verify(self) -> list[str]:
        """SHA-256 of every snapshot whose bytes are not what its name says, or that a record names and that is gone."""
        named = {delivery.snapshot for delivery in self.deliveries()}
        stored = {path.name for path in self.snapshots.glob("[!.]*/*")}
        return sorted(sha256 for sha256 in named | stored if not self._is_sound(sha256))

    def _is_sound(self, sha256: str) -> bool:
        path = self.snapshot_path(sha256)
        return path.is_file() and file_sha256(path) == sha256

    def take_in(
        self,
        inbox: Path,
        now: Callable[[], dt.datetime],
        settle_seconds: float = 2.0,
        published_on: Callable[[Path, str], str | None] = lambda path, name: None,
    ) -> Intake:
        """Take every complete file of the inbox into the lake and remove it from the inbox.

        A file is left where it is, with a reason, while it still changes (watched for `settle_seconds` if it was
        touched within them), while its name says that it is partial, while a ZIP container has no directory yet, or
        if it cannot be read; one such file does not keep the others waiting.
        `published_on` reads the publisher's date from a stored file (path, name).
        """
        result = Intake()
        with self._only_writer():
            for found in _settled(inbox, settle_seconds, result.waiting):
                try:
                    self._take(found, now, published_on, result)
                except OSError as error:
                    if error.filename is None or Path(os.fsdecode(error.filename)) != found.path:
                        raise
                    result.waiting[found.name] = "changing" if isinstance(error, FileNotFoundError) else "unreadable"
        return result

    def _take(
        self,
        found: _Found,
        now: Callable[[], dt.datetime],
        published_on: Callable[[Path, str], str | None],
        result: Intake,
    ) -> None:
        path, name, before = found.path, found.name, found.stat
        sha256 = self._store(path, before)
        if sha256 is None:
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

    def _store(self, path: Path, before: os.stat_result) -> str | None:
        """Copy the bytes into the lake and return their SHA-256; None, and no copy, if the file changed meanwhile."""
        part = self.snapshots / f".{os.getpid()}{PART}"
        digest = hashlib.sha256()
        try:
            with path.open("rb") as source, _create(part) as copy:
                while block := source.read(1 << 20):
                    digest.update(block)
                    copy.write(block)
                copy.flush()
                os.fsync(copy.fileno())
            if _changed(path, before):
                return None
            sha256 = digest.hexdigest()
            target = self.snapshot_path(sha256)
            if not self._is_sound(sha256):
                restricted_folder(target.parent)
                part.chmod(_SNAPSHOT_MODE)
                part.replace(target)
            for folder in (target.parent, self.snapshots):
                sync(folder)
        finally:
            part.unlink(missing_ok=True)
        return sha256

    @contextlib.contextmanager
    def _only_writer(self) -> Iterator[None]:
        with _create(self.root / ".lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for folder in (self.snapshots, self.records):
                for leftover in folder.glob(f".*{PART}"):
                    leftover.unlink(missing_ok=True)
            yield


def _create(path: Path) -> BinaryIO:
    """Open a file for writing that nobody else could ever read, not even before a change of its mode."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, RESTRICTED_FILE), "wb")


def _names(records: Path) -> tuple[str, ...]:
    names = (entry.name for entry in os.scandir(records))  # a glob is ten times slower, and this is asked for often
    return tuple(sorted(name for name in names if name.endswith(".json") and not name.startswith(".")))


@lru_cache(maxsize=4)
def _deliveries(records: Path, names: tuple[str, ...]) -> tuple[Delivery, ...]:
    """The records of these names, read once per process: a record's content never changes under its name."""
    found = [Delivery(**read_json(records / name)) for name in names]
    return tuple(sorted(found, key=lambda delivery: (delivery.received_at, delivery.name, delivery.snapshot)))


def _record_id(sha256: str, name: str, mtime_ns: int) -> str:
    about = hashlib.sha256(f"{sha256}\n{name}\n{mtime_ns}".encode()).hexdigest()
    return f"{sha256[:16]}-{about[:16]}"


def _state(path: Path) -> tuple[int, int, int]:
    """What changes when somebody writes to a file or puts another one in its place."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _changed(path: Path, before: os.stat_result) -> bool:
    try:
        return _state(path) != (before.st_ino, before.st_size, before.st_mtime_ns)
    except FileNotFoundError:
        return True


def _settled(inbox: Path, settle_seconds: float, waiting: dict[str, str]) -> list[_Found]:
    """The files of the inbox that are complete; the others are named in `waiting`.

    A copy with its dates kept looks old by its modification time, so the time of the last change of any kind counts.
    """
    seen: dict[Path, os.stat_result] = {}
    for path in sorted(inbox.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            if path.is_symlink() or not path.is_dir():
                seen[path] = path.lstat()
    if any(time.time() - max(found.st_mtime, found.st_ctime) < settle_seconds for found in seen.values()):
        time.sleep(settle_seconds)
    settled = []
    for path, found in seen.items():
        # A name that is no text (an old network drive) is written with its odd bytes spelt out.
        name = path.relative_to(inbox).as_posix().encode("utf-8", "backslashreplace").decode()
        if reason := _why_not(path, name, found):
            waiting[name] = reason
        else:
            settled.append(_Found(path, name, found))
    return settled


def _why_not(path: Path, name: str, before: os.stat_result) -> str | None:
    """The reason why a file is not taken now, or None."""
    if any(part.startswith((".", "~$")) for part in Path(name).parts) or name.lower().endswith(_PARTIAL_SUFFIXES):
        return "partial_name"
    if not stat.S_ISREG(before.st_mode):
        return "not_a_file"
    if _changed(path, before):
        return "changing"
    if before.st_size == 0:
        return "empty"
    try:
        with path.open("rb") as file:
            head = file.read(len(_ZIP_HEAD))
            if head == _UNWRITTEN_HEAD:
                return "unwritten"
            return "incomplete_zip" if head == _ZIP_HEAD and not zipfile.is_zipfile(file) else None
    except OSError:
        return "unreadable"


def copy_into(inbox: Path, files: Iterator[Path] | list[Path], base: Path) -> int:
    """Copy files into the inbox under their path below `base`, keeping their dates; returns how many."""
    count = 0
    for file in files:
        target = inbox / file.relative_to(base)
        restricted_folder(target.parent)
        part = target.with_name(f".{target.name}{PART}")
        shutil.copyfile(file, part)
        shutil.copystat(file, part)
        part.chmod(RESTRICTED_FILE)
        part.replace(target)
        count += 1
    return count
