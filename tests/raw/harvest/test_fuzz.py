# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""No reader crashes, hangs or eats the memory, whatever lies in the inbox (`fuzzed-readers`).

`make test` gives each reader half a second, `make prove` as many seconds as $LAGEBILD_FUZZ_SECONDS says (default 180).
"""

from __future__ import annotations

import io
import os
import resource
import signal
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raw.contract_files import load_source, load_sources
from raw.contracts import FAMILIES, Source, TableContract
from raw.harvest import grid as opening
from raw.harvest import harvest
from raw.harvest.faults import Fault
from raw.harvest.grid import CSV_SHEET, Cell, Grid, Unreadable, open_grids
from raw.harvest.harvest import claim_file, read_table
from raw.harvest.layout import family
from raw.harvest.opened import Opened
from raw.harvest.pages import read_pages
from raw.lake.lake import Delivery
from tests.conftest import ROOT
from tests.prove import Experiments
from tests.raw import build
from tests.raw.pdfs import pdf_source, write_pdf

SECONDS_OF_A_SAMPLE = 0.5
SECONDS = float(os.environ.get("LAGEBILD_FUZZ_SECONDS", "180"))
MAX_SECONDS_OF_A_FILE = 20
MAX_MORE_MB = 600
"""What a reader may add to the peak memory of this process; seeds are small files."""
SMALL, LARGE = 300_000, 4_000_000
ROWS = 60
"""A seed has no more rows; of a family that sends large files only, the beginning of one is a seed."""
READERS = sorted(path.stem for path in FAMILIES.glob("*.yml"))
"""Every layout family, those of a YAML alone included."""
HEADS = (
    b"",
    b"PK\x03\x04",
    b"%PDF-1.4\n",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"a;b;c\r\n",
)
WORDS = (
    "", " ", "-", ".", "x", "...", "0", "00", "1.234", "1,5", "-3", "1e308", "nan", "inf", "2023", "31.12.2023",
    "32.13.2023",
    "2023/24", "15003", "06", "DG", "Insgesamt", "männlich", "__________", "{sex}", "|", " | ", "GENESIS-Tabelle: 1",
    "Tabelle: ", "Stand: 99.99.2020", "Satzart", "60", "=1+1", "\x00", "\u2028", "\ud7ff", "٣", "²", "𝟙", "9" * 400,
    "A" * 5_000, "31.12.0000", "9999", "Satz-art", "1) ", "\"", "'", ";", "Zeit", "1_Merkmal_Code",
)  # fmt: skip
HAND_MADE = [
    ["Plätze in Kindertagesstätten 2023"], ["Stadtteil", "Plätze", None], [None, "unter 3", "ab 3"],
    ["01", 12.0, 30.0], ["02", "-", "1.234"], ["Stand: 31.12.2023"],
]  # fmt: skip
HAND = """
id: orte
title: {de: t, en: t}
detect: {title: Plätze in Kindertagesstätten}
period: {text: "Kindertagesstätten {date}"}
area: {stub: Stadtteil}
stubs: [Stadtteil]
columns:
  "Plätze | unter 3": unknown
  "Plätze | ab 3": unknown
