# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The only driver of SQLMesh: one build into one fresh file, every audit evaluated; the models as a list.

Here belongs everything that imports `sqlmesh`, always inside functions, because the import alone takes
seconds. Not here: where candidates live and when they are reused (`candidates.py`), what is handed out
(`releases.py`), and the tables a build starts from (`landing.py`).

A build is one plan into an empty file with an empty state, and then a gate that evaluates every audit again
on the tables as they stand. A plan alone is no proof: SQLMesh reports success for a plan that it retries, and
an audit that was only tightened goes through on the second plan.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb

import transforms
from transforms.catalogue import Catalogue
from warehouse import landing as landing_tables

if TYPE_CHECKING:
    from sqlmesh import Context
    from sqlmesh.core.model import Model

PROJECT_DIR = Path(transforms.__file__).parent
DATABASE = "candidate.duckdb"
"""The file that a build leaves. Views in it name the catalogue `candidate`, so it must keep its name."""

Verdict = Literal["passed", "failed", "not_evaluated"]


@dataclass(frozen=True)
class Landing:
    """What a build starts from: the protected cells of one tier and what is needed to name them.

    `protected`: Parquet with the columns of a protected cell (docs/architecture.md). `areas`: rows with
    `area, area_vintage, area_level, name, parent`. `sources`: rows with `source, title_de, title_en,
    publisher, url, licence, attribution, cadence, redistribution`. `editions`: rows with
    `source, year, edition_date, date_kind` (`quality.editions`). Missing keys are empty, unknown keys are an error.
    """

    protected: Path
    catalogue: Catalogue
    areas: Sequence[Mapping[str, str | None]]
    sources: Sequence[Mapping[str, str | None]]
    editions: Sequence[Mapping[str, str | None]] = ()


@dataclass(frozen=True)
class AuditResult:
    """One audit of one model: `rows` is the number of rows that contradict it."""

    name: str
    verdict: Verdict
    rows: int
    blocking: bool


@dataclass(frozen=True)
class ModelResult:
    """One model as built: `rows` is None where the plan stopped before it; `seconds` of the plan."""

    name: str
    rows: int | None
    seconds: float
    audits: tuple[AuditResult, ...]


@dataclass(frozen=True)
class BuildResult:
    """One build. `ok` means: every model is built and every blocking audit was evaluated and passed."""

    ok: bool
    models: tuple[ModelResult, ...]
    seconds: Mapping[str, float]
    error: str | None = None

    def failed_audits(self) -> tuple[tuple[str, AuditResult], ...]:
        """The audits that did not pass, with the name of their model; those that only warn included."""
        return tuple((m.name, audit) for m in self.models for audit in m.audits if audit.verdict == "failed")


def warm_up() -> threading.Thread:
    """Import SQLMesh in the background, so that a build later in the same process starts at once."""
    thread = threading.Thread(target=_sqlmesh_context_class, name="import-sqlmesh", daemon=True)
    thread.start()
    return thread


def build(candidate_dir: Path, inputs: Landing, *, cache_dir: Path, project_dir: Path = PROJECT_DIR) -> BuildResult:
    """Build all models into `candidate_dir / candidate.duckdb`; the folder must not hold one yet.

    Works in a temporary folder in it and moves the file into place only if the build is ok, so that a build
    that fails or dies leaves nothing to be mistaken for a result. `cache_dir` keeps parsed models between
    builds. Raises FileExistsError if there is a file already, LandingError if the inputs do not fit.
    """
    target = candidate_dir / DATABASE
    if target.exists():
        raise FileExistsError(f"{target} exists; a candidate is built once")
    candidate_dir.mkdir(parents=True, exist_ok=True)
    work_dir = Path(tempfile.mkdtemp(prefix=".build-", dir=candidate_dir))
    try:
        started = time.monotonic()
        _land(work_dir / DATABASE, inputs, project_dir)
        landed = time.monotonic()
        result = _planned_and_audited(work_dir, cache_dir, project_dir)
        if result.ok:
            (work_dir / DATABASE).rename(target)
        seconds = {"landing": landed - started, **result.seconds, "total": time.monotonic() - started}
        return BuildResult(result.ok, result.models, seconds, result.error)
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)


