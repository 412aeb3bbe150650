# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Moves: what a step in time does to the areas that do not stay what they are; every other area stays.

Belongs here: moves after one another, backwards, and as rows for all weight classes. Does not belong here: where they
come from (`territory`), and which pairs of vintages somebody needs (`links`).

A crosswalk names every area; of 11,000 Gemeinden some dozens change in a year, and only these are kept here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from quality.areas.crosswalk import EVERY, WEIGHT_CLASSES, WEIGHTS, Crosswalk, CrosswalkError, keys

CLASSES = tuple(name for name in WEIGHT_CLASSES if name != EVERY)
"""The classes that every move states, so that nobody has to know which class stands in for which."""

SIZES: dict[str, pl.DataType] = {"area": pl.String(), "weight_class": pl.String(), "size": pl.Float64()}
"""Sizes of areas in one vintage, for as many classes as are known."""

_ABOUT = ["from_area", "to_area", "weight_class"]
_NEAR = 1e-12


def no_rows() -> pl.DataFrame:
    """No moves (columns of WEIGHTS)."""
    return pl.DataFrame(schema=WEIGHTS)


@dataclass(frozen=True)
class Moves:
    """Weights (columns of WEIGHTS, above 0, every class of CLASSES) of the areas that change, and what is open."""

    rows: pl.DataFrame = field(default_factory=no_rows)
    open_origins: frozenset[str] = frozenset()
    open_targets: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether every area stays."""
        return self.rows.is_empty() and not self.open_origins and not self.open_targets

    @property
    def origins(self) -> frozenset[str]:
        """Areas that do not stay what they are and whose way is known."""
        return frozenset(self.rows["from_area"].to_list())

    @property
    def touched(self) -> frozenset[str]:
        """Areas that give or receive something, or are open."""
        return self.origins | frozenset(self.rows["to_area"].to_list()) | self.open_origins | self.open_targets


def in_every_class(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows (from_area, to_area, weight, inferred) that hold for every class, once per class."""
    classes = pl.DataFrame({"weight_class": list(CLASSES)})
    return rows.join(classes, how="cross").select(pl.col(name).cast(kind) for name, kind in WEIGHTS.items())


def staying(areas: Iterable[str], inferred: bool = False) -> pl.DataFrame:
    """Rows of areas that stay what they are."""
    area = pl.Series("from_area", sorted(set(areas)), dtype=pl.String)
    return in_every_class(
        pl.DataFrame([area, area.alias("to_area")]).with_columns(weight=pl.lit(1.0), inferred=pl.lit(inferred))
    )


def moves_of(step: Crosswalk) -> Moves:
    """The moves of a crosswalk. Raises CrosswalkError where an area has weights for some measures only."""
    rows = pl.concat(
        step.of_class(name).with_columns(weight_class=pl.lit(name)).select(list(WEIGHTS)) for name in CLASSES
    )
    itself = (pl.col("from_area") == pl.col("to_area")) & (pl.col("weight") == 1) & ~pl.col("inferred")
    rows = rows.filter(~itself.all().over("from_area"))
    if some := rows.filter(pl.col("weight_class").n_unique().over("from_area") < len(CLASSES))["from_area"].to_list():
        raise CrosswalkError(f"{step.name}: no weights of population or area for {keys(some)}")
    return Moves(rows, step.open_origins, step.open_targets)


def then(first: Moves, second: Moves) -> Moves:
    """Both after one another: weights multiply along each way and add up over ways with the same end."""
    if first.empty or second.empty:
        return second if first.empty else first
    ways = first.rows.join(
        second.rows,
        left_on=["to_area", "weight_class"],
        right_on=["from_area", "weight_class"],
        how="left",
        suffix="_2",
    )
    stopped = frozenset(ways.filter(pl.col("to_area").is_in(list(second.open_origins)))["from_area"].to_list())
    known = list(first.origins | first.open_origins)
    later = second.rows.filter(~pl.col("from_area").is_in(known))
    behind = ways.filter(
        pl.col("from_area").is_in(list(stopped)), ~pl.col("to_area").is_in(list(second.open_origins))
    ).select(pl.coalesce("to_area_2", "to_area").alias("to_area"))["to_area"]
    rows = (
        ways.filter(~pl.col("from_area").is_in(list(stopped)))
        .sort("from_area", "weight_class", "to_area", "to_area_2")
        .group_by(
            "from_area", pl.coalesce("to_area_2", "to_area").alias("to_area"), "weight_class", maintain_order=True
        )
        .agg(
            (pl.col("weight") * pl.col("weight_2").fill_null(1.0)).sum(),
            (pl.col("inferred") | pl.col("inferred_2").fill_null(False)).any().alias("inferred"),
        )
        .select(list(WEIGHTS))
    )
    return Moves(
        whole(pl.concat([rows, later])),
        first.open_origins | stopped | (second.open_origins - frozenset(known)),
        second.open_targets | _pushed(second, first.open_targets) | frozenset(behind.to_list()),
    )


