# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The door: what of the cells of a site may leave the restricted zone, for one tier.

Belongs here: the way of a tier's cells through the door, and the files it writes. Does not belong here: which base
cells are withheld, and the proof (`product.pattern`).

Base cells are judged by the engine, together with everything that is public and with every release that is out. A cell
made of others (previous year, mean, balance) is published only if all of them are, so it tells nothing new. A statistic
has no rule yet: it passes only if everything it was made from is public at its publisher (decision 0010). Tables that
are public at their publisher are known to everybody and are never withheld; cells that the publisher withheld have no
value here either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from quality.disclosure.audit import NotProved
from quality.disclosure.model.faults import BadInput
from quality.disclosure.product.cells import BASE, PUBLIC, STATISTIC, counted_concepts, in_question
from quality.disclosure.product.history import keep, kept, with_history
from quality.disclosure.product.pattern import TierPattern, numbered, tier_pattern
from quality.disclosure.product.review import review_of
from quality.disclosure.rules import Rules
from quality.disclosure.solver import Unsafe
from raw.lake.files import atomic, file_sha256, read_json, restricted_folder, write_json
from raw.vocabulary.period import frequency

DOOR_VERSION = "5"
PROTECTED = (
    "cell", "measure", "area", "area_level", "area_vintage", "period", "freq", "basis", "value", "obs_status",
    "conf_status", "unit", "sources",
)  # fmt: skip
_PUBLISH_FILE, _PUBLISH_FOLDER = 0o644, 0o755


class Refused(RuntimeError):
    """There is no pattern that is proved to be safe; the message carries counts only."""


@dataclass(frozen=True)
class Protected:
    """What passed the door for one tier: the file, the certificate and the restricted review data."""

    tier: str
    path: Path
    certificate: dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """The cells of a tier with `withheld` and `reason`, the base cells in question, and their pattern. Restricted."""

    cells: pl.DataFrame
    base: pl.DataFrame
    pattern: TierPattern | None


@dataclass
class Door:
    """The door of a site: cells in, per tier what may leave.

    `review` is a folder of the restricted zone. `released`: per tier the hashes of what was released before; what of
    it passed this door is kept there and counts as known. `cells` is asked once, and only if something changed;
    `named` stands for their content.
    """

    cells: Callable[[], pl.DataFrame]
    named: str
    rules: Rules
    review: Path
    released: Mapping[str, Collection[str]] = field(default_factory=dict)

    def protect(self, tier: str, publish: Path) -> Protected:
        """Write `protected.parquet` and `certificate.json` of a tier into `publish`, and the review data.

        If cells, rules and earlier releases are those of last time, nothing is read. Raises Refused; then nothing is
        written but the reason, into the review.
        """
        path, certificate_path = publish / "protected.parquet", publish / "certificate.json"
        if path.exists() and certificate_path.exists():
            certificate = read_json(certificate_path)
            own = certificate["sha256"]
            if certificate["input"] == self._key(tier, own) and own == file_sha256(path):
                return Protected(tier, path, certificate)
        judged = self._judged(tier)
        publish.mkdir(parents=True, exist_ok=True)
        publish.chmod(_PUBLISH_FOLDER)
        with atomic(restricted_folder(self.review) / f"{tier}.parquet") as part:
            review_of(judged.cells, judged.base, judged.pattern).write_parquet(part)
        protected = _protected(judged.cells)
        with atomic(path, _PUBLISH_FILE) as part:
            protected.write_parquet(part)
        sha256 = file_sha256(path)
        if judged.pattern is not None:
            hidden = pl.Series("withheld", judged.pattern.withheld)
            keep(restricted_folder(self.review / "passed") / tier, sha256, judged.base.with_columns(hidden))
        certificate = {
            "tier": tier,
            "input": self._key(tier, sha256),
            "rules": self.rules.id,
            "door": DOOR_VERSION,
            "method": "cells",
            "cells": protected.height,
            "withheld": protected.filter(pl.col("conf_status") == "C").height,
            "equations_audited": judged.pattern.equations if judged.pattern else 0,
            "sha256": sha256,
        }
        write_json(certificate_path, certificate, _PUBLISH_FILE)
        self._refusal(tier).unlink(missing_ok=True)
        return Protected(tier, path, certificate)

    def _refusal(self, tier: str) -> Path:
        return restricted_folder(self.review) / f"{tier}.refused.json"

    def _judged(self, tier: str) -> Judged:
        earlier = {
            one: kept(self.review / "passed" / one, self.released.get(one, ()))
            for one in [tier, *fuller_tiers(self.rules, tier)]
        }
        try:
            return judge(self.cells(), self.rules, tier, earlier, self.review / "cache")
        except (Unsafe, NotProved, BadInput) as refusal:
            write_json(self._refusal(tier), {"refused": str(refusal)})
            counted = str(refusal) if isinstance(refusal, NotProved) else "no pattern of withheld cells is safe"
            raise Refused(f"{counted}; the tier {tier} is not released") from None

    def _key(self, tier: str, own: str) -> str:
        """What the outcome depends on; that it was released itself changes nothing."""
        before = {one: sorted({*self.released.get(one, ())} - {own}) for one in self.rules.tiers}
        about = [DOOR_VERSION, tier, self.rules.model_dump_json(), self.named, str(sorted(before.items()))]
        return hashlib.sha256("\n".join(about).encode()).hexdigest()


