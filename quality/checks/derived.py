# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What follows from the vocabulary between the figures of one source, whatever table or column they stand in.

Belongs here: parts and wholes, figures that stand in two places, years and their quarters or months. Does not belong
here: sums that a contract declares (`identities`), sums over administrative areas (`territory`).

All of them are certain: they hold whatever the figures are (`raw.vocabulary.relations`, exact ones only), but for the
tolerance that the tables' contracts state.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from quality.checks.violations import ROUNDING, Judge, Violation, fingerprint
from raw.contracts import Source
from raw.vocabulary.dimensions import parse_dims
from raw.vocabulary.measures import Measure, concepts, dimensions, measures, partitions
from raw.vocabulary.period import frequency
from raw.vocabulary.relations import Relation, period_terms, relations

PLACE = ["area", "area_vintage", "period", "basis"]
MEAN_ROUNDING = 1.0
"""A yearly mean and the months it is made of are each rounded to whole numbers: at most a half each."""
_FINER = {"A": ("S", "Q", "M"), "S": ("Q", "M"), "Q": ("M",)}


def judge_derived(judge: Judge, source: Source, observations: pl.DataFrame) -> None:
    """Bring all derived relations of a source's observations (columns of OBSERVATION) before the judge."""
    cells = counted(source, observations)
    if cells.is_empty():
        return
    _judge_agreement(judge, cells)
    once = cells.unique(["name", *PLACE], keep="first", maintain_order=True)
    names = tuple(once.select("name", "measure", "dims").unique().sort("name").iter_rows())
    _judge_relations(judge, source, once, _exact(names))
    _judge_periods(judge, once, _named(names))


def counted(source: Source, observations: pl.DataFrame) -> pl.DataFrame:
    """Figures that can be added, with their name `concept[dims]` and the tolerance of their table."""
    additive = [name for name, concept in concepts().items() if concept.additive]
    tolerance = {table.id: table.tolerance for table in source.tables.values()}
    columns = ["table", "snapshot", "cell", "measure", "dims", *PLACE, "value", "obs_status"]
    rows = observations.filter(pl.col("measure").is_in(additive)).select(columns)
    return rows.with_columns(
        pl.format("{}[{}]", "measure", "dims").alias("name"),
        pl.col("table").replace_strict(tolerance, default=0.0, return_dtype=pl.Float64).alias("tolerance"),
    )


def _named(names: tuple[tuple[str, str, str], ...]) -> dict[str, Measure]:
    """Definitions of cells (name, concept, dims), but for those with a dimension that the vocabulary does not know."""
    at = {measure.concept: measure.at for measure in measures().values() if measure.plain}
    found = {}
    for name, concept, text in names:
        dims = parse_dims(text)
        if dims.keys() <= dimensions().keys():
            found[name] = Measure(concept=concept, dims=dims, at=at.get(concept))
    return found


@lru_cache(maxsize=64)
def _exact(names: tuple[tuple[str, str, str], ...]) -> tuple[Relation, ...]:
    """The exact relations between cells of one period."""
    found = relations(_named(names))
    return tuple(one for one in found if one.exact and not any(term.offset for term in one.parts))


def _judge_agreement(judge: Judge, cells: pl.DataFrame) -> None:
    """The same thing said by two tables or two columns is the same figure."""
    said = cells.filter(pl.col("value").is_not_null() & (pl.len().over(["name", *PLACE]) > 1))
    about = said.group_by(["name", *PLACE], maintain_order=True).agg(
        (pl.col("value").max() - pl.col("value").min()).alias("apart"),
        pl.col("tolerance").max(),
        pl.col("value").sort().alias("values"),
        pl.col("table", "snapshot", "cell").first(),
        pl.len(),
    )
    compared = about.filter(pl.col("len") > 1)
    judge.count(compared.height)
    for row in compared.filter(pl.col("apart") > pl.col("tolerance") + ROUNDING).iter_rows(named=True):
        mark = fingerprint(row["values"])
        name = f"agree.{row['name']}"
        judge.found(Violation(row["table"], name, row["area"], row["period"], mark, row["snapshot"], row["cell"]))


def _judge_relations(judge: Judge, source: Source, cells: pl.DataFrame, exact: Sequence[Relation]) -> None:
    terms = [(rel, term.measure, term.coefficient) for rel, one in enumerate(exact) for term in one.parts]
    whole = [(rel, one.whole, _label(one), one.kind, one.note, len(one.parts)) for rel, one in enumerate(exact)]
    placed = cells.with_columns(pl.struct(PLACE).hash().alias("place"))
    parts = placed.join(_frame(terms, ["rel", "name", "coefficient"]), on="name")
    wholes = placed.join(_frame(whole, ["rel", "name", "label", "kind", "dimension", "terms"]), on="name")
    _judge_sums(judge, source, parts, wholes, ["rel", "place"])


