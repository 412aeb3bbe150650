# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The models of the SQLMesh project as data, so that definitions load without importing SQLMesh.

Here belong the hash of the project and the manifest that is keyed by it. The checked-in
`transforms/manifest.json` serves the product as released; a changed project gets its own in a cache folder.
Not here: anything that runs a model.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.sqlmesh import PROJECT_DIR, model_entries

CHECKED_IN = PROJECT_DIR / "manifest.json"
_PROJECT_FILES = ("config.py", "external_models.yaml", "models/**/*.sql", "audits/**/*.sql")


@dataclass(frozen=True)
class Column:
    """One column of a model, with its DuckDB type and what it means."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Audit:
    """One audit of a model; `blocking` is false for those that only warn."""

    name: str
    blocking: bool


@dataclass(frozen=True)
class Model:
    """One model. `name` is `schema.table`; `deps` may name `landing.*` tables; `grain` is its unique key."""

    name: str
    kind: str
    description: str
    deps: tuple[str, ...]
    grain: tuple[str, ...]
    columns: tuple[Column, ...]
    audits: tuple[Audit, ...]


@dataclass(frozen=True)
class Manifest:
    """The models in topological order, valid for the project with this hash."""

    project_hash: str
    models: tuple[Model, ...]

    def marts(self) -> tuple[Model, ...]:
        """The models that a release hands out."""
        return tuple(model for model in self.models if model.name.startswith("marts."))


def project_hash(project_dir: Path = PROJECT_DIR) -> str:
    """SHA-256 over paths and contents of the files that decide what a build does."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _PROJECT_FILES for path in project_dir.glob(pattern)}):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(project_dir).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def manifest(cache_dir: Path, project_dir: Path = PROJECT_DIR) -> Manifest:
    """The manifest of the project as it is now: checked in, cached, or made anew in some seconds."""
    wanted = project_hash(project_dir)
    cached = cache_dir / f"manifest-{wanted[:16]}.json"
    for path in (project_dir / CHECKED_IN.name, cached):
        found = _read(path) if path.is_file() else None
        if found is not None and found["project_hash"] == wanted:
            return _manifest(found)
    made = generate(cache_dir, project_dir)
    cached.parent.mkdir(parents=True, exist_ok=True)
    scratch = cached.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_text(made, encoding="utf-8")
    scratch.replace(cached)
    return _manifest(json.loads(made))


def generate(cache_dir: Path, project_dir: Path = PROJECT_DIR) -> str:
    """The text of the manifest, made from the project by SQLMesh."""
    entries = model_entries(cache_dir=cache_dir / "sqlmesh", project_dir=project_dir)
    content = {"project_hash": project_hash(project_dir), "models": entries}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return content if isinstance(content, dict) and "project_hash" in content else None


def _manifest(content: dict[str, Any]) -> Manifest:
    return Manifest(content["project_hash"], tuple(_model(entry) for entry in content["models"]))


def _model(entry: dict[str, Any]) -> Model:
    return Model(
        entry["name"],
        entry["kind"],
        entry["description"],
        tuple(entry["deps"]),
        tuple(entry["grain"]),
        tuple(Column(**column) for column in entry["columns"]),
        tuple(Audit(**audit) for audit in entry["audits"]),
    )


if __name__ == "__main__":  # python -m warehouse.manifest CACHE_DIR: write transforms/manifest.json
    CHECKED_IN.write_text(generate(Path(sys.argv[1])), encoding="utf-8")
