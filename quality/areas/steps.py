# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Where crosswalks come from: published weights, lists of changes, two registers, a site's own file.

Belongs here: one function per origin of weights. Does not belong here: checking and using them (`crosswalk`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from quality.areas.crosswalk import EVERY, WEIGHT_CLASSES, WEIGHTS, Crosswalk, CrosswalkError, crosswalk, keys
from quality.areas.vintages import PART, between, same_size
from raw.vocabulary.lists import codes

SITE_FILE = "crosswalk.csv"
SITE_COLUMNS = ("level", "from_area", "from_vintage", "to_area", "to_vintage", "weight_class", "weight")
RESURVEYED = 0.05
"""Relative change of size up to which a key is taken for the same territory, measured anew or trimmed (inferred)."""

_Parts = dict[str, dict[str, float]]


def identity(areas: Iterable[str]) -> pl.DataFrame:
    """Weights of areas that stay what they are."""
    return _frame({area: {area: 1.0} for area in areas})


def _frame(parts: Mapping[str, Mapping[str, float]], weight_class: str = EVERY, inferred: bool = False) -> pl.DataFrame:
    rows = [(origin, to, weight_class, share, inferred) for origin, its in parts.items() for to, share in its.items()]
    return pl.DataFrame(rows, schema=WEIGHTS, orient="row")


def from_published(observations: pl.DataFrame) -> list[Crosswalk]:
    """The steps of published weights (`crosswalk_weight`), one per pair of vintages.

    An origin of size 0 in a class (an uninhabited forest) has no weights of that class that mean anything; it takes
    those of area, as does whatever else has no class of its own.
    """
    dims = {name: pl.col("dims").str.extract(rf"(?:^|;){name}=([^;]*)") for name in ("to", "vintage", "weight")}
    rows = observations.filter(pl.col("measure").is_in(["crosswalk_weight", "crosswalk_size"])).with_columns(
        to_area=dims["to"], target=dims["vintage"], weight_class=dims["weight"]
    )
    rows = rows.sort("published_on", "received_at", "snapshot", "cell", nulls_last=False)
    about = ["area_level", "area_vintage", "target", "area", "weight_class"]
    sizes = rows.filter(pl.col("measure") == "crosswalk_size").group_by(about).agg(pl.col("value").sum().alias("size"))
    weights = (
        rows.filter(pl.col("measure") == "crosswalk_weight")
        .unique([*about, "to_area"], keep="last", maintain_order=True)
        .join(sizes, on=about, how="left")
        .filter((pl.col("size") > 0).fill_null(True) | (pl.col("weight_class") == "area"))
        .select(*about, "to_area", from_area="area", weight="value", inferred=pl.lit(False))
    )
    steps = weights.partition_by("area_level", "area_vintage", "target", as_dict=True)
    return [crosswalk(str(level), str(origin), str(to), step) for (level, origin, to), step in sorted(steps.items())]


def from_changes(changes: pl.DataFrame, level: str, origin: str, target: str, areas: Iterable[str]) -> Crosswalk:
    """The step that a list of changes describes, for the areas (keys) of the first vintage, in order of date.

    The list must cover the time between the vintages. What it does not name stays what it is. Parts are weighted by
    their area and their inhabitants. A partial transfer that does not say what remains leaves its origin open.
    """
    rows = between(changes, origin, target).filter(pl.col("area_level") == level)
    moves = rows.filter((pl.col("from_area") != pl.col("to_area")) | pl.col("kinds").list.contains(PART))
    areas = set(areas)
    givers = sorted(areas & set(moves["from_area"].to_list()))
    ways = {name: {area: {area: 1.0} for area in givers} for name in ("area", "population")}
    stuck: set[str] = set()
    doubtful: set[str] = set()
    for _, one_change in moves.group_by("date", "change", maintain_order=True):
        shares = {name: _shares(one_change, size) for name, size in (("area", "m2"), ("population", "persons"))}
        for giver in sorted(set(one_change["from_area"].to_list())):
            parts = one_change.filter(pl.col("from_area") == giver)
            remains = giver in parts["to_area"].to_list() or not parts["kinds"].list.contains(PART).any()
            if not shares["area"][giver] or not remains:
                stuck.add(giver)
                doubtful.update(parts["to_area"].to_list())
        for name, way in ways.items():
            given = {giver: its or shares["area"][giver] for giver, its in shares[name].items() if giver not in stuck}
            ways[name] = {area: _moved(its, given) for area, its in way.items()}
    moved = {area for area, its in ways["area"].items() if its != {area: 1.0}}
    still = identity(areas - moved)
    split = [_frame({area: way[area] for area in sorted(moved)}, name) for name, way in ways.items()]
    gone = {area for area, its in ways["area"].items() if stuck & set(its)}
    return crosswalk(
        level, origin, target, pl.concat([still, *split]), open_origins=gone, open_targets=doubtful | stuck
    )


def _shares(rows: pl.DataFrame, size: str) -> _Parts:
    """Per giving area the shares of its parts; empty where they are several and their sizes not stated, or all 0."""
    found: _Parts = {}
    for (giver,), parts in rows.group_by("from_area", maintain_order=True):
        sizes = parts.group_by("to_area", maintain_order=True).agg(
            pl.col(size).sum(), pl.col(size).null_count().alias("n")
        )
        total = sizes[size].sum()
        if sizes.height == 1:
            found[str(giver)] = {sizes["to_area"][0]: 1.0}
        elif total > 0 and sizes["n"].sum() == 0:
            found[str(giver)] = {to: part / total for to, part in sizes.select("to_area", size).iter_rows()}
        else:
            found[str(giver)] = {}
    return found


def _moved(its: Mapping[str, float], given: _Parts) -> dict[str, float]:
    """Where an area's parts lie after one more change."""
    result: dict[str, float] = {}
    for here, weight in its.items():
        for to, share in given.get(here, {here: 1.0}).items():
            result[to] = result.get(to, 0.0) + weight * share
    return result


def from_registers(before: pl.DataFrame, after: pl.DataFrame) -> Crosswalk:
    """What two registers of a level (one vintage each) suggest where no list of the changes between them is at hand.

    The same key and size is the same area. All else is inferred or open: the same key whose size changed a little; one
    vanished and one new key of one name and size in one Land (a change of key). A key that vanished otherwise is open,
    and so is every area that grew while its Kreis lost one, that appeared, or whose size changed a lot.
    """
    level, origin, target = before["area_level"][0], before["area_vintage"][0], after["area_vintage"][0]
    both = before.select("area", "km2").join(after.select("area", new="km2"), on="area")
    near = ((pl.col("km2") - pl.col("new")).abs() <= RESURVEYED * pl.max_horizontal("km2", "new")).fill_null(False)
    same = both.filter(same_size(pl.col("km2"), pl.col("new")))
    trimmed = both.filter(near & ~same_size(pl.col("km2"), pl.col("new")))
    grown = both.filter(~near & (pl.col("new") > pl.col("km2")))
    other = both.filter(~near & ~(pl.col("new") > pl.col("km2")).fill_null(False))
    renamed = _same_name(before.join(both, on="area", how="anti"), after.join(both, on="area", how="anti"))
    vanished = set(before["area"].to_list()) - set(both["area"].to_list()) - set(renamed)
    appeared = set(after["area"].to_list()) - set(both["area"].to_list()) - set(renamed.values())
    losing = {area[:5] for area in vanished}
    fed = trimmed.filter(pl.col("new") > pl.col("km2"), pl.col("area").str.head(5).is_in(losing))
    inferred = {**{area: area for area in (*trimmed["area"], *grown["area"])}, **renamed}
    weights = [identity(same["area"]), _frame({one: {to: 1.0} for one, to in inferred.items()}, inferred=True)]
    doubtful = {*appeared, *grown["area"], *fed["area"], *other["area"]}
    return crosswalk(
        level, origin, target, pl.concat(weights), open_origins={*vanished, *other["area"]}, open_targets=doubtful
    )


def _same_name(gone: pl.DataFrame, new: pl.DataFrame) -> dict[str, str]:
    """Vanished key → new key, where exactly one pair in a Land has one name and one size."""
    name = pl.col("name").str.split(",").list.first().str.strip_chars().str.to_lowercase().alias("called")
    sides = [
        side.filter(pl.col("name") != "").with_columns(name, pl.col("area").str.head(2).alias("land"))
        for side in (gone, new)
    ]
    pairs = (
        sides[0]
        .join(sides[1], on=["called", "land"], suffix="_new")
        .filter(same_size(pl.col("km2"), pl.col("km2_new")))
    )
    alone = pairs.filter((pl.len().over("area") == 1) & (pl.len().over("area_new") == 1))
    return dict(alone.select("area", "area_new").sort("area").iter_rows())


def of_upper(step: Crosswalk, sizes: pl.DataFrame, level: str, digits: int) -> Crosswalk:
    """The step for the units above (the first digits of the keys), from that of their Gemeinden.

    `sizes` (area, weight_class, size) of the first vintage weigh the Gemeinden of a unit. If some are open, but the
    larger part of the unit is known to go to one unit only, the whole is taken to go there (inferred); else the unit
    is open, and so is every unit of its Land that holds an open Gemeinde.
    """
    classes = sorted(set(sizes["weight_class"].to_list()))
    sized = sizes.with_columns(unit=pl.col("area").str.head(digits))
    parts = pl.concat(
        step.of_class(name).join(sized.filter(pl.col("weight_class") == name), left_on="from_area", right_on="area")
        for name in classes
    ).select(
        "unit", pl.col("to_area").str.head(digits), "weight_class", "inferred", weight=pl.col("weight") * pl.col("size")
    )
    parts = parts.filter(pl.col("weight") > 0)
    sums = parts.group_by("unit", "to_area", "weight_class").agg(pl.col("weight").sum(), pl.col("inferred").any())
    total = sized.group_by("unit", "weight_class").agg(pl.col("size").sum())
    stuck = {area[:digits] for area in step.open_origins}
    whole, shared = [], []
    for (unit,), ways in sums.join(total, on=["unit", "weight_class"]).group_by("unit", maintain_order=True):
        to = set(ways["to_area"].to_list())
        known = bool((ways["weight"] > ways["size"] / 2).all())
        if len(to) == 1 and (unit not in stuck or known):
            whole.append((unit, to.pop(), EVERY, 1.0, unit in stuck or bool(ways["inferred"].any())))
        elif unit not in stuck:
            share = ways.with_columns(pl.col("weight") / pl.col("weight").sum().over("weight_class"))
            shared += share.select("unit", "to_area", "weight_class", "weight", "inferred").rows()
    weights = pl.DataFrame([*whole, *shared], schema=WEIGHTS, orient="row")
    lost = (stuck | {area[:digits] for area in step.origins}) - set(weights["from_area"].to_list())
    reached = set(sums.filter(pl.col("unit").is_in(lost))["to_area"].to_list())
    lands = {unit[:2] for unit in lost}
    reached |= {area[:digits] for area in step.open_targets if area[:2] in lands}
    return crosswalk(level, step.origin, step.target, weights, open_origins=lost, open_targets=reached)


def refined(step: Crosswalk, registers: Crosswalk) -> Crosswalk:
    """A step put together by `of_upper`, corrected by the registers of the units themselves (`from_registers`).

    A unit of the same key and size is itself, whatever its Gemeinden did; one that stays open takes what its registers
    suggest. A unit is open as a target only if both say so and something of its Land is still open.
    """
    sure = registers.weights.filter(~pl.col("inferred"))["from_area"].to_list()
    used = frozenset(sure) | (step.open_origins & registers.origins)
    lost = step.open_origins - used
    lands = {area[:2] for area in lost}
    weights = [
        step.weights.filter(~pl.col("from_area").is_in(used)),
        registers.weights.filter(pl.col("from_area").is_in(used)),
    ]
    doubtful = {area for area in step.open_targets & registers.open_targets if area[:2] in lands}
    return crosswalk(step.level, step.origin, step.target, pl.concat(weights), open_origins=lost, open_targets=doubtful)


def completed(step: Crosswalk, areas: Iterable[str], later: Iterable[str]) -> Crosswalk:
    """The step for all `areas`: those that it does not name stay what they are if `later` has them, else are open."""
    missing = set(areas) - step.origins - step.open_origins
    stay = missing & set(later)
    weights = pl.concat([step.weights, identity(stay)])
    return crosswalk(
        step.level, step.origin, step.target, weights, to_level=step.to_level,
        open_origins=step.open_origins | (missing - stay), open_targets=step.open_targets,
    )  # fmt: skip


def overlay(base: Crosswalk, better: Crosswalk) -> Crosswalk:
    """`base`, but with the weights of `better` for every origin that it has."""
    if (base.level, base.origin, base.target) != (better.level, better.origin, better.target):
        raise CrosswalkError(f"{better.name} cannot be laid over {base.name}")
    known = better.origins
    kept = base.weights.filter(~pl.col("from_area").is_in(known))
    return crosswalk(
        base.level, base.origin, base.target, pl.concat([kept, better.weights]), to_level=base.to_level,
        open_origins=base.open_origins - known, open_targets=base.open_targets,
    )  # fmt: skip


def load_site_crosswalks(path: Path, areas: Mapping[tuple[str, str], Iterable[str]] | None = None) -> list[Crosswalk]:
    """A site's own crosswalks: `<site>/areas/crosswalk.csv`, comma separated, UTF-8, with the columns SITE_COLUMNS.

    Keys and vintages are texts, `weight` has a decimal point, an empty `weight_class` stands for every class. The file
    names what changes; with `areas` ((level, vintage) → keys) the areas it does not name stay what they are, if both
    vintages have them. No file is no crosswalk. Raises CrosswalkError with every fault, by line.
    """
    if not path.exists():
        return []
    faults: list[str] = []
    steps: dict[tuple[str, str, str], list[tuple[str, str, str, float, bool]]] = {}
    for line, row in read_table(path, SITE_COLUMNS):
        name = row["weight_class"] or EVERY
        weight = _number(row["weight"])
        if row["level"] not in codes("area_levels"):
            faults.append(f"line {line}: level is none of {', '.join(codes('area_levels'))}")
        elif name not in WEIGHT_CLASSES:
            faults.append(f"line {line}: weight_class is none of {', '.join(WEIGHT_CLASSES)}")
        elif weight is None or not all(row[column] for column in SITE_COLUMNS[1:5]):
            faults.append(f"line {line}: a key, a vintage or the weight is missing")
        else:
            about = (row["level"], row["from_vintage"], row["to_vintage"])
            steps.setdefault(about, []).append((row["from_area"], row["to_area"], name, weight, False))
    if faults:
        raise CrosswalkError(f"{path.name}: " + "; ".join(faults))
    found = []
    for (level, origin, target), rows in sorted(steps.items()):
        step = crosswalk(level, origin, target, pl.DataFrame(rows, schema=WEIGHTS, orient="row"))
        if areas is not None:
            step = completed(step, areas.get((level, origin), []), areas.get((level, target), []))
        if step.open_origins:
            raise CrosswalkError(f"{path.name}: {step.name} does not say where {keys(step.open_origins)} went")
        found.append(step)
    return found


def read_table(path: Path, columns: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a site's CSV file with their line numbers. Raises CrosswalkError if its columns are other ones."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if sorted(reader.fieldnames or []) != sorted(columns):
                raise CrosswalkError(f"{path.name}: the columns have to be {', '.join(columns)}")
            return [(reader.line_num, {key: (text or "").strip() for key, text in row.items()}) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise CrosswalkError(f"{path.name}: not readable as UTF-8 CSV") from error


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
