# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The restricted zone as assets: inbox, observations, checks, cells, door.

Belongs here: wiring, and the counts that may be shown. Does not belong here: any station's work. Metadata are row
counts, hashes, dates and check results only; no preview, no sum, no minimum, no value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
import polars as pl

from assets.guard import guarded
from assets.resources import SiteResource
from quality.cells.cells import build_cells
from quality.cells.plan import plans, sources_of
from quality.cells.read import read_cells
from quality.cells.statistic_parts import DOMAIN, build_statistics
from quality.disclosure.door import Door, Refused
from quality.disclosure.product.history import released
from quality.editions import write_editions
from raw.contracts import Source
from raw.harvest.harvest import read_published_on
from raw.lake.files import restricted_folder, write_json
from transforms.catalogue import Catalogue

Results = Iterator[dg.MaterializeResult | dg.AssetCheckResult]
ZONE = {"zone": "restricted"}


def restricted_assets(
    sources: Mapping[str, Source], catalogue: Catalogue, tiers: Sequence[str]
) -> list[dg.AssetsDefinition]:
    """All assets of the restricted zone, with their checks."""
    by_domain = plans(catalogue)
    feeding = {domain: sources_of(plan.concepts, sources) for domain, plan in by_domain.items()}
    return [
        snapshots,
        *(_observations(source) for source in sources.values()),
        _areas(list(sources)),
        *(_checked(source) for source in sources.values()),
        *(_cells(domain, feeding[domain]) for domain in by_domain),
        _statistics(list(by_domain)),
        *(_protected(tier, [*by_domain, DOMAIN]) for tier in tiers),
    ]


@dg.asset(group_name="lake", tags=ZONE, kinds={"file"}, description="Deliveries taken from the inbox, byte for byte.")
def snapshots(site: SiteResource) -> dg.MaterializeResult:
    """Look into the inbox and take what is complete."""
    with guarded(site, "snapshots"):
        lake, contracts = site.lake(), site.contracts()
        intake = lake.take_in(
            site.inbox(),
            now=lambda: dt.datetime.now(dt.UTC),
            settle_seconds=site.settle_seconds,
            published_on=lambda path, name: read_published_on(path, contracts),
        )
        write_json(restricted_folder(lake.root / "reports") / "waiting.json", intake.waiting)
        claims = site.claims()
        unclaimed = sum(not claim.tables for claim in claims.values())
        return dg.MaterializeResult(
            metadata={
                "taken": len(intake.taken),
                "waiting": len(intake.waiting),
                "snapshots": len(claims),
                "unclaimed": unclaimed,
            }
        )


def _observations(source: Source) -> dg.AssetsDefinition:
    name = f"observations__{source.id}"
    accepted = dg.AssetCheckSpec("deliveries_accepted", asset=name, description="No file of the source was rejected.")

    @dg.asset(
        name=name, deps=[snapshots], group_name="observations", tags=ZONE, kinds={"parquet"}, check_specs=[accepted],
        description=source.contract.title["en"],
    )  # fmt: skip
    def observations(site: SiteResource) -> Results:
        with guarded(site, name):
            harvest = site.harvest(source.id)
            site.report_rejected(harvest)
            yield dg.MaterializeResult(
                metadata={
                    "files": len(harvest.files),
                    "rejected": len(harvest.rejected),
                    "read_again": sum(file.fresh for file in harvest.files),
                    "dagster/row_count": sum(file.rows for file in harvest.files),
                }
            )
            yield dg.AssetCheckResult(
                check_name="deliveries_accepted",
                passed=not harvest.rejected,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"faults": sum(len(file.faults) for file in harvest.rejected)},
            )

    return observations


def _areas(sources: list[str]) -> dg.AssetsDefinition:
    @dg.asset(
        name="areas", deps=[f"observations__{source}" for source in sources], group_name="areas", tags=ZONE,
        kinds={"parquet"}, description="All areas: keys, names, vintages, territories, and how they are added up.",
    )  # fmt: skip
    def areas(site: SiteResource) -> dg.MaterializeResult:
        with guarded(site, "areas"):
            rows = {}
            for name, path in site.make_areas().items():
                site.point(name, path)
                rows[name] = pl.scan_parquet(path).select(pl.len()).collect().item()
            return dg.MaterializeResult(
                metadata={"dagster/row_count": rows["areas"], "territories": rows["territory"], "links": rows["links"]}
            )

    return areas


