# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The three tables of areas that every later station joins with: areas, territory, links; remembered by their inputs.

Belongs here: putting the parts of this room together, the site's two files, the memo. Does not belong here: any of the
parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from quality.areas import municipal, steps
from quality.areas.areas import AREAS_VERSION, build_areas
from quality.areas.crosswalk import Crosswalk, CrosswalkError, keys
from quality.areas.evidence import FAMILIES, Frames, read_evidence
from quality.areas.links import build_links, year_distances
from quality.areas.moves import moves_of
from quality.areas.territory import territories, timelines
from raw.contracts import AreaList, Source
from raw.harvest.harvest import Harvest
from raw.lake.files import atomic, restricted_folder
from raw.vocabulary.lists import lists as vocabulary_lists
from raw.vocabulary.lists import vocabulary_fingerprint

NAMES = ("areas", "territory", "links")


@dataclass(frozen=True)
class AreaTables:
    """The area table (AREA_TABLE), `territory` (TERRITORY) and `links` (LINKS)."""

    areas: pl.DataFrame
    territory: pl.DataFrame
    links: pl.DataFrame


def build_tables(
    named: Iterable[pl.DataFrame],
    listed: Iterable[AreaList],
    frames: Frames,
    site: Path,
    chosen: str | None = None,
) -> AreaTables:
    """The tables from the areas that sources name, municipal lists, the evidence and the site's files in `site`.

    Raises CrosswalkError: weights that do not fit, in a published crosswalk or in the site's files.
    """
    listed = [municipal.with_unassignable(one) for one in listed]
    areas = build_areas(named, listed)
    evidence = read_evidence(frames, site_steps(site / steps.SITE_FILE, listed))
    lines = timelines(evidence)
    weighted = municipal.load_site_membership(site / municipal.SITE_FILE)
    links = build_links(areas, evidence, lines, listed, weighted, chosen)
    areas = with_targets(areas, links)
    return AreaTables(areas, territories(areas, lines), links)


def with_targets(areas: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """The area table with the areas that links lead to in the chosen vintage, where no source names them there.

    Name and parent are those of the key in the nearest vintage, of two the later one.
    """
    keyed = ["area", "area_level", "area_vintage"]
    targets = links.filter(pl.col("kind") == "vintage").select(
        area="to_area", area_level="to_level", area_vintage="to_vintage"
    )
    year = pl.col("area_vintage").cast(pl.Int32, strict=False)
    known = areas.select("area", "area_level", "name", "parent", year=year).drop_nulls("year")
    added = (
        targets.unique()
        .join(areas, on=keyed, how="anti")
        .join(known, on=["area", "area_level"])
        .sort(*keyed, (pl.col("year") - year).abs(), -pl.col("year"))
        .unique(keyed, keep="first", maintain_order=True)
        .select(areas.columns)
    )
    return pl.concat([areas, added]).sort("area_level", "area", "area_vintage")


def site_steps(path: Path, listed: Sequence[AreaList]) -> list[Crosswalk]:
    """The site's own crosswalks, checked against the municipal lists of both vintages.

    Raises CrosswalkError naming the keys that a list does not have, and those of a city that nobody says the way of.
    """
    found = steps.load_site_crosswalks(path)
    keys_of: dict[tuple[str, str], set[str]] = {}
    for one in listed:
        for entry in one.areas:
            keys_of.setdefault((entry.level or one.level, one.vintage), set()).add(entry.key)
    kinds = vocabulary_lists()["area_levels"]
    faults = []
    for step in found:
        moves_of(step)
        if kinds[step.level]["kind"] != "municipal":
            continue
        before, later = (keys_of.get((step.level, vintage), set()) for vintage in (step.origin, step.target))
        reached = set(step.weights["to_area"].to_list())
        if unknown := step.origins - before:
            faults.append(f"{step.name}: no list of {step.origin} has {keys(unknown)}")
        if unplaced := reached - later:
            faults.append(f"{step.name}: no list of {step.target} has {keys(unplaced)}")
        cities = {key.partition("-")[0] for key in step.origins}
        lost = {key for key in before - later - step.origins if key.partition("-")[0] in cities}
        if lost:
            faults.append(f"{step.name} does not say where {keys(lost)} went")
    if faults:
        raise CrosswalkError(f"{path.name}: " + "; ".join(faults))
    return found


def make_tables(
    lake_root: Path,
    sources: Mapping[str, Source],
    harvests: Mapping[str, Harvest],
    site: Path,
    chosen: str | None = None,
) -> dict[str, Path]:
    """Write the tables below `lake/areas/`, by name (NAMES); built anew only where something they depend on changed."""
    folder = restricted_folder(restricted_folder(lake_root / "areas") / _key(sources, harvests, site, chosen))
    paths = {name: folder / f"{name}.parquet" for name in NAMES}
    if not all(path.exists() for path in paths.values()):
        named = {source: harvest.read_areas() for source, harvest in harvests.items()}
        frames = {}
        for family in FAMILIES:
            its = [source for source in harvests if sources[source].contract.family == family]
            if any(file.observations for source in its for file in harvests[source].files):
                observations = pl.concat([harvests[source].read() for source in its])
                frames[family] = (observations, pl.concat([named[source] for source in its]))
        listed = [source.areas for source in sources.values() if source.areas]
        tables = build_tables(named.values(), listed, frames, site, chosen)
        for name, path in paths.items():
            with atomic(path) as part:
                getattr(tables, name).write_parquet(part)
    return paths


def _key(sources: Mapping[str, Source], harvests: Mapping[str, Harvest], site: Path, chosen: str | None) -> str:
    """Identity of all inputs."""
    about = [AREAS_VERSION, vocabulary_fingerprint(), str(year_distances()), str(chosen)]
    about += [source.areas.model_dump_json() for source in sources.values() if source.areas]
    for name in (steps.SITE_FILE, municipal.SITE_FILE):
        path = site / name
        about.append(hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "")
    for source, harvest in sorted(harvests.items()):
        files = [file for file in harvest.files if file.areas]
        about += [f"{source}/{file.areas.name}" for file in files if file.areas]
        if sources[source].contract.family in FAMILIES:
            about += [f"{file.observations.name} {file.received_at}" for file in files if file.observations]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()[:32]