def _pushed(step: Moves, areas: frozenset[str]) -> frozenset[str]:
    """Where some areas lie after a step."""
    moved = step.rows.filter(pl.col("from_area").is_in(list(areas)))["to_area"].to_list()
    return (areas - step.origins - step.open_origins) | frozenset(moved)


def whole(rows: pl.DataFrame) -> pl.DataFrame:
    """Weights that differ from 0 or 1 only by the arithmetic of the computer are 0 or 1; those of 0 are no move."""
    weight = pl.col("weight")
    exact = pl.when((weight - 1).abs() < _NEAR).then(1.0).when(weight.abs() < _NEAR).then(0.0).otherwise(weight)
    return rows.with_columns(exact.alias("weight")).filter(pl.col("weight") > 0)


def sized(rows: pl.DataFrame, sizes: pl.DataFrame, over: list[str]) -> pl.DataFrame:
    """Rows (columns of WEIGHTS) with the `size` of their origin (SIZES), null where it is not known.

    All rows of a group (`over`) take the sizes of one class: their own, or else population, or else area, the first
    that is known for all of them and not 0 for all.
    """
    for name in CLASSES:
        of_class = sizes.filter(pl.col("weight_class") == name).unique("area", keep="first", maintain_order=True)
        rows = rows.join(of_class.select(from_area="area", **{name: pl.col("size")}), on="from_area", how="left")
    own = pl.coalesce(pl.when(pl.col("weight_class") == name).then(pl.col(name)) for name in CLASSES)
    size = pl.lit(None, pl.Float64)
    for candidate in (pl.col("area"), pl.col("population"), own):
        usable = candidate.is_not_null().all().over(over) & ((candidate * pl.col("weight")).sum().over(over) > 0)
        size = pl.when(usable).then(candidate).otherwise(size)
    return rows.with_columns(size.alias("size")).drop(CLASSES)


def links_between(moves: Moves, exist: Iterable[str], complete: bool = False) -> pl.DataFrame:
    """Rows (columns of WEIGHTS) from the areas that `exist` in the first vintage, without what is open.

    A target that was there before and stays is a part of itself. With `complete` so is every other area that stays.
    """
    exist = frozenset(exist)
    rows = moves.rows.filter(
        pl.col("from_area").is_in(list(exist)), ~pl.col("from_area").is_in(list(moves.open_origins))
    )
    stay = exist - moves.origins - moves.open_origins
    if not complete:
        stay &= frozenset(rows["to_area"].to_list())
    return pl.concat([rows, staying(stay)]).filter(~pl.col("to_area").is_in(list(moves.open_targets)))


def back(moves: Moves, exist: Iterable[str], sizes: pl.DataFrame) -> Moves:
    """The way back: each target is shared among its origins by their size (SIZES, of the first vintage) times weight.

    A target with one origin needs no size; one whose parts have no known size is open.
    """
    over = ["to_area", "weight_class"]
    rows = sized(links_between(moves, exist), sizes, over).sort(_ABOUT)
    share = pl.col("weight") * pl.col("size")
    rows = rows.with_columns(
        pl.when(pl.len().over(over) == 1)
        .then(1.0)
        .when(pl.col("size").is_not_null().all().over(over))
        .then(share / share.sum().over(over))
        .alias("weight")
    ).with_columns(unknown=pl.col("weight").is_null().any().over("to_area"))
    lost = frozenset(rows.filter("unknown")["to_area"].to_list())
    unclear = moves.rows.filter(pl.col("to_area").is_in(list(moves.open_targets)))["from_area"].to_list()
    unclear += rows.filter("unknown")["from_area"].to_list()
    back_rows = rows.filter(~pl.col("unknown")).select(
        from_area="to_area", to_area="from_area", weight_class="weight_class", weight="weight", inferred="inferred"
    )
    return Moves(whole(back_rows), moves.open_targets | lost, moves.open_origins | frozenset(unclear))