def judge(
    cells: pl.DataFrame, rules: Rules, tier: str, earlier: dict[str, list[pl.DataFrame]] | None = None,
    cache: Path | None = None,
) -> Judged:  # fmt: skip
    """The cells that a tier may know of, with `withheld` and `reason` (restricted).

    Reasons: rule, cover (withheld so that others cannot be computed), agency, derived, statistic. `earlier`: per tier
    the releases that are out (`product.history`). Whoever reads a tier with more meanings reads this one too: what is
    withheld there is withheld here. Raises Unsafe, NotProved or BadInput.
    """
    earlier = earlier or {}
    every = _admitted(cells, rules, tier)
    statistics, admitted = every.filter(STATISTIC), every.filter(~STATISTIC)
    closed: set[str] = set()
    for fuller in fuller_tiers(rules, tier):
        closed |= set(judge(cells, rules, fuller, earlier, cache).cells.filter("withheld")["cell"])
    base = numbered(in_question(admitted))
    if base.is_empty():
        pattern, hidden, by_rule = None, set[str](), set[str]()
    else:
        held = base.select(pl.col("cell").is_in(sorted(closed)) & ~PUBLIC).to_series().to_numpy()
        pattern = tier_pattern(with_history(base, earlier.get(tier, []), held), rules, tier, cache)
        hidden, by_rule = _named(base, pattern.withheld), _named(base, pattern.unsafe)
    by_agency = pl.col("obs_status") == "Q"
    marked = admitted.with_columns(
        (pl.col("cell").is_in(sorted(hidden)) | by_agency).alias("withheld"),
        pl.when(by_agency).then(pl.lit("agency"))
        .when(pl.col("cell").is_in(sorted(by_rule))).then(pl.lit("rule"))
        .when(pl.col("cell").is_in(sorted(hidden))).then(pl.lit("cover"))
        .alias("reason"),
    )  # fmt: skip
    derived = _derived(marked)
    every = pl.concat([derived, _statistics(statistics, derived)], how="diagonal").sort("cell")
    return Judged(every, base, pattern)


def _named(base: pl.DataFrame, mask: np.ndarray) -> set[str]:
    return set(base.filter(pl.Series(mask))["cell"])


def _statistics(cells: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Statistics apart from all others: no sum leads to them or from them.

    One passes if it is public, no gap of an agency, and made of nothing that is withheld.
    """
    term = pl.col("terms").list.eval(pl.element().struct.field("cell"))
    hidden = judged.filter("withheld")["cell"].implode()
    reason = (
        pl.when(~PUBLIC.fill_null(False)).then(pl.lit("statistic"))
        .when(pl.col("obs_status") == "Q").then(pl.lit("agency"))
        .when(term.list.set_intersection(hidden).list.len() > 0).then(pl.lit("derived"))
    )  # fmt: skip
    return cells.with_columns(reason.alias("reason")).with_columns(pl.col("reason").is_not_null().alias("withheld"))


def fuller_tiers(rules: Rules, tier: str) -> list[str]:
    """The tiers that may know of more meanings than this one."""
    own = set(rules.tiers[tier].meanings)
    return sorted(name for name, other in rules.tiers.items() if own < set(other.meanings))


def _admitted(cells: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """Cells of meanings that may reach the tier. What is confidential needs a rule: its class one, and it a count."""
    made = ~BASE
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
    made = cells.filter(~BASE).select("cell", pl.col("terms").alias("term"))
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
