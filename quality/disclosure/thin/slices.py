# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Whole slices: where one cell is unsafe, what is withheld beside it, so that nothing published gives it away.

Belongs here: the choice of what is withheld. Does not belong here: which cells are unsafe (`unsafe`), and the proof
(`audit`).

A slice is a breakdown of one concept: the same dimensions, all areas below one parent (whatever their level), one year
with its quarters and months. A bad slice is withheld as a whole, and takes with it

- every finer breakdown of the same areas, and the same breakdown below each of them: they would add up to it;
- the slice in which its parent stands, where the parent's own figure is missing, or is all there is to know because
  the slice has one area, or because some of the slice is public anyway;
- the coarser breakdowns of the same areas, where some of the slice is public anyway;
- every breakdown by two dimensions or more, if it is one itself: three margins that fit together can pin a cell;
- what else is published of the same areas, where the breakdown of a parent is public (`_under_public`).

What remains are tables with two margins. There the interval of a cell is as wide as the smallest margin or rest, and
these are safe or zero. Public cells are never withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from quality.areas.areas import parent_key
from quality.disclosure.thin.audit import build_system, pinned
from quality.disclosure.thin.unsafe import BASE, confidential_scope
from raw.vocabulary.dimensions import parse_dims
from raw.vocabulary.measures import concepts

Dims = frozenset[str]
Slice = tuple[Dims, str]
"""Names of the dimensions, and the parent of the areas."""

_HIGHEST = 5
_KEY = ["concept", "year", "dimset", "above"]


@dataclass(frozen=True)
class Tree:
    """Which area lies in which, with the areas between them that no cell speaks of."""

    parents: Mapping[str, str]
    children: Mapping[str, list[str]]

    @classmethod
    def of(cls, areas: Iterable[tuple[str, str, str | None]]) -> Tree:
        """From (area, level, parent); a parent that is not given follows from the key."""
        parents: dict[str, str] = {}
        for area, level, parent in areas:
            above = parent or parent_key(area, level)
            while above and above != area and area not in parents:
                parents[area] = above
                area, above = above, _key_above(above)
        children: dict[str, list[str]] = {}
        for area, parent in parents.items():
            children.setdefault(parent, []).append(area)
        return cls(parents, children)

    def chain(self, area: str) -> Iterator[str]:
        """The area and everything above it."""
        at: str | None = area
        while at:
            yield at
            at = self.parents.get(at)


def _key_above(area: str) -> str | None:
    level = {2: "land", 3: "regierungsbezirk", 5: "kreis", 8: "gemeinde"}.get(len(area))
    return parent_key(area, level) if level and area.isdigit() else None


@dataclass
class Facts:
    """What the rules of a slice ask for, of one concept and year."""

    slices: set[Slice] = field(default_factory=set)
    seeds: set[Slice] = field(default_factory=set)
    orphaned: set[Slice] = field(default_factory=set)
    lonely: set[Slice] = field(default_factory=set)
    mixed: set[Slice] = field(default_factory=set)
    populated: dict[str, int] = field(default_factory=dict)
    figures: dict[str, set[Dims]] = field(default_factory=dict)
    public: dict[str, set[Dims]] = field(default_factory=dict)


