# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""A build is a proof: audits are really evaluated, a failing one leaves no result, the same inputs no work."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.warehouse.conftest import CANARY, CITY, SIZES, WITHHELD, all_cells
from warehouse.candidates import Candidate, candidate, input_hash
from warehouse.landing import LandingError
from warehouse.manifest import Model
from warehouse.releases import ReleaseError, publish
from warehouse.sqlmesh import Landing, build


def test_every_model_is_built_and_every_audit_evaluated(built: Candidate) -> None:
    models = {model.name: model for model in built.result.models}
    assert models["core.protected_cell"].rows == len(all_cells())
    assert models["marts.kpi"].rows == 216
    assert all(audit.verdict == "passed" for model in models.values() for audit in model.audits)
    assert sum(len(model.audits) for model in models.values()) > 50


def test_figures_follow_from_the_cells(built: Candidate) -> None:
    with duckdb.connect(str(built.database), read_only=True) as connection:
        rows = connection.execute(
            "SELECT kpi, area, value, obs_status, sources FROM marts.kpi_value__area_period WHERE period = '2023'"
        ).fetchall()
    figures = {(kpi, area): rest for kpi, area, *rest in rows}
    assert figures["pop_total", CITY] == [4000, "A", "amt"]
    assert figures["pop_density", CITY] == [1600, "A", "amt"]
    assert figures["share_65_plus", f"{CITY}-01"] == [25, "A", "amt"]
    assert figures["share_65_plus", f"{CITY}-02"] == [None, "Q", "amt"]
    assert figures["unemployed_share", f"{CITY}-01"] == [10, "A", "amt;ba"]
    assert figures["median_age", f"{CITY}-01"] == [44.3, "A", "amt"]
    assert figures["median_age", CITY] == [None, "Q", "amt"]
    assert figures["unemployed_share", f"{CITY}-02"] == [None, "M", "amt;ba"]  # 20 persons below 30


def test_the_breaks_of_the_catalogue_touch_the_basis_that_they_are_on(built: Candidate) -> None:
    with duckdb.connect(str(built.database), read_only=True) as connection:
        found = connection.execute(
            "SELECT kpi, period, basis, value, obs_status FROM marts.kpi_value__area_period "
            "WHERE area = '05' AND kpi IN ('pop_total', 'pop_change_5y') ORDER BY kpi, basis, period"
        ).fetchall()
        reasons = connection.execute(
            "SELECT year, basis, reason_en FROM marts.kpi_break WHERE kpi = 'child_poverty_0_17' ORDER BY year, basis"
        ).fetchall()
        kpis = connection.execute(
            "SELECT kpi, frequencies, comparable_across_breaks FROM marts.kpi "
            "WHERE kpi IN ('pop_total', 'share_0_17') ORDER BY kpi"
        ).fetchall()
    size = SIZES["05"]
    assert found == [
        ("pop_change_5y", "2023", "fortschreibung_z2022", None, "M"),
        ("pop_change_5y", "2023", "register", 10, "A"),
        ("pop_total", "2022", "fortschreibung_z2011", size, "A"),
        ("pop_total", "2022", "fortschreibung_z2022", size, "B"),
        ("pop_total", "2023", "fortschreibung_z2022", size, "A"),
        ("pop_total", "2022", "register", size, "A"),
        ("pop_total", "2023", "register", size, "A"),
    ]
    assert reasons == [
        (2016, None, "Revision of the SGB II statistics: new delimitation of persons"),
        (2022, "fortschreibung_z2022", "2022 census: new population basis"),
        (2022, None, "Refugees from Ukraine move to SGB II from June"),
    ]
    assert kpis == [("pop_total", "A;Q", False), ("share_0_17", "A;Q", True)]


def test_a_kpi_that_is_annual_has_no_quarters(built: Candidate) -> None:
    with duckdb.connect(str(built.database), read_only=True) as connection:
        cells = connection.execute("SELECT count(*) FROM core.protected_cell WHERE freq = 'Q'").fetchall()
        values = connection.execute("SELECT count(*) FROM kpi.kpi_value WHERE freq = 'Q'").fetchall()
    assert (cells, values) == ([(1,)], [(0,)])


