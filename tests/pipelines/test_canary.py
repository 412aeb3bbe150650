# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""No value of a confidential source leaves the restricted zone: not through files, storage, logs, errors or output.

Unmistakable figures are planted in a confidential delivery whose cells the rules withhold, in one that is
rejected and in one whose sums do not add up; then everything outside the restricted data is searched for them.
"""

from __future__ import annotations

import json
import math
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from tests.sites import delivered, edit_workbook, lagebild

_WITHHELD, _REJECTED, _VIOLATING = 48151623, 31415926, 27182818
_CANARIES = (_WITHHELD, _REJECTED, _VIOLATING)
_RULES = """
concepts:
  wohngeld_hh:
    internal: {min_count: 1000000000, complement: true}
    public: {min_count: 1000000000, complement: true}
"""
_RESTRICTED_DATA = ("snapshots", "observations", "checked", "cells", "quarantine", "review")


def _row_of(sheet: Any, area: str) -> int:
    """Last row (newest year) of an area in an export whose second column names it."""
    return max(row for row in range(2, sheet.max_row + 1) if str(sheet.cell(row, 2).value) == area)


def _plant(figure: int, beside_total: bool) -> Callable[[Any], None]:
    """Put a figure into a district's newest row; with `beside_total` the city's row is raised by as much."""

    def change(sheet: Any) -> None:
        district = sheet.cell(_row_of(sheet, "01"), 3)
        if beside_total:
            city = next(
                sheet.cell(_row_of(sheet, name), 3) for name in ("Gesamt", "99001000", "99001") if _has(sheet, name)
            )
            city.value = str(int(float(city.value)) + figure - int(float(district.value)))
        district.value = str(figure)

    return change


def _excuse(site: Path, source: str) -> None:
    """Explain whatever the checks found, so that a figure that no check believes goes on to the door."""
    found = json.loads(lagebild("--site", site, "--json", "source", "violations", source).stdout)
    entries = [
        {key: one[key] for key in ("table", "identity", "area", "period")}
        | {"expect": one["fingerprint"], "until": "2099-12-31", "reason": "planted by a test"}
        for one in found
    ]
    assert entries
    path = site / "sources" / source / "known_violations.yml"
    known = yaml.safe_load(path.read_text("utf-8")) if path.exists() else []
    path.write_text(yaml.safe_dump([*(known or []), *entries]), "utf-8")


def _has(sheet: Any, area: str) -> bool:
    return any(str(sheet.cell(row, 2).value) == area for row in range(2, sheet.max_row + 1))


def _with_unknown_column(figure: int) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet["C1"] = str(sheet["C1"].value).replace("var3", "var77")
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, 3).value = str(figure)

    return change


def _traces(figure: int) -> list[bytes]:
    text = str(figure).encode()
    return [text, f"{figure:,}".encode(), struct.pack("<d", float(figure)), struct.pack("<q", figure), text[:-1] + b"."]


def _outside(site: Path) -> Iterator[Path]:
    for path in site.rglob("*"):
        inside = path.relative_to(site).parts
        data = inside[0] == "lake" and inside[1:2] and inside[1] in _RESTRICTED_DATA and path.suffix != ".json"
        if path.is_file() and not path.is_symlink() and not data and inside[0] != "inbox":
            yield path


def _numbers(path: Path) -> Iterator[float]:
    """Every number that stands in a table file, whatever its encoding."""
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        for column in frame.select(pl.selectors.numeric()).get_columns():
            yield from column.drop_nulls().cast(pl.Float64).to_list()
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "select table_schema, table_name, column_name from information_schema.columns "
                "where data_type in ('DOUBLE', 'BIGINT', 'INTEGER')"
            ).fetchall()
            for schema, table, column in tables:
                rows = connection.execute(f'select "{column}" from "{schema}"."{table}" where "{column}" is not null')
                yield from (float(value) for (value,) in rows.fetchall())


def _closed_site(finished_demo: Path, folder: Path) -> Path:
    """A copy of the demo in which the city's tables are confidential and its housing benefit is withheld.

    Nothing of it is out yet: what was published under a weaker rule would be known, and the door would refuse.
    """
    shutil.copytree(finished_demo, folder, symlinks=True)
    for made in ("warehouse/releases", "warehouse/candidates", "lake/review"):
        shutil.rmtree(folder / made)
    (folder / "disclosure_rules.yml").write_text(_RULES, "utf-8")
    for table in ("d6_t35", "d3_t34"):
        _confidential(folder, table)
    return folder


def _search(site: Path) -> None:
    for path in _outside(site):
        content = path.read_bytes()
        for figure in _CANARIES:
            assert not [trace for trace in _traces(figure) if trace in content], f"{figure} in {path}"
        near = [n for n in _numbers(path) for figure in _CANARIES if math.isclose(n, figure, rel_tol=1e-6)]
        assert not near, path


def test_withheld_and_rejected_figures_stay_in_the_restricted_zone(finished_demo: Path, tmp_path: Path):
    site = _closed_site(finished_demo, tmp_path / "site")
    edit_workbook(delivered(site, "d6_t35"), _plant(_WITHHELD, beside_total=True))
    edit_workbook(delivered(site, "d3_t34"), _with_unknown_column(_REJECTED))
    assert lagebild("--site", site, "run").returncode == 1
    _excuse(site, _source_of(site, "d6_t35"))
    done = lagebild("--site", site, "run")
    assert done.returncode == 3, done.stdout
    cells = list((site / "lake" / "cells").rglob("*.parquet"))
    assert any(math.isclose(number, _WITHHELD) for path in cells for number in _numbers(path))
    _search(site)
    said = done.stdout + done.stderr + lagebild("--site", site, "--json", "status").stdout
    assert not [figure for figure in _CANARIES if str(figure) in said]


def test_figures_that_do_not_add_up_stay_in_the_restricted_zone(finished_demo: Path, tmp_path: Path):
    site = _closed_site(finished_demo, tmp_path / "site")
    edit_workbook(delivered(site, "d6_t35"), _plant(_VIOLATING, beside_total=False))
    done = lagebild("--site", site, "run")
    assert done.returncode == 1, done.stdout
    _search(site)
    said = (
        done.stdout + done.stderr + lagebild("--site", site, "source", "violations", _source_of(site, "d6_t35")).stdout
    )
    assert "fingerprint" in said or "expect" in said
    assert not [figure for figure in _CANARIES if str(figure) in said]


def _source_of(site: Path, table: str) -> str:
    return next(path.parent.name for path in (site / "sources").glob(f"*/{table}.yml"))


def _confidential(site: Path, table: str) -> None:
    path = next((site / "sources").glob(f"*/{table}.yml"))
    text = "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.startswith("publicity:"))
    path.write_text(f"{text}\npublicity: confidential\n", "utf-8")


def test_the_search_finds_a_figure_that_is_there(finished_demo: Path):
    mart = finished_demo / "warehouse" / "releases" / "latest" / "public" / "marts" / "kpi_value__area_period.parquet"
    known = pl.read_parquet(mart)["value"].drop_nulls().max()
    assert any(math.isclose(number, known) for number in _numbers(mart))
    database = next((finished_demo / "warehouse" / "candidates").rglob("candidate.duckdb"))
    assert any(math.isclose(number, known) for number in _numbers(database))
