# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which cells the engine has to look at.

Belongs here: kinds of cells, and the part of them in which anything is confidential. Does not belong here: equations.
"""

from __future__ import annotations

import polars as pl

from raw.vocabulary.filters import chain
from raw.vocabulary.measures import concepts

BASE = pl.col("relation").is_in(["observed", "dims", "areas"])
"""Counts of their own; all others (other years, combinations, statistics) are made of cells."""
STATISTIC = pl.col("relation") == "statistic"
PUBLIC = pl.col("publicity") == "public"
YEAR = pl.col("period").str.slice(0, 4)
PLACE = ["area", "area_level", "area_vintage", "period"]
FIGURE = ["concept", "dims", "period", "basis"]
COUNT_KINDS = ("stock", "mean", "flow")
"""Kinds of concepts that count somebody or something; only these have a threshold."""


def counted_concepts() -> list[str]:
    """Concepts that count somebody or something."""
    return [name for name, concept in concepts().items() if concept.kind in COUNT_KINDS]


def family(concept: str) -> str:
    """The concept around all those that a concept's members are part of; its own name where there is none."""
    if concept not in concepts() or not concepts()[concept].additive:
        return concept
    *_, (last, _) = chain(concept, {})
    return last


def in_question(cells: pl.DataFrame) -> pl.DataFrame:
    """Base cells of every family of concepts and year of which something is confidential, with `family`.

    Elsewhere everything is public at its publisher and the door has no say.
    """
    names = {name: family(name) for name in cells["concept"].unique().to_list()}
    about = cells.filter(BASE).with_columns(
        pl.col("concept").replace_strict(names, return_dtype=pl.String).alias("family"), YEAR.alias("year")
    )
    ours = about.filter(~PUBLIC).select("family", "year").unique()
    return about.join(ours, on=["family", "year"], how="semi", maintain_order="left").drop("year")
