# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The thin door: where one cell of a slice is unsafe, the whole slice is withheld.

Belongs here: which cells are withheld, and the protected file. Does not belong here: the proof (`audit`), and an
optimal pattern (the suppression engine takes the place of `_withheld_slices` and keeps this interface).

A slice is a breakdown of one concept: the same dimensions, the areas of one level below one parent, one year with all
its quarters and months. Withholding it whole leaves no equation with a single unknown. Three closures make that hold
over everything published together:

- a finer breakdown that contains the dimensions of a withheld slice is withheld too;
- below a withheld area the same breakdown is withheld (its parts would add up to it);
- a cell made of others (previous year, mean, balance) is withheld if any of them is.

Tables that are public at their publisher are known to everybody and are never withheld; cells that the publisher
withheld have no value here either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from quality.disclosure.audit import audit
from quality.disclosure.rules import Rules
from raw.lake.files import atomic, read_json, write_json
from raw.vocabulary.dimensions import parse_dims
from raw.vocabulary.measures import concepts
from raw.vocabulary.period import frequency

DOOR_VERSION = "1"
PROTECTED = (
    "cell", "measure", "area", "area_level", "area_vintage", "period", "freq", "basis", "value", "obs_status",
    "conf_status", "unit", "sources",
)  # fmt: skip
_COUNT_KINDS = ("stock", "mean", "flow")
_PUBLISH_FILE, _PUBLISH_FOLDER = 0o644, 0o755


class Refused(RuntimeError):
    """The audit found a withheld cell that can be computed; nothing was written. The message carries counts only."""


@dataclass(frozen=True)
class Protected:
    """What passed the door for one tier: the file, the certificate and the restricted review data."""

    tier: str
    path: Path
    certificate: dict[str, Any]


def read_cells(files: Iterable[Path]) -> pl.DataFrame:
    """The cells of all domains, each once."""
    return pl.concat([pl.read_parquet(path) for path in files]).unique("cell", keep="first").sort("cell")


def protect(cell_files: list[Path], rules: Rules, tier: str, publish: Path, review: Path) -> Protected:
    """Write `protected.parquet` and `certificate.json` of a tier into `publish`, and the review data into `review`.

    Reused if cells and rules are the same. Raises Refused if the audit fails; then nothing is written.
    """
    key = _key(cell_files, rules, tier)
    path, certificate_path = publish / "protected.parquet", publish / "certificate.json"
    if path.exists() and certificate_path.exists():
        certificate = read_json(certificate_path)
        if certificate["input"] == key and certificate["sha256"] == _sha256(path):
            return Protected(tier, path, certificate)
    judged = judge(read_cells(cell_files), rules, tier)
    failures = audit(judged)
    if failures:
        raise Refused(f"{len(failures)} equations leave one withheld cell computable; the tier {tier} is not released")
    protected = _protected(judged)
    publish.mkdir(parents=True, exist_ok=True)
    publish.chmod(_PUBLISH_FOLDER)
    with atomic(review / f"{tier}.parquet") as part:
        judged.filter(pl.col("withheld")).select("cell", "reason").write_parquet(part)
    with atomic(path, _PUBLISH_FILE) as part:
        protected.write_parquet(part)
    certificate = {
        "tier": tier,
        "input": key,
        "rules": rules.id,
        "door": DOOR_VERSION,
        "method": "whole slices",
        "cells": protected.height,
        "withheld": protected.filter(pl.col("conf_status") == "C").height,
        "equations_audited": _equation_count(judged),
        "sha256": _sha256(path),
    }
    write_json(certificate_path, certificate, _PUBLISH_FILE)
    return Protected(tier, path, certificate)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _key(cell_files: list[Path], rules: Rules, tier: str) -> str:
    about = [DOOR_VERSION, tier, rules.model_dump_json(), *sorted(f"{path.parent.name}/{path.name}" for path in cell_files)]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()


def _equation_count(judged: pl.DataFrame) -> int:
    return judged.filter(pl.col("terms").list.len() > 0).height


