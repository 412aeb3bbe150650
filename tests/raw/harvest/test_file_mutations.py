# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A file that was changed on its way gives the same observations or a clear error (`file-mutations`)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from quality.areas.areas import build_areas
from quality.checks.checked import current, judge_all, keep_out
from quality.checks.revisions import revised
from quality.checks.schema import sift
from quality.checks.signs import lone_signs
from quality.checks.violations import Violation
from raw.contract_files import load_sources
from raw.contracts import Source
from raw.demo import generate
from raw.harvest.harvest import claim_file, read_table
from raw.harvest.mapping import Mapped
from raw.lake.lake import Delivery
from tests.prove import SEED, Experiments
from tests.quality.checks import mutations as on_tables
from tests.raw.harvest.file_mutations import KINDS, NotHere, Page, page_of
from tests.raw.harvest.paper import Paper, open_paper

CASES_PER_KIND = 200
PDF_CASES_PER_KIND = 12
TODAY = dt.date(2026, 11, 22)
YEARS = range(2018, 2025)
FIRST, BEFORE, NOW = (f"2026-0{month}-01T00:00:00+00:00" for month in (1, 2, 3))
ABOUT = ["table", "column", "measure", "dims", "area", "area_level", "area_vintage", "period", "basis"]
SAYS = [*ABOUT, "value", "unit", "obs_status", "meaning", "text"]


class Case(NamedTuple):
    """One change of one kind in one file; what stood in the lake before (`again`: the whole file; `older`: it without
    its newest period; `first`: nothing). The place is drawn from these words alone."""

    kind: str
    file: str
    before: str
    number: int


@dataclass(frozen=True)
class Original:
    """A file as it came, the table that claims it, and what is read from it."""

    path: Path
    source: Source
    table: str
    sources: Mapping[str, Source] = field(compare=False, hash=False)

    def read(self, path: Path, received: str, snapshot: str) -> Mapped:
        """What the harvest reads from a file as this table."""
        return read_table(
            path, Delivery(snapshot, self.path.name, 0, received, received), self.source, self.source.tables[self.table]
        )


class Known:
    """All files that contracts claim, by name; each is read when it is first asked for."""

    def __init__(self, originals: Mapping[str, Original]) -> None:
        self.originals = originals
        self.mapped = cache(self._mapped)
        self.paper = lru_cache(maxsize=4)(lambda name: open_paper(self.originals[name].path))
        self.others = lru_cache(maxsize=8)(self._others)
        self.areas = cache(self._areas)
        self.violations = cache(self._violations)

    def _mapped(self, name: str) -> Mapped:
        """What is read from it; nothing from a file with a fault, which the harvest turns away as it is."""
        return self.originals[name].read(self.originals[name].path, FIRST, name)

    def _of_source(self, source: str) -> list[str]:
        return [name for name, one in self.originals.items() if one.source.id == source]

    def _others(self, name: str) -> pl.DataFrame:
        """Observations of the source's other files that are about the same concepts."""
        concepts = self.mapped(name).observations["measure"].unique().implode()
        frames = [self.mapped(other).observations for other in self._of_source(self.originals[name].source.id)]
        frames = [frame for frame in frames if frame.height]
        tables = {frame["table"][0] for frame in frames if frame["measure"].is_in(concepts).any()}
        near = [frame for frame in frames if frame["table"][0] in tables and frame["snapshot"][0] != name]
        return pl.concat([self.mapped(name).observations.clear(), *near])

    def _areas(self, source: str) -> pl.DataFrame:
        names = self._of_source(source)
        lists = [one.areas for one in self.originals[names[0]].sources.values() if one.areas]
        return build_areas([self.mapped(name).areas for name in names], lists)

    def _violations(self, name: str, before: str) -> set[Violation]:
        return self.judge(name, pl.concat([self.lake(name, before), self.untouched(name)]))[0]

    def untouched(self, name: str) -> pl.DataFrame:
        """The file's own observations, as delivered last."""
        return _received(self.mapped(name).observations, NOW, "now")

    def lake(self, name: str, before: str) -> pl.DataFrame:
        """What was there before the file came."""
        own = self.mapped(name).observations
        if before == "older":
            own = own.filter(pl.col("period") < pl.col("period").max())
        return pl.concat([self.others(name), _received(own.clear() if before == "first" else own, BEFORE, name)])

    def judge(self, name: str, observed: pl.DataFrame) -> tuple[set[Violation], int]:
        """Violations (without the cell they begin at) and number of quarantined rows."""
        original = self.originals[name]
        sifted, _ = keep_out(sift(current(observed)), original.source, TODAY)
        found = judge_all(original.source, sifted.good, self.areas(original.source.id), TODAY, revised(observed))
        return {replace(one, cell="", snapshot="") for one in found.unknown}, sifted.quarantined.height


