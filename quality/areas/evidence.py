# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What the sources say about areas in time: registers, sizes, published steps, lists of changes, a site's own steps.

Belongs here: putting their observations into one form. Does not belong here: what follows from it (`territory`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from quality.areas.crosswalk import Crosswalk, CrosswalkError, keys
from quality.areas.moves import SIZES
from quality.areas.municipal import regional_keys
from quality.areas.steps import from_published
from quality.areas.vintages import REGISTER, read_changes, register

PUBLISHED, CHANGES, REGISTERS = "bbsr_referenz", "gebietsaenderungen", "gv_isys"
FAMILIES = (PUBLISHED, CHANGES, REGISTERS)
"""The families whose sources speak of areas in time, the product's and a site's own."""

Frames = Mapping[str, tuple[pl.DataFrame, pl.DataFrame]]
"""Per family (FAMILIES) the observations and the areas that its files name."""


@dataclass(frozen=True)
class Evidence:
    """Everything known about areas in time; `registers`, `sizes` and `published` by year (the step's later one)."""

    registers: Mapping[tuple[str, int], pl.DataFrame] = field(default_factory=dict)
    complete: frozenset[int] = frozenset()
    sizes: Mapping[int, pl.DataFrame] = field(default_factory=dict)
    published: Mapping[int, Crosswalk] = field(default_factory=dict)
    changes: pl.DataFrame | None = None
    listed: frozenset[int] = frozenset()
    regional: Mapping[int, pl.DataFrame] = field(default_factory=dict)
    site: tuple[Crosswalk, ...] = ()

    def register(self, level: str, year: int) -> pl.DataFrame | None:
        """The register of a level (columns of REGISTER), if there is one for the year."""
        return self.registers.get((level, year))

    def site_step(self, level: str, origin: int, target: int) -> Crosswalk | None:
        """The site's own step between two vintages, if it has one."""
        about = (level, str(origin), str(target))
        return next((step for step in self.site if (step.level, step.origin, step.target) == about), None)


def read_evidence(frames: Frames, site: Iterable[Crosswalk] = ()) -> Evidence:
    """The evidence in the observations of FAMILIES, as far as they are there, and the steps of the site.

    Raises CrosswalkError where weights do not cover the areas or steps of the site overlap in time.
    """
    site = tuple(site)
    _check_site(site)
    registers: dict[tuple[str, int], pl.DataFrame] = {}
    sizes: dict[int, list[pl.DataFrame]] = {}
    if REGISTERS in frames:
        observations, named = frames[REGISTERS]
        registers = _by_level_and_year(register(observations, named))
        for year, frame in _register_sizes(observations):
            sizes.setdefault(year, []).append(frame)
    published: dict[int, Crosswalk] = {}
    regional: dict[int, pl.DataFrame] = {}
    complete = frozenset(year for level, year in registers if level == "gemeinde")
    if PUBLISHED in frames:
        observations, named = frames[PUBLISHED]
        steps = [step for step in from_published(observations) if step.level == "gemeinde"]
        published = {int(step.target): step for step in steps if int(step.target) == int(step.origin) + 1}
        for year, frame in _published_sizes(observations):
            sizes.setdefault(year, []).append(frame)
        regional = {int(str(year)): frame for (year,), frame in _split(regional_keys(observations), "area_vintage")}
        for step in published.values():
            year = int(step.origin)
            if ("gemeinde", year) not in registers:
                registers["gemeinde", year] = _published_register(step, sizes.get(year, []), named, registers)
                complete |= {year}
    changes = read_changes(frames[CHANGES][0]) if CHANGES in frames else None
    listed = frozenset(changes["date"].dt.year().unique().to_list()) if changes is not None else frozenset()
    return Evidence(
        registers, complete, {year: _first(its) for year, its in sizes.items()}, published, changes, listed,
        regional, site,
    )  # fmt: skip


def _check_site(site: tuple[Crosswalk, ...]) -> None:
    """No area may have two ways at once."""
    spans: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for step in site:
        for area in sorted(step.origins):
            for origin, target in spans.setdefault((step.level, area), []):
                if step.origin < target and origin < step.target:
                    raise CrosswalkError(f"{step.name}: overlaps in time with another step of {keys([area])}")
            spans[step.level, area].append((step.origin, step.target))
        if not step.origin < step.target:
            raise CrosswalkError(f"{step.name}: from_vintage has to be the earlier one")


def _split(frame: pl.DataFrame, *columns: str) -> Iterable[tuple[tuple[object, ...], pl.DataFrame]]:
    return sorted(frame.partition_by(list(columns), as_dict=True).items(), key=str)


def _by_level_and_year(registers: pl.DataFrame) -> dict[tuple[str, int], pl.DataFrame]:
    return {
        (str(level), int(str(vintage))): frame
        for (level, vintage), frame in _split(registers, "area_level", "area_vintage")
    }


def _first(sizes: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The sizes of the first source that has them."""
    return pl.concat(sizes).unique(["area", "weight_class"], keep="first", maintain_order=True)


def _register_sizes(observations: pl.DataFrame) -> Iterable[tuple[int, pl.DataFrame]]:
    rows = observations.filter(
        pl.col("measure").is_in(["area", "pop"]), pl.col("dims") == "", pl.col("area_level") == "gemeinde"
    ).with_columns(weight_class=pl.col("measure").replace("pop", "population"), size=pl.col("value"))
    return [
        (int(str(year)), frame.select(list(SIZES)))
        for (year,), frame in _split(rows.sort("published_on", descending=True, nulls_last=True), "area_vintage")
    ]


def _published_sizes(observations: pl.DataFrame) -> Iterable[tuple[int, pl.DataFrame]]:
    """Sizes beside published weights: of some steps that of the part that moves, of others that of the whole origin."""
    rows = observations.filter(pl.col("measure") == "crosswalk_size", pl.col("area_level") == "gemeinde").with_columns(
        weight_class=pl.col("dims").str.extract(r"(?:^|;)weight=([^;]*)")
    )
    about = ["area_vintage", "weight_class"]
    sums = rows.group_by(*about, "area").agg(
        pl.col("value").sum().alias("sum"), pl.col("value").max().alias("one"), pl.col("value").n_unique().alias("n")
    )
    of_parts = (pl.col("n") > 1).any().over(about)
    found = sums.with_columns(size=pl.when(of_parts).then("sum").otherwise("one"))
    return [(int(str(year)), frame.select(list(SIZES))) for (year,), frame in _split(found, "area_vintage")]


def _published_register(
    step: Crosswalk,
    sizes: Iterable[pl.DataFrame],
    named: pl.DataFrame,
    registers: Mapping[tuple[str, int], pl.DataFrame],
) -> pl.DataFrame:
    """The areas of a published step's first vintage, with those that it does not name though registers around do.

    (The published crosswalks leave out three waters without inhabitants.)
    """
    year = int(step.origin)
    km2 = pl.concat([pl.DataFrame(schema=SIZES), *sizes]).filter(pl.col("weight_class") == "area")
    names = named.filter(pl.col("area_vintage") == step.origin).unique("area", keep="first", maintain_order=True)
    origins = pl.DataFrame({"area": sorted(step.origins | step.open_origins)})
    own = origins.join(km2.select("area", km2="size"), on="area", how="left").join(
        names.select("area", "name"), on="area", how="left"
    )
    around = [
        max((known for level, known in registers if level == "gemeinde" and known < year), default=None),
        min((known for level, known in registers if level == "gemeinde" and known > year), default=None),
    ]
    frames = [own.select("area", pl.col("name").fill_null(""), "km2")]
    if None not in around:
        before, after = (registers["gemeinde", known] for known in around if known is not None)
        reached = step.weights.select(area="to_area")
        waters = before.join(after, on="area", how="semi").join(own, on="area", how="anti")
        frames.append(waters.join(reached, on="area", how="anti").select("area", "name", "km2"))
    return (
        pl.concat(frames)
        .with_columns(area_level=pl.lit("gemeinde"), area_vintage=pl.lit(step.origin))
        .select(pl.col(name).cast(kind) for name, kind in REGISTER.items())
        .sort("area")
    )
