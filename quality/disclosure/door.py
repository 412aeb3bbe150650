# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The thin door: where one cell of a slice is unsafe, the whole slice is withheld.

Belongs here: the way of a tier's cells through the door, and the protected file. Does not belong here: which cells are
unsafe (`unsafe`), what is withheld beside them (`slices`; the suppression engine takes its place and keeps the
interface), and the proof (`audit`).

A cell made of others (previous year, mean, balance) is withheld if any of them is. A statistic has no rule yet: it
passes only if everything it was made from is public at its publisher (decision 0010). Tables that are public at their
publisher are known to everybody and are never withheld; cells that the publisher withheld have no value here either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from quality.disclosure.rules import Rules
from quality.disclosure.thin.audit import examine, follows_from_public
from quality.disclosure.thin.slices import withhold_slices
from quality.disclosure.thin.unsafe import BASE, counted_concepts, mark_unsafe
from raw.lake.files import atomic, read_json, write_json
from raw.vocabulary.period import frequency

DOOR_VERSION = "4"
PROTECTED = (
    "cell", "measure", "area", "area_level", "area_vintage", "period", "freq", "basis", "value", "obs_status",
    "conf_status", "unit", "sources",
)  # fmt: skip
_PUBLISH_FILE, _PUBLISH_FOLDER = 0o644, 0o755


STATISTIC = pl.col("relation") == "statistic"


class Refused(RuntimeError):
    """The audit found a withheld cell that can be computed; nothing was written. The message carries counts only."""


@dataclass(frozen=True)
class Protected:
    """What passed the door for one tier: the file, the certificate and the restricted review data."""

    tier: str
    path: Path
    certificate: dict[str, Any]


def protect(
    cells: Callable[[], pl.DataFrame], named: str, rules: Rules, tier: str, publish: Path, review: Path
) -> Protected:
    """Write `protected.parquet` and `certificate.json` of a tier into `publish`, and the review data into `review`.

    `named` stands for the content of the cells: if it and the rules are the same as last time, nothing is read. Raises
    Refused if the audit fails; then nothing is written.
    """
    key = _key(named, rules, tier)
    path, certificate_path = publish / "protected.parquet", publish / "certificate.json"
    if path.exists() and certificate_path.exists():
        certificate = read_json(certificate_path)
        if certificate["input"] == key and certificate["sha256"] == _sha256(path):
            return Protected(tier, path, certificate)
    judged = judge(cells(), rules, tier)
    findings = examine(judged)
    if findings.given_away:
        raise Refused(f"{len(findings.given_away)} withheld cells can be computed; the tier {tier} is not released")
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
        "equations_audited": findings.equations,
        "sha256": _sha256(path),
    }
    write_json(certificate_path, certificate, _PUBLISH_FILE)
    return Protected(tier, path, certificate)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _key(named: str, rules: Rules, tier: str) -> str:
    about = [DOOR_VERSION, tier, rules.model_dump_json(), named]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()


def judge(cells: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """The cells that a tier may know of, with `withheld` and `reason` (slice, derived, agency, statistic; restricted).

    Whoever reads a tier with more meanings reads this one too; what is withheld there is withheld here.
    """
    every = _admitted(cells, rules, tier)
    statistics, admitted = every.filter(STATISTIC), every.filter(~STATISTIC)
    known = admitted.with_columns(pl.Series("known", follows_from_public(admitted), pl.Boolean))
    marked = mark_unsafe(known, rules, tier)
    for fuller in fuller_tiers(rules, tier):
        closed = judge(cells, rules, fuller).filter(pl.col("withheld"))
        marked = marked.with_columns(pl.col("seed") | pl.col("cell").is_in(closed["cell"].implode()))
    return pl.concat([_derived(withhold_slices(marked)), _statistics(statistics)], how="diagonal").sort("cell")


def _statistics(cells: pl.DataFrame) -> pl.DataFrame:
    """Statistics apart from all others: no sum leads to them or from them. Public ones pass, unless an agency's gap."""
    public = (pl.col("publicity") == "public").fill_null(False)
    reason = pl.when(~public).then(pl.lit("statistic")).when(pl.col("obs_status") == "Q").then(pl.lit("agency"))
    return cells.with_columns(
        public.alias("known"), pl.lit(False).alias("unsafe"), pl.lit(False).alias("seed"), reason.alias("reason")
    ).with_columns(pl.col("reason").is_not_null().alias("withheld"))


def fuller_tiers(rules: Rules, tier: str) -> list[str]:
    """The tiers that may know of more meanings than this one."""
    own = set(rules.tiers[tier].meanings)
    return sorted(name for name, other in rules.tiers.items() if own < set(other.meanings))


def _admitted(cells: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """Cells of meanings that may reach the tier. What is confidential needs a rule: its class one, and it a count."""
    made = ~pl.col("relation").is_in(BASE)
    ruled = pl.col("class").is_in(list(rules.tiers[tier].classes)) & (
        (pl.col("class") == "none") | pl.col("concept").is_in(counted_concepts()) | made
    )
    return cells.filter(
        pl.col("meaning").is_in(rules.tiers[tier].meanings) & (ruled | (pl.col("publicity") == "public"))
    )


def _derived(cells: pl.DataFrame) -> pl.DataFrame:
    """Withhold every cell that is made of a withheld one, or of one that is not here, however many steps away.

    A sum over areas is a total like any other: it stays while its parts are withheld.
    """
    made = cells.filter(~pl.col("relation").is_in(BASE)).select("cell", pl.col("terms").alias("term"))
    edges = made.explode("term").select("cell", pl.col("term").struct.field("cell").alias("term"))
    open_edges = edges.join(cells.select("cell"), left_on="term", right_on="cell", how="anti")
    fresh = pl.concat([cells.filter("withheld").select("cell"), open_edges.select("cell")]).unique()
    chain = open_edges.select("cell")
    while fresh.height:
        fresh = edges.join(fresh, left_on="term", right_on="cell", how="semi").select("cell").unique()
        fresh = fresh.join(chain, on="cell", how="anti")
        chain = pl.concat([chain, fresh])
    in_chain = pl.col("cell").is_in(chain["cell"].implode())
    return cells.with_columns(
        pl.when(pl.col("reason").is_null() & in_chain)
        .then(pl.lit("derived"))
        .otherwise(pl.col("reason"))
        .alias("reason"),
        (pl.col("withheld") | in_chain).alias("withheld"),
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