def _received(observations: pl.DataFrame, received: str, snapshot: str) -> pl.DataFrame:
    at = pl.lit(dt.datetime.fromisoformat(received)).cast(observations.schema["received_at"])
    return observations.with_columns(at.alias("received_at"), pl.lit(snapshot).alias("snapshot"))


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Known:
    demo = tmp_path_factory.mktemp("demo")
    made = generate(demo, YEARS)
    found: dict[str, Original] = {}
    for folder, sources in (
        (shared_data / "data", load_sources()),
        (demo / "inbox", load_sources(demo / "sources", made.sources)),
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            tables = claim_file(path, sources).tables
            if len(tables) == 1 and path.suffix.lower() in (".xlsx", ".csv", ".pdf"):
                source, table = tables[0]
                found[f"{source}/{table}/{path.name}"] = Original(path, sources[source], table, sources)
    return Known(found)


def drawn(files: Mapping[str, Original]) -> list[Case]:
    """Kinds, files and places, drawn before any of them is changed; a file of many megabytes is drawn less often."""
    rng = random.Random(f"file mutations {SEED}")
    names = [name for name in sorted(files) if not name.endswith(".pdf")]
    weights = [1 / (1 + files[name].path.stat().st_size / 200_000) for name in names]
    return [
        Case(kind, rng.choices(names, weights)[0], rng.choice(["again", "older", "older", "first"]), number)
        for kind in KINDS
        for number in range(CASES_PER_KIND)
    ]


def drawn_of_pdf(files: Mapping[str, Original]) -> list[Case]:
    """The same for PDF alone, drawn apart."""
    rng = random.Random(f"mutations of PDF {SEED}")
    names = [name for name in sorted(files) if name.endswith(".pdf")]
    return [
        Case(kind, rng.choice(names), rng.choice(["again", "older", "older", "first"]), number)
        for kind in KINDS
        for number in range(PDF_CASES_PER_KIND)
    ]


def said(observations: pl.DataFrame) -> pl.DataFrame:
    """What observations say, without where it stands in a file."""
    text = pl.when(pl.col("unit") == "text").then(pl.col("value_text")).alias("text")
    return observations.with_columns(text).select(SAYS).unique()


def expected(case: Case, page: Page, untouched: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """What the lake says if the changed file is read well: the same, but for a year that was added or left out."""
    if case.kind == "year_dropped":
        left = sorted(set(page.cells["r"]) - set(page.touched))
        kept = page.cells.filter(pl.col("r").is_in(left))["cell"].implode()
        return said(current(pl.concat([before, untouched.filter(pl.col("cell").is_in(kept))])))
    if case.kind != "year_added":
        return said(current(pl.concat([before, untouched])))
    period = page.cells["period"].max()
    year = str(period)[:4]
    one_more = pl.col("period").str.replace(year, str(int(year) + 1))
    entries = pl.col("dims").str.replace_all(year, str(int(year) + 1)) if page.renamed else pl.col("dims")
    vintage = pl.col("area_vintage")
    if untouched["area_vintage"].n_unique() > 1:
        vintage = pl.when(vintage == year).then(pl.lit(str(int(year) + 1))).otherwise(vintage).alias("area_vintage")
    new = untouched.filter((pl.col("period") == period) & pl.col("cell").is_in(page.cells["cell"].implode()))
    return said(current(pl.concat([before, untouched, new.with_columns(one_more, vintage, entries)])))


def mutate(known: Known, case: Case, folder: Path) -> dict[str, Any]:
    """Change the file and look at what becomes of it; fails where nobody hears of a change that matters."""
    try:
        case, page = _changed(known, case)
    except NotHere:  # the one PDF has no encoding, and its years are columns
        assert case.file.endswith(".pdf"), f"no file can have this: {case}"
        return {f"{case.kind}: not in a PDF": 1}
    original = known.originals[case.file]
    path = _saved(page.paper, folder)
    claim = claim_file(path, original.sources)
    if claim.tables != [(original.source.id, original.table)]:
        assert not claim.tables or claim.reason == "ambiguous" or _faulty(original, claim.tables, path), "another table"
        return {f"{case.kind}: clear error, {claim.reason or 'as another table'}": 1}
    read = original.read(path, NOW, "now")
    if read.faults:
        return {f"{case.kind}: clear error, {read.faults[0].code}": 1}
    return {f"{case.kind}: {_heard(known, case, page, read)}": 1}


def _changed(known: Known, case: Case) -> tuple[Case, Page]:
    """The change in the case's file, or in the first of others, drawn by the case, that can have it."""
    rng = random.Random(repr(case))
    names = [name for name in sorted(known.originals) if name.endswith(".pdf") == case.file.endswith(".pdf")]
    for name in (case.file, *rng.sample(names, len(names))):
        if known.mapped(name).observations.is_empty():
            continue
        page = page_of(known.paper(name), known.mapped(name).observations, rng)
        try:
            KINDS[case.kind](page)
        except NotHere:
            continue
        return case._replace(file=name), page
    raise NotHere(case.kind)


def _saved(paper: Paper, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / Path(paper.name).name
    path.write_bytes(paper.content())
    return path


def _faulty(original: Original, tables: list[tuple[str, str]], path: Path) -> bool:
    return all(
        bool(replace(original, source=original.sources[source], table=table).read(path, NOW, "now").faults)
        for source, table in tables
    )


def _heard(known: Known, case: Case, page: Page, read: Mapped) -> str:
    before, untouched = known.lake(case.file, case.before), known.untouched(case.file)
    observed = pl.concat([before, read.observations])
    now, wanted = said(current(observed)), expected(case, page, untouched, before)
    missing, more = (
        wanted.join(now, on=SAYS, how="anti", nulls_equal=True),
        now.join(wanted, on=SAYS, how="anti", nulls_equal=True),
    )
    if missing.is_empty() and more.is_empty():
        _same_names(known.mapped(case.file).areas, read.areas)
        return "same"
    violations, quarantined = known.judge(case.file, observed)
    if quarantined > known.judge(case.file, pl.concat([before, untouched]))[1]:
        return "clear error, quarantined"
    if new := violations - known.violations(case.file, case.before):
        return f"clear error, {min(one.identity.partition('.')[0] for one in new)}"
    if revised(observed).height > revised(pl.concat([before, untouched])).height:
        return "told as a revision"
    if more["value"].is_null().all() and _stands_alone(observed, pl.concat([before, untouched])):
        return "told as a sign that stands alone"
    rule = _unseen(known, case, observed, missing, more)
    about = f"{case}: {missing.height} missing or other, {more.height} more or other"
    assert rule is not None, f"silent: {about}"
    return f"cannot be seen, {rule}"


def _stands_alone(observed: pl.DataFrame, good: pl.DataFrame) -> bool:
    """Whether the report tells a sign in place of a figure that it does not tell of the untouched file."""
    now, before = (lone_signs(current(frame)) for frame in (observed, good))
    return now.join(before, on=[*ABOUT, "obs_status"], how="anti").height > 0


def _same_names(areas: pl.DataFrame, now: pl.DataFrame) -> None:
    about = ["area", "area_level", "name"]
    assert now.join(areas, on=about, how="anti").is_empty(), "silent: an area has another name"


def _unseen(known: Known, case: Case, observed: pl.DataFrame, missing: pl.DataFrame, more: pl.DataFrame) -> str | None:
    """The written rule by which nothing in the delivery or the lake contradicts a change."""
    changed = missing.join(more, on=ABOUT, how="inner", suffix="_now")
    if more.is_empty():
        return "figures are not there, and none is wrong"
    original = known.originals[case.file]
    if changed.height < more.height:
        adds_up = original.source.tables[original.table].identities
        return None if adds_up else "a figure where nothing stood, in a table that declares no sum"
    frame = current(pl.concat([known.lake(case.file, case.before), known.untouched(case.file)])).with_row_index("row")
    one = on_tables.Delivery(original.source, original.table, frame, known.areas(original.source.id), set())
    numbered = frame.join(changed, on=ABOUT, how="inner", suffix="_was")
    change = dict(numbered.filter(pl.col("value_now").is_not_null()).select("row", "value_now").iter_rows())
    if not change:
        is_text = numbered["unit"].eq("text").all()
        return "a text in no list" if is_text else "a symbol in place of a figure"
    if numbered.filter(pl.col("value_now").is_not_null())["value"].is_null().all():
        return "a figure in place of a symbol, and all sums hold"
    if _in_all_periods(frame, numbered):
        return "in all periods alike and never delivered before, and all sums hold"
    return on_tables.why_unseen(one, case.kind, change)


def _in_all_periods(frame: pl.DataFrame, changed: pl.DataFrame) -> bool:
    """Whether the lines that were changed were changed in every period that the lake knows of them."""
    line = on_tables.LINE
    periods = pl.col("period").n_unique()
    both = changed.group_by(line).agg(periods).join(frame.group_by(line).agg(periods.alias("all")), on=line)
    return both["period"].equals(both["all"])


def test_a_changed_file_gives_the_same_or_a_clear_error(experiment: Experiments, known: Known, tmp_path: Path) -> None:
    cases = drawn(known.originals)
    assert len(cases) >= 3000
    assert {one.source.contract.family for one in known.originals.values()} >= {"kiss_md", "regionaldatenbank_csv"}
    ordered = sorted(cases, key=lambda case: case.file)
    result = experiment("file-mutations", ordered, lambda case: mutate(known, case, tmp_path / "x"), sample=8)
    unseen = sum(count for name, count in result.figures.items() if "cannot be seen" in name)
    assert unseen <= max(2, 0.02 * result.run)


def test_a_changed_pdf_gives_the_same_or_a_clear_error(experiment: Experiments, known: Known, tmp_path: Path) -> None:
    cases = drawn_of_pdf(known.originals)
    result = experiment("file-mutations-pdf", cases, lambda case: mutate(known, case, tmp_path / "x"), sample=2)
    unseen = sum(count for name, count in result.figures.items() if "cannot be seen" in name)
    assert unseen <= max(2, 0.02 * result.run)