def _checked(source: Source) -> dg.AssetsDefinition:
    name = f"checked__{source.id}"
    specs = [
        dg.AssetCheckSpec(
            "schema", asset=name, blocking=True, description="Rows keep the schema; few are quarantined."
        ),
        dg.AssetCheckSpec("identities", asset=name, blocking=True, description="No unexplained violation of a sum."),
    ]

    @dg.asset(
        name=name, deps=[f"observations__{source.id}", "areas"], group_name="checked", tags=ZONE, kinds={"parquet"},
        check_specs=specs, description=f"Checked: {source.contract.title['en']}",
    )  # fmt: skip
    def checked(site: SiteResource) -> Results:
        with guarded(site, name):
            result = site.check(source.id)
            site.point(name, result.path, result.schema_passed and result.identities_passed)
            report = result.report
            yield dg.MaterializeResult(
                metadata={
                    "dagster/row_count": report["observations"] - report["quarantined"],
                    "superseded": report["superseded"],
                    "quarantined": report["quarantined"],
                    "revised": sum(report["revised"].values()),
                }
            )
            yield dg.AssetCheckResult(
                check_name="schema",
                passed=result.schema_passed,
                metadata={"quarantined": report["quarantined"], "rules": ", ".join(report["quarantined_rules"]) or "-"},
            )
            yield dg.AssetCheckResult(
                check_name="identities",
                passed=result.identities_passed,
                metadata={
                    "decided": report["identities_decided"],
                    "undecided": report["identities_undecided"],
                    "known_violations": report["known"],
                    "unknown_violations": len(report["unknown"]),
                },
            )

    return checked


def _cells(domain: str, sources: list[str]) -> dg.AssetsDefinition:
    name = f"cells__{domain}"

    @dg.asset(
        name=name, deps=["areas", *(f"checked__{source}" for source in sources)], group_name="cells", tags=ZONE,
        kinds={"duckdb", "parquet"}, description=f"All sums of the domain {domain} that KPIs need.",
    )  # fmt: skip
    def cells(site: SiteResource) -> dg.MaterializeResult:
        with guarded(site, name):
            contracts = site.contracts()
            checked = {source: site.pointed(f"checked__{source}") for source in sources}
            plan = plans(site.catalogue())[domain]
            result = build_cells(site.lake().root, plan, checked, contracts, site.geography())
            site.point(name, result.path)
            return dg.MaterializeResult(metadata={"dagster/row_count": result.rows, "formed": result.formed})

    return cells


def _statistics(by_domain: list[str]) -> dg.AssetsDefinition:
    name = f"cells__{DOMAIN}"

    @dg.asset(
        name=name, deps=["areas", *(f"cells__{domain}" for domain in by_domain)], group_name="cells", tags=ZONE,
        kinds={"python", "parquet"}, description="Fertility, life expectancy, median age, segregation and indices.",
    )  # fmt: skip
    def statistics(site: SiteResource) -> dg.MaterializeResult:
        with guarded(site, name):
            files = [site.pointed(f"cells__{domain}") for domain in by_domain]
            result = build_statistics(site.lake().root, site.catalogue(), files, site.area_table())
            site.point(name, result.path)
            return dg.MaterializeResult(metadata={"dagster/row_count": result.rows, "formed": result.formed})

    return statistics


def _protected(tier: str, by_domain: list[str]) -> dg.AssetsDefinition:
    name = f"protected__{tier}"
    audit = dg.AssetCheckSpec("door_audit", asset=name, blocking=True, description="No withheld cell can be computed.")

    @dg.asset(
        name=name, deps=[f"cells__{domain}" for domain in by_domain], group_name="door", tags=ZONE, kinds={"parquet"},
        check_specs=[audit], description=f"What passed the door for the tier {tier}.",
    )  # fmt: skip
    def protected(site: SiteResource) -> Results:
        with guarded(site, name):
            files = [site.pointed(f"cells__{domain}") for domain in by_domain]
            review = restricted_folder(site.lake().root / "review")
            try:
                publish = site.warehouse / "protected" / tier
                named = "\n".join(f"{path.parent.name}/{path.name}" for path in [*files, site.pointed("areas")])
                out = released(site.warehouse / "releases", review / "released.json")
                door = Door(lambda: read_cells(files, site.area_table()), named, site.rules(), review, out)
                result = door.protect(tier, publish)
                came = site.first_received()
                write_editions(publish / "protected.parquet", lambda name: site.pointed(f"checked__{name}"), came)
            except Refused as refusal:
                yield dg.AssetCheckResult(check_name="door_audit", passed=False, metadata={"refused": str(refusal)})
                raise dg.Failure(str(refusal), allow_retries=False) from None
            certificate = result.certificate
            yield dg.MaterializeResult(
                metadata={
                    "dagster/row_count": certificate["cells"],
                    "withheld": certificate["withheld"],
                    "rules": certificate["rules"],
                    "sha256": certificate["sha256"],
                }
            )
            yield dg.AssetCheckResult(
                check_name="door_audit", passed=True, metadata={"equations": certificate["equations_audited"]}
            )

    return protected
