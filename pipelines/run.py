# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The main job headless: both zones one after the other, with the same definitions as the web interface.

Belongs here: starting the jobs and collecting what happened. Does not belong here: words and tables (`report`).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from assets.publish import released_already
from assets.resources import SiteResource
from pipelines.definitions import PUBLISH_JOB, RESTRICTED_JOB, publish, restricted
from pipelines.event_log import databases_kept_open
from pipelines.settings import site_resource
from warehouse.sqlmesh import warm_up

Progress = Callable[[str], None]


@dataclass
class Outcome:
    """How a run ended: `failed_checks` (asset, check) and `failed_steps` (step, message) are empty if all is well."""

    seconds: float = 0.0
    failed_checks: list[tuple[str, str]] = field(default_factory=list)
    failed_steps: list[tuple[str, str]] = field(default_factory=list)
    release: str | None = None
    release_is_new: bool = False
    zones: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True if nothing failed."""
        return not (self.failed_checks or self.failed_steps)


def dagster_home(site: Path) -> Path:
    """The folder of the site's Dagster instance."""
    return site / "dagster"


def run_site(site: Path, progress: Progress = lambda station: None) -> Outcome:
    """Run restricted zone, then publish zone; the second only if the first passed."""
    outcome = Outcome()
    started = time.monotonic()
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    check_settings(site_resource(site))
    if _will_build(site):
        warm_up()
    with dg.DagsterInstance.from_config(str(dagster_home(site))) as instance, databases_kept_open():
        for zone, name in ((restricted, RESTRICTED_JOB), (publish, PUBLISH_JOB)):
            begun = time.monotonic()
            if name == PUBLISH_JOB and (latest := released_already(site_resource(site))):
                outcome.release = latest
                break
            result = _execute(zone(site), name, instance, _noting_harvest(progress, outcome, begun))
            outcome.zones[name] = time.monotonic() - begun
            _collect(result, outcome)
            if not outcome.ok:
                break
    outcome.seconds = time.monotonic() - started
    return outcome


def _noting_harvest(progress: Progress, outcome: Outcome, begun: float) -> Progress:
    """`progress`, which also notes when the harvest (inbox and observations) was done and the areas began."""

    def noting(step: str) -> None:
        if step == "areas":
            outcome.zones["harvest"] = time.monotonic() - begun
        progress(step)

    return noting


def check_settings(site: SiteResource) -> None:
    """Contracts, catalogue and rules are read before anything is done; what is wrong with them is raised."""
    site.contracts()
    site.catalogue()
    site.rules()


def _will_build(site: Path) -> bool:
    """A guess whether a candidate has to be built: something lies in the inbox, or nothing was released yet."""
    inbox, releases = site / "inbox", site / "warehouse" / "releases"
    return not releases.exists() or any(path.is_file() for path in inbox.rglob("*"))


def _execute(
    definitions: dg.Definitions, name: str, instance: dg.DagsterInstance, progress: Progress
) -> dg.ExecuteInProcessResult:
    watched = dg.Definitions.merge(definitions, dg.Definitions(loggers={"console": _watcher(progress)}))
    job = watched.resolve_job_def(name)
    return job.execute_in_process(instance=instance, raise_on_error=False, run_config={"loggers": {"console": {}}})


def _watcher(progress: Progress) -> dg.LoggerDefinition:
    """A logger that prints nothing and tells `progress` which step begins."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            event = getattr(record, "dagster_meta", {}).get("dagster_event")
            if event is not None and event.event_type_value == "STEP_START":
                progress(event.step_key)

    @dg.logger
    def watcher(_: Any) -> logging.Logger:
        logger = logging.Logger("lagebild.progress", logging.DEBUG)
        logger.addHandler(Handler())
        return logger

    return watcher


def _collect(result: dg.ExecuteInProcessResult, outcome: Outcome) -> None:
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
            outcome.failed_checks.append((evaluation.asset_key.to_user_string(), evaluation.check_name))
    for event in result.all_events:
        if event.is_step_failure:
            outcome.failed_steps.append((str(event.step_key), _message(event)))
    for materialization in result.asset_materializations_for_node("release") if _has_release(result) else ():
        outcome.release = str(materialization.metadata["release"].value)
        outcome.release_is_new = bool(materialization.metadata["new"].value)


def _has_release(result: dg.ExecuteInProcessResult) -> bool:
    return any(event.is_step_success and event.step_key == "release" for event in result.all_events)


def _message(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    text = error.message if error is not None else ""
    return text.split("\n")[0].partition(": ")[2] or text.strip()