def withhold_slices(cells: pl.DataFrame) -> pl.DataFrame:
    """Add `withheld` and `reason` (slice, agency) to cells with `known`, `unsafe`, `seed`; made cells come later.

    Where an unsafe count still lies in an interval of one number, everything about its areas is withheld, then about
    those above. The audit judges the result; what it finds beyond this is refused.
    """
    scope = confidential_scope(cells)
    scope = _with_slice(scope.filter(pl.col("year").is_in(scope.filter("seed")["year"].implode())))
    if scope.is_empty():
        return _marked(cells, scope)
    tree = Tree.of(scope.select("area", "area_level", "parent").unique().sort("area").iter_rows())
    crossed = _crossed(cells)
    near = cells.filter(pl.col("period").str.slice(0, 4).is_in(scope["year"].unique().implode()))
    system = build_system(near)
    withheld = _withheld(scope, tree, crossed)
    for height in range(_HIGHEST):
        stuck = near.filter(pinned(_marked(near, withheld), system))["cell"].implode()
        if stuck.list.len().item() == 0:
            break
        places = scope.filter(pl.col("cell").is_in(stuck)).select("above", "year").unique().iter_rows()
        widened = [(area, year) for above, year in places for area in [*tree.chain(above)][: height + 1]]
        around = pl.DataFrame(widened, schema={"above": pl.String, "year": pl.String}, orient="row").unique()
        widely = around.with_columns(pl.lit(True).alias("widely"))
        scope = scope.join(widely, on=["above", "year"], how="left", maintain_order="left")
        scope = scope.with_columns(pl.col("seed") | pl.col("widely").fill_null(False)).drop("widely")
        withheld = _withheld(scope, tree, crossed)
    return _marked(cells, withheld)


def _withheld(scope: pl.DataFrame, tree: Tree, crossed: Mapping[tuple[str, str], set[Dims]]) -> pl.DataFrame:
    """The confidential cells of bad slices."""
    bad = [
        (concept, year, ",".join(sorted(dims)), above)
        for (concept, year), facts in _facts(scope).items()
        for dims, above in _close(facts, tree, crossed.get((concept, year), set()))
    ]
    slices = pl.DataFrame(bad, schema=dict.fromkeys(_KEY, pl.String), orient="row")
    return scope.filter(pl.col("publicity") != "public").join(slices, on=_KEY, how="semi")


def _marked(cells: pl.DataFrame, withheld: pl.DataFrame) -> pl.DataFrame:
    in_slice = pl.col("cell").is_in(withheld["cell"].implode())
    by_agency = pl.col("obs_status") == "Q"
    return cells.with_columns(
        (in_slice | by_agency).alias("withheld"),
        pl.when(in_slice).then(pl.lit("slice")).when(by_agency).then(pl.lit("agency")).alias("reason"),
    )


def _crossed(cells: pl.DataFrame) -> dict[tuple[str, str], set[Dims]]:
    """Per concept and year the breakdowns by several dimensions of the concept around it."""
    base = cells.filter(pl.col("relation").is_in(BASE) & pl.col("dims").str.contains(";"))
    found: dict[tuple[str, str], set[Dims]] = {}
    inside = [(name, concept.within) for name, concept in concepts().items() if concept.within]
    for around, period, dims in base.select("concept", "period", "dims").unique().iter_rows():
        for name in (inner for inner, outer in inside if outer == around):
            found.setdefault((name, period[:4]), set()).add(frozenset(parse_dims(dims)))
    return found


def _with_slice(scope: pl.DataFrame) -> pl.DataFrame:
    names = {text: ",".join(sorted(parse_dims(text))) for text in scope["dims"].unique().to_list()}
    areas = scope.select("area", "area_level", "parent").unique().iter_rows()
    above = {(area, level): parent or parent_key(area, level) or "" for area, level, parent in areas}
    parents = pl.DataFrame(
        [(*place, parent) for place, parent in above.items()],
        schema=dict.fromkeys(("area", "area_level", "above"), pl.String),
        orient="row",
    )
    return scope.with_columns(pl.col("dims").replace_strict(names, default="").alias("dimset")).join(
        parents.unique(["area", "area_level"]), on=["area", "area_level"], how="left", maintain_order="left"
    )


