# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The configuration of the SQLMesh project, built from what the driver passes in.

No settings are read here and no paths are guessed: `warehouse/sqlmesh.py` passes the files of one candidate.
Called by SQLMesh's own command line, the project lives in memory, which is enough for `sqlmesh test`, `lint`
and `format`.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("SQLMESH__DISABLE_ANONYMIZED_ANALYTICS", "true")  # is read once, when sqlmesh is imported

from sqlmesh.core.config import (
    Config,
    DuckDBConnectionConfig,
    GatewayConfig,
    ModelDefaultsConfig,
)
from sqlmesh.core.config.common import VirtualEnvironmentMode

START = "2000-01-01"
"""Formal start of every model; all models are rebuilt whole, so no figure depends on it."""


def project_config(database: Path | None = None, state: Path | None = None, cache: Path | None = None) -> Config:
    """Configure one build: DuckDB files (None: in memory) and the folder that caches parsed models."""
    return Config(
        project="lagebild",
        gateways={
            "duckdb": GatewayConfig(
                connection=DuckDBConnectionConfig(database=str(database) if database else None),
                state_connection=DuckDBConnectionConfig(database=str(state) if state else None),
                test_connection=DuckDBConnectionConfig(),
            )
        },
        default_gateway="duckdb",
        model_defaults=ModelDefaultsConfig(dialect="duckdb", start=START, cron="@daily"),
        virtual_environment_mode=VirtualEnvironmentMode.DEV_ONLY,
        disable_anonymized_analytics=True,
        infer_python_dependencies=False,
        cache_dir=str(cache) if cache else None,
    )


config = project_config()