def unit_tests(*, cache_dir: Path, project_dir: Path = PROJECT_DIR) -> tuple[int, tuple[str, ...]]:
    """Run the project's unit tests in memory: how many ran, and one text per failure."""
    with tempfile.TemporaryDirectory() as work_dir:
        context = _context(Path(work_dir), cache_dir, project_dir)
        try:
            result = context.test()
        finally:
            context.close()
    return result.testsRun, tuple(f"{test}\n{text}" for test, text in (*result.failures, *result.errors))


def model_entries(*, cache_dir: Path, project_dir: Path = PROJECT_DIR) -> list[dict[str, Any]]:
    """The models in topological order, as the manifest lists them (see `manifest.py`)."""
    with tempfile.TemporaryDirectory() as work_dir:
        context = _context(Path(work_dir), cache_dir, project_dir)
        try:
            return [_model_entry(model) for model in _models(context)]
        finally:
            context.close()


def _land(database: Path, inputs: Landing, project_dir: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        landing_tables.create(connection, project_dir / "external_models.yaml")
        landing_tables.load_cells(connection, inputs.protected)
        landing_tables.load_rows(connection, "area", inputs.areas)
        landing_tables.load_rows(connection, "source", inputs.sources)
        landing_tables.load_rows(connection, "source_edition", inputs.editions)
        landing_tables.load_catalogue(connection, inputs.catalogue)


def _sqlmesh_context_class() -> type[Context]:
    # Both are read once, when sqlmesh is imported. Forked workers are for projects of hundreds of models, and
    # a process that Dagster runs in has threads, which do not survive a fork.
    os.environ.setdefault("SQLMESH__DISABLE_ANONYMIZED_ANALYTICS", "true")
    os.environ.setdefault("MAX_FORK_WORKERS", "1")
    from sqlmesh import Context

    return Context


def _context(work_dir: Path, cache_dir: Path, project_dir: Path) -> Context:
    context_class = _sqlmesh_context_class()
    from sqlmesh.core.console import set_console

    from transforms.config import project_config

    set_console(_recorder())
    config = project_config(work_dir / DATABASE, work_dir / "state.duckdb", cache_dir)
    return context_class(paths=str(project_dir), config=config)


def _recorder() -> Any:
    from sqlmesh.core.console import NoopConsole

    class Recorder(NoopConsole):
        """Notes how long each model took and why one failed; prints nothing."""

        def __init__(self) -> None:
            super().__init__()
            self.milliseconds: dict[str, int] = {}
            self.failures: dict[str, str] = {}

        def update_snapshot_evaluation_progress(
            self,
            snapshot: Any,
            interval: Any,
            batch_idx: int,
            duration_ms: int | None,
            *rest: Any,
            **more: Any,
        ) -> None:
            self.milliseconds[snapshot.name] = self.milliseconds.get(snapshot.name, 0) + (duration_ms or 0)

        def log_warning(self, short_message: str, long_message: str | None = None) -> None:
            """Audits that only warn are in the result; the log does not repeat their queries."""

        def log_failed_models(self, errors: Any) -> None:
            for error in errors:
                node = error.node[0] if isinstance(error.node, tuple) else error.node
                self.failures[getattr(node, "snapshot_name", str(node))] = str(error.__cause__)

    return Recorder()


def _planned_and_audited(work_dir: Path, cache_dir: Path, project_dir: Path) -> BuildResult:
    from sqlmesh.core.console import get_console
    from sqlmesh.utils.errors import SQLMeshError

    started = time.monotonic()
    context = _context(work_dir, cache_dir, project_dir)
    loaded = time.monotonic()
    error = None
    try:
        try:
            context.plan("prod", auto_apply=True, no_prompts=True, skip_tests=True, no_diff=True)
        except SQLMeshError as plan_error:
            error = str(plan_error)
        planned = time.monotonic()
        recorder: Any = get_console()
        models = _model_results(context, recorder)
        for failure in recorder.failures.values():
            error = f"{error or ''}\n{failure}".strip()
    finally:
        context.close()
    unfinished = [m.name for m in models if m.rows is None]
    blocked = [f"{m.name}: {a.name} ({a.rows} rows)" for m in models for a in m.audits if _blocks(a)]
    if not error and (unfinished or blocked):
        error = "; ".join([*blocked, *(f"{name}: not built" for name in unfinished)])
    seconds = {"context": loaded - started, "plan": planned - loaded, "audit": time.monotonic() - planned}
    return BuildResult(error is None and not unfinished and not blocked, models, seconds, error)


def _blocks(audit: AuditResult) -> bool:
    return audit.blocking and audit.verdict != "passed"


def _models(context: Context) -> list[Model]:
    ordered = (context.models.get(name) for name in context.dag.sorted)
    return [model for model in ordered if model is not None and not model.kind.is_external]


def _name(fully_qualified: str) -> str:
    return ".".join(part.strip('"') for part in fully_qualified.split(".")[-2:])


def _model_results(context: Context, recorder: Any) -> tuple[ModelResult, ...]:
    snapshots = context.snapshots
    return tuple(_model_result(context, model, snapshots, recorder) for model in _models(context))


def _model_result(context: Context, model: Model, snapshots: dict[str, Any], recorder: Any) -> ModelResult:
    name, seconds = _name(model.fqn), recorder.milliseconds.get(model.fqn, 0) / 1000
    rows = None
    if context.engine_adapter.table_exists(name):
        rows = int(context.engine_adapter.fetchone(f"SELECT COUNT(*) FROM {name}")[0])  # type: ignore[index]
    return ModelResult(name, rows, seconds, _audit_results(context, model, snapshots, rows is not None))


def _audit_results(context: Context, model: Model, snapshots: dict[str, Any], built: bool) -> tuple[AuditResult, ...]:
    """Evaluate every audit on the table as it stands; where there is no table, say so instead of passing."""
    labelled = _audit_labels(model)
    if not built or not labelled:
        return tuple(AuditResult(name, "not_evaluated", 0, blocking) for name, blocking in labelled)
    outcomes = context.snapshot_evaluator.audit(
        snapshot=snapshots[model.fqn], snapshots=snapshots, start="2000-01-01", end="now"
    )
    return tuple(
        AuditResult(
            name,
            "not_evaluated" if outcome.skipped else "failed" if outcome.count else "passed",
            outcome.count or 0,
            blocking,
        )
        for (name, blocking), outcome in zip(labelled, outcomes, strict=True)
    )


def _audit_labels(model: Model) -> list[tuple[str, bool]]:
    """Name and severity of each audit; an audit used twice on one model is told apart by its columns."""
    names = [audit.name for audit, _ in model.audits_with_args]
    labels = []
    for audit, arguments in model.audits_with_args:
        columns = arguments.get("columns") or arguments.get("column")
        label = audit.name
        if names.count(audit.name) > 1 and columns is not None:
            label += "__" + "_".join(column.name for column in columns.find_all(_column_class()))
        labels.append((label, bool(audit.blocking)))
    return labels


def _column_class() -> Any:
    from sqlglot import exp

    return exp.Column


def _model_entry(model: Model) -> dict[str, Any]:
    types = model.columns_to_types or {}
    described = model.column_descriptions or {}
    return {
        "name": _name(model.fqn),
        "kind": str(model.kind.name.value).lower(),
        "description": model.description or "",
        "deps": sorted(_name(dependency) for dependency in model.depends_on or ()),
        "grain": [column.name for column in (model.grains[0].find_all(_column_class()) if model.grains else ())],
        "columns": [
            {"name": column, "type": kind.sql("duckdb"), "description": described.get(column, "")}
            for column, kind in types.items()
        ],
        "audits": [{"name": name, "blocking": blocking} for name, blocking in _audit_labels(model)],
    }