def _facts(scope: pl.DataFrame) -> dict[tuple[str, str], Facts]:
    """Facts by concept and year, from one grouping each."""
    figure = ["concept", "year", "dims", "period", "basis"]
    own = scope.select(*figure, pl.col("area").alias("above"), pl.lit(True).alias("own")).unique()
    slices = (
        scope.join(own, on=[*figure, "above"], how="left")
        .group_by(_KEY)
        .agg(
            pl.col("seed").any(),
            pl.col("own").is_null().any().alias("orphaned"),
            (pl.col("area").n_unique() == 1).alias("lonely"),
            (pl.col("known").any() & ~pl.col("known").all()).alias("mixed"),
            pl.col("area").filter(pl.col("value") > 0).n_unique().alias("populated"),
        )
    )
    found: dict[tuple[str, str], Facts] = {}
    for concept, year, dimset, above, *flags, populated in slices.iter_rows():
        facts = found.setdefault((concept, year), Facts())
        one = (_dims(dimset), above)
        for group, flag in zip((facts.seeds, facts.orphaned, facts.lonely, facts.mixed), flags, strict=True):
            if flag:
                group.add(one)
        facts.slices.add(one)
        if not dimset:
            facts.populated[above] = populated
    standing = scope.group_by("concept", "year", "area", "dimset").agg(pl.col("known").any())
    for concept, year, area, dimset, public in standing.iter_rows():
        facts = found[concept, year]
        facts.figures.setdefault(area, set()).add(_dims(dimset))
        if public:
            facts.public.setdefault(area, set()).add(_dims(dimset))
    return found


@cache
def _dims(dimset: str) -> Dims:
    return frozenset(filter(None, dimset.split(",")))


def _close(facts: Facts, tree: Tree, crossed: set[Dims]) -> set[Slice]:
    """All bad slices: those with a seed and what they take with them."""
    every: set[Dims] = {dims for dims, _ in facts.slices} | {frozenset()}
    bad: set[Slice] = set()
    queue = list(facts.seeds)
    while queue:
        one = queue.pop()
        if one not in bad:
            bad.add(one)
            queue.extend(_taken_along(one, facts, tree, every, crossed))
    return bad


def _taken_along(one: Slice, facts: Facts, tree: Tree, every: set[Dims], crossed: set[Dims]) -> Iterator[Slice]:
    dims, above = one
    yield from ((finer, above) for finer in every if dims < finer)
    yield from ((dims, area) for area in tree.children.get(above, ()) if area in tree.children)
    if one in facts.orphaned or one in facts.lonely or one in facts.mixed:
        yield from _upwards(one, facts, tree)
    if one in facts.mixed:
        yield from ((coarser, above) for coarser in every if coarser < dims)
    if len(dims) > 1 and one in facts.slices:
        yield from (other for other in facts.slices if len(other[0]) > 1)
    if len(dims) > 1 and any(dims <= known for known in crossed):
        yield from ((other, above) for other in every if other)
    if dims:
        yield from _under_public(one, facts, tree, every)


def _upwards(one: Slice, facts: Facts, tree: Tree) -> Iterator[Slice]:
    """The slices in which those above stand, up to the first that has the figure.

    That one stays if it is the sum of several unknowns; it goes too where the slice alone would be what it leaves.
    """
    dims, above = one
    standing = [area for area in tree.chain(above) if dims in facts.figures.get(area, ())]
    too = one in facts.mixed or (one in facts.lonely and one not in facts.orphaned)
    for area in tree.chain(above) if standing else ():
        whole = area in standing and (area != above or one not in facts.orphaned)
        if area in tree.parents and (too or not whole):
            yield dims, tree.parents[area]
        if whole:
            return


def _under_public(one: Slice, facts: Facts, tree: Tree, every: set[Dims]) -> Iterator[Slice]:
    """Where a parent's breakdown is public, its small counts are known and are no protection.

    With one public dimension the areas' totals may stay if two of them have any people. With more, only totals stay.
    """
    dims, above = one
    public = [known for area in tree.chain(above) for known in facts.public.get(area, ()) if dims <= known]
    if any(len(known) > 1 for known in public):
        yield from ((other, above) for other in every if other)
    if public and facts.populated.get(above, 0) < 2:
        yield frozenset(), above
