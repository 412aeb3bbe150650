# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Real deliveries, where there are some: claimed files have no fault, and every known cell is found again."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from raw.contract_files import load_sources
from raw.contracts import Source
from raw.harvest.address import column_letters
from raw.harvest.columns import SEPARATOR, match_columns
from raw.harvest.grid import open_grids
from raw.harvest.harvest import Claim, Harvest, harvest_source, identify
from raw.harvest.layout import family, family_config, row_fingerprint
from raw.lake.lake import Lake, copy_into
from raw.vocabulary.lists import lists, statuses_with_value
from tests.prove import Experiments
from tests.raw.build import NOW

FOLDERS = (
    "magdeburg-kiss-md",
    "regionalstatistik-csv",
    "regionalstatistik-csv-altcode",
    "destatis-gvisys",
    "genesis-ffcsv",
    "landesdatenbank-nrw",
    "regionalstatistik-xlsx",
    "genesis-classic-csv",
    "statistik-sachsen-finanzen",
    "destatis-kreise",
    "destatis-statistischer-bericht",
    "zensus",
    "landesaemter-sonderauswertung",
    "destatis-gebietsaenderungen",
    "bbsr-referenz",
    "ba-arbeitsmarkt-kommunal",
    "berlin",
    "deutschlandatlas",
    "hamburg-stadtteilprofile",
    "kiel-opendata",
    "magdeburg-finanzen-csv",
    "muenchen-indikatorenatlas",
    "muenchen-jahrbuch",
    "muenster",
    "wahlen",
    "wegweiser-kommune",
)
CLAIMED = {
    "kiss_md": 269,
    "regionaldatenbank": 13,
    "gv_isys": 4,
    "genesis_ffcsv": 2,
    "landesdatenbank_nrw": 7,
    "regionaldatenbank_xlsx": 3,
    "genesis_online": 1,
    "genesis_classic": 1,
    "statistik_sachsen": 1,
    "destatis_kreise": 1,
    "destatis_gebietsaenderungen": 2,
    "bbsr_referenz": 1,
    "destatis_berichte": 4,
    "zensus_2022": 2,
    "zensus_2022_csv": 1,
    "sterbefaelle_by": 1,
    "sterbefaelle_nw": 1,
    "sterbefaelle_sh": 1,
    "sterbefaelle_st": 1,
    "ba_gemeindeheft": 5,
    "berlin_lor": 3,
    "deutschlandatlas": 8,
    "hamburg_stadtteilprofile": 10,
    "kiel_opendata": 4,
    "magdeburg_finanzen": 1,
    "muenchen_indikatorenatlas": 1,
    "muenchen_umzuege": 5,
    "muenster": 7,
    "wahlen_bund": 2,
    "wahlen_sachsen_anhalt": 3,
    "wahlen_schleswig_holstein": 1,
    "wegweiser_kommune": 1,
}
"""Tables read per source: a workbook may hold several, and a table may come in several files."""


@dataclass(frozen=True)
class Real:
    """The real deliveries, harvested once."""

    lake: Lake
    sources: dict[str, Source]
    claims: dict[str, Claim]
    harvests: dict[str, Harvest]
    names: dict[str, str]
    cells: dict[tuple[str, str, str], Mapping[str, Any]]


@pytest.fixture(scope="session")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Real:
    base, folder = shared_data / "data", tmp_path_factory.mktemp("real")
    files = [path for name in FOLDERS for path in sorted((base / name).rglob("*")) if path.is_file()]
    copy_into(folder / "inbox", files, base)
    lake, sources = Lake(folder / "lake"), load_sources(active=CLAIMED)
    assert lake.take_in(folder / "inbox", lambda: NOW, 0.0).waiting == {}
    claims = identify(lake, sources)
    harvests = {name: harvest_source(lake, source, claims) for name, source in sources.items()}
    names = {delivery.name: delivery.snapshot for delivery in lake.deliveries()}
    spots = [(names[row["file"]], address(row)) for row in spot_rows(shared_data) if row["file"] in names]
    wanted = pl.DataFrame(spots, schema={"snapshot": pl.String, "cell": pl.String}, orient="row").unique()
    cells = {
        (row["snapshot"], row["table"], row["cell"]): row
        for harvest in harvests.values()
        for row in harvest.read().join(wanted, on=["snapshot", "cell"], how="semi").iter_rows(named=True)
    }
    return Real(lake, sources, claims, harvests, names, cells)


