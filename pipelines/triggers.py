# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What starts a run: a schedule, a file in the inbox, a finished door.

Belongs here: schedules and sensors. Does not belong here: what a run does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.publish import released_already
from assets.resources import SiteResource

Job = Any
"""A job as `dg.define_asset_job` gives it; its type has no public name."""


def nightly(job: Job) -> dg.ScheduleDefinition:
    """Every night at three; off until someone switches it on."""
    return dg.ScheduleDefinition(name="nightly", job=job, cron_schedule="0 3 * * *", execution_timezone="Europe/Berlin")


def look_into_inbox(job: Job) -> dg.SensorDefinition:
    """Start a run when files lie in the inbox; one run per set of files. Off until someone switches it on."""

    @dg.sensor(name="inbox", job=job, minimum_interval_seconds=60)
    def inbox(site: SiteResource) -> dg.RunRequest | dg.SkipReason:
        if not site.root:
            return dg.SkipReason("no site")
        files = [path for path in site.inbox().rglob("*") if path.is_file() and not path.name.startswith(".")]
        if not files:
            return dg.SkipReason("the inbox is empty")
        about = sorted(f"{path.name}:{path.stat().st_mtime_ns}:{path.stat().st_size}" for path in files)
        return dg.RunRequest(run_key=hashlib.sha256("\n".join(about).encode()).hexdigest())

    return inbox


def after_the_door(job: Job, tiers: Sequence[str]) -> dg.SensorDefinition:
    """Start the publish zone when the door has let something through."""

    @dg.sensor(
        name="after_the_door", job=job, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING
    )
    def door(site: SiteResource) -> dg.RunRequest | dg.SkipReason:
        if not site.root:
            return dg.SkipReason("no site")
        certificates = [site.warehouse / "protected" / tier / "certificate.json" for tier in tiers]
        if not all(path.exists() for path in certificates):
            return dg.SkipReason("nothing has passed the door yet")
        if latest := released_already(site):
            return dg.SkipReason(f"all of it is in release {latest}")
        about = b"".join(path.read_bytes() for path in certificates)
        return dg.RunRequest(run_key=hashlib.sha256(about).hexdigest())

    return door