def _judge_periods(judge: Judge, cells: pl.DataFrame, named: dict[str, Measure]) -> None:
    """A year against its quarters or months, a quarter against its months."""
    present: dict[str, set[str]] = {}
    for name, period in cells.select("name", "period").unique().iter_rows():
        if name in named:
            present.setdefault(name, set()).add(period)
    terms: list[tuple[object, ...]] = []
    whole: list[tuple[object, ...]] = []
    for name, periods in sorted(present.items()):
        codes = {period: frequency(period) for period in periods}
        for period in sorted(periods):
            for code in _FINER.get(codes[period], ()):
                made = period_terms(named[name], period, code) if code in codes.values() else None
                if made and {piece for piece, _ in made} <= periods:
                    terms += [(len(whole), name, piece, coefficient) for piece, coefficient in made]
                    slack = MEAN_ROUNDING if len(made) > 1 and made[0][1] != 1 else 0.0
                    whole.append((len(whole), name, period, f"periods.{name}.{code}", "periods", "", len(made), slack))
    if whole:
        parts = cells.join(_frame(terms, ["rel", "name", "period", "coefficient"]), on=["name", "period"])
        columns = ["rel", "name", "period", "label", "kind", "dimension", "terms", "slack"]
        wholes = cells.join(_frame(whole, columns), on=["name", "period"])
        wholes = wholes.with_columns(pl.max_horizontal("tolerance", "slack").alias("tolerance"))
        _judge_sums(judge, None, parts, wholes, ["rel", "area", "basis"])


def _judge_sums(
    judge: Judge, source: Source | None, parts: pl.DataFrame, wholes: pl.DataFrame, keys: list[str]
) -> None:
    status = pl.col("obs_status")
    summed = parts.group_by(keys).agg(
        (pl.col("value") * pl.col("coefficient")).sum().alias("total"),
        (status == "Q").any().alias("withheld"),
        status.is_in(["O", "L", "M"]).any().alias("missing"),
        pl.col("tolerance").max().alias("parts_tolerance"),
        pl.col("table").min().alias("first_table"),
        pl.col("table").max().alias("last_table"),
        pl.len().alias("found"),
    )
    names = {"value": "whole", "snapshot": "whole_snapshot", "cell": "whole_cell"}
    joined = wholes.rename(names).join(summed, on=keys).filter(pl.col("found") == pl.col("terms"))
    # What stands in one table is judged there already (`identities`).
    one_table = (pl.col("first_table") == pl.col("table")) & (pl.col("last_table") == pl.col("table"))
    inside = pl.col("dimension").is_in(list(partitions())) & one_table
    joined = joined.filter(~inside).with_columns(
        pl.max_horizontal("tolerance", "parts_tolerance").alias("tolerance"),
        ((pl.col("kind") == "subset") | _incomplete(source)).alias("at_most"),
    )
    decided = ~pl.col("missing") & pl.col("whole").is_not_null()
    excess = pl.col("total") - pl.col("whole")
    slack = pl.col("tolerance") + ROUNDING
    short = (excess < -slack) & ~pl.col("withheld") & ~pl.col("at_most")
    judge.count(joined.filter(decided).height)
    broken = joined.filter(decided & ((excess > slack) | short))
    if broken.is_empty():
        return
    values = parts.join(broken.select(keys), on=keys, how="semi").group_by(keys).agg(pl.col("value").sort())
    for row in broken.join(values, on=keys).sort("table", "label", "area", "period").iter_rows(named=True):
        mark = fingerprint([*row["value"], row["whole"]])
        place = (row["area"], row["period"], mark, row["whole_snapshot"], row["whole_cell"])
        judge.found(Violation(row["table"], row["label"], *place))


def _incomplete(source: Source | None) -> pl.Expr:
    """Whether the whole's table says that the parts of the dimension leave some out."""
    pairs = [f"{table.id} {name}" for table in source.tables.values() for name in table.incomplete] if source else []
    return pl.format("{} {}", "table", "dimension").is_in(pairs)


def _label(relation: Relation) -> str:
    if relation.kind == "subset":
        return f"part.{relation.parts[0].measure}"
    about = relation.note if relation.kind == "partition" else relation.kind
    return f"sum.{about}.{relation.whole}"


def _frame(rows: Sequence[tuple[object, ...]], columns: list[str]) -> pl.DataFrame:
    kinds = {"rel": pl.Int64, "terms": pl.UInt32, "coefficient": pl.Float64, "slack": pl.Float64}
    return pl.DataFrame(rows, schema={name: kinds.get(name, pl.String) for name in columns}, orient="row")
