# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The lake: byte for byte, once, for its owner's eyes only; what is not complete stays in the inbox."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

import pytest

from raw.lake import lake as lake_module
from raw.lake.files import atomic, read_json, restricted_folder, write_json
from raw.lake.lake import Intake, Lake, copy_into
from tests.raw.build import NOW


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def take(lake: Lake, inbox: Path, settle: float = 0.0) -> Intake:
    return lake.take_in(inbox, lambda: NOW, settle)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def snapshots(lake: Lake) -> list[str]:
    return sorted(path.name for path in lake.snapshots.rglob("*") if path.is_file())


def zipped(content: bytes = b"x" * 5000) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", content)
    return buffer.getvalue()


def test_a_file_is_stored_byte_for_byte_under_its_hash_and_leaves_the_inbox(lake: Lake, inbox: Path) -> None:
    content = bytes(range(256)) * 9000 + b"\r\n\x00ende"
    (inbox / "amt").mkdir()
    (inbox / "amt" / "Datei ä.bin").write_bytes(content)
    os.utime(inbox / "amt" / "Datei ä.bin", (1_600_000_000, 1_600_000_000))
    (found,) = take(lake, inbox).taken
    assert lake.snapshot_path(sha(content)).read_bytes() == content
    assert (found.snapshot, found.name, found.size) == (sha(content), "amt/Datei ä.bin", len(content))
    assert (found.received_at, found.modified_at) == ("2026-01-02T03:04:05.000000+00:00", "2020-09-13T12:26:40+00:00")
    assert lake.deliveries() == [found]
    assert [path for path in inbox.rglob("*") if path.is_file()] == []


def test_the_folders_of_the_inbox_belong_to_the_senders_and_stay(lake: Lake, inbox: Path) -> None:
    (inbox / "jugendamt" / "2024").mkdir(parents=True)
    (inbox / "jugendamt" / "a.csv").write_text("a")
    take(lake, inbox)
    assert (inbox / "jugendamt" / "2024").is_dir()


