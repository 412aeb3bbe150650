# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The same sums in pandas, as an analyst writes them: merge with the recipe, groupby, concat. All in memory.

Belongs here: the pandas way, with the semantics of `floor.sql`. Does not belong here: how it is timed.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

STATUSES = "ABPUEQ"
KEY = ["measure", "area", "area_level", "area_vintage", "period", "basis"]
READ = ["measure", "dims", "area", "area_level", "area_vintage", "period", "basis", "value", "obs_status", "meaning"]


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of KEY, value, obs_status and `parts`, added up where all parts are there."""
    rows = rows.assign(rank=rows["obs_status"].map(STATUSES.index))
    found = rows.groupby(KEY, as_index=False, observed=True).agg(
        value=("value", "sum"), rank=("rank", "max"), there=("parts", "size"), parts=("parts", "first")
    )
    found = found[found["there"] == found["parts"]]
    value = found["value"].where(found["rank"] < STATUSES.index("Q"))
    return found.assign(value=value, obs_status=found["rank"].map(dict(enumerate(STATUSES))))[
        [*KEY, "value", "obs_status"]
    ]


def form(folder: Path, out: Path) -> None:
    """Form the cells of a generated nation (`generate.Nation`'s folder) and write them to one Parquet file."""
    files = sorted(folder.glob("checked/*/*.parquet"))
    seen = pd.concat([pd.read_parquet(path, columns=READ) for path in files], ignore_index=True)
    seen = seen[(seen["meaning"] != "unknown") & ~seen["obs_status"].isin(["M", "L", "O"])]
    seen = seen.rename(columns={"measure": "concept"}).drop(columns="meaning")
    recipe, shifts, terms = (pd.read_parquet(folder / f"{name}.parquet") for name in ("recipe", "shifts", "terms"))

    delivered = seen.merge(recipe, on=["concept", "dims"]).drop(columns=["concept", "dims"])
    single = delivered[delivered["pieces"] == 1].drop(columns="pieces")
    summed = _summed(delivered[delivered["pieces"] > 1].rename(columns={"pieces": "parts"}))
    formed = pd.concat([single, summed], ignore_index=True)

    now = formed.merge(shifts, left_on="measure", right_on="base", suffixes=("_base", ""))
    now = now.drop(columns=["value", "obs_status", "measure_base"])
    now["other"] = (now["period"].astype(int) + now["shift"]).astype(str)
    earlier = formed.rename(columns={"measure": "base", "period": "other"}).drop(columns="area_level")
    both = now.merge(earlier, on=["base", "area", "area_vintage", "basis", "other"])
    shifted = _summed(both.assign(value=both["coef"] * both["value"]))

    parts = pd.concat([formed, shifted], ignore_index=True).merge(terms, on="measure")
    parts = parts.drop(columns="measure").rename(columns={"expression": "measure"})
    combined = _summed(parts.assign(value=parts["coef"] * parts["value"]))
    pd.concat([formed, shifted, combined], ignore_index=True)[[*KEY, "value", "obs_status"]].to_parquet(
        out, index=False
    )
