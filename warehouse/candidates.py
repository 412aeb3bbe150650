# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Candidates: builds addressed by the hash of everything that went into them.

Here belongs where a build lives, when it is reused and how a failed one is discarded: the folder
`<warehouse>/candidates/<input hash>/<tier>/` holds `candidate.duckdb` and `result.json`, or `failed.json`.
Not here: how a build works (`sqlmesh.py`) and what is handed out (`releases.py`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from raw.lake.files import file_sha256
from warehouse.manifest import project_hash
from warehouse.sqlmesh import (
    DATABASE,
    PROJECT_DIR,
    AuditResult,
    BuildResult,
    Landing,
    ModelResult,
    build,
)

_ENGINES = ("duckdb", "sqlmesh")


@dataclass(frozen=True)
class Candidate:
    """One tier, built from the inputs with this hash; `cached` says that nothing had to be done.

    `protected`: SHA-256 of the file that passed the door.
    """

    tier: str
    directory: Path
    input_hash: str
    result: BuildResult
    cached: bool
    protected: str = ""

    @property
    def database(self) -> Path:
        """The DuckDB file with the marts; only there if the build is ok."""
        return self.directory / DATABASE


def input_hash(tier: str, inputs: Landing, project_dir: Path = PROJECT_DIR) -> str:
    """SHA-256 over all that decides the outcome: cells, catalogue, areas, sources, editions, project, engines."""
    content = {
        "tier": tier,
        "protected": file_sha256(inputs.protected),
        "catalogue": [kpi.model_dump(mode="json") for kpi in inputs.catalogue],
        "areas": _sorted_rows(inputs.areas),
        "sources": _sorted_rows(inputs.sources),
        "editions": _sorted_rows(inputs.editions),
        "project": project_hash(project_dir),
        "engines": {engine: version(engine) for engine in _ENGINES},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def candidate(warehouse_dir: Path, tier: str, inputs: Landing, *, project_dir: Path = PROJECT_DIR) -> Candidate:
    """Return the candidate of these inputs: the one that is there, or a new build.

    A candidate whose build failed, or died half-way, is discarded whole and built again. A build that is not
    ok is returned, not raised: its `result` says which audit failed.
    """
    wanted = input_hash(tier, inputs, project_dir)
    directory = warehouse_dir / "candidates" / wanted[:16] / tier
    if (result := _read_result(directory)) is not None:
        return Candidate(tier, directory, wanted, result, cached=True, protected=file_sha256(inputs.protected))
    if directory.exists():
        shutil.rmtree(directory)
    result = build(
        directory,
        inputs,
        cache_dir=warehouse_dir / "candidates" / ".sqlmesh",
        project_dir=project_dir,
    )
    _write_result(directory, result)
    return Candidate(tier, directory, wanted, result, cached=False, protected=file_sha256(inputs.protected))


def _sorted_rows(rows: Sequence[Mapping[str, str | None]]) -> str:
    """Hash of rows, whatever their order."""
    names = sorted({name for row in rows for name in row})
    texts = sorted(repr([row.get(name) for name in names]) for row in rows)
    return hashlib.sha256("\n".join([repr(names), *texts]).encode()).hexdigest()


def _write_result(directory: Path, result: BuildResult) -> None:
    path = directory / ("result.json" if result.ok else "failed.json")
    scratch = path.with_suffix(".tmp")
    scratch.write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8")
    scratch.rename(path)


def _read_result(directory: Path) -> BuildResult | None:
    path = directory / "result.json"
    if not path.is_file() or not (directory / DATABASE).is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    models = tuple(
        ModelResult(m["name"], m["rows"], m["seconds"], tuple(AuditResult(**audit) for audit in m["audits"]))
        for m in content["models"]
    )
    return BuildResult(content["ok"], models, content["seconds"], content["error"])
