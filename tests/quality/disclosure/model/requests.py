# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small requests for tests: rules of a few measures, tables written as rows."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import strategies as st

from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.registry import Registry, Request, build
from quality.disclosure.model.system import State, System
from quality.disclosure.model.tables import Table
from quality.disclosure.rules import MeasureRule, Rules, load_rules

ANSWERS = {"owner": "Statistikstelle", "legal_basis": "§ 16 BStatG", "date": "2026-01-01"}


def rules(measures: dict[str, dict[str, Any]] | None = None, **of_n: Any) -> Rules:
    """The default rules with some measures; by default `n`, social, with `of_n` as its rule in the public tier."""
    entries = measures or {"n": {"class": "social", "tiers": {"public": of_n} if of_n else {}}}
    made = {name: MeasureRule.model_validate({**ANSWERS, **entry}) for name, entry in entries.items()}
    return load_rules().model_copy(update={"measures": made})


def table(rows: dict[tuple[str, ...] | str, Any], *dimensions: str, name: str = "t", **about: Any) -> Table:
    """A table of the measure `n` from `{codes: value}`; a value `Q` is withheld by its publisher."""
    codes = [key if isinstance(key, tuple) else (key,) for key in rows]
    frame = pl.DataFrame(
        {dimension: [code[number] for code in codes] for number, dimension in enumerate(dimensions)}
        | {"n": [None if value == "Q" else value for value in rows.values()]}
        | {"status": ["Q" if value == "Q" else "A" for value in rows.values()]},
        strict=False,
    )
    return Table(name, frame, **about)


GEO = Hierarchy.flat("geo", "T")
SEX = Hierarchy.flat("sex", "T")
AGE = Hierarchy.from_tree("age", {"T": {"U25": ["U18", "18-24"], "25+": []}})


def request(tables: Any, hierarchies: Any = (GEO,), **about: Any) -> Request:
    """A request with the default rules of `n` unless others are given."""
    several = tables if isinstance(tables, list) else [tables]
    return Request(several, list(hierarchies), about.pop("rules", None) or rules(), **about)


def registry(tables: Any, hierarchies: Any = (GEO,), **about: Any) -> Registry:
    """The registry of such a request; its system is sound."""
    made = build(request(tables, hierarchies, **about))
    assert made.system.faults() == []
    return made


def by_name(system: System, what: str) -> dict[str, int]:
    """An array of a system by the names of its cells."""
    return dict(zip(system.names, getattr(system, what).tolist(), strict=True))


def states(system: System) -> dict[str, str]:
    """The state of each cell in words."""
    return {name: State(state).name for name, state in by_name(system, "state").items()}


@st.composite
def linked_tables(draw: st.DrawFn) -> tuple[list[Table], list[Hierarchy]]:
    """Linked inner tables of random counts over a geography in two hierarchies, ages and sexes."""
    areas = [f"{number:02d}" for number in range(draw(st.integers(2, 5)))]
    county = Hierarchy.from_pairs(
        "geo", [("T", ""), ("c1", "T"), ("c2", "T"), *((area, draw(st.sampled_from(["c1", "c2"]))) for area in areas)]
    )
    counts = st.integers(0, 12)
    cube = {(a, g, s): draw(counts) for a in areas for g in ("U18", "18-24", "25+") for s in ("m", "w")}
    frame = pl.DataFrame(
        [(*key, value) for key, value in cube.items()], schema=["geo", "age", "sex", "n"], orient="row"
    )
    by_age = frame.group_by("geo", "age").agg(pl.col("n").sum())
    by_sex = frame.group_by("geo", "sex").agg(pl.col("n").sum())
    chosen = draw(st.sampled_from([[frame], [by_age, by_sex], [frame, by_age], [by_age]]))
    return [Table(f"t{number}", one) for number, one in enumerate(chosen)], [county, AGE, SEX]