def test_withheld_cells_have_no_value_in_any_table_of_a_candidate(built: Candidate) -> None:
    with duckdb.connect(str(built.database), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        text = "".join(str(connection.execute(f"FROM {schema}.{table}").fetchall()) for schema, table in tables)
    assert str(CANARY) not in text
    assert "true_value" not in text
    assert WITHHELD[0] in text


def test_same_inputs_need_no_second_build(
    built: Candidate, landing: Callable[..., Landing], warehouse_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.candidates.build", lambda *_, **__: pytest.fail("was built again"))
    again = candidate(warehouse_dir, "public", landing())
    assert again.cached
    assert (again.input_hash, again.result) == (built.input_hash, built.result)


def test_every_input_changes_the_hash(landing: Callable[..., Landing]) -> None:
    inputs = landing()
    changed = [
        landing(all_cells()[:-1]),
        replace(inputs, areas=inputs.areas[:-1]),
        replace(inputs, sources=inputs.sources[:-1]),
        replace(inputs, catalogue=type(inputs.catalogue)({"pop_total": inputs.catalogue["pop_total"]})),
    ]
    hashes = {input_hash("public", each) for each in (inputs, *changed)} | {input_hash("internal", inputs)}
    assert len(hashes) == 6
    assert input_hash("public", replace(inputs, areas=inputs.areas[::-1])) == input_hash("public", inputs)


def _withheld_with_a_value(cells: list[dict[str, Any]]) -> None:
    next(c for c in cells if c["obs_status"] == "Q")["value"] = CANARY


def _lost_zero(cells: list[dict[str, Any]]) -> None:
    for found in cells:
        found["area"] = found["area"].replace("05111000", "5111000")


@pytest.mark.parametrize(
    ("broken", "audit"),
    [(_withheld_with_a_value, "withheld_has_no_value"), (_lost_zero, "area_key_has_its_length")],
)
def test_a_failing_audit_fails_the_build_and_nothing_is_published(
    broken: Callable[[list[dict[str, Any]]], None],
    audit: str,
    landing: Callable[..., Landing],
    warehouse_dir: Path,
    marts: tuple[Model, ...],
    tmp_path: Path,
) -> None:
    cells = all_cells()
    broken(cells)
    inputs = landing(cells)
    failed = candidate(warehouse_dir, "public", inputs)
    assert not failed.result.ok
    named = {(model, found.name): found.rows for model, found in failed.result.failed_audits()}
    assert named["core.protected_cell", audit] > 0
    later = {m.name: {a.verdict for a in m.audits} for m in failed.result.models}
    assert later["marts.kpi_value__area_period"] == {"not_evaluated"}
    assert [path.name for path in failed.directory.iterdir()] == ["failed.json"]
    assert str(CANARY) not in (failed.directory / "failed.json").read_text(encoding="utf-8")
    with pytest.raises(ReleaseError):
        publish({"public": failed}, tmp_path / "releases", marts=marts, day=date(2026, 1, 2), code_version="t")
    assert not (tmp_path / "releases").exists()


def test_a_failed_candidate_is_discarded_whole(
    landing: Callable[..., Landing], tmp_path: Path, built: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = landing()
    directory = tmp_path / "candidates" / input_hash("public", inputs)[:16] / "public"
    directory.mkdir(parents=True)
    (directory / "failed.json").write_text("{}", encoding="utf-8")
    (directory / "candidate.duckdb").write_text("half a file", encoding="utf-8")

    def rebuilt(directory: Path, *_: object, **__: object) -> object:
        assert not directory.exists()
        directory.mkdir()
        return built.result

    monkeypatch.setattr("warehouse.candidates.build", rebuilt)
    assert not candidate(tmp_path, "public", inputs).cached
    assert json.loads((directory / "result.json").read_text(encoding="utf-8"))["ok"]


def test_a_build_that_dies_leaves_no_database(
    landing: Callable[..., Landing], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("warehouse.sqlmesh._planned_and_audited", dies)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "c", landing(), cache_dir=tmp_path / "cache")
    assert list((tmp_path / "c").iterdir()) == []


def test_missing_and_unknown_columns_are_named(landing: Callable[..., Landing], tmp_path: Path) -> None:
    without = [{key: value for key, value in found.items() if key != "basis"} for found in all_cells()]
    with pytest.raises(LandingError, match="basis"):
        build(tmp_path / "a", landing(without), cache_dir=tmp_path / "cache")
    with pytest.raises(LandingError, match="colour"):
        build(tmp_path / "b", replace(landing(), areas=[{"colour": "red"}]), cache_dir=tmp_path / "cache")