def spot_rows(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "data" / "spotvalues.csv").open(encoding="utf-8", newline="") as file:
        return [{**row, "line": str(number)} for number, row in enumerate(csv.DictReader(file), start=2)]


def address(row: Mapping[str, str]) -> str:
    sheet = "csv" if row["file"].endswith(".csv") else row["sheet"]
    return f"{sheet}!{row['cell']}"


def number(text: str, decimal: str) -> float | None:
    """A spot value as a number, read by a rule of the test's own."""
    if decimal == "thousands":
        whole, _, fraction = text.partition(".")
        return float(whole + fraction.ljust(3, "0")) if fraction.strip("0") else number(whole, ".")
    if decimal == ",":
        if not re.fullmatch(r"-?[0-9.]*[0-9](,[0-9]+)?", text):
            return None
        text = text.replace(".", "").replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None


def on_sheet(real: Real, source_id: str, table: str, row: Mapping[str, str]) -> bool:
    """Whether the table has a block on the sheet of a spot value."""
    source, grids = real.sources[source_id], open_grids(real.lake.snapshot_path(real.names[row["file"]]))
    blocks = family(source.contract.family).blocks(grids, source.tables[table])
    return any(block.grid.sheet == address(row).rpartition("!")[0] for block in blocks)


def leading(real: Real, source: Source, table: str, snapshot: str, cell: str, expected: str) -> str:
    """A cell that is no observation leads a row or heads a column: then the same text stands in its key or header."""
    place = cell.rpartition("!")[2]
    contract, letters, line = source.tables[table], re.sub("[0-9]", "", place), int(re.sub("[A-Z]", "", place))
    sheet = cell.rpartition("!")[0]
    for block in family(source.contract.family).blocks(open_grids(real.lake.snapshot_path(snapshot)), contract):
        if block.grid.sheet != sheet:
            continue
        heading = {column_letters(column): path.split(SEPARATOR) for column, path in block.headers.items()}
        if line - 1 < min(block.rows) and letters in heading:
            assert expected in heading[letters]
            return "header equal"
        for name, column in block.stub_columns.items():
            if column_letters(column) == letters and line - 1 in block.rows:
                assert block.stubs[name][list(block.rows).index(line - 1)] == expected
                return "leading column equal"
    raise AssertionError("the cell belongs to a column of the contract and is no observation")


def left_out(real: Real, source: Source, table: str, snapshot: str, cell: str, expected: str) -> str | None:
    """A cell of a column or row that the contract leaves out by name, or of a column that is part of a header."""
    sheet, _, place = cell.rpartition("!")
    contract, letters, line = source.tables[table], re.sub("[0-9]", "", place), int(re.sub("[A-Z]", "", place))
    for block in family(source.contract.family).blocks(open_grids(real.lake.snapshot_path(snapshot)), contract):
        if block.grid.sheet != sheet:
            continue
        rules = match_columns(block.headers, contract).matched
        column = next(c for c in range(block.grid.width) if column_letters(c) == letters)
        dropped = set(source.dropped_rows(table))
        if row_fingerprint(block.grid, line - 1) in dropped and block.grid.text(line - 1, column) == expected:
            return "left out by a correction, text equal"
        if not block.grid.transposed and line - 1 in block.rows and block.grid.text(line - 1, column) == expected:
            if column in rules and rules[column].rule.ignore is not None:
                return "left out, text equal"
            if column not in block.headers and column not in block.stub_columns.values():
                return "part of a header, text equal"
    return None


def beside_the_figures(real: Real, row: dict[str, str]) -> str:
    """What a cell is that no table has as a figure: left out by name, or the key or header that its text stands in."""
    snapshot = real.names[row["file"]]
    tables = [(real.sources[source], table) for source, table in real.claims[snapshot].tables]
    outside = [left_out(real, *one, snapshot, address(row), row["value"].strip()) for one in tables]
    for outcome in sorted(filter(None, outside), key=lambda words: words.startswith("part")):
        return f"{tables[0][0].contract.family}: {outcome}"
    source, table = next(one for one in tables if on_sheet(real, one[0].id, one[1], row))
    return f"{source.contract.family}: {leading(real, source, table, snapshot, address(row), row['value'])}"