"""
DELIVERY = Delivery("fuzz", "datei", 0, "2026-01-01T00:00:00+00:00", "")


@dataclass(frozen=True)
class Seed:
    """A good file to begin with, and the table that claims it."""

    content: bytes
    name: str
    grids: list[Grid]
    source: Source
    table: TableContract


class TooSlow(Exception):
    """A file took longer than it may."""


@pytest.fixture(scope="module")
def seeds(sources: dict[str, Source], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Seed]]:
    """Small good files of each reader: generated ones, and real ones where there are some."""
    folder = tmp_path_factory.mktemp("seeds")
    for delivery in build.ALL.values():
        delivery.write(folder)
    write_pdf(folder / "bericht.pdf")
    build.write_xlsx(folder / "eigene.xlsx", {"Blatt": HAND_MADE})
    own = {**sources, "t_pdf": pdf_source(folder / "of pdf"), "t_hand": hand_made(folder / "of a hand")}
    shared, real = _shared(), load_sources()
    found: dict[str, list[Seed]] = {}
    for base, known in ((folder, own), (shared, real)):
        for path in sorted(path for path in base.rglob("*") if path.is_file() and path.stat().st_size <= SMALL):
            _add(found, path, known)
    large = [path for path in shared.rglob("*") if path.is_file() and SMALL < path.stat().st_size <= LARGE]
    for path in sorted(large, key=lambda path: (path.stat().st_size, path)):
        missing = {name: one for name, one in real.items() if one.contract.family not in found}
        if missing and claim_file(path, missing).tables:
            _add(found, _beginning(path, folder), missing)
    return found


def _shared() -> Path:
    return Path(os.environ.get("LAGEBILD_SHARED") or ROOT.parent / "shared") / "data"


def hand_made(folder: Path) -> Source:
    """The source whose one table is HAND_MADE."""
    source = build.SOURCE.format(id="t_hand", family="eigene_tabelle", basis="register") + 'symbols: {"-": zero}\n'
    source += 'areas: {level: stadtteil, parent: "99001000", list: areas.yml}\n'
    return load_source(build.write_source(folder / "t_hand", {"source": source, "orte": HAND, "areas": build.AREAS}))


def _add(found: dict[str, list[Seed]], path: Path, known: Mapping[str, Source]) -> None:
    """Take a file as a seed of the families that claim it, at most twelve of each."""
    for source, table in claim_file(path, known).tables:
        same = found.setdefault(known[source].contract.family, [])
        if len(same) < 12:
            grids = [replace(grid, rows=grid.rows[:ROWS]) for grid in open_grids(path)]
            same.append(Seed(path.read_bytes(), path.name, grids, known[source], known[source].tables[table]))


def _beginning(path: Path, folder: Path) -> Path:
    """The first rows of a large file, as a file of its own."""
    grids = open_grids(path)
    if len(grids) == 1 and grids[0].sheet == CSV_SHEET:
        (folder / path.name).write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:ROWS]))
        return folder / path.name
    return build.write_xlsx(folder / f"{path.stem}.xlsx", {grid.sheet: grid.rows[:ROWS] for grid in grids})


def test_every_reader_gives_observations_or_faults_for_any_file(
    experiment: Experiments, seeds: dict[str, list[Seed]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(seeds) >= set(READERS) or not _shared().exists(), "a reader without a good file to begin with"
    budget = SECONDS_OF_A_SAMPLE if experiment.journals is None else SECONDS
    monkeypatch.setattr(opening, "pages_of", read_pages)  # without the process of its own, which forgives everything
    result = experiment(
        "fuzzed-readers", READERS, lambda name: fuzz(name, seeds, tmp_path / "file", budget), sample=len(READERS)
    )
    assert result.figures["files"] >= 10 * len(READERS)


def fuzz(name: str, seeds: Mapping[str, list[Seed]], path: Path, budget: float) -> dict[str, float]:
    """Read damaged files until the time is up; a crash, a hang or too much memory fails."""
    known = load_sources()
    began, before, tried = time.monotonic(), _peak_mb(), 0
    end = began + budget
    ways = [any_bytes(name, known, path)]
    if seeds.get(name):
        ways += [damaged_bytes(seeds[name], path), changed_cells(seeds[name])]
    turn = 0
    while time.monotonic() < end:
        for way in ways:
            turn += 1
            tried += _some_examples(way, turn, end)
    assert _peak_mb() - before < MAX_MORE_MB
    return {"files": tried, f"{name}: files": tried, f"{name}: seconds": round(time.monotonic() - began)}


def _some_examples(way: Way, number: int, end: float) -> int:
    """Some fifty files of one way, from a seed of their own; returns how many were read."""
    tried = 0
    strategy, read = way

    @hypothesis.seed(number)
    @settings(max_examples=50, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def some(drawn: object) -> None:
        nonlocal tried
        if time.monotonic() < end:
            with _in_time():
                read(drawn)
            tried += 1

    some()
    return tried


Way = tuple[st.SearchStrategy, Callable[[object], None]]


def any_bytes(name: str, known: Mapping[str, Source], path: Path) -> Way:
    """Bytes behind the first bytes of a format."""
    tables = [(source, table) for source in known.values() for table in source.tables.values()]
    own = [(source, table) for source, table in tables if source.contract.family == name]

    def read(drawn: tuple[bytes, bytes, int]) -> None:
        head, rest, which = drawn
        path.write_bytes(head + rest)
        claim_file(path, known)
        if own:
            source, table = own[which % len(own)]
            _sound(read_table(path, DELIVERY, source, table).faults)

    text = st.lists(st.sampled_from(WORDS), max_size=40).map(lambda words: ";".join(words).encode("utf-8"))
    lines = st.lists(text, max_size=20).map(b"\r\n".join)
    return st.tuples(st.sampled_from(HEADS), st.binary(max_size=400) | lines, st.integers(0, 100)), read  # type: ignore[return-value]


def damaged_bytes(seeds: list[Seed], path: Path) -> Way:
    """A good file with some bytes exchanged, lost or doubled; of a workbook, also within its parts."""

    def read(drawn: tuple[int, bool, int, list[tuple[int, int, bytes]]]) -> None:
        which, inside, part, damage = drawn
        seed = seeds[which % len(seeds)]
        content = seed.content
        content = _inside(content, part, damage) if inside and content[:2] == b"PK" else _damaged(content, damage)
        path.write_bytes(content)
        claim_file(path, {seed.source.id: seed.source})
        _sound(read_table(path, DELIVERY, seed.source, seed.table).faults)

    one = st.tuples(st.integers(0, 2**20), st.integers(0, 2000), st.binary(max_size=12))
    return st.tuples(st.integers(0, 99), st.booleans(), st.integers(0, 99), st.lists(one, min_size=1, max_size=5)), read  # type: ignore[return-value]


def _damaged(content: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, new in damage:
        place = at % (len(content) + 1)
        content = content[:place] + new + content[place + length % 64 :]
        if length > 1900:
            content = content[:place]
    return content


def _inside(content: bytes, part: int, damage: list[tuple[int, int, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, 1) as new:
        names = [item.filename for item in old.infolist()]
        for name in names:
            own = old.read(name)
            new.writestr(name, _damaged(own, damage) if name == names[part % len(names)] else own)
    return out.getvalue()


def changed_cells(seeds: list[Seed]) -> Way:
    """A good table with other entries, rows and columns too many, too few or elsewhere."""

    def read(drawn: tuple[int, list[tuple[str, int, int, Cell]]]) -> None:
        which, changes = drawn
        seed = seeds[which % len(seeds)]
        grids = [_changed(grid, changes) for grid in seed.grids]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(harvest, "open_grids", lambda path: grids)
            patch.setattr(opening, "open_grids", lambda path: grids)
            patch.setattr(harvest, "_OPENED", Opened())
            claim_file(Path("datei"), {seed.source.id: seed.source})
            _sound(read_table(Path("datei"), DELIVERY, seed.source, seed.table).faults)
        reader = family(seed.source.contract.family)
        reader.identify(grids)
        reader.published_on(grids)

    entry = st.sampled_from(WORDS) | st.none() | st.floats() | st.text(max_size=8)
    kinds = st.sampled_from(
        ["entry", "entry", "entry", "without row", "without column", "row", "column", "copy", "only"]
    )
    change = st.tuples(kinds, st.integers(0, 60), st.integers(0, 30), entry)
    return st.tuples(st.integers(0, 99), st.lists(change, min_size=1, max_size=8)), read  # type: ignore[return-value]


def _changed(grid: Grid, changes: list[tuple[str, int, int, Cell]]) -> Grid:
    rows = [list(row) for row in grid.rows]
    for kind, at_row, at_column, entry in changes:
        if not rows or not rows[0]:
            break
        row, column = at_row % len(rows), at_column % len(rows[0])
        if kind == "entry":
            rows[row][column] = entry or None
        elif kind == "without row":
            del rows[row]
        elif kind == "without column":
            rows = [one[:column] + one[column + 1 :] for one in rows]
        elif kind == "row":
            rows.insert(row, [entry or None] * len(rows[0]))
        elif kind == "column":
            rows = [[*one[:column], entry or None, *one[column:]] for one in rows]
        elif kind == "copy":
            rows.append(list(rows[row]))
        else:
            rows = rows[: row + 1]
    return replace(grid, rows=rows)


def _sound(faults: list[Fault]) -> None:
    for fault in faults:
        assert fault.sentence("de") and fault.sentence("en")


@contextmanager
def _in_time() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {MAX_SECONDS_OF_A_FILE} s for a file")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS_OF_A_FILE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def test_what_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "leer").write_bytes(b"PK\x03\x04")
    with pytest.raises(Unreadable, match="damaged"):
        open_grids(tmp_path / "leer")
