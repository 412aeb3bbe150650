# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A site's KPIs against the figures that its agencies print themselves.

Belongs here: where both lie. Does not belong here: comparing (`quality.checks.comparison`). Ours are the values of the
latest release's internal tier before rounding, so they are read from the candidate that it was made of.
"""

from __future__ import annotations

import duckdb
import polars as pl

from assets.resources import NotPassed, SiteResource
from quality.areas.vintages import on_own_year
from quality.checks.comparison import Comparison, compare
from raw.lake.files import read_json
from raw.vocabulary.observation import empty_observations
from warehouse.sqlmesh import DATABASE

TIER = "internal"


def compare_site(site: SiteResource) -> Comparison:
    """Compare the site's latest release with its checked deliveries. Raises NotPassed where there is no release."""
    values = kpi_values(site)
    observations = on_own_year(checked_observations(site), site.territory_table(), site.links_table())
    return compare(observations, values, site.contracts(), site.catalogue())


def checked_observations(site: SiteResource) -> pl.DataFrame:
    """The checked observations of all sources that have some."""
    folder = site.lake().root / "current"
    names = [name for name in site.contracts() if (folder / f"checked__{name}.json").exists()]
    frames = [pl.read_parquet(site.pointed(f"checked__{name}")) for name in names]
    empty = empty_observations()
    return pl.concat([empty, *(frame.select(empty.columns) for frame in frames)])


def kpi_values(site: SiteResource) -> pl.DataFrame:
    """All values of the internal tier as computed: kpi, area, area_vintage, period, basis, both parts, value."""
    noted = site.warehouse / "candidates" / "released.json"
    inputs = read_json(noted)["inputs"].get(TIER) if noted.is_file() else None
    database = site.warehouse / "candidates" / str(inputs)[:16] / TIER / DATABASE
    if inputs is None or not database.is_file():
        raise NotPassed("there is no release of the internal tier yet: lagebild run")
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = "kpi, area, area_vintage, period, basis, numerator, denominator, value"
        return connection.execute(f"select {columns} from kpi.kpi_value").pl()
