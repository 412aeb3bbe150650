# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Both zones as Dagster definitions: assets, jobs, schedule, sensors.

Belongs here: putting assets and their triggers together. Does not belong here: the assets themselves.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from assets.publish import publish_assets
from assets.resources import SiteResource
from assets.restricted import restricted_assets
from pipelines.settings import site_resource
from pipelines.triggers import after_the_door, look_into_inbox, nightly
from raw.contract_files import load_sources
from transforms.catalogue import load
from warehouse.manifest import manifest

RESTRICTED_JOB, PUBLISH_JOB = "inbox_to_door", "door_to_release"


def restricted(site: Path | None) -> dg.Definitions:
    """The restricted zone. Without a site: the sources of the product."""
    resource = site_resource(site)
    sources = resource.contracts() if site else load_sources()
    catalogue = resource.catalogue() if site else load()
    job = dg.define_asset_job(RESTRICTED_JOB, selection=dg.AssetSelection.all(), description="From inbox to door.")
    return dg.Definitions(
        assets=restricted_assets(sources, catalogue, resource.tiers),
        jobs=[job],
        schedules=[nightly(job)],
        sensors=[look_into_inbox(job)],
        resources={"site": resource},
        executor=dg.in_process_executor,
    )


def publish(site: Path | None) -> dg.Definitions:
    """The publish zone."""
    resource: SiteResource = site_resource(site)
    cache = site / "warehouse" / "candidates" / ".manifest" if site else Path(".lagebild-cache")
    job = dg.define_asset_job(PUBLISH_JOB, selection=dg.AssetSelection.all(), description="From door to release.")
    return dg.Definitions(
        assets=publish_assets(manifest(cache), resource.tiers),
        jobs=[job],
        sensors=[after_the_door(job, resource.tiers)],
        resources={"site": resource},
        executor=dg.in_process_executor,
    )