def test_two_names_of_one_content_are_one_snapshot_and_two_records(lake: Lake, inbox: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (inbox / name).write_bytes(b"same")
    take(lake, inbox)
    assert snapshots(lake) == [sha(b"same")]
    assert [delivery.name for delivery in lake.deliveries()] == ["a.csv", "b.csv"]


def test_the_same_file_delivered_again_adds_nothing(lake: Lake, inbox: Path) -> None:
    for _ in range(2):
        (inbox / "a.csv").write_bytes(b"same")
        os.utime(inbox / "a.csv", (1e9, 1e9))
        result = take(lake, inbox)
    assert (result.taken, result.known) == ([], 1)
    assert len(lake.deliveries()) == len(snapshots(lake)) == 1
    assert not (inbox / "a.csv").exists()


def test_a_later_version_under_the_same_name_is_a_delivery_of_its_own(lake: Lake, inbox: Path) -> None:
    for content in (b"first", b"second"):
        (inbox / "a.csv").write_bytes(content)
        take(lake, inbox)
    assert {delivery.snapshot for delivery in lake.deliveries()} == {sha(b"first"), sha(b"second")}


@pytest.mark.usefixtures("generous_umask")
def test_only_the_owner_can_enter_read_and_nobody_can_change_a_snapshot(tmp_path: Path, inbox: Path) -> None:
    lake = Lake(tmp_path / "lake")
    (inbox / "a.csv").write_bytes(b"secret")
    take(lake, inbox)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [lake.root, *lake.root.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file() and lake.snapshots in path.parents} == {0o400}
    assert {mode for path, mode in modes.items() if path.is_file() and lake.snapshots not in path.parents} == {0o600}


@pytest.mark.usefixtures("generous_umask")
def test_a_file_being_written_is_never_readable_to_others_either(tmp_path: Path) -> None:
    with atomic(tmp_path / "a.parquet") as part:
        assert stat.S_IMODE(part.stat().st_mode) == 0o600
        part.write_bytes(b"x")
    assert stat.S_IMODE((tmp_path / "a.parquet").stat().st_mode) == 0o600


def test_a_folder_that_was_open_is_tightened(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    assert stat.S_IMODE(restricted_folder(tmp_path / "open").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name", [".hidden.csv", "~$list.xlsx", "a.csv.part", "a.xlsx.crdownload", "A.TMP", "a.filepart", ".git/a"]
)
def test_a_name_that_says_partial_is_left_until_it_has_its_own(lake: Lake, inbox: Path, name: str) -> None:
    (inbox / name).parent.mkdir(exist_ok=True)
    (inbox / name).write_bytes(b"half")
    assert take(lake, inbox).waiting == {name: "partial_name"}
    assert snapshots(lake) == [] == lake.deliveries()
    (inbox / name).rename(inbox / "whole.csv")
    assert [delivery.name for delivery in take(lake, inbox).taken] == ["whole.csv"]


def test_an_empty_file_is_left_until_something_is_in_it(lake: Lake, inbox: Path) -> None:
    (inbox / "a.csv").touch()
    assert take(lake, inbox).waiting == {"a.csv": "empty"}
    (inbox / "a.csv").write_bytes(b"now")
    assert len(take(lake, inbox).taken) == 1


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods", "ohne Endung"])
def test_a_zip_without_its_directory_is_left_until_it_is_whole(lake: Lake, inbox: Path, name: str) -> None:
    whole = zipped()
    for cut in (5, len(whole) // 2, len(whole) - 1):
        (inbox / name).write_bytes(whole[:cut])
        assert take(lake, inbox).waiting == {name: "incomplete_zip"}
        assert snapshots(lake) == []
    (inbox / name).write_bytes(whole)
    assert take(lake, inbox).taken[0].snapshot == sha(whole)


def test_a_file_whose_space_is_only_reserved_is_left(lake: Lake, inbox: Path) -> None:
    (inbox / "a.xls").write_bytes(bytes(10_000))
    assert take(lake, inbox).waiting == {"a.xls": "unwritten"}
    assert snapshots(lake) == []


def test_a_csv_that_is_called_xlsx_does_not_wait_for_ever(lake: Lake, inbox: Path) -> None:
    (inbox / "a.xlsx").write_bytes(b"a;b\r\n1;2\r\n")
    assert len(take(lake, inbox).taken) == 1


@pytest.mark.parametrize("keeps_old_date", [False, True])
def test_a_file_that_somebody_is_writing_is_not_taken_until_it_is_complete(
    lake: Lake, inbox: Path, keeps_old_date: bool
) -> None:
    path, blocks, done = inbox / "a.csv", [os.urandom(4096) for _ in range(30)], threading.Event()

    def write() -> None:
        with path.open("wb") as file:
            for block in blocks:
                file.write(block)
                file.flush()
                if keeps_old_date:
                    os.utime(path, (1e9, 1e9))
                time.sleep(0.02)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    reasons = []
    while not done.is_set():
        result = take(lake, inbox, settle=0.1)
        reasons += result.waiting.values()
        if not done.is_set():
            assert result.taken == []
            assert snapshots(lake) == []
    writer.join()
    take(lake, inbox, settle=0.1)
    assert "changing" in reasons
    assert snapshots(lake) == [sha(b"".join(blocks))]
    assert [delivery.size for delivery in lake.deliveries()] == [30 * 4096]


def test_a_file_that_changes_while_it_is_copied_leaves_no_copy(
    lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.csv").write_bytes(b"first half, ")
    create = lake_module._create

    def create_while_the_sender_writes(path: Path) -> BinaryIO:
        if path.suffix == ".part":
            with (inbox / "a.csv").open("ab") as file:
                file.write(b"second half")
        return create(path)

    with monkeypatch.context() as patch:
        patch.setattr(lake_module, "_create", create_while_the_sender_writes)
        assert take(lake, inbox).waiting == {"a.csv": "changing"}
    assert snapshots(lake) == []
    assert take(lake, inbox).taken[0].snapshot == sha(b"first half, second half")


@pytest.mark.parametrize("replaced", [False, True])
def test_what_arrives_after_the_copy_was_made_is_not_thrown_away(lake: Lake, inbox: Path, replaced: bool) -> None:
    (inbox / "a.csv").write_bytes(b"old!")
    os.utime(inbox / "a.csv", (1e9, 1e9))

    def now() -> dt.datetime:
        if replaced:  # by another file of the same length and date
            (inbox / "b").write_bytes(b"new!")
            os.utime(inbox / "b", (1e9, 1e9))
            (inbox / "b").replace(inbox / "a.csv")
        else:
            (inbox / "a.csv").write_bytes(b"new!")
        return NOW

    lake.take_in(inbox, now, 0.0)
    assert (inbox / "a.csv").read_bytes() == b"new!"
    take(lake, inbox)
    assert snapshots(lake) == sorted([sha(b"old!"), sha(b"new!")])
    assert list(inbox.iterdir()) == []


def test_a_file_that_vanishes_under_our_hands_is_no_accident(
    lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        (inbox / name).write_bytes(name.encode())
    store = Lake._store

    def vanish(self: Lake, path: Path, before: os.stat_result) -> str | None:
        if path.name == "a.csv":
            path.unlink()
        return store(self, path, before)

    monkeypatch.setattr(Lake, "_store", vanish)
    result = take(lake, inbox)
    assert result.waiting == {"a.csv": "changing"}
    assert [delivery.name for delivery in result.taken] == ["b.csv"]


def test_a_file_that_cannot_be_read_does_not_keep_the_others_waiting(
    lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        (inbox / name).write_bytes(name.encode())
    opened = Path.open

    def refuse(self: Path, *how: Any, **options: Any) -> IO[Any]:
        if self.name == "a.csv":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *how, **options)

    monkeypatch.setattr(Path, "open", refuse)
    result = take(lake, inbox)
    assert result.waiting == {"a.csv": "unreadable"}
    assert [delivery.name for delivery in result.taken] == ["b.csv"]


def test_a_full_disk_is_not_blamed_on_a_file(lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox / "a.csv").write_bytes(b"a")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        take(lake, inbox)
    assert (inbox / "a.csv").exists()


def test_links_and_pipes_are_named_and_not_followed(lake: Lake, inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_bytes(b"not ours")
    (inbox / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    (inbox / "folder").symlink_to(tmp_path)
    os.mkfifo(inbox / "pipe")
    assert take(lake, inbox).waiting == {"link.csv": "not_a_file", "folder": "not_a_file", "pipe": "not_a_file"}
    assert snapshots(lake) == []


def test_a_name_in_an_old_encoding_is_taken_too(lake: Lake, inbox: Path) -> None:
    (Path(os.fsdecode(os.fsencode(inbox) + b"/Stra\xdfe.csv"))).write_bytes(b"a")
    assert [delivery.name for delivery in take(lake, inbox).taken] == ["Stra\\udcdfe.csv"]
    assert lake.deliveries()[0].snapshot == sha(b"a")


def test_the_date_of_publication_is_read_from_the_stored_bytes(lake: Lake, inbox: Path) -> None:
    (inbox / "a.csv").write_bytes(b"2020-02-02")
    lake.take_in(inbox, lambda: NOW, 0.0, lambda path, name: path.read_text())
    assert lake.deliveries()[0].published_on == "2020-02-02"


def test_damage_is_found_and_the_same_file_delivered_again_heals_it(lake: Lake, inbox: Path) -> None:
    contents = [b"one", b"two", b"three", b"sound"]
    for content in contents:
        (inbox / content.decode()).write_bytes(content)
    take(lake, inbox)
    assert lake.verify() == []
    for content, damage in ((b"one", b"0ne"), (b"two", b"")):
        path = lake.snapshot_path(sha(content))
        path.chmod(0o600)
        path.write_bytes(damage)
    lake.snapshot_path(sha(b"three")).unlink()
    assert lake.verify() == sorted(sha(content) for content in contents[:3])
    for content in contents[:3]:
        (inbox / content.decode()).write_bytes(content)
    take(lake, inbox)
    assert lake.verify() == []


def test_a_folder_is_synced_before_the_record_even_if_a_crash_left_the_copy_there(
    lake: Lake, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    (inbox / "a.csv").write_bytes(b"a")
    folder = restricted_folder(lake.snapshot_path(sha(b"a")).parent)
    lake.snapshot_path(sha(b"a")).write_bytes(b"a")
    sync, write = lake_module.sync, lake_module.write_json
    monkeypatch.setattr(lake_module, "sync", lambda path: (steps.append(f"sync {path.name}"), sync(path)))
    monkeypatch.setattr(lake_module, "write_json", lambda *given: (steps.append("record"), write(*given)))
    take(lake, inbox)
    assert steps == [f"sync {folder.name}", "sync snapshots", "record"]


def test_two_processes_that_take_in_at_once_take_everything_once(tmp_path: Path, inbox: Path) -> None:
    for number in range(40):
        (inbox / f"{number}.csv").write_bytes(os.urandom(20_000))
    contents = {path.name: sha(path.read_bytes()) for path in inbox.iterdir()}
    program = """
import datetime as dt, pathlib, sys, time
from raw.lake.lake import Lake
root = pathlib.Path(sys.argv[1])
print("ready", flush=True)
while not (root / "go").exists():
    time.sleep(0.001)
result = Lake(root / "lake").take_in(root / "inbox", lambda: dt.datetime.now(dt.UTC), 0.0)
print(len(result.taken))
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    answers = [int(process.communicate(timeout=60)[0]) for process in processes]
    lake = Lake(tmp_path / "lake")
    assert sum(answers) == 40
    assert {delivery.name: delivery.snapshot for delivery in lake.deliveries()} == contents
    assert len(lake.deliveries()) == 40
    assert lake.verify() == []
    assert list(inbox.iterdir()) == []


def test_copy_into_keeps_names_below_the_base_bytes_and_dates(tmp_path: Path) -> None:
    (tmp_path / "from" / "deep").mkdir(parents=True)
    file = tmp_path / "from" / "deep" / "a.csv"
    file.write_bytes(b"a")
    os.utime(file, (1e9, 1e9))
    assert copy_into(tmp_path / "inbox", [file], tmp_path / "from") == 1
    copy = tmp_path / "inbox" / "deep" / "a.csv"
    assert (copy.read_bytes(), copy.stat().st_mtime, stat.S_IMODE(copy.stat().st_mode)) == (b"a", 1e9, 0o600)
    assert file.exists()


def test_json_of_equal_content_has_equal_bytes_and_a_failed_write_leaves_the_old(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"b": 1, "a": "ä"})
    before = path.read_bytes()
    write_json(path, {"a": "ä", "b": 1})
    assert path.read_bytes() == before
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert path.read_bytes() == before
    assert read_json(path) == {"a": "ä", "b": 1}
    assert list(tmp_path.iterdir()) == [path]
