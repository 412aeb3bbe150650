# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The SQLMesh project: its unit tests hold, every column is described, and the manifest is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import sqlglot

from warehouse import manifest, sqlmesh


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sqlmesh-cache")


def test_unit_tests_of_the_models_pass(cache: Path) -> None:
    ran, failures = sqlmesh.unit_tests(cache_dir=cache)
    assert not failures, "\n".join(failures)
    assert ran >= 27


def test_regenerating_the_manifest_changes_nothing(cache: Path) -> None:
    made = manifest.generate(cache)
    assert made == manifest.CHECKED_IN.read_text(encoding="utf-8"), "python -m warehouse.manifest <cache dir>"


def test_manifest_loads_without_sqlmesh(tmp_path: Path, pytester: pytest.Pytester) -> None:
    code = (
        "import sys; from pathlib import Path; from warehouse.manifest import manifest; "
        f"assert manifest(Path({str(tmp_path)!r})).marts(); assert 'sqlmesh' not in sys.modules"
    )
    result = pytester.run("env", f"PYTHONPATH={Path(__file__).parents[2]}", sys.executable, "-c", code)
    assert result.ret == 0


def test_every_model_is_described_down_to_the_column_and_audited(tmp_path: Path) -> None:
    for model in manifest.manifest(tmp_path).models:
        assert model.description, model.name
        assert model.grain, model.name
        assert all(column.description for column in model.columns), model.name
        assert any(audit.blocking for audit in model.audits), model.name
        assert len({audit.name for audit in model.audits}) == len(model.audits), model.name


def test_models_come_after_what_they_depend_on(tmp_path: Path) -> None:
    seen: set[str] = set()
    for model in manifest.manifest(tmp_path).models:
        assert {dep for dep in model.deps if not dep.startswith("landing.")} <= seen, model.name
        seen.add(model.name)


def test_no_model_reads_a_file_or_selects_everything() -> None:
    for path in (sqlmesh.PROJECT_DIR / "models").rglob("*.sql"):
        text = path.read_text(encoding="utf-8").lower()
        assert "read_" not in text, path.name
        assert "select *" not in text, path.name


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_every_model_can_be_written_for_other_engines(engine: str) -> None:
    for path in (sqlmesh.PROJECT_DIR / "models").rglob("*.sql"):
        query = path.read_text(encoding="utf-8").split("\n);\n", 1)[1]
        assert sqlglot.transpile(query, read="duckdb", write=engine, unsupported_level=sqlglot.ErrorLevel.RAISE)