def check_spot(real: Real, row: dict[str, str]) -> dict[str, float]:
    snapshot = real.names[row["file"]]
    outcomes = []
    tables = real.claims[snapshot].tables
    holding = [(source, table) for source, table in tables if (snapshot, table, address(row)) in real.cells]
    if not holding:
        return {"spot values": 1, beside_the_figures(real, row): 1}
    for source_id, table in holding:
        source = real.sources[source_id]
        name = source.contract.family
        is_csv = row["file"].endswith(".csv")
        found = real.cells[snapshot, table, address(row)]
        rule = source.tables[table].columns[found["column"]]
        decimal = rule.decimal or source.tables[table].decimal or family_config(name)["decimal"]
        expected = number(row["value"], decimal if is_csv else ".")
        if expected is None and not is_csv:
            expected = number(row["value"], ",")
        if found["unit"] == "text" or expected is None:
            assert found["value_text"] == row["value"].strip()
            assert found["unit"] == "text" or found["value"] in (None, 0.0)
            outcomes.append(f"{name}: {'text' if found['unit'] == 'text' else 'symbol'} equal")
            continue
        assert found["value"] == pytest.approx(expected * rule.factor, rel=1e-12)
        assert found["obs_status"] in statuses_with_value()
        if is_csv:
            assert found["value_text"] == row["value"]
        outcomes.append(f"{name}: number equal")
    return {"spot values": 1, **dict.fromkeys(outcomes, 1)}


def test_the_spot_values_of_mapped_tables_are_found_with_the_same_value_at_the_same_address(
    experiment: Experiments, real: Real, shared_data: Path
) -> None:
    rows = [row for row in spot_rows(shared_data) if row["file"] in real.names]
    cases = [row for row in rows if real.claims[real.names[row["file"]]].tables]
    city = "magdeburg-kiss-md/"
    assert sum(row["file"].startswith(city) for row in cases) == sum(row["file"].startswith(city) for row in rows) > 0
    result = experiment(
        "spot-values",
        cases,
        partial(check_spot, real),
        sample=250,
        key=lambda row: f"line {row['line']}: {row['file']} {row['sheet']}!{row['cell']}",
    )
    assert result.figures["spot values"] == result.run
    assert {name.split(":")[0] for name in result.figures} >= {"kiss_md", "regionaldatenbank_csv", "gv_isys"}


def test_no_claimed_file_has_a_fault(real: Real) -> None:
    assert {name: len(harvest.files) for name, harvest in real.harvests.items()} == CLAIMED
    assert [(file.name, file.table, file.faults[:3]) for one in real.harvests.values() for file in one.rejected] == []
    assert all(file.rows > 0 for harvest in real.harvests.values() for file in harvest.files)


def test_every_table_is_claimed_once_and_other_files_are_listed_as_unclaimed(real: Real) -> None:
    assert {claim.reason for claim in real.claims.values() if not claim.tables} <= {"unclaimed"}
    claimed = [table for claim in real.claims.values() for table in claim.tables]
    assert dict(Counter(source for source, _ in claimed)) == CLAIMED
    assert all(len(set(claim.tables)) == len(claim.tables) for claim in real.claims.values())
    outside = {name.split("/")[0] for name, sha in real.names.items() if not real.claims[sha].tables}
    assert outside <= {"regionalstatistik-csv-altcode", "statistik-sachsen-finanzen"}


def test_keys_are_texts_and_areas_have_a_level_and_a_vintage(real: Real) -> None:
    for harvest in real.harvests.values():
        frame = harvest.read()
        levels = frame.select("area", "area_level").unique()
        for area, level in levels.iter_rows():
            assert re.fullmatch(lists()["area_levels"][level]["key"], area), (area, level)
        assert frame.drop("value", "published_on").null_count().sum_horizontal().item() == 0
        has_value = pl.col("obs_status").is_in(list(statuses_with_value())) & (pl.col("unit") != "text")
        assert frame.filter(has_value != pl.col("value").is_not_null()).height == 0


def test_the_city_is_read_for_all_years_and_all_districts(real: Real) -> None:
    population = real.harvests["kiss_md"].read().filter(pl.col("table") == "k3_t35")
    assert population.filter(pl.col("area_level") == "stadtteil")["area"].n_unique() >= 39
    assert population["period"].n_unique() >= 10


def test_an_unchanged_harvest_is_nothing_new(real: Real) -> None:
    again = [harvest_source(real.lake, source, identify(real.lake, real.sources)) for source in real.sources.values()]
    assert [file.name for harvest in again for file in harvest.files if file.fresh] == []