def judge(cells: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """The cells that a tier may know of, with `withheld` and `reason` (slice, derived, agency; restricted)."""
    admitted = _admitted(cells, rules, tier)
    marked = _unsafe(admitted, rules, tier)
    sliced = _withheld_slices(marked)
    return _derived(sliced)


def _admitted(cells: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """Cells of meanings that may reach the tier, without classes that have no rule (unless public anyway)."""
    allowed = list(rules.tiers[tier].classes)
    return cells.filter(
        pl.col("meaning").is_in(rules.tiers[tier].meanings)
        & (pl.col("class").is_in(allowed) | (pl.col("publicity") == "public"))
    )


def _is_base(frame: pl.DataFrame) -> pl.Series:
    return frame["relation"].is_in(["observed", "dims", "areas"])


def _unsafe(cells: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """Column `unsafe`: a confidential count below its threshold, or with such a rest, or withheld by the agency."""
    pairs = cells.select("concept", "class").unique().iter_rows()
    thresholds = pl.DataFrame(
        [
            (concept, klass, rule.min_count if rule else 0, bool(rule and rule.complement))
            for concept, klass in pairs
            for rule in [rules.rule(tier, klass, concept)]
        ],
        schema={"concept": pl.String, "class": pl.String, "min_count": pl.Int64, "complement": pl.Boolean},
        orient="row",
    )
    counted = [name for name, concept in concepts().items() if concept.kind in _COUNT_KINDS]
    joined = cells.join(thresholds, on=["concept", "class"], how="left").join(
        _wholes(cells), on="cell", how="left"
    )
    value, least = pl.col("value"), pl.col("min_count")
    small = (value > 0) & (value < least)
    rest = pl.col("whole") - value
    small_rest = pl.col("complement") & (value > 0) & (rest > -1e-9) & (rest < least)
    confidential = (pl.col("publicity") != "public") & pl.col("concept").is_in(counted) & (least > 0)
    by_agency = pl.col("obs_status") == "Q"
    return joined.with_columns(
        (confidential & (by_agency | small.fill_null(False) | small_rest.fill_null(False))).alias("unsafe")
    ).drop("min_count", "complement", "whole")


def _wholes(cells: pl.DataFrame) -> pl.DataFrame:
    """For a part (a breakdown, or a concept within another) the size of its whole in the same area and period."""
    base = cells.filter(pl.col("relation").is_in(["observed", "dims", "areas"]))
    within = {name: concept.within for name, concept in concepts().items() if concept.within}
    key = ["area", "area_level", "period"]
    totals = base.filter(pl.col("dims") == "").group_by("concept", *key).agg(pl.col("value").min().alias("total"))
    same = base.filter(pl.col("dims") != "").join(totals, on=["concept", *key], how="inner")
    broken_down = base.group_by("concept", "dims", *key).agg(pl.col("value").min().alias("total"))
    other = base.with_columns(pl.col("concept").replace_strict(within, default=None).alias("outer")).join(
        broken_down, left_on=["outer", "dims", *key], right_on=["concept", "dims", *key], how="inner"
    )
    return (
        pl.concat([same.select("cell", "total"), other.select("cell", "total")])
        .group_by("cell")
        .agg(pl.col("total").min().alias("whole"))
    )


def _with_slice(cells: pl.DataFrame) -> pl.DataFrame:
    names = {text: ",".join(sorted(parse_dims(text))) for text in cells["dims"].unique().to_list()}
    return cells.with_columns(
        pl.col("dims").replace_strict(names, default="").alias("dimset"),
        pl.col("period").str.slice(0, 4).alias("year"),
        pl.col("parent").fill_null("").alias("slice_parent"),
    )


def _withheld_slices(cells: pl.DataFrame) -> pl.DataFrame:
    """Columns `withheld` and `reason` for base cells: unsafe slices, finer breakdowns of them, and what lies below."""
    base = _with_slice(cells.filter(pl.col("relation").is_in(["observed", "dims", "areas"])))
    slice_key = ["concept", "dimset", "area_level", "slice_parent", "year"]
    slices = base.group_by(slice_key).agg(
        pl.col("unsafe").any(), (pl.col("publicity") != "public").any().alias("confidential")
    )
    bad = set(slices.filter("unsafe").select(slice_key).iter_rows())
    members: dict[tuple[str, ...], list[str]] = {}
    for *key, area in base.select(*slice_key, "area").unique().iter_rows():
        members.setdefault(tuple(key), []).append(area)
    below: dict[tuple[str, str, str, str], list[tuple[str, ...]]] = {}
    finer: dict[tuple[str, str, str, str], list[tuple[str, ...]]] = {}
    for key in members:
        concept, dimset, level, parent, year = key
        below.setdefault((concept, dimset, parent, year), []).append(key)
        finer.setdefault((concept, level, parent, year), []).append(key)
    queue = list(bad)
    while queue:
        key = queue.pop()
        concept, dimset, level, parent, year = key
        wanted = set(filter(None, dimset.split(",")))
        reached = [
            other
            for other in finer.get((concept, level, parent, year), [])
            if wanted <= set(filter(None, other[1].split(",")))
        ]
        for area in _with_descendants(members[key]):
            reached.extend(below.get((concept, dimset, area, year), []))
        for other in reached:
            if other not in bad:
                bad.add(other)
                queue.append(other)
    withheld = pl.DataFrame(
        sorted(bad), schema=dict.fromkeys(slice_key, pl.String), orient="row"
    ).with_columns(pl.lit(True).alias("in_slice"))
    marked = base.join(withheld, on=slice_key, how="left").select("cell", "in_slice")
    by_agency = pl.col("obs_status") == "Q"
    in_slice = pl.col("in_slice").fill_null(False) & (pl.col("publicity") != "public")
    return cells.join(marked, on="cell", how="left").with_columns(
        (in_slice | by_agency).alias("withheld"),
        pl.when(in_slice).then(pl.lit("slice")).when(by_agency).then(pl.lit("agency")).alias("reason"),
    ).drop("in_slice")


def _with_descendants(areas: Iterable[str]) -> list[str]:
    """The areas as parents, with the intermediate keys that levels may leave out (Land → Regierungsbezirk → Kreis)."""
    return list(areas)


def _derived(cells: pl.DataFrame) -> pl.DataFrame:
    """Withhold every cell that is made of a withheld one, however many steps away."""
    edges = cells.select("cell", pl.col("terms").list.eval(pl.element().struct.field("cell")).alias("term")).explode("term").drop_nulls()
    withheld = set(cells.filter("withheld")["cell"].to_list())
    known = set(cells["cell"].to_list())
    fresh = True
    while fresh:
        hit = edges.filter(
            ~pl.col("cell").is_in(list(withheld)) & (pl.col("term").is_in(list(withheld)) | ~pl.col("term").is_in(list(known)))
        )["cell"].unique()
        fresh = len(hit) > 0
        withheld.update(hit.to_list())
    in_chain = pl.col("cell").is_in(list(withheld))
    return cells.with_columns(
        pl.when(pl.col("reason").is_null() & in_chain).then(pl.lit("derived")).otherwise(pl.col("reason")).alias("reason"),
        in_chain.alias("withheld"),
    )


def _protected(judged: pl.DataFrame) -> pl.DataFrame:
    """The columns that cross, sorted; a withheld cell has no value and shows no reason."""
    freq = {period: frequency(period) for period in judged["period"].unique().to_list()}
    withheld = pl.col("withheld")
    return (
        judged.with_columns(
            pl.when(withheld).then(None).otherwise(pl.col("value")).alias("value"),
            pl.when(withheld).then(pl.lit("Q")).otherwise(pl.col("obs_status")).alias("obs_status"),
            pl.when(withheld).then(pl.lit("C")).otherwise(pl.lit("F")).alias("conf_status"),
            pl.col("period").replace_strict(freq).alias("freq"),
        )
        .select(PROTECTED)
        .sort("cell")
    )
