# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The publish zone as assets: the SQLMesh models of each tier with their audits as checks, and the release.

Belongs here: wiring. Does not belong here: building (`warehouse`) and anything of the restricted zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

import dagster as dg
import polars as pl

from assets.resources import NotPassed, SiteResource
from raw.lake.files import read_json, write_json
from warehouse.candidates import Candidate, candidate, input_hash
from warehouse.manifest import Manifest, Model
from warehouse.releases import publish
from warehouse.sqlmesh import Landing, ModelResult

ZONE = {"zone": "publish"}


def publish_assets(manifest: Manifest, tiers: Sequence[str]) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """All assets of the publish zone; `protected__<tier>` come from the restricted zone."""
    return [
        *(dg.AssetSpec(f"protected__{tier}", group_name="door", tags={"zone": "restricted"}) for tier in tiers),
        *(_models(tier, manifest) for tier in tiers),
        _release(manifest, tiers),
    ]


def _key(tier: str, model: str) -> dg.AssetKey:
    return dg.AssetKey([tier, *model.split(".")])


def _spec(tier: str, model: Model) -> dg.AssetSpec:
    own = [_key(tier, name) for name in model.deps if not name.startswith("landing.")]
    columns = [dg.TableColumn(column.name, column.type, column.description) for column in model.columns]
    return dg.AssetSpec(
        _key(tier, model.name),
        deps=own or [dg.AssetKey(f"protected__{tier}")],
        group_name=f"{tier}_{model.name.split('.')[0]}",
        description=model.description,
        kinds={"sqlmesh", "duckdb"},
        tags=ZONE,
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns), "dagster/table_name": model.name},
    )


def _models(tier: str, manifest: Manifest) -> dg.AssetsDefinition:
    checks = [
        dg.AssetCheckSpec(audit.name, asset=_key(tier, model.name), blocking=audit.blocking)
        for model in manifest.models
        for audit in model.audits
    ]

    @dg.multi_asset(
        name=f"models__{tier}", specs=[_spec(tier, model) for model in manifest.models], check_specs=checks,
        pool="duckdb_writer",
    )  # fmt: skip
    def models(site: SiteResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        built = tier_candidate(site, tier)
        failed = [name for name, audit in built.result.failed_audits() if audit.blocking]
        for result in built.result.models:
            yield from _events(tier, result, built)
        if not built.result.ok:
            raise dg.Failure(
                f"the candidate of tier {tier} failed: {', '.join(failed) or built.result.error}", allow_retries=False
            )

    return models


def _events(tier: str, result: ModelResult, built: Candidate) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """A model that was not built gives no materialization; an audit that was not evaluated is a failed check."""
    key = _key(tier, result.name)
    if result.rows is not None:
        metadata: dict[str, int | str | bool] = {
            "dagster/row_count": result.rows,
            "candidate": built.input_hash[:16],
            "rebuilt": not built.cached,
        }
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
    for audit in result.audits:
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=audit.name,
            passed=audit.verdict == "passed",
            severity=dg.AssetCheckSeverity.ERROR if audit.blocking else dg.AssetCheckSeverity.WARN,
            metadata={"rows": audit.rows, "verdict": audit.verdict},
        )


def landing(site: SiteResource, tier: str) -> Landing:
    """What the candidate of a tier starts from. Raises NotPassed if nothing has passed the door yet."""
    protected = site.warehouse / "protected" / tier / "protected.parquet"
    areas = site.warehouse / "areas.parquet"
    if not (protected.exists() and areas.exists()):
        raise NotPassed(f"nothing has passed the door for the tier {tier} yet")
    used = pl.scan_parquet(protected).select("area", "area_level", "area_vintage").unique()
    named = pl.scan_parquet(areas).join(used, on=["area", "area_level", "area_vintage"], how="semi").collect()
    sources = [
        {
            "source": source.id,
            "title_de": source.contract.title["de"],
            "title_en": source.contract.title["en"],
            "publisher": source.contract.publisher,
            "url": source.contract.url,
            "licence": source.contract.licence,
            "attribution": source.contract.attribution,
            "cadence": source.contract.cadence,
            "redistribution": source.contract.redistribution,
        }
        for source in site.contracts().values()
    ]
    dated = protected.with_name("editions.parquet")  # a tier protected by an older version has none
    editions = pl.read_parquet(dated).to_dicts() if dated.exists() else []
    return Landing(
        protected=protected, catalogue=site.catalogue(), areas=named.to_dicts(), sources=sources, editions=editions
    )


def tier_candidate(site: SiteResource, tier: str) -> Candidate:
    """The candidate of a tier: the one that is there for these inputs, or a new build."""
    return candidate(site.warehouse, tier, landing(site, tier))


def _note_inputs(site: SiteResource, release: str, candidates: Mapping[str, Candidate]) -> None:
    """Note which inputs the latest release stands for; other inputs may have given it before."""
    inputs = {tier: built.input_hash for tier, built in candidates.items()}
    write_json(site.warehouse / "candidates" / "released.json", {"release": release, "inputs": inputs}, 0o644)


def released_already(site: SiteResource) -> str | None:
    """Id of the latest release if it stands for just what there is now; then there is nothing to build."""
    noted = site.warehouse / "candidates" / "released.json"
    latest = site.warehouse / "releases" / "latest"
    if not (noted.is_file() and latest.exists()):
        return None
    entry = read_json(noted)
    if entry["release"] != latest.resolve().name or sorted(entry["inputs"]) != sorted(site.tiers):
        return None
    now = {tier: input_hash(tier, landing(site, tier)) for tier in site.tiers}
    return str(entry["release"]) if entry["inputs"] == now else None


def _release(manifest: Manifest, tiers: Sequence[str]) -> dg.AssetsDefinition:
    marts = manifest.marts()

    @dg.asset(
        name="release", deps=[_key(tier, mart.name) for tier in tiers for mart in marts], group_name="release",
        tags=ZONE, kinds={"parquet", "csv"}, description="The marts of all tiers as files that never change.",
    )  # fmt: skip
    def release(site: SiteResource) -> dg.MaterializeResult:
        candidates = {tier: tier_candidate(site, tier) for tier in tiers}
        made = publish(
            candidates, site.warehouse / "releases", marts=marts, day=site.day, code_version=version("lagebild")
        )
        _note_inputs(site, made.id, candidates)
        return dg.MaterializeResult(
            metadata={"release": made.id, "new": made.created, "at": dt.date.isoformat(site.day)}
        )

    return release
