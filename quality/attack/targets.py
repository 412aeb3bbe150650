# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which cells are withheld, as far as one can tell from outside.

Belongs here: what follows from the statuses of figures. Does not belong here: their size.

A figure is shown only if all its cells are open, and withheld if one of them is not. So a cell of a shown figure is
open, and a withheld figure has its reason among the cells that no figure shows; if there is none, its publisher has
contradicted himself, and its numerator is what was to be hidden, but for parts of it that are shown as they are. Among
several the most sensitive are the reason: who hides the unemployed of a district does not hide its inhabitants.
"""

from __future__ import annotations

import polars as pl

from quality.attack.facts import Facts


def targets(facts: Facts) -> pl.DataFrame:
    """cell, kpi: the counts that may be the reason why a figure is withheld, with the first KPI that they stand in."""
    shown = facts.rows.filter(pl.col("value").is_not_null()).select("row")
    withheld = facts.rows.filter(pl.col("withheld") & pl.col("value").is_null()).select("row", "kpi")
    shown_terms = facts.terms.join(shown, on="row")
    shown_cells = shown_terms.select("cell").unique().with_columns(open=pl.lit(True))
    alone = shown_terms.filter(pl.len().over("row") == 1).select("cell").unique().with_columns(alone=pl.lit(True))
    inside = facts.terms.join(withheld, on="row").join(shown_cells, on="cell", how="left")
    inside = inside.join(alone, on="cell", how="left").with_columns(pl.col("open", "alone").fill_null(False))
    above = pl.col("part") == "numerator"
    no_reason = pl.col("open").all().over("row")
    covert = above & ~pl.col("alone")
    accident = no_reason & pl.when(covert.any().over("row")).then(covert).otherwise(above)
    suspect = inside.filter(~pl.col("open") | accident)
    suspect = suspect.join(facts.counted(), on="cell")
    found = suspect.filter(pl.col("sensitive") == pl.col("sensitive").max().over("row")).sort("kpi", "cell")
    return found.unique("cell", keep="first", maintain_order=True).select("cell", "kpi").sort("cell")
